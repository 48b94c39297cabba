// Which plans may be applied without asking anybody again: those that only carry out an end that a reviewed line has.

import { expect, test } from 'vitest'
import { isOnlyEnds } from '../../src/access/only-ends.ts'
import type { Effect, PlannedChange } from '../../src/model/plan.ts'

const at = '2026-12-01T01:00:00.000Z'

function lost(over: Partial<Effect> = {}): Effect {
  return {
    effect: 'lose',
    person: 'lee@fabrikam.com',
    partner: 'fabrikam',
    app: 'payroll',
    role: 'user',
    until: '2026-11-30',
    through: [],
    given: false,
    because: [],
    ...over,
  }
}

function change(over: Partial<PlannedChange> = {}): PlannedChange {
  const id = 'entra/group-member/fabrikam/engineers/lee@fabrikam.com' as PlannedChange['id']
  return {
    id,
    plane: 'entra',
    kind: 'group-member',
    action: 'delete',
    risk: 'revoke',
    before: null,
    after: null,
    target: { objects: {}, named: {} },
    dependsOn: [],
    because: [],
    ...over,
  }
}

test('a plan that takes away what ended yesterday, and keeps a date in step', () => {
  const changes = [change(), change({ action: 'update', risk: 'neutral' })]
  expect(isOnlyEnds({ at, effects: [lost()], changes })).toBe(true)
  // What was left behind goes after its grace period, and nobody loses anything by it.
  expect(isOnlyEnds({ at, effects: [], changes: [change()] })).toBe(true)
})

const others: readonly [string, Partial<Parameters<typeof isOnlyEnds>[0]>][] = [
  ['does nothing', { changes: [] }],
  ['takes away what ends today: the day is not over', { effects: [lost({ until: '2026-12-01' })] }],
  ['takes away what has no end', { effects: [lost(), lost({ until: null })] }],
  ['takes away what another line still gives', { effects: [lost({ given: true })] }],
  ['gives somebody something', { effects: [lost(), lost({ effect: 'gain', until: '2027-06-30' })] }],
  ['opens a link', { effects: [lost()], changes: [change(), change({ risk: 'grant', action: 'create' })] }],
  ['changes something privileged', { changes: [change({ risk: 'privileged', action: 'update' })] }],
  ['makes something, however harmless', { changes: [change({ risk: 'neutral', action: 'create' })] }],
  ['takes over something', { changes: [change({ risk: 'neutral', action: 'adopt' })] }],
]
test.each(others)('not one that %s', (_what, over) => {
  expect(isOnlyEnds({ at, effects: [lost()], changes: [change()], ...over })).toBe(false)
})
