// One directory's part of a plan that was made of both: its changes that need nothing of the other directory that is not
// done. So one reviewed plan is applied by two jobs, each of which reads both directories and writes its own.

import { accessKey, reach } from '../access/reach.ts'
import type { Plane } from '../model/id.ts'
import type { AnyKind } from '../resources/kind.ts'
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

export function partOf(whole: Planned, plane: Plane, kinds: readonly AnyKind[]): Part {
  const ordered = whole.steps.map(({ change, planned: { risk, dependsOn } }) => ({ change, risk, dependsOn }))
  const { kept, waiting } = onlyPlane(ordered, plane)
  const ids = new Set(kept.map(({ change }) => change.id))
  const steps = whole.steps.filter(({ planned }) => ids.has(planned.id))
  const works = worksBy(kinds, whole.desired)
  const changes = kept.map(({ change }) => change)
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
  const plan = { ...whole.plan, changes: steps.map(step => step.planned), effects, summary }
  return {
    planned: { ...whole, plan, steps, after: after.whole },
    waiting: waiting.length,
    others: whole.steps.length - steps.length - waiting.length,
  }
}
