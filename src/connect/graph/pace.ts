// Conditional Access takes one request a second from all applications of a tenant together, and does not say how long to
// wait (429 without Retry-After). Its requests go one at a time, with a pause in between.

import type { Clock } from './clock.ts'

/** Between the end of one request and the beginning of the next. */
const spacing = 1100

/** The first pause after a 429 without Retry-After; it doubles. */
export const pacedBackOff = 2000

export interface Pace {
  /** Does one piece of work after the other, each after its pause. */
  readonly inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>
}

export function isPaced(path: string): boolean {
  return /^\/identity\/conditionalAccess(\/|$)/i.test(path)
}

export function createPace(clock: Clock, pause: (ms: number) => Promise<void>): Pace {
  let tail: Promise<unknown> = Promise.resolve()
  let free = 0
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const mine = tail.then(async () => {
      const wait = free - clock.now()
      if (wait > 0) await pause(wait)
      try {
        return await work()
      } finally {
        free = clock.now() + spacing
      }
    })
    tail = mine.catch(() => undefined)
    return mine
  }
  return { inTurn }
}
