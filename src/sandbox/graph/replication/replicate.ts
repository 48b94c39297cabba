// Eventual consistency, as the layer next to the tenant: writes go to the primary store and reach each replica when they
// may; reads are answered by one replica or another, lists by slower ones, and writes are checked by a replica, too.
// Which replica answers depends on the seed, the request and how often it was asked. Source of the behaviour: Microsoft
// identity blog, "Designing for eventual consistency for Microsoft Entra", 2026-03-24; the figures are in lag.ts.

import type { Store } from '../../store.ts'
import type { GraphRequest } from '../request.ts'
import type { Layer } from '../server.ts'
import { type Entity, openTenant } from '../tenant.ts'
import { chance, delayOf, type Lag, longestDelay } from './lag.ts'
import { isOfOneObject, isRead, marked, withoutMark } from './reads.ts'
import { appIdToBe, refusalBy, tooNew } from './refuse.ts'
import { type ObjectChange, openReplica, type Replica } from './replica.ts'

export interface ReplicationOptions {
  /** The primary, seeded: what it has now is everywhere. */
  readonly store: Store
  /** The tenant's. */
  readonly clock: () => number
  /** The milliseconds by which lag is measured. */
  readonly elapsed: () => number
  readonly seed: string
  readonly lag: Lag
  /** How many answer for single objects, and how many for lists. */
  readonly replicas?: number
}

export interface Replication {
  readonly layer: Layer
  /** No write takes more milliseconds than this until it is everywhere. */
  readonly longest: number
  /** True once every replica has everything. */
  isSettled(): boolean
  /** Makes it consistent at once. */
  settle(): void
}

/** Lists, filters, counts and members: this many times the usual lag. */
const indexSlowness = 4

export function replicate(options: ReplicationOptions): Replication {
  const { store, clock, elapsed, seed, lag, replicas: count = 3 } = options
  const primary = openTenant(store, clock)
  const open = () => Array.from({ length: count }, () => openReplica(store, clock))
  const [objects, index] = [open(), open()]
  const everyone = [...objects, ...index]
  const [objectDelay, indexDelay] = [delayOf(lag, seed), delayOf(lag, seed, indexSlowness)]

  /** Of each object that was written since the last request: when, and what it was. */
  const touched = new Map<string, { at: number; readonly before: Map<string, object | undefined> }>()
  const versions = new Map<string, number>()
  const asked = new Map<string, number>()
  /** When new applications may get a service principal, by `appId`. */
  const usable = new Map<string, number>()

  store.watch(({ collection, id, before }) => {
    if (collection === 'tenant') return
    const object = touched.get(id) ?? { at: 0, before: new Map() }
    object.at = elapsed()
    if (!object.before.has(collection)) object.before.set(collection, before)
    touched.set(id, object)
  })

  /** Sends off what was written. Not before the next request, for a write that fails is undone. */
  function publish(): void {
    for (const [id, { at, before }] of touched) {
      const parts = [...before]
        .map(([collection, was]) => ({ collection, was, item: store.collection(collection).get(id) }))
        .filter(({ was, item }) => was !== item)
      if (parts.length === 0) continue
      const version = (versions.get(id) ?? 0) + 1
      versions.set(id, version)
      const change: ObjectChange = { id, parts: parts.map(({ collection, item }) => ({ collection, item })) }
      for (const [number, replica] of everyone.entries()) {
        const delay = number < count ? objectDelay : indexDelay
        replica.expect(change, at + delay(number, id, version))
      }
      const fresh = parts.find(({ collection, was }) => collection === 'applications' && was === undefined)
      const appId = (fresh?.item as Entity | undefined)?.appId
      if (appId !== undefined) usable.set(String(appId).toLowerCase(), at + objectDelay('appId', id, version))
    }
    touched.clear()
  }

  function turnOf({ method, path }: GraphRequest): number {
    const name = `${method} ${path}`
    const turn = asked.get(name) ?? 0
    asked.set(name, turn + 1)
    return turn
  }

  function check(request: GraphRequest, replica: Replica, turn: number, now: number): void {
    const appId = appIdToBe(request, primary)
    if (appId !== undefined && (usable.get(appId) ?? now) > now) throw tooNew(appId, turn)
    const refusal = refusalBy({ request, primary, replica: replica.tenant, turn })
    if (refusal !== undefined) throw refusal
  }

  return {
    layer: (request, next) => {
      publish()
      const now = elapsed()
      const turn = turnOf(request)
      const chosen = Math.floor(chance(seed, request.method, request.path, turn) * count)
      if (isRead(request)) {
        if (isOfOneObject(request)) return answerOf(objects, chosen, now)(request)
        const { number = chosen, asGiven } = withoutMark(request)
        return marked(answerOf(index, number % count, now)(asGiven), number % count)
      }
      const replica = objects[chosen] as Replica
      replica.catchUp(now)
      check(request, replica, turn, now)
      return next(request)
    },
    longest: Math.max(longestDelay(lag), longestDelay(lag, indexSlowness)),
    isSettled: () => {
      publish()
      const now = elapsed()
      for (const replica of everyone) replica.catchUp(now)
      return everyone.every(({ pending }) => pending === 0) && usable.values().every(at => at <= now)
    },
    settle: () => {
      publish()
      for (const replica of everyone) replica.catchUp(Number.POSITIVE_INFINITY)
      usable.clear()
    },
  }
}

function answerOf(replicas: readonly Replica[], number: number, now: number): Replica['router'] {
  const replica = replicas[number] as Replica
  replica.catchUp(now)
  return replica.router
}
