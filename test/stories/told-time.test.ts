// The time that a plan tells, held against the time that an apply takes by the sandbox's clock, with all that belongs to it:
// reading, the lease, the limits, waiting for replicas, settling. Where replicas lag, half of all changes show after 2 s, one
// of twenty after 30 s, and lists four times as late.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { domainSeed, type Size, sizeOf, tenantSeed, writePolicies } from '../../bench/world.ts'
import type { Estimate } from '../../src/model/estimate.ts'
import { paceOf } from '../../src/render/pace.ts'
import { command } from '../cli/fake-host.ts'
import { emptyFolder } from './guestlist.ts'

/** A policy as bench/world.ts writes it. */
interface Document {
  readonly kind: string
  readonly name: string
  displayName: string
  requires?: readonly string[]
  entra?: object
  guardrails?: object
}

type Edit = (folder: string) => void

const base = ['--sandbox', '--seed', 'seed']
const today = ['--at', '2026-12-01']
const lagging = ['--replication-lag', '2000']

function openWorld(size: Size): string {
  const folder = emptyFolder()
  for (const name of ['policies', 'seed']) mkdirSync(join(folder, name))
  writePolicies(join(folder, 'policies'), size)
  writeFileSync(join(folder, 'seed/graph.json'), JSON.stringify(tenantSeed(size)))
  writeFileSync(join(folder, 'seed/directory.ldif'), domainSeed)
  return folder
}

/** The same, where all that its policies ask for is there. */
async function openGrown(size: Size, ...edits: readonly Edit[]): Promise<string> {
  const folder = openWorld(size)
  for (const edit of edits) edit(folder)
  expect((await command(['apply', ...base, ...today], { cwd: folder })).code).toBe(0)
  return folder
}

function editPolicies(folder: string, edit: (documents: readonly Document[]) => void): void {
  const path = join(folder, 'policies/all.yaml')
  const documents = readFileSync(path, 'utf8')
    .split('\n---\n')
    .map(text => JSON.parse(text) as Document)
  edit(documents)
  writeFileSync(path, documents.map(document => JSON.stringify(document)).join('\n---\n'))
}

/** `change` gets the people of the first group, a line for each. */
function editRoster(folder: string, change: (people: readonly string[]) => readonly string[]): void {
  const path = join(folder, 'policies/rosters/partner0-group0.csv')
  const [, ...people] = readFileSync(path, 'utf8').trimEnd().split('\n')
  const rows = change(people).map(row => (row.split(',').length < 3 ? `${row},` : row))
  writeFileSync(path, `${['address,displayName,until', ...rows].join('\n')}\n`)
}

const asItIs: Edit = () => undefined
const twentyMore: Edit = folder =>
  editRoster(folder, people => [
    ...people,
    ...Array.from({ length: 20 }, (_, index) => `new${index}@partner0.example,New ${index}`),
  ])
const halfGone: Edit = folder => {
  editRoster(folder, people => people.slice(people.length / 2))
  editPolicies(folder, ([organization]) =>
    Object.assign(organization as Document, { guardrails: { removals: { percent: 100, atLeast: 1e6 } } }),
  )
}
const renamed: Edit = folder =>
  editPolicies(folder, documents => {
    for (const each of documents) if (each.name === 'partner0') each.displayName += ' Ltd.'
  })
const appsRenamed: Edit = folder =>
  editPolicies(folder, documents => {
    for (const each of documents) if (each.kind === 'App') each.displayName += ' (new)'
  })
const untilTomorrow: Edit = folder => editRoster(folder, people => people.map(row => `${row},2026-12-02`))

/** Each app asks something else, so that each has a policy of its own. */
const conditions: Edit = folder =>
  editPolicies(folder, documents => {
    const apps = documents.filter(({ kind }) => kind === 'App')
    for (const [index, each] of apps.entries()) {
      const often = `sign-in-frequency:${(index % 23) + 1}h`
      each.requires = index < 23 ? [often] : ['mfa', often]
    }
  })
const enabled: Edit = folder =>
  editPolicies(folder, ([organization]) => {
    const { entra } = organization as Document
    Object.assign(organization as Document, {
      entra: {
        ...entra,
        conditionalAccess: { state: 'enabled', excludeGroups: ['5e4c0000-0000-4000-8000-000000000001'] },
      },
    })
  })

/** In seconds. `args`: of both commands. */
async function timeOf(folder: string, how: readonly string[], args: readonly string[]) {
  const own = emptyFolder()
  cpSync(folder, own, { recursive: true })
  const day = args.includes('--at') ? [] : today
  const run = (name: string, ...more: readonly string[]) =>
    command([name, ...base, ...day, '--quota', 'medium', ...how, ...args, ...more], { cwd: own })
  const plan = await run('plan', '--format', 'json')
  expect(plan.code, plan.stderr).toBe(0)
  const { estimate }: { readonly estimate?: Estimate } = JSON.parse(plan.stdout)
  const { code, stdout, stderr } = await run('apply')
  expect(code, stderr).toBe(0)
  const [, minutes = 0, seconds] = /^Simulated: (?:(\d+) min )?([\d.]+) s/m.exec(stderr) ?? []
  rmSync(own, { recursive: true })
  return { estimate, stdout, stderr, took: 60 * Number(minutes) + Number(seconds) }
}

/** Whom a case is about: a world, what is changed in it, and how it is asked for. */
type Case = readonly [what: string, world: () => Promise<string> | string, edit: Edit, ...args: readonly string[]]

const memo = new Map<string, Promise<string>>()
/** A grown world is made once. */
function grown(name: string, size: Size, ...edits: readonly Edit[]): () => Promise<string> {
  return () => {
    const made = memo.get(name) ?? openGrown(size, ...edits)
    memo.set(name, made)
    return made
  }
}

const few = grown('few', sizeOf(5))
const many = grown('many', sizeOf(100))
const two: Size = { guests: 60, partners: 2, groups: 2, apps: 6 }
const ending = grown('ending', two, untilTomorrow)
const apps: Size = { guests: 10, partners: 1, groups: 40, apps: 40 }
const guarded = grown('guarded', apps, conditions)

const cases: readonly Case[] = [
  ['all of 5 guests', () => openWorld(sizeOf(5)), asItIs],
  ['all of 100 guests', () => openWorld(sizeOf(100)), asItIs],
  ['20 more than 5', few, twentyMore],
  ['20 more than 100', many, twentyMore],
  ['only revocations', many, halfGone],
  ['a partner of 100 is called otherwise', many, renamed],
  ['one partner of two', () => openWorld(two), asItIs, '--partner', 'partner1'],
  ['only Entra', () => openWorld(two), asItIs, '--only', 'entra'],
  ['what has ended', ending, twentyMore, '--ended', '--at', '2026-12-03'],
  ['40 apps and their conditions', () => openWorld(apps), conditions],
  ['40 policies of Conditional Access', guarded, enabled],
]

describe('without lag an apply takes what is told, give or take a tenth, or 10 s', () => {
  const large: Case = ['all of 1 000 guests', () => openWorld(sizeOf(1000)), asItIs]
  test.for([...cases, large])('%s', async ([, world, edit, ...args]) => {
    const folder = await world()
    const { estimate, took } = await timeOf(await edited(folder, edit), [], args)
    const told = estimate?.seconds ?? Number.NaN
    expect({ told, took, isNear: Math.abs(took - told) <= Math.max(10, told / 10) }).toEqual({
      told,
      took,
      isNear: true,
    })
  })
})

// Besides, the lease and reading again take up to half a minute.
describe('with lag it takes no longer than is told, and half of it at least; the apply says so itself', () => {
  test.for(cases)('%s', async ([, world, edit, ...args]) => {
    const folder = await edited(await world(), edit)
    const { estimate, took, stderr } = await timeOf(folder, lagging, args)
    const { seconds, replication = Number.NaN } = estimate as Estimate
    const told = seconds + replication
    expect({ told, took, isWithin: took <= told + 30 && took >= told / 2 }).toEqual({ told, took, isWithin: true })
    expect(stderr).toContain(` changes · ${paceOf({ estimate: estimate as Estimate })}\n`)
  })
})

test('what is written to Active Directory alone waits for no replica', async () => {
  const folder = await edited(await few(), appsRenamed)
  const { estimate, took } = await timeOf(folder, lagging, ['--only', 'active-directory'])
  expect(estimate).toMatchObject({ seconds: 1 })
  expect(estimate).not.toHaveProperty('replication')
  expect(took).toBeLessThan(10)
})

test('of a reviewed plan each directory tells its own time', async () => {
  const cwd = await edited(await few(), appsRenamed)
  await command(['plan', ...base, ...today, '--out', 'plan.json'], { cwd })
  const args = ['plan.json', ...base, ...lagging, '--only', 'active-directory']
  const { stderr } = await command(['apply', ...args], { cwd })
  expect(stderr).toMatch(/^Plan \w+: 5 changes · about 5 s to apply at this tenant's quota$/m)
})

test('nothing to do takes no time, and none is told', async () => {
  const { estimate, stdout, took } = await timeOf(await few(), lagging, [])
  expect({ estimate, stdout }).toEqual({ estimate: undefined, stdout: 'Nothing to do.\n' })
  expect(took).toBeLessThan(10)
})

async function edited(folder: string, edit: Edit): Promise<string> {
  const own = emptyFolder()
  cpSync(folder, own, { recursive: true })
  edit(own)
  return own
}
