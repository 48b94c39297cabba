// How often the laws are tried. GUESTLIST_LAW_RUNS multiplies (20 for a night), GUESTLIST_LAW_SEED tries other worlds; what a
// failure prints is enough to repeat it.

import fc from 'fast-check'

const factor = Number(process.env.GUESTLIST_LAW_RUNS ?? 1)
const seed = Number(process.env.GUESTLIST_LAW_SEED ?? 20261201)
/** To find several counterexamples soon, none of them is made smaller. */
const isQuick = process.env.GUESTLIST_LAW_QUICK !== undefined

export function runs(count: number): fc.Parameters<unknown> & { readonly numRuns: number; readonly seed: number } {
  const numRuns = Math.ceil(count * factor)
  // Making a counterexample smaller ends after a while: a large one is better than none.
  return { numRuns, seed, interruptAfterTimeLimit: 120_000 * factor, endOnFailure: isQuick, reporter: told(numRuns) }
}

/** As fast-check does, and says besides where a law held in fewer worlds than it should have been tried in. */
function told(meant: number): (out: fc.RunDetails<unknown>) => void {
  return out => {
    if (out.failed) throw new Error(fc.defaultReportMessage(out), { cause: out.errorInstance })
    if (out.interrupted)
      process.stderr.write(
        `TRIED LESS: ${out.numRuns} of ${meant} worlds in two minutes times the width; seed ${seed}\n`,
      )
  }
}

/** Vitest's limit for a law: well above what its runs take. */
export const patience = 240_000 * Math.max(1, factor)
