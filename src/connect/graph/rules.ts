// What an answer of Graph may be taken for: each rule stands here once, with where it comes from. Which requests may be sent
// again after which answer is in retry.ts.
//
// [consistency] Microsoft identity blog, "Designing for eventual consistency for Microsoft Entra", 2026-03-24: an accepted
//   write may not be readable, a new object may be 404, an update may be read old.
// [azuread] hashicorp/terraform-provider-azuread, internal/helpers/consistency: replicas alternate, so that an object counts
//   as there, or gone, after five answers in a row.
// [errors] Microsoft Graph REST API, "Microsoft Graph error responses and resource types", and the pages of each request.

import { RequestFailure } from '../../model/directories.ts'
import { isMissing } from './many.ts'

/**
 * Pauses before each look at whether that is there which a request made whose answer was lost. Two minutes in all: writes are
 * replicated within seconds, in bad times within minutes [consistency], so that one look tells nothing.
 */
export const looking = [1000, 2000, 4000, 8000, 15_000, 30_000, 30_000, 30_000] as const

/** Before "not there" is believed of what the plan saw: several answers over more than half a minute [azuread]. */
export const vanishing = [2000, 10_000, 30_000] as const

/** Before somebody else's change is believed: the answer may come from a replica that lags behind the plan's [consistency]. */
export const changing = [2000, 10_000, 20_000, 30_000, 30_000, 30_000] as const
/** Of these, how many looks it takes at least; then the last two must agree. */
export const leastLooks = 3

/** Between two answers that must agree: reading what this run has just written to [consistency]. Ten minutes in all. */
export const agreeing = [5000, 5000, 10_000, 20_000, ...Array.from({ length: 19 }, () => 30_000)] as const

/**
 * It may have been carried out, or not: no answer, one that cannot be read, a gateway's, or a fault of the service. Every
 * other refusal says that nothing happened [errors].
 */
export function isLost(error: unknown): error is RequestFailure {
  if (!(error instanceof RequestFailure) || error.code === 'interrupted') return false
  const { status, code } = error
  const isFault = status === 408 || (status >= 500 && status !== 501) || (status === 404 && code === '')
  return status === 0 || (status >= 200 && status < 300) || isFault
}

/** What is to be made is there already, says the service: an assignment, a partner's settings, a name [errors]. */
export function saysThere(error: unknown, path: string): boolean {
  if (!(error instanceof RequestFailure)) return false
  // What is not among the deleted any more may have been restored.
  if (path.startsWith('/directory/deletedItems/') && isMissing(error)) return true
  const isTaken = /already exists|another object with the same value/i.test(error.message)
  return (error.status === 409 && error.code !== 'Directory_ConcurrencyViolation') || (error.status === 400 && isTaken)
}
