// Who of our shadow accounts is in which group in Active Directory. In an app's own group every member is ours to keep; in
// somebody's group only our accounts are. Our accounts exist for the policy alone: a membership that it does not name goes.

import type { Directories, DirectoryEntry, DirectoryReader } from '../../model/directories.ts'
import { RequestFailure } from '../../model/directories.ts'
import { canonicalDn } from '../../model/escape.ts'
import { type Id, ids } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { appliedApps, isAppliedGroup, isKerberos } from '../../model/supported.ts'
import { addressBook, readDeletedGuests, readGuests } from '../entra/tenant.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { readAdGroupMark, readAnchor } from '../mark.ts'
import {
  byGuid,
  domainOf,
  isOwnAccount,
  openDomain,
  protection,
  readAccounts,
  searchUnit,
  value,
  values,
} from './domain.ts'

type AdGroupMemberSpec = Readonly<Record<string, never>>

export const adGroupMember: ResourceKind<AdGroupMemberSpec> = {
  plane: 'active-directory',
  name: 'group-member',
  desire,
  observe,
  normalize: spec => spec,
  risk: change => (change.action === 'delete' ? 'revoke' : 'grant'),

  async perform({ id, needs: [group, account], before }, { activeDirectory: directory }, assigned) {
    if (directory === undefined || group === undefined || account === undefined)
      throw new Error(`${id} lacks what it needs`)
    if (before !== undefined) {
      const target = before.related?.group ?? assigned(group).objectId
      // 53 on Windows and Samba, 16 elsewhere: not a member any more.
      await directory
        .modify(byGuid(target), [
          {
            operation: 'delete',
            attribute: 'member',
            values: [before.objectId === '' ? (before.name ?? '') : byGuid(before.objectId)],
          },
        ])
        .catch(error => tolerate(error, [16, 53]))
      return before
    }
    const { objectId } = assigned(account)
    await directory
      .modify(byGuid(assigned(group).objectId), [{ operation: 'add', attribute: 'member', values: [byGuid(objectId)] }])
      .catch(error => tolerate(error, [68]))
    return { objectId }
  },
}

function tolerate(error: unknown, codes: readonly number[]): void {
  if (!(error instanceof RequestFailure) || !codes.includes(error.status)) throw error
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<AdGroupMemberSpec>> {
  if (domainOf(policy) === undefined) return
  for (const grant of policy.grants) {
    const app = policy.apps.get(grant.app)
    if (!grant.inForce || app === undefined || !isKerberos(app) || !isAppliedGroup(policy, grant.partner, grant.group))
      continue
    for (const member of policy.partners.get(grant.partner)?.groups.get(grant.group)?.members ?? []) {
      if (!member.inForce) continue
      const group = ids.adGroup(grant.app, grant.role)
      yield {
        id: ids.adGroupMember(grant.app, grant.role, member.address),
        app: grant.app,
        partner: grant.partner,
        needs: [group, ids.shadowAccount(member.address)],
        through: group,
        because: [grant.origin, member.origin],
        spec: {},
      }
    }
  }
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<AdGroupMemberSpec>> {
  const open = openDomain(from, policy)
  if (open === undefined) return { resources: [] }
  const [accounts, groups, guests, deleted] = await Promise.all([
    readAccounts(open),
    searchUnit(open.reader, {
      base: open.domain.groups,
      scope: 'sub',
      filter: { and: [{ equals: ['objectClass', 'group'] }, { startsWith: ['adminDescription', 'Group_guestlist.'] }] },
      attributes: ['objectGUID', 'adminDescription', 'member'],
    }),
    readGuests(from),
    readDeletedGuests(from),
  ])
  const roles = rolesByGroup(groups, policy)
  const byObjectId = new Map([...addressBook(deleted, policy), ...addressBook(guests, policy)])
  const wanted = new Set([...desire(policy)].map(({ id }) => id))
  const people = new Map<string, Member>()
  for (const entry of accounts) {
    if (!isOwnAccount(entry)) continue
    const anchored = byObjectId.get(readAnchor(value(entry, open.domain.anchorAttribute)) ?? '')
    const objectGuid = value(entry, 'objectGUID') ?? ''
    people.set(canonicalDn(entry.dn), {
      person: anchored ?? value(entry, 'mail')?.toLowerCase() ?? objectGuid,
      objectGuid,
      dn: entry.dn,
      entry,
    })
  }

  const resources = new Map<Id, Observed<AdGroupMemberSpec>>()
  const add = (app: string, role: string, member: Omit<Member, 'entry'>, group: { guid?: string }): void => {
    const container = ids.adGroup(app, role)
    const id = ids.adGroupMember(app, role, member.person)
    if (resources.has(id)) return
    resources.set(id, {
      id,
      app,
      objectId: member.objectGuid,
      name: member.dn,
      owned: true,
      needs: [container, ids.shadowAccount(member.person)],
      through: container,
      ...(group.guid === undefined ? {} : { related: { group: group.guid } }),
      spec: {},
    })
  }
  // Strangers in a group that is wholly ours.
  for (const group of groups) {
    const [role] = roles.get(canonicalDn(group.dn)) ?? []
    if (role === undefined) continue
    for (const dn of values(group, 'member')) {
      if (!people.has(canonicalDn(dn))) add(role.app, role.role, { person: dn, objectGuid: '', dn }, guidOf(group))
    }
  }
  const unnamed = new Map<string, DirectoryEntry | undefined>()
  for (const member of people.values()) {
    for (const dn of values(member.entry, 'memberOf')) {
      const named = roles.get(canonicalDn(dn))
      if (named !== undefined) {
        // Two roles may share a group: the membership stands for those that want it, and goes when none does.
        const asked = named.filter(({ app, role }) => wanted.has(ids.adGroupMember(app, role, member.person)))
        for (const { app, role, guid } of asked.length > 0 ? asked : named.slice(0, 1))
          add(app, role, member, guid === undefined ? {} : { guid })
        continue
      }
      if (!unnamed.has(dn)) unnamed.set(dn, await readGroup(open.reader, dn))
      const group = unnamed.get(dn)
      if (group !== undefined && protection(group) === undefined) add('(no app)', dn, member, guidOf(group))
    }
  }
  return { resources: [...resources.values()], findings: privileged(people.values(), unnamed) }
}

interface Member {
  readonly person: string
  readonly objectGuid: string
  readonly dn: string
  readonly entry: DirectoryEntry
}

interface RoleGroup {
  readonly app: string
  readonly role: string
  readonly guid?: string
}

function guidOf(entry: DirectoryEntry): { guid?: string } {
  const guid = value(entry, 'objectGUID')
  return guid === undefined ? {} : { guid }
}

/** The app roles that each group stands for, by the group's canonical name. */
function rolesByGroup(
  groups: readonly DirectoryEntry[],
  policy: ResolvedPolicy,
): ReadonlyMap<string, readonly RoleGroup[]> {
  const roles = new Map<string, RoleGroup[]>()
  const add = (dn: string, role: RoleGroup): void => {
    const key = canonicalDn(dn)
    roles.set(key, [...(roles.get(key) ?? []), role])
  }
  for (const group of groups) {
    const names = readAdGroupMark(value(group, 'adminDescription') ?? '')
    if (names === undefined) continue
    const replaced = policy.apps.get(names.app)?.roles.get(names.role)?.adGroup !== undefined
    add(group.dn, { app: names.app, role: replaced ? `${names.role} (before)` : names.role, ...guidOf(group) })
  }
  for (const app of appliedApps(policy).filter(isKerberos)) {
    for (const role of app.roles.values())
      if (role.adGroup !== undefined) add(role.adGroup, { app: app.name, role: role.name })
  }
  return roles
}

async function readGroup(reader: DirectoryReader, dn: string): Promise<DirectoryEntry | undefined> {
  const [entry] = await reader.search({
    base: dn,
    scope: 'base',
    filter: { present: 'objectClass' },
    attributes: ['objectGUID', 'objectSid', 'adminCount', 'isCriticalSystemObject', 'msDS-ObjectSoa'],
  })
  return entry
}

/** A shadow account in a protected group is an alarm that a person must see to: we never touch such a group. */
function privileged(
  members: Iterable<Member>,
  groups: ReadonlyMap<string, DirectoryEntry | undefined>,
): Observation<AdGroupMemberSpec>['findings'] & object {
  return [...members].flatMap(member =>
    values(member.entry, 'memberOf').flatMap(dn => {
      const group = groups.get(dn)
      if (group === undefined || protection(group) === undefined) return []
      return [
        {
          severity: 'error' as const,
          code: 'privileged-shadow-account',
          message: `the shadow account of ${member.person} is in the protected group ${dn}: a person must take it out`,
        },
      ]
    }),
  )
}
