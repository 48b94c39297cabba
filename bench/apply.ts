// What it costs to bring a company of 1 000 and of 10 000 guests into being: simulated time beside the least that the quota
// allows, writes beside the fewest that would do, and whether anybody was lost or invited twice. On a clock that passes only
// when all wait. Sizes may be given as arguments; LAG=0 or LAG=2000 picks one of the two tables' halves.
//
// Fewest writes: an invitation and an update per guest; memberships, 20 in a request, of the group that marks guests and of
// each partner group; and each other write that came through (groups, apps, assignments), none of which is one too many.
// Least time: the token buckets of model/quota.ts over these writes, without any waiting for answers.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectGraph, type GraphConnection } from '../src/connect/graph/client.ts'
import { applyPlan } from '../src/engine/apply.ts'
import { makePlan } from '../src/engine/plan.ts'
import type { DirectoryWriters } from '../src/model/directories.ts'
import { type Allowance, directoryWrites, invitations, membersPerRequest } from '../src/model/quota.ts'
import { loadPolicy } from '../src/policy/load.ts'
import { kinds } from '../src/resources/registry.ts'
import { createDirectory } from '../src/sandbox/directory/directory.ts'
import { createQuota } from '../src/sandbox/graph/quota.ts'
import { replicate } from '../src/sandbox/graph/replication/replicate.ts'
import { seedGraph } from '../src/sandbox/graph/seed.ts'
import { type Layer, serveGraph } from '../src/sandbox/graph/server.ts'
import { openStore, type Store } from '../src/sandbox/store.ts'
import { createVirtualClock } from '../src/sandbox/virtual-clock.ts'
import { domainSeed, type Size, sizeOf, tenantSeed, writePolicies } from './world.ts'

interface Row {
  readonly guests: number
  readonly lag: number
  readonly seconds: number
  readonly leastSeconds: number
  readonly writes: number
  readonly leastWrites: number
  readonly throttled: number
  readonly lost: number
  readonly doubled: number
  readonly membersLost: number
  readonly wall: number
}

const at = Date.parse('2026-12-01T09:00:00Z')

async function measure(size: Size, lag: number): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'guestlist-bench-'))
  writePolicies(folder, size)
  const { policy, problems } = await loadPolicy(folder, at)
  rmSync(folder, { recursive: true })
  if (policy === undefined) throw new Error(problems.map(problem => problem.message).join('\n'))

  const clock = createVirtualClock(at)
  const store = openStore(undefined, 'graph')
  seedGraph(store, tenantSeed(size), 'bench')
  const quota = createQuota({ size: 'medium', elapsed: clock.now })
  const replication = replicate({ store, clock: clock.now, elapsed: clock.now, seed: 'bench', lag })
  const counted = createCounts()
  const layers = [counted.layer, quota.layer, ...(lag === 0 ? [] : [replication.layer])]
  const server = await serveGraph({ store, clock: clock.now, latency: 150, hold: clock.hold, layers })
  const directory = createDirectory({
    store: openStore(undefined, 'directory'),
    domain: 'corp.contoso.com',
    clock: clock.now,
  })
  directory.seed(domainSeed, 'bench')
  const connect = (): GraphConnection =>
    connectGraph({
      root: server.url,
      getToken: async () => 'bench',
      fetch: clock.watch(fetch),
      clock: { now: clock.now, sleep: clock.sleep, timeout: clock.timeout, random: randomOf(1) },
      paced: true,
    })

  const request = { kinds, policy, folder: '', version: 'bench', createdAt: at }
  const graph = connect()
  const planned = await makePlan({ ...request, from: { entra: graph.reader(), activeDirectory: directory } })
  const rest = { activeDirectory: directory, randomBytes, now: at }
  const to: DirectoryWriters = {
    ...rest,
    entra: graph.writer(),
    forChange: turn => ({ ...rest, entra: graph.writer(turn) }),
  }
  counted.reset()
  const [started, virtual] = [performance.now(), clock.now()]
  const outcomes = await applyPlan({ kinds, planned, to, concurrency: 2000, elapsed: clock.now })
  const [ended, wall] = [clock.now(), (performance.now() - started) / 1000]
  const failed = outcomes.find(outcome => outcome.status !== 'done')
  if (failed !== undefined) process.stderr.write(`${JSON.stringify(failed)}\n`)

  replication.settle()
  const writes = counted.writes()
  const again = await makePlan({ ...request, from: { entra: connect().reader(), activeDirectory: directory } })
  await server.close()
  const leastWrites = fewestWrites(size) + counted.others()
  return {
    guests: size.guests,
    lag,
    seconds: (ended - virtual) / 1000,
    leastSeconds: Math.max(leastTime(leastWrites, directoryWrites), leastTime(size.guests, invitations)),
    writes,
    leastWrites,
    throttled: quota.usage.throttled,
    ...guestsIn(store, size),
    membersLost: again.plan.changes.filter(({ kind }) => kind === 'group-member').length,
    wall,
  }
}

/** Writes that arrive at the service, whatever comes of them. */
function createCounts() {
  let writes = 0
  let others = 0
  const layer: Layer = (request, next) => {
    const isWrite = request.method !== 'GET' && request.path !== '/$batch'
    if (isWrite) writes += 1
    const answer = next(request)
    const isOfPeople = /^\/(invitations|users|groups\/[^/]+(\/members\/\$ref)?)(\/|$)/.test(request.path)
    if (isWrite && !isOfPeople) others += 1
    return answer
  }
  const reset = (): void => {
    writes = 0
    others = 0
  }
  return { layer, reset, writes: () => writes, others: () => others }
}

function fewestWrites({ guests, partners, groups }: Size): number {
  const inGroup = guests / (partners * groups)
  return 2 * guests + Math.ceil(guests / membersPerRequest) + partners * groups * Math.ceil(inGroup / membersPerRequest)
}

function leastTime(writes: number, { burst, perSecond }: Allowance): number {
  return Math.max(0, writes - burst) / perSecond
}

function guestsIn(store: Store, { guests }: Size): { readonly lost: number; readonly doubled: number } {
  const users = store.collection('users')
  const mails = [...users.keys()].map(id => (users.get(id) as { readonly mail?: string } | undefined)?.mail ?? id)
  const different = new Set(mails).size
  return { lost: guests - different, doubled: mails.length - different }
}

/** The same numbers each time (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const sizes = process.argv.slice(2).map(Number)
const lags = process.env.LAG === undefined ? [0, 2000] : [Number(process.env.LAG)]
const rows: Row[] = []
for (const guests of sizes.length > 0 ? sizes : [1000, 10_000]) {
  for (const lag of lags) rows.push(await measure(sizeOf(guests), lag))
}

const cell = (value: number | string): string => String(value).padStart(9)
const titles = [
  'guests',
  'lag ms',
  'seconds',
  'least',
  'ratio',
  'writes',
  'fewest',
  'ratio',
  '429s',
  'lost',
  'doubled',
  'members',
  'wall s',
]
process.stdout.write(
  'Apply of guests with access: medium quota, answers after 150 ms, simulated seconds. `members`: memberships lost.\n\n',
)
process.stdout.write(`${titles.map(cell).join('')}\n`)
for (const row of rows) {
  const cells = [
    row.guests,
    row.lag,
    Math.round(row.seconds),
    Math.round(row.leastSeconds),
    row.leastSeconds === 0 ? '-' : (row.seconds / row.leastSeconds).toFixed(3),
    row.writes,
    row.leastWrites,
    (row.writes / row.leastWrites).toFixed(3),
    row.throttled,
    row.lost,
    row.doubled,
    row.membersLost,
    row.wall.toFixed(1),
  ]
  process.stdout.write(`${cells.map(cell).join('')}\n`)
}
