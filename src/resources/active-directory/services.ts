// The accounts that run the services of Kerberos apps, by the service principal names that they hold, and those that we
// allowed connectors to sign in to: two kinds ask.

import type { DirectoryEntry, DirectoryReader, Filter } from '../../model/directories.ts'
import { domainDn } from '../../model/escape.ts'
import type { ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import { isKerberos, kerberosOf } from '../../model/sign-on.ts'
import { resourceDelegationPrefix } from '../mark.ts'
import { type Domain, protection, searchUnit, value, values } from './domain.ts'
import { allowedSids } from './security-descriptor.ts'

export const allowedToAct = 'msDS-AllowedToActOnBehalfOfOtherIdentity'

export const serviceAttributes = [
  'objectGUID',
  'objectSid',
  'sAMAccountName',
  'servicePrincipalName',
  'userAccountControl',
  allowedToAct,
  'extensionName',
  'adminCount',
  'isCriticalSystemObject',
  'msDS-ObjectSoa',
] as const

/** Accounts that hold the name of an app's service, and every one with a mark of ours. */
export async function readServices(
  { domain, reader }: { domain: Domain; reader: DirectoryReader },
  policy: ResolvedPolicy,
): Promise<readonly DirectoryEntry[]> {
  const names = new Set([...policy.apps.values()].filter(isKerberos).flatMap(namesOf))
  const held = [...names].map((name): Filter => ({ equals: ['servicePrincipalName', name] }))
  const accounts = await searchUnit(reader, {
    base: domainDn(domain.name),
    scope: 'sub',
    filter: {
      and: [
        { equals: ['objectClass', 'user'] },
        { or: [...held, { startsWith: ['extensionName', resourceDelegationPrefix] }] },
      ],
    },
    attributes: serviceAttributes,
  })
  return accounts.toSorted((a, b) => ((value(a, 'objectGUID') ?? '') < (value(b, 'objectGUID') ?? '') ? -1 : 1))
}

/** Those that hold the name of an app's service. More than one: the KDC knows none of them. */
export function holdersOf(app: ResolvedApp, accounts: readonly DirectoryEntry[]): readonly DirectoryEntry[] {
  const holders = namesOf(app).map(name => accounts.filter(account => holds(account, name)))
  return holders.find(found => found.length > 0) ?? []
}

function holds(account: DirectoryEntry, name: string): boolean {
  return values(account, 'servicePrincipalName').some(text => text.toLowerCase() === name.toLowerCase())
}

/** The service's name, and the one that stands for it: a computer's HOST is its HTTP as well (sPNMappings). */
function namesOf(app: ResolvedApp): readonly string[] {
  const name = kerberosOf(app)?.servicePrincipalName
  if (name === undefined) return []
  return /^http\//i.test(name) ? [name, name.replace(/^http\//i, 'HOST/')] : [name]
}

/** The descriptor that says who may sign in to the service for others. */
export function descriptorOf(account: DirectoryEntry): Uint8Array | undefined {
  const text = value(account, allowedToAct)
  return text === undefined ? undefined : Buffer.from(text, 'base64')
}

/** SIDs of those who may; none of a descriptor that nobody here can read. */
export function sidsIn(account: DirectoryEntry): readonly string[] {
  return unreadable(account) === undefined ? allowedSids(descriptorOf(account)) : []
}

/** Why nothing is changed about the account. */
export function refusalOf(account: DirectoryEntry): { readonly code: string; readonly message: string } | undefined {
  return protection(account) ?? unreadable(account)
}

function unreadable(account: DirectoryEntry): { readonly code: string; readonly message: string } | undefined {
  try {
    allowedSids(descriptorOf(account))
    return undefined
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { code: error.code, message: `${account.dn}: ${error.message}` }
  }
}
