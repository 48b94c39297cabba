// An app role's group in Active Directory, to which the app's owner grants rights once. Ours, in the unit of groups, where
// the policy names none; else somebody's, which is only looked at.

import type { Directories, DirectoryEntry } from '../../model/directories.ts'
import { childDn, parseDn, rdn } from '../../model/escape.ts'
import { ids, keyOf } from '../../model/id.ts'
import type { ResolvedApp, ResolvedPolicy, ResolvedRole } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { appliedApps, isKerberos } from '../../model/supported.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { adGroupMark, fitted, readAdGroupMark } from '../mark.ts'
import { byGuid, domainOf, isMissing, openDomain, protection, searchUnit, setValue, value, values } from './domain.ts'

type AdGroupSpec = {
  readonly name?: string
  readonly description?: string
  /** Of somebody else's group. */
  readonly distinguishedName?: string
}

export const adGroup: ResourceKind<AdGroupSpec> = {
  plane: 'active-directory',
  name: 'group',
  desire,
  observe,
  normalize: spec => spec,
  risk: change => (change.action === 'delete' ? 'revoke' : 'neutral'),

  async perform({ id, app = '', before, after, differs }, { activeDirectory: directory }, _assigned, policy) {
    const domain = domainOf(policy)
    if (domain === undefined || directory === undefined) throw new Error(`${id} without a domain`)
    if (after === undefined) {
      if (before === undefined) throw new Error(`${id} has neither side`)
      await directory.remove(byGuid(before.objectId))
      return before
    }
    const { name = '', description } = after.spec
    if (before !== undefined) {
      const target = byGuid(before.objectId)
      if (differs.includes('description'))
        await directory.modify(target, setValue('description', before.spec.description, description))
      if (!differs.includes('name')) return before
      await directory.move(target, rdn('CN', name), domain.groups)
      return { ...before, name: childDn('CN', name, domain.groups) }
    }
    const dn = childDn('CN', name, domain.groups)
    const [, role = ''] = keyOf(id)
    const objectId = await directory.add(dn, {
      objectClass: ['top', 'group'],
      sAMAccountName: [name],
      // Global security group.
      groupType: ['-2147483646'],
      adminDescription: [adGroupMark(app, role)],
      ...(description === undefined ? {} : { description: [description] }),
    })
    return { objectId, name: dn }
  },
}

/** The roles of the apps that are signed on to by Kerberos. */
function kerberosRoles(policy: ResolvedPolicy): readonly { readonly app: ResolvedApp; readonly role: ResolvedRole }[] {
  return appliedApps(policy)
    .filter(isKerberos)
    .flatMap(app => [...app.roles.values()].map(role => ({ app, role })))
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<AdGroupSpec>> {
  if (domainOf(policy) === undefined) return
  for (const { app, role } of kerberosRoles(policy)) {
    const common = { id: ids.adGroup(app.name, role.name), app: app.name, needs: [], because: [role.origin] }
    if (role.adGroup === undefined) {
      yield {
        ...common,
        spec: {
          name: fitted(`guestlist-${app.name}-${role.name}`, 64),
          description:
            `Partners who reach ${app.spec.displayName} as ${role.name}. Kept by guestlist; grant it the app's rights once.`.slice(
              0,
              1024,
            ),
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

const attributes = [
  'objectGUID',
  'objectSid',
  'objectClass',
  'description',
  'adminDescription',
  'adminCount',
  'isCriticalSystemObject',
  'msDS-ObjectSoa',
]

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<AdGroupSpec>> {
  const open = openDomain(from, policy)
  if (open === undefined) return { resources: [] }
  const own = await searchUnit(open.reader, {
    base: open.domain.groups,
    scope: 'sub',
    filter: { and: [{ equals: ['objectClass', 'group'] }, { startsWith: ['adminDescription', 'Group_guestlist.'] }] },
    attributes,
  })
  const resources = own.flatMap((entry): Observed<AdGroupSpec>[] => {
    const names = readAdGroupMark(value(entry, 'adminDescription') ?? '')
    if (names === undefined) return []
    // A role that now names a group of its own leaves this one to go.
    const replaced = policy.apps.get(names.app)?.roles.get(names.role)?.adGroup !== undefined
    const id = replaced ? ids.adGroup(names.app, `${names.role} (before)`) : ids.adGroup(names.app, names.role)
    return [{ ...common(id, names.app, entry), owned: true, spec: ownSpec(entry) }]
  })
  const named = kerberosRoles(policy).flatMap(({ app, role }) =>
    role.adGroup === undefined ? [] : [{ app, role, dn: role.adGroup }],
  )
  const found = await Promise.all(
    named.map(({ dn }) =>
      open.reader.search({ base: dn, scope: 'base', filter: { present: 'objectClass' }, attributes }).catch(error => {
        if (isMissing(error)) return []
        throw error
      }),
    ),
  )
  for (const [index, { app, role }] of named.entries()) {
    const entry = found[index]?.[0]
    if (entry === undefined) continue
    const refused = protection(entry) ?? notGroup(entry)
    resources.push({
      ...common(ids.adGroup(app.name, role.name), app.name, entry),
      owned: false,
      spec: { distinguishedName: entry.dn },
      ...(refused === undefined ? {} : { refused }),
    })
  }
  return { resources: unique(resources) }
}

function common(
  id: Observed['id'],
  app: string,
  entry: DirectoryEntry,
): Pick<Observed, 'id' | 'app' | 'objectId' | 'name' | 'needs'> {
  return { id, app, objectId: value(entry, 'objectGUID') ?? '', name: entry.dn, needs: [] }
}

function ownSpec(entry: DirectoryEntry): AdGroupSpec {
  const description = value(entry, 'description')
  return { name: parseDn(entry.dn)?.[0]?.value ?? entry.dn, ...(description === undefined ? {} : { description }) }
}

function notGroup(entry: DirectoryEntry): { code: string; message: string } | undefined {
  const isGroup = values(entry, 'objectClass').some(name => name.toLowerCase() === 'group')
  return isGroup ? undefined : { code: 'not-a-group', message: `${entry.dn} is not a group` }
}

/** A copied mark does not make two groups one: the first by object id is the role's, the others go. */
function unique(resources: readonly Observed<AdGroupSpec>[]): readonly Observed<AdGroupSpec>[] {
  const seen = new Set<string>()
  return [...resources]
    .sort((a, b) => (a.objectId < b.objectId ? -1 : 1))
    .map(resource => {
      const repeated = seen.has(resource.id)
      seen.add(resource.id)
      return repeated ? { ...resource, id: ids.adGroup(resource.app ?? '', resource.objectId) } : resource
    })
}
