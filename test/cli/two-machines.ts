// A tenant at which several machines apply, each with a host of its own, in a time that passes only when all of them wait.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Host } from '../../src/cli/host.ts'
import { connectGraph } from '../../src/connect/graph/client.ts'
import type { GraphWriter } from '../../src/model/directories.ts'
import { leaseMark } from '../../src/resources/mark.ts'
import { dumpGraph } from '../../src/sandbox/graph/dump.ts'
import type { Lag } from '../../src/sandbox/graph/replication/lag.ts'
import { replicate } from '../../src/sandbox/graph/replication/replicate.ts'
import { seedGraph } from '../../src/sandbox/graph/seed.ts'
import { type Delivery, type Layer, serveGraph } from '../../src/sandbox/graph/server.ts'
import { openStore, type Store } from '../../src/sandbox/store.ts'
import { createVirtualClock, type VirtualClock } from '../../src/sandbox/virtual-clock.ts'
import { accessTo, expensesWith, fabrikamWith, small, smallAppId, smallOrganization } from '../policy/documents.ts'
import { emptyFolder } from '../stories/guestlist.ts'
import { command, type Heard, hostOf } from './fake-host.ts'

export const start = Date.parse('2026-12-01T09:00:00Z')
export const minute = 60_000

const organization = [smallOrganization, expensesWith('', smallAppId), accessTo('expenses')].join('---\n')

function partner(people: readonly string[]): string {
  return fabrikamWith(`groups: {engineers: {members: [${people.join(', ')}]}}\n`)
}

export interface Machine {
  readonly host: Host
  readonly run: (...args: readonly string[]) => Promise<Heard>
  /** Asks nobody. */
  readonly apply: () => Promise<Heard>
  /** Who is in the partner's group by this machine's policy. */
  readonly people: (...addresses: readonly string[]) => void
  /** Ctrl-C. */
  readonly interrupt: () => void
}

export interface Place {
  readonly time: VirtualClock
  readonly store: Store
  readonly writer: () => GraphWriter
  readonly machine: (name: string, over?: Partial<Host>) => Machine
  /** Called with every request that is carried out. */
  onRequest: ((method: string, path: string) => void) | undefined
  /** Makes the group that says so of an apply. */
  readonly leave: (lease: object | string) => Promise<void>
  /** Called with every request that was carried out; its answer waits until what this gives has ended. */
  meanwhile: ((method: string, path: string) => Promise<unknown> | undefined) | undefined
  readonly groups: () => readonly Group[]
  readonly deletedGroups: () => readonly Group[]
  readonly invited: () => readonly string[]
  readonly dump: () => string
}

export interface Group {
  readonly id: string
  readonly uniqueName?: string
  readonly description?: string
}

interface Settings {
  /** Replicas fall behind by so much, as a median. */
  readonly lag?: Lag
  readonly layers?: readonly Layer[]
  /** How long an answer takes, in milliseconds. */
  readonly latency?: number
}

export async function openPlace({ lag, layers = [], latency = 20 }: Settings = {}): Promise<Place> {
  const time = createVirtualClock(start)
  const store = openStore(undefined, 'graph')
  seedGraph(store, {
    tenant: small,
    servicePrincipals: [{ displayName: 'Expenses', appId: smallAppId }],
  })
  let onRequest: Place['onRequest']
  const watching: Layer = (request, next) => {
    const answer = next(request)
    onRequest?.(request.method, request.path)
    return answer
  }
  const replicas =
    lag === undefined ? [] : [replicate({ store, clock: time.now, elapsed: time.now, seed: 'two machines', lag }).layer]
  let meanwhile: Place['meanwhile']
  const delivery: Delivery = async (request, answer) => {
    const given = answer()
    let isOver = false
    const over = meanwhile?.(request.method, request.path)?.finally(() => {
      isOver = true
    })
    while (over !== undefined && !isOver) await time.hold(50)
    return { answer: given }
  }
  const server = await serveGraph({
    store,
    clock: time.now,
    latency,
    hold: time.hold,
    delivery,
    layers: [watching, ...layers, ...replicas],
  })
  onTestFinished(() => server.close())
  const watched = time.watch(fetch)
  const graph = { root: server.url, fetch: watched, sleep: time.sleep }
  const groupsIn = (name: string): readonly Group[] => [...store.collection<Group>(name).values()]

  const writer = (): GraphWriter =>
    connectGraph({
      root: server.url,
      getToken: async () => 'administrator',
      clock: { now: time.now, sleep: time.sleep, random: () => 0.5 },
      fetch: watched,
      paced: false,
    }).writer()

  return {
    time,
    store,
    writer,
    async leave(lease) {
      await writer().upsert(`/groups(uniqueName='${leaseMark}')`, {
        displayName: 'guestlist: an apply is under way',
        mailEnabled: false,
        mailNickname: 'guestlist-apply',
        securityEnabled: true,
        ...(lease === '' ? {} : { description: typeof lease === 'string' ? lease : JSON.stringify(lease) }),
      })
    },
    machine(name, over = {}) {
      const cwd = emptyFolder()
      mkdirSync(join(cwd, 'policies'))
      writeFileSync(join(cwd, 'policies/all.yaml'), organization)
      const people = (...addresses: readonly string[]): void =>
        writeFileSync(join(cwd, 'policies/fabrikam.yaml'), partner(addresses))
      people('lee@fabrikam.com', 'dana@fabrikam.com')
      const handlers: (() => void)[] = []
      const given: Partial<Host> & Pick<Host, 'cwd'> = {
        cwd,
        now: time.now,
        elapsed: time.now,
        graph,
        user: { name: name.split('@')[0] ?? name, machine: name.split('@')[1] ?? name },
        onInterrupt(handler) {
          handlers.push(handler)
          return () => void handlers.splice(handlers.indexOf(handler), 1)
        },
        ...over,
      }
      return {
        host: hostOf(given),
        run: (...args) => command(args, given),
        apply: () => command(['apply', '--auto-approve'], given),
        people,
        interrupt: () => handlers.at(-1)?.(),
      }
    },
    get onRequest() {
      return onRequest
    },
    set onRequest(listener) {
      onRequest = listener
    },
    get meanwhile() {
      return meanwhile
    },
    set meanwhile(work) {
      meanwhile = work
    },
    groups: () => groupsIn('groups'),
    deletedGroups: () => groupsIn('deletedItems'),
    invited: () =>
      [...store.collection<{ invitedUserEmailAddress: string }>('invitations').values()].map(
        each => each.invitedUserEmailAddress,
      ),
    dump: () => JSON.stringify(dumpGraph(store)),
  }
}
