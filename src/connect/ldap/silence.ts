// Requests that nobody answers, in a row. Each costs a minute: after some of them nothing more is asked, but for one request
// now and then that finds out whether somebody answers again.

import type { Timer } from './timer.ts'

export interface Silence {
  /** How many in a row. Of requests that were under way together only one counts: they met the same silence. */
  readonly count: () => number
  readonly isLasting: () => boolean
  /** False: it would not be answered. */
  readonly mayAsk: () => boolean
  /** No answer to what was asked when the count was `before`. */
  readonly unanswered: (before: number) => void
  readonly answered: () => void
  readonly end: () => void
}

/** Milliseconds. */
const betweenProbes = 30_000

/** `most`: so many in a row, and nothing more is asked. */
export function watchSilence(most: number, timer: Timer): Silence {
  let count = 0
  let isDue = false
  let isOver = false
  let stop = (): void => {}
  const wait = (): void => {
    stop()
    isDue = false
    if (isOver) return
    stop = timer(betweenProbes, () => {
      isDue = true
    })
  }
  return {
    count: () => count,
    isLasting: () => count >= most,
    mayAsk() {
      if (count < most) return true
      if (!isDue) return false
      wait()
      return true
    },
    unanswered(before) {
      if (before !== count) return
      count += 1
      if (count >= most) wait()
    },
    answered() {
      count = 0
      stop()
    },
    end() {
      isOver = true
      stop()
    },
  }
}
