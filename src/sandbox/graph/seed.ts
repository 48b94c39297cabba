// A tenant from a seed (graph.json). Mistakes are Failures that name the file and the place. dump.ts writes the same shape, so
// that dump, seed, dump gives the same dump.

import { Failure } from '../../model/problem.ts'
import type { Store } from '../store.ts'
import { complete, seededAt } from './complete.ts'
import { assignmentId, uuidOf } from './ids.ts'
import type { Item } from './match.ts'
import { isGuid } from './request.ts'
import { connectorGroupNamed, seedConnectors, seedPolicies } from './seed-outside.ts'
import { checkProperties, itemsAt, nameShown, objectAt, type Seeding, withoutNulls } from './seeding.ts'
import {
  type AppRoleAssignment,
  collectionOf,
  type DirectoryType,
  type Entity,
  listOf,
  type TenantSettings,
} from './tenant.ts'

const defaultAccess = '00000000-0000-0000-0000-000000000000'

const sections = [
  ...[
    'tenant',
    'users',
    'groups',
    'applications',
    'servicePrincipals',
    'deletedItems',
    'connectorGroups',
    'connectors',
  ],
  ...[
    'invitations',
    'conditionalAccessPolicies',
    'crossTenantAccessPartners',
    'authorizationPolicy',
    'crossTenantAccessPolicyDefault',
  ],
]

const relationsOf: Readonly<Record<DirectoryType, readonly string[]>> = {
  user: ['sponsors', 'manager'],
  group: ['members', 'owners'],
  application: ['owners', 'connectorGroup'],
  servicePrincipal: ['owners', 'appRoleAssignedTo'],
}

/** Fills an empty store; all of it or nothing. `file` is named in messages. */
export function seedGraph(store: Store, seed: unknown, file = 'graph.json'): void {
  const fail = (path: string, what: string, hint?: string) => new Failure('bad-seed', `${file}: ${path} ${what}`, hint)
  store.atomically(() => {
    const root = objectAt(seed, 'the seed', fail)
    const stranger = Object.keys(root).find(name => !sections.includes(name))
    if (stranger !== undefined)
      throw fail(stranger, 'is not a collection of the seed', `the collections are ${sections.join(', ')}`)
    const settings = settingsOf(root.tenant, fail)
    store.collection<TenantSettings>('tenant').put('tenant', settings)
    const seeding: Seeding = { store, settings, types: new Map(), names: new Map(), fail }
    const relate = [
      ...(['user', 'group', 'application', 'servicePrincipal'] as const).flatMap(type =>
        seedObjects(seeding, root, type),
      ),
      ...seedDeleted(seeding, root),
    ]
    seedConnectors(seeding, root)
    for (const relation of relate) relation()
    seedPolicies(seeding, root)
  })
}

function settingsOf(value: unknown, fail: Seeding['fail']): TenantSettings {
  const tenant = objectAt(value, 'tenant', fail)
  const known = [
    'tenantId',
    'initialDomain',
    'displayName',
    'verifiedDomains',
    'connectorGroupAssignment',
    'deletedGroups',
    'sequence',
  ]
  const stranger = Object.keys(tenant).find(name => !known.includes(name))
  if (stranger !== undefined) throw fail(`tenant.${stranger}`, 'is not known', `known are ${known.join(', ')}`)
  if (!isGuid(tenant.tenantId)) throw fail('tenant.tenantId', 'must be a GUID')
  if (typeof tenant.initialDomain !== 'string')
    throw fail('tenant.initialDomain', 'is missing', 'such as contoso.onmicrosoft.com')
  const { verifiedDomains } = tenant
  if (
    verifiedDomains !== undefined &&
    !(Array.isArray(verifiedDomains) && verifiedDomains.every(domain => typeof domain === 'string'))
  ) {
    throw fail('tenant.verifiedDomains', 'must be an array of domain names')
  }
  const choices = { connectorGroupAssignment: ['allowed', 'delegated-only'], deletedGroups: ['soft', 'hard'] }
  for (const [name, values] of Object.entries(choices)) {
    if (tenant[name] !== undefined && !values.includes(String(tenant[name])))
      throw fail(`tenant.${name}`, `must be ${values.join(' or ')}`)
  }
  return tenant as unknown as TenantSettings
}

/** Puts the objects of a type, and gives what is to be done once all objects are there. */
function seedObjects(seeding: Seeding, root: Item, type: DirectoryType): readonly (() => void)[] {
  const collection = collectionOf[type]
  const objects = seeding.store.collection<Entity>(collection)
  return itemsAt(root, collection, seeding.fail).map(([item, path]) => {
    const entity = entityOf(seeding, item, type, path)
    objects.put(entity.id, entity)
    return () => seedRelations(seeding, entity, item, type, path)
  })
}

function seedDeleted(seeding: Seeding, root: Item): readonly (() => void)[] {
  const objects = seeding.store.collection<Entity>('deletedItems')
  return itemsAt(root, 'deletedItems', seeding.fail).map(([item, path]) => {
    const type = String(item['@odata.type']).replace('#microsoft.graph.', '') as DirectoryType
    if (collectionOf[type] === undefined)
      throw seeding.fail(`${path}.@odata.type`, 'must say what it is', 'such as #microsoft.graph.user')
    const entity = entityOf(seeding, item, type, path)
    const prefix = entity.id.replaceAll('-', '')
    const name = String(entity.userPrincipalName)
    objects.put(entity.id, {
      deletedDateTime: seededAt,
      ...entity,
      ...(type === 'user' ? { userPrincipalName: name.startsWith(prefix) ? name : `${prefix}${name}` } : {}),
      '@odata.type': `#microsoft.graph.${type}`,
    })
    return () => seedRelations(seeding, entity, item, type, path)
  })
}

function entityOf(seeding: Seeding, item: Item, type: DirectoryType, path: string): Entity {
  const { store, settings, fail, types } = seeding
  const isOwn = (name: string) => name !== '@odata.type' && !relationsOf[type].includes(name)
  const own: Item = Object.fromEntries(Object.entries(item).filter(([name]) => isOwn(name)))
  checkProperties(seeding, own, type, path)
  const applications = store.collection<Entity>('applications')
  const applicationNamed = (name: string) => {
    const [id] = idsNamed(seeding, name, ['application'])
    return id === undefined ? undefined : applications.get(id)
  }
  const completed = complete(type, own, { settings, applicationNamed })
  if ('missing' in completed) throw fail(`${path}.${completed.missing}`, 'is missing', completed.hint)
  const id = own.id ?? uuidOf(settings.tenantId, type, completed.natural.toLowerCase())
  if (!isGuid(id)) throw fail(`${path}.id`, 'must be a GUID', 'leave it out to have it derived from the name')
  const entity: Entity = { ...withoutNulls(completed.item), id: id.toLowerCase() }
  if (types.has(entity.id))
    throw fail(path, `has the id ${entity.id}, which another object has`, 'two objects with one name need ids')
  types.set(entity.id, type)
  for (const name of namesOf(entity, type)) note(seeding.names, name, entity.id)
  return entity
}

function namesOf(entity: Entity, type: DirectoryType): readonly unknown[] {
  const { id, userPrincipalName, mail, displayName, uniqueName, appId } = entity
  return type === 'user' ? [id, userPrincipalName, mail] : [id, displayName, uniqueName, mail, appId]
}

function note(names: Map<string, Set<string>>, name: unknown, id: string): void {
  if (typeof name !== 'string') return
  const ids = names.get(name.toLowerCase()) ?? new Set()
  names.set(name.toLowerCase(), ids.add(id))
}

function idsNamed({ names, types }: Seeding, name: string, accepted: readonly DirectoryType[]): readonly string[] {
  const ids = [...(names.get(name.toLowerCase()) ?? [])]
  return ids.filter(id => accepted.some(type => types.get(id) === type))
}

function resolve(seeding: Seeding, reference: unknown, accepted: readonly DirectoryType[], path: string): string {
  const { fail } = seeding
  if (typeof reference !== 'string')
    throw fail(path, 'must be an id or a name', 'an id, a user principal name, a mail, or a display name')
  const [id, other] = idsNamed(seeding, reference, accepted)
  if (id === undefined)
    throw fail(path, `names ${nameShown(reference)}, which is no ${accepted.join(' or ')} of the seed`)
  if (other !== undefined)
    throw fail(path, `names ${nameShown(reference)}, which several objects are called`, 'name it by its id')
  return id
}

const kinds: Readonly<Record<string, readonly DirectoryType[]>> = {
  members: ['user', 'group', 'servicePrincipal'],
  owners: ['user', 'servicePrincipal'],
  sponsors: ['user', 'group'],
  manager: ['user'],
}

function seedRelations(seeding: Seeding, entity: Entity, item: Item, type: DirectoryType, path: string): void {
  const { store, fail } = seeding
  for (const relation of relationsOf[type]) {
    const value = item[relation]
    if (value === undefined || value === null) continue
    if (relation === 'connectorGroup') {
      store
        .collection('applicationConnectorGroups')
        .put(entity.id, { connectorGroup: connectorGroupNamed(seeding, value, `${path}.${relation}`) })
      continue
    }
    const references = relation === 'manager' ? [value] : value
    if (!Array.isArray(references)) throw fail(`${path}.${relation}`, 'must be an array')
    for (const [index, reference] of references.entries()) {
      const place = relation === 'manager' ? `${path}.manager` : `${path}.${relation}[${index}]`
      if (relation === 'appRoleAssignedTo') seedAssignment(seeding, entity, reference, place)
      else {
        const links = store.collection(relation === 'manager' ? 'managers' : relation)
        const link = `${entity.id}/${resolve(seeding, reference, kinds[relation] ?? [], place)}`
        if (links.has(link)) throw fail(place, `names ${nameShown(reference)} a second time`)
        links.put(link, {})
      }
    }
  }
}

function seedAssignment(seeding: Seeding, resource: Entity, value: unknown, path: string): void {
  const { store, fail } = seeding
  const { principal, appRole, id, createdDateTime = seededAt, ...others } = objectAt(value, path, fail)
  const stranger = Object.keys(others)[0]
  if (stranger !== undefined)
    throw fail(`${path}.${stranger}`, 'is not known', 'known are principal, appRole, id, createdDateTime')
  const principalId = resolve(seeding, principal, ['user', 'group', 'servicePrincipal'], `${path}.principal`)
  const appRoleId = roleNamed(seeding, resource, appRole, `${path}.appRole`)
  const assignment: AppRoleAssignment = {
    id: typeof id === 'string' ? id : assignmentId(principalId, resource.id, appRoleId),
    principalId,
    resourceId: resource.id,
    appRoleId,
    createdDateTime: String(createdDateTime),
  }
  const assignments = store.collection<AppRoleAssignment>('appRoleAssignments')
  if (assignments.has(assignment.id)) throw fail(path, 'assigns the same role a second time')
  assignments.put(assignment.id, assignment)
}

function roleNamed(seeding: Seeding, resource: Entity, role: unknown, path: string): string {
  if (role === undefined || role === defaultAccess) return defaultAccess
  if (typeof role !== 'string') throw seeding.fail(path, "must be a role's value, display name or id")
  const [applicationId] = idsNamed(seeding, String(resource.appId), ['application'])
  const application =
    applicationId === undefined ? undefined : seeding.store.collection<Entity>('applications').get(applicationId)
  const roles = listOf((application ?? resource).appRoles) as readonly Item[]
  const found = roles.find(({ id, value, displayName }) => [id, value, displayName].includes(role))
  // A role may be gone from the application while its assignments are still there.
  if (found === undefined && isGuid(role)) return role
  if (found === undefined)
    throw seeding.fail(path, `is ${nameShown(role)}, which is no app role of ${String(resource.displayName)}`)
  return String(found.id)
}
