// How many requests that write a plan costs in each lane that its services have, and how long they take at the services'
// pace. An estimate: other applications share some limits, and of replication only bounds are told, for nobody knows its delay.

import type { Id } from './id.ts'
import { type Allowance, conditionalAccess, directoryWrites, invitations, membersPerRequest } from './quota.ts'

export interface Writes {
  /** Those to Microsoft Graph that have no lane of their own. */
  readonly directory: number
  /** They count among the tenant's writes, too. */
  readonly invitations: number
  readonly conditionalAccess: number
  readonly activeDirectory: number
}

/** Of one change. */
export interface OwnWrites extends Partial<Writes> {
  /** The groups that it puts somebody into: others who join the same one share its requests. */
  readonly joins?: readonly Id[]
}

export interface Estimate {
  /** Through the services' limits. */
  readonly seconds: number
  /** How many more it takes at the most, as a rule, until Entra shows all of it; absent where nothing is written there. */
  readonly replication?: number
  readonly writes: Writes
}

export const noWrites: Writes = { directory: 0, invitations: 0, conditionalAccess: 0, activeDirectory: 0 }

export function sumOf(all: Iterable<Writes>): Writes {
  const sum = { ...noWrites }
  for (const each of all) for (const lane of lanes) sum[lane] += each[lane]
  return sum
}

export const lanes = ['directory', 'invitations', 'conditionalAccess', 'activeDirectory'] as const

/** What each change has of them, where each of those who share a request has its part of it. */
export function shared<Key>(all: ReadonlyMap<Key, OwnWrites>): ReadonlyMap<Key, Writes> {
  const joining = new Map<Id, number>()
  for (const { joins = [] } of all.values())
    for (const group of joins) joining.set(group, (joining.get(group) ?? 0) + 1)
  const partOf = (group: Id): number => {
    const people = joining.get(group) ?? 1
    return Math.ceil(people / membersPerRequest) / people
  }
  return new Map(
    [...all].map(([key, { joins = [], ...own }]) => {
      const writes = { ...noWrites, ...own }
      return [key, { ...writes, directory: joins.reduce((sum, group) => sum + partOf(group), writes.directory) }]
    }),
  )
}

/** Seconds until Graph answers, and until a domain controller does: assumed, for no limit says so. */
export const answerTime = 0.15
const domainTime = 0.01

/**
 * Of a request to Conditional Access: they go one at a time, with a pause a tenth longer than the limit (connect/graph/pace.ts),
 * and what is there is read again after five of them, since a comparison counts for five seconds (connect/graph/queue.ts).
 */
const pacedTime = ((1.1 / conditionalAccess.perSecond + answerTime) * 6) / 5

/** For how many seconds an apply waits at its end until Entra shows what was written (cli/settle.ts). */
export const settlingTime = 180

/**
 * In how many seconds, as a rule, the last of so many new objects can be mentioned. Delays have a long tail: of ten times as
 * many, the last one shows a minute later, where half of all take 2 s and one of twenty 30 s (seen in the sandbox, whose model
 * that is, for Microsoft publishes no figures).
 */
export function appearingTime(made: number): number {
  return made === 0 ? 0 : Math.ceil(60 * Math.max(1, Math.log10(made)))
}

/** The lanes run beside each other, so the slowest one counts. */
export function secondsFor({
  directory,
  invitations: invited,
  conditionalAccess: paced,
  activeDirectory,
}: Writes): number {
  return Math.max(
    through(directory + invited, directoryWrites),
    through(invited, invitations),
    paced * pacedTime,
    activeDirectory * domainTime,
  )
}

/** Twenty requests travel in one; a bucket is full at the beginning. */
function through(requests: number, { burst, perSecond }: Allowance): number {
  if (requests === 0) return 0
  return Math.max((requests * answerTime) / membersPerRequest, (requests - burst) / perSecond) + answerTime
}
