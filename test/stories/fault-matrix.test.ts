// Whatever goes wrong between guestlist and Graph, wherever: a run ends, says truly what it has done and what it has not, lets
// nobody in on the way, and the next run comes to where an undisturbed one comes; nobody is invited twice, nothing made twice.
// GUESTLIST_LAW_RUNS multiplies the cases (all from 31 on), GUESTLIST_LAW_SEED chooses others, GUESTLIST_FAULT_CASE is the name
// of one of them, or a part of it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { RequestFailure } from '../../src/model/directories.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { Failure } from '../../src/model/problem.ts'
import { slips } from '../laws/interleaving.ts'
import { type Facts, watchFor } from '../laws/moment.ts'
import { firstDay } from '../laws/policies.ts'
import { patience, runs } from '../laws/runs.ts'
import { likeness } from '../laws/sameness.ts'
import { openTenant, resolve, type Snapshot, type Tenant } from '../laws/tenant.ts'
import { type Unkind, unkindly } from '../laws/unkind-tenant.ts'
import { type Case, casesOf } from './fault-matrix.ts'
import { after, before, start } from './fault-world.ts'

const { numRuns: days, seed } = runs(6)
const only = process.env.GUESTLIST_FAULT_CASE
const cases = casesOf(days * 12, days, seed, only)

let tenant: Tenant
let policy: ResolvedPolicy
let recall: () => void
let facts: () => Facts
let were: Facts
let willBe: Facts
let end: Snapshot

beforeAll(async () => {
  tenant = await openTenant(start, firstDay)
  await tenant.apply(await tenant.plan(await resolve(before, firstDay)))
  policy = await resolve(after, firstDay)
  recall = tenant.remember()
  facts = watchFor(tenant, [before, after])
  were = facts()
  const outcomes = await tenant.apply(await tenant.plan(policy))
  expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([])
  expect((await tenant.plan(policy)).plan.changes).toEqual([])
  willBe = facts()
  end = tenant.snapshot()
})
afterAll(() => tenant.close())

test.each(cases.map(each => [each.name, each] as const))(
  '%s',
  async (name, each) => {
    expect({ GUESTLIST_FAULT_CASE: name, wrong: (await wrongWith(each)).slice(0, 8) }).toEqual({
      GUESTLIST_FAULT_CASE: name,
      wrong: [],
    })
  },
  patience,
)

async function wrongWith({ conditions, mustStrike }: Case): Promise<readonly string[]> {
  recall()
  const wrong = new Set<string>()
  tenant.onWrite = () => {
    for (const fact of slips(facts(), were, willBe)) wrong.add(`slips in: ${fact}`)
  }
  const service = await unkindly(tenant, conditions)
  let outcomes: readonly Outcome[] = []
  try {
    outcomes = await runOnce(service)
  } catch (error) {
    // Who cannot read what is there changes nothing, and says why.
    if (!(error instanceof RequestFailure || error instanceof Failure)) throw error
    for (const text of wrongWords(error.message)) wrong.add(text)
  } finally {
    // What one domain controller was told, the other hears now.
    await service.close()
    tenant.onWrite = undefined
  }
  if (mustStrike === true && service.faults().size === 0) wrong.add('nothing went wrong')
  for (const text of [...(await wrongOutcomes(outcomes)), ...(await wrongAtTheEnd())]) wrong.add(text)
  return [...wrong]
}

async function runOnce(service: Unkind): Promise<readonly Outcome[]> {
  const planned = await service.plan(policy)
  const outcomes = await service.apply(planned)
  expect(outcomes.length).toBe(planned.plan.changes.length)
  return outcomes
}

/** What the run says and is not so, or does not say. */
async function wrongOutcomes(outcomes: readonly Outcome[]): Promise<readonly string[]> {
  const left = new Set((await tenant.plan(policy)).plan.changes.map(({ id }) => id))
  return outcomes.flatMap(outcome => {
    const { status, change } = outcome
    if (status === 'done') return left.has(change.id) ? [`not done, as was said: ${change.action} ${change.id}`] : []
    return status === 'failed' ? wrongWords(outcome.trouble.message) : []
  })
}

/** Something to read, that says nothing twice. */
function wrongWords(message: string): readonly string[] {
  const sentences = message.split(/[.;:] /).filter(sentence => sentence.length > 12)
  const isReadable = message.length > 20 && !/undefined|\[object|^\s*at /m.test(message)
  const isTwice = new Set(sentences).size < sentences.length
  return [...(isReadable ? [] : [`says: ${message}`]), ...(isTwice ? [`says twice: ${message}`] : [])]
}

async function wrongAtTheEnd(): Promise<readonly string[]> {
  const outcomes = await tenant.apply(await tenant.plan(policy))
  const now = tenant.snapshot()
  return [
    ...outcomes.flatMap(each =>
      each.status === 'done' ? [] : [`then ${each.status} ${each.change.id} ${words(each)}`],
    ),
    ...(await tenant.plan(policy)).plan.changes.map(({ action, id }) => `then again ${action} ${id}`),
    ...differences(invited(end), invited(now)),
    ...differences(likeness(end), likeness(now)),
  ]
}

function words(outcome: Outcome): string {
  return outcome.status === 'failed' ? outcome.trouble.message : ''
}

function invited({ graph }: Snapshot): readonly string[] {
  return (graph.invitations ?? []).map(each => `invitation of ${String(each.invitedUserEmailAddress).toLowerCase()}`)
}

/** A line that is there twice where it was once is one too many. */
function differences(one: readonly string[], other: readonly string[]): readonly string[] {
  const beyond = (these: readonly string[], those: readonly string[]): readonly string[] => {
    const rest = [...those]
    return these.filter(line => {
      const index = rest.indexOf(line)
      if (index !== -1) rest.splice(index, 1)
      return index === -1
    })
  }
  return [...beyond(one, other).map(line => `missing: ${line}`), ...beyond(other, one).map(line => `too much: ${line}`)]
}
