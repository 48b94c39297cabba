// Deadlines, by the clock that the connection works with.

import type { Clock } from '../graph/clock.ts'

/** Calls `ring` after so many milliseconds, unless what it returns was called before. */
export type Timer = (ms: number, ring: () => void) => () => void

export const realTimer: Timer = (ms, ring) => {
  const timer = setTimeout(ring, ms)
  return () => clearTimeout(timer)
}

export function timerOf({ timeout: after }: Pick<Clock, 'timeout'>): Timer {
  if (after === undefined) return realTimer
  return (ms, ring) => {
    const timer = after(ms)
    timer.signal.addEventListener('abort', ring, { once: true })
    return timer.end
  }
}
