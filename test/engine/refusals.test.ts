// What a row of failures holds back: by themselves, without an apply around them.

import { expect, test } from 'vitest'
import type { Step } from '../../src/engine/plan.ts'
import { watchRefusals } from '../../src/engine/refusals.ts'
import { RequestFailure } from '../../src/model/directories.ts'
import { ids } from '../../src/model/id.ts'
import { Failure } from '../../src/model/problem.ts'
import { aChange } from '../render/a-plan.ts'

const revocations: readonly Step[] = Array.from({ length: 100 }, (_, index) => {
  const planned = aChange({ id: ids.shadowAccount(`p${index}@fabrikam.com`), risk: 'revoke' })
  const { id, plane, kind, action } = planned
  return { planned, change: { id, plane, kind, action, retires: false, differs: [], needs: [], because: [] } }
})

const silence = new RequestFailure(0, 'no-answer', 'Active Directory is silent')

/** Lets each begin that may; those that did, and failed with what `fails` says, in their order. */
function runThrough(fails: (index: number) => Error | undefined) {
  const refusals = watchRefusals(revocations, () => false)
  const tried: number[] = []
  const queue = [...revocations]
  const next = (): void => {
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
      if (!refusals.mayBegin(step)) continue
      const index = revocations.indexOf(step)
      tried.push(index)
      const error = fails(index)
      if (error === undefined) {
        queue.push(...refusals.done(step))
        continue
      }
      refusals.refused(step, error)
      queue.push(...refusals.failed(step))
    }
    queue.push(...refusals.last())
    if (queue.length > 0) next()
  }
  next()
  return tried
}

test.each([
  ['silent', silence],
  ['not reached', new Failure('refused', 'cannot connect to Active Directory')],
  ['lost', new RequestFailure(0, 'outcome-unknown', 'Nobody can say')],
])('revocations of which the domain hears nothing (%s) are kept, and the last one is tried', (_, error) => {
  const tried = runThrough(() => error)
  expect(tried.length).toBeLessThan(40)
  expect(tried.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, index) => index))
  expect(tried).toContain(99)
})

test('when the domain answers again by the end, all that were kept are done', () => {
  let asked = 0
  const tried = runThrough(() => {
    asked += 1
    return asked <= 25 ? silence : undefined
  })
  expect(tried.toSorted((one, other) => one - other)).toEqual(revocations.map((_, index) => index))
})

test('revocations that are refused are all tried, also after some that were not heard', () => {
  const refused = new RequestFailure(50, 'insufficientAccessRights', 'no right')
  expect(runThrough(() => refused)).toHaveLength(100)
  expect(runThrough(index => (index % 10 === 0 ? refused : silence))).toHaveLength(100)
})
