// Directory objects as requests name and see them: by id or alternate key, one or in lists, with what they derive from others.

import type { ErrorDetail } from './errors.ts'
import { badRequest, GraphError, malformed, notFound } from './errors.ts'
import type { Item } from './match.ts'
import { created, type Listing, project } from './page.ts'
import type { Expand } from './query.ts'
import { type Answer, type GraphRequest, isGuid, type Key } from './request.ts'
import { type AppRoleAssignment, collectionOf, type DirectoryType, type Entity, listOf, type Tenant } from './tenant.ts'

/** Expanded relationships show no more than this, and no link to the rest. */
const mostExpanded = 20

/** The object that a key names, or Graph's complaint. */
export function locate(tenant: Tenant, type: DirectoryType, key: Key): Entity {
  const id = idOf(tenant, type, key)
  const found = id === undefined ? undefined : tenant.objects[type].get(id)
  if (found === undefined) throw notFound(key.value)
  return found
}

/** The id that a key names, if there is one. */
export function idOf(tenant: Tenant, type: DirectoryType, key: Key): string | undefined {
  if (key.name === undefined) {
    if (isGuid(key.value)) return key.value.toLowerCase()
    if (type === 'user') return tenant.byPrincipalName.first(key.value)
    throw badRequest(`Invalid object identifier '${key.value}'.`)
  }
  const index = alternateKeys(tenant, type)[key.name]
  if (index === undefined) throw malformed(`The key '${key.name}' is not a key of type 'microsoft.graph.${type}'.`)
  return index.first(key.value)
}

function alternateKeys(
  tenant: Tenant,
  type: DirectoryType,
): Readonly<Record<string, { first(key: string): string | undefined }>> {
  switch (type) {
    case 'user':
      return { userPrincipalName: tenant.byPrincipalName }
    case 'group':
      return { uniqueName: tenant.groupsByUniqueName }
    case 'application':
      return { uniqueName: tenant.applicationsByUniqueName, appId: tenant.applicationsByAppId }
    case 'servicePrincipal':
      return { appId: tenant.servicePrincipalsByAppId }
  }
}

/** True if the write may create what it does not find. */
export function mayCreate(request: GraphRequest): boolean {
  const preferences = request.headers.prefer?.split(',') ?? []
  return preferences.some(preference => preference.trim().toLowerCase() === 'create-if-missing')
}

/** An object with what it takes from others: a service principal shows its application. */
export function seen(tenant: Tenant, entity: Entity): Item {
  if (entity.appId === undefined || tenant.objects.servicePrincipal.get(entity.id) !== entity) return entity
  return withApplication(tenant, entity)
}

export function applicationOf(tenant: Tenant, servicePrincipal: Item): Entity | undefined {
  const id = tenant.applicationsByAppId.first(String(servicePrincipal.appId))
  return id === undefined ? undefined : tenant.objects.application.get(id)
}

export function appRolesOf(tenant: Tenant, servicePrincipal: Item): readonly Item[] {
  const application = applicationOf(tenant, servicePrincipal)
  return listOf((application ?? servicePrincipal).appRoles) as readonly Item[]
}

function withApplication(tenant: Tenant, principal: Entity): Item {
  const application = applicationOf(tenant, principal)
  const own: Item = application ?? {}
  const web = own.web as Item | undefined
  const union = (...lists: readonly unknown[]) => [...new Set(lists.flatMap(listOf))]
  return {
    ...principal,
    appDisplayName: own.displayName ?? principal.displayName,
    appRoles: appRolesOf(tenant, principal),
    tags: union(principal.tags, own.tags),
    servicePrincipalNames: union([principal.appId], own.identifierUris, principal.servicePrincipalNames),
    replyUrls: union(principal.replyUrls, web?.redirectUris),
    homepage: principal.homepage ?? web?.homePageUrl,
    signInAudience: own.signInAudience ?? principal.signInAudience,
    applicationTemplateId: own.applicationTemplateId ?? principal.applicationTemplateId,
  }
}

/** A list or view of one type. */
export function listingOf(
  tenant: Tenant,
  type: DirectoryType,
  ids: Iterable<string> | undefined,
  context?: string,
): Listing {
  return {
    type,
    items:
      ids === undefined
        ? seenAll(tenant, tenant.objects[type].values(), type)
        : seenAll(tenant, ofType(tenant, type, ids), type),
    context: context ?? collectionOf[type],
    expand: (item, expand) => expanded(tenant, item, expand),
  }
}

/** A list of objects of any type. */
export function mixedListing(tenant: Tenant, ids: Iterable<string>, context = 'directoryObjects'): Listing {
  return {
    type: 'directoryObject',
    items: (function* () {
      for (const entity of tenant.live(ids)) yield seen(tenant, entity)
    })(),
    context,
    typeOf: item => tenant.typeOf(String(item.id)) ?? 'directoryObject',
  }
}

function* ofType(tenant: Tenant, type: DirectoryType, ids: Iterable<string>): Generator<Entity> {
  for (const id of ids) {
    const found = tenant.objects[type].get(id)
    if (found !== undefined) yield found
  }
}

function seenAll(tenant: Tenant, entities: Iterable<Entity>, type: DirectoryType): Iterable<Item> {
  if (type !== 'servicePrincipal') return entities
  return (function* () {
    for (const entity of entities) yield withApplication(tenant, entity)
  })()
}

function expanded(tenant: Tenant, item: Item, { property, select }: Expand): unknown {
  const id = String(item.id)
  if (property === 'appRoleAssignedTo') {
    const assignments = assignmentsIn(tenant, tenant.assignmentsByResource.all(id))
    return [...assignments].slice(0, mostExpanded).map(assignment => project(assignment, 'appRoleAssignment', select))
  }
  const ids =
    property === 'manager'
      ? tenant.managers.from(id)
      : property === 'memberOf'
        ? tenant.members.to(id)
        : property === 'sponsors' || property === 'owners'
          ? tenant[property].from(id)
          : tenant.members.from(id)
  const views = [...tenant.live(ids)].slice(0, mostExpanded).map(entity => typed(tenant, entity, select))
  return property === 'manager' ? views[0] : views
}

/** One object of any type, with its type. */
export function typed(tenant: Tenant, entity: Entity, select?: readonly string[]): Item {
  const type = tenant.typeOf(entity.id) ?? 'directoryObject'
  return { '@odata.type': `#microsoft.graph.${type}`, ...project(seen(tenant, entity), type, select) }
}

/** Assignments whose principal and resource are both there, with their names. */
export function* assignmentsIn(tenant: Tenant, ids: Iterable<string>): Generator<Item> {
  for (const id of ids) {
    const assignment = tenant.assignments.get(id)
    const view = assignment === undefined ? undefined : assignmentView(tenant, assignment)
    if (view !== undefined) yield view
  }
}

export function assignmentView(tenant: Tenant, assignment: AppRoleAssignment): Item | undefined {
  const principal = tenant.find(assignment.principalId)
  const resource = tenant.objects.servicePrincipal.get(assignment.resourceId)
  if (principal === undefined || resource === undefined) return undefined
  const type = tenant.typeOf(principal.id) ?? ''
  return {
    ...assignment,
    principalType: type.charAt(0).toUpperCase() + type.slice(1),
    principalDisplayName: principal.displayName,
    resourceDisplayName: resource.displayName,
  }
}

export function answerCreated(tenant: Tenant, request: GraphRequest, type: DirectoryType, entity: Entity): Answer {
  return created(request, { type, context: collectionOf[type] }, seen(tenant, entity))
}

/** 409 for a key that another object has. */
export function keyInUse(message: string, details?: readonly ErrorDetail[]): GraphError {
  return new GraphError(409, 'Request_MultipleObjectsWithSameKeyValue', message, details)
}
