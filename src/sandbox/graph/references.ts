// Relations between directory objects: listing them, and adding and removing references, for members, owners, sponsors.

import { badRequest, notFound } from './errors.ts'
import type { Links } from './indexes.ts'
import { listingOf, locate, mixedListing } from './objects.ts'
import { countItems, listPage } from './page.ts'
import { type GraphRequest, isGuid, type Key, noContent, ok, type Route, referenceOf } from './request.ts'
import { collectionOf, type DirectoryType, type Entity, type Tenant } from './tenant.ts'

/** Reading a relation: the list, one type of it, and the counts. */
export function relationRoutes(
  tenant: Tenant,
  type: DirectoryType,
  name: string,
  idsOf: (entity: Entity, request: GraphRequest) => Iterable<string>,
  casts: readonly DirectoryType[],
): readonly Route[] {
  const path = `/${collectionOf[type]}/{}/${name}`
  const ids = (request: GraphRequest, key: Key | undefined) => idsOf(locate(tenant, type, need(key)), request)
  return [
    {
      method: 'GET',
      pattern: path,
      handle: (request, key) => listPage(request, mixedListing(tenant, ids(request, key))),
    },
    {
      method: 'GET',
      pattern: `${path}/$count`,
      handle: (request, key) => countItems(request, mixedListing(tenant, ids(request, key))),
    },
    ...casts.flatMap((cast): readonly Route[] => [
      {
        method: 'GET',
        pattern: `${path}/microsoft.graph.${cast}`,
        handle: (request, key) => listPage(request, listingOf(tenant, cast, ids(request, key))),
      },
      {
        method: 'GET',
        pattern: `${path}/microsoft.graph.${cast}/$count`,
        handle: (request, key) => countItems(request, listingOf(tenant, cast, ids(request, key))),
      },
    ]),
  ]
}

export interface ReferenceRules {
  readonly accepts: readonly DirectoryType[]
  readonly most?: number
  /** Refuses changes of this holder's relation. */
  readonly guard?: (holder: Entity) => void
}

/** Writing a relation: `POST …/$ref` and `DELETE …/{id}/$ref`. */
export function referenceRoutes(
  tenant: Tenant,
  type: DirectoryType,
  name: 'members' | 'owners' | 'sponsors',
  rules: ReferenceRules,
): readonly Route[] {
  const path = `/${collectionOf[type]}/{}/${name}`
  const links = tenant[name]
  return [
    {
      method: 'GET',
      pattern: `${path}/$ref`,
      handle: (request, key) => {
        const holder = locate(tenant, type, need(key))
        const value = [...tenant.live(links.from(holder.id))].map(({ id }) => ({
          '@odata.id': `${request.root}/directoryObjects/${id}`,
        }))
        return ok({ '@odata.context': `${request.root}/$metadata#Collection($ref)`, value })
      },
    },
    {
      method: 'POST',
      pattern: `${path}/$ref`,
      handle: (request, key) => {
        const holder = locate(tenant, type, need(key))
        rules.guard?.(holder)
        addReferences(tenant, links, name, holder, [referenceOf(request)], rules)
        return noContent
      },
    },
    {
      method: 'DELETE',
      pattern: `${path}/{}/$ref`,
      handle: (_request, key, reference) => {
        const holder = locate(tenant, type, need(key))
        rules.guard?.(holder)
        const id = need(reference).value.toLowerCase()
        if (!isGuid(id)) throw badRequest(`Invalid object identifier '${id}'.`)
        if (tenant.find(id) === undefined || !links.remove(holder.id, id)) throw notFound(id)
        return noContent
      },
    },
  ]
}

/** Refuses all if it refuses one. */
export function addReferences(
  tenant: Tenant,
  links: Links,
  name: string,
  holder: { readonly id: string },
  ids: readonly string[],
  { accepts, most }: ReferenceRules,
): void {
  for (const [index, id] of ids.entries()) {
    if (!isGuid(id)) throw badRequest(`Invalid object identifier '${id}'.`)
    const type = tenant.typeOf(id)
    if (type === undefined) throw notFound(id)
    if (!accepts.includes(type)) throw badRequest('Unsupported resource type for the operation.')
    if (ids.indexOf(id) !== index) throw badRequest('Request contains a property with duplicate values.')
    if (links.has(holder.id, id)) {
      throw badRequest(
        `One or more added object references already exist for the following modified properties: '${name}'.`,
      )
    }
  }
  if (most !== undefined && links.from(holder.id).size + ids.length > most) {
    throw badRequest(`The number of '${name}' cannot exceed ${most}.`)
  }
  for (const id of ids) links.add(holder.id, id)
}

/** A key that the route's pattern holds. */
export function need(key: Key | undefined): Key {
  if (key === undefined) throw new Error('the route has no such key')
  return key
}
