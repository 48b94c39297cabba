// Who gains and who loses which app: the accesses after, less the accesses before, and the reverse.

import type { Ground } from '../model/explanation.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import type { Origin } from '../model/problem.ts'
import { endOf, type Instant } from '../model/time.ts'
import { type Grounds, groundsOf, lastEnd } from './grounds.ts'
import type { Access } from './reach.ts'

/** An effect whose places are still relative to the policies folder. */
export interface EffectAt {
  readonly effect: 'gain' | 'lose'
  readonly access: Access
  readonly until: string | null
  readonly because: readonly Origin[]
  /** The policy gives it as of now: a loss has something in its way. */
  readonly given: boolean
  /** A loss on the day that a reviewed line says. */
  readonly onItsDay: boolean
}

interface Sides {
  readonly before: ReadonlyMap<string, Access>
  readonly after: ReadonlyMap<string, Access>
}

/** `gains` counts whole paths as the policy describes them; `losses` also what an app gives in another way than that. */
export function effectsOf(
  { gains, losses }: { readonly gains: Sides; readonly losses: Sides },
  policy: ResolvedPolicy,
): readonly EffectAt[] {
  const groundsFor = groundsOf(policy)
  const gained = keysOnlyIn(gains.after, gains.before).map(access => effect('gain', access, groundsFor, policy.at))
  const lost = keysOnlyIn(losses.before, losses.after).map(access => effect('lose', access, groundsFor, policy.at))
  return [...gained, ...lost]
}

function keysOnlyIn(these: ReadonlyMap<string, Access>, those: ReadonlyMap<string, Access>): readonly Access[] {
  return [...these.keys()]
    .filter(key => !those.has(key))
    .sort()
    .flatMap(key => these.get(key) ?? [])
}

/** What gives an access is what is in force; what ended one is a line that is not any more. */
function effect(kind: 'gain' | 'lose', access: Access, groundsFor: Grounds, at: Instant): EffectAt {
  const ofRole = groundsFor(access.person, access.app).filter(({ role }) => role === access.role)
  const fitting = ofRole.filter(({ standing }) => (standing === 'in force') === (kind === 'gain'))
  const matching = kind === 'gain' ? fitting : lastOf(fitting)
  const until = matching.length === 0 ? null : lastEnd(matching)
  const onItsDay = kind === 'lose' && matching.some(ground => (endOf(ground.until ?? '') ?? at) < at)
  const because = matching.flatMap(({ grant, member }) => [grant.origin, member.origin])
  const given = ofRole.some(({ standing }) => standing === 'in force')
  return { effect: kind, access, until, because, given, onItsDay }
}

/** Of the lines that gave an access and do not any more, those that did so last. */
function lastOf(grounds: readonly Ground[]): readonly Ground[] {
  const end = ({ until }: Ground): number => (until === undefined ? Number.POSITIVE_INFINITY : (endOf(until) ?? 0))
  const last = Math.max(...grounds.map(end))
  return grounds.filter(ground => end(ground) === last)
}
