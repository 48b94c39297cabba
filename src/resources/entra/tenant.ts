// What several kinds read of the tenant, each collection in one question that the client asks once per run.

import type { Directories } from '../../model/directories.ts'
import { invitedGroups } from '../../model/groups.ts'
import type { Address, ResolvedPolicy } from '../../model/policy.ts'
import { managedGuestsMark, readGroupMark } from '../mark.ts'

export interface User {
  readonly id: string
  readonly userPrincipalName: string
  readonly mail?: string | null
  readonly otherMails?: readonly string[]
  readonly displayName?: string | null
  readonly companyName?: string | null
  readonly userType?: string | null
  readonly accountEnabled?: boolean
  readonly employeeLeaveDateTime?: string | null
  readonly sponsors?: readonly { readonly id: string }[]
}

const userProperties = [
  'id',
  'userPrincipalName',
  'mail',
  'otherMails',
  'displayName',
  'companyName',
  'userType',
  'employeeLeaveDateTime',
] as const

/** Every guest of the tenant, ours or not, and whoever was invited and made a member since. */
export function readGuests(from: Directories): Promise<readonly User[]> {
  return from.entra.list<User>('/users', {
    filter: "userType eq 'Guest' or creationType eq 'Invitation'",
    select: [...userProperties, 'accountEnabled'],
    expand: 'sponsors($select=id)',
  })
}

/** Users in the tenant's recycle bin, by the principal names they had: Graph puts the object id before, to free the name. */
export async function readDeletedGuests(from: Directories): Promise<readonly User[]> {
  const users = await from.entra.list<User>('/directory/deletedItems/microsoft.graph.user', {
    select: userProperties,
  })
  return users.map(user => {
    const prefix = user.id.replaceAll('-', '')
    const name = user.userPrincipalName
    return name.startsWith(prefix) ? { ...user, userPrincipalName: name.slice(prefix.length) } : user
  })
}

export interface Group {
  readonly id: string
  readonly uniqueName?: string | null
  readonly displayName?: string | null
  readonly description?: string | null
  readonly isAssignableToRole?: boolean | null
}

/** Every group of the tenant: whether Graph filters by `uniqueName` is not documented. */
export function readGroups(from: Directories): Promise<readonly Group[]> {
  return from.entra.list<Group>('/groups', {
    select: ['id', 'uniqueName', 'displayName', 'description', 'isAssignableToRole'],
  })
}

/** The partner groups and the group of all guests: those that carry the mark. */
export async function readOwnGroups(from: Directories): Promise<readonly (Group & { readonly uniqueName: string })[]> {
  const groups = await readGroups(from)
  return groups.flatMap(group => (isOurs(group.uniqueName) ? [{ ...group, uniqueName: group.uniqueName }] : []))
}

function isOurs(uniqueName: string | null | undefined): uniqueName is string {
  return uniqueName === managedGuestsMark || (typeof uniqueName === 'string' && readGroupMark(uniqueName) !== undefined)
}

/** The partner groups that carry our mark, told apart by it. */
export async function readPartnerGroups(
  from: Directories,
): Promise<readonly { id: string; partner: string; group: string }[]> {
  return (await readOwnGroups(from)).flatMap(({ id, uniqueName }) => {
    const names = readGroupMark(uniqueName)
    return names === undefined ? [] : [{ id, ...names }]
  })
}

export interface ServicePrincipal {
  readonly id: string
  readonly appId: string
  readonly displayName?: string | null
  readonly appRoleAssignmentRequired?: boolean
  readonly appRoles?: readonly AppRole[]
  readonly tags?: readonly string[]
}

export type AppRole = {
  readonly id: string
  readonly value?: string | null
  readonly displayName?: string | null
  readonly description?: string | null
  readonly isEnabled?: boolean
  readonly allowedMemberTypes?: readonly string[]
}

export function readServicePrincipals(from: Directories): Promise<readonly ServicePrincipal[]> {
  return from.entra.list<ServicePrincipal>('/servicePrincipals', {
    select: ['id', 'appId', 'displayName', 'appRoleAssignmentRequired', 'appRoles', 'tags'],
  })
}

export interface Application {
  readonly id: string
  readonly appId: string
  readonly uniqueName?: string | null
  readonly displayName?: string | null
  readonly identifierUris?: readonly string[]
}

export function readApplications(from: Directories): Promise<readonly Application[]> {
  return from.entra.list<Application>('/applications', {
    select: ['id', 'appId', 'uniqueName', 'displayName', 'identifierUris'],
  })
}

/** The user principal name that an invitation gives: the address with `_` for `@`, in the tenant's initial domain. */
export function expectedPrincipalName(address: Address, policy: ResolvedPolicy): string {
  return `${address.replace('@', '_')}#EXT#@${policy.organization.spec.entra.initialDomain}`
}

/** People of invited partners whom a group that we keep holds now. */
export function invitedPeople(policy: ResolvedPolicy): ReadonlySet<Address> {
  return new Set(
    invitedGroups(policy).flatMap(group =>
      group.members.filter(member => member.inForce).map(member => member.address),
    ),
  )
}

/**
 * The address by which each guest is known here, by object id: the policy's, if mail, another mail or the user principal
 * name leads to a person in it; else the mail. Each address names one guest; a second one keeps its principal name.
 */
export function addressBook(guests: readonly User[], policy: ResolvedPolicy): ReadonlyMap<string, Address> {
  const principalNames = new Map(
    [...policy.people.keys()].map(address => [expectedPrincipalName(address, policy).toLowerCase(), address]),
  )
  const candidates = guests.map(guest => {
    const mail = guest.mail?.toLowerCase()
    const principalName = guest.userPrincipalName.toLowerCase()
    const byMail = mail !== undefined && policy.people.has(mail) ? mail : undefined
    const other = guest.otherMails?.map(address => address.toLowerCase()).find(address => policy.people.has(address))
    const address = byMail ?? other ?? principalNames.get(principalName) ?? mail ?? principalName
    return { guest, address, exact: byMail !== undefined, principalName }
  })
  candidates.sort((a, b) => Number(b.exact) - Number(a.exact) || (a.guest.id < b.guest.id ? -1 : 1))
  const taken = new Set<Address>()
  const book = new Map<string, Address>()
  for (const { guest, address, principalName } of candidates) {
    const free = taken.has(address) ? principalName : address
    taken.add(free)
    book.set(guest.id, free)
  }
  return book
}
