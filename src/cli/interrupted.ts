// Ctrl-C before anything was changed: whatever is asked for is given up, and the command ends with 130.

import type { Host } from './host.ts'

export class Interrupted extends Error {}

/** Throws Interrupted as soon as the person does not want to wait any more; `signal` is aborted then. */
export async function untilInterrupted<Result>(
  host: Host,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const interruption = new AbortController()
  const interrupted = Promise.withResolvers<never>()
  const stopListening = host.onInterrupt(() => {
    interruption.abort()
    interrupted.reject(new Interrupted('interrupted'))
  })
  try {
    return await Promise.race([work(interruption.signal), interrupted.promise])
  } finally {
    stopListening()
  }
}
