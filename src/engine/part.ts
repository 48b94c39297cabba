// Parts of a plan that was made whole: one directory's, for jobs of which each reads both directories and writes its own; and
// what takes away access, for an apply that must wait with all else.

import { accessKey, reach } from '../access/reach.ts'
import type { Id, Plane } from '../model/id.ts'
import type { AnyKind } from '../resources/kind.ts'
import { estimateOf } from './estimate.ts'
import { linksAfter, worksBy } from './links.ts'
import type { Planned } from './plan.ts'
import { onlyPlane } from './scope.ts'

export interface Part {
  readonly planned: Planned
  /** This directory's changes that wait for the other directory's. */
  readonly waiting: number
  /** The other directory's changes. */
  readonly others: number
}

/** One directory's changes that need nothing of the other directory that is not done. */
export function partOf(whole: Planned, plane: Plane, kinds: readonly AnyKind[]): Part {
  const ordered = whole.steps.map(({ change, planned: { risk, dependsOn } }) => ({ change, risk, dependsOn }))
  const { kept, waiting } = onlyPlane(ordered, plane)
  const planned = withOnly(whole, new Set(kept.map(({ change }) => change.id)), kinds)
  return { planned, waiting: waiting.length, others: whole.steps.length - kept.length - waiting.length }
}

/**
 * The memberships, assignments and accounts that the policy does not want any more, where they need nothing else. To take them
 * away is right also while not all is visible that was written. Not so for what opens and closes whole apps; and of a new app
 * half may be visible, by which nobody can tell which app it is, or which of its roles is meant.
 */
export function revocationsOf(whole: Planned, kinds: readonly AnyKind[]): Planned {
  const joined = ([one, other]: readonly Id[]): string => JSON.stringify([one, other])
  const wanted = new Set([...whole.desired.values()].map(({ needs }) => joined(needs)))
  const kept = new Set<Id>()
  for (const { planned, change } of whole.steps) {
    const { action, app, needs, retires, through } = change
    const isNamed = app === undefined || whole.policy.apps.has(app)
    const isUnwanted = retires || (action === 'delete' && through !== undefined && !wanted.has(joined(needs)))
    const isFree = planned.dependsOn.every(id => kept.has(id))
    if (planned.risk === 'revoke' && isUnwanted && isNamed && isFree) kept.add(planned.id)
  }
  return withOnly(whole, kept, kinds)
}

/** `kept`: with all that they need. */
function withOnly(whole: Planned, kept: ReadonlySet<Id>, kinds: readonly AnyKind[]): Planned {
  const steps = whole.steps.filter(({ planned }) => kept.has(planned.id))
  const works = worksBy(kinds, whole.desired)
  const changes = steps.map(({ change }) => change)
  const links = linksAfter(whole.links, changes, works, whole.observed.values())
  const { policy } = whole
  const after = { whole: reach(links, policy), inAnyWay: reach(links, policy, { asItIs: true }) }
  // Of what the whole plan gives and takes, what this part already does.
  const effects = whole.plan.effects.filter(({ effect, person, app, role }) => {
    const key = accessKey(person, app, role)
    return effect === 'gain' ? after.whole.has(key) : !after.inAnyWay.has(key)
  })
  const losses = effects.filter(({ effect }) => effect === 'lose').length
  const summary = { ...whole.plan.summary, gains: effects.length - losses, losses }
  const estimate = estimateOf(
    steps.map(({ change, planned: { dependsOn } }) => ({ change, dependsOn })),
    kinds,
  )
  const own = estimate === undefined ? {} : { estimate }
  const plan = { ...whole.plan, ...own, changes: steps.map(step => step.planned), effects, summary }
  return { ...whole, plan, steps, after: after.whole }
}
