// App-role assignments: who may use an application in which role. Written on the resource's side or the principal's.

import { badRequest, GraphError, notFound } from './errors.ts'
import { assignmentId } from './ids.ts'
import type { Item } from './match.ts'
import { appRolesOf, assignmentsIn, assignmentView, locate } from './objects.ts'
import { countItems, created, type Listing, listPage, single } from './page.ts'
import { need } from './references.ts'
import { bodyOf, type GraphRequest, isGuid, type Key, noContent, type Route } from './request.ts'
import { type AppRoleAssignment, collectionOf, type DirectoryType, listOf, type Tenant } from './tenant.ts'

const defaultAccess = '00000000-0000-0000-0000-000000000000'
const mostPerPrincipal = 1500

export function assignmentRoutes(tenant: Tenant): readonly Route[] {
  return [
    ...sideRoutes(tenant, 'servicePrincipal', 'appRoleAssignedTo', 'resourceId'),
    ...sideRoutes(tenant, 'servicePrincipal', 'appRoleAssignments', 'principalId'),
    ...sideRoutes(tenant, 'user', 'appRoleAssignments', 'principalId'),
    ...sideRoutes(tenant, 'group', 'appRoleAssignments', 'principalId'),
  ]
}

type Side = 'resourceId' | 'principalId'

function sideRoutes(tenant: Tenant, type: DirectoryType, name: string, side: Side): readonly Route[] {
  const pattern = `/${collectionOf[type]}/{}/${name}`
  const index = side === 'resourceId' ? tenant.assignmentsByResource : tenant.assignmentsByPrincipal
  const listing = (items: Iterable<Item>): Listing => ({
    type: 'appRoleAssignment',
    items,
    context: 'appRoleAssignments',
  })

  function assignmentsOf(key: Key | undefined): Listing {
    return listing(assignmentsIn(tenant, index.all(locate(tenant, type, need(key)).id)))
  }

  function one(holderKey: Key | undefined, key: Key | undefined): AppRoleAssignment {
    const holder = locate(tenant, type, need(holderKey))
    const assignment = tenant.assignments.get(need(key).value)
    if (
      assignment === undefined ||
      assignment[side] !== holder.id ||
      assignmentView(tenant, assignment) === undefined
    ) {
      throw notFound(need(key).value)
    }
    return assignment
  }

  return [
    { method: 'GET', pattern, handle: (request, key) => listPage(request, assignmentsOf(key)) },
    { method: 'GET', pattern: `${pattern}/$count`, handle: (request, key) => countItems(request, assignmentsOf(key)) },
    {
      method: 'POST',
      pattern,
      handle: (request, key) => {
        const assignment = assign(tenant, request, locate(tenant, type, need(key)).id, side)
        return created(request, listing([]), assignmentView(tenant, assignment) ?? assignment)
      },
    },
    {
      method: 'GET',
      pattern: `${pattern}/{}`,
      handle: (request, holder, key) => {
        const assignment = one(holder, key)
        return single(request, listing([]), assignmentView(tenant, assignment) ?? assignment)
      },
    },
    {
      method: 'DELETE',
      pattern: `${pattern}/{}`,
      handle: (_request, holder, key) => {
        tenant.assignments.delete(one(holder, key).id)
        return noContent
      },
    },
  ]
}

function assign(tenant: Tenant, request: GraphRequest, holderId: string, side: Side): AppRoleAssignment {
  const body = bodyOf(request)
  const known = [
    'principalId',
    'resourceId',
    'appRoleId',
    '@odata.type',
    'principalType',
    'principalDisplayName',
    'resourceDisplayName',
  ]
  const unknown = Object.keys(body).find(name => !known.includes(name))
  if (unknown !== undefined) throw badRequest(`Invalid property '${unknown}'.`)
  const principalId = guidOf(body, 'principalId')
  const resourceId = guidOf(body, 'resourceId')
  const appRoleId = guidOf(body, 'appRoleId')

  const types = { principal: tenant.typeOf(principalId), resource: tenant.typeOf(resourceId) }
  if (types.principal === undefined) throw notFound(principalId)
  if (types.resource === undefined) throw notFound(resourceId)
  const isSwapped = types.resource !== 'servicePrincipal' || types.principal === 'application'
  if (isSwapped || (side === 'resourceId' ? resourceId : principalId) !== holderId)
    throw badRequest('Not a valid reference update.')

  requireRole(tenant, resourceId, appRoleId, types.principal)
  const own = [...tenant.assignmentsByPrincipal.all(principalId)].map(id => tenant.assignments.get(id))
  if (own.some(existing => existing?.resourceId === resourceId && existing.appRoleId === appRoleId)) {
    throw badRequest('Permission being assigned already exists on the object')
  }
  if (own.length >= mostPerPrincipal) {
    throw new GraphError(403, 'Directory_ResourceSizeExceeded', 'The size of the object has exceeded its limit.')
  }
  const id = assignmentId(principalId, resourceId, appRoleId, tenant.newId())
  const assignment: AppRoleAssignment = {
    id,
    principalId,
    resourceId,
    appRoleId,
    createdDateTime: tenant.timestamp(),
  }
  tenant.assignments.put(id, assignment)
  return assignment
}

function guidOf(body: Item, property: string): string {
  const value = body[property]
  if (value === undefined || value === null)
    throw badRequest(`A value is required for property '${property}' of resource 'AppRoleAssignment'.`)
  if (!isGuid(value)) throw badRequest(`Cannot convert the literal '${String(value)}' to the expected type 'Edm.Guid'.`)
  return value.toLowerCase()
}

// Default access exists only where the application declares no roles of its own.
function requireRole(tenant: Tenant, resourceId: string, appRoleId: string, principal: DirectoryType): void {
  const resource = tenant.need(resourceId)
  const roles = appRolesOf(tenant, resource)
  const kind = principal === 'servicePrincipal' ? 'Application' : 'User'
  const isThere =
    appRoleId === defaultAccess
      ? roles.length === 0
      : roles.some(
          role =>
            String(role.id).toLowerCase() === appRoleId &&
            role.isEnabled === true &&
            listOf(role.allowedMemberTypes).includes(kind),
        )
  if (!isThere) throw badRequest('Permission being assigned was not found on application')
}
