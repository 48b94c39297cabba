// Whatever comes in whichever order: the earliest of the plan is the next.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ReadyQueue } from '../../src/engine/ready.ts'
import { ids } from '../../src/model/id.ts'
import { stepOf } from './steps.ts'

const steps = Array.from({ length: 50 }, (_, index) => stepOf(ids.guest(`p${index}@fabrikam.com`)))
const position = new Map(steps.map((step, index) => [step.planned.id, index]))

test('the next one is the earliest of all that wait', () => {
  const order = fc.shuffledSubarray([...steps.keys()])
  fc.assert(
    fc.property(order, fc.array(fc.boolean()), (added, takes) => {
      const queue = new ReadyQueue(position)
      const waiting = new Set<number>()
      const take = (): void => {
        const first = Math.min(...waiting)
        expect(queue.position).toBe(first)
        expect(queue.next()).toBe(steps[first])
        waiting.delete(first)
      }
      for (const [at, index] of added.entries()) {
        queue.add(steps[index] as (typeof steps)[number])
        waiting.add(index)
        if (takes[at] === true) take()
      }
      while (waiting.size > 0) take()
      expect([queue.next(), queue.position]).toEqual([undefined, Number.POSITIVE_INFINITY])
    }),
    { seed: 20261201 },
  )
})
