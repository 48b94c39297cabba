// How long an apply still takes: by the writes that are left, at the services' pace, corrected by how fast it really goes as
// soon as enough has been seen of that. Once something is waited for that Entra does not show yet, at most as long as the plan
// has told.

import type { GraphConnection } from '../connect/graph/client.ts'
import { type Estimate, noWrites, secondsFor, settlingTime, sumOf, type Writes } from '../model/estimate.ts'
import type { Id } from '../model/id.ts'
import type { Outcome } from '../model/outcome.ts'
import { durationWords } from '../render/pace.ts'

export interface TimeLeft {
  readonly settled: (outcome: Outcome) => void
  /** `about 2 min left`, `up to 3 min left`; empty where nothing can be said yet, or nothing needs to be said any more. */
  readonly words: () => string
}

export interface TimeLeftOf {
  readonly writes: ReadonlyMap<Id, Writes>
  /** What the plan has told. */
  readonly estimate: Estimate | undefined
  readonly unseen: GraphConnection['unseen']
  readonly elapsed: () => number
}

/** Nothing is promised earlier, and what takes less is over before it is read; in seconds. */
const leastSeen = 2
const leastLeft = 10
/** Of the whole: from then on what was seen counts alone. */
const enough = 0.25

export function timeLeft({ writes, estimate, unseen, elapsed }: TimeLeftOf): TimeLeft {
  const appearing = Math.max(0, (estimate?.replication ?? 0) - settlingTime)
  const whole = secondsFor(sumOf(writes.values()))
  const began = elapsed()
  // What is never attempted has no part in the pace.
  let [gone, done] = [noWrites, noWrites]
  let isBehind = false
  let open = writes.size

  const throughLimits = (seen: number): number => {
    const expected = secondsFor(done)
    // What was waited for says nothing of the limits, unless they take longer.
    const isPace = expected > 0 && !(isBehind && whole < appearing)
    const weight = isPace ? Math.min(1, expected / whole / enough) : 0
    return (whole - secondsFor(gone)) * (1 - weight + (weight === 0 ? 0 : (weight * seen) / expected))
  }

  return {
    settled({ change, status }) {
      const own = writes.get(change.id) ?? noWrites
      open -= 1
      gone = sumOf([gone, own])
      if (status !== 'not-attempted') done = sumOf([done, own])
    },
    words() {
      const seen = (elapsed() - began) / 1000
      const { objects, most } = unseen()
      isBehind ||= objects > 0
      if (open === 0 || seen < leastSeen || (!isBehind && secondsFor(done) === 0)) return ''
      const left = throughLimits(seen)
      if (!isBehind) return left < leastLeft ? '' : `about ${durationWords(left)} left`
      const told = Math.max(left, whole + appearing - seen)
      // Later than usual: until they have had their time.
      const bound = told < leastLeft ? most / 1000 : told
      return bound < leastLeft ? '' : `up to ${durationWords(bound)} left`
    },
  }
}
