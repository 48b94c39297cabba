// Guests who get into an app by a way that no policy names: told with who, how and since when; taken away only where the app
// asks for it, only from those who are meant, and only where nothing is touched that others keep.

import { describe, expect, test } from 'vitest'
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
} from './cloud.ts'

const [lee, dana, kim, ann] = ['lee@fabrikam.com', 'dana@fabrikam.com', 'kim@fabrikam.com', 'ann@elsewhere.example']
const programme = { displayName: 'Turbine Programme 2024' }
const employee = { userPrincipalName: 'omar@contoso.com', mail: 'omar@contoso.com', displayName: 'Omar' }
const remove = { unmanagedGuests: 'remove' }

const applications = ['expenses', 'payments', 'wiki'].map(name => ({ displayName: name, appId: appIds[name] }))

function cloud(
  apps: readonly object[],
  more: { users?: readonly object[]; groups?: readonly object[] } = {},
): Promise<Cloud> {
  const users = [employee, guest(lee), guest(dana), guest(kim), guest(ann), ...(more.users ?? [])]
  return openCloud({ applications, users, groups: more.groups ?? [], servicePrincipals: apps })
}

const policy = (...apps: readonly object[]): readonly object[] => [
  organization(),
  partner([lee]),
  ...apps,
  access('expenses'),
]

const findings = async (tenant: Cloud, documents: readonly object[]) =>
  (await tenant.plan(documents)).plan.findings.filter(({ code }) => code === 'unmanaged-guest')

const removals = (tenant: Cloud, documents: readonly object[]) =>
  tenant.plan(documents).then(({ plan }) => told(plan.changes).filter(text => text.includes('unmanaged-access')))

describe('a way that no policy names', () => {
  test('is told with who, how and since when, at the app, and counts as access', async () => {
    const direct = { principal: ann, createdDateTime: '2026-03-14T08:00:00Z' }
    const group = { principal: programme.displayName, createdDateTime: '2024-02-01T08:00:00Z' }
    const tenant = await cloud([seededApp('expenses', [direct, group, employee.userPrincipalName])], {
      groups: [{ ...programme, members: [dana, kim, employee.userPrincipalName] }],
    })
    const documents = policy(app('expenses'))
    expect(await findings(tenant, documents)).toEqual([
      expect.objectContaining({
        severity: 'warning',
        message: `2 guests reach expenses by the group "Turbine Programme 2024" (assignment of 2024-02-01), which no policy names: ${dana}, ${kim}`,
        at: expect.objectContaining({ file: 'policies/all.yaml' }),
      }),
      expect.objectContaining({
        message: `a guest reaches expenses by direct assignment, which no policy names: ${ann} (assignment of 2026-03-14)`,
      }),
    ])
    const { before, plan } = await tenant.plan(documents)
    expect([...before.values()].map(({ person }) => person).sort()).toEqual([ann, dana, kim])
    expect(plan.effects.map(({ effect, person }) => `${effect} ${person}`)).toEqual([`gain ${lee}`])
    await tenant.apply(documents)
    expect(tenant.membersOf(programme.displayName)).toEqual([
      principalName(dana),
      principalName(kim),
      'omar@contoso.com',
    ])
  })

  test('of many in one group is one finding that names some and counts them all', async () => {
    const many = Array.from({ length: 8 }, (_, index) => `guest${index}@elsewhere.example`)
    const tenant = await cloud([seededApp('expenses', [programme.displayName])], {
      users: many.map(mail => guest(mail, mail.startsWith('guest1') ? { accountEnabled: false } : {})),
      groups: [{ ...programme, members: many }],
    })
    const [only, ...others] = await findings(tenant, policy(app('expenses')))
    expect(others).toEqual([])
    expect(only?.message).toMatch(
      /^8 guests reach expenses .*: guest0@\S+, guest1@\S+ \(sign-in is off\), .* and 3 more$/,
    )
    const { before } = await tenant.plan(policy(app('expenses')))
    expect(before.size).toBe(7)
  })

  test('is not one through a group in the group, through our own groups, or of an employee', async () => {
    const tenant = await cloud([seededApp('expenses', [programme.displayName, employee.userPrincipalName])], {
      groups: [
        { displayName: 'Nested', members: [dana] },
        { ...programme, members: ['Nested', employee.userPrincipalName] },
      ],
    })
    await tenant.apply(policy(app('expenses')))
    expect(await findings(tenant, policy(app('expenses')))).toEqual([])
  })

  test('leads through the group of all guests if somebody assigned it: nobody is taken out of that', async () => {
    const tenant = await cloud([seededApp('expenses')])
    await tenant.apply(policy(app('expenses', remove)))
    const groups = tenant.tenant.store.collection<{ id: string; uniqueName?: string }>('groups')
    const all = [...groups.values()].find(({ uniqueName }) => uniqueName === 'guestlist.guests')
    const principals = tenant.tenant.store.collection<{ id: string }>('servicePrincipals')
    const [expenses] = [...principals.values()]
    await tenant.tenant.connection().writer().post(`/servicePrincipals/${expenses?.id}/appRoleAssignedTo`, {
      principalId: all?.id,
      resourceId: expenses?.id,
      appRoleId: '00000000-0000-0000-0000-000000000000',
    })
    const [only] = await findings(tenant, policy(app('expenses', remove)))
    expect(only?.hint).toContain('holds every guest')
    expect((await tenant.plan(policy(app('expenses', remove)))).plan.changes).toEqual([])
  })
})

describe('unmanagedGuests: remove', () => {
  test('takes away direct assignments of guests, and no others', async () => {
    const tenant = await cloud([seededApp('expenses', [ann, lee, employee.userPrincipalName])])
    const documents = policy(app('expenses', remove))
    const { plan } = await tenant.apply(documents)
    expect(told(plan.changes).filter(text => text.includes('unmanaged'))).toEqual([
      `delete unmanaged-access/expenses/default-access/${ann}/direct`,
      `delete unmanaged-access/expenses/default-access/${lee}/direct`,
    ])
    const [first] = plan.changes.filter(({ kind }) => kind === 'unmanaged-access')
    expect(first).toMatchObject({ risk: 'revoke', before: { way: 'direct assignment', assignedOn: '2026-01-01' } })
    // Lee has a named way in the end.
    expect(plan.effects).toEqual([expect.objectContaining({ effect: 'lose', person: ann, app: 'expenses' })])
    const [principal] = (tenant.tenant.snapshot().graph.servicePrincipals ?? []) as { appRoleAssignedTo: object[] }[]
    expect(principal?.appRoleAssignedTo).toHaveLength(2)
    expect(tenant.user('omar@contoso.com')).toBeDefined()
  })

  test('takes both assignments away where two role ids stand for default access', async () => {
    const appRoles = [{ displayName: 'User', value: null }]
    const noRole = '00000000-0000-0000-0000-000000000000'
    const tenant = await openCloud({
      applications: [{ displayName: 'expenses', appId: appIds.expenses, appRoles }],
      users: [guest(ann)],
      servicePrincipals: [
        seededApp('expenses', [
          { principal: ann, appRole: 'User' },
          { principal: ann, appRole: noRole },
        ]),
      ],
    })
    const documents = [organization(), partner([]), app('expenses', remove)]
    const { plan } = await tenant.apply(documents)
    expect(plan.changes.filter(({ kind }) => kind === 'unmanaged-access')).toHaveLength(1)
  })

  test('takes guests out of the group, and leaves employees and the group itself', async () => {
    const tenant = await cloud([seededApp('expenses', [programme.displayName])], {
      groups: [{ ...programme, members: [dana, employee.userPrincipalName] }],
    })
    const { plan } = await tenant.apply(policy(app('expenses', remove)))
    expect(plan.changes.find(({ kind }) => kind === 'unmanaged-access')?.before).toEqual({
      way: 'group "Turbine Programme 2024"',
      assignedOn: '2026-01-01',
    })
    expect(tenant.membersOf(programme.displayName)).toEqual(['omar@contoso.com'])
    expect(tenant.user(dana)).toBeDefined()
    expect(await findings(tenant, policy(app('expenses', remove)))).toEqual([])
  })

  test.each([
    ['a rule', { groupTypes: ['DynamicMembership'], membershipRule: 'user.userType -eq "Guest"' }, /rule/],
    ['Active Directory', { onPremisesSyncEnabled: true }, /Active Directory/],
    ['directory roles', { isAssignableToRole: true }, /directory roles/],
    ['Exchange', { mailEnabled: true }, /Exchange/],
  ])('leaves a group alone that %s stands behind, and says what a person does', async (_, properties, why) => {
    const tenant = await cloud([seededApp('expenses', [programme.displayName])], {
      groups: [{ ...programme, ...properties, members: [dana] }],
    })
    const documents = policy(app('expenses', remove))
    const [only] = await findings(tenant, documents)
    expect(only?.message).toContain(dana)
    expect(only?.hint).toMatch(why)
    await tenant.apply(documents)
    expect(tenant.membersOf(programme.displayName)).toEqual([principalName(dana)])
  })

  test('leaves a group alone that the policy reads people from, and one within it', async () => {
    const tenant = await cloud([seededApp('expenses', ['Source', 'Nested', 'Other'])], {
      groups: [
        { displayName: 'Nested', members: [dana] },
        { displayName: 'Source', members: ['Nested', kim] },
        { displayName: 'Other', members: [ann] },
      ],
    })
    const from = partner([], { groups: { engineers: { membersFrom: { entraGroup: 'source' } } } })
    const documents = [organization(), from, app('expenses', remove)]
    expect(await removals(tenant, documents)).toEqual([
      expect.stringMatching(`^delete unmanaged-access/expenses/default-access/${ann}/`),
    ])
    const hints = (await findings(tenant, documents)).map(({ hint }) => hint)
    expect(hints).toEqual([
      expect.stringContaining('fabrikam/engineers'),
      expect.stringContaining('fabrikam/engineers'),
    ])
  })

  test('for one app takes a guest out of a group that opens two, and tells both losses', async () => {
    const tenant = await cloud(
      [seededApp('expenses', [programme.displayName]), seededApp('payments', [programme.displayName])],
      { groups: [{ ...programme, members: [dana] }] },
    )
    const documents = policy(app('expenses', remove), app('payments'))
    const { plan } = await tenant.plan(documents)
    const losses = plan.effects.filter(({ effect }) => effect === 'lose').map(each => `${each.person} ${each.app}`)
    expect(losses).toEqual([`${dana} expenses`, `${dana} payments`])
    // A plan for the app that asks takes the other loss along.
    const [asking, other] = ['expenses', 'payments'].map(name =>
      plan.changes.find(({ id }) => id.startsWith(`entra/unmanaged-access/${name}/`)),
    )
    expect(asking?.dependsOn).toEqual([other?.id])
    const [only, ...others] = plan.findings.filter(({ code }) => code === 'unmanaged-guest')
    expect(others).toEqual([])
    expect(only?.message).toContain('payments')
    expect(only?.hint).toContain('lose this one with it')
    await tenant.apply(documents)
    expect(tenant.membersOf(programme.displayName)).toEqual([])
  })

  test('of two apps on one group, neither asking, changes nothing', async () => {
    const tenant = await cloud(
      [seededApp('expenses', [programme.displayName]), seededApp('payments', [programme.displayName])],
      { groups: [{ ...programme, members: [dana] }] },
    )
    expect(await removals(tenant, policy(app('expenses'), app('payments')))).toEqual([])
  })
})

test('of a guest who comes back from the recycle bin is one that no plan could see: what an app wants gone goes at once', async () => {
  const opened = [programme.displayName, principalName(lee)]
  const tenant = await openCloud({
    applications,
    users: [guest(dana), guest(lee)],
    groups: [{ ...programme, members: [dana, lee] }],
    servicePrincipals: [seededApp('expenses', opened), seededApp('wiki', opened)],
  })
  await tenant.tenant
    .connection()
    .writer()
    .delete(`/users/${String(tenant.user(lee)?.id)}`)
  const documents = [organization(), partner([lee]), app('expenses', remove), app('wiki')]
  const { plan } = await tenant.apply(documents)
  expect(told(plan.changes)).toContain(`restore guest/${lee}`)
  expect(tenant.membersOf(programme.displayName)).toEqual([])
  const ways = (await tenant.plan(documents)).before
  // What the other app only reports stays, and is told by now.
  expect([...ways.values()].map(({ person, app: name }) => `${person} ${name}`)).toEqual([`${lee} wiki`])
})

test('costs one request for twenty apps, and one for twenty groups, and reads no employee of a group', async () => {
  const tenant = await cloud(
    ['expenses', 'payments', 'wiki'].map(name => seededApp(name, [programme.displayName])),
    { groups: [{ ...programme, members: [dana, employee.userPrincipalName] }] },
  )
  const requests = await tenant.asked(policy(app('expenses'), app('payments'), app('wiki')))
  const assigned = requests.filter(text => text.includes('/appRoleAssignedTo'))
  expect(assigned).toHaveLength(1)
  expect(assigned[0]?.match(/appRoleAssignedTo/g)).toHaveLength(3)
  const members = requests.filter(text => text.includes('/members/microsoft.graph.user'))
  expect(members).toEqual([expect.stringContaining("userType eq 'Guest'")])
  expect(requests.some(text => text.includes(`/users/${tenant.user('omar@contoso.com')?.id}`))).toBe(false)
})
