// Law 3: at every moment of an apply, whatever the interleaving, whoever gets in somewhere did so before or will after.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Planned } from '../../src/engine/plan.ts'
import {
  asPlanned,
  everyOrder,
  lastFirst,
  openingFirst,
  pass,
  shuffledBy,
  slips,
  straightTo,
  type Way,
} from './interleaving.ts'
import { watchFor } from './moment.ts'
import { type Documents, firstDay } from './policies.ts'
import { patience, runs } from './runs.ts'
import { type Arrival, arrival } from './story.ts'
import { tamper } from './tampering.ts'
import { openTenant, resolve, type Tenant } from './tenant.ts'

function waysFor(seed: number, steps: number): readonly Way[] {
  return [
    { name: 'what opens first', preference: openingFirst, concurrency: 1 },
    { name: 'the last first', preference: lastFirst, concurrency: 1 },
    { name: `shuffled ${seed}`, preference: shuffledBy(seed), concurrency: 1 },
    ...Array.from({ length: Math.min(steps, 3) }, (_, index) => ({
      name: `straight to ${(seed + index * 7) % steps}`,
      preference: straightTo(seed + index * 7),
      concurrency: 1,
    })),
    { name: `at once ${seed}`, preference: shuffledBy(seed + 1), concurrency: 6, seed },
    { name: 'a refusal', preference: openingFirst, concurrency: 1, refused: 1 + (seed % 20) },
  ]
}

interface Meanwhile {
  readonly tenant: Tenant
  readonly planned: Planned
  readonly policies: readonly Documents[]
}

/** What was open at a moment of one of the ways, and neither before the plan nor after it; and whether all end the same. */
async function slipsIn({ tenant, planned, policies }: Meanwhile, ways: readonly Way[]): Promise<readonly string[]> {
  if (planned.steps.length === 0) return []
  const recall = tenant.remember()
  const facts = watchFor(tenant, policies)
  const before = facts()
  const whole = { name: 'as planned', preference: asPlanned, concurrency: 1 }
  const { outcomes } = await pass(tenant, planned, whole, () => undefined)
  const isDone = outcomes !== 'cut' && outcomes.every(({ status }) => status === 'done')
  const after = facts()
  for (const way of ways) {
    recall()
    const wrong: string[] = []
    await pass(tenant, planned, way, written => {
      for (const fact of slips(facts(), before, after)) wrong.push(`${way.name}, write ${written}: ${fact}`)
    })
    const end = facts()
    if (isDone && way.refused === undefined) {
      for (const fact of [...slips(end, after, after), ...slips(after, end, end)])
        wrong.push(`${way.name}, at the end: ${fact}`)
    }
    if (wrong.length > 0) return wrong.slice(0, 5)
  }
  return []
}

/** After a first policy and people's hands, the plan of a second policy. */
async function comeTo({ start, first, tampering, second }: Arrival): Promise<Meanwhile> {
  const tenant = await openTenant(start, firstDay)
  await tenant.apply(await tenant.plan(await resolve(first, firstDay)))
  await tamper(tenant, tampering)
  // Not held to the law: giving up the right to assign, when what was assigned stays and only its people go.
  const { assignments } = first.organization.entra
  const { assignments: _given, ...own } = second.organization.entra
  const entra = assignments === undefined ? own : { ...own, assignments }
  const last = { ...second, organization: { ...second.organization, entra } }
  const planned = await tenant.plan(await resolve(last, firstDay))
  return { tenant, planned, policies: [first, last] }
}

test(
  'law 3: at no moment does anybody get in who neither did before nor will after',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, fc.nat({ max: 1_000_000 }), async (parts, seed) => {
        const meanwhile = await comeTo(parts)
        try {
          expect(await slipsIn(meanwhile, waysFor(seed, meanwhile.planned.steps.length))).toEqual([])
        } finally {
          await meanwhile.tenant.close()
        }
      }),
      runs(32),
    )
  },
  patience,
)

test(
  'law 3: a small plan, in every order that its dependencies allow',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, async parts => {
        const meanwhile = await comeTo({ ...parts, second: parts.first })
        try {
          const { steps } = meanwhile.planned
          if (steps.length > 6) return
          const ways = everyOrder(steps, 130).map((order, index): Way => {
            return { name: `order ${index}`, preference: () => order, concurrency: 1 }
          })
          expect(await slipsIn(meanwhile, ways)).toEqual([])
        } finally {
          await meanwhile.tenant.close()
        }
      }),
      runs(25),
    )
  },
  patience,
)
