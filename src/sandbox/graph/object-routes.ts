// What every collection of directory objects answers alike: lists and counts, one by its key, making, changing, deleting.

import { softDelete } from './deletion.ts'
import { notFound } from './errors.ts'
import { answerCreated, idOf, listingOf, locate, mayCreate, seen } from './objects.ts'
import { countItems, listPage, single } from './page.ts'
import { need } from './references.ts'
import { type GraphRequest, noContent, type Route } from './request.ts'
import { collectionOf, type DirectoryType, type Entity, type Tenant } from './tenant.ts'

interface Writing {
  /** Makes one from the body and keeps it; `key` is the alternate key's value if it was named by that. */
  readonly create: (request: GraphRequest, key: string | undefined) => Entity
  /** Changes one as the body says. */
  readonly change: (request: GraphRequest, found: Entity) => void
  /** The alternate key by which a PATCH may create what it does not find. */
  readonly upsertBy?: string
}

export function objectRoutes(
  tenant: Tenant,
  type: DirectoryType,
  { create, change, upsertBy }: Writing,
): readonly Route[] {
  const objects = tenant.objects[type]
  const path = `/${collectionOf[type]}`
  return [
    { method: 'GET', pattern: path, handle: request => listPage(request, listingOf(tenant, type, undefined)) },
    {
      method: 'GET',
      pattern: `${path}/$count`,
      handle: request => countItems(request, listingOf(tenant, type, undefined)),
    },
    {
      method: 'GET',
      pattern: `${path}/{}`,
      handle: (request, key) =>
        single(request, listingOf(tenant, type, []), seen(tenant, locate(tenant, type, need(key)))),
    },
    {
      method: 'POST',
      pattern: path,
      handle: request => answerCreated(tenant, request, type, create(request, undefined)),
    },
    {
      method: 'PATCH',
      pattern: `${path}/{}`,
      handle: (request, key) => {
        const named = need(key)
        const id = idOf(tenant, type, named)
        const found = id === undefined ? undefined : objects.get(id)
        if (found === undefined && named.name !== undefined && named.name === upsertBy && mayCreate(request))
          return answerCreated(tenant, request, type, create(request, named.value))
        if (found === undefined) throw notFound(named.value)
        change(request, found)
        return noContent
      },
    },
    {
      method: 'DELETE',
      pattern: `${path}/{}`,
      handle: (_request, key) => {
        softDelete(tenant, type, locate(tenant, type, need(key)))
        return noContent
      },
    },
  ]
}
