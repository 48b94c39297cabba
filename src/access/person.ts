// Whom somebody means: a person is known by address, and by every name that the directories have for the person.

import { type Id, keyOf, kindOf } from '../model/id.ts'
import type { Address, ResolvedPolicy } from '../model/policy.ts'
import type { Observed } from '../model/resource.ts'

const accounts: readonly string[] = [
  'entra/guest',
  'entra/synced-user',
  'active-directory/partner-account',
  'active-directory/shadow-account',
]

/** The address by which policies and ids know the person; what nobody has is the name itself, in lower case. */
export function addressOf(name: string, policy: ResolvedPolicy, observed: ReadonlyMap<Id, Observed>): Address {
  const wanted = name.trim().toLowerCase()
  if (policy.people.has(wanted)) return wanted
  for (const { id, name: there, spec } of observed.values()) {
    if (!accounts.includes(kindOf(id))) continue
    const names = [there, spec.userPrincipalName, spec.mail]
    if (names.some(each => typeof each === 'string' && each.toLowerCase() === wanted)) return keyOf(id)[0] ?? wanted
  }
  // A guest's principal name tells the address: a domain has no `_`, so that the last one stands for the `@`.
  return wanted.replace(/^(.+)_([^_@]+)#ext#@.*$/, '$1@$2')
}
