// What the lanes learn from the answers to what left together. A limit that is used up closes its lane: the refusal says so, or
// more was refused than let through, as by an empty bucket; one request by itself counts once a second one is refused, and
// nothing let through in between. One that is refused among others that are not waits alone, for as long as it was told: a
// service under load refuses below the limits, too (Microsoft Graph's page on throttling limits). Its lane goes on slower.

import { batchSize } from './batch.ts'
import type { Lane, Lanes } from './lanes.ts'
import type { Leaving } from './leaving.ts'
import type { Tried } from './wire.ts'

export interface Judged {
  readonly leaving: Leaving
  readonly tried: Tried
  /** Milliseconds until it may leave again, where it was refused. */
  readonly wait: number
}

export interface Throttle {
  readonly learn: (together: readonly Judged[]) => void
}

interface Heard {
  passed: number
  refused: number
  /** The longest wait of those that were refused. */
  ms: number
  /** The service said which limit is used up. */
  isNamed: boolean
}

/** `onPause`: told that a lane is closed, and for how long. */
export function createThrottle(lanes: Lanes, onPause: (ms: number) => void): Throttle {
  /** Refused since one was let through. */
  const inRow = new Map<Lane, number>()

  const learn = (together: readonly Judged[]): void => {
    for (const [lane, { passed, refused, ms, isNamed }] of hear(together)) {
      const row = refused > passed ? (inRow.get(lane) ?? 0) + refused : 0
      inRow.set(lane, row)
      if (isNamed || row > 1) {
        lane.close(ms)
        onPause(ms)
      } else if (refused > 0) lane.slow(refused / batchSize)
    }
  }

  const hear = (together: readonly Judged[]): ReadonlyMap<Lane, Heard> => {
    const heard = new Map<Lane, Heard>()
    const about = (lane: Lane): Heard => {
      const known = heard.get(lane) ?? { passed: 0, refused: 0, ms: 0, isNamed: false }
      heard.set(lane, known)
      return known
    }
    for (const { leaving, tried, wait } of together) {
      const { waiting, headers } = leaving
      const meant = lanes.meant(waiting.departure.path, headers)
      if (tried.failure?.status === 429) {
        const its = about(meant)
        its.refused += 1
        its.ms = Math.max(its.ms, wait)
        its.isNamed ||= namesLimit(headers)
        continue
      }
      for (const lane of waiting.lanes) about(lane).passed += 1
      // Told only above 0.8 (the same page).
      const used = Number(headers.get('x-ms-throttle-limit-percentage') ?? 0)
      if (tried.failure === undefined && used > 0.8) meant.correct(used)
    }
    return heard
  }

  return { learn }
}

/** `CPULimitExceeded` is the service's own load (the same page); whatever else it names is a limit of ours. */
function namesLimit(headers: Headers): boolean {
  const reason = headers.get('x-ms-throttle-information')
  return reason === null ? headers.has('x-ms-throttle-scope') : reason !== 'CPULimitExceeded'
}
