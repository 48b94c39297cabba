// How often the laws are tried. GUESTLIST_LAW_RUNS multiplies (20 for a night), GUESTLIST_LAW_SEED tries other worlds; what a
// failure prints is enough to repeat it.

import type fc from 'fast-check'

const factor = Number(process.env.GUESTLIST_LAW_RUNS ?? 1)
const seed = Number(process.env.GUESTLIST_LAW_SEED ?? 20261201)
/** To find several counterexamples soon, none of them is made smaller. */
const isQuick = process.env.GUESTLIST_LAW_QUICK !== undefined

export function runs(count: number): fc.Parameters<unknown> & { readonly numRuns: number; readonly seed: number } {
  // Making a counterexample smaller ends after a while: a large one is better than none.
  return { numRuns: Math.ceil(count * factor), seed, interruptAfterTimeLimit: 120_000 * factor, endOnFailure: isQuick }
}

/** Vitest's limit for a law: well above what its runs take. */
export const patience = 240_000 * Math.max(1, factor)
