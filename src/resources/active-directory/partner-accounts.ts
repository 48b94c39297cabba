// The accounts of partners that our own Active Directory keeps. Several kinds ask.

import type { Directories, DirectoryEntry } from '../../model/directories.ts'
import { isWithin } from '../../model/escape.ts'
import { keptGroups } from '../../model/groups.ts'
import type { Address, Member, ResolvedPolicy } from '../../model/policy.ts'
import { openDomain, searchUnit, value } from './domain.ts'

export interface PartnerAccount {
  /** The user principal name, in lower case: how policies know the person. */
  readonly person: Address
  readonly objectGuid: string
  readonly entry: DirectoryEntry
}

/** The memberships that hold each person now, of partners whose accounts we keep. */
export function keptPeople(policy: ResolvedPolicy): ReadonlyMap<Address, readonly Member[]> {
  const people = new Map<Address, Member[]>()
  for (const group of keptGroups(policy)) {
    for (const member of group.members) {
      if (!member.inForce) continue
      const list = people.get(member.address)
      if (list === undefined) people.set(member.address, [member])
      else list.push(member)
    }
  }
  return people
}

/** The attribute that tells Entra Connect what a user is, and its value for a guest. */
export function userTypeOf(policy: ResolvedPolicy): { readonly attribute: string; readonly value: string } {
  const named = policy.organization.spec.activeDirectory?.userType
  return { attribute: named?.attribute ?? 'extensionAttribute1', value: named?.value ?? 'Guest' }
}

/** Every user account in the unit of partner accounts, named by a policy or not. */
export async function readPartnerAccounts(
  from: Directories,
  policy: ResolvedPolicy,
): Promise<readonly PartnerAccount[]> {
  const open = openDomain(from, policy)
  const unit = policy.organization.spec.activeDirectory?.organizationalUnits?.partnerAccounts
  if (open === undefined || unit === undefined || keptGroups(policy).length === 0) return []
  const entries = await searchUnit(open.reader, {
    base: unit,
    scope: 'sub',
    filter: { and: [{ equals: ['objectClass', 'user'] }, { not: { equals: ['objectClass', 'computer'] } }] },
    attributes: [
      'objectGUID',
      'objectSid',
      'userPrincipalName',
      'userAccountControl',
      'accountExpires',
      'adminCount',
      'isCriticalSystemObject',
      'msDS-ObjectSoa',
      'memberOf',
      userTypeOf(policy).attribute,
    ],
  })
  // Units may lie in each other: what is a shadow account is none of these.
  const isShadow = (entry: DirectoryEntry): boolean =>
    [open.domain.shadowAccounts, open.domain.archive].some(other => isWithin(other, unit) && isWithin(entry.dn, other))
  return entries
    .filter(entry => !isShadow(entry))
    .map(entry => {
      const objectGuid = value(entry, 'objectGUID') ?? ''
      return { person: value(entry, 'userPrincipalName')?.toLowerCase() ?? objectGuid, objectGuid, entry }
    })
}
