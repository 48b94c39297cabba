// A guest's way out: off at once when no group holds the person any more, deleted after the grace period, the same object
// again on return. Only guests whom guestlist invited or took over ever go this way, however they came and whoever keeps the
// list.

import { describe, expect, test } from 'vitest'
import { dayMs } from '../../src/model/time.ts'
import {
  access,
  app,
  appIds,
  type Cloud,
  guest,
  openCloud,
  organization,
  partner,
  principalName,
  seededApp,
  told,
} from '../resources/cloud.ts'

const [lee, dana, ann] = ['lee@fabrikam.com', 'dana@fabrikam.com', 'ann@elsewhere.example']
const applications = [{ displayName: 'expenses', appId: appIds.expenses }]
const mark = 'guestlist.partner-group.fabrikam.engineers'

const policy = (...members: readonly (string | object)[]): readonly object[] => [
  organization(),
  partner(members),
  app('expenses'),
  access('expenses'),
]

function cloud(graph: object = {}): Promise<Cloud> {
  return openCloud({ applications, servicePrincipals: [seededApp('expenses')], ...graph })
}

/** What comes after sign-in was switched off is refused. */
const cutAtSessions: typeof fetch = async (input, init) =>
  String(input instanceof Request ? input.url : input).endsWith('/revokeSignInSessions')
    ? new Response(JSON.stringify({ error: { code: 'BadRequest', message: 'cut' } }), { status: 400 })
    : fetch(input, init)

describe('a guest whom no group holds any more', () => {
  test('is signed off at once, sessions included, with the day noted and out of every group of the partner', async () => {
    const tenant = await cloud()
    await tenant.apply(policy(lee, dana))
    const before = tenant.user(lee)
    tenant.now += 7 * dayMs
    const { plan } = await tenant.apply(policy(dana))
    expect(told(plan.changes)).toEqual(
      expect.arrayContaining([`update guest/${lee}`, `delete group-member/fabrikam/engineers/${lee}`]),
    )
    expect(plan.effects).toEqual([expect.objectContaining({ effect: 'lose', person: lee, app: 'expenses' })])
    expect(tenant.user(lee)).toMatchObject({
      id: before?.id,
      accountEnabled: false,
      employeeLeaveDateTime: '2026-12-08T09:00:00.000Z',
      signInSessionsValidFromDateTime: '2026-12-08T09:00:00Z',
    })
    expect(tenant.membersOf(mark)).toEqual([principalName(dana)])
    expect(tenant.user(dana)).toMatchObject({ accountEnabled: true })
  })

  test('because the day of the membership has come, goes the same way', async () => {
    const tenant = await cloud()
    const documents = policy({ address: lee, until: '2026-12-05' }, dana)
    await tenant.apply(documents)
    tenant.now += 5 * dayMs
    await tenant.apply(documents)
    expect(tenant.user(lee)).toMatchObject({ accountEnabled: false })
  })

  test('and who never accepted the invitation leaves, too', async () => {
    const tenant = await cloud()
    await tenant.apply(policy(lee))
    expect(tenant.user(lee)).toMatchObject({ externalUserState: 'PendingAcceptance' })
    await tenant.apply(policy())
    expect(tenant.user(lee)).toMatchObject({ accountEnabled: false })
    tenant.now += 31 * dayMs
    await tenant.apply(policy())
    expect(tenant.user(lee)).toBeUndefined()
  })

  test('and who returns within the grace period is the same object, signed on again, without an invitation', async () => {
    const tenant = await cloud()
    await tenant.apply(policy(lee))
    const before = tenant.user(lee)
    await tenant.apply(policy())
    tenant.now += 20 * dayMs
    const { plan } = await tenant.apply(policy(lee))
    expect(told(plan.changes)).toContain(`restore guest/${lee}`)
    expect(plan.effects).toEqual([expect.objectContaining({ effect: 'gain', person: lee })])
    const { employeeLeaveDateTime, ...after } = tenant.user(lee) ?? {}
    expect(after).toMatchObject({ id: before?.id, accountEnabled: true })
    expect(employeeLeaveDateTime ?? null).toBeNull()
    expect(tenant.invitations()).toBe(1)
    // The next time counts from its own day.
    await tenant.apply(policy())
    tenant.now += 29 * dayMs
    await tenant.apply(policy())
    expect(tenant.user(lee)).toBeDefined()
  })

  test('is deleted when the grace period is over and not before, and comes back from there with no more than before', async () => {
    const tenant = await cloud()
    await tenant.apply(policy(lee))
    const before = tenant.user(lee)
    await tenant.apply(policy())
    tenant.now += 30 * dayMs - 1
    expect((await tenant.plan(policy())).plan.changes).toEqual([])
    tenant.now += 1
    const { plan } = await tenant.apply(policy())
    expect(told(plan.changes)).toEqual([`delete guest/${lee}`])
    expect(plan.effects).toEqual([])
    expect(tenant.deleted(lee)).toMatchObject({ id: before?.id })

    tenant.now += 10 * dayMs
    await tenant.apply(policy(lee))
    expect(tenant.user(lee)).toMatchObject({ id: before?.id, accountEnabled: true })
    expect(tenant.membersOf(mark)).toEqual([principalName(lee)])
    expect(tenant.invitations()).toBe(1)
  })

  test('stays signed off, for ever, where the organization names no grace period', async () => {
    const tenant = await cloud()
    const [, ...rest] = policy()
    const documents = [organization({ offboarding: undefined }), ...rest]
    await tenant.apply(policy(lee))
    await tenant.apply(documents)
    tenant.now += 1000 * dayMs
    await tenant.apply(documents)
    expect(tenant.user(lee)).toMatchObject({ accountEnabled: false })
  })

  test('loses the sessions even if the run ends right after sign-in was switched off', async () => {
    const tenant = await cloud()
    await tenant.apply(policy(lee))
    await tenant.perform(await tenant.plan(policy()), cutAtSessions)
    expect(tenant.user(lee)).toMatchObject({ accountEnabled: false })
    expect(tenant.user(lee)?.signInSessionsValidFromDateTime).toBeUndefined()
    await tenant.apply(policy())
    expect(tenant.user(lee)?.signInSessionsValidFromDateTime).toBeDefined()
  })

  test('also where somebody had set a day of leaving before, from which nothing is counted', async () => {
    const tenant = await cloud()
    await tenant.apply(policy(lee))
    const { id } = tenant.user(lee) ?? {}
    await tenant.tenant.connection().writer().patch(`/users/${id}`, { employeeLeaveDateTime: '2026-10-01T00:00:00Z' })
    await tenant.perform(await tenant.plan(policy()), cutAtSessions)
    expect(tenant.user(lee)).toMatchObject({ accountEnabled: false })
    await tenant.apply(policy())
    expect(tenant.user(lee)).toMatchObject({
      employeeLeaveDateTime: '2026-12-01T09:00:00.000Z',
      signInSessionsValidFromDateTime: '2026-12-01T09:00:00Z',
    })
  })
})

test('only guests whom guestlist invited or took over are ever signed off or deleted', async () => {
  const tenant = await cloud({
    users: [guest(ann), guest(dana), { userPrincipalName: 'omar@contoso.com', mail: 'omar@contoso.com' }],
    groups: [{ displayName: 'Programme', members: [ann] }],
  })
  await tenant.apply(policy(lee, dana))
  const others = [tenant.user(ann), tenant.user('omar@contoso.com')]
  await tenant.apply(policy())
  tenant.now += 31 * dayMs
  await tenant.apply(policy())
  expect([tenant.user(lee), tenant.user(dana)]).toEqual([undefined, undefined])
  expect([tenant.user(ann), tenant.user('omar@contoso.com')]).toEqual(others)
})

test('a guest whom only a group kept elsewhere holds leaves when that lets go', async () => {
  const source = { id: '5b1d7c3e-0a92-4f6b-8d47-e3c5f9a01b26', displayName: 'SG-Fabrikam' }
  const tenant = await cloud({ users: [guest(lee), guest(dana)], groups: [{ ...source, members: [lee, dana] }] })
  const documents = [
    organization(),
    partner([], { groups: { engineers: { membersFrom: { entraGroup: 'SG-Fabrikam' } } } }),
    app('expenses'),
    access('expenses'),
  ]
  const { plan } = await tenant.apply(documents)
  expect(plan.effects.map(({ effect, person }) => `${effect} ${person}`).sort()).toEqual([
    `gain ${dana}`,
    `gain ${lee}`,
  ])
  await tenant.tenant
    .connection()
    .writer()
    .removeMember(source.id, String(tenant.user(lee)?.id))
  const later = await tenant.apply(documents)
  expect(later.plan.effects).toEqual([expect.objectContaining({ effect: 'lose', person: lee })])
  expect(tenant.user(lee)).toMatchObject({ accountEnabled: false })
  expect(tenant.user(dana)).toMatchObject({ accountEnabled: true })
  // The source is read, never written.
  expect(tenant.membersOf('SG-Fabrikam')).toEqual([principalName(dana)])
})

describe('where a person assigns apps (assignments: pre-assigned)', () => {
  const withMembers = (...members: readonly string[]): readonly object[] => [
    organization({ assignments: 'pre-assigned' }),
    partner(members),
    app('expenses'),
    access('expenses'),
  ]
  const group = 'guestlist: expenses'

  /** What the person does once. */
  async function assign(tenant: Cloud): Promise<void> {
    const { groups = [], servicePrincipals = [] } = tenant.tenant.snapshot().graph
    const [principal] = servicePrincipals
    await tenant.tenant
      .connection()
      .writer()
      .post(`/servicePrincipals/${String(principal?.id)}/appRoleAssignedTo`, {
        principalId: groups.find(({ displayName }) => displayName === group)?.id,
        resourceId: principal?.id,
        appRoleId: '00000000-0000-0000-0000-000000000000',
      })
  }

  test('a guest leaves, is deleted and comes back in the same way', async () => {
    const tenant = await cloud()
    await tenant.apply(withMembers(lee))
    await assign(tenant)
    await tenant.apply(withMembers(lee))
    expect(tenant.membersOf(group)).toEqual([principalName(lee)])
    const before = tenant.user(lee)
    const { plan } = await tenant.apply(withMembers(dana))
    expect(plan.effects.map(({ effect, person }) => `${effect} ${person}`)).toEqual([`gain ${dana}`, `lose ${lee}`])
    expect(tenant.user(lee)).toMatchObject({ accountEnabled: false })
    expect(tenant.membersOf(group)).toEqual([principalName(dana)])
    tenant.now += 31 * dayMs
    await tenant.apply(withMembers(dana))
    expect(tenant.user(lee)).toBeUndefined()
    await tenant.apply(withMembers(lee, dana))
    expect(tenant.user(lee)).toMatchObject({ id: before?.id, accountEnabled: true })
    expect(tenant.invitations()).toBe(2)
  })

  test('a guest whom somebody deleted comes back without the group that the policy does not name any more', async () => {
    const tenant = await cloud()
    await tenant.apply(withMembers(lee))
    await assign(tenant)
    await tenant.apply(withMembers(lee))
    await tenant.tenant
      .connection()
      .writer()
      .delete(`/users/${String(tenant.user(lee)?.id)}`)
    // Still a person of the policy, in a group that has no access.
    const [first, , ...rest] = withMembers()
    const groups = { engineers: { members: [dana] }, office: { members: [lee] } }
    await tenant.perform(await tenant.plan([first ?? {}, partner([], { groups }), ...rest]))
    expect(tenant.user(lee)).toMatchObject({ accountEnabled: true })
    expect(tenant.membersOf(group)).toEqual([principalName(dana)])
  })
})
