// What several kinds read of the tenant, each collection in one question that the client asks once per run.

import type { Directories } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
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
  readonly creationType?: string | null
  readonly externalUserState?: string | null
  readonly externalUserStateChangeDateTime?: string | null
  readonly onPremisesUserPrincipalName?: string | null
  readonly sponsors?: readonly { readonly id: string }[]
  /** True: Entra Connect keeps the user. */
  readonly onPremisesSyncEnabled?: boolean | null
  /** In base64, the bytes by which Entra Connect knows the account that the user stands for. */
  readonly onPremisesImmutableId?: string | null
  readonly createdDateTime?: string | null
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
  'creationType',
  'externalUserState',
  'externalUserStateChangeDateTime',
  'onPremisesUserPrincipalName',
] as const

export const syncProperties = ['onPremisesSyncEnabled', 'onPremisesImmutableId', 'createdDateTime'] as const

/** By which a user is a guest, or was invited and made a member since. */
const guestFilter = "userType eq 'Guest' or creationType eq 'Invitation'"

/**
 * Whoever may be a person of the policy already: every guest of the tenant, ours or not, whoever was invited and made a
 * member since, and accounts of our own that a partner group holds.
 */
export async function readGuests(from: Directories): Promise<readonly User[]> {
  const query = {
    select: [...userProperties, 'accountEnabled', ...syncProperties],
    expand: 'sponsors($select=id)',
  }
  const [guests, members] = await Promise.all([
    from.entra.list<User>('/users', { filter: guestFilter, ...query }),
    readPartnerGroupMembers(from),
  ])
  const known = new Set(guests.map(guest => guest.id))
  const others = new Set(members.flat().map(member => member.id))
  const paths = [...others].filter(id => !known.has(id)).map(id => graphPath`/users/${id}`)
  // A member that is no user gives 404.
  const users = paths.length === 0 ? [] : await from.entra.getEach<User>(paths, query)
  return [...guests, ...users.filter(user => user !== undefined)]
}

/** Whether the account is an invited one, pending or accepted; else it is an account of our own. */
export function isInvited({ creationType, externalUserState }: User): boolean {
  const isExternal = creationType === 'Invitation' || creationType === 'SelfServiceSignUp'
  return isExternal || Boolean(externalUserState)
}

/** The guests among the members of each group, in the order of `groupIds`: of a large group, one page. */
export async function readGuestMembers(
  from: Directories,
  groupIds: readonly string[],
): Promise<readonly (readonly { readonly id: string }[])[]> {
  const paths = groupIds.map(id => graphPath`/groups/${id}/members/microsoft.graph.user`)
  const found = await from.entra.listEach<{ id: string }>(paths, {
    filter: guestFilter,
    select: ['id'],
    advanced: true,
  })
  return found.map(members => members ?? [])
}

/** The guests that guestlist looks after: members of the group with that mark. */
export async function readManagedGuests(from: Directories): Promise<ReadonlySet<string>> {
  const group = (await readOwnGroups(from)).find(own => own.uniqueName === managedGuestsMark)
  if (group === undefined) return new Set()
  const members = await from.entra.list<{ id: string }>(graphPath`/groups/${group.id}/members`, { select: ['id'] })
  return new Set(members.map(member => member.id))
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
  readonly groupTypes?: readonly string[]
  readonly mailEnabled?: boolean | null
  readonly onPremisesSyncEnabled?: boolean | null
}

/** Every group of the tenant: whether Graph filters by `uniqueName` is not documented. */
export function readGroups(from: Directories): Promise<readonly Group[]> {
  return from.entra.list<Group>('/groups', {
    select: [
      'id',
      'uniqueName',
      'displayName',
      'description',
      'isAssignableToRole',
      'groupTypes',
      'mailEnabled',
      'onPremisesSyncEnabled',
    ],
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

export interface GroupMember {
  readonly id: string
  readonly userPrincipalName?: string | null
  readonly displayName?: string | null
}

/** The members of each partner group, in the order of `readPartnerGroups`. */
export async function readPartnerGroupMembers(from: Directories): Promise<readonly (readonly GroupMember[])[]> {
  const groups = await readPartnerGroups(from)
  const paths = groups.map(({ id }) => graphPath`/groups/${id}/members`)
  const found = await from.entra.listEach<GroupMember>(paths, { select: ['id', 'userPrincipalName', 'displayName'] })
  return found.map(members => members ?? [])
}

export interface ServicePrincipal {
  readonly id: string
  readonly appId: string
  readonly displayName?: string | null
  readonly appRoleAssignmentRequired?: boolean
  readonly appRoles?: readonly AppRole[]
  readonly tags?: readonly string[]
  readonly preferredSingleSignOnMode?: string | null
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
    select: [
      'id',
      'appId',
      'displayName',
      'appRoleAssignmentRequired',
      'appRoles',
      'tags',
      'preferredSingleSignOnMode',
    ],
  })
}

export interface Application {
  readonly id: string
  readonly appId: string
  readonly uniqueName?: string | null
  readonly displayName?: string | null
  readonly identifierUris?: readonly string[]
  readonly web?: {
    readonly redirectUris?: readonly string[]
    readonly homePageUrl?: string | null
    readonly implicitGrantSettings?: { readonly enableIdTokenIssuance?: boolean | null } | null
  } | null
  readonly tags?: readonly string[]
}

export function readApplications(from: Directories): Promise<readonly Application[]> {
  return from.entra.list<Application>('/applications', {
    // The roles are only there to notice that somebody else has changed them meanwhile.
    select: ['id', 'appId', 'uniqueName', 'displayName', 'identifierUris', 'web', 'tags', 'appRoles'],
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
 * The address by which each guest is known here, by object id: the policy's, if the user principal name, mail or another mail
 * leads to a person in it; else the mail. Each address names one account, an invited one before one of our own; a second
 * account keeps its principal name.
 */
export function addressBook(guests: readonly User[], policy: ResolvedPolicy): ReadonlyMap<string, Address> {
  const principalNames = new Map(
    [...policy.people.keys()].map(address => [expectedPrincipalName(address, policy).toLowerCase(), address]),
  )
  const candidates = guests.map(guest => {
    const mail = guest.mail?.toLowerCase()
    const principalName = guest.userPrincipalName.toLowerCase()
    const exact = [principalName, mail].find(address => address !== undefined && policy.people.has(address))
    const other = guest.otherMails?.map(address => address.toLowerCase()).find(address => policy.people.has(address))
    const address = exact ?? other ?? principalNames.get(principalName) ?? mail ?? principalName
    const expected = principalNames.get(principalName) === address
    const rank = Number(isInvited(guest)) * 4 + Number(exact !== undefined) * 2 + Number(expected)
    return { guest, address, rank, principalName }
  })
  candidates.sort((a, b) => b.rank - a.rank || (a.guest.id < b.guest.id ? -1 : 1))
  const taken = new Set<Address>()
  const book = new Map<string, Address>()
  for (const { guest, address, principalName } of candidates) {
    const free = taken.has(address) ? principalName : address
    taken.add(free)
    book.set(guest.id, free)
  }
  return book
}
