// Law 3: at every moment of an apply, whatever the interleaving, whoever gets in somewhere did so before or will after.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asPlanned, lastFirst, openingFirst, pass, shuffledBy, slips, straightTo, type Way } from './interleaving.ts'
import { watchFor } from './moment.ts'
import { firstDay } from './policies.ts'
import { patience, runs } from './runs.ts'
import { arrival } from './story.ts'
import { tamper } from './tampering.ts'
import { openTenant, resolve } from './tenant.ts'

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

test(
  'law 3: at no moment does anybody get in who neither did before nor will after',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, fc.nat({ max: 1_000_000 }), async ({ start, first, tampering, second }, seed) => {
        const tenant = await openTenant(start, firstDay)
        try {
          await tenant.apply(await tenant.plan(await resolve(first, firstDay)))
          await tamper(tenant, tampering)
          const planned = await tenant.plan(await resolve(second, firstDay))
          if (planned.steps.length === 0) return
          const recall = tenant.remember()
          const facts = watchFor(tenant, [first, second])
          const before = facts()
          await pass(tenant, planned, { name: 'as planned', preference: asPlanned, concurrency: 1 }, () => undefined)
          const after = facts()
          const wrong: string[] = []
          for (const way of waysFor(seed, planned.steps.length)) {
            recall()
            await pass(tenant, planned, way, written => {
              for (const fact of slips(facts(), before, after)) wrong.push(`${way.name}, write ${written}: ${fact}`)
            })
            if (wrong.length > 0) break
          }
          expect(wrong.slice(0, 5)).toEqual([])
        } finally {
          await tenant.close()
        }
      }),
      runs(40),
    )
  },
  patience,
)
