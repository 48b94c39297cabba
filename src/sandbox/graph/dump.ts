// The tenant in the shape of a seed: what seedGraph makes of it is the same tenant, deleted objects and all links included.

import type { Collection, Store } from '../store.ts'
import { complete } from './complete.ts'
import type { Item } from './match.ts'
import { type AppRoleAssignment, collectionOf, type DirectoryType, type Entity, type TenantSettings } from './tenant.ts'

export function dumpGraph(store: Store): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(sectionsOf(store)).map(([name, section]) => [name, sorted(section)]))
}

/** Properties in the order of their names: the same tenant is the same text. */
function sorted<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(sorted) as Value
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)])) as Value
}

function sectionsOf(store: Store): Readonly<Record<string, unknown>> {
  const settings = store.collection<TenantSettings>('tenant').get('tenant')
  if (settings === undefined) return {}
  const deleted = entities(store, 'deletedItems')
  const relations = relationsIn(store)

  function dump(type: DirectoryType, entity: Entity): Item {
    const { '@odata.type': odataType, ...own } = entity
    const completed = complete(type, own, {
      settings: settings as TenantSettings,
      applicationNamed: () => undefined,
    })
    const filled = 'item' in completed ? Object.keys(completed.item) : []
    const refused = Object.fromEntries(filled.filter(name => !(name in own)).map(name => [name, null]))
    return {
      ...(odataType === undefined ? {} : { '@odata.type': odataType }),
      ...own,
      ...refused,
      ...relations(type, entity.id),
    }
  }

  const result: Record<string, unknown> = { tenant: settings }
  for (const [type, collection] of Object.entries(collectionOf) as [DirectoryType, string][]) {
    result[collection] = [...entities(store, collection).values()].map(entity => dump(type, entity))
  }
  result.deletedItems = [...deleted.values()].map(item =>
    dump(String(item['@odata.type']).replace('#microsoft.graph.', '') as DirectoryType, item),
  )
  result.invitations = [...store.collection('invitations').values()]
  result.connectorGroups = [...entities(store, 'connectorGroups').values()]
  result.connectors = [...entities(store, 'connectors').values()].map(({ connectorGroup, ...connector }) =>
    connectorGroup === undefined ? connector : { ...connector, memberOf: [connectorGroup] },
  )
  for (const name of ['conditionalAccessPolicies', 'crossTenantAccessPartners'])
    result[name] = [...store.collection(name).values()]
  for (const name of ['authorizationPolicy', 'crossTenantAccessPolicyDefault']) {
    const policy = store.collection('policies').get(name)
    if (policy !== undefined) result[name] = policy
  }
  return result
}

function entities(store: Store, name: string): Collection<Entity> {
  return store.collection<Entity>(name)
}

/** The arrays inside an object that hold its relations; empty ones are left out. */
function relationsIn(store: Store): (type: DirectoryType, id: string) => Item {
  const links = (name: string) => {
    const byHolder = new Map<string, string[]>()
    for (const link of store.collection(name).keys()) {
      const [from = '', to = ''] = link.split('/')
      const targets = byHolder.get(from)
      if (targets === undefined) byHolder.set(from, [to])
      else targets.push(to)
    }
    return byHolder
  }
  const [members, owners, sponsors, managers] = [
    links('members'),
    links('owners'),
    links('sponsors'),
    links('managers'),
  ]
  const assigned = new Map<string, object[]>()
  for (const { id, principalId, resourceId, appRoleId, createdDateTime } of store
    .collection<AppRoleAssignment>('appRoleAssignments')
    .values()) {
    const assignment = { principal: principalId, appRole: appRoleId, id, createdDateTime }
    const known = assigned.get(resourceId)
    if (known === undefined) assigned.set(resourceId, [assignment])
    else known.push(assignment)
  }
  const chosen = store.collection<{ readonly connectorGroup: string }>('applicationConnectorGroups')
  return (type, id) => {
    const relations: Item =
      type === 'user'
        ? { sponsors: sponsors.get(id), manager: managers.get(id)?.[0] }
        : type === 'group'
          ? { members: members.get(id), owners: owners.get(id) }
          : type === 'application'
            ? { owners: owners.get(id), connectorGroup: chosen.get(id)?.connectorGroup }
            : { owners: owners.get(id), appRoleAssignedTo: assigned.get(id) }
    return Object.fromEntries(Object.entries(relations).filter(([, value]) => value !== undefined))
  }
}
