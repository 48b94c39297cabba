// Ends that a change of policy moves to nearly now: the day will take the access away by itself, and no guardrail would ask then.

import type { EffectAt } from '../access/effects.ts'
import type { Outlook } from '../access/outlook.ts'
import { type Access, accessKey } from '../access/reach.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { dayMs, endOf } from '../model/time.ts'

/** Nearer than this is now. */
const week = 7 * dayMs

/** As the removals that they are. `today`: who has what. */
export function cutShort(
  { moved }: Outlook,
  today: ReadonlyMap<string, Access>,
  { at }: ResolvedPolicy,
): readonly EffectAt[] {
  return moved.flatMap(({ person, app, role, was, until }): readonly EffectAt[] => {
    const access = today.get(accessKey(person, app, role))
    const end = endOf(until ?? '')
    if (access === undefined || end === undefined || end > at + week || end >= (endOf(was ?? '') ?? Infinity)) return []
    return [{ effect: 'lose', access, until, because: [], given: true, onItsDay: false }]
  })
}
