// A run that is interrupted: what has not begun does not begin. What has may go on for a moment, so that little is left half
// done, but it waits for nothing long.

import type { SteadyTime } from './steady.ts'

export interface Interruption {
  readonly heed: (signal: AbortSignal) => void
  /** Until when a request may leave whose changes have begun; infinity: nobody interrupted it. */
  readonly endOf: (signals: readonly AbortSignal[]) => number
}

/** Milliseconds. */
const grace = 10_000

export function createInterruption(time: SteadyTime, onInterrupted: () => void): Interruption {
  const ends = new Map<AbortSignal, number>()
  const end = (signal: AbortSignal): void => {
    ends.set(signal, time.now() + grace)
    onInterrupted()
  }
  return {
    heed: signal => {
      if (ends.has(signal)) return
      ends.set(signal, Number.POSITIVE_INFINITY)
      if (signal.aborted) end(signal)
      else signal.addEventListener('abort', () => end(signal), { once: true })
    },
    endOf: signals =>
      Math.min(...signals.map(signal => ends.get(signal) ?? Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY),
  }
}
