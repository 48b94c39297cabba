// The groups into which nobody is ever put (`guardrails.protectedGroups`): of Active Directory by name, of Entra by object id.

import { canonicalDn, parseDn } from './escape.ts'
import type { ResolvedPolicy } from './policy.ts'

export const protectedGroupCode = 'guardrail/protected-group'

export interface ProtectedGroups {
  /** As the policy writes them, by their canonical names. */
  readonly activeDirectory: ReadonlyMap<string, string>
  /** In lower case. */
  readonly entra: ReadonlySet<string>
}

export function protectedGroupsOf({ organization }: ResolvedPolicy): ProtectedGroups {
  const named = organization.spec.guardrails?.protectedGroups ?? []
  return {
    activeDirectory: new Map(named.filter(isDn).map(dn => [canonicalDn(dn), dn])),
    entra: new Set(named.filter(name => !isDn(name)).map(id => id.toLowerCase())),
  }
}

/** Else it is an object id of Entra. */
export function isDn(name: string): boolean {
  return parseDn(name) !== undefined
}

/** Why nobody is put into `group`. */
export function isProtected(group: string): string {
  return `${group} is a protected group: nobody is put into it`
}

export function liesInProtected(group: string, above: string): string {
  return `${group} lies in the protected group ${above}: nobody is put into it`
}
