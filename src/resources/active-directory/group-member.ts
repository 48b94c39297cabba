// Which partners' accounts are in which group in Active Directory. In an app's own group every member is ours to keep; in
// somebody's group only partners' accounts are. Shadow accounts exist for the policy alone, so that any membership of theirs
// which it does not name goes; accounts that our own directory keeps for partners may be elsewhere for other reasons.

import type { Directories, DirectoryEntry, DirectoryReader, Filter } from '../../model/directories.ts'
import { RequestFailure } from '../../model/directories.ts'
import { canonicalDn } from '../../model/escape.ts'
import { isInvitedPartner, isKeptPartner } from '../../model/groups.ts'
import { type Id, ids, type ObjectId } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { isKerberos } from '../../model/sign-on.ts'
import { readConverting } from '../entra/synced-users.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { readShadowAccounts } from './accounts.ts'
import { readThere } from './as-read.ts'
import { byGuid, domainOf, isMissing, openDomain, protection, value, values } from './domain.ts'
import { readPartnerAccounts } from './partner-accounts.ts'
import { kerberosRoles, type RoleGroup, readRoleGroups } from './role-groups.ts'

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
      const member = before.objectId === '' ? (before.name ?? '') : byGuid(before.objectId)
      await directory
        .modify(byGuid(target), [{ operation: 'delete', attribute: 'member', values: [member] }])
        .catch(async error => {
          // Not a member any more: 53 on Windows and Samba, 16 elsewhere. 53 says other things as well.
          const mayBeOut = error instanceof RequestFailure && [16, 32, 53].includes(error.status)
          if (!mayBeOut || (await isMember(directory, target, member))) throw error
        })
      return before
    }
    const [into, { objectId, name }] = [assigned(group), assigned(account)]
    await directory
      .modify(byGuid(into.objectId), [{ operation: 'add', attribute: 'member', values: [byGuid(objectId)] }])
      .catch(async error => {
        if (isMissing(error)) {
          for (const object of [into, { objectId, ...(name === undefined ? {} : { name }) }])
            await readThere(directory, object, ['objectGUID'])
        }
        // A member already.
        if (!(error instanceof RequestFailure) || error.status !== 68) throw error
      })
    return { objectId }
  },
}

/** Throws `stale` where the group is not there; an account that is not there is in no group. */
async function isMember(directory: DirectoryReader, group: ObjectId, member: string): Promise<boolean> {
  const { dn } = await readThere(directory, { objectId: group }, ['objectGUID'])
  const filter: Filter = { equals: ['memberOf', dn] }
  const found = await directory
    .search({ base: member, scope: 'base', filter, attributes: ['objectGUID'] })
    .catch(error => {
      if (isMissing(error)) return []
      throw error
    })
  return found.length > 0
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<AdGroupMemberSpec>> {
  if (domainOf(policy) === undefined) return
  for (const grant of policy.grants) {
    const app = policy.apps.get(grant.app)
    const isKept = isKeptPartner(policy, grant.partner)
    if (!grant.inForce || app === undefined || !isKerberos(app)) continue
    if (!isKept && !isInvitedPartner(policy, grant.partner)) continue
    for (const member of policy.partners.get(grant.partner)?.groups.get(grant.group)?.members ?? []) {
      if (!member.inForce) continue
      const group = ids.adGroup(grant.app, grant.role)
      yield {
        id: ids.adGroupMember(grant.app, grant.role, member.address),
        app: grant.app,
        partner: grant.partner,
        needs: [group, isKept ? ids.partnerAccount(member.address) : ids.shadowAccount(member.address)],
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
  const [accounts, kept, groups, converting] = await Promise.all([
    readShadowAccounts(open, from, policy),
    readPartnerAccounts(from, policy),
    readRoleGroups(open, policy),
    readConverting(from, policy),
  ])
  const roles = rolesByGroup(groups, policy)
  const wanted = new Set([...desire(policy)].map(({ id }) => id))
  const people = new Map<string, Member>()
  for (const { entry, person: named, objectGuid } of kept) {
    // Whoever waits for an invitation keeps the memberships that the policy gives under the new address.
    const person = converting.get(named) ?? named
    people.set(canonicalDn(entry.dn), { person, objectGuid, dn: entry.dn, entry, isKept: true })
  }
  for (const { entry, person, objectGuid } of accounts)
    people.set(canonicalDn(entry.dn), { person, objectGuid, dn: entry.dn, entry, isKept: false })

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
      needs: [container, member.isKept ? ids.partnerAccount(member.person) : ids.shadowAccount(member.person)],
      through: container,
      ...(group.guid === undefined ? {} : { related: { group: group.guid } }),
      spec: {},
    })
  }
  // Strangers in a group that is wholly ours.
  for (const { entry, app, role, copy } of groups) {
    if (copy) continue
    for (const dn of values(entry, 'member')) {
      if (!people.has(canonicalDn(dn))) add(app, role, { person: dn, objectGuid: '', dn, isKept: false }, guidOf(entry))
    }
  }
  const shadows = [...people.values()].filter(member => !member.isKept)
  const others = await readOthers(open.reader, shadows, groups)
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
      // Accounts that our own directory keeps may be in it for other reasons, also where a shadow account is.
      const group = member.isKept ? undefined : others.get(dn)
      if (group !== undefined && protection(group) === undefined) add('(no app)', dn, member, guidOf(group))
    }
  }
  return { resources: [...resources.values()], findings: privileged(shadows, others) }
}

interface Member {
  readonly person: string
  readonly objectGuid: string
  readonly dn: string
  readonly entry: DirectoryEntry
  /** Kept by our own directory for a partner; not a shadow account. */
  readonly isKept: boolean
}

interface NamedRole {
  readonly app: string
  readonly role: string
  readonly guid?: string
}

function guidOf(entry: DirectoryEntry): { guid?: string } {
  const guid = value(entry, 'objectGUID')
  return guid === undefined ? {} : { guid }
}

/** The app roles that each group stands for, by the group's canonical name. */
function rolesByGroup(groups: readonly RoleGroup[], policy: ResolvedPolicy): ReadonlyMap<string, readonly NamedRole[]> {
  const roles = new Map<string, NamedRole[]>()
  const add = (dn: string, role: NamedRole): void => {
    const key = canonicalDn(dn)
    roles.set(key, [...(roles.get(key) ?? []), role])
  }
  for (const { entry, app, role } of groups) add(entry.dn, { app, role, ...guidOf(entry) })
  for (const { app, role } of kerberosRoles(policy)) {
    if (role.adGroup !== undefined) add(role.adGroup, { app: app.name, role: role.name })
  }
  return roles
}

/** The groups of others that hold our accounts, by their names as read. */
async function readOthers(
  reader: DirectoryReader,
  members: Iterable<Member>,
  groups: readonly RoleGroup[],
): Promise<ReadonlyMap<string, DirectoryEntry>> {
  const own = new Set(groups.map(({ entry }) => canonicalDn(entry.dn)))
  const names = new Set([...members].flatMap(({ entry }) => values(entry, 'memberOf')))
  const read = [...names]
    .filter(dn => !own.has(canonicalDn(dn)))
    .map(async dn => {
      const found = await reader.search({
        base: dn,
        scope: 'base',
        filter: { present: 'objectClass' },
        attributes: ['objectGUID', 'objectSid', 'adminCount', 'isCriticalSystemObject', 'msDS-ObjectSoa'],
      })
      return found.map(entry => [dn, entry] as const)
    })
  return new Map((await Promise.all(read)).flat())
}

/** A shadow account in a protected group is an alarm that a person must see to: we never touch such a group. */
function privileged(
  members: Iterable<Member>,
  groups: ReadonlyMap<string, DirectoryEntry>,
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
          about: [ids.shadowAccount(member.person)],
        },
      ]
    }),
  )
}
