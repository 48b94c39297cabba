// Soft deletion: an object goes to deletedItems with its links, and comes back with them. A deleted user's principal name is
// free at once: it is kept with the object's id in front.

import { badRequest, valueInUse } from './errors.ts'
import { collectionOf, type DirectoryType, type Entity, listOf, type Tenant } from './tenant.ts'

export function softDelete(tenant: Tenant, type: DirectoryType, entity: Entity): void {
  if (type === 'application') {
    // In its home tenant an application takes its service principal with it; a restore does not bring that back.
    for (const id of [...tenant.servicePrincipalsByAppId.all(String(entity.appId))]) {
      const principal = tenant.objects.servicePrincipal.get(id)
      if (principal !== undefined) softDelete(tenant, 'servicePrincipal', principal)
    }
  }
  tenant.objects[type].delete(entity.id)
  if (type === 'group' && tenant.settings.deletedGroups === 'hard') {
    forget(tenant, entity.id)
    return
  }
  tenant.deleted.put(entity.id, {
    ...entity,
    ...(type === 'user' ? { userPrincipalName: `${compact(entity.id)}${String(entity.userPrincipalName)}` } : {}),
    '@odata.type': `#microsoft.graph.${type}`,
    deletedDateTime: tenant.timestamp(),
  })
}

export function deletedType(entity: Entity): DirectoryType {
  return String(entity['@odata.type']).replace('#microsoft.graph.', '') as DirectoryType
}

export function restore(tenant: Tenant, entity: Entity, newPrincipalName?: string): Entity {
  const type = deletedType(entity)
  const { '@odata.type': _type, deletedDateTime: _deleted, ...rest } = entity
  const live: Entity = {
    ...rest,
    id: entity.id,
    ...(type === 'user' ? { userPrincipalName: newPrincipalName ?? originalName(entity) } : {}),
  }
  refuseConflicts(tenant, type, live)
  tenant.deleted.delete(entity.id)
  tenant.objects[type].put(entity.id, live)
  return live
}

function originalName(user: Entity): string {
  const name = String(user.userPrincipalName)
  const prefix = compact(user.id)
  return name.startsWith(prefix) ? name.slice(prefix.length) : name
}

function compact(id: string): string {
  return id.replaceAll('-', '')
}

function refuseConflicts(tenant: Tenant, type: DirectoryType, entity: Entity): void {
  const taken = (index: { first(key: string): string | undefined }, value: unknown) =>
    typeof value === 'string' && index.first(value) !== undefined
  if (type === 'user' && taken(tenant.byPrincipalName, entity.userPrincipalName)) throw valueInUse('userPrincipalName')
  if (type === 'group' && taken(tenant.groupsByUniqueName, entity.uniqueName)) throw valueInUse('uniqueName')
  if (type === 'application') {
    if (taken(tenant.applicationsByUniqueName, entity.uniqueName)) throw valueInUse('uniqueName')
    if (listOf(entity.identifierUris).some(uri => taken(tenant.applicationsByUri, uri)))
      throw valueInUse('identifierUris')
  }
  if (type === 'servicePrincipal') {
    if (taken(tenant.servicePrincipalsByAppId, entity.appId)) throw valueInUse('appId')
    const isLocal = entity.appOwnerOrganizationId === tenant.settings.tenantId
    if (isLocal && !taken(tenant.applicationsByAppId, entity.appId)) {
      throw badRequest(
        `The appId '${String(entity.appId)}' of the service principal does not reference a valid application object.`,
      )
    }
  }
}

/** Deletes for good, links and assignments included. */
export function purge(tenant: Tenant, entity: Entity): void {
  tenant.deleted.delete(entity.id)
  forget(tenant, entity.id)
}

function forget(tenant: Tenant, id: string): void {
  for (const links of [tenant.members, tenant.owners, tenant.sponsors, tenant.managers]) links.forget(id)
  for (const index of [tenant.assignmentsByPrincipal, tenant.assignmentsByResource]) {
    for (const assignment of [...index.all(id)]) tenant.assignments.delete(assignment)
  }
}

/** Every type that can be deleted and restored, with the name of its collection. */
export const deletable = Object.keys(collectionOf) as readonly DirectoryType[]
