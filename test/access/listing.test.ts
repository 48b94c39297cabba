// Who reaches what, until when, and why: from accesses made by hand, so that each column can be seen to follow.

import { expect, test } from 'vitest'
import { countPending, type Filter, listAccesses } from '../../src/access/listing.ts'
import { addressOf } from '../../src/access/person.ts'
import type { Access } from '../../src/access/reach.ts'
import { type Id, ids } from '../../src/model/id.ts'
import { dayMs } from '../../src/model/time.ts'
import { lee, maeve, matrix, observed } from './matrix.ts'

const all: Filter = { partners: [], apps: [] }

function access(over: Partial<Access> = {}): Access {
  const base = { person: lee, partner: 'fabrikam', app: 'cloud', role: 'user', groups: ['fabrikam/engineers'] }
  return { ...base, unmanaged: [], links: [], ...over }
}

const byHand = (person: string): Access =>
  access({
    person,
    groups: [],
    unmanaged: ['direct'],
    links: [ids.unmanagedAccess('cloud', 'default-access', person, 'direct')],
  })

const nothing = new Map<Id, never>()

const dated = (group: string, app: string, dates: string): string =>
  `apiVersion: guestlist/v1\nkind: Access\nname: ${group}-${app}-dated\npartner: fabrikam\ngroups: [${group}]\napp: ${app}\n${dates}`

test('an access ends on the last day that any line gives it, and names the lines', async () => {
  const policy = await matrix('managed', [dated('others', 'cloud', 'until: 2027-09-30\nreason: a longer one')])
  const [row] = listAccesses([access({ groups: ['fabrikam/engineers', 'fabrikam/others'] })], policy, nothing, all)
  expect(row).toMatchObject({ basis: 'policy', until: '2027-09-30', unmanaged: [] })
  expect(row?.because.map(({ grant }) => [grant.access, grant.reason])).toEqual([
    ['fabrikam-engineers-cloud', undefined],
    ['others-cloud-dated', 'a longer one'],
  ])
})

test('an access without an end has none', async () => {
  const policy = await matrix()
  const [row] = listAccesses([access({ person: maeve, partner: 'litware' })], policy, nothing, all)
  expect(row).toMatchObject({ basis: 'policy', until: null })
})

test('what the policy ended is told as ended, with the line that ended it', async () => {
  const policy = await matrix('managed', [dated('others', 'kerberos', 'role: approver\nuntil: 2026-11-30')])
  const [row] = listAccesses([access({ app: 'kerberos', role: 'approver' })], policy, nothing, all)
  expect(row).toMatchObject({ basis: 'ended', until: '2026-11-30' })
  expect(row?.because).toHaveLength(1)
})

test('a way that no policy names has its name and no end, even beside one that has', async () => {
  const policy = await matrix()
  const there = new Map([
    observed(ids.unmanagedAccess('cloud', 'default-access', lee, 'direct'), { way: 'direct assignment' }),
  ])
  const stranger = byHand('intern@adatum.com')
  const rows = listAccesses([byHand(lee), stranger], policy, there, all)
  expect(rows).toMatchObject([
    { person: 'intern@adatum.com', basis: 'none', until: null, unmanaged: ['direct'], because: [] },
    { person: lee, basis: 'policy', until: null, unmanaged: ['direct assignment'] },
  ])
})

test('rows stand by app, role and person, whatever order they come in', async () => {
  const policy = await matrix()
  const accesses = ['saml', 'cloud'].flatMap(app => [lee, 'dana@fabrikam.com'].map(person => access({ app, person })))
  const names = (rows: Iterable<Access>): readonly string[] =>
    listAccesses(rows, policy, nothing, all).map(({ app, person }) => `${app} ${person}`)
  expect(names(accesses)).toEqual(names(accesses.toReversed()))
  expect(names(accesses)).toEqual(['cloud dana@fabrikam.com', `cloud ${lee}`, 'saml dana@fabrikam.com', `saml ${lee}`])
})

test('filters choose rows', async () => {
  const policy = await matrix()
  const accesses = [access(), access({ app: 'saml' }), access({ person: maeve, partner: 'litware' })]
  const count = (filter: Partial<Filter>): number =>
    listAccesses(accesses, policy, nothing, { ...all, ...filter }).length
  expect(count({})).toBe(3)
  expect(count({ apps: ['cloud'] })).toBe(2)
  expect(count({ partners: ['litware'] })).toBe(1)
  expect(count({ person: lee })).toBe(2)
  // Until 2027-06-30, 211 days away; Maeve's has no end.
  const ending = (days: number) => ({ ending: { from: policy.at, to: policy.at + days * dayMs } })
  expect([count(ending(211)), count(ending(212))]).toEqual([0, 2])
})

test('what the policy gives and does not work is counted, each once, by the same filters', async () => {
  const policy = await matrix()
  expect(countPending([], policy, all)).toBe(14)
  expect(countPending([access()], policy, all)).toBe(13)
  expect(countPending([access()], policy, { ...all, person: lee })).toBe(6)
  expect(countPending([], policy, { ...all, apps: ['cloud'], partners: ['litware'] })).toBe(1)
  const later = await matrix('managed', [dated('others', 'cloud', 'from: 2027-01-01\nuntil: 2027-02-01')])
  expect(countPending([], later, all)).toBe(14)
})

test('ten thousand guests are no matter', async () => {
  const policy = await matrix()
  const accesses = Array.from({ length: 50_000 }, (_, index) =>
    access({ person: `${index % 10_000}@fabrikam.com`, role: `${index}` }),
  )
  const start = performance.now()
  expect(listAccesses(accesses, policy, nothing, all)).toHaveLength(50_000)
  expect(performance.now() - start).toBeLessThan(5000)
})

test('a person is known by every name that the directories have', async () => {
  const policy = await matrix()
  const upn = 'lee_fabrikam.com#EXT#@contoso.onmicrosoft.com'
  const [id, guest] = observed(ids.guest(lee))
  const there = new Map([[id, { ...guest, name: upn }]])
  expect(addressOf('LEE@Fabrikam.com', policy, there)).toBe(lee)
  expect(addressOf(upn.toLowerCase(), policy, there)).toBe(lee)
  expect(addressOf('Lee_Gu_fabrikam.com#EXT#@contoso.onmicrosoft.com', policy, there)).toBe('lee_gu@fabrikam.com')
  const [shadow, account] = observed(ids.shadowAccount(lee), { userPrincipalName: 'lee.gu@corp.contoso.com' })
  expect(addressOf('Lee.Gu@corp.contoso.com', policy, new Map([[shadow, account]]))).toBe(lee)
  expect(addressOf(' Nobody@example.com', policy, there)).toBe('nobody@example.com')
})
