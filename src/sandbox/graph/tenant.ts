// The tenant: the store's collections with the indexes that requests need. Indexes follow the store's changes, so whoever
// writes to the store (a request, a seed, a replica) writes to them too. Deleted objects lie in `deletedItems`, and the
// links to and from them stay, unseen, so that a restore brings them back.

import type { Collection, Store } from '../store.ts'
import { notFound } from './errors.ts'
import { newId, uuidOf } from './ids.ts'
import { indexOf, linksOf } from './indexes.ts'
import type { Item } from './match.ts'

export interface Entity extends Item {
  readonly id: string
}

export interface TenantSettings {
  readonly tenantId: string
  readonly initialDomain: string
  readonly displayName?: string
  /** Custom domains, verified. Without any, no domain is asked for its verification. */
  readonly verifiedDomains?: readonly string[]
  /** Who may see and assign connector groups: applications as well, or a person only (403 for everyone here). */
  readonly connectorGroupAssignment?: 'allowed' | 'delegated-only'
  /** Whether a deleted group can be restored. */
  readonly deletedGroups?: 'soft' | 'hard'
  /** How many objects were created by requests: what their ids are derived from. */
  readonly sequence?: number
}

export interface AppRoleAssignment extends Entity {
  readonly principalId: string
  readonly resourceId: string
  readonly appRoleId: string
  readonly createdDateTime: string
}

export type DirectoryType = 'user' | 'group' | 'application' | 'servicePrincipal'

export const collectionOf: Readonly<Record<DirectoryType, string>> = {
  user: 'users',
  group: 'groups',
  application: 'applications',
  servicePrincipal: 'servicePrincipals',
}

const directoryTypes: readonly DirectoryType[] = ['user', 'group', 'servicePrincipal', 'application']

/** Deleted objects can be restored for this long. */
const retention = 30 * 86_400_000

export type Tenant = ReturnType<typeof openTenant>

export function openTenant(store: Store, clock: () => number) {
  const settings = store.collection<TenantSettings>('tenant')
  const objects: Readonly<Record<DirectoryType, Collection<Entity>>> = {
    user: store.collection('users'),
    group: store.collection('groups'),
    application: store.collection('applications'),
    servicePrincipal: store.collection('servicePrincipals'),
  }
  const deleted = store.collection<Entity>('deletedItems')
  const assignments = store.collection<AppRoleAssignment>('appRoleAssignments')

  const byPrincipalName = indexOf(store, 'users', user => [user.userPrincipalName])
  const byAddress = indexOf(store, 'users', addressesOf)
  const deletedByAddress = indexOf(store, 'deletedItems', addressesOf)
  const groupsByUniqueName = indexOf(store, 'groups', group => [group.uniqueName])
  const applicationsByUniqueName = indexOf(store, 'applications', application => [application.uniqueName])
  const applicationsByAppId = indexOf(store, 'applications', application => [application.appId])
  const applicationsByUri = indexOf(store, 'applications', application => listOf(application.identifierUris))
  const servicePrincipalsByAppId = indexOf(store, 'servicePrincipals', principal => [principal.appId])
  const assignmentsByPrincipal = indexOf(store, 'appRoleAssignments', assignment => [assignment.principalId])
  const assignmentsByResource = indexOf(store, 'appRoleAssignments', assignment => [assignment.resourceId])

  function settingsNow(): TenantSettings {
    const found = settings.get('tenant')
    if (found === undefined) throw new Error('the tenant has no settings: seed it first')
    return found
  }

  function typeOf(id: string): DirectoryType | undefined {
    return directoryTypes.find(type => objects[type].has(id))
  }

  function find(id: string): Entity | undefined {
    const type = typeOf(id)
    return type === undefined ? undefined : objects[type].get(id)
  }

  return {
    store,
    objects,
    deleted,
    assignments,
    members: linksOf(store, 'members'),
    owners: linksOf(store, 'owners'),
    sponsors: linksOf(store, 'sponsors'),
    managers: linksOf(store, 'managers'),
    byPrincipalName,
    byAddress,
    deletedByAddress,
    groupsByUniqueName,
    applicationsByUniqueName,
    applicationsByAppId,
    applicationsByUri,
    servicePrincipalsByAppId,
    assignmentsByPrincipal,
    assignmentsByResource,

    get settings() {
      return settingsNow()
    },
    get now() {
      return clock()
    },
    /** The clock as Graph writes instants. */
    timestamp: () => timestampOf(clock()),
    typeOf,
    find,
    /** The object, or Graph's 404. */
    need(id: string): Entity {
      const found = find(id)
      if (found === undefined) throw notFound(id)
      return found
    },
    /** A new object's id: never one that was there before. */
    newId(): string {
      const now = settingsNow()
      const sequence = (now.sequence ?? 0) + 1
      settings.put('tenant', { ...now, sequence })
      return newId(now.tenantId, sequence)
    },
    /** Live objects of a set of ids, in its order. */
    *live(ids: Iterable<string>): Generator<Entity> {
      for (const id of ids) {
        const found = find(id)
        if (found !== undefined) yield found
      }
    },
    isRecoverable(entity: Entity): boolean {
      return clock() - Date.parse(String(entity.deletedDateTime)) < retention
    },
    /** The initial domain first. */
    get domains(): readonly string[] {
      const { initialDomain, verifiedDomains = [] } = settingsNow()
      return [initialDomain, ...verifiedDomains].map(domain => domain.toLowerCase())
    },
  }
}

/** Every address by which a person is known. */
function addressesOf(user: Item): readonly unknown[] {
  const proxies = listOf(user.proxyAddresses).map(address => String(address).replace(/^smtp:/i, ''))
  return [user.mail, ...listOf(user.otherMails), ...proxies]
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function timestampOf(instant: number): string {
  return new Date(instant).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** The connector group that applications use which name no other. */
export function defaultConnectorGroup(tenantId: string): Entity {
  const id = uuidOf(tenantId, 'connectorGroups', 'Default')
  return { id, name: 'Default', connectorGroupType: 'applicationProxy', isDefault: true, region: 'eur' }
}
