// After an apply: waits until the lists that the next plan reads show what was written. Otherwise a next apply would do it again.
// The plan itself is the eye: what it does not ask for any more is visible.

import type { Planned } from '../engine/plan.ts'
import { RequestFailure } from '../model/directories.ts'
import { settlingTime } from '../model/estimate.ts'
import type { PlannedChange } from '../model/plan.ts'
import { count } from '../render/layout.ts'
import { durationWords } from '../render/pace.ts'
import type { Connection } from './connect.ts'
import type { Host } from './host.ts'

/** Answers come from several replicas, old and new in turn: once is no proof (docs/reliability.md, "absent"). */
const inARow = 2
/** What takes longer the next apply waits for: a pipeline is not to be held up for what may take 20 minutes. */
const deadline = settlingTime * 1000
const betweenLines = 60_000
const firstPause = 2000
const longestPause = 60_000

/** How many of `all` changes are still asked for at the end of the waiting: 0 if all is visible. */
export async function settle(
  host: Host,
  clock: Connection['clock'],
  plan: (signal: AbortSignal) => Promise<Planned>,
  isAsked: (change: PlannedChange) => boolean,
  all: number,
): Promise<number> {
  const patience = new AbortController()
  const stopListening = host.onInterrupt(() => {
    host.stderr.write('\nInterrupted: all that was begun is written; only the waiting ends.\n')
    patience.abort()
  })
  const began = clock.now()
  let left = all
  let told = Number.NEGATIVE_INFINITY
  try {
    for (let [settled, pause] = [0, firstPause]; settled < inARow; pause = Math.min(pause * 2, longestPause)) {
      const patient = began + deadline - clock.now()
      // Seen once, it is looked at once more, however late it is.
      if (patient <= 0 && settled === 0) break
      await clock.sleep(patient > 0 ? Math.min(pause, patient) : firstPause, patience.signal)
      const seen = await missing(plan(patience.signal), isAsked)
      settled = seen === 0 ? settled + 1 : 0
      left = seen ?? left
      const rest = began + deadline - clock.now()
      if (left === 0 || clock.now() - told < betweenLines || rest <= 0) continue
      host.stderr.write(
        `Waiting for Entra to show ${count(left, 'change')} that it has accepted, ${durationWords(rest / 1000)} at most; Ctrl-C ends the waiting.\n`,
      )
      told = clock.now()
    }
  } catch (error) {
    if (!patience.signal.aborted) throw error
  } finally {
    stopListening()
  }
  return left
}

/** Undefined: there was no answer. */
async function missing(
  planning: Promise<Planned>,
  isAsked: (change: PlannedChange) => boolean,
): Promise<number | undefined> {
  try {
    return (await planning).plan.changes.filter(isAsked).length
  } catch (error) {
    if (!(error instanceof RequestFailure) || error.code === 'interrupted') throw error
    return undefined
  }
}
