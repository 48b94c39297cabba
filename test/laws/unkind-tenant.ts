// A tenant as its services are on a bad day: the same contents, asked over a service that lags, throttles and fails, on a clock
// on which time passes only when all wait. Each connection is one run of the program.

import type { Connection } from '../../src/cli/connect.ts'
import { connectGraph, type GraphConnection } from '../../src/connect/graph/client.ts'
import { createSeen, type Seen } from '../../src/connect/graph/seen.ts'
import { connectStreams } from '../../src/connect/ldap/connection.ts'
import { applyPlan } from '../../src/engine/apply.ts'
import type { Planned } from '../../src/engine/plan.ts'
import type { DirectoryWriter, DirectoryWriters } from '../../src/model/directories.ts'
import { kinds } from '../../src/resources/registry.ts'
import { type Conditions, directoryFaultsOf, imposeOn } from '../../src/sandbox/conditions.ts'
import { serveDirectory } from '../../src/sandbox/directory/controllers.ts'
import { serveGraph } from '../../src/sandbox/graph/server.ts'
import { createVirtualClock } from '../../src/sandbox/virtual-clock.ts'
import { chance } from './interleaving.ts'
import { planFrom, type Seams, type Tenant } from './tenant.ts'

export interface Unkind extends Tenant {
  /** Milliseconds that have passed for the services. */
  readonly passed: () => number
  /** For how long at the most a write may stay unseen. */
  readonly longestLag: number
  /** Another connection of this run, for a lease. */
  readonly beside: Connection['beside']
  readonly clock: Connection['clock']
  /** How often what went wrong. */
  readonly faults: () => ReadonlyMap<string, number>
}

/** Of every answer: about what Graph takes. */
const latency = 100
/** Longer than any lag, and than all that a request is tried: no plan and no apply takes so long. */
const longest = 6 * 3_600_000

export async function unkindly(tenant: Tenant, conditions: Conditions): Promise<Unkind> {
  const began = tenant.now
  const time = createVirtualClock(began)
  const draw = chance(conditions.seed)
  const clock = { now: time.now, sleep: time.sleep, timeout: time.timeout, random: () => draw(1_000_000) / 1_000_000 }
  const { store, directory, domain } = tenant
  const imposed = imposeOn({ store, clock: time.now, elapsed: time.now, hold: time.hold }, conditions)
  const { layers, delivery } = imposed
  const server = await serveGraph({ store, clock: time.now, latency, hold: time.hold, layers, delivery })
  const faults = directoryFaultsOf(conditions)
  const controllers =
    faults === undefined
      ? undefined
      : serveDirectory({ directory, domain: 'corp.contoso.com', store: domain, stamp: time.now, faults, clock: time })
  const bind = { dn: 'sandbox', password: 'sandbox' }
  const overLdap = controllers === undefined ? undefined : connectStreams({ servers: controllers.servers, bind, clock })
  const activeDirectory: DirectoryWriter = overLdap?.writer() ?? directory
  const watched = time.watch(fetch)

  const connect = (seams: Seams, seen: Seen): GraphConnection =>
    connectGraph({
      root: server.url,
      getToken: async () => 'token',
      clock,
      fetch: seams.fetch ?? watched,
      paced: conditions.quota !== undefined,
      seen,
    })
  const sawFor = new WeakMap<Planned['observed'], Seen>()

  /** Rejects, too, when there is nothing left that could ever happen. */
  const ending = async <Result>(work: Promise<Result>): Promise<Result> => {
    const limit = time.timeout(longest)
    const over = new Promise<never>((_, reject) => {
      limit.signal.addEventListener('abort', () => reject(new Error('not at an end after six hours')))
    })
    try {
      return await Promise.race([work, over])
    } finally {
      limit.end()
    }
  }

  const own: Omit<Unkind, keyof Tenant> & Pick<Tenant, 'fetch' | 'plan' | 'apply' | 'close'> = {
    fetch: watched,
    passed: () => time.now() - began,
    clock,
    longestLag: imposed.longestLag,
    faults: () => imposed.tally().faults,
    beside: () => {
      const graph = connect({}, createSeen())
      return { from: { entra: graph.reader() }, entra: graph.writer() }
    },
    plan: async (policy, seams = {}) => {
      const seen = createSeen()
      const from = { entra: connect(seams, seen).reader(), activeDirectory: seams.activeDirectory ?? activeDirectory }
      const planned = await ending(planFrom(policy, from))
      sawFor.set(planned.observed, seen)
      return planned
    },
    apply: (planned, concurrency = 200, seams = {}) => {
      let random = 0
      const graph = connect(seams, sawFor.get(planned.observed) ?? createSeen())
      const rest: Omit<DirectoryWriters, 'entra'> = {
        activeDirectory: seams.activeDirectory ?? activeDirectory,
        randomBytes: count => Uint8Array.from({ length: count }, () => (random = (random * 31 + 17) % 251)),
        now: tenant.now,
      }
      const to = {
        ...rest,
        entra: graph.writer(),
        forChange: (turn: Parameters<GraphConnection['writer']>[0]) => ({ ...rest, entra: graph.writer(turn) }),
      }
      return ending(applyPlan({ kinds, planned, to, concurrency, elapsed: time.now }))
    },
    close: async () => {
      await overLdap?.close()
      controllers?.close()
      await server.close()
    },
  }
  // What is not said here is the tenant's, its setters as well.
  return Object.assign(Object.create(tenant) as Tenant, own)
}
