// What apps ask of guests at sign-in. Apps that ask the same share one conditional access policy.

import type { ResolvedApp, ResolvedPolicy } from './policy.ts'

/** Sorted, each once; what another demand includes is left out. Empty: nothing is asked. */
export function demandsOf(app: ResolvedApp): readonly string[] {
  const demands = new Set((app.spec.requires ?? []).map(demand => demand.toLowerCase()))
  if (demands.has('phishing-resistant-mfa')) demands.delete('mfa')
  const frequencies = [...demands].flatMap(demand => hoursBetweenSignIns(demand) ?? [])
  const others = [...demands].filter(demand => hoursBetweenSignIns(demand) === undefined)
  // Of several frequencies the most frequent one meets them all.
  return [...others, ...(frequencies.length === 0 ? [] : [signInFrequency(Math.min(...frequencies))])].sort()
}

/** The name of a set of demands; undefined for the empty one. */
export function demandsKey(app: ResolvedApp): string | undefined {
  const demands = demandsOf(app)
  return demands.length === 0 ? undefined : demands.join('+')
}

/** The apps that ask something, by the name of what they ask. */
export function appsByDemands(policy: ResolvedPolicy): ReadonlyMap<string, readonly ResolvedApp[]> {
  const sets = new Map<string, ResolvedApp[]>()
  for (const app of policy.apps.values()) {
    const key = demandsKey(app)
    if (key !== undefined) sets.set(key, [...(sets.get(key) ?? []), app])
  }
  return sets
}

/** Undefined if the demand is no sign-in frequency. */
export function hoursBetweenSignIns(demand: string): number | undefined {
  const [, count, unit] = /^sign-in-frequency:(\d+)([hd])$/.exec(demand) ?? []
  return count === undefined ? undefined : Number(count) * (unit === 'd' ? 24 : 1)
}

/** As the service counts: up to 23 hours, or whole days, 365 at most; rounded to what is more frequent. */
function signInFrequency(hours: number): string {
  return hours < 24 ? `sign-in-frequency:${hours}h` : `sign-in-frequency:${Math.min(Math.floor(hours / 24), 365)}d`
}

/** Whether whoever meets `demands` meets `asked` as well. */
export function includesDemand(demands: readonly string[], asked: string): boolean {
  const hours = hoursBetweenSignIns(asked)
  if (hours !== undefined)
    return demands.some(demand => (hoursBetweenSignIns(demand) ?? Number.POSITIVE_INFINITY) <= hours)
  return demands.includes(asked) || (asked === 'mfa' && demands.includes('phishing-resistant-mfa'))
}
