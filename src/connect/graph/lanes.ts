// One lane per limit of the service: a bucket of permits that refills, and what a request takes from which. A lane learns from
// the service (throttle.ts): used up, it is empty and closed for as long as the service says, and goes on slower for a while.

import { type Allowance, directoryWrites, invitations } from '../../model/quota.ts'

export interface Lane {
  /** How many requests may leave now. */
  readonly free: () => number
  /** How many a second refill. */
  readonly perSecond: () => number
  /** When `count` may leave. */
  readonly freeAt: (count: number) => number
  readonly take: () => void
  /** The limit is used up; the service wants to be left alone for so many milliseconds. */
  readonly close: (ms: number) => void
  /** That part of what left was refused, and the rest was not. */
  readonly slow: (refused: number) => void
  /** What part of the limit is used, as the service counts: other programs may have their share in it. */
  readonly correct: (used: number) => void
}

/** What being closed leaves of the rate, and the least that it comes to. */
const slower = 0.7
const slowest = 0.1
/** Milliseconds until a rate that was lowered is back. */
const recovery = 120_000
/** Milliseconds in which parts that are refused say the same: in that time, the rate recovers by as much as a few lower it. */
const sameNews = 10_000

/** Not paced: wide open until the service refuses something. */
export function createLane(allowance: Allowance, isPaced: boolean, now: () => number): Lane {
  let limited = isPaced
  let permits = allowance.burst
  let share = 1
  let countedAt = now()
  let closedUntil = countedAt
  let slowedAt = Number.NEGATIVE_INFINITY

  const count = (): void => {
    const open = Math.max(countedAt, closedUntil)
    const passed = Math.max(0, now() - open)
    countedAt = Math.max(open, now())
    permits = Math.min(allowance.burst, permits + (passed * allowance.perSecond * share) / 1000)
    share = Math.min(1, share + passed / recovery)
  }
  const isClosed = (): boolean => now() < closedUntil

  return {
    free: () => {
      if (isClosed()) return 0
      count()
      return limited ? Math.floor(permits + 1e-6) : Number.POSITIVE_INFINITY
    },
    perSecond: () => (limited ? allowance.perSecond * share : Number.POSITIVE_INFINITY),
    freeAt: wanted => {
      if (!limited) return closedUntil
      count()
      const missing = Math.max(0, wanted - permits)
      return Math.max(now(), closedUntil) + Math.ceil((missing * 1000) / (allowance.perSecond * share))
    },
    take: () => {
      permits -= 1
    },
    close: ms => {
      // The rest of what left together is refused, too, and says nothing new.
      if (!isClosed()) {
        count()
        if (limited) share = Math.max(slowest, share * slower)
        limited = true
        // For the one that asks, after that time, whether it is open again.
        permits = 1
      }
      closedUntil = Math.max(closedUntil, now() + ms)
    },
    slow: refused => {
      if (!limited || isClosed() || now() - slowedAt < sameNews) return
      count()
      share = Math.max(slowest, share * (1 - refused))
      slowedAt = now()
    },
    correct: used => {
      if (isClosed()) return
      count()
      permits = Math.min(permits, Math.max(0, 1 - used) * allowance.burst)
    },
  }
}

export interface Lanes {
  /** What the request takes a permit from. */
  readonly of: (path: string) => readonly Lane[]
  /** The one that a refusal or a count is about. */
  readonly meant: (path: string, headers: Headers) => Lane
}

export function createLanes(isPaced: boolean, now: () => number): Lanes {
  const directory = createLane(directoryWrites, isPaced, now)
  const inviting = createLane(invitations, isPaced, now)
  const isInvitation = (path: string): boolean => /^\/invitations$/i.test(path)
  return {
    of: path => (isInvitation(path) ? [inviting, directory] : [directory]),
    meant: (path, headers) => {
      // `Tenant_Application/Write/…`: the limit on writes; `Tenant/…`: the one on invitations, which is the tenant's.
      const isOfWrites = headers.get('x-ms-throttle-scope')?.startsWith('Tenant_Application/') ?? false
      return isInvitation(path) && !isOfWrites ? inviting : directory
    },
  }
}
