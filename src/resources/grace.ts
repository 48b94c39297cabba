// How long whoever left is kept before the account is deleted.

import { durationOf, type Instant } from '../model/time.ts'

/** Without a grace period in the policy, nobody is ever deleted. */
export function isGraceOver(left: Instant, grace: string | undefined, at: Instant): boolean {
  return grace !== undefined && at >= left + (durationOf(grace) ?? Number.POSITIVE_INFINITY)
}
