// Deleted objects, for 30 days: listed by type, restored, or deleted for good.

import { deletable, deletedType, purge, restore } from './deletion.ts'
import { badRequest, notFound } from './errors.ts'
import { typed } from './objects.ts'
import { countItems, type Listing, listPage, project } from './page.ts'
import { need } from './references.ts'
import { bodyOf, contextOf, isGuid, type Key, noContent, ok, type Route } from './request.ts'
import type { DirectoryType, Entity, Tenant } from './tenant.ts'

export function deletedItemRoutes(tenant: Tenant): readonly Route[] {
  const root = '/directory/deletedItems'

  function locateDeleted(key: Key | undefined): Entity {
    const id = need(key).value.toLowerCase()
    if (!isGuid(id)) throw badRequest(`Invalid object identifier '${id}'.`)
    const found = tenant.deleted.get(id)
    if (found === undefined || !tenant.isRecoverable(found)) throw notFound(id)
    return found
  }

  function listing(type: DirectoryType): Listing {
    const items = [...tenant.deleted.values()].filter(item => deletedType(item) === type && tenant.isRecoverable(item))
    return { type, items, context: 'directoryObjects' }
  }

  return [
    ...deletable.flatMap((type): readonly Route[] => [
      {
        method: 'GET',
        pattern: `${root}/microsoft.graph.${type}`,
        handle: request => listPage(request, listing(type)),
      },
      {
        method: 'GET',
        pattern: `${root}/microsoft.graph.${type}/$count`,
        handle: request => countItems(request, listing(type)),
      },
    ]),
    {
      method: 'GET',
      pattern: `${root}/{}`,
      handle: (request, key) => {
        const item = locateDeleted(key)
        const type = deletedType(item)
        const select = request.options.get('$select')?.split(',')
        return ok({
          ...contextOf(request, 'directoryObjects/$entity'),
          '@odata.type': `#microsoft.graph.${type}`,
          ...project(item, type, select),
        })
      },
    },
    {
      method: 'POST',
      pattern: `${root}/{}/restore`,
      handle: (request, key) => {
        const {
          newUserPrincipalName: newName,
          autoReconcileProxyConflict: _flag,
          ...others
        } = request.body === undefined ? {} : bodyOf(request)
        const unknown = Object.keys(others)[0]
        if (unknown !== undefined) throw badRequest(`Invalid property '${unknown}'.`)
        const restored = restore(tenant, locateDeleted(key), typeof newName === 'string' ? newName : undefined)
        return ok({ ...contextOf(request, 'directoryObjects/$entity'), ...typed(tenant, restored) })
      },
    },
    {
      method: 'DELETE',
      pattern: `${root}/{}`,
      handle: (_request, key) => {
        purge(tenant, locateDeleted(key))
        return noContent
      },
    },
  ]
}
