// A copy of the tenant that learns of each change after a while. It shares the primary's items, for they are never changed
// in place, and has collections, indexes and a router of its own.

import { openStore, type Store } from '../../store.ts'
import { withPermissions } from '../permissions.ts'
import { type Router, routerOf } from '../router.ts'
import { routesOf } from '../server.ts'
import { openTenant, type Tenant } from '../tenant.ts'
import { createDue } from './due.ts'

/** What became of one object, in every collection that holds something under its id. */
export interface ObjectChange {
  readonly id: string
  readonly parts: readonly { readonly collection: string; readonly item: object | undefined }[]
}

export interface Replica {
  readonly tenant: Tenant
  readonly router: Router
  /** The change will be here at that time, and never before an earlier one of the same object. */
  expect(change: ObjectChange, at: number): void
  /** Makes the changes that are due. */
  catchUp(now: number): void
  /** Changes that are yet to come. */
  readonly pending: number
}

/** Knows at once what the primary has now. */
export function openReplica(primary: Store, clock: () => number): Replica {
  const store = openStore(undefined, 'replica')
  for (const name of primary.names()) {
    const [from, to] = [primary.collection(name), store.collection(name)]
    for (const id of from.keys()) to.put(id, from.get(id) as object)
  }
  const tenant = openTenant(store, clock)
  const due = createDue<{ readonly change: ObjectChange; readonly at: number }>()
  /** When the latest change of an object is due. */
  const latest = new Map<string, number>()
  return {
    tenant,
    router: withPermissions(tenant, routerOf(routesOf(tenant))),
    expect: (change, at) => {
      const when = Math.max(at, latest.get(change.id) ?? at)
      latest.set(change.id, when)
      due.add(when, { change, at: when })
    },
    catchUp: now => {
      for (let next = due.take(now); next !== undefined; next = due.take(now)) {
        const { id, parts } = next.change
        for (const { collection, item } of parts) {
          if (item === undefined) store.collection(collection).delete(id)
          else store.collection(collection).put(id, item)
        }
        if (latest.get(id) === next.at) latest.delete(id)
      }
    },
    get pending() {
      return due.size
    },
  }
}
