// "did you mean …?", worded once.

import { distance } from 'fastest-levenshtein'

/** Beyond this many candidates nothing is compared: a hint is not worth waiting for. */
const mostCandidates = 2000

/** The candidate that the author most likely meant, if one is near enough. */
export function nearest(written: string, candidates: Iterable<string>): string | undefined {
  const wanted = written.slice(0, 100).toLowerCase()
  let best: string | undefined
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  let compared = 0
  for (const candidate of candidates) {
    if (++compared > mostCandidates) break
    if (Math.abs(candidate.length - wanted.length) >= least) continue
    const apart = distance(wanted, candidate.toLowerCase())
    if (apart < least) {
      best = candidate
      least = apart
    }
  }
  return best
}

/** "did you mean `payroll`?", or what there is to choose from. */
export function choiceHint(written: string, candidates: readonly string[], none: string): string {
  const meant = nearest(written, candidates)
  if (meant !== undefined) return `did you mean \`${meant}\`?`
  if (candidates.length === 0) return none
  const shown = candidates.slice(0, 8).map(candidate => `\`${candidate}\``)
  return `known: ${shown.join(', ')}${candidates.length > shown.length ? ', …' : ''}`
}
