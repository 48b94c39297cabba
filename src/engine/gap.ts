// What lies between a policy and the directories, whole and in no order yet, and who gains and loses what when all of it,
// or a part, is done.

import { type EffectAt, effectsOf } from '../access/effects.ts'
import type { Links } from '../access/links.ts'
import { type Access, reach } from '../access/reach.ts'
import type { Directories } from '../model/directories.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import type { Change } from '../model/resource.ts'
import type { AnyKind } from '../resources/kind.ts'
import { compare, type Difference } from './compare.ts'
import { type DesiredState, desire } from './desire.ts'
import { linksAfter, linksOf, type Works, worksBy } from './links.ts'
import { type ObservedState, observe } from './observe.ts'

type Accesses = ReadonlyMap<string, Access>

export interface Gap {
  readonly policy: ResolvedPolicy
  readonly observed: ObservedState
  readonly desired: DesiredState
  readonly difference: Difference
  readonly works: Works
  /** Which links hold now, and who reaches what by them. */
  readonly links: Links
  readonly before: Accesses
  /** Once every change is performed. */
  readonly whole: End
}

export interface End {
  readonly links: Links
  readonly after: Accesses
}

export async function gapBetween(kinds: readonly AnyKind[], policy: ResolvedPolicy, from: Directories): Promise<Gap> {
  const observed = await observe(kinds, from, policy)
  const desired = desire(kinds, policy)
  const difference = compare(kinds, desired, observed, policy)
  const works = worksBy(kinds, desired)
  const links = linksOf(observed.resources.values(), works)
  const gap = { policy, observed, desired, difference, works, links, before: reach(links, policy) }
  return { ...gap, whole: endOf(gap, difference.changes) }
}

/** Once these changes are performed. */
export function endOf({ links, works, observed, policy }: Omit<Gap, 'whole'>, changes: readonly Change[]): End {
  const after = linksAfter(links, changes, works, observed.resources.values())
  return { links: after, after: reach(after, policy) }
}

export interface Effects {
  readonly effects: readonly EffectAt[]
  readonly inAnyWay: { readonly before: Accesses; readonly after: Accesses }
}

/** Nobody loses unseen what an app gave that signed people on in another way than the policy describes now. */
export function effectsUntil({ links, before, policy }: Gap, end: End): Effects {
  const inAnyWay = {
    before: reach(links, policy, { asItIs: true }),
    after: reach(end.links, policy, { asItIs: true }),
  }
  return { effects: effectsOf({ gains: { before, after: end.after }, losses: inAnyWay }, policy), inAnyWay }
}
