// The parts of a seed outside the directory's objects: connectors and their groups, invitations, policies.

import { uuidOf } from './ids.ts'
import type { Item } from './match.ts'
import { authorizationPolicyDefaults, crossTenantDefaults } from './policies.ts'
import { isGuid } from './request.ts'
import { checkProperties, itemsAt, nameShown, objectAt, type Seeding, withoutNulls } from './seeding.ts'
import { defaultConnectorGroup, type Entity, listOf } from './tenant.ts'

export function seedConnectors(seeding: Seeding, root: Item): void {
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
      if (connector === undefined) throw fail(place, `names ${nameShown(name)}, which is no connector of the seed`)
      if ((connector.connectorGroup ?? connectorGroup) !== connectorGroup)
        throw fail(place, 'is a member of another connector group')
      connectors.put(connector.id, { ...connector, connectorGroup })
    }
  }
}

export function connectorGroupNamed({ store, fail }: Seeding, reference: unknown, path: string): string {
  const group = [...store.collection<Entity>('connectorGroups').values()].find(
    ({ id, name }) => id === reference || name === reference,
  )
  if (group === undefined) throw fail(path, `names ${nameShown(reference)}, which is no connector group of the seed`)
  return group.id
}

function namedEntity(seeding: Seeding, item: Item, type: string, nameProperty: string, path: string): Entity {
  checkProperties(seeding, item, type, path)
  const name = item[nameProperty]
  if (typeof name !== 'string') throw seeding.fail(`${path}.${nameProperty}`, 'is missing')
  const id = typeof item.id === 'string' ? item.id.toLowerCase() : uuidOf(seeding.settings.tenantId, type, name)
  return { ...withoutNulls(item), id }
}

export function seedPolicies(seeding: Seeding, root: Item): void {
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
