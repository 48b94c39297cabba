// The accounts of partners that our own Active Directory keeps. Several kinds ask.

import type { Directories, DirectoryEntry, DirectoryReader } from '../../model/directories.ts'
import { isWithin } from '../../model/escape.ts'
import { keptGroups } from '../../model/groups.ts'
import type { Address, Member, ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import { isMissing, searchUnit, value } from './domain.ts'

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

/** The unit that holds them; undefined where the policy names none. */
export function partnerUnitOf(policy: ResolvedPolicy): string | undefined {
  return policy.organization.spec.activeDirectory?.organizationalUnits?.partnerAccounts
}

/**
 * Every user account in the unit of partner accounts, named by a policy or not: what people lose who have left the policy is
 * told from what they still have. Nobody is asked for a unit that no partner of the policy needs (any more).
 */
export async function readPartnerAccounts(
  from: Directories,
  policy: ResolvedPolicy,
): Promise<readonly PartnerAccount[]> {
  const unit = partnerUnitOf(policy)
  if (unit === undefined) return []
  if (from.activeDirectory === undefined)
    throw new Failure('no-directory', `the policy names the unit ${unit}, and there is no connection to its domain`)
  const entries = await readUnit(from.activeDirectory, policy, unit)
  // Units may lie in each other: what is a shadow account is none of these.
  const { shadowAccounts, archive } = policy.organization.spec.activeDirectory?.organizationalUnits ?? {}
  const others = [shadowAccounts, archive].filter(other => other !== undefined && isWithin(other, unit))
  const taken = new Set<Address>()
  return entries
    .filter(entry => !others.some(other => other !== undefined && isWithin(entry.dn, other)))
    .map(entry => {
      const objectGuid = value(entry, 'objectGUID') ?? ''
      const name = value(entry, 'userPrincipalName')?.toLowerCase()
      // Two with one name (a conflict between domain controllers): the second is nobody that a policy could mean.
      const person = name === undefined || taken.has(name) ? objectGuid : name
      taken.add(person)
      return { person, objectGuid, entry }
    })
}

async function readUnit(
  reader: DirectoryReader,
  policy: ResolvedPolicy,
  unit: string,
): Promise<readonly DirectoryEntry[]> {
  const request = {
    base: unit,
    scope: 'sub',
    filter: { and: [{ equals: ['objectClass', 'user'] }, { not: { equals: ['objectClass', 'computer'] } }] },
    attributes: [
      'objectGUID',
      'objectSid',
      'userPrincipalName',
      'userAccountControl',
      'accountExpires',
      'whenChanged',
      'adminDescription',
      'adminCount',
      'isCriticalSystemObject',
      'msDS-ObjectSoa',
      'mS-DS-ConsistencyGuid',
      'memberOf',
      userTypeOf(policy).attribute,
    ],
  } as const
  if (keptGroups(policy).length > 0) return searchUnit(reader, request)
  try {
    return await reader.search(request)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
