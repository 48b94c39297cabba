// The time of a clock, which passes also where sleeping takes none: whoever counts what was waited comes to an end.

import type { Clock } from './clock.ts'

export type SteadyTime = Pick<Clock, 'now' | 'sleep'>

export function steadyTime(clock: Clock): SteadyTime {
  let reached = Number.NEGATIVE_INFINITY
  const now = (): number => Math.max(clock.now(), reached)
  return {
    now,
    sleep: async (ms, signal) => {
      const until = now() + ms
      await clock.sleep(ms, signal)
      reached = Math.max(reached, until)
    },
  }
}
