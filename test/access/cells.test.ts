// The map: partner groups and roles of apps, with how many people have them, before and after.

import { expect, test } from 'vitest'
import { cellsOf } from '../../src/access/cells.ts'
import { effectsOf } from '../../src/access/effects.ts'
import { type Access, accessKey } from '../../src/access/reach.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { expensesWith, fabrikamWith } from '../policy/documents.ts'
import { load, organization } from '../policy/folder.ts'

async function policyOf(accesses: string): Promise<ResolvedPolicy> {
  const groups = `groups:
  engineers: {members: [lee@fabrikam.com, dana@fabrikam.com]}
  auditors: {members: [lee@fabrikam.com]}
`
  const expenses = expensesWith('roles: {user: {}, viewer: {}, approver: {appRole: Approve}}\n')
  const documents = [organization, fabrikamWith(groups), expenses].join('---\n')
  const { policy, problems } = await load({ 'all.yaml': `${documents}${accesses}` })
  if (policy === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  return policy
}

let count = 0
const grant = (group: string, more = ''): string => {
  count += 1
  return `---\napiVersion: guestlist/v1\nkind: Access\nname: a${count}\npartner: fabrikam\ngroups: [${group}]\napp: expenses\n${more}\n`
}

const has = (person: string, groups: readonly string[], app = 'expenses', partner = 'fabrikam'): Access => ({
  person: `${person}@fabrikam.com`,
  partner,
  app,
  role: 'user',
  groups: groups.map(group => `fabrikam/${group}`),
  unmanaged: groups.length === 0 ? ['direct'] : [],
  links: [],
})

const mapOf = (accesses: readonly Access[]): ReadonlyMap<string, Access> =>
  new Map(accesses.map(access => [accessKey(access.person, access.app, access.role), access]))

function cells(
  policy: ResolvedPolicy,
  now: readonly Access[],
  then: readonly Access[],
  scope = { partners: [] as readonly string[], apps: [] as readonly string[] },
) {
  const [before, after] = [mapOf(now), mapOf(then)]
  const sides = { before, after }
  return cellsOf({ before, after, effects: effectsOf({ gains: sides, losses: sides }, policy), policy, scope })
}

const told = (list: ReturnType<typeof cells>): readonly string[] =>
  list.map(
    ({ partner, group, app, role, before, after, gains, losses }) =>
      `${partner}/${group} ${app} ${role}: ${before} → ${after}, +${gains} -${losses}`,
  )

test('each group by which people have it, people once per cell', async () => {
  const policy = await policyOf(grant('engineers') + grant('auditors'))
  const before = [has('lee', ['engineers'])]
  const after = [has('lee', ['auditors', 'engineers']), has('dana', ['engineers'])]
  // Lee had it before: the second group gives nothing new.
  expect(told(cells(policy, before, after))).toEqual([
    'fabrikam/auditors expenses user: 0 → 1, +0 -0',
    'fabrikam/engineers expenses user: 1 → 2, +1 -0',
  ])
})

test('who changes groups loses nothing', async () => {
  const policy = await policyOf(grant('auditors'))
  expect(told(cells(policy, [has('lee', ['engineers'])], [has('lee', ['auditors'])]))).toEqual([
    'fabrikam/auditors expenses user: 0 → 1, +0 -0',
    'fabrikam/engineers expenses user: 1 → 0, +0 -0',
  ])
})

test('what the policy gives or will give has a cell before anybody has it', async () => {
  const policy = await policyOf(grant('engineers', 'from: 2027-01-01') + grant('auditors', 'role: approver'))
  expect(told(cells(policy, [], []))).toEqual([
    'fabrikam/auditors expenses approver: 0 → 0, +0 -0',
    'fabrikam/engineers expenses user: 0 → 0, +0 -0',
  ])
})

test('what has ended has a cell only while somebody has it still, with the end that it had', async () => {
  const policy = await policyOf(grant('engineers', 'until: 2026-11-30'))
  expect(cells(policy, [], [])).toEqual([])
  expect(cells(policy, [has('lee', ['engineers'])], [])).toMatchObject([{ losses: 1, from: null, until: '2026-11-30' }])
})

test('the span of all its accesses; open where one of them is', async () => {
  const spans = async (...accesses: readonly string[]) =>
    cells(await policyOf(accesses.join('')), [], []).map(({ from, until }) => `${from} ${until}`)
  const [first, second] = ['from: 2026-12-01\nuntil: 2027-01-31', 'from: 2027-02-15\nuntil: 2027-06-30']
  expect(await spans(grant('engineers', first), grant('engineers', second))).toEqual(['2026-12-01 2027-06-30'])
  expect(await spans(grant('engineers', second), grant('engineers', `role: viewer\n${first}`))).toEqual([
    '2026-12-01 2027-06-30',
  ])
  expect(await spans(grant('engineers', 'from: 2027-01-01'))).toEqual(['2027-01-01 null'])
  expect(await spans(grant('engineers', 'until: 2027-01-01'))).toEqual(['null 2027-01-01'])
})

test('ways that no group tells have a cell of their own, also of nobody', async () => {
  const policy = await policyOf(grant('engineers'))
  const before = [has('intern', []), has('stranger', [], 'expenses', '')]
  expect(told(cells(policy, before, []))).toEqual([
    '/ expenses user: 1 → 0, +0 -1',
    'fabrikam/ expenses user: 1 → 0, +0 -1',
    'fabrikam/engineers expenses user: 0 → 0, +0 -0',
  ])
})

test('outside the scope only what somebody gains or loses', async () => {
  const policy = await policyOf(grant('engineers'))
  const other = has('lee', ['engineers'], 'tickets')
  const scope = { partners: [], apps: ['tickets'] }
  expect(told(cells(policy, [other], [other], scope))).toEqual(['fabrikam/engineers tickets user: 1 → 1, +0 -0'])
  expect(told(cells(policy, [other], [other, has('dana', ['engineers'])], scope))).toEqual([
    'fabrikam/engineers expenses user: 0 → 1, +1 -0',
    'fabrikam/engineers tickets user: 1 → 1, +0 -0',
  ])
})
