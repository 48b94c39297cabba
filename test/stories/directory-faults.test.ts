// An apply against domain controllers that do not do as they should: for each fault, at each write of a small plan, the run
// ends as done or in part, and the next one comes to the state of a run that nobody disturbed. Of all cases some are tried;
// GUESTLIST_LAW_RUNS tries more (4: all), GUESTLIST_LAW_SEED others.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectStreams, type DirectoryConnection } from '../../src/connect/ldap/connection.ts'
import type { Planned } from '../../src/engine/plan.ts'
import { RequestFailure } from '../../src/model/directories.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { Failure } from '../../src/model/problem.ts'
import { type Controllers, serveDirectory } from '../../src/sandbox/directory/controllers.ts'
import type { DirectoryFaults, FaultName, FaultRule } from '../../src/sandbox/directory/faults.ts'
import { createVirtualClock } from '../../src/sandbox/virtual-clock.ts'
import { chance } from '../laws/interleaving.ts'
import { patience, runs } from '../laws/runs.ts'
import { likeness } from '../laws/sameness.ts'
import type { Tenant } from '../laws/tenant.ts'
import { chapters, now, openChapter, resolved } from './chapters.ts'

const bind = { dn: 'svc-guestlist@corp.contoso.com', password: 'correct horse' }

let tenant: Tenant
let recall: () => void
let policy: ResolvedPolicy
let planned: Planned
let undisturbed: readonly string[]
let writes: number

beforeAll(async () => {
  tenant = await openChapter()
  recall = tenant.remember()
  policy = await resolved(chapters.after)
  planned = await tenant.plan(policy)
  const { outcomes, asked } = await applyUnder({})
  expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([])
  undisturbed = likeness(tenant.snapshot())
  writes = asked
  expect(writes).toBeGreaterThan(10)
})

afterAll(() => tenant?.close())

interface Run {
  readonly outcomes: readonly Outcome[]
  /** Requests that write, as the client sent them. */
  readonly asked: number
}

/** From the same state each time, through the production client. */
async function applyUnder(faults: DirectoryFaults): Promise<Run> {
  recall()
  return await overLdap(faults, async connection => {
    const writer = connection.writer()
    let asked = 0
    const counted = <Rest extends readonly unknown[], Result>(send: (...rest: Rest) => Promise<Result>) => {
      return (...rest: Rest): Promise<Result> => {
        asked += 1
        return send(...rest)
      }
    }
    const { add, modify, move, remove } = writer
    const activeDirectory = {
      ...writer,
      ...{ add: counted(add), modify: counted(modify), move: counted(move), remove: counted(remove) },
    }
    return { outcomes: await tenant.apply(planned, 2, { activeDirectory }), asked }
  })
}

async function overLdap<Result>(
  faults: DirectoryFaults,
  work: (connection: DirectoryConnection, served: Controllers) => Promise<Result>,
): Promise<Result> {
  const clock = createVirtualClock(now)
  const { directory, domain: store } = tenant
  // Pages so small that this domain has several.
  const limits = { pageSize: 2, valueRange: 1 }
  const domain = 'corp.contoso.com'
  const served = serveDirectory({ directory, store, domain, stamp: () => now, faults, clock, ...limits })
  const connection = connectStreams({
    servers: served.servers,
    bind,
    clock: { sleep: clock.sleep, timeout: clock.timeout, random: () => 0 },
  })
  try {
    return await work(connection, served)
  } finally {
    await connection.close()
    // Before anybody comes again, what was slow has been done, and has arrived.
    await clock.sleep(120_000)
    served.close()
  }
}

/** How a change may end that could not be made. */
const endings = [
  ...['busy', 'unavailable', 'unwillingToPerform', 'adminLimitExceeded', 'sizeLimitExceeded'],
  ...['connection-lost', 'timeout', 'outcome-unknown', 'strongerAuthRequired', 'sign-in-refused', 'unreachable'],
  // After several requests that nobody answered.
  'no-answer',
  // At a server that has not heard yet of what it is asked to change.
  ...['stale', 'server-behind'],
]

async function wrongAfter({ outcomes }: Run): Promise<readonly string[]> {
  const wrong = outcomes.flatMap(outcome => {
    if (outcome.status !== 'failed' || endings.includes(outcome.trouble.code)) return []
    return [`${outcome.change.id} failed: ${JSON.stringify(outcome.trouble)}`]
  })
  const again = await tenant.plan(policy)
  const open = new Map(again.plan.changes.map(change => [change.id, change.action]))
  for (const { change, status } of outcomes) {
    if (status === 'done' && open.get(change.id) === change.action) wrong.push(`said to be done: ${change.id}`)
  }
  const next = await tenant.apply(again)
  const { graph, directory } = tenant.snapshot()
  const invited = (graph.invitations ?? []).map(each => String(each.invitedUserEmailAddress))
  const accounts = directory.flatMap(({ attributes }) =>
    attributes.adminDescription?.[0] === 'User_guestlist' ? [attributes.mail?.[0] ?? ''] : [],
  )
  return [
    ...wrong,
    ...next.filter(({ status }) => status !== 'done').map(each => `next run: ${JSON.stringify(each)}`),
    ...(await tenant.plan(policy)).plan.changes.map(({ action, id }) => `again ${action} ${id}`),
    ...twice(invited).map(each => `${each} was invited twice`),
    ...twice(accounts).map(each => `${each} has two accounts`),
    ...differences(undisturbed, likeness(tenant.snapshot())),
  ]
}

function twice(list: readonly string[]): readonly string[] {
  return list.filter((each, index) => list.indexOf(each) !== index)
}

function differences(one: readonly string[], other: readonly string[]): readonly string[] {
  return [
    ...one.filter(line => !other.includes(line)).map(line => `missing: ${line}`),
    ...other.filter(line => !one.includes(line)).map(line => `instead: ${line}`),
  ]
}

const gone = { fault: 'disconnect', operation: 'connect', server: 1 } as const
const two = { secondServer: { lag: 900_000 } }

/** What goes wrong from the `from`-th write on. */
const disturbances: Readonly<Record<string, (from: number) => DirectoryFaults>> = {
  ...Object.fromEntries(
    (
      [
        ...['busy', 'unavailable', 'unwilling', 'disconnect', 'disconnect-after', 'notice', 'silence'],
        ...['silence-after', 'slow'],
      ] as FaultName[]
    ).map(fault => [
      `${fault} once`,
      (from: number) => ({ rules: [{ fault, operation: 'write', from }] as FaultRule[] }),
    ]),
  ),
  'busy from then on': from => ({ rules: [{ fault: 'busy', operation: 'write', from, times: 1000 }] }),
  'slower than anybody waits': from => ({ rules: [{ fault: 'slow', operation: 'write', from, delay: 61_000 }] }),
  'the server goes away before it': from => ({
    rules: [
      { fault: 'disconnect', operation: 'write', from },
      { ...gone, from: 2, times: 1000 },
    ],
  }),
  'the server goes away after it': from => ({
    rules: [
      { fault: 'disconnect-after', operation: 'write', from },
      { ...gone, from: 2, times: 1000 },
    ],
  }),
  'a second server takes over before it': from => ({
    ...two,
    rules: [
      { fault: 'disconnect', operation: 'write', from },
      { ...gone, from: 2, times: 1000 },
    ],
  }),
  'a second server takes over after it': from => ({
    ...two,
    rules: [
      { fault: 'disconnect-after', operation: 'write', from },
      { ...gone, from: 2, times: 1000 },
    ],
  }),
  'a second server takes over, and the first comes back': from => ({
    ...two,
    rules: [
      { fault: 'disconnect-after', operation: 'write', from },
      { ...gone, from: 2, times: 2 },
      { fault: 'disconnect-after', operation: 'write', server: 2, from: 2 },
    ],
  }),
  'the server is unavailable, and another one is asked': from => ({
    ...two,
    rules: [{ fault: 'unavailable', operation: 'write', server: 1, from, times: 2 }],
  }),
  'no looking up what became of it': from => ({
    rules: [
      { fault: 'disconnect-after', operation: 'write', from },
      { fault: 'admin-limit', operation: 'search', from: 1 + from, times: 3 },
    ],
  }),
}

test(
  'a fault at any write: the next run comes to the same state',
  async () => {
    const { numRuns, seed } = runs(60)
    const cases = Object.entries(disturbances).flatMap(([name, faultsFrom]) =>
      Array.from({ length: writes }, (_, index) => ({ name, from: index + 1, faults: faultsFrom(index + 1) })),
    )
    const next = chance(seed)
    for (let run = 0; run < numRuns && cases.length > 0; run += 1) {
      const [tried] = cases.splice(next(cases.length), 1)
      if (tried === undefined) break
      const wrong = await wrongAfter(await applyUnder(tried.faults))
      expect(wrong.slice(0, 8), `${tried.name}, at write ${tried.from} of ${writes}`).toEqual([])
    }
  },
  patience,
)

test(
  'faults by a seed, at anything: the next run comes to the same state',
  async () => {
    const { numRuns, seed } = runs(30)
    for (let run = 0; run < numRuns; run += 1) {
      const faults = { seed: seed + run, share: 0.05 + (run % 4) / 10, ...(run % 2 === 0 ? two : {}) }
      const wrong = await wrongAfter(await applyUnder(faults))
      expect(wrong.slice(0, 8), JSON.stringify(faults)).toEqual([])
    }
  },
  patience,
)

test('a second run at another server, which has not heard of the first: what is there twice is put away', async () => {
  recall()
  await overLdap(two, async (_, { servers }) => {
    for (const server of servers) {
      const clock = { sleep: async () => undefined, random: () => 0 }
      const activeDirectory = connectStreams({ servers: [server], bind, clock }).writer()
      const outcomes = await tenant.apply(await tenant.plan(policy, { activeDirectory }), 2, { activeDirectory })
      expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([])
    }
  })
  const ann = () => tenant.snapshot().directory.filter(({ attributes }) => attributes.mail?.[0] === 'ann@fabrikam.com')
  expect(ann()).toHaveLength(2)
  const outcomes = await tenant.apply(await tenant.plan(policy))
  expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([])
  expect((await tenant.plan(policy)).plan.changes).toEqual([])
  const states = ann().map(({ attributes }) => {
    return [Number(attributes.userAccountControl?.[0]) & 2, attributes.memberOf?.length ?? 0]
  })
  expect(states.toSorted()).toEqual([
    [0, 2],
    [2, 0],
  ])
})

const searchFaults: readonly FaultName[] = [
  ...(['busy', 'unavailable', 'unwilling', 'admin-limit', 'size-limit', 'disconnect', 'disconnect-after'] as const),
  ...(['notice', 'silence', 'silence-after', 'slow', 'cut-search', 'cut-entry'] as const),
]

test(
  'a search that was cut, at any page of any search of a plan: the plan is the whole one, or there is none',
  async () => {
    const { numRuns, seed } = runs(80)
    recall()
    const plannedUnder = (faults: DirectoryFaults) =>
      overLdap(faults, connection => tenant.plan(policy, { activeDirectory: connection.writer() }))
    const digest = (await plannedUnder({})).plan.digest
    expect(digest).toBe(planned.plan.digest)
    const cases = searchFaults.flatMap(fault =>
      [1, 5].flatMap(times => Array.from({ length: 60 }, (_, from) => ({ fault, times, from: from + 1 }))),
    )
    const next = chance(seed)
    let [whole, none] = [0, 0]
    for (let run = 0; run < numRuns && cases.length > 0; run += 1) {
      const [rule] = cases.splice(next(cases.length), 1)
      if (rule === undefined) break
      const found = await plannedUnder({ rules: [{ ...rule, operation: 'search' }] }).catch((error: unknown) => error)
      if (found instanceof RequestFailure || found instanceof Failure) {
        expect(endings, JSON.stringify(rule)).toContain(found.code)
        none += 1
      } else {
        expect((found as Planned).plan.digest, JSON.stringify(rule)).toBe(digest)
        whole += 1
      }
    }
    expect(whole).toBeGreaterThan(0)
    expect(none).toBeGreaterThan(0)
  },
  patience,
)
