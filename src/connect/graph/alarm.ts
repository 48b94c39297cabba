// Rings once, at the time that it was last set to.

import type { SteadyTime } from './steady.ts'

export interface Alarm {
  /** Infinity: not at all. */
  readonly set: (at: number) => void
}

export function createAlarm(time: SteadyTime, ring: () => void): Alarm {
  let set: { readonly at: number; readonly end: AbortController } | undefined
  return {
    set: at => {
      if (at === set?.at) return
      set?.end.abort()
      set = undefined
      if (at === Number.POSITIVE_INFINITY) return
      const mine = { at, end: new AbortController() }
      set = mine
      const wake = (): void => {
        if (set !== mine) return
        set = undefined
        ring()
      }
      time.sleep(at - time.now(), mine.end.signal).then(wake, wake)
    },
  }
}
