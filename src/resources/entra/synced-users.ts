// The cloud users of partners whose accounts our own Active Directory keeps. Several kinds ask. Entra Connect gives them the
// account's principal name, or another one where its suffix is no verified domain: then the anchor tells whose they are.

import type { Directories } from '../../model/directories.ts'
import { odataString } from '../../model/escape.ts'
import { isKept, isKeptPartner } from '../../model/groups.ts'
import type { Address, ResolvedPolicy } from '../../model/policy.ts'
import { value } from '../active-directory/domain.ts'
import { type PartnerAccount, readPartnerAccounts } from '../active-directory/partner-accounts.ts'
import { addressBook, type GroupMember, isInvited, readGuests, syncProperties, type User } from './tenant.ts'

export interface KeptUsers {
  /** The accounts that they stand for, by person. */
  readonly accounts: ReadonlyMap<Address, PartnerAccount>
  /** Those that Entra Connect keeps. */
  readonly synced: ReadonlyMap<Address, User>
  /** Users who have the name of a person of the policy, and are not from our Active Directory. */
  readonly strangers: ReadonlyMap<Address, User>
}

export async function readKeptUsers(from: Directories, policy: ResolvedPolicy): Promise<KeptUsers> {
  const [accounts, users] = await Promise.all([readPartnerAccounts(from, policy), readCandidates(from, policy)])
  const byName = new Map(users.map(user => [user.userPrincipalName.toLowerCase(), user]))
  const byAnchor = new Map(users.filter(isSynced).map(user => [user.onPremisesImmutableId ?? '', user]))
  const synced = new Map<Address, User>()
  for (const account of accounts) {
    const named = byName.get(account.person)
    const anchored = anchorsOf(account).map(anchor => byAnchor.get(anchor))
    const user = [named, ...anchored].find(candidate => candidate !== undefined && isSynced(candidate))
    if (user !== undefined) synced.set(account.person, user)
  }
  const strangers = new Map<Address, User>()
  for (const person of policy.people.keys()) {
    const user = byName.get(person)
    if (user === undefined || !isKept(person, policy) || synced.has(person)) continue
    if (isSynced(user)) synced.set(person, user)
    else strangers.set(person, user)
  }
  return { accounts: new Map(accounts.map(account => [account.person, account])), synced, strangers }
}

function isSynced(user: User): boolean {
  return user.onPremisesSyncEnabled === true
}

/** Guests, and whoever has a name such as partners' accounts have or get from Entra Connect: they may be members. */
async function readCandidates(from: Directories, policy: ResolvedPolicy): Promise<readonly User[]> {
  const kept = [...policy.partners.values()].filter(({ name }) => isKeptPartner(policy, name))
  const suffixes = new Set(kept.flatMap(({ spec }) => spec.domains.map(domain => domain.toLowerCase())))
  const { initialDomain } = policy.organization.spec.entra
  const filters = [...suffixes].sort().map(endsIn)
  // Every guest's name ends in the initial domain: of those only whom Entra Connect keeps.
  if (filters.length > 0) filters.push(`onPremisesSyncEnabled eq true and ${endsIn(initialDomain.toLowerCase())}`)
  const found = await Promise.all([
    readGuests(from),
    ...filters.map(filter =>
      from.entra.list<User>('/users', {
        filter,
        select: ['id', 'userPrincipalName', 'userType', 'accountEnabled', ...syncProperties],
        advanced: true,
      }),
    ),
  ])
  return [...new Map(found.flat().map(user => [user.id, user])).values()]
}

function endsIn(domain: string): string {
  return `endsWith(userPrincipalName,${odataString(`@${domain}`)})`
}

/** What Entra Connect may know the account by: its objectGUID, or the attribute that takes its place after a move. */
function anchorsOf({ objectGuid, entry }: PartnerAccount): readonly string[] {
  const moved = value(entry, 'mS-DS-ConsistencyGuid')
  return [...(moved === undefined ? [] : [moved]), anchorOf(objectGuid)]
}

/** A GUID's bytes in base64; the first three groups stand in reverse, as in the directory. */
function anchorOf(guid: string): string {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex')
  for (const [start, end] of [
    [0, 4],
    [4, 6],
    [6, 8],
  ] as const)
    bytes.subarray(start, end).reverse()
  return bytes.toString('base64')
}

/**
 * How a member of a group is known here: who stands for an account of ours by its principal name, unless the policy means to
 * invite that person, everybody else by the address book. A user who only has the name of a person with such an account is
 * nobody that the policy means, and is known by the principal name, or else by the object id.
 */
export async function readNames(from: Directories, policy: ResolvedPolicy): Promise<(member: GroupMember) => Address> {
  const [guests, { synced }] = await Promise.all([readGuests(from), readKeptUsers(from, policy)])
  const book = addressBook(guests, policy)
  const people = new Map([...synced].map(([person, user]) => [user.id, person]))
  return member => {
    const person = people.get(member.id)
    const booked = book.get(member.id) ?? member.userPrincipalName?.toLowerCase() ?? member.id
    const isMeant = policy.people.has(booked) && !isKept(booked, policy)
    if (person !== undefined && (isKept(person, policy) || !isMeant || person === booked)) return person
    if (!synced.has(booked) && !isKept(booked, policy)) return booked
    const name = member.userPrincipalName?.toLowerCase() ?? booked
    return name === booked ? member.id : name
  }
}

/**
 * Accounts of ours whose people the policy invites from now on and who have not been invited yet, with the address that it
 * gives them: until then they keep what they have.
 */
export async function readConverting(
  from: Directories,
  policy: ResolvedPolicy,
): Promise<ReadonlyMap<Address, Address>> {
  const [guests, { synced }] = await Promise.all([readGuests(from), readKeptUsers(from, policy)])
  const book = addressBook(guests, policy)
  return new Map(
    [...synced].flatMap(([person, user]) => {
      const address = book.get(user.id) ?? person
      const isMeant = policy.people.has(address) && !isKept(address, policy) && !isInvited(user)
      return isMeant && !isKept(person, policy) ? [[person, address]] : []
    }),
  )
}
