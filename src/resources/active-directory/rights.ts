// The rights that the server itself says we have (`allowed…Effective`) on objects of the domain, beside those that are needed.

import { type Checked, untold, warning, well, wrong } from '../../model/checkup.ts'
import { type DirectoryEntry, type DirectoryReader, type Filter, RequestFailure } from '../../model/directories.ts'
import { allowedToDelegateTo } from './connectors.ts'
import { isMissing, values } from './domain.ts'
import { allowedToAct } from './services.ts'

export const howToGrant = 'docs/active-directory.md has the commands that grant it'

/** Attributes that are written; docs/active-directory.md has the rights, with `name`, which no server lists. */
export function writtenAttributes(anchor: string, userType: string) {
  return {
    account: [
      ...['cn', 'userPrincipalName', 'displayName', 'mail', 'userAccountControl', 'accountExpires'],
      ...['adminDescription', anchor],
    ],
    group: ['member', 'description', 'adminDescription', 'cn'],
    roleGroup: ['member'],
    connector: [allowedToDelegateTo, 'userAccountControl', 'extensionName'],
    partnerAccount: [userType, 'accountExpires'],
    service: [allowedToAct, 'extensionName'],
  } as const
}

/** Rights on what lies in a unit show at an example only: the first one that is there. */
export async function checkSample(
  reader: DirectoryReader,
  unit: string,
  objectClass: string,
  noun: string,
  wanted: readonly string[],
): Promise<readonly Checked[]> {
  // Access lists of what is or was privileged are not the unit's.
  const filter: Filter = { and: [{ equals: ['objectClass', objectClass] }, { not: { present: 'adminCount' } }] }
  const found = await orMissing(reader.search({ base: unit, scope: 'sub', filter, attributes: ['objectGUID'] }))
  if (found === undefined) return []
  const [sample] = found
  if (sample === undefined)
    return [untold('rights', `rights on ${noun}s in ${unit} cannot be told while there are none`)]
  return await checkAttributes(reader, sample.dn, `${noun}s in ${unit}`, wanted)
}

/** What lets its holder pose as others. */
const dangerous = ['servicePrincipalName', allowedToDelegateTo, allowedToAct]

export async function checkAttributes(
  reader: DirectoryReader,
  dn: string,
  what: string,
  wanted: readonly string[],
): Promise<readonly Checked[]> {
  const entry = await readOne(reader, dn, ['allowedAttributes', 'allowedAttributesEffective'])
  const possible = new Set(
    entry === undefined ? [] : values(entry, 'allowedAttributes').map(name => name.toLowerCase()),
  )
  if (entry === undefined || possible.size === 0) return [untold('rights', `rights on ${what} cannot be told`)]
  const allowed = new Set(values(entry, 'allowedAttributesEffective').map(name => name.toLowerCase()))
  // What no such object can have is the schema's matter.
  const missing = wanted.filter(name => possible.has(name.toLowerCase()) && !allowed.has(name.toLowerCase()))
  const further = dangerous.filter(name => allowed.has(name.toLowerCase()) && !wanted.includes(name))
  const excesses = further.length === 0 ? [] : [excess(`it may also write ${further.join(', ')} of ${what}`)]
  if (missing.length > 0)
    return [
      wrong('missing-right', `the right to write ${missing.join(', ')} of ${what} is missing`, howToGrant),
      ...excesses,
    ]
  return [well('rights', `rights on ${what}`), ...excesses]
}

export function excess(message: string): Checked {
  const hint = 'grant no more than docs/active-directory.md lists: whoever gets the account gets this with it'
  return warning('excess-right', `the account has more rights than it needs: ${message}`, hint)
}

/** Undefined: it is not there, or in no domain of this server. */
export async function readOne(
  reader: DirectoryReader,
  base: string,
  attributes: readonly string[],
): Promise<DirectoryEntry | undefined> {
  const found = await orMissing(reader.search({ base, scope: 'base', filter: { present: 'objectClass' }, attributes }))
  return found?.[0]
}

async function orMissing<Found>(asked: Promise<Found>): Promise<Found | undefined> {
  try {
    return await asked
  } catch (error) {
    // LDAP 10, referral: another domain's.
    if (isMissing(error) || (error instanceof RequestFailure && error.status === 10)) return undefined
    throw error
  }
}
