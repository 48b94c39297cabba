// Whether a plan does nothing but carry out what reviewed lines have set a day for: who loses something does so because the day
// is over, nothing is made, and nothing is opened. Such a plan was reviewed with those lines; nobody needs to approve it again.

import type { Effect, Plan, PlannedChange } from '../model/plan.ts'
import { endOf, startOf } from '../model/time.ts'

export function isOnlyEnds({ at, effects, changes }: Pick<Plan, 'at' | 'effects' | 'changes'>): boolean {
  const now = startOf(at)
  const hasEnded = ({ effect, given, until }: Effect): boolean => {
    const end = endOf(until ?? '')
    return effect === 'lose' && !given && end !== undefined && now !== undefined && end < now
  }
  return changes.length > 0 && changes.every(takesOnly) && effects.every(hasEnded)
}

function takesOnly({ action, risk }: PlannedChange): boolean {
  return risk === 'revoke' || (risk === 'neutral' && (action === 'update' || action === 'delete'))
}
