// What a change of policy sets besides who reaches what: each difference is one line to look at twice, in all formats.

import { describe, expect, test } from 'vitest'
import type { Plan, Setting } from '../../src/model/plan.ts'
import { headlineOf } from '../../src/render/headline.ts'
import { renderPlanAsHtml } from '../../src/render/html/plan.ts'
import { renderMarkdown } from '../../src/render/markdown/plan.ts'
import { plain } from '../../src/render/paint.ts'
import { renderPlan } from '../../src/render/plan.ts'
import { settingNotes } from '../../src/render/settings.ts'
import { aPlan } from './a-plan.ts'

const line = { file: 'policies/organization.yaml', line: 4 }

function setting(over: Partial<Setting> & Pick<Setting, 'kind'>): Setting {
  return { name: '', action: 'update', before: {}, after: {}, because: [line], ...over }
}

function planOf(...settings: Setting[]): Plan {
  return aPlan({ base: { revision: 'main', commit: 'abc' }, settings })
}

const texts = (...settings: Setting[]) => settingNotes(planOf(...settings)).map(({ text }) => text)

test('of a document that is there before and after, each difference is a line', () => {
  expect(
    texts(
      setting({
        kind: 'organization',
        before: { guardrails: { removals: { percent: 10 }, protectedGroups: ['a', 'b'] }, entra: { cloud: 'global' } },
        after: { guardrails: { removals: { percent: 90 }, protectedGroups: ['a'] }, entra: {} },
      }),
    ),
  ).toEqual([
    'guardrails › removals › percent: 10 → 90',
    'guardrails › protected groups: − b',
    'entra › cloud: global → nothing',
  ])
  expect(
    texts(setting({ kind: 'partner', name: 'adatum', before: { domains: ['a'] }, after: { domains: ['a', 'b'] } })),
  ).toEqual(['partner adatum: domains: + b'])
  expect(
    texts(
      setting({
        kind: 'app',
        name: 'payroll',
        before: { roles: null },
        after: { roles: { user: { appRole: 'Boss' } } },
      }),
    ),
  ).toEqual(['app payroll: roles › user › app role: nothing → Boss'])
})

test('what one item of a list says is told as it is written', () => {
  const override = { guardrail: 'removals', reason: 'x', until: '2099-12-31' }
  expect(
    texts(
      setting({
        kind: 'organization',
        before: { guardrails: { overrides: [] } },
        after: { guardrails: { overrides: [override] } },
      }),
    ),
  ).toEqual(['guardrails › overrides: + guardrail: removals, reason: x, until: 2099-12-31'])
})

test('a document that comes or goes is one line, a rule with what it says', () => {
  const rule = { message: 'Nobody orders and pays.', severity: 'error' }
  const gone = { action: 'delete', before: rule, after: null } as const
  expect(
    texts(
      setting({ kind: 'rule', name: 'order-or-pay', ...gone }),
      setting({ kind: 'rule', name: 'other', action: 'create', before: null, after: rule }),
      setting({ kind: 'rule', name: 'third', before: { severity: 'error' }, after: { severity: 'warning' } }),
      setting({ kind: 'partner', name: 'tailspin', action: 'create', before: null, after: {} }),
      setting({ kind: 'app', name: 'wiki', ...gone }),
    ),
  ).toEqual([
    'rule order-or-pay goes: Nobody orders and pays.',
    'rule other is new: Nobody orders and pays.',
    'rule third: severity: error → warning',
    'partner tailspin is new',
    'app wiki goes',
  ])
})

test('an access for a group that is empty, or that others fill, says what it opens and to whom', () => {
  const [who, name] = ['whoever SG-All holds, now or later', 'adatum/ghosts (x1)']
  const open = { 'Payroll, user': who }
  expect(
    texts(
      setting({ kind: 'access', name, action: 'create', before: null, after: open }),
      setting({ kind: 'access', name, action: 'delete', before: open, after: null }),
      setting({
        kind: 'access',
        name,
        before: { 'Payroll, user': who },
        after: { 'Payroll, user': null, 'Payroll, approver': 'nobody yet' },
      }),
    ),
  ).toEqual([
    `Payroll, user: opens to ${name}, ${who}`,
    `Payroll, user: no longer opens to ${name}`,
    `Payroll, approver: opens to ${name}, nobody yet`,
    `Payroll, user: no longer opens to ${name}`,
  ])
})

describe('every format', () => {
  const removed = { file: 'policies/rules/pay.yaml', line: 3, removed: true } as const
  const plan = planOf(
    setting({ kind: 'partner', name: 'adatum', before: { domains: [] }, after: { domains: ['*evil*'] } }),
    setting({
      kind: 'rule',
      name: 'pay',
      action: 'delete',
      before: { message: 'Nobody <b>pays</b>.' },
      after: null,
      because: [removed],
    }),
  )

  test('counts them at the top, for nothing else would show', () => {
    expect(headlineOf(plan)).toBe('Nobody gains or loses access; 2 settings change.')
    expect(headlineOf(planOf(setting({ kind: 'app', name: 'wiki', action: 'create', before: null })))).toBe(
      'Nobody gains or loses access; 1 setting changes.',
    )
  })

  test('tells each with its place, escaped, and a line of the base as removed', () => {
    const text = renderPlan(plan, { all: false, paint: plain, next: '' })
    expect(text).toContain('! sets           partner adatum: domains: + *evil*   policies/organization.yaml:4\n')
    expect(text).toContain(
      '! sets           rule pay goes: Nobody <b>pays</b>.   policies/rules/pay.yaml:3 (removed)\n',
    )

    const markdown = renderMarkdown(plan, { next: '' })
    expect(markdown).toContain('> [!IMPORTANT]\n> - **Sets:** partner adatum: domains: + \\*evil\\* · ')
    expect(markdown).toContain('Nobody &lt;b&gt;pays&lt;/b&gt;. · `policies/rules/pay.yaml:3` (removed)')

    const page = renderPlanAsHtml(plan, { next: '' })
    expect(page).toContain('partner adatum: domains: + *evil*')
    expect(page).toContain('Nobody &lt;b&gt;pays&lt;/b&gt;.')
    expect(page).toContain('<code>policies/rules/pay.yaml:3</code> removed')
  })
})
