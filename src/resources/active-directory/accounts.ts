// Whose the accounts are: each stands for one person at the most, and each person is one account. Several kinds ask.

import { createHash } from 'node:crypto'
import type { Directories, DirectoryEntry, DirectoryReader, Filter } from '../../model/directories.ts'
import { domainDn, isWithin } from '../../model/escape.ts'
import { isInvitedPartner } from '../../model/groups.ts'
import type { Address, ResolvedPolicy } from '../../model/policy.ts'
import { isKerberos } from '../../model/sign-on.ts'
import { addressBook, expectedPrincipalName, readDeletedGuests, readGuests } from '../entra/tenant.ts'
import { readAnchor, shadowAccountMark } from '../mark.ts'
import { type Domain, isOwnAccount, liesIn, protection, searchUnit, value } from './domain.ts'

export interface Account {
  readonly entry: DirectoryEntry
  readonly objectGuid: string
  readonly owned: boolean
  /** The address of the person for whom it stands; of a second account, or one that stands for nobody, the object id. */
  readonly person: Address
  /** Whether it has the principal name of the person's guest, by which connectors sign in. */
  readonly named: boolean
  /** Why it is never touched, though the person would need it. */
  readonly refused?: Refusal
}

type Refusal = NonNullable<ReturnType<typeof protection>>

interface OpenDomain {
  readonly domain: Domain
  readonly reader: DirectoryReader
}

/** Of nobody in the policy there is none. */
export function partnerOf(person: Address, policy: ResolvedPolicy): { readonly partner?: string } {
  const partner = policy.people.get(person)?.partner
  return partner === undefined ? {} : { partner }
}

/** People who reach a Kerberos app now. */
export function kerberosPeople(policy: ResolvedPolicy): ReadonlySet<Address> {
  const people = new Set<Address>()
  for (const grant of policy.grants) {
    const app = policy.apps.get(grant.app)
    if (!grant.inForce || app === undefined || !isKerberos(app) || !isInvitedPartner(policy, grant.partner)) continue
    const members = policy.partners.get(grant.partner)?.groups.get(grant.group)?.members ?? []
    for (const member of members) if (member.inForce) people.add(member.address)
  }
  return people
}

/** Ours, wherever they lie; and in our units those of nobody that stand for a person who needs one. */
export async function readShadowAccounts(
  open: OpenDomain,
  from: Directories,
  policy: ResolvedPolicy,
): Promise<readonly Account[]> {
  const [found, guests, deleted] = await Promise.all([readAccounts(open), readGuests(from), readDeletedGuests(from)])
  const entries = found.filter(entry => !isKept(entry, open.domain, policy))
  const live = addressBook(guests, policy)
  const gone = addressBook(deleted, policy)
  const byPrincipalName = new Map([
    ...[...policy.people.keys()].map(
      address => [expectedPrincipalName(address, policy).toLowerCase(), address] as const,
    ),
    ...guests.map(guest => [guest.userPrincipalName.toLowerCase(), live.get(guest.id) ?? ''] as const),
  ])
  const wanted = kerberosPeople(policy)
  const principalNames = new Map([
    ...deleted.map(guest => [gone.get(guest.id) ?? '', guest.userPrincipalName.toLowerCase()] as const),
    ...guests.map(guest => [live.get(guest.id) ?? '', guest.userPrincipalName.toLowerCase()] as const),
  ])

  const candidates = entries.flatMap(entry => {
    const owned = isOwnAccount(entry)
    const anchor = readAnchor(value(entry, open.domain.anchorAttribute)) ?? ''
    const anchored = live.get(anchor) ?? gone.get(anchor)
    const principalName = value(entry, 'userPrincipalName')?.toLowerCase() ?? ''
    const named = byPrincipalName.get(principalName)
    const claims = owned ? [anchored, named, value(entry, 'mail')?.toLowerCase()] : [anchored ?? named]
    const addresses = claims.filter(claim => claim !== undefined && (owned || wanted.has(claim))) as Address[]
    // Somebody else's account in our unit is only of interest as one to adopt, or as one that is in the way.
    if (!owned && addresses.length === 0) return []
    const refused = protection(entry) ?? (owned ? undefined : otherSync(entry, anchor))
    const [first] = addresses
    const strength =
      Number(first !== undefined && first === named) * 2 + Number(first !== undefined && first === anchored)
    const objectGuid = value(entry, 'objectGUID') ?? ''
    return [{ entry, owned, addresses, strength, principalName, objectGuid, refused }]
  })
  // Ours goes before a stranger's. Of two of ours for one person, the one with the guest's principal name, which only one
  // account can have; a copied link does not make an account another person's while its own name says whose it is.
  candidates.sort(
    (a, b) => Number(b.owned) - Number(a.owned) || b.strength - a.strength || (a.objectGuid < b.objectGuid ? -1 : 1),
  )
  const taken = new Set<Address>()
  return candidates.flatMap(({ entry, owned, addresses, principalName, objectGuid, refused }): Account[] => {
    const address = addresses.find(each => !taken.has(each))
    if (address !== undefined) taken.add(address)
    if (address === undefined && !owned) return []
    const named = principalNames.get(address ?? '') === principalName
    return [
      { entry, objectGuid, owned, person: address ?? objectGuid, named, ...(refused === undefined ? {} : { refused }) },
    ]
  })
}

/**
 * An account that is linked to a guest without our mark is Entra Cloud Sync's, which links by the same attribute. One with
 * the name that we derive from the guest is ours, and has lost its mark.
 */
function otherSync(entry: DirectoryEntry, anchor: string): Refusal | undefined {
  if (anchor === '') return undefined
  const name = value(entry, 'sAMAccountName')
  const isOurs = Array.from({ length: accountNames }, (_, attempt) => accountNameOf(anchor, attempt)).includes(
    name ?? '',
  )
  if (isOurs) return undefined
  const message = `${entry.dn} is linked to the guest by another sync (it has no mark of ours): it is never touched`
  return { code: 'owned-elsewhere', message }
}

/** How many names are tried for one account. */
export const accountNames = 10

/** At most 20 characters, from the guest's object id: names that begin alike do not collide, a renamed guest keeps it. */
export function accountNameOf(guestObjectId: string, attempt: number): string {
  const seed = attempt === 0 ? guestObjectId : `${guestObjectId}#${attempt}`
  const hash = createHash('sha256').update(seed).digest('hex')
  return `g-${BigInt(`0x${hash}`).toString(36).slice(0, 18)}`
}

/** In the unit of partners' own accounts: whatever mark somebody put on one of them, it is no shadow account. */
function isKept({ dn }: DirectoryEntry, { shadowAccounts, archive }: Domain, policy: ResolvedPolicy): boolean {
  const unit = policy.organization.spec.activeDirectory?.organizationalUnits?.partnerAccounts
  const isOurs = [shadowAccounts, archive].some(own => liesIn(dn, own))
  return unit !== undefined && !isOurs && isWithin(dn, unit)
}

/** The user accounts in the units of shadow accounts and of the archive, and those with our mark anywhere. */
async function readAccounts({ domain, reader }: OpenDomain): Promise<readonly DirectoryEntry[]> {
  const accounts: Filter = {
    and: [{ equals: ['objectClass', 'user'] }, { not: { equals: ['objectClass', 'computer'] } }],
  }
  const ours: Filter = { and: [accounts, { equals: ['adminDescription', shadowAccountMark] }] }
  const attributes = [
    'objectGUID',
    'objectSid',
    'sAMAccountName',
    'userPrincipalName',
    'displayName',
    'mail',
    'userAccountControl',
    'accountExpires',
    'adminDescription',
    'adminCount',
    'isCriticalSystemObject',
    'msDS-ObjectSoa',
    'memberOf',
    domain.anchorAttribute,
  ]
  const named = [domain.shadowAccounts, domain.archive].filter(unit => unit !== undefined)
  // One that lies in the other is searched with it.
  const units = named.filter(
    (unit, index) =>
      !named.some((other, at) => at !== index && isWithin(unit, other) && (at < index || !isWithin(other, unit))),
  )
  const found = await Promise.all([
    ...units.map(base => searchUnit(reader, { base, scope: 'sub', filter: accounts, attributes })),
    searchUnit(reader, { base: domainDn(domain.name), scope: 'sub', filter: ours, attributes }),
  ])
  return [...new Map(found.flat().map(entry => [value(entry, 'objectGUID') ?? entry.dn, entry])).values()]
}
