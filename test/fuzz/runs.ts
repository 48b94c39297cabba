// How many inputs each reader gets. GUESTLIST_FUZZ_RUNS is how many all of them get together (10 000; a million for a night),
// GUESTLIST_FUZZ_SEED makes others of them.

const all = Number(process.env.GUESTLIST_FUZZ_RUNS ?? 10_000)
export const seed = Number(process.env.GUESTLIST_FUZZ_SEED ?? 20261201)

/** Of ten thousand, this many. */
export function share(ofTenThousand: number): number {
  return Math.ceil((all * ofTenThousand) / 10_000)
}

const factor = Math.max(1, all / 10_000)

/** What all inputs of one reader may take together, in milliseconds: well above what they do. */
export const patience = 240_000 * factor
