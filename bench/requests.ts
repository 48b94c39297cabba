// What a plan with nothing to do costs: Graph requests and LDAP operations at 100, 1 000 and 10 000 guests, beside the
// least possible number of pages. The world is built by applying the policies first; sizes may be given as arguments.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectGraph } from '../src/connect/graph/client.ts'
import { sleep } from '../src/connect/graph/clock.ts'
import { openTrace, traceDirectory } from '../src/connect/trace.ts'
import { applyPlan } from '../src/engine/apply.ts'
import { makePlan } from '../src/engine/plan.ts'
import { loadPolicy } from '../src/policy/load.ts'
import { kinds } from '../src/resources/registry.ts'
import { createDirectory } from '../src/sandbox/directory/directory.ts'
import { seedGraph } from '../src/sandbox/graph/seed.ts'
import { serveGraph } from '../src/sandbox/graph/server.ts'
import { openStore } from '../src/sandbox/store.ts'
import { domainSeed, type Size, sizeOf, tenantSeed, writePolicies } from './world.ts'

interface Row {
  readonly guests: number
  readonly graph: number
  readonly inBatches: number
  readonly least: number
  readonly ldap: number
  readonly seconds: number
  readonly megabytes: number
}

const at = Date.parse('2026-12-01T09:00:00Z')

async function measure(size: Size): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'guestlist-bench-'))
  const policies = join(folder, 'policies')
  writePolicies(policies, size)
  const { policy, problems } = await loadPolicy(policies, at)
  if (policy === undefined) throw new Error(problems.map(problem => problem.message).join('\n'))

  const clock = (): number => at
  const graphStore = openStore(undefined, 'graph')
  seedGraph(graphStore, tenantSeed(size), 'bench')
  const server = await serveGraph({ store: graphStore, clock })
  const directory = createDirectory({ store: openStore(undefined, 'directory'), domain: 'corp.contoso.com', clock })
  directory.seed(domainSeed, 'bench')
  const client = {
    root: server.url,
    getToken: async () => 'bench',
    clock: { now: Date.now, sleep, random: Math.random },
  }

  const request = { kinds, policy, folder: '', version: 'bench', createdAt: at }
  const first = connectGraph(client)
  const planned = await makePlan({ ...request, from: { entra: first.reader(), activeDirectory: directory } })
  const outcomes = await applyPlan({
    kinds,
    planned,
    to: { entra: first.writer(), activeDirectory: directory, randomBytes, now: at },
    concurrency: 16,
    elapsed: () => performance.now(),
  })
  const failed = outcomes.find(outcome => outcome.status !== 'done')
  if (failed !== undefined) throw new Error(JSON.stringify(failed))

  const file = join(folder, 'trace')
  const trace = openTrace(file, () => performance.now())
  const from = {
    entra: connectGraph({ ...client, trace }).reader(),
    activeDirectory: traceDirectory(directory, trace),
  }
  const started = performance.now()
  const { plan } = await makePlan({ ...request, from })
  const seconds = (performance.now() - started) / 1000
  if (plan.changes.length > 0) throw new Error(`the second plan has ${plan.changes.length} changes`)
  await server.close()

  const lines = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Line)
  rmSync(folder, { recursive: true })
  const graph = lines.filter(line => line.to === 'graph')
  return {
    guests: size.guests,
    graph: graph.length,
    inBatches: graph.reduce((sum, line) => sum + (line.body?.requests?.length ?? 0), 0),
    least: leastPages(size),
    ldap: lines.length - graph.length,
    seconds,
    megabytes: process.memoryUsage().rss / 1_048_576,
  }
}

interface Line {
  readonly to: 'graph' | 'ldap'
  readonly body?: { readonly requests?: readonly unknown[] }
}

/** Pages of 999 of each collection that must be seen; what goes into batches counts a twentieth. */
function leastPages({ guests, partners, groups, apps }: Size): number {
  const pages = (items: number): number => Math.max(1, Math.ceil(items / 999))
  const partnerGroups = partners * groups
  const memberPages = partnerGroups * pages(guests / partnerGroups)
  const whole = pages(guests) + pages(guests) + pages(partnerGroups + 1) + pages(apps) + pages(apps) + 1
  const publishing = apps / 2
  return whole + Math.ceil((memberPages + partnerGroups) / 20) + publishing
}

const sizes = process.argv.slice(2).map(Number)
const rows: Row[] = []
for (const guests of sizes.length > 0 ? sizes : [100, 1_000, 10_000]) rows.push(await measure(sizeOf(guests)))

const cell = (value: number | string): string => String(value).padStart(11)
process.stdout.write('A plan with nothing to do. Graph: HTTP requests ($batch counts as one). LDAP: operations.\n\n')
process.stdout.write(
  `${['guests', 'Graph', 'least', 'ratio', 'in batches', 'LDAP', 'seconds', 'MB (both)'].map(cell).join('')}\n`,
)
for (const row of rows) {
  const ratio = (row.graph / row.least).toFixed(2)
  const cells = [
    row.guests,
    row.graph,
    row.least,
    ratio,
    row.inBatches,
    row.ldap,
    row.seconds.toFixed(2),
    Math.round(row.megabytes),
  ]
  process.stdout.write(`${cells.map(cell).join('')}\n`)
}
