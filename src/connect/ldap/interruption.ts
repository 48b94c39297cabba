// Ctrl-C, for one change. What waits to be sent is given up at once. What was sent gets its answer; if that is lost, a moment
// is left to look what became of it, as long as a change at Microsoft Graph gets (graph/interruption.ts).

import { RequestFailure } from '../../model/directories.ts'
import type { Timer } from './timer.ts'

/** Milliseconds. */
const grace = 10_000

export interface Interruption {
  readonly waiting: <Result>(work: Promise<Result>) => Promise<Result>
  readonly lookingUp: <Result>(work: Promise<Result>) => Promise<Result>
}

export function heed(signal: AbortSignal | undefined, timer: Timer): Interruption {
  return {
    waiting: work => unlessInterrupted(work, signal),
    lookingUp: work => unlessInterrupted(work, signal, ring => timer(grace, ring)),
  }
}

type Delay = (ring: () => void) => () => void

const none: Delay = ring => {
  ring()
  return () => {}
}

/** Rejects as `interrupted` once the signal is aborted, and so much later; the work goes on, and nobody hears of it. */
export async function unlessInterrupted<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
  delay: Delay = none,
): Promise<Result> {
  if (signal === undefined) return await work
  const { promise: interrupted, reject } = Promise.withResolvers<never>()
  let stop = (): void => {}
  const abort = (): void => {
    stop = delay(() => reject(new RequestFailure(0, 'interrupted', 'interrupted')))
  }
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, interrupted])
  } finally {
    stop()
    signal.removeEventListener('abort', abort)
  }
}
