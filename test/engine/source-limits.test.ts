// What stops a plan when a group that others keep gives fewer people than before: by whom its group holds today, wherever
// that shows.

import { expect, test } from 'vitest'
import type { Links } from '../../src/access/links.ts'
import { type Access, accessKey } from '../../src/access/reach.ts'
import { guardSources } from '../../src/engine/source-limits.ts'
import { type Id, ids } from '../../src/model/id.ts'
import type { FindingAt } from '../../src/model/plan.ts'
import type { Person, ResolvedGroup, ResolvedPolicy } from '../../src/model/policy.ts'
import { accessTo, expensesWith, fabrikamWith } from '../policy/documents.ts'
import { load } from '../policy/folder.ts'

const people = (count: number, from = 0): readonly string[] =>
  Array.from({ length: count }, (_, index) => `p${index + from}@fabrikam.com`)

interface Case {
  readonly stay: readonly string[]
  readonly listed?: readonly string[]
  readonly guardrails?: string
  readonly assignments?: string
  readonly at?: number
}

/** Fabrikam's contractors are kept elsewhere, its engineers are listed; both reach expenses. */
async function policyOf({ stay, listed = [], guardrails = '', assignments = 'managed', at }: Case) {
  const groups = `groups:
  contractors: {membersFrom: {entraGroup: SG}}
  engineers: {members: ${JSON.stringify(listed)}}
`
  const { policy, problems } = await load(
    {
      'all.yaml': `apiVersion: guestlist/v1
kind: Organization
name: contoso
entra:
  tenantId: 7918d4b5-0442-4a97-be2d-36f9f9962ece
  initialDomain: contoso.onmicrosoft.com
  assignments: ${assignments}
${guardrails}
---
${fabrikamWith(groups)}---
${expensesWith()}---
${accessTo('expenses', 'contractors, engineers')}`,
    },
    at,
  )
  if (policy === undefined) throw new Error(problems.map(problem => problem.message).join('\n'))
  return gathered(policy, stay)
}

function gathered(policy: ResolvedPolicy, stay: readonly string[]): ResolvedPolicy {
  const partner = policy.partners.get('fabrikam')
  const group = partner?.groups.get('contractors')
  if (partner === undefined || group === undefined) throw new Error('no contractors')
  const members = stay.map(address => ({ address, inForce: true, origin: group.origin }))
  const groups = new Map<string, ResolvedGroup>([...partner.groups, ['contractors', { ...group, members }]])
  const known = new Map<string, Person>(policy.people)
  for (const address of stay)
    known.set(address, { address, partner: 'fabrikam', groups: ['contractors'], origins: [group.origin] })
  return { ...policy, people: known, partners: new Map([['fabrikam', { ...partner, groups }]]) }
}

function held(group: string, addresses: readonly string[]): Links {
  const present = new Set<Id>(addresses.map(address => ids.groupMember('fabrikam', group, address)))
  return { present, working: present }
}

const nobody: Links = { present: new Set(), working: new Set() }
const limits = 'guardrails: {removals: {percent: 10, atLeast: 5}}'
const told = (findings: readonly FindingAt[]): readonly string[] =>
  findings.map(({ severity, code, message }) => `${severity}[${code}] ${message}`)

test('all of them gone stops the plan, however few they were, with a guardrail for removals and without', async () => {
  for (const guardrails of [limits, '']) {
    const policy = await policyOf({ stay: [], guardrails })
    const findings = guardSources(policy, held('contractors', people(1)), new Map())
    expect(told(findings)).toEqual([
      'error[guardrail/source-shrunk] SG holds nobody of fabrikam any more: all 1 in fabrikam/contractors would go',
    ])
    expect(findings[0]).toMatchObject({
      at: { file: 'all.yaml' },
      hint: expect.stringContaining('guardrail: sources'),
    })
  }
})

test('all of them replaced by others is not empty, and is too much', async () => {
  const policy = await policyOf({ stay: people(5, 100), guardrails: limits })
  expect(told(guardSources(policy, held('contractors', people(5)), new Map()))).toEqual([
    'error[guardrail/source-shrunk] SG does not hold 5 of 5 in fabrikam/contractors any more; the limit is 10 % from 5 on',
  ])
})

test.each<[string, number, number, boolean]>([
  ['a few of few', 8, 4, false],
  ['many of few', 8, 3, true],
  ['a few of many', 100, 90, false],
  ['one too many of many', 100, 89, true],
])('%s', async (_, before, after, stops) => {
  const policy = await policyOf({ stay: people(after), guardrails: limits })
  expect(guardSources(policy, held('contractors', people(before)), new Map()).length).toBe(stops ? 1 : 0)
})

test('a source that has always been empty, and lists that lose their people, are no matter of this guardrail', async () => {
  const policy = await policyOf({ stay: [], guardrails: limits })
  expect(guardSources(policy, held('engineers', people(50)), new Map())).toEqual([])
})

test('a reviewed line lets it pass until its day, and is told', async () => {
  const guardrails = `guardrails: {overrides: [{guardrail: sources, reason: CHG-9, until: 2026-12-05}]}`
  const links = held('contractors', people(3))
  expect(told(guardSources(await policyOf({ stay: [], guardrails }), links, new Map()))).toEqual([
    'warning[guardrail/source-shrunk] SG holds nobody of fabrikam any more: all 3 in fabrikam/contractors would go: allowed until 2026-12-05, CHG-9',
  ])
  const at = Date.parse('2026-12-06T00:00:00Z')
  expect(told(guardSources(await policyOf({ stay: [], guardrails, at }), links, new Map()))[0]).toMatch(/^error/)
})

test('an override of this guardrail has an effect where no other is set', async () => {
  const { problems } = await load({
    'all.yaml': `apiVersion: guestlist/v1
kind: Organization
name: contoso
entra: {tenantId: 7918d4b5-0442-4a97-be2d-36f9f9962ece, initialDomain: contoso.onmicrosoft.com}
guardrails: {overrides: [{guardrail: sources, reason: CHG-9, until: 2026-12-05}]}
`,
  })
  expect(problems).toEqual([])
})

test('a source that cannot be used is told once', async () => {
  const policy = await policyOf({ stay: [] })
  const at = policy.partners.get('fabrikam')?.groups.get('contractors')?.origin
  const missing: FindingAt = {
    severity: 'error',
    code: 'guardrail/source-missing',
    message: 'gone',
    ...(at === undefined ? {} : { at }),
  }
  const links = held('contractors', people(3))
  expect(guardSources(policy, links, new Map(), [missing])).toEqual([])
  expect(guardSources(policy, links, new Map(), [{ ...missing, severity: 'warning' }])).toHaveLength(1)
})

test('where app roles are assigned by people, the role’s members are asked', async () => {
  const access = (person: string, unmanaged: readonly string[] = []): [string, Access] => [
    accessKey(person, 'expenses', 'user'),
    { person, partner: 'fabrikam', app: 'expenses', role: 'user', groups: [], unmanaged, links: [] },
  ]
  const listed = people(50, 100)
  const assignments = 'pre-assigned'
  const now = new Map([...people(6), ...listed].map(person => access(person)))
  const direct = access('direct@fabrikam.com', ['direct'])
  const empty = await policyOf({ stay: [], listed, assignments })
  expect(told(guardSources(empty, nobody, new Map([...now, direct])))).toEqual([
    'error[guardrail/source-shrunk] SG holds nobody of fabrikam any more: all 6 in fabrikam/contractors would go',
  ])
  const same = await policyOf({ stay: people(6), listed, assignments, guardrails: limits })
  expect(guardSources(same, nobody, now)).toEqual([])
  const fewer = await policyOf({ stay: people(1), listed, assignments, guardrails: limits })
  expect(told(guardSources(fewer, nobody, now))[0]).toContain('does not hold 5 of 6 in fabrikam/contractors')
  // Elsewhere, who reaches an app tells nothing: the group itself does.
  expect(guardSources(await policyOf({ stay: [], listed }), nobody, now)).toEqual([])
})
