// Groups of the domain that others keep and policies read people from: users and mail contacts, with all that is nested.
// Read, never written. A member whom the search does not give, though the group holds it, is not one who has left.

import type { Directories, DirectoryEntry, DirectoryReader } from '../../model/directories.ts'
import { canonicalDn, domainDn, isWithin, parseDn } from '../../model/escape.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import { readAdGroupMark } from '../mark.ts'
import type { SourceFault, SourceGroup, SourceMember } from '../source-group.ts'
import { isMissing, isOwnAccount, value, values } from './domain.ts'

const attributes = ['objectClass', 'displayName', 'mail', 'userPrincipalName', 'adminDescription', 'member'] as const

/** Sources by the distinguished name that policies give them. */
export async function readAdSources(
  from: Directories,
  policy: ResolvedPolicy,
  named: ReadonlySet<string>,
): Promise<ReadonlyMap<string, SourceGroup>> {
  if (named.size === 0) return new Map()
  const domain = policy.organization.spec.activeDirectory?.domain
  const reader = from.activeDirectory
  if (domain === undefined || reader === undefined)
    throw new Failure('no-directory', 'the policy reads a group in Active Directory, and there is no connection to it')
  const spellings = new Map([...named].map(dn => [canonicalDn(dn), dn]))
  const sources = await Promise.all(
    [...spellings].map(async ([key, dn]) => [key, await readSource(dn, domainDn(domain), reader, policy)] as const),
  )
  const found = new Map(sources)
  return new Map(
    [...named].flatMap(dn => {
      const source = found.get(canonicalDn(dn))
      return source === undefined ? [] : [[dn, source] as const]
    }),
  )
}

async function readSource(
  dn: string,
  root: string,
  reader: DirectoryReader,
  policy: ResolvedPolicy,
): Promise<SourceGroup> {
  const group = await entryAt(dn, reader)
  if (group === undefined) return { fault: missing(dn) }
  if (!isOf(group, 'group')) return { fault: notAGroup(dn) }
  const entries = await readBelow(group, root, reader)
  const groups = [group, ...entries.filter(entry => isOf(entry, 'group'))]
  const own = groups.find(each => isRoleGroup(each, policy))
  if (own !== undefined) return { fault: ownGroup(dn, own, own !== group) }

  const known = new Set([group, ...entries].map(entry => canonicalDn(entry.dn)))
  const lost = groups.flatMap(each => values(each, 'member')).filter(member => !known.has(canonicalDn(member)))
  const unread = lost.filter(member => isWithin(member, root))
  if (unread.length > 0) throw unreadable(dn, unread)
  const outside = [...new Set(lost)].map(
    (name): SourceMember => ({ name, mails: [], thing: 'of another domain of ours' }),
  )
  return {
    members: [...entries.filter(entry => !isOf(entry, 'group')).map(each => memberOf(each, policy)), ...outside],
  }
}

/**
 * All that is in the group, each entry once, level by level. Left to the server (in chain), the time grows with the square of
 * the members: 38 seconds for 12 000 on Samba, against 3.
 */
async function readBelow(
  group: DirectoryEntry,
  root: string,
  reader: DirectoryReader,
): Promise<readonly DirectoryEntry[]> {
  const found = new Map<string, DirectoryEntry>()
  const seen = new Set([canonicalDn(group.dn)])
  for (let level: readonly DirectoryEntry[] = [group]; level.length > 0; ) {
    const parts = Array.from({ length: Math.ceil(level.length / groupsAtOnce) }, (_, index) =>
      level.slice(index * groupsAtOnce, (index + 1) * groupsAtOnce),
    )
    const lists = await Promise.all(
      parts.map(part => {
        const filter = { or: part.map(({ dn }) => ({ equals: ['memberOf', dn] as const })) }
        return reader.search({ base: root, scope: 'sub', filter, attributes })
      }),
    )
    const fresh = lists.flat().filter(entry => !seen.has(canonicalDn(entry.dn)))
    for (const entry of fresh) {
      seen.add(canonicalDn(entry.dn))
      found.set(canonicalDn(entry.dn), entry)
    }
    level = fresh.filter(entry => isOf(entry, 'group'))
  }
  return [...found.values()]
}

/** Groups whose members one search asks for. */
const groupsAtOnce = 50

/** Undefined if it is not there. */
async function entryAt(dn: string, reader: DirectoryReader): Promise<DirectoryEntry | undefined> {
  try {
    const filter = { present: 'objectClass' } as const
    return (await reader.search({ base: dn, scope: 'base', filter, attributes }))[0]
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function isOf(entry: DirectoryEntry, objectClass: string): boolean {
  return values(entry, 'objectClass').some(each => each.toLowerCase() === objectClass)
}

/** Ours, or one of somebody's that guestlist puts people into: what it wrote there must not come back as a source. */
function isRoleGroup(entry: DirectoryEntry, policy: ResolvedPolicy): boolean {
  if (readAdGroupMark(value(entry, 'adminDescription') ?? '') !== undefined) return true
  const dn = canonicalDn(entry.dn)
  return [...policy.apps.values()].some(app =>
    [...app.roles.values()].some(role => role.adGroup !== undefined && canonicalDn(role.adGroup) === dn),
  )
}

function memberOf(entry: DirectoryEntry, policy: ResolvedPolicy): SourceMember {
  const mail = value(entry, 'mail')?.toLowerCase()
  const principalName = isOf(entry, 'user') ? value(entry, 'userPrincipalName')?.toLowerCase() : undefined
  const displayName = value(entry, 'displayName')
  const thing = thingOf(entry, policy)
  return {
    name: mail ?? principalName ?? parseDn(entry.dn)?.[0]?.value ?? entry.dn,
    ...(displayName === undefined ? {} : { displayName }),
    mails: mail === undefined ? [] : [mail],
    ...(principalName === undefined ? {} : { principalName }),
    ...(thing === undefined ? {} : { thing }),
  }
}

function thingOf(entry: DirectoryEntry, policy: ResolvedPolicy): string | undefined {
  if (isOf(entry, 'computer')) return 'a device'
  if (!isOf(entry, 'user') && !isOf(entry, 'contact')) return 'neither a user nor a mail contact'
  const { shadowAccounts, archive } = policy.organization.spec.activeDirectory?.organizationalUnits ?? {}
  const isShadow =
    isOwnAccount(entry) || [shadowAccounts, archive].some(unit => unit !== undefined && isWithin(entry.dn, unit))
  return isShadow ? 'a shadow account' : undefined
}

function missing(dn: string): SourceFault {
  return {
    code: 'guardrail/source-missing',
    message: `the group ${dn} is not in Active Directory`,
    hint: 'was it renamed or moved, or may the account of guestlist not read it? Correct membersFrom.adGroup',
  }
}

function notAGroup(dn: string): SourceFault {
  return {
    code: 'guardrail/source-not-a-group',
    message: `${dn} is no group`,
    hint: 'membersFrom.adGroup names a group in Active Directory',
  }
}

function ownGroup(dn: string, own: DirectoryEntry, isNested: boolean): SourceFault {
  return {
    code: 'guardrail/source-own-group',
    message: isNested ? `${dn} holds ${own.dn}, which guestlist writes to` : `guestlist writes to ${dn} itself`,
    hint: 'whom guestlist put there once would stay for ever: name a group that others keep',
  }
}

function unreadable(dn: string, members: readonly string[]): Failure {
  const [first = ''] = members
  const more = members.length > 1 ? ` and ${members.length - 1} more` : ''
  return new Failure(
    'unreadable-members',
    `${dn} holds ${first}${more}, which cannot be read`,
    'let the account of guestlist read them; if the group was changed just now, run again',
  )
}
