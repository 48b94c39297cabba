// How long an apply still takes: by the writes that are left, at the services' pace, corrected by how fast it really goes as
// soon as enough has been seen of that.

import { noWrites, secondsFor, sumOf, type Writes } from '../model/estimate.ts'
import type { Id } from '../model/id.ts'
import type { Outcome } from '../model/outcome.ts'
import { durationWords } from '../render/pace.ts'

export interface TimeLeft {
  readonly settled: (outcome: Outcome) => void
  /** `about 2 min left`; empty where nothing can be said yet, or nothing needs to be said any more. */
  readonly words: () => string
}

/** Nothing is promised earlier, and what takes less is over before it is read; in seconds. */
const leastSeen = 2
const leastLeft = 10
/** Of the whole: from then on what was seen counts alone. */
const enough = 0.25

export function timeLeft(writes: ReadonlyMap<Id, Writes>, elapsed: () => number): TimeLeft {
  const whole = secondsFor(sumOf(writes.values()))
  const began = elapsed()
  // What is never attempted has no part in the pace.
  let [gone, done] = [noWrites, noWrites]
  return {
    settled({ change, status }) {
      const own = writes.get(change.id) ?? noWrites
      gone = sumOf([gone, own])
      if (status !== 'not-attempted') done = sumOf([done, own])
    },
    words() {
      const seen = (elapsed() - began) / 1000
      const expected = secondsFor(done)
      if (seen < leastSeen || expected === 0) return ''
      const planned = whole - secondsFor(gone)
      const weight = Math.min(1, expected / whole / enough)
      const left = planned * (1 - weight + (weight * seen) / expected)
      return left < leastLeft ? '' : `about ${durationWords(left)} left`
    },
  }
}
