// Law 2: cut after any single write, the next run comes to the same state, with no second invitation and nothing of ours left
// behind.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gathered } from './gathering.ts'
import { asPlanned, openingFirst, pass, shuffledBy } from './interleaving.ts'
import { leftovers } from './judgement.ts'
import { firstDay } from './policies.ts'
import { patience, runs } from './runs.ts'
import { likeness } from './sameness.ts'
import { arrival } from './story.ts'
import { tamper } from './tampering.ts'
import { openTenant, resolve, type Snapshot } from './tenant.ts'

/** How many cuts of one plan are tried. */
const cuts = 6

function invitations(snapshot: Snapshot): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { invitedUserEmailAddress } of snapshot.graph.invitations ?? []) {
    const address = String(invitedUserEmailAddress).toLowerCase()
    counts.set(address, (counts.get(address) ?? 0) + 1)
  }
  return counts
}

test(
  'law 2: cut after any write, the next run comes to the same state',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, fc.nat({ max: 1_000_000 }), async ({ start, first, tampering, second }, seed) => {
        const tenant = await openTenant(start, firstDay)
        try {
          await tenant.apply(await tenant.plan(await resolve(first, firstDay)))
          await tamper(tenant, tampering)
          const policy = await resolve(second, firstDay)
          const planned = await tenant.plan(policy)
          if (planned.steps.length === 0) return
          const recall = tenant.remember()
          const whole = { name: 'whole', preference: asPlanned, concurrency: 1 }
          const { writes, outcomes } = await pass(tenant, planned, whole, () => undefined)
          // What fails in one go may fail otherwise in two.
          if (outcomes === 'cut' || outcomes.some(({ status }) => status !== 'done')) return
          const after = tenant.snapshot()
          const wrong: string[] = []
          for (let number = 0; number < Math.min(cuts, writes); number += 1) {
            recall()
            const cutAfter = 1 + ((seed + number * 7) % writes)
            const preference = [asPlanned, openingFirst, shuffledBy(seed)][number % 3] ?? asPlanned
            await pass(tenant, planned, { name: 'cut', preference, concurrency: 1, cutAfter }, () => undefined)
            const again = await tenant.plan(policy)
            const outcome = await tenant.apply(again)
            const end = tenant.snapshot()
            wrong.push(
              ...outcome
                .filter(({ status }) => status !== 'done')
                .map(each => `cut after ${cutAfter}: ${each.status} ${each.change.id} ${JSON.stringify(each)}`),
              ...(await tenant.plan(policy)).plan.changes.map(
                ({ action, id }) => `cut after ${cutAfter}: again ${action} ${id}`,
              ),
              ...leftovers(end, gathered(second, end), firstDay).map(
                text => `cut after ${cutAfter}: left over: ${text}`,
              ),
              ...[...invitations(end)]
                .filter(([address, count]) => count > (invitations(after).get(address) ?? 0))
                .map(([address]) => `cut after ${cutAfter}: ${address} was invited twice`),
              ...differences(likeness(after), likeness(end)).map(text => `cut after ${cutAfter}: ${text}`),
            )
            if (wrong.length > 0) break
          }
          expect(wrong.slice(0, 8)).toEqual([])
        } finally {
          await tenant.close()
        }
      }),
      runs(25),
    )
  },
  patience,
)

function differences(one: readonly string[], other: readonly string[]): readonly string[] {
  const [these, those] = [new Set(one), new Set(other)]
  return [
    ...one.filter(line => !those.has(line)).map(line => `missing: ${line}`),
    ...other.filter(line => !these.has(line)).map(line => `instead: ${line}`),
  ]
}
