// How late a change is, and what chance decides: drawn from words, so that the same seed gives the same whatever the order
// in which requests come.

/** The usual delay in milliseconds: half of all changes are later. `incident`: 1 to 20 minutes. */
export type Lag = number | 'incident'

/** The delay of what the words name. */
export type Delay = (...words: readonly (string | number)[]) => number

/** Our own model, for Microsoft publishes no figures: a usual delay of 2 s goes with 95 % within 30 s. */
const p95OverMedian = 15
/** Where the normal distribution has its 95 %. */
const z95 = 1.6449
/** 20 minutes for a list, if the usual delay is 2 s: the worst that terraform-provider-azuread #1802 and #1811 report. */
const longestOverMedian = 150
const [incidentShortest, incidentLongest] = [60_000, 20 * 60_000]

/** `slower`: how many times the usual delay; an incident is the same everywhere. */
export function delayOf(lag: Lag, seed: string, slower = 1): Delay {
  if (lag === 'incident') {
    return (...words) => incidentShortest * (incidentLongest / incidentShortest) ** chance(seed, ...words)
  }
  const longest = longestDelay(lag, slower)
  return (...words) => {
    // Box and Muller's normal distribution, of two chances.
    const z = Math.sqrt(-2 * Math.log(1 - chance(seed, ...words))) * Math.cos(2 * Math.PI * chance(...words, seed))
    return Math.min(lag * slower * p95OverMedian ** (z / z95), longest)
  }
}

/** No delay is longer. */
export function longestDelay(lag: Lag, slower = 1): number {
  return lag === 'incident' ? incidentLongest : lag * slower * longestOverMedian
}

/** At least 0, below 1, always the same for the same words. */
export function chance(...words: readonly (string | number)[]): number {
  // FNV-1a over the words, mixed as MurmurHash3 ends.
  let hash = 0x811c9dc5
  for (const word of words) {
    const text = `${word}\n`
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
