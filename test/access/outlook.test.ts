// What comes by itself: accesses that begin later, those that end soon, and ends that a change of the policy moves. For each
// person as a whole: one line of the policy may carry on what another one ends.

import { expect, test } from 'vitest'
import { outlookOf } from '../../src/access/outlook.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { expensesWith } from '../policy/documents.ts'
import { fabrikam, load, organization, payroll } from '../policy/folder.ts'

const noon = Date.parse('2026-12-01T12:00:00Z')
const everything = { partners: [], apps: [] }

const expenses = expensesWith('roles: {user: {}, viewer: {}, approver: {appRole: Approve}}\n')

const partner = (groups: string): string => fabrikam.replace(/^groups:[\s\S]*/m, `groups:\n${groups}`)

const engineers = '  engineers: {members: [lee@fabrikam.com]}\n'
const both = `${engineers}  auditors: {members: [lee@fabrikam.com]}\n`

/** Each access a line: `engineers expenses until: 2026-12-20`. */
async function policyOf(accesses: readonly string[], groups = engineers, at = noon): Promise<ResolvedPolicy> {
  const documents = accesses.map((line, index) => {
    const [group, app, ...rest] = line.split(' ')
    const more = rest.join(' ').replaceAll('; ', '\n')
    return `apiVersion: guestlist/v1\nkind: Access\nname: access-${index}\npartner: fabrikam\ngroups: [${group}]\napp: ${app}\n${more}\n`
  })
  const files = { 'organization.yaml': organization, 'fabrikam.yaml': partner(groups), 'apps/expenses.yaml': expenses }
  const { policy, problems } = await load(
    { ...files, 'apps/payroll.yaml': payroll, 'access.yaml': documents.join('---\n') },
    at,
  )
  if (policy === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  return policy
}

async function comings(accesses: readonly string[], groups?: string, at?: number): Promise<readonly string[]> {
  const { coming } = outlookOf(await policyOf(accesses, groups, at), undefined, everything)
  return coming.map(({ effect, on, person, app, role }) => `${on} ${effect} ${person} ${app} ${role}`)
}

test('what begins later, and what ends in the next 30 days, on its first and its last day', async () => {
  expect(await comings(['engineers expenses from: 2027-06-01', 'engineers payroll until: 2026-12-20'])).toEqual([
    '2026-12-20 lose lee@fabrikam.com payroll user',
    '2027-06-01 gain lee@fabrikam.com expenses user',
  ])
})

test('the thirtieth day counts whole, the next one not at all', async () => {
  expect(await comings(['engineers expenses until: 2026-12-31'])).toHaveLength(1)
  expect(await comings(['engineers expenses until: 2027-01-01'])).toEqual([])
})

test('the day itself is the last one, and what is over does not come', async () => {
  expect(await comings(['engineers expenses until: 2026-12-01'])).toHaveLength(1)
  expect(await comings(['engineers expenses until: 2026-11-30'])).toEqual([])
  expect(await comings(['engineers expenses from: 2026-12-01'])).toEqual([])
  expect(await comings(['engineers expenses from: 2026-12-01T12:00:01Z'])).toHaveLength(1)
})

test("a person's own end counts, for that person alone", async () => {
  const groups = '  engineers: {members: [lee@fabrikam.com, {address: dana@fabrikam.com, until: 2026-12-10}]}\n'
  expect(await comings(['engineers expenses until: 2027-06-30'], groups)).toEqual([
    '2026-12-10 lose dana@fabrikam.com expenses user',
  ])
  // Who has left by then gets nothing.
  expect(await comings(['engineers expenses from: 2026-12-11'], groups)).toEqual([
    '2026-12-11 gain lee@fabrikam.com expenses user',
  ])
})

test('what another line carries on does not end', async () => {
  expect(await comings(['engineers expenses until: 2026-12-20', 'auditors expenses'], both)).toEqual([])
  expect(await comings(['engineers expenses until: 2026-12-20', 'engineers expenses from: 2026-12-21'])).toEqual([])
  expect(await comings(['engineers expenses until: 2026-12-20', 'auditors expenses until: 2026-12-24'], both)).toEqual([
    '2026-12-24 lose lee@fabrikam.com expenses user',
  ])
})

test('what is there already does not begin, and a gap is a gap', async () => {
  expect(await comings(['engineers expenses', 'auditors expenses from: 2027-01-01'], both)).toEqual([])
  expect(await comings(['engineers expenses until: 2026-12-20', 'engineers expenses from: 2026-12-22'])).toEqual([
    '2026-12-20 lose lee@fabrikam.com expenses user',
    '2026-12-22 gain lee@fabrikam.com expenses user',
  ])
})

test('of two lines that begin one after the other, the first begins it', async () => {
  const accesses = ['engineers expenses from: 2027-02-01', 'auditors expenses from: 2027-01-01; until: 2027-03-31']
  expect(await comings(accesses, both)).toEqual(['2027-01-01 gain lee@fabrikam.com expenses user'])
})

test('roles that are one to the tenant are one here, others are not', async () => {
  const until = 'engineers expenses until: 2026-12-20'
  expect(await comings([until, 'engineers expenses role: viewer'])).toEqual([])
  expect(await comings([until, 'engineers expenses role: approver'])).toHaveLength(1)
})

test('the lines that do it stand behind it', async () => {
  const { coming } = outlookOf(await policyOf(['engineers expenses until: 2026-12-20']), undefined, everything)
  expect(coming[0]?.origins.map(({ file }) => file)).toEqual(['access.yaml', 'fabrikam.yaml'])
})

test('only what is asked for', async () => {
  const policy = await policyOf(['engineers expenses until: 2026-12-20', 'engineers payroll until: 2026-12-20'])
  const appsOf = (scope: { partners: readonly string[]; apps: readonly string[] }) =>
    outlookOf(policy, undefined, scope).coming.map(({ app }) => app)
  expect(appsOf({ partners: [], apps: ['payroll'] })).toEqual(['payroll'])
  expect(appsOf({ partners: ['fabrikam'], apps: [] })).toEqual(['expenses', 'payroll'])
  expect(appsOf({ partners: ['adatum'], apps: [] })).toEqual([])
})

async function against(
  before: readonly string[],
  after: readonly string[],
  groups: readonly [string, string] = [both, both],
) {
  const outlook = outlookOf(await policyOf(after, groups[1]), { policy: await policyOf(before, groups[0]) }, everything)
  return {
    coming: outlook.coming.map(({ effect, on, cause }) => `${on} ${effect} ${cause ?? '-'}`),
    moved: outlook.moved.map(({ person, app, was, until }) => `${person} ${app} ${was} → ${until}`),
    calledOff: outlook.calledOff.map(({ person, app }) => `${person} ${app}`),
  }
}

test('with a base, what the base brings as well is not intended', async () => {
  const before = ['engineers expenses from: 2027-01-01']
  expect((await against(before, before)).coming).toEqual(['2027-01-01 gain -'])
  expect((await against(before, ['engineers expenses from: 2027-01-02'])).coming).toEqual(['2027-01-02 gain intended'])
  expect((await against([], before)).coming).toEqual(['2027-01-01 gain intended'])
})

test('a base of which nothing is known makes everything intended, and moves nothing', async () => {
  const { coming, moved } = outlookOf(await policyOf(['engineers expenses until: 2026-12-20']), {}, everything)
  expect(coming.map(({ cause }) => cause)).toEqual(['intended'])
  expect(moved).toEqual([])
})

test('without a base nothing has a cause, and nothing moves', async () => {
  const { coming, moved, calledOff } = outlookOf(
    await policyOf(['engineers expenses until: 2026-12-20']),
    undefined,
    everything,
  )
  expect(coming.map(item => 'cause' in item)).toEqual([false])
  expect([...moved, ...calledOff]).toEqual([])
})

test('an end that the change moves is told, one that only the lines of it move is not', async () => {
  const until = (day: string): string => `engineers expenses until: ${day}`
  expect((await against([until('2027-03-31')], [until('2027-06-30')])).moved).toEqual([
    'lee@fabrikam.com expenses 2027-03-31 → 2027-06-30',
  ])
  expect((await against([until('2027-03-31')], ['engineers expenses '])).moved).toEqual([
    'lee@fabrikam.com expenses 2027-03-31 → null',
  ])
  expect((await against([until('2027-03-31')], [until('2027-03-31T23:59:59.999Z')])).moved).toEqual([])
  // The same end by another group, and a new line that carries on the old one.
  expect((await against([until('2027-03-31')], ['auditors expenses until: 2027-03-31'])).moved).toEqual([])
  expect(
    (
      await against(
        [until('2027-03-31')],
        [until('2027-03-31'), 'auditors expenses from: 2027-04-01; until: 2027-06-30'],
      )
    ).moved,
  ).toEqual(['lee@fabrikam.com expenses 2027-03-31 → 2027-06-30'])
})

test("a person's own end that moves is that person's", async () => {
  const groups = (day: string): string =>
    `  engineers: {members: [lee@fabrikam.com, {address: dana@fabrikam.com, until: ${day}}]}\n`
  const accesses = ['engineers expenses until: 2027-06-30']
  expect((await against(accesses, accesses, [groups('2027-01-31'), groups('2027-02-28')])).moved).toEqual([
    'dana@fabrikam.com expenses 2027-01-31 → 2027-02-28',
  ])
})

test('the end of what is still to begin moves, too', async () => {
  const from = (until: string): string => `engineers expenses from: 2027-01-01; until: ${until}`
  const { coming, moved } = await against([from('2027-03-31')], [from('2027-06-30')])
  expect(coming).toEqual(['2027-01-01 gain -'])
  expect(moved).toEqual(['lee@fabrikam.com expenses 2027-03-31 → 2027-06-30'])
})

test('who gains or loses the whole of it has no end that moves', async () => {
  expect((await against([], ['engineers expenses until: 2027-06-30'])).moved).toEqual([])
  expect((await against(['engineers expenses until: 2027-06-30'], [])).moved).toEqual([])
})

test('what was to begin and does not any more is called off; what only begins another day is not', async () => {
  const later = 'engineers expenses from: 2027-01-01'
  expect((await against([later], [])).calledOff).toEqual(['lee@fabrikam.com expenses'])
  expect((await against([later], ['engineers expenses from: 2027-02-01'])).calledOff).toEqual([])
  expect((await against([later], ['auditors expenses '])).calledOff).toEqual([])
  expect((await against(['engineers expenses until: 2027-06-30'], [])).calledOff).toEqual([])
})

test('many people and many apps are no matter', async () => {
  const policy = await policyOf(['engineers expenses until: 2026-12-20'])
  const [grant] = policy.grants
  const group = policy.partners.get('fabrikam')?.groups.get('engineers')
  const [member] = group?.members ?? []
  if (grant === undefined || group === undefined || member === undefined) throw new Error('a policy without anything')
  const members = Array.from({ length: 5_000 }, (_, index) => ({ ...member, address: `p${index}@fabrikam.com` }))
  const grants = Array.from({ length: 50 }, (_, index) => ({ ...grant, app: `app-${index}` }))
  const partner = policy.partners.get('fabrikam')
  if (partner === undefined) throw new Error('no partner')
  const groups = new Map([['engineers', { ...group, members }]])
  const large = { ...policy, grants, partners: new Map([['fabrikam', { ...partner, groups }]]) }
  const later = { ...large, grants: grants.map(each => ({ ...each, until: '2026-12-24' })) }
  const { coming, moved } = outlookOf(later, { policy: large }, everything)
  expect([coming.length, moved.length]).toEqual([250_000, 250_000])
})
