// An app role's group in Active Directory, to which the app's owner grants rights once. Ours, in the unit of groups, where
// the policy names none; else somebody's, which is only looked at.

import type { Directories, DirectoryEntry, DirectoryReader, DirectoryWriter, Filter } from '../../model/directories.ts'
import { RequestFailure } from '../../model/directories.ts'
import { canonicalDn, childDn, parseDn, rdn } from '../../model/escape.ts'
import { ids, keyOf } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import type { Assigned, Desired, Observed, Refusal } from '../../model/resource.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { adGroupMark, cut, fitted } from '../mark.ts'
import { modifyAsRead, type ObjectAsRead, readThere, requireAsRead, stale } from './as-read.ts'
import { byGuid, domainOf, isMissing, openDomain, protection, setValue, unitIn, value, values } from './domain.ts'
import { missingProtectedGroups, protectionAttributes, refusalOf } from './protected-groups.ts'
import { isInUnit, kerberosRoles, readRoleGroups, roleGroupName } from './role-groups.ts'

type AdGroupSpec = {
  readonly name?: string
  readonly description?: string
  readonly unit?: 'groups' | 'elsewhere'
  readonly marked?: boolean
  /** Of a group with a copied mark; never compared. */
  readonly copy?: boolean
  /** As it is in the directory, for conditional writes; never compared. */
  readonly mark?: string
  /** Who was in it; never compared. */
  readonly members?: readonly string[]
  /** Of somebody else's group. */
  readonly distinguishedName?: string
}

export const adGroup: ResourceKind<AdGroupSpec> = {
  plane: 'active-directory',
  name: 'group',
  desire,
  observe,
  normalize: ({ copy: _copy, mark: _mark, members: _members, ...spec }) => spec,
  // A stranger's group that somebody put our mark on loses the mark, and nothing else.
  retire: ({ spec }) => (spec.copy ? { marked: false } : 'delete'),
  risk: change => (change.action === 'delete' ? 'revoke' : 'neutral'),
  claims: ({ name }) => (name === undefined ? [] : [`group ${name.toLowerCase()}`]),

  named({ differs }, policy) {
    const domain = domainOf(policy)
    return domain === undefined || !differs.includes('unit') ? {} : { unit: unitIn(domain, 'groups') }
  },

  writes({ before, after, differs }) {
    if (before === undefined || after === undefined) return { activeDirectory: 1 }
    const [moves, changes] = [
      ['name', 'unit'],
      ['description', 'marked'],
    ].map(keys => keys.some(key => differs.includes(key)))
    return { activeDirectory: moves && changes ? 2 : 1 }
  },

  async perform({ id, app = '', before, after, differs }, { activeDirectory: directory }, _assigned, policy) {
    const domain = domainOf(policy)
    if (domain === undefined || directory === undefined) throw new Error(`${id} without a domain`)
    if (after === undefined) {
      if (before === undefined) throw new Error(`${id} has neither side`)
      const { description, mark, members = [] } = before.spec
      await requireNobodyNew(directory, before, members)
      await requireAsRead(directory, before, { description, adminDescription: mark }, 'it was not deleted')
      await directory.remove(byGuid(before.objectId))
      return before
    }
    const { name = '', description } = after.spec
    const [, role = ''] = keyOf(id)
    if (before !== undefined) {
      const target = byGuid(before.objectId)
      const modifications = [
        ...(differs.includes('description') ? setValue('description', before.spec.description, description) : []),
        ...(differs.includes('marked')
          ? setValue(
              'adminDescription',
              before.spec.mark,
              after.spec.marked === true ? adGroupMark(app, role) : undefined,
            )
          : []),
      ]
      const moves = differs.includes('name') || differs.includes('unit')
      if (moves)
        await requireAsRead(directory, before, { adminDescription: before.spec.mark }, 'it was left where it is')
      if (modifications.length > 0) await modifyAsRead(directory, before, modifications)
      if (!moves) return before
      await directory.move(target, rdn('CN', name), unitIn(domain, 'groups'))
      return { ...before, name: childDn('CN', name, unitIn(domain, 'groups')) }
    }
    return add(childDn('CN', name, unitIn(domain, 'groups')), directory, {
      objectClass: ['top', 'group'],
      sAMAccountName: [name],
      // Global security group.
      groupType: ['-2147483646'],
      adminDescription: [adGroupMark(app, role)],
      ...(description === undefined ? {} : { description: [description] }),
    })
  },
}

/** Where a stranger's account or group has the account name (LDAP 68), the group gets another: it is known by its mark. */
async function add(
  dn: string,
  directory: DirectoryWriter,
  attributes: Readonly<Record<string, readonly string[]>>,
): Promise<Assigned> {
  const [name = ''] = attributes.sAMAccountName ?? []
  const others = [2, 3, 4, 5].map(number => fitted(`${name}-${number}`, 64))
  for (const sAMAccountName of [name, ...others]) {
    try {
      return { objectId: await directory.add(dn, { ...attributes, sAMAccountName: [sAMAccountName] }), name: dn }
    } catch (error) {
      if (!(error instanceof RequestFailure) || error.status !== 68 || sAMAccountName === others.at(-1)) throw error
    }
  }
  throw new Error(`no name was tried for ${dn}`)
}

/**
 * Who was in it has been taken out by now, but for protected accounts, which nobody touches: who else is in it came since, and
 * then it stays.
 */
async function requireNobodyNew(
  directory: DirectoryReader,
  group: ObjectAsRead,
  members: readonly string[],
): Promise<void> {
  const before = new Set(members.map(canonicalDn))
  const entry = await readThere(directory, group, ['member'])
  for (const dn of values(entry, 'member')) {
    if (before.has(canonicalDn(dn)) && (await isProtected(directory, dn))) continue
    const what = `${dn} is a member of it now`
    throw stale(`${entry.dn} was changed by somebody since it was read: ${what}; it was not deleted`)
  }
}

async function isProtected(directory: DirectoryReader, dn: string): Promise<boolean> {
  const filter: Filter = { present: 'objectClass' }
  const found = await directory.search({ base: dn, scope: 'base', filter, attributes: protectionAttributes })
  return found.some(entry => protection(entry) !== undefined)
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<AdGroupSpec>> {
  if (domainOf(policy) === undefined) return
  for (const { app, role } of kerberosRoles(policy)) {
    const common = { id: ids.adGroup(app.name, role.name), app: app.name, needs: [], because: [role.origin] }
    if (role.adGroup === undefined) {
      yield {
        ...common,
        spec: {
          name: roleGroupName(app.name, role.name),
          description: cut(
            `Partners who reach ${app.spec.displayName} as ${role.name}. Kept by guestlist; grant it the app's rights once.`,
            1024,
          ),
          unit: 'groups',
          marked: true,
        },
      }
    } else {
      yield {
        ...common,
        spec: { distinguishedName: role.adGroup },
        reference: true,
        awaited: {
          for: 'person',
          message: `the group ${role.adGroup} is not in Active Directory: create it, or correct adGroup`,
        },
      }
    }
  }
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<AdGroupSpec>> {
  const open = openDomain(from, policy)
  if (open === undefined) return { resources: [] }
  const [own, findings] = await Promise.all([readRoleGroups(open, policy), missingProtectedGroups(open, policy)])
  const nesting = await Promise.all(own.map(({ entry }) => refusalOf(open, entry, policy)))
  const resources = own.map(({ entry, app, role, owned, copy }, index): Observed<AdGroupSpec> => {
    const refused = protection(entry) ?? nesting[index]
    return {
      ...common(ids.adGroup(app, role), app, entry),
      owned,
      spec: { ...ownSpec(entry), unit: isInUnit(entry, open.domain) ? 'groups' : 'elsewhere', marked: owned, copy },
      ...(refused === undefined ? {} : { refused }),
    }
  })
  const named = kerberosRoles(policy).flatMap(({ app, role }) =>
    role.adGroup === undefined ? [] : [{ app, role, dn: role.adGroup }],
  )
  const found = await Promise.all(
    named.map(({ dn }) =>
      open.reader
        .search({
          base: dn,
          scope: 'base',
          filter: { present: 'objectClass' },
          attributes: ['objectGUID', ...protectionAttributes],
        })
        .catch(error => {
          if (isMissing(error)) return []
          throw error
        }),
    ),
  )
  for (const [index, { app, role, dn }] of named.entries()) {
    const entry = found[index]?.[0]
    if (entry === undefined) continue
    const refused = protection(entry) ?? notGroup(entry) ?? (await refusalOf(open, entry, policy, dn))
    resources.push({
      ...common(ids.adGroup(app.name, role.name), app.name, entry),
      owned: false,
      spec: { distinguishedName: entry.dn },
      ...(refused === undefined ? {} : { refused }),
    })
  }
  return { resources, findings }
}

function common(
  id: Observed['id'],
  app: string,
  entry: DirectoryEntry,
): Pick<Observed, 'id' | 'app' | 'objectId' | 'name' | 'needs'> {
  return { id, app, objectId: value(entry, 'objectGUID') ?? '', name: entry.dn, needs: [] }
}

function ownSpec(entry: DirectoryEntry): AdGroupSpec {
  const [description, mark] = [value(entry, 'description'), value(entry, 'adminDescription')]
  return {
    name: parseDn(entry.dn)?.[0]?.value ?? entry.dn,
    ...(description === undefined ? {} : { description }),
    ...(mark === undefined ? {} : { mark }),
    members: values(entry, 'member'),
  }
}

function notGroup(entry: DirectoryEntry): Refusal | undefined {
  const isGroup = values(entry, 'objectClass').some(name => name.toLowerCase() === 'group')
  return isGroup ? undefined : { code: 'not-a-group', message: `${entry.dn} is not a group` }
}
