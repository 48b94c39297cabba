// The groups of app roles that are ours, or would be but for a lost mark. Two kinds ask, and must agree which is which.

import type { DirectoryEntry, DirectoryReader, Filter } from '../../model/directories.ts'
import { canonicalDn, domainDn, parseDn } from '../../model/escape.ts'
import type { ResolvedApp, ResolvedPolicy, ResolvedRole } from '../../model/policy.ts'
import { isKerberos } from '../../model/sign-on.ts'
import { adGroupMark, fitted, readAdGroupMark } from '../mark.ts'
import { type Domain, liesIn, searchUnit, value } from './domain.ts'

export interface RoleGroup {
  readonly entry: DirectoryEntry
  readonly app: string
  /** As ids name it: the role, or what tells the group apart from the one that the role has. */
  readonly role: string
  /** Carries our mark. Without it: in our unit under the name that the role's group has, so it is to be adopted. */
  readonly owned: boolean
  /** Somebody put the mark of another group on it. */
  readonly copy: boolean
}

interface OpenDomain {
  readonly domain: Domain
  readonly reader: DirectoryReader
}

/** The roles of the apps that are signed on to by Kerberos. */
export function kerberosRoles(
  policy: ResolvedPolicy,
): readonly { readonly app: ResolvedApp; readonly role: ResolvedRole }[] {
  return [...policy.apps.values()]
    .filter(isKerberos)
    .flatMap(app => [...app.roles.values()].map(role => ({ app, role })))
}

/** The name of a role's group. Names of apps and roles hold no period, so that no two roles share one. */
export function roleGroupName(app: string, role: string): string {
  return fitted(`guestlist-${app}.${role}`, 64)
}

const attributes = [
  'objectGUID',
  'objectSid',
  'objectClass',
  'sAMAccountName',
  'description',
  'adminDescription',
  'adminCount',
  'isCriticalSystemObject',
  'msDS-ObjectSoa',
  'member',
] as const

export async function readRoleGroups(
  { domain, reader }: OpenDomain,
  policy: ResolvedPolicy,
): Promise<readonly RoleGroup[]> {
  const marked: Filter = {
    and: [{ equals: ['objectClass', 'group'] }, { startsWith: ['adminDescription', 'Group_guestlist.'] }],
  }
  const inUnit: Filter = { equals: ['objectClass', 'group'] }
  const [unit, anywhere] = await Promise.all([
    domain.groups === undefined
      ? []
      : searchUnit(reader, { base: domain.groups, scope: 'sub', filter: inUnit, attributes }),
    searchUnit(reader, { base: domainDn(domain.name), scope: 'sub', filter: marked, attributes }),
  ])
  const own = ownGroups(anywhere, domain, policy)
  const known = new Set(own.map(({ app, role }) => adGroupMark(app, role)))
  const lost = kerberosRoles(policy).flatMap(({ app, role }): RoleGroup[] => {
    if (role.adGroup !== undefined || known.has(adGroupMark(app.name, role.name))) return []
    const name = roleGroupName(app.name, role.name).toLowerCase()
    const entry = unit.find(each => !isMarked(each) && namesOf(each).includes(name))
    return entry === undefined ? [] : [{ entry, app: app.name, role: role.name, owned: false, copy: false }]
  })
  return [...own, ...lost]
}

function ownGroups(entries: readonly DirectoryEntry[], domain: Domain, policy: ResolvedPolicy): readonly RoleGroup[] {
  const named = new Set(
    kerberosRoles(policy)
      .flatMap(({ role }) => role.adGroup ?? [])
      .map(canonicalDn),
  )
  const wanted = new Set(
    kerberosRoles(policy)
      .filter(({ role }) => role.adGroup === undefined)
      .map(({ app, role }) => adGroupMark(app.name, role.name)),
  )
  const candidates = entries.flatMap(entry => {
    const names = readAdGroupMark(value(entry, 'adminDescription') ?? '')
    if (names === undefined) return []
    const isNamed = namesOf(entry).includes(roleGroupName(names.app, names.role).toLowerCase())
    return [{ entry, ...names, isNamed, objectGuid: value(entry, 'objectGUID') ?? '' }]
  })
  // A copied mark does not make two groups one: the role's is the one with its name.
  candidates.sort((a, b) => Number(b.isNamed) - Number(a.isNamed) || (a.objectGuid < b.objectGuid ? -1 : 1))
  const taken = new Set<string>()
  return candidates.flatMap(({ entry, app, role, isNamed, objectGuid }): RoleGroup[] => {
    const mark = adGroupMark(app, role)
    // A copy is still one when a run that deletes the role's group ends before it has seen to the copy.
    const isOthers = !isNamed && !isInUnit(entry, domain) && !named.has(canonicalDn(entry.dn))
    const copy = taken.has(mark) || (isOthers && !wanted.has(mark))
    taken.add(mark)
    if (copy) return [{ entry, app, role: objectGuid, owned: true, copy }]
    if (wanted.has(mark)) return [{ entry, app, role, owned: true, copy }]
    // Ours once, and named by the policy as a group that is there already: it stays.
    if (named.has(canonicalDn(entry.dn))) return []
    // A role that now names a group of its own leaves this one to go.
    const replaced = policy.apps.get(app)?.roles.get(role)?.adGroup !== undefined
    return [{ entry, app, role: replaced ? `${role} (before)` : role, owned: true, copy }]
  })
}

function isMarked(entry: DirectoryEntry): boolean {
  return readAdGroupMark(value(entry, 'adminDescription') ?? '') !== undefined
}

function namesOf(entry: DirectoryEntry): readonly string[] {
  return [parseDn(entry.dn)?.[0]?.value, value(entry, 'sAMAccountName')].flatMap(name => name?.toLowerCase() ?? [])
}

export function isInUnit(entry: DirectoryEntry, domain: Domain): boolean {
  return liesIn(entry.dn, domain.groups)
}
