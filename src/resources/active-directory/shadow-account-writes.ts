// What a change of a shadow account writes: shut before it is put away, and nothing over what somebody changed since it was read.

import {
  type DirectoryWriter,
  type DirectoryWriters,
  type Modification,
  RequestFailure,
} from '../../model/directories.ts'
import { parseDn, rdn } from '../../model/escape.ts'
import { type Id, ids } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import type { Assigned, Change, Desired, Observed } from '../../model/resource.ts'
import { anchorOf, shadowAccountMark } from '../mark.ts'
import { modifyAsRead, requireAsRead } from './as-read.ts'
import { accountControl, byGuid, type Domain, domainOf, fileTimeOf, never, setValue, unitIn } from './domain.ts'
import { addAccount, passwordFor } from './new-account.ts'
import type { ShadowAccountSpec } from './shadow-account-state.ts'

export async function perform(
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
