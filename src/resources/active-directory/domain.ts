// What several kinds read of the domain, and how values look there.

import type { Directories, DirectoryEntry, DirectoryReader, Modification } from '../../model/directories.ts'
import { RequestFailure } from '../../model/directories.ts'
import { isWithin, parseDn } from '../../model/escape.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import { shadowAccountMark } from '../mark.ts'

export interface Domain {
  readonly name: string
  readonly anchorAttribute: string
  /** Organizational units, as far as the policy names them: it must name those that its partners and apps need. */
  readonly shadowAccounts: string | undefined
  readonly archive: string | undefined
  readonly groups: string | undefined
}

/** The policy's domain; undefined where it names none, or no unit in it. */
export function domainOf(policy: ResolvedPolicy): Domain | undefined {
  const section = policy.organization.spec.activeDirectory
  const units = section?.organizationalUnits
  if (section === undefined || units === undefined || Object.keys(units).length === 0) return undefined
  return {
    name: section.domain,
    anchorAttribute: section.anchorAttribute ?? 'msDS-ExternalDirectoryObjectId',
    shadowAccounts: units.shadowAccounts,
    archive: units.archive,
    groups: units.groups,
  }
}

/** A domain and its reader; undefined where the policy has none. A domain that cannot be read is never an empty one. */
export function openDomain(
  from: Directories,
  policy: ResolvedPolicy,
): { domain: Domain; reader: DirectoryReader } | undefined {
  const domain = domainOf(policy)
  if (domain === undefined) return undefined
  if (from.activeDirectory === undefined) {
    throw new Failure('no-directory', `the policy names the domain ${domain.name}, and there is no connection to it`)
  }
  return { domain, reader: from.activeDirectory }
}

/** The unit for what is to be written; what the policy needs it must name. */
export function unitIn(domain: Domain, name: 'shadowAccounts' | 'archive' | 'groups'): string {
  const unit = domain[name]
  if (unit !== undefined) return unit
  throw new Failure(
    'missing-unit',
    `the organization names no unit \`${name}\`, which this needs`,
    `add activeDirectory.organizationalUnits.${name}`,
  )
}

/** Whether an entry lies in a unit, if the policy names that. */
export function liesIn(dn: string, unit: string | undefined): boolean {
  return unit !== undefined && isWithin(dn, unit)
}

/** A search below an organizational unit that the policy names; a missing unit is an error that says which. */
export async function searchUnit(
  reader: DirectoryReader,
  request: Parameters<DirectoryReader['search']>[0],
): Promise<readonly DirectoryEntry[]> {
  try {
    return await reader.search(request)
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new Failure(
      'missing-unit',
      `the organizational unit ${request.base} is not in Active Directory`,
      'create it, or correct activeDirectory.organizationalUnits in the organization',
      { cause: error },
    )
  }
}

/** LDAP 32, no such object. */
export function isMissing(error: unknown): boolean {
  return error instanceof RequestFailure && error.status === 32
}

export function isOwnAccount(entry: DirectoryEntry): boolean {
  return value(entry, 'adminDescription') === shadowAccountMark
}

/** The first value of an attribute, by any spelling of its name. */
export function value(entry: DirectoryEntry, attribute: string): string | undefined {
  return values(entry, attribute)[0]
}

export function values(entry: DirectoryEntry, attribute: string): readonly string[] {
  return entry.attributes[attribute.toLowerCase()] ?? []
}

/** Target of a write that stays right when the entry is renamed or moved. */
export function byGuid(objectGuid: string): string {
  return `<GUID=${objectGuid}>`
}

/** Sets a single value on condition that it is still what was read: the old value is named, so that another writer's stays. */
export function setValue(
  attribute: string,
  before: string | undefined,
  after: string | undefined,
): readonly Modification[] {
  if (before === after) return []
  return [
    ...(before === undefined ? [] : [{ operation: 'delete', attribute, values: [before] } as const]),
    ...(after === undefined ? [] : [{ operation: 'add', attribute, values: [after] } as const]),
  ]
}

// userAccountControl, [MS-ADTS] 2.2.16.
export const accountControl = {
  disabled: 0x2,
  passwordNotRequired: 0x20,
  normal: 0x200,
  passwordNeverExpires: 0x10000,
  smartCardRequired: 0x40000,
  serverTrust: 0x2000,
  trustedForDelegation: 0x80000,
  notDelegated: 0x100000,
  trustedToAuthForDelegation: 0x1000000,
} as const

/** Unconstrained delegation, on an account other than a domain controller's, which has it by nature. */
export function trustsAnybody(entry: DirectoryEntry): boolean {
  const control = Number(value(entry, 'userAccountControl') ?? 0)
  return (control & accountControl.trustedForDelegation) !== 0 && (control & accountControl.serverTrust) === 0
}

/** `accountExpires` that never comes. */
export const never = '9223372036854775807'

const fileTimeEpoch = 11_644_473_600_000n

/** Windows FILETIME (100 ns since 1601) of an instant, as AD writes it. */
export function fileTimeOf(instant: number): string {
  return ((BigInt(Math.trunc(instant)) + fileTimeEpoch) * 10_000n).toString()
}

/** The instant of a FILETIME; undefined for never (0 and the largest number). */
export function instantOfFileTime(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+$/.test(text) || text === '0' || BigInt(text) >= BigInt(never)) return undefined
  return Number(BigInt(text) / 10_000n - fileTimeEpoch)
}

/** Why an entry is never touched: built in, privileged, or another system's. Undefined if it may be. */
export function protection(entry: DirectoryEntry): { readonly code: string; readonly message: string } | undefined {
  const sid = value(entry, 'objectSid')
  const rid = Number(sid?.split('-').at(-1))
  const builtIn = sid !== undefined && (sid.startsWith('S-1-5-32-') || rid < 1000)
  // The one privileged group that has a RID like any other.
  const isDnsAdmins = parseDn(entry.dn)?.[0]?.value.toLowerCase() === 'dnsadmins'
  if (
    builtIn ||
    isDnsAdmins ||
    value(entry, 'adminCount') === '1' ||
    value(entry, 'isCriticalSystemObject')?.toUpperCase() === 'TRUE'
  ) {
    return {
      code: 'protected-object',
      message: `${entry.dn} is protected (built in or privileged): it is never touched`,
    }
  }
  const owner = value(entry, 'msDS-ObjectSoa')
  if (owner !== undefined)
    return { code: 'owned-elsewhere', message: `${entry.dn} belongs to another sync (${owner}): it is never touched` }
  return undefined
}
