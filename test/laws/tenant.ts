// One sandbox with both planes, and the production Graph client in front of it over HTTP: what the laws run against.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectGraph, type GraphConnection } from '../../src/connect/graph/client.ts'
import { createSeen, type Seen } from '../../src/connect/graph/seen.ts'
import { applyPlan } from '../../src/engine/apply.ts'
import { makePlan, type Planned } from '../../src/engine/plan.ts'
import type { Directories, DirectoryReader, DirectoryWriter } from '../../src/model/directories.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { gatherMembers } from '../../src/resources/membership-sources.ts'
import { kinds } from '../../src/resources/registry.ts'
import { createDirectory, type SandboxDirectory } from '../../src/sandbox/directory/directory.ts'
import { syncAccounts } from '../../src/sandbox/entra-connect.ts'
import { dumpGraph } from '../../src/sandbox/graph/dump.ts'
import { seedGraph } from '../../src/sandbox/graph/seed.ts'
import { type GraphServer, serveGraph } from '../../src/sandbox/graph/server.ts'
import { openStore, type Store } from '../../src/sandbox/store.ts'
import { type Documents, filesOf } from './policies.ts'
import { directorySeed, graphSeed, type Start } from './world.ts'

export type Item = Readonly<Record<string, unknown>>

export interface Snapshot {
  readonly graph: Readonly<Record<string, readonly Item[]>>
  readonly directory: readonly {
    readonly dn: string
    readonly attributes: Readonly<Record<string, readonly string[]>>
  }[]
}

export interface Tenant {
  readonly store: Store
  readonly domain: Store
  readonly directory: SandboxDirectory
  /** The day it is, for the services and for what is written. */
  now: number
  readonly connection: () => GraphConnection
  /** How requests travel. */
  readonly fetch: typeof fetch
  readonly plan: (policy: ResolvedPolicy, seams?: Seams) => Promise<Planned>
  readonly apply: (
    planned: Planned,
    concurrency?: number,
    seams?: Seams<DirectoryWriter>,
  ) => Promise<readonly Outcome[]>
  readonly snapshot: () => Snapshot
  /** Called after every request that wrote something. */
  onWrite: (() => void) | undefined
  /** Both directories as they are now; calling it makes them so again. */
  readonly remember: () => () => void
  readonly close: () => Promise<void>
}

/** Where a test reaches in between. */
export interface Seams<Directory extends DirectoryReader = DirectoryReader> {
  readonly fetch?: typeof fetch
  readonly activeDirectory?: Directory
}

export interface Seeds {
  readonly graph: object
  readonly directory: string
}

export async function openTenant(start: Start, now: number): Promise<Tenant> {
  const tenant = await openSeeded({ graph: graphSeed(start, now), directory: directorySeed(start) }, now)
  if (start.synced !== 'not yet') sync(tenant, start.synced === 'as guests')
  return tenant
}

/** Entra Connect comes by. */
export function sync(tenant: Pick<Tenant, 'store' | 'directory' | 'now'>, withRule: boolean): void {
  syncAccounts({
    graph: tenant.store,
    clock: () => tenant.now,
    domain: 'corp.contoso.com',
    // Of the domain's units it takes in those of partners' own accounts.
    directory: tenant.directory.dump().filter(({ dn }) => !dn.startsWith('CN=') || /,OU=Accounts,/i.test(dn)),
    ...(withRule ? { rule: { attribute: 'extensionAttribute1', value: 'Guest' } } : {}),
  })
}

export async function openSeeded(seeds: Seeds, now: number): Promise<Tenant> {
  const time = { now }
  const clock = (): number => time.now
  let onWrite: (() => void) | undefined
  const store = telling(openStore(undefined, 'graph'), () => onWrite?.())
  const domain = telling(openStore(undefined, 'directory'), () => onWrite?.())
  seedGraph(store, seeds.graph)
  const directory = createDirectory({ store: domain, domain: 'corp.contoso.com', clock })
  directory.seed(seeds.directory, 'directory.ldif')
  const server: GraphServer = await serveGraph({ store, clock })
  const connection = (seams: Seams = {}, seen: Seen = createSeen()): GraphConnection => {
    // Waiting takes no time, and none passes: a run is one instant.
    const instant = { now: clock, random: () => 0, sleep: async () => undefined }
    const more = seams.fetch === undefined ? {} : { fetch: seams.fetch }
    return connectGraph({
      root: server.url,
      getToken: async () => 'token',
      clock: instant,
      lagDeadline: 5_000,
      seen,
      ...more,
    })
  }
  /** What each plan was made from: who applies it compares before it overwrites anything. */
  const sawFor = new WeakMap<Planned['observed'], Seen>()
  return {
    store,
    domain,
    directory,
    get onWrite() {
      return onWrite
    },
    set onWrite(listener) {
      onWrite = listener
    },
    remember() {
      const recalls = [store, domain].map(remembered)
      return () => {
        for (const recall of recalls) recall()
      }
    },
    get now() {
      return time.now
    },
    set now(value: number) {
      time.now = value
    },
    connection,
    fetch,
    plan: async (policy, seams = {}) => {
      const seen = createSeen()
      const entra = connection(seams, seen).reader()
      const planned = await planFrom(policy, { entra, activeDirectory: seams.activeDirectory ?? directory })
      sawFor.set(planned.observed, seen)
      return planned
    },
    apply: (planned, concurrency = 4, seams = {}) => {
      let random = 0
      return applyPlan({
        kinds,
        planned,
        to: {
          entra: connection(seams, sawFor.get(planned.observed)).writer(),
          activeDirectory: seams.activeDirectory ?? directory,
          randomBytes: count => Uint8Array.from({ length: count }, () => (random = (random * 31 + 17) % 251)),
          now: time.now,
        },
        concurrency,
        elapsed: () => 0,
      })
    },
    snapshot: () => structuredClone({ graph: dumpGraph(store), directory: directory.dump() }) as Snapshot,
    close: () => server.close(),
  }
}

/** A store that tells of every request that changed it, once it is through. */
function telling(store: Store, tell: () => void): Store {
  let changed = false
  let depth = 0
  store.watch(() => {
    changed = true
  })
  return {
    ...store,
    atomically(action) {
      depth += 1
      try {
        return store.atomically(action)
      } finally {
        depth -= 1
        if (depth === 0 && changed) {
          changed = false
          tell()
        }
      }
    },
  }
}

/** Items are never changed in place, so that holding them is a copy; indexes follow what is put back. */
function remembered(store: Store): () => void {
  const then = new Map(
    store.names().map(name => {
      const items = store.collection(name)
      return [name, new Map([...items.keys()].map(id => [id, items.get(id)]))] as const
    }),
  )
  return () => {
    for (const name of new Set([...store.names(), ...then.keys()])) {
      const items = store.collection(name)
      const before = then.get(name)
      for (const id of [...items.keys()]) if (before?.has(id) !== true) items.delete(id)
      for (const [id, item] of before ?? []) if (item !== undefined && items.get(id) !== item) items.put(id, item)
    }
  }
}

export async function planFrom(written: ResolvedPolicy, from: Directories): Promise<Planned> {
  const { policy, findings } = await gatherMembers(written, from)
  return makePlan({ kinds, policy, from, folder: 'policies/', findings, version: '0.0.0', createdAt: 0 })
}

/** The policy as it is read from files, as of a day. A generated policy with a mistake in it is a mistake of the test. */
export async function resolve(documents: Documents, at: number): Promise<ResolvedPolicy> {
  return resolveFiles(filesOf(documents), at)
}

export async function resolveFiles(files: ReadonlyMap<string, string>, at: number): Promise<ResolvedPolicy> {
  const folder = mkdtempSync(join(tmpdir(), 'guestlist-laws-'))
  try {
    for (const [name, text] of files) writeFileSync(join(folder, name), text)
    const { policy, problems } = await loadPolicy(folder, at)
    if (policy === undefined) {
      const errors = problems.filter(problem => problem.severity === 'error')
      throw new Error(`a generated policy is refused: ${JSON.stringify(errors.slice(0, 3))}`)
    }
    return policy
  } finally {
    rmSync(folder, { recursive: true })
  }
}
