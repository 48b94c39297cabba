// Intent and drift apart: what the policy before the change would do as well is drift, the rest is intended, and what the
// change takes up of the drift is told.

import { expect, test } from 'vitest'
import type { BasePolicy } from '../../src/engine/base.ts'
import { makePlan, type PlanRequest } from '../../src/engine/plan.ts'
import type { Directories } from '../../src/model/directories.ts'
import type { Plan } from '../../src/model/plan.ts'
import { Failure } from '../../src/model/problem.ts'
import { kinds } from '../../src/resources/registry.ts'
import { access, app, type Cloud, guest, openCloud, organization, partner, seededApp } from '../resources/cloud.ts'

const [lee, dana, kim] = ['lee@fabrikam.com', 'dana@fabrikam.com', 'kim@fabrikam.com']

const expenses = app('expenses')
const policyOf = (members: readonly (string | object)[], ...more: readonly object[]): readonly object[] => [
  organization(),
  partner(members),
  expenses,
  access('expenses'),
  ...more,
]

const applications = ['expenses', 'wiki'].map(name => ({ displayName: name }))

async function applied(documents: readonly object[]): Promise<Cloud> {
  const cloud = await openCloud({
    applications,
    users: [lee, dana, kim].map(mail => guest(mail)),
    servicePrincipals: [seededApp('expenses'), seededApp('wiki')],
  })
  await cloud.apply(documents)
  return cloud
}

const engineers = 'guestlist.partner-group.fabrikam.engineers'

/** Somebody works in the portal. */
async function byHand(cloud: Cloud, what: 'add' | 'remove', person: string): Promise<void> {
  const group = cloud.tenant.snapshot().graph.groups?.find(each => each.uniqueName === engineers)
  const writer = cloud.tenant.connection().writer()
  const names = [String(group?.id), String(cloud.user(person)?.id)] as const
  await (what === 'add' ? writer.addMember(...names) : writer.removeMember(...names))
}

async function planOf(
  cloud: Cloud,
  documents: readonly object[],
  base?: readonly object[] | 'unknown',
  more: Partial<PlanRequest> = {},
): Promise<Plan> {
  const revision: BasePolicy = { revision: 'main', commit: 'c0ffee' }
  const policy = base === undefined || base === 'unknown' ? undefined : await cloud.resolve(base)
  const planned = await makePlan({
    kinds,
    policy: await cloud.resolve(documents),
    from: { entra: cloud.tenant.connection().reader(), activeDirectory: cloud.tenant.directory },
    folder: 'policies/',
    version: '0.0.0',
    createdAt: cloud.now,
    ...(base === undefined ? {} : { base: { ...revision, ...(policy === undefined ? {} : { policy }) } }),
    ...more,
  })
  return planned.plan
}

const effects = ({ effects: list }: Plan): readonly string[] =>
  list.map(({ effect, person, app, cause }) => `${effect} ${person} ${app} ${cause ?? '-'}`).sort()

const changes = ({ changes: list }: Plan): readonly string[] =>
  list.map(({ action, id, cause }) => `${action} ${id.replace('entra/', '')} ${cause ?? '-'}`).sort()

const found = ({ findings }: Plan, code: string): readonly string[] =>
  findings.filter(finding => finding.code === code).map(({ message }) => message)

test('what the base would do as well is drift, the rest is intended', async () => {
  const base = policyOf([lee, dana])
  const cloud = await applied(base)
  await byHand(cloud, 'remove', dana)
  await byHand(cloud, 'add', kim)
  const plan = await planOf(cloud, policyOf([lee, dana], app('wiki'), access('wiki')), base)
  expect(effects(plan)).toEqual([
    'gain dana@fabrikam.com expenses drift',
    'gain dana@fabrikam.com wiki intended',
    'gain lee@fabrikam.com wiki intended',
    'lose kim@fabrikam.com expenses drift',
  ])
  expect(changes(plan)).toEqual(
    expect.arrayContaining([
      'create group-member/fabrikam/engineers/dana@fabrikam.com drift',
      'delete group-member/fabrikam/engineers/kim@fabrikam.com drift',
      'create app-role-assignment/wiki/default-access/fabrikam/engineers intended',
    ]),
  )
  expect(plan.base).toEqual({ revision: 'main', commit: 'c0ffee' })
})

test('the same plan has the same digest with and without a base, and without one no cause', async () => {
  const base = policyOf([lee, dana])
  const cloud = await applied(base)
  await byHand(cloud, 'remove', dana)
  const documents = policyOf([lee, dana, kim])
  const [without, against] = [await planOf(cloud, documents), await planOf(cloud, documents, base)]
  expect(against.digest).toBe(without.digest)
  expect(against.checksum).not.toBe(without.checksum)
  expect(against.effects.map(({ cause }) => cause).sort()).toEqual(['drift', 'intended'])
  expect(JSON.stringify(without)).not.toContain('"cause"')
  const plain = (plan: Plan): unknown =>
    JSON.parse(JSON.stringify({ ...plan, base: 0, checksum: 0 }, (key, value) => (key === 'cause' ? undefined : value)))
  // Nothing else differs: the directories were read twice, and told about once.
  expect(plain(against)).toEqual(plain(without))
})

test('a part is compared with the whole base', async () => {
  const base = policyOf([lee, dana], app('wiki'), access('wiki'))
  const cloud = await applied(base)
  await byHand(cloud, 'remove', dana)
  const documents = policyOf([lee, dana, kim], app('wiki'), access('wiki'))
  const part = await planOf(cloud, documents, base, { scope: { partners: [], apps: ['wiki'] } })
  expect(effects(part)).toEqual(
    expect.arrayContaining(['gain dana@fabrikam.com wiki drift', 'gain kim@fabrikam.com wiki intended']),
  )
  const plane = await planOf(cloud, documents, base, { scope: { partners: [], apps: [], only: 'entra' } })
  expect(changes(plane)).toContain('create group-member/fabrikam/engineers/dana@fabrikam.com drift')
  expect(changes(plane)).toContain('create group-member/fabrikam/engineers/kim@fabrikam.com intended')
})

test('an update whose values are not those of the base is intended', async () => {
  const described = (description: string): readonly object[] => [
    organization(),
    partner([], { groups: { engineers: { description, members: [lee] } } }),
    expenses,
    access('expenses'),
  ]
  const base = described('Field engineers')
  const cloud = await applied(base)
  const writer = cloud.tenant.connection().writer()
  const group = cloud.tenant.snapshot().graph.groups?.find(each => each.uniqueName === engineers)
  await writer.patch(`/groups/${group?.id}`, { description: 'Somebody was here' })
  expect(changes(await planOf(cloud, base, base))).toEqual(['update group/fabrikam/engineers drift'])
  expect(changes(await planOf(cloud, described('Engineers of the field'), base))).toEqual([
    'update group/fabrikam/engineers intended',
  ])
})

test('drift that the change of policy takes up is told, and needs nothing done', async () => {
  const base = policyOf([lee, dana])
  const cloud = await applied(base)
  await byHand(cloud, 'remove', dana)
  await byHand(cloud, 'add', kim)
  const plan = await planOf(cloud, policyOf([lee, kim]), base)
  expect(effects(plan)).toEqual([])
  expect(found(plan, 'drift/accepted')).toEqual([
    'this change of policy accepts what has drifted: 1 access stays that main takes away: kim@fabrikam.com expenses (user); ' +
      '1 access stays away that main gives: dana@fabrikam.com expenses (user)',
  ])
  const elsewhere = await planOf(cloud, policyOf([lee, kim]), base, { scope: { partners: [], apps: ['wiki'] } })
  expect(found(elsewhere, 'drift/accepted')).toEqual([])
  expect(found(await planOf(cloud, base, base), 'drift/accepted')).toEqual([])
})

test('what only moves an end is no empty plan', async () => {
  const [from, to] = ['2027-01-31', '2027-03-31'].map(until => policyOf([lee, { address: dana, until }]))
  if (from === undefined || to === undefined) throw new Error('no policies')
  const cloud = await applied(from)
  const plan = await planOf(cloud, to, from)
  expect(plan.changes).toEqual([])
  expect(plan.moved).toMatchObject([{ person: dana, was: '2027-01-31', until: '2027-03-31' }])
  expect(plan.moved[0]?.because.map(({ file }) => file)).toEqual(['policies/all.yaml', 'policies/all.yaml'])
})

test('what was to come and does not any more is told', async () => {
  const base = policyOf([lee], app('wiki'), { ...access('wiki'), from: '2027-02-01' })
  const cloud = await applied(base)
  expect(found(await planOf(cloud, policyOf([lee], app('wiki')), base), 'called-off')).toEqual([
    '1 access does not begin any more that main begins later: lee@fabrikam.com wiki (user)',
  ])
  expect(found(await planOf(cloud, base, base), 'called-off')).toEqual([])
})

test('of a base that nothing is known of, everything is intended', async () => {
  const cloud = await applied(policyOf([lee]))
  await byHand(cloud, 'remove', lee)
  const plan = await planOf(cloud, policyOf([lee]), 'unknown')
  expect(effects(plan)).toEqual(['gain lee@fabrikam.com expenses intended'])
})

test('a base about another tenant, or one that cannot be read, is told, and there is a plan all the same', async () => {
  const base = policyOf([lee])
  const cloud = await applied(base)
  await byHand(cloud, 'remove', lee)
  const [, ...rest] = base
  const foreign = [organization({ tenantId: 'aaaaaaaa-0442-4a97-be2d-36f9f9962ece' }), ...rest]
  const plan = await planOf(cloud, base, foreign)
  expect(effects(plan)).toEqual(['gain lee@fabrikam.com expenses intended'])
  expect(found(plan, 'base-unreadable')).toEqual([
    'main cannot be planned, so that drift is not told apart: it is about another tenant or domain',
  ])

  // Only the base has sponsors, and who they are is not to be read.
  const reader = cloud.tenant.connection().reader()
  const forbidden = (paths: readonly string[], query: unknown): boolean => /anna/.test(JSON.stringify([paths, query]))
  const refusal = new Failure('forbidden', 'the tenant refuses that')
  const entra: Directories['entra'] = {
    list: (path, query) => (forbidden([path], query) ? Promise.reject(refusal) : reader.list(path, query)),
    get: (path, query) => (forbidden([path], query) ? Promise.reject(refusal) : reader.get(path, query)),
    listEach: (paths, query) => (forbidden(paths, query) ? Promise.reject(refusal) : reader.listEach(paths, query)),
    getEach: (paths, query) => (forbidden(paths, query) ? Promise.reject(refusal) : reader.getEach(paths, query)),
  }
  const sponsored = [organization(), partner([lee], { sponsors: ['anna@contoso.com'] }), expenses, access('expenses')]
  const from = { entra, activeDirectory: cloud.tenant.directory }
  const against = await planOf(cloud, base, sponsored, { from })
  expect(found(against, 'base-unreadable')).toEqual([
    'main cannot be planned, so that drift is not told apart: the tenant refuses that',
  ])
  expect(effects(against)).toEqual(['gain lee@fabrikam.com expenses intended'])
})

test('the directories are read once for both', async () => {
  const base = policyOf([lee])
  const cloud = await applied(base)
  const searches: string[] = []
  const activeDirectory: Directories['activeDirectory'] = {
    search: request => {
      searches.push(JSON.stringify(request))
      return cloud.tenant.directory.search(request)
    },
  }
  await planOf(cloud, base, base, { from: { entra: cloud.tenant.connection().reader(), activeDirectory } })
  expect(searches.length).toBe(new Set(searches).size)
})

test('names that stay short, however many', async () => {
  const people = Array.from({ length: 8 }, (_, index) => `p${index}@fabrikam.com`)
  const cloud = await openCloud({
    applications,
    users: [lee, ...people].map(mail => guest(mail)),
    servicePrincipals: [seededApp('expenses')],
  })
  await cloud.apply(policyOf([lee, ...people]))
  const [message = ''] = found(await planOf(cloud, policyOf([lee, ...people]), policyOf([lee])), 'drift/accepted')
  expect(message).toContain('8 accesses stay that main takes away: ')
  expect(message).toMatch(/, and 3 more$/)
  expect(message.match(/@/g)).toHaveLength(5)
})
