// A random mix of faults that a client has to live with. What no client could mend (a right that lacks, a directory that is
// full) is not among them.

import type { FaultRule } from './kinds.ts'

export const weathers = ['calm', 'unsettled', 'storm'] as const

export type Weather = (typeof weathers)[number]

/** How much of each fault there is; in a storm about every fifth request meets one. */
const strength: Readonly<Record<Weather, number>> = { calm: 0.05, unsettled: 0.25, storm: 1 }

const mix: readonly (FaultRule & { readonly chance: number })[] = [
  { fault: 429, chance: 0.02, retryAfter: 2.128 },
  { fault: 500, chance: 0.01 },
  { fault: 500, on: 'POST|PATCH|PUT|DELETE', chance: 0.01, carriedOut: true },
  { fault: 502, chance: 0.01 },
  { fault: 503, chance: 0.02, retryAfter: 5 },
  { fault: 503, on: 'POST|PATCH|PUT|DELETE', chance: 0.01, carriedOut: true },
  { fault: 504, chance: 0.01, carriedOut: true },
  { fault: 409, chance: 0.02 },
  { fault: 423, chance: 0.01 },
  { fault: 'reset', chance: 0.01 },
  { fault: 'reset', chance: 0.01, carriedOut: true },
  { fault: 'slow', chance: 0.02, ms: 8000 },
  { fault: 'slow', chance: 0.002, ms: 150_000 },
  { fault: 'cut', chance: 0.01 },
  { fault: 'html-502', chance: 0.01 },
  { fault: 'expired-token', chance: 0.005 },
  { fault: 'repeated-items', chance: 0.05 },
  { fault: 'empty-page', chance: 0.05 },
  { fault: 'missing', chance: 0.01 },
  { fault: 'missing', chance: 0.01, carriedOut: true },
]

export function rulesOf(weather: Weather): readonly FaultRule[] {
  return mix.map(rule => ({ ...rule, chance: rule.chance * strength[weather] }))
}
