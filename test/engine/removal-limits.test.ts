// Limits on what one plan may take away: overall, of each app, of each partner; what counts, and what an override lets pass.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EffectAt } from '../../src/access/effects.ts'
import { type Access, accessKey } from '../../src/access/reach.ts'
import { exceeds, shareOf } from '../../src/engine/limit.ts'
import { guardRemovals } from '../../src/engine/removal-limits.ts'
import type { FindingAt } from '../../src/model/plan.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { load } from '../policy/folder.ts'

async function policyOf(guardrails: string, at?: number): Promise<ResolvedPolicy> {
  const { policy, problems } = await load(
    {
      'all.yaml': `apiVersion: guestlist/v1
kind: Organization
name: contoso
entra: {tenantId: 7918d4b5-0442-4a97-be2d-36f9f9962ece, initialDomain: contoso.onmicrosoft.com}
guardrails:
${guardrails}`,
    },
    at,
  )
  if (policy === undefined) throw new Error(problems.map(problem => problem.message).join('\n'))
  return policy
}

/** `partner app count`, one person each. */
function accesses(...groups: readonly (readonly [partner: string, app: string, count: number])[]): readonly Access[] {
  return groups.flatMap(([partner, app, count]) =>
    Array.from({ length: count }, (_, index) => {
      const person = `p${index}@${partner}.com`
      return { person, partner, app, role: 'user', groups: [], unmanaged: [], links: [] }
    }),
  )
}

const lose = (access: Access, onItsDay = false): EffectAt => {
  return { effect: 'lose', access, until: null, because: [], given: false, onItsDay }
}
const asMap = (all: readonly Access[]) =>
  new Map(all.map(access => [accessKey(access.person, access.app, access.role), access]))
const told = (findings: readonly FindingAt[]): readonly string[] =>
  findings.map(({ severity, code, message }) => `${severity}[${code}] ${message}`)

const fabrikam = accesses(['fabrikam', 'payroll', 3], ['fabrikam', 'wiki', 20])
const litware = accesses(['litware', 'payroll', 2], ['litware', 'wiki', 15])
const today = asMap([...fabrikam, ...litware])
const of = (all: readonly Access[], app: string, count: number): readonly EffectAt[] =>
  all
    .filter(access => access.app === app)
    .slice(0, count)
    .map(access => lose(access))

const overall = '  removals: {percent: 10, atLeast: 5}\n'
const each =
  '  removals: {percent: 50, atLeast: 5, perApp: {percent: 50, atLeast: 2}, perPartner: {percent: 40, atLeast: 4}}\n'

test('overall: a share and a number, and both must be passed', async () => {
  const policy = await policyOf(overall)
  expect(guardRemovals(policy, { today, effects: of(fabrikam, 'wiki', 4) })).toEqual([])
  expect(guardRemovals(policy, { today, effects: of(fabrikam, 'wiki', 5) })).toEqual([
    {
      severity: 'error',
      code: 'guardrail/removals',
      message: 'takes away 5 of 40 accesses (12.5 %); the limit is 10 % from 5 on',
      hint: 'if this is meant, add an override to the organization: {guardrail: removals, reason: …, until: …}',
      at: policy.organization.origin,
    },
  ])
  expect(
    guardRemovals(await policyOf('  longestAccess: 365d\n'), { today, effects: of(fabrikam, 'wiki', 20) }),
  ).toEqual([])
})

describe('of each app and each partner', () => {
  test('an app with few people: two of three are too many, one is not', async () => {
    const policy = await policyOf(each)
    const only = asMap(accesses(['fabrikam', 'payroll', 3], ['litware', 'wiki', 30]))
    expect(guardRemovals(policy, { today: only, effects: of(fabrikam, 'payroll', 1) })).toEqual([])
    expect(told(guardRemovals(policy, { today: only, effects: of(fabrikam, 'payroll', 2) }))).toEqual([
      'error[guardrail/removals] takes away 2 of 3 accesses to payroll (66.7 %); the limit is 50 % from 2 on',
    ])
  })

  test('a partner by itself, and the finding names the line that would let it pass', async () => {
    const findings = guardRemovals(await policyOf(each), { today, effects: of(litware, 'wiki', 7) })
    expect(told(findings)).toEqual([
      'error[guardrail/removals] takes away 7 of 17 accesses of litware (41.2 %); the limit is 40 % from 4 on',
    ])
    expect(findings[0]?.hint).toContain('{guardrail: removals, partner: litware, reason: …, until: …}')
  })

  test('only where they are written', async () => {
    expect(guardRemovals(await policyOf(overall), { today, effects: of(fabrikam, 'payroll', 3) })).toEqual([])
  })

  test('the last ones of a tenant with few accesses', async () => {
    const policy = await policyOf('  removals: {percent: 50, atLeast: 1}\n')
    const one = asMap(accesses(['fabrikam', 'wiki', 1]))
    expect(told(guardRemovals(policy, { today: one, effects: of(fabrikam, 'wiki', 1) }))).toEqual([
      'error[guardrail/removals] takes away 1 of 1 accesses (100 %); the limit is 50 % from 1 on',
    ])
  })
})

test('an app that goes by a new name has lost everybody all the same, under the name of today', async () => {
  const gained = of(fabrikam, 'payroll', 3).map(({ access, ...rest }): EffectAt => {
    return { ...rest, access: { ...access, app: 'payroll2' }, effect: 'gain' }
  })
  const effects = [...gained, ...of(fabrikam, 'payroll', 3), ...of(litware, 'payroll', 2)]
  expect(told(guardRemovals(await policyOf(each), { today, effects }))).toEqual([
    'error[guardrail/removals] takes away 5 of 5 accesses to payroll (100 %); the limit is 50 % from 2 on',
  ])
})

test('what ends on its own day does not count', async () => {
  const effects = fabrikam.map(access => lose(access, true))
  expect(guardRemovals(await policyOf(each), { today, effects })).toEqual([])
})

test('a part of a plan is judged as the whole of it, and each access counts once', async () => {
  const policy = await policyOf(overall)
  const whole = of(fabrikam, 'wiki', 8)
  expect(told(guardRemovals(policy, { today, effects: whole.slice(0, 2), whole }))).toEqual([
    'error[guardrail/removals] the whole plan takes away 8 of 40 accesses (20 %); the limit is 10 % from 5 on',
  ])
  // What only the part takes away, for the rest would give it back, counts as well.
  expect(guardRemovals(policy, { today, effects: of(fabrikam, 'wiki', 5), whole: [] })).toHaveLength(1)
})

describe('an override', () => {
  const line = (more: string) =>
    `  overrides: [{guardrail: removals, reason: CHG-9, until: 2026-12-05, by: anna@contoso.com${more}}]\n`

  test('lets it pass until its day, and tells who, why and until when', async () => {
    const effects = of(fabrikam, 'wiki', 12)
    expect(told(guardRemovals(await policyOf(overall + line('')), { today, effects }))).toEqual([
      'warning[guardrail/removals] takes away 12 of 40 accesses (30 %); the limit is 10 % from 5 on: allowed by anna@contoso.com until 2026-12-05, CHG-9',
    ])
    for (const [at, severity] of [
      ['2026-12-05T23:59:59.999Z', 'warning'],
      ['2026-12-06T00:00:00Z', 'error'],
    ] as const)
      expect(guardRemovals(await policyOf(overall + line(''), Date.parse(at)), { today, effects })[0]).toMatchObject({
        severity,
      })
  })

  test('for one app or partner lets nothing else pass', async () => {
    const payroll = of(fabrikam, 'payroll', 3)
    const allowed = await policyOf(each + line(', app: payroll'))
    expect(told(guardRemovals(allowed, { today, effects: payroll }))).toEqual([
      expect.stringMatching(/^warning.* accesses to payroll .*: allowed by anna/),
    ])
    const wiki = of(litware, 'wiki', 7)
    expect(told(guardRemovals(allowed, { today, effects: [...payroll, ...wiki] }))).toEqual([
      expect.stringMatching(/^warning.* accesses to payroll /),
      expect.stringMatching(/^error.* 7 of 17 accesses of litware /),
    ])
    const other = await policyOf(each + line(', app: payroll, partner: litware'))
    expect(guardRemovals(other, { today, effects: payroll })[0]).toMatchObject({ severity: 'error' })
  })

  test('what it is for counts in no limit: the rest must keep it', async () => {
    const policy = await policyOf(overall + line(', partner: fabrikam'))
    expect(
      told(guardRemovals(policy, { today, effects: [...of(fabrikam, 'wiki', 12), ...of(litware, 'wiki', 4)] })),
    ).toEqual([expect.stringMatching(/^warning.* 16 of 40 accesses .*: allowed/)])
    expect(
      told(guardRemovals(policy, { today, effects: [...of(fabrikam, 'wiki', 12), ...of(litware, 'wiki', 6)] })),
    ).toEqual([
      'error[guardrail/removals] takes away 6 of 40 accesses (15 %), besides 12 allowed; the limit is 10 % from 5 on',
    ])
  })
})

describe('a share', () => {
  test('is compared exactly', () => {
    expect(exceeds(9, 10, { percent: 90, atLeast: 1 })).toBe(false)
    expect(exceeds(333, 1000, { percent: 33.3, atLeast: 1 })).toBe(false)
    expect(exceeds(334, 1000, { percent: 33.3, atLeast: 1 })).toBe(true)
    expect(exceeds(0, 0, { percent: 0, atLeast: 0 })).toBe(false)
    expect(exceeds(1, 1, { percent: 100, atLeast: 0 })).toBe(false)
  })

  test('as rational numbers are', () => {
    const decimals = fc.tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 999_999 }))
    fc.assert(
      fc.property(decimals, fc.nat(2_000_000), fc.nat(100), fc.nat(), ([whole, millionths], today, atLeast, seed) => {
        const percent = Number(`${whole}.${String(millionths).padStart(6, '0')}`)
        // Near the limit, where it matters, and anywhere.
        const near = Math.floor((today * percent) / 100) + (seed % 3) - 1
        const lost = Math.min(today, Math.max(0, seed % 2 === 0 ? near : seed % (today + 1)))
        const exactly = BigInt(lost) * 100_000_000n > BigInt(today) * (BigInt(whole) * 1_000_000n + BigInt(millionths))
        expect(exceeds(lost, today, { percent, atLeast })).toBe(lost >= atLeast && exactly)
      }),
    )
  })

  test('that is over the limit never reads as the limit', () => {
    expect(shareOf(1001, 10_000, 'accesses', { percent: 10, atLeast: 5 })).toBe(
      '1001 of 10000 accesses (more than 10 %)',
    )
  })
})
