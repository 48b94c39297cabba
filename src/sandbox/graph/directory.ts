// The rest of the directory: objects by their ids, the organization and its domains.

import { badRequest, malformed, notFound } from './errors.ts'
import type { Item } from './match.ts'
import { typed } from './objects.ts'
import { type Listing, listPage, single } from './page.ts'
import { need } from './references.ts'
import { bodyOf, contextOf, type GraphRequest, isGuid, type Key, ok, type Route } from './request.ts'
import type { Entity, Tenant } from './tenant.ts'

const mostIds = 1000

export function directoryRoutes(tenant: Tenant): readonly Route[] {
  function organization(): Listing {
    const { tenantId, displayName, initialDomain } = tenant.settings
    const item: Item = {
      id: tenantId,
      displayName: displayName ?? initialDomain,
      tenantType: 'AAD',
      verifiedDomains: tenant.domains.map((name, index) => ({
        capabilities: 'Email, OfficeCommunicationsOnline',
        name,
        type: 'Managed',
        isInitial: index === 0,
        isDefault: index === Math.min(1, tenant.domains.length - 1),
      })),
    }
    return { type: 'organization', items: [item], context: 'organization' }
  }

  function domains(): Listing {
    const items = tenant.domains.map((id, index) => ({
      id,
      authenticationType: 'Managed',
      isAdminManaged: true,
      isDefault: index === Math.min(1, tenant.domains.length - 1),
      isInitial: index === 0,
      isRoot: true,
      isVerified: true,
      supportedServices: ['Email'],
    }))
    return { type: 'domain', items, context: 'domains' }
  }

  function one(request: GraphRequest, listing: Listing, key: Key | undefined) {
    const id = need(key).value.toLowerCase()
    const found = [...listing.items].find(item => item.id === id)
    if (found === undefined) throw notFound(id)
    return single(request, listing, found)
  }

  return [
    { method: 'GET', pattern: '/organization', handle: request => listPage(request, organization()) },
    { method: 'GET', pattern: '/organization/{}', handle: (request, key) => one(request, organization(), key) },
    { method: 'GET', pattern: '/domains', handle: request => listPage(request, domains()) },
    { method: 'GET', pattern: '/domains/{}', handle: (request, key) => one(request, domains(), key) },
    {
      method: 'GET',
      pattern: '/directoryObjects/{}',
      handle: (request, key) => {
        const object = tenant.need(objectId(need(key).value))
        return ok({
          ...contextOf(request, 'directoryObjects/$entity'),
          ...typed(tenant, object, request.options.get('$select')?.split(',')),
        })
      },
    },
    { method: 'POST', pattern: '/directoryObjects/getByIds', handle: request => getByIds(tenant, request) },
  ]
}

function getByIds(tenant: Tenant, request: GraphRequest) {
  const { ids, types, ...others } = bodyOf(request)
  const unknown = Object.keys(others)[0]
  if (unknown !== undefined)
    throw malformed(
      `The parameter '${unknown}' in the request payload is not a valid parameter for the operation 'getByIds'.`,
    )
  if (!Array.isArray(ids) || ids.length === 0) throw badRequest("The parameter 'ids' is required.")
  if (ids.length > mostIds) throw badRequest(`The number of ids cannot exceed ${mostIds}.`)
  if (types !== undefined && !Array.isArray(types)) throw badRequest("The parameter 'types' must be a collection.")
  const wanted: readonly unknown[] | undefined = types
  const isWanted = (entity: Entity) =>
    wanted === undefined || wanted.includes('directoryObject') || wanted.includes(tenant.typeOf(entity.id))
  const select = request.options.get('$select')?.split(',')
  const found = [...tenant.live(new Set(ids.map(objectId)))].filter(isWanted)
  return ok({ ...contextOf(request, 'directoryObjects'), value: found.map(entity => typed(tenant, entity, select)) })
}

function objectId(id: unknown): string {
  if (!isGuid(id)) throw badRequest(`Invalid object identifier '${String(id)}'.`)
  return id.toLowerCase()
}
