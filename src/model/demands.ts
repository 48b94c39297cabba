// What apps ask of guests at sign-in. Apps that ask the same share one conditional access policy.

import type { ResolvedApp } from './policy.ts'

/** Sorted, each once; what another demand includes is left out. Empty: nothing is asked. */
export function demandsOf(app: ResolvedApp): readonly string[] {
  const demands = new Set((app.spec.requires ?? []).map(demand => demand.toLowerCase()))
  if (demands.has('phishing-resistant-mfa')) demands.delete('mfa')
  return [...demands].sort()
}

/** The name of a set of demands; undefined for the empty one. */
export function demandsKey(app: ResolvedApp): string | undefined {
  const demands = demandsOf(app)
  return demands.length === 0 ? undefined : demands.join('+')
}
