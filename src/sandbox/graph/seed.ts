// A tenant from a seed (graph.json). Mistakes are Failures that name the file and the place. dump.ts writes the same shape, so
// that dump, seed, dump gives the same dump.

import { Failure } from '../../model/problem.ts'
import type { Store } from '../store.ts'
import { checkedBody } from './body.ts'
import { complete, seededAt } from './complete.ts'
import { GraphError } from './errors.ts'
import { assignmentId, uuidOf } from './ids.ts'
import type { Item } from './match.ts'
import { authorizationPolicyDefaults, crossTenantDefaults } from './policies.ts'
import { isGuid } from './request.ts'
import {
  type AppRoleAssignment,
  collectionOf,
  type DirectoryType,
  defaultConnectorGroup,
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

interface Seeding {
  readonly store: Store
  readonly settings: TenantSettings
  readonly types: Map<string, DirectoryType>
  /** Ids by every name that a reference may use, in lower case. */
  readonly names: Map<string, Set<string>>
  fail(path: string, what: string, hint?: string): Failure
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

function withoutNulls(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== null && value !== undefined))
}

function checkProperties({ fail }: Seeding, item: Item, type: string, path: string): void {
  for (const [name, value] of Object.entries(item)) {
    if (value === null) continue
    try {
      checkedBody({ [name]: value }, { title: type, type, readOnly: new Set() })
    } catch (error) {
      if (!(error instanceof GraphError)) throw error
      throw fail(
        `${path}.${name}`,
        `is refused: ${error.message}`,
        `properties and types are those of microsoft.graph.${type}`,
      )
    }
  }
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
    throw fail(path, `names ${JSON.stringify(reference)}, which is no ${accepted.join(' or ')} of the seed`)
  if (other !== undefined)
    throw fail(path, `names ${JSON.stringify(reference)}, which several objects are called`, 'name it by its id')
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
        if (links.has(link)) throw fail(place, `names ${JSON.stringify(reference)} a second time`)
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
    throw seeding.fail(path, `is ${JSON.stringify(role)}, which is no app role of ${String(resource.displayName)}`)
  return String(found.id)
}

function seedConnectors(seeding: Seeding, root: Item): void {
  const { store, settings, fail } = seeding
  const groups = store.collection<Entity>('connectorGroups')
  const membersOf = new Map<string, readonly [members: readonly unknown[], path: string]>()
  for (const [{ members, ...item }, path] of itemsAt(root, 'connectorGroups', fail)) {
    const defaults = { connectorGroupType: 'applicationProxy', isDefault: false, region: 'eur' }
    const entity = namedEntity(seeding, { ...defaults, ...item }, 'connectorGroup', 'name', path)
    groups.put(entity.id, entity)
    membersOf.set(entity.id, [listOf(members), path])
  }
  if (![...groups.values()].some(({ isDefault }) => isDefault === true)) {
    const group = defaultConnectorGroup(settings.tenantId)
    groups.put(group.id, group)
  }
  const connectors = store.collection<Entity>('connectors')
  for (const [{ memberOf = [], ...item }, path] of itemsAt(root, 'connectors', fail)) {
    const defaults = { externalIp: '203.0.113.10', status: 'active', version: '1.5.4418.0' }
    const entity = namedEntity(seeding, { ...defaults, ...item }, 'connector', 'machineName', path)
    const [group, other] = listOf(memberOf)
    if (!Array.isArray(memberOf) || other !== undefined)
      throw fail(`${path}.memberOf`, 'must be an array with one connector group')
    const connectorGroup = group === undefined ? undefined : connectorGroupNamed(seeding, group, `${path}.memberOf[0]`)
    connectors.put(entity.id, { ...entity, ...(connectorGroup === undefined ? {} : { connectorGroup }) })
  }
  // A seed may say the same from the group's side.
  for (const [connectorGroup, [members, path]] of membersOf) {
    for (const [index, name] of members.entries()) {
      const place = `${path}.members[${index}]`
      const connector = [...connectors.values()].find(({ id, machineName }) => id === name || machineName === name)
      if (connector === undefined) throw fail(place, `names ${JSON.stringify(name)}, which is no connector of the seed`)
      if ((connector.connectorGroup ?? connectorGroup) !== connectorGroup)
        throw fail(place, 'is a member of another connector group')
      connectors.put(connector.id, { ...connector, connectorGroup })
    }
  }
}

function connectorGroupNamed({ store, fail }: Seeding, reference: unknown, path: string): string {
  const group = [...store.collection<Entity>('connectorGroups').values()].find(
    ({ id, name }) => id === reference || name === reference,
  )
  if (group === undefined)
    throw fail(path, `names ${JSON.stringify(reference)}, which is no connector group of the seed`)
  return group.id
}

function namedEntity(seeding: Seeding, item: Item, type: string, nameProperty: string, path: string): Entity {
  checkProperties(seeding, item, type, path)
  const name = item[nameProperty]
  if (typeof name !== 'string') throw seeding.fail(`${path}.${nameProperty}`, 'is missing')
  const id = typeof item.id === 'string' ? item.id.toLowerCase() : uuidOf(seeding.settings.tenantId, type, name)
  return { ...withoutNulls(item), id }
}

function seedPolicies(seeding: Seeding, root: Item): void {
  const { store, fail } = seeding
  for (const [item, path] of itemsAt(root, 'conditionalAccessPolicies', fail)) {
    const entity = namedEntity(seeding, item, 'conditionalAccessPolicy', 'displayName', path)
    store.collection('conditionalAccessPolicies').put(entity.id, entity)
  }
  for (const [item, path] of itemsAt(root, 'crossTenantAccessPartners', fail)) {
    checkProperties(seeding, item, 'crossTenantAccessPolicyConfigurationPartner', path)
    if (!isGuid(item.tenantId)) throw fail(`${path}.tenantId`, 'must be a GUID')
    store.collection('crossTenantAccessPartners').put(item.tenantId.toLowerCase(), item)
  }
  for (const [{ invitedUser, createdDateTime, ...item }, path] of itemsAt(root, 'invitations', fail)) {
    checkProperties(seeding, item, 'invitation', path)
    if (typeof item.id !== 'string') throw fail(`${path}.id`, 'is missing')
    store.collection('invitations').put(item.id, { ...item, invitedUser, createdDateTime })
  }
  const singletons = [
    ['authorizationPolicy', 'authorizationPolicy', authorizationPolicyDefaults],
    ['crossTenantAccessPolicyDefault', 'crossTenantAccessPolicyConfigurationDefault', crossTenantDefaults],
  ] as const
  for (const [name, type, defaults] of singletons) {
    if (root[name] === undefined) continue
    const item = objectAt(root[name], name, fail)
    checkProperties(seeding, item, type, name)
    store.collection('policies').put(name, { ...defaults, ...item })
  }
}

function itemsAt(root: Item, name: string, fail: Seeding['fail']): readonly (readonly [item: Item, path: string])[] {
  const value = root[name]
  if (value === undefined) return []
  if (!Array.isArray(value)) throw fail(name, 'must be an array')
  return value.map((item, index) => [objectAt(item, `${name}[${index}]`, fail), `${name}[${index}]`])
}

function objectAt(value: unknown, path: string, fail: Seeding['fail']): Item {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Item
  throw fail(path, value === undefined ? 'is missing' : 'must be an object')
}
