// A guest's account in our own Active Directory, so that connectors can sign in on the guest's behalf. Linked to the guest
// by object id, not by name; disabled and archived when no app needs it, deleted later, restored on return. Nobody can log
// on with it: a random password that is never kept, smart card required. The grace period counts from `accountExpires`.

import type {
  Directories,
  DirectoryEntry,
  DirectoryWriter,
  DirectoryWriters,
  Modification,
} from '../../model/directories.ts'
import { RequestFailure } from '../../model/directories.ts'
import { parseDn, rdn } from '../../model/escape.ts'
import { type Id, ids } from '../../model/id.ts'
import type { FindingAt, Waiting } from '../../model/plan.ts'
import type { Address, ResolvedPolicy } from '../../model/policy.ts'
import type { Assigned, Change, Desired, Json, Observed } from '../../model/resource.ts'
import { durationOf, isoOf } from '../../model/time.ts'
import { addressBook, expectedPrincipalName, readGuests } from '../entra/tenant.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { anchorOf, cut, readAnchor, shadowAccountMark } from '../mark.ts'
import { kerberosPeople, readShadowAccounts } from './accounts.ts'
import { modifyAsRead, requireAsRead } from './as-read.ts'
import {
  accountControl,
  byGuid,
  type Domain,
  domainOf,
  fileTimeOf,
  instantOfFileTime,
  liesIn,
  never,
  openDomain,
  setValue,
  unitIn,
  value,
} from './domain.ts'
import { addAccount, passwordFor } from './new-account.ts'
import { readPartnerAccounts } from './partner-accounts.ts'

type ShadowAccountSpec = {
  readonly userPrincipalName?: Json
  /** Object id of the guest. */
  readonly guest?: Json
  readonly displayName?: string
  readonly mail?: string
  readonly enabled: boolean
  /** Nobody can log on with it: a smart card that nobody has is required, and a password too. */
  readonly locked?: boolean
  readonly unit: 'shadow' | 'archive' | 'elsewhere'
  /** Whether the account's end is set. */
  readonly left: boolean
  /** Whether it has the guest's principal name, by which connectors sign in; never compared, the name itself is. */
  readonly named?: boolean
  /** ISO; never compared: the day is written when the change is performed. */
  readonly leftAt?: string
  /** As they are in the directory, for conditional writes; never compared. */
  readonly raw?: { readonly [attribute: string]: string | undefined }
}

export const shadowAccount: ResourceKind<ShadowAccountSpec> = {
  plane: 'active-directory',
  name: 'shadow-account',
  desire,
  observe,

  normalize({ userPrincipalName, displayName, named: _named, leftAt: _leftAt, raw: _raw, ...rest }) {
    return {
      ...(typeof userPrincipalName === 'string'
        ? { userPrincipalName: userPrincipalName.toLowerCase() }
        : userPrincipalName === undefined
          ? {}
          : { userPrincipalName }),
      ...(displayName === undefined ? {} : { displayName: cut(displayName, 256) }),
      ...rest,
    }
  },

  retire({ spec }, policy) {
    const grace = policy.organization.spec.activeDirectory?.offboarding?.deleteAfter
    const archived = !spec.enabled && spec.unit === 'archive'
    // What is not put away yet, or not any more, leaves today.
    const left = archived && spec.leftAt !== undefined ? Date.parse(spec.leftAt) : policy.at
    const over = grace !== undefined && policy.at >= left + (durationOf(grace) ?? Number.POSITIVE_INFINITY)
    if (over) return 'delete'
    const accountName = spec.raw?.sAMAccountName
    const domain = policy.organization.spec.activeDirectory?.domain
    // Its principal name is free again, for the next guest who gets it.
    const userPrincipalName = accountName === undefined ? {} : { userPrincipalName: `${accountName}@${domain}` }
    return { ...userPrincipalName, enabled: false, unit: 'archive', left: true }
  },

  risk(change) {
    if (change.action === 'delete' || change.retires) return 'revoke'
    return change.action === 'create' ||
      change.action === 'restore' ||
      change.differs.some(key => key === 'enabled' || key === 'userPrincipalName')
      ? 'grant'
      : 'neutral'
  },

  works: ({ enabled, left, named }) => enabled && !left && named === true,
  claims: ({ userPrincipalName }) =>
    typeof userPrincipalName === 'string' ? [`principal name ${userPrincipalName.toLowerCase()}`] : [],

  named({ after, differs, retires }, policy) {
    const domain = domainOf(policy)
    if (domain === undefined || after === undefined) return {}
    const grace = policy.organization.spec.activeDirectory?.offboarding?.deleteAfter
    return {
      ...(retires && grace !== undefined ? { deleteAfter: grace } : {}),
      ...(differs.includes('unit')
        ? { unit: unitIn(domain, after.spec.unit === 'archive' ? 'archive' : 'shadowAccounts') }
        : {}),
      ...(differs.includes('guest') ? { anchorAttribute: domain.anchorAttribute } : {}),
    }
  },

  // What is moved is changed as well.
  writes: ({ before, after, differs }) => ({ activeDirectory: before && after && differs.includes('unit') ? 2 : 1 }),
  perform,
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<ShadowAccountSpec>> {
  if (domainOf(policy) === undefined) return
  for (const address of kerberosPeople(policy)) {
    const person = policy.people.get(address)
    if (person === undefined) continue
    const guest = ids.guest(address)
    yield {
      id: ids.shadowAccount(address),
      partner: person.partner,
      needs: [guest],
      because: person.origins,
      spec: {
        userPrincipalName: { $of: guest, $value: 'name', expected: expectedPrincipalName(address, policy) },
        guest: { $of: guest, $value: 'objectId', expected: null },
        ...(person.displayName === undefined ? {} : { displayName: person.displayName }),
        mail: address,
        enabled: true,
        locked: true,
        unit: 'shadow',
        left: false,
        named: true,
      },
    }
  }
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<ShadowAccountSpec>> {
  const open = openDomain(from, policy)
  if (open === undefined) return { resources: [] }
  const accounts = await readShadowAccounts(open, from, policy)
  const resources = accounts.map(
    ({ entry, owned, person, named, objectGuid, refused }): Observed<ShadowAccountSpec> => {
      return {
        id: ids.shadowAccount(person),
        objectId: objectGuid,
        name: entry.dn,
        owned,
        ...partnerOf(person, policy),
        needs: [ids.guest(person)],
        ...(refused === undefined ? {} : { refused }),
        ...stateOf(entry, named, open.domain),
      }
    },
  )
  const wanted = kerberosPeople(policy)
  const findings = accounts.flatMap(({ entry, person }) =>
    wanted.has(person) && isSensitive(entry) ? sensitive(entry, person, policy) : [],
  )
  const there = new Set(accounts.map(({ person }) => person))
  const lacking = [...wanted].filter(address => !there.has(address))
  return { resources, findings, blocked: await taken(lacking, from, policy) }
}

/** Who was converted from an account of our own keeps its principal name, which that account still has. */
async function taken(
  lacking: readonly Address[],
  from: Directories,
  policy: ResolvedPolicy,
): Promise<readonly Waiting[]> {
  const [guests, kept] = await Promise.all([readGuests(from), readPartnerAccounts(from, policy)])
  const book = addressBook(guests, policy)
  const nameOf = new Map(guests.map(guest => [book.get(guest.id) ?? '', guest.userPrincipalName.toLowerCase()]))
  const holders = new Map(kept.map(account => [account.person, account.entry.dn]))
  return lacking.flatMap(address => {
    const name = nameOf.get(address)
    const holder = name === undefined ? undefined : holders.get(name)
    if (holder === undefined) return []
    const message = `${holder} has the principal name ${name}: a person moves it into the unit of shadow accounts, where guestlist takes it over, or deletes it`
    return [{ id: ids.shadowAccount(address), for: 'person', message }]
  })
}

function isSensitive(entry: DirectoryEntry): boolean {
  return (Number(value(entry, 'userAccountControl') ?? 0) & accountControl.notDelegated) !== 0
}

function sensitive(entry: DirectoryEntry, person: string, policy: ResolvedPolicy): FindingAt {
  const [at] = policy.people.get(person)?.origins ?? []
  return {
    severity: 'warning',
    code: 'sensitive-account',
    message: `the shadow account of ${person} is marked as sensitive, so that no connector gets a ticket for it (${entry.dn})`,
    hint: 'switch off "Account is sensitive and cannot be delegated" (NOT_DELEGATED) on the account',
    about: [ids.shadowAccount(person)],
    ...(at === undefined ? {} : { at }),
  }
}

function partnerOf(address: string, policy: ResolvedPolicy): { partner?: string } {
  const partner = policy.people.get(address)?.partner
  return partner === undefined ? {} : { partner }
}

function stateOf(entry: DirectoryEntry, named: boolean, domain: Domain): { spec: ShadowAccountSpec; retired: boolean } {
  const control = Number(value(entry, 'userAccountControl') ?? 0)
  const leftAt = instantOfFileTime(value(entry, 'accountExpires'))
  const enabled = (control & accountControl.disabled) === 0
  const unit = liesIn(entry.dn, domain.archive)
    ? 'archive'
    : liesIn(entry.dn, domain.shadowAccounts)
      ? 'shadow'
      : 'elsewhere'
  const text = (attribute: string, key: string): Record<string, string> => {
    const there = value(entry, attribute)
    return there === undefined ? {} : { [key]: there }
  }
  const anchor = readAnchor(value(entry, domain.anchorAttribute))
  return {
    retired: !enabled && unit === 'archive',
    spec: {
      ...text('userPrincipalName', 'userPrincipalName'),
      ...(anchor === undefined ? {} : { guest: anchor }),
      ...text('displayName', 'displayName'),
      ...text('mail', 'mail'),
      enabled,
      locked:
        (control & accountControl.smartCardRequired) !== 0 && (control & accountControl.passwordNotRequired) === 0,
      unit,
      left: leftAt !== undefined,
      named,
      ...(leftAt === undefined ? {} : { leftAt: isoOf(leftAt) }),
      raw: {
        sAMAccountName: value(entry, 'sAMAccountName'),
        userPrincipalName: value(entry, 'userPrincipalName'),
        displayName: value(entry, 'displayName'),
        mail: value(entry, 'mail'),
        userAccountControl: value(entry, 'userAccountControl'),
        accountExpires: value(entry, 'accountExpires'),
        adminDescription: value(entry, 'adminDescription'),
        [domain.anchorAttribute]: value(entry, domain.anchorAttribute),
      },
    },
  }
}

async function perform(
  change: Change<ShadowAccountSpec>,
  to: DirectoryWriters,
  assigned: (id: Id) => Assigned,
  policy: ResolvedPolicy,
): Promise<Assigned> {
  const domain = domainOf(policy)
  const directory = to.activeDirectory
  if (domain === undefined || directory === undefined) throw new Error(`${change.id} without a domain`)
  const { before, after } = change
  if (after === undefined) {
    if (before === undefined) throw new Error(`${change.id} has neither side`)
    await requireAsRead(directory, before, before.spec.raw ?? {}, 'it was not deleted')
    await directory.remove(byGuid(before.objectId))
    return before
  }
  if (before === undefined) {
    const { mail = '', displayName = mail, userPrincipalName } = after.spec
    const guest = assigned(ids.guest(mail))
    const name = guest.name ?? String(userPrincipalName)
    const account = { guestObjectId: guest.objectId, userPrincipalName: name, displayName, mail }
    return addAccount(account, directory, domain, to.randomBytes)
  }

  const unit = unitIn(domain, after.spec.unit === 'archive' ? 'archive' : 'shadowAccounts')
  const moves = change.differs.includes('unit')
  // Shut before it is moved away, and moved back before it is opened: where it lies does not stop a ticket.
  const modifications = modificationsOf(change, before, after, to, assigned, domain)
  if (moves && !change.retires) {
    await requireAsRead(directory, before, before.spec.raw ?? {}, 'it was left as it is')
    await moveTo(unit, before, directory)
  }
  if (modifications.length > 0) await modifyAsRead(directory, before, modifications)
  if (moves && change.retires) {
    // Shut in any case; what was written just now is ours.
    const written = new Set(modifications.map(({ attribute }) => attribute))
    const rest = Object.entries(before.spec.raw ?? {}).filter(([attribute]) => !written.has(attribute))
    await requireAsRead(directory, before, Object.fromEntries(rest), 'it was left where it is')
    await moveTo(unit, before, directory)
  }
  return before
}

/** Under its name; where somebody else has that there, under its account name, which nobody else has. */
async function moveTo(unit: string, account: Observed<ShadowAccountSpec>, directory: DirectoryWriter): Promise<void> {
  const target = byGuid(account.objectId)
  try {
    await directory.move(target, rdnOf(account), unit)
  } catch (error) {
    const accountName = account.spec.raw?.sAMAccountName
    if (!(error instanceof RequestFailure) || error.status !== 68 || accountName === undefined) throw error
    await directory.move(target, rdn('CN', accountName), unit)
  }
}

function modificationsOf(
  change: Change<ShadowAccountSpec>,
  before: Observed<ShadowAccountSpec>,
  after: Desired<ShadowAccountSpec>,
  { now, randomBytes }: DirectoryWriters,
  assigned: (id: Id) => Assigned,
  domain: Domain,
): readonly Modification[] {
  const raw = before.spec.raw ?? {}
  const set = (key: string, attribute: string, wanted: () => string | undefined): readonly Modification[] =>
    change.differs.includes(key) ? setValue(attribute, raw[attribute], wanted()) : []
  const guest = (): Assigned => assigned(ids.guest(after.spec.mail ?? ''))
  return [
    ...set('userPrincipalName', 'userPrincipalName', () =>
      change.retires ? String(after.spec.userPrincipalName) : (guest().name ?? String(after.spec.userPrincipalName)),
    ),
    ...set('guest', domain.anchorAttribute, () => anchorOf(guest().objectId)),
    ...set('displayName', 'displayName', () => after.spec.displayName),
    ...set('mail', 'mail', () => after.spec.mail),
    ...passwordOf(change, before, randomBytes),
    ...(change.differs.includes('enabled') || change.differs.includes('locked')
      ? setValue('userAccountControl', raw.userAccountControl, controlOf(raw.userAccountControl, after.spec))
      : []),
    // The grace period counts from the day on which the account was last put away.
    ...(change.retires ? setValue('accountExpires', raw.accountExpires, fileTimeOf(now)) : []),
    ...(change.retires ? [] : set('left', 'accountExpires', () => (after.spec.left ? fileTimeOf(now) : never))),
    ...(before.owned ? [] : setValue('adminDescription', raw.adminDescription, shadowAccountMark)),
  ]
}

function controlOf(before: string | undefined, { enabled, locked }: ShadowAccountSpec): string {
  const { disabled, normal, passwordNotRequired, passwordNeverExpires, smartCardRequired } = accountControl
  const control = Number(before ?? normal)
  const switched = enabled ? control & ~disabled : control | disabled
  return String(
    locked === true ? (switched & ~passwordNotRequired) | passwordNeverExpires | smartCardRequired : switched,
  )
}

/** An account that was allowed to have no password may have none; Windows enables none without. */
function passwordOf(
  change: Change<ShadowAccountSpec>,
  { spec }: Observed<ShadowAccountSpec>,
  randomBytes: (count: number) => Uint8Array,
): readonly Modification[] {
  const { userAccountControl, sAMAccountName = '', displayName = '' } = spec.raw ?? {}
  const mayHaveNone = (Number(userAccountControl ?? 0) & accountControl.passwordNotRequired) !== 0
  if (!change.differs.includes('locked') || !mayHaveNone) return []
  const password = passwordFor([sAMAccountName, displayName, change.after?.spec.displayName ?? ''], randomBytes)
  return [{ operation: 'replace', attribute: 'unicodePwd', values: [password] }]
}

function rdnOf(account: Observed<ShadowAccountSpec>): string {
  const [leaf] = parseDn(account.name ?? '') ?? []
  if (leaf === undefined) throw new Error(`${account.id} has no name in the directory`)
  return rdn('CN', leaf.value)
}
