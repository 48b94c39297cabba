// The sweep over Contoso: cut after a write, or its answer lost, at every one of them in turn. At that moment nobody gets in who
// neither did before nor will after; the next run comes to the state that an undisturbed one comes to, and invites nobody twice.
// GUESTLIST_SWEEP_CUTS is how many of the writes of each way are tried (2; `all` for a night), GUESTLIST_SWEEP_SEED which ones.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Planned } from '../../src/engine/plan.ts'
import { asPlanned, chance, openingFirst, type Preference, pass, shuffledBy, slips } from '../laws/interleaving.ts'
import { type Facts, watchFor } from '../laws/moment.ts'
import { likeness } from '../laws/sameness.ts'
import type { Snapshot } from '../laws/tenant.ts'
import { type Life, lives } from './crash-lives.ts'
import { answersLost } from './crash-seams.ts'

const cuts = process.env.GUESTLIST_SWEEP_CUTS ?? '2'
const seed = Number(process.env.GUESTLIST_SWEEP_SEED ?? 20261201)
const patience = cuts === 'all' ? 3_600_000 : 60_000 + Number(cuts) * 30_000

/** All of 1 to `writes`, or some of them at even distances, from a place that the seed says. */
function sample(writes: number, offset: number): readonly number[] {
  if (cuts === 'all') return Array.from({ length: writes }, (_, index) => index + 1)
  const step = Math.max(1, Math.floor(writes / Number(cuts)))
  const first = chance(seed + offset)(step)
  return Array.from({ length: Math.min(writes, Number(cuts)) }, (_, index) => 1 + ((first + index * step) % writes))
}

const orders: readonly (readonly [name: string, preference: Preference])[] = [
  ['as planned', asPlanned],
  ['what opens first', openingFirst],
  [`shuffled by ${seed}`, shuffledBy(seed)],
]

describe.each(lives)('%s', (_name, open) => {
  let life: Life
  let facts: () => Facts
  let before: Facts
  let after: Facts
  let end: Snapshot
  let writes = 0

  beforeAll(async () => {
    life = await open()
    const { tenant, planned, policy } = life
    facts = watchFor(tenant, life.documents)
    before = facts()
    const whole = { name: 'whole', preference: asPlanned, concurrency: 1 }
    const { outcomes, writes: all } = await pass(tenant, anotherRun(planned), whole, () => undefined)
    expect(outcomes === 'cut' ? outcomes : outcomes.filter(({ status }) => status !== 'done')).toEqual([])
    expect((await tenant.plan(policy)).plan.changes).toEqual([])
    writes = all
    after = facts()
    end = tenant.snapshot()
    expect(writes).toBeGreaterThan(10)
  }, patience)
  afterAll(() => life.tenant.close())

  /** Runs once more, and compares with what an undisturbed run came to. */
  async function wrongAtTheEnd(): Promise<readonly string[]> {
    const { tenant, policy } = life
    const outcomes = await tenant.apply(anotherRun(await tenant.plan(policy)))
    const now = tenant.snapshot()
    return [
      ...outcomes.flatMap(each =>
        each.status === 'done' ? [] : [`${each.status} ${each.change.id} ${JSON.stringify(each)}`],
      ),
      ...(await tenant.plan(policy)).plan.changes.map(({ action, id }) => `again ${action} ${id}`),
      ...twiceInvited(now, end),
      ...differences(likeness(end), likeness(now)),
    ]
  }

  const slipped = (): readonly string[] => slips(facts(), before, after).map(fact => `slips in: ${fact}`)

  test.each(orders)(
    'cut after any write, %s',
    async (name, preference) => {
      for (const cutAfter of sample(writes, name.length)) {
        life.recall()
        const wrong: string[] = []
        // What is in the same request as the last write is done all the same: the service has it.
        await pass(life.tenant, anotherRun(life.planned), { name, preference, concurrency: 1, cutAfter }, written => {
          if (written >= cutAfter) wrong.push(...slipped())
        })
        wrong.push(...(await wrongAtTheEnd()))
        expect({ order: name, cutAfter, seed, wrong: wrong.slice(0, 8) }).toEqual({
          order: name,
          cutAfter,
          seed,
          wrong: [],
        })
      }
    },
    patience,
  )

  test(
    'the answer to any write lost',
    async () => {
      for (const number of sample(writes, 1)) await withoutAnswers(number, written => written === number)
    },
    patience,
  )

  test('every seventh answer lost', () => withoutAnswers(7, written => written % 7 === 0), patience)

  async function withoutAnswers(number: number, isLost: (written: number) => boolean): Promise<void> {
    const { tenant, planned } = life
    life.recall()
    const wrong: string[] = []
    const seams = answersLost(tenant, isLost, () => wrong.push(...slipped()))
    await tenant.apply(anotherRun(planned), 1, seams)
    tenant.onWrite = undefined
    wrong.push(...slipped(), ...(await wrongAtTheEnd()))
    expect({ number, seed, wrong: wrong.slice(0, 8) }).toEqual({ number, seed, wrong: [] })
  }
})

/** Of a process of its own: what a run queues by its policy ends with it. */
function anotherRun(planned: Planned): Planned {
  return { ...planned, policy: { ...planned.policy } }
}

function invitations({ graph }: Snapshot): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { invitedUserEmailAddress } of graph.invitations ?? []) {
    const address = String(invitedUserEmailAddress).toLowerCase()
    counts.set(address, (counts.get(address) ?? 0) + 1)
  }
  return counts
}

function twiceInvited(now: Snapshot, undisturbed: Snapshot): readonly string[] {
  const usual = invitations(undisturbed)
  return [...invitations(now)].flatMap(([address, count]) =>
    count > (usual.get(address) ?? 0) ? [`${address} was invited ${count} times`] : [],
  )
}

function differences(one: readonly string[], other: readonly string[]): readonly string[] {
  const [these, those] = [new Set(one), new Set(other)]
  return [
    ...one.filter(line => !those.has(line)).map(line => `missing: ${line}`),
    ...other.filter(line => !these.has(line)).map(line => `instead: ${line}`),
  ]
}
