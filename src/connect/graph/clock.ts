// Time and chance, as the client takes them: an argument, so that a test waits for nothing.

import { setTimeout } from 'node:timers/promises'

export interface Clock {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Rejects as soon as `signal` is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** `signal` is aborted with a TimeoutError once that time has passed, unless `end` was called. Left out: by real time. */
  readonly timeout?: (ms: number) => { readonly signal: AbortSignal; readonly end: () => void }
  /** At least 0, below 1. */
  readonly random: () => number
}

/** The sleep of a real clock. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, signal === undefined ? {} : { signal })
}
