// Laws 1, 2 and 5 where replicas lag: what was written is not readable everywhere for a while, and lists show it later still.
// A run that is cut meanwhile leaves its lease; the next one waits until all of its writes are visible. Without the lease, a run
// that begins at once may invite again whom no replica shows yet: that is what the lease is for, and no law here says otherwise.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { takeLease } from '../../src/cli/lease.ts'
import { revocationsOf } from '../../src/engine/part.ts'
import type { Planned } from '../../src/engine/plan.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { Failure, isRefusal } from '../../src/model/problem.ts'
import { kinds } from '../../src/resources/registry.ts'
import type { Lag } from '../../src/sandbox/graph/replication/lag.ts'
import { hostOf } from '../cli/fake-host.ts'
import { asPlanned, pass, shuffledBy, slips } from './interleaving.ts'
import { type Facts, watchFor } from './moment.ts'
import { firstDay } from './policies.ts'
import { patience, runs } from './runs.ts'
import { likeness } from './sameness.ts'
import { type Arrival, arrival } from './story.ts'
import { tamper } from './tampering.ts'
import { openTenant, resolve, type Snapshot, type Tenant } from './tenant.ts'
import { type Unkind, unkindly } from './unkind-tenant.ts'

const lag: fc.Arbitrary<Lag> = fc.constantFrom<Lag>(500, 2000, 2000, 'incident')
const number = fc.nat({ max: 1_000_000 })

interface Life {
  readonly tenant: Tenant
  readonly policy: ResolvedPolicy
  /** What an undisturbed run comes to. */
  readonly end: Snapshot
  readonly writes: number
  readonly facts: () => Facts
  /** At the beginning, and at the end. */
  readonly were: Facts
  readonly willBe: Facts
}

/** `live` is called where an undisturbed run does all that there is to do; what fails in one go may fail otherwise in two. */
async function living(
  { start, first, tampering, second }: Arrival,
  live: (life: Life) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const tenant = await openTenant(start, firstDay)
  try {
    await tenant.apply(await tenant.plan(await resolve(first, firstDay)))
    await tamper(tenant, tampering)
    const policy = await resolve(second, firstDay)
    const recall = tenant.remember()
    const facts = watchFor(tenant, [first, second])
    const were = facts()
    const planned = await tenant.plan(policy)
    if (planned.steps.length === 0 || planned.plan.findings.some(isRefusal)) return []
    const { outcomes, writes } = await pass(
      tenant,
      planned,
      { name: 'whole', preference: asPlanned, concurrency: 1 },
      () => undefined,
    )
    if (outcomes === 'cut' || outcomes.some(({ status }) => status !== 'done')) return []
    if ((await tenant.plan(policy)).plan.changes.length > 0) return []
    const end = tenant.snapshot()
    const willBe = facts()
    recall()
    return await live({ tenant, policy, end, writes, facts, were, willBe })
  } finally {
    await tenant.close()
  }
}

async function against(life: Life, seed: number, late: Lag, live: (service: Unkind) => Promise<readonly string[]>) {
  const service = await unkindly(life.tenant, { seed, replication: { lag: late } })
  try {
    return await live(service)
  } finally {
    await service.close()
  }
}

/** Plans and applies; what it says of each change that is not done. */
async function runOn(service: Unkind, policy: ResolvedPolicy): Promise<readonly string[]> {
  const outcomes = await service.apply(await service.plan(policy))
  return outcomes.flatMap(each =>
    each.status === 'done' ? [] : [`${each.status} ${each.change.id} ${'trouble' in each ? each.trouble.message : ''}`],
  )
}

async function wrongEnd({ tenant, policy, end }: Life): Promise<readonly string[]> {
  const now = tenant.snapshot()
  return [
    ...(await tenant.plan(policy)).plan.changes.map(({ action, id }) => `again ${action} ${id}`),
    ...beyond(likeness(end), likeness(now)).map(line => `missing: ${line}`),
    ...beyond(likeness(now), likeness(end)).map(line => `too much: ${line}`),
    ...beyond(invited(now), invited(end)).map(address => `${address} was invited once more`),
  ]
}

function invited({ graph }: Snapshot): readonly string[] {
  return (graph.invitations ?? []).map(each => String(each.invitedUserEmailAddress).toLowerCase())
}

/** A line that is there twice where it is once is one too many. */
function beyond(these: readonly string[], those: readonly string[]): readonly string[] {
  const rest = [...those]
  return these.filter(line => {
    const index = rest.indexOf(line)
    if (index !== -1) rest.splice(index, 1)
    return index === -1
  })
}

test(
  'laws 1 and 3 with replicas: what is said to be done is done, nobody slips in, and once all is visible a second run comes to the same state',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, lag, number, async (parts, late, seed) => {
        const wrong = await living(parts, life =>
          against(life, seed, late, async service => {
            const { tenant, policy, facts, were, willBe } = life
            const slipped = new Set<string>()
            tenant.onWrite = () => {
              for (const fact of slips(facts(), were, willBe)) slipped.add(`slips in: ${fact}`)
            }
            const outcomes = await service.apply(await service.plan(policy))
            const left = new Set((await tenant.plan(policy)).plan.changes.map(({ id }) => id))
            const said = outcomes.filter(({ status, change }) => status === 'done' && left.has(change.id))
            await service.clock.sleep(service.longestLag)
            const then = await runOn(service, policy)
            tenant.onWrite = undefined
            // As in law 3: giving up the right to assign is not held to it.
            const isGivenUp = parts.first.organization.entra.assignments !== parts.second.organization.entra.assignments
            return [
              ...(isGivenUp ? [] : slipped),
              ...said.map(({ change }) => `not done: ${change.id}`),
              ...then,
              ...(await wrongEnd(life)),
            ]
          }),
        )
        expect(wrong.slice(0, 8)).toEqual([])
      }),
      runs(6),
    )
  },
  patience,
)

async function cut(service: Unkind, planned: Planned, { writes }: Life, seed: number): Promise<void> {
  const preference = seed % 2 === 0 ? asPlanned : shuffledBy(seed)
  const cutAfter = 1 + (seed % writes)
  await pass(service, planned, { name: 'cut', preference, concurrency: 50, cutAfter }, () => undefined)
}

test(
  'law 2 with replicas: cut after any write, a run comes to the same state once all is visible',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, lag, number, async (parts, late, seed) => {
        const wrong = await living(parts, life =>
          against(life, seed, late, async service => {
            await cut(service, await service.plan(life.policy), life, seed)
            await service.clock.sleep(service.longestLag)
            return [...(await runOn(service, life.policy)), ...(await wrongEnd(life))]
          }),
        )
        expect(wrong.slice(0, 8)).toEqual([])
      }),
      runs(6),
    )
  },
  patience,
)

/** A lagging replica may show a renewal of the lease late: then it is said to be held still, and to be run again. */
async function patiently<Result>(service: Unkind, take: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await take()
    } catch (error) {
      if (!(error instanceof Failure) || !/^(apply-under-way|lease-unseen)$/.test(error.code) || tries > 9) throw error
      await service.clock.sleep(300_000)
    }
  }
}

test(
  'law 2 with replicas and a lease: cut after any write, a run that begins at once comes to the same state',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, lag, number, async (parts, late, seed) => {
        const wrong = await living(parts, life =>
          against(life, seed, late, async service => {
            const { signal } = new AbortController()
            const means = { beside: service.beside, clock: service.clock, lag: service.longestLag }
            // The lease of a process that is gone is renewed no more.
            let isGone = false
            const sleep: typeof service.clock.sleep = async (ms, given) => {
              await service.clock.sleep(ms, given)
              if (isGone) await new Promise(() => undefined)
            }
            const first = { ...means, clock: { ...service.clock, sleep } }
            const host = (pid: number, isAlive: boolean) =>
              hostOf({ cwd: '/', writer: { pid, isAlive: () => isAlive }, user: { name: 'anna', machine: 'one' } })
            await takeLease(host(1, true), first, signal)
            await cut(service, await service.plan(life.policy), life, seed)
            isGone = true
            const lease = await patiently(service, () => takeLease(host(2, false), means, signal))
            await lease?.untilVisible(signal)
            const then = await runOn(service, life.policy)
            await service.clock.sleep(service.longestLag)
            await lease?.end()
            return [...then, ...(await wrongEnd(life))]
          }),
        )
        expect(wrong.slice(0, 8)).toEqual([])
      }),
      runs(5),
    )
  },
  patience,
)

/**
 * A known gap, not held to the law: whose service principal is shown, and whose application is not yet, that app is taken for
 * one that is gone, and its assignments go until a later run. The lease has the next run wait; only one without may do that.
 */
function newApps(before: Snapshot, now: Snapshot): (fact: string) => boolean {
  const names = ({ graph }: Snapshot): readonly string[] =>
    (graph.applications ?? []).map(({ uniqueName }) => String(uniqueName)).filter(name => name.startsWith('guestlist.'))
  const made = names(now).filter(name => !names(before).includes(name))
  return fact => made.some(name => fact.split(' ').includes(name))
}

/** When somebody runs it again, in milliseconds after the last time. */
const again = [0, 3000, 20_000, 90_000]

interface Came {
  readonly lost: ReadonlySet<string>
  readonly opened: ReadonlySet<string>
}

/** What came of access for a moment while what `part` leaves of each plan was performed. */
async function runAgain(
  service: Unkind,
  { tenant, policy, facts }: Life,
  part: (planned: Planned) => Planned,
): Promise<Came> {
  const open = facts()
  const [lost, opened] = [new Set<string>(), new Set<string>()]
  tenant.onWrite = () => {
    const now = facts()
    for (const fact of open) if (!now.has(fact)) lost.add(fact)
    for (const fact of now) if (!open.has(fact)) opened.add(fact)
  }
  for (const pause of again) {
    await service.clock.sleep(pause)
    await service.apply(part(await service.plan(policy)))
  }
  tenant.onWrite = undefined
  return { lost, opened }
}

test(
  'law 5 with replicas: what no list shows yet is neither deleted nor revoked',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, lag, number, async (parts, late, seed) => {
        const wrong = await living(parts, life =>
          against(life, seed, late, async service => {
            const { tenant, policy } = life
            const before = tenant.snapshot()
            const left = (await runOn(service, policy)).length
            if (left > 0) return []
            const isNew = newApps(before, tenant.snapshot())
            const { lost, opened } = await runAgain(service, life, planned => planned)
            await service.clock.sleep(service.longestLag)
            await runOn(service, policy)
            const end = await wrongEnd(life)
            // Whom no replica shows yet is invited again, conditions that none shows are made again, which is then a finding
            // (`conditions-twice`), and settings for a partner whose mark none shows are marked as found there, and then not
            // deleted when the partner leaves: the lease keeps all this from happening, and who may not have it makes no marks.
            const isMadeAgain = (text: string): boolean =>
              text.endsWith('was invited once more') ||
              text.startsWith('too much: conditionalAccessPolicies') ||
              /^too much: groups .*"uniqueName":"guestlist\.cross-tenant\.[^"]+\.adopted"/.test(text)
            return [...[...lost].filter(fact => !isNew(fact)), ...opened, ...end.filter(text => !isMadeAgain(text))]
          }),
        )
        expect(wrong.slice(0, 8)).toEqual([])
      }),
      runs(5),
    )
  },
  patience,
)

test(
  'law 5 with replicas: what an apply takes away before it sees all, nobody should have',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, lag, number, async (parts, late, seed) => {
        const wrong = await living(parts, life =>
          against(life, seed, late, async service => {
            if ((await runOn(service, life.policy)).length > 0) return []
            const { lost } = await runAgain(service, life, planned => revocationsOf(planned, kinds))
            return [...lost]
          }),
        )
        expect(wrong.slice(0, 8)).toEqual([])
      }),
      runs(5),
    )
  },
  patience,
)
