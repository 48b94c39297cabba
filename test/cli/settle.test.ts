// The waiting after an apply: when all counts as visible.

import { expect, test } from 'vitest'
import { settle } from '../../src/cli/settle.ts'
import type { Planned } from '../../src/engine/plan.ts'
import { RequestFailure } from '../../src/model/directories.ts'
import { ids } from '../../src/model/id.ts'
import { instantClock } from '../connect/fake-graph.ts'
import { aChange } from '../render/a-plan.ts'
import { hostOf } from './fake-host.ts'

/** Plans that ask for so many changes, one after the other, the last one for ever; undefined: there was no answer. */
async function settling(...asked: readonly (number | undefined)[]) {
  let looks = 0
  const plan = async (): Promise<Planned> => {
    const count = asked[Math.min(looks++, asked.length - 1)]
    if (count === undefined) throw new RequestFailure(503, 'ServiceUnavailable', 'not now')
    return {
      plan: { changes: Array.from({ length: count }, () => aChange({ id: ids.guest('lee@fabrikam.com') })) },
    } as unknown as Planned
  }
  const left = await settle(hostOf({ cwd: '.' }), instantClock(), plan, () => true, 3)
  return { left, looks }
}

test('all is visible when two plans in a row ask for nothing', async () => {
  expect(await settling(2, 0, 1, 0, 0)).toEqual({ left: 0, looks: 5 })
})

test('a plan that could not be made says nothing', async () => {
  expect(await settling(0, undefined, 0, 0)).toEqual({ left: 0, looks: 4 })
  expect((await settling(undefined)).left).toBe(3)
  expect((await settling(2, undefined)).left).toBe(2)
})

test('what stays invisible is left to the next apply', async () => {
  expect((await settling(3, 1)).left).toBe(1)
})
