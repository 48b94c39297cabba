import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { generateSeed } from '../../../src/sandbox/generate.ts'
import { dumpGraph } from '../../../src/sandbox/graph/dump.ts'
import { seedGraph } from '../../../src/sandbox/graph/seed.ts'
import { openStore } from '../../../src/sandbox/store.ts'
import { anna, createIfMissing, dana, lee, people, reference, serve, tenant, unknownId } from './served.ts'

function seeded(seed: object): Readonly<Record<string, unknown>> {
  const store = openStore(undefined, 'graph')
  seedGraph(store, seed)
  return dumpGraph(store)
}

/** A dump as text, seeded and dumped again: the same text. */
function expectRoundTrip(dump: object): void {
  const text = JSON.stringify(dump)
  expect(JSON.stringify(seeded(JSON.parse(text)))).toBe(text)
}

const rich = {
  tenant: {
    ...tenant,
    displayName: 'Acme',
    verifiedDomains: ['acme.example'],
    connectorGroupAssignment: 'delegated-only',
  },
  users: [
    anna,
    { ...lee, sponsors: [anna.mail], manager: anna.mail },
    { ...dana, externalUserState: 'PendingAcceptance' },
  ],
  groups: [
    { displayName: 'A', uniqueName: 'gl-a', members: [lee.mail, 'B'], owners: [anna.mail] },
    { displayName: 'B', isAssignableToRole: true },
  ],
  applications: [
    {
      displayName: 'Orders',
      owners: [anna.mail],
      appRoles: [{ value: 'Orders.Read' }],
      connectorGroup: 'Headquarters',
      onPremisesPublishing: {
        externalAuthenticationType: 'aadPreAuthentication',
        internalUrl: 'https://orders.corp.example/',
        externalUrl: 'https://orders-acme.msappproxy.net/',
      },
    },
  ],
  servicePrincipals: [
    { displayName: 'Orders', appRoleAssignedTo: [{ principal: 'gl-a', appRole: 'Orders.Read' }] },
    { displayName: 'Gallery', appRoleAssignedTo: [{ principal: lee.mail }] },
  ],
  deletedItems: [{ '@odata.type': '#microsoft.graph.user', mail: 'gone@fabrikam.com', userType: 'Guest' }],
  connectorGroups: [{ name: 'Headquarters', isDefault: true }],
  connectors: [{ machineName: 'CONNECTOR01', memberOf: ['Headquarters'] }, { machineName: 'CONNECTOR02' }],
  conditionalAccessPolicies: [{ displayName: 'P', state: 'enabled', conditions: {} }],
  crossTenantAccessPartners: [{ tenantId: unknownId, inboundTrust: null }],
  authorizationPolicy: { allowInvitesFrom: 'none' },
}

describe('dump, seed, dump', () => {
  test('of everything a seed can hold', () => {
    expectRoundTrip(seeded(rich))
  })

  test('of the example that ships with the program', () => {
    expectRoundTrip(seeded(JSON.parse(readFileSync('src/sandbox/contoso/graph.json', 'utf8'))))
  })

  test('of what requests made, changed and deleted', async () => {
    const graph = await serve(
      { ...rich, authorizationPolicy: {} },
      { ...rich.tenant, connectorGroupAssignment: 'allowed' },
    )
    const group = { displayName: 'New', mailEnabled: false, mailNickname: 'new', securityEnabled: true }
    const user = {
      accountEnabled: true,
      displayName: 'U',
      mailNickname: 'u',
      userType: 'Guest',
      passwordProfile: { password: 'x' },
    }
    const invitation = { invitedUserEmailAddress: 'pat@p.example', inviteRedirectUrl: 'https://x/' }
    const { body: invited } = await graph.post('/invitations', invitation)
    const { body: made } = await graph.patch("/groups(uniqueName='gl-new')", group, createIfMissing)
    await graph.post('/users', { ...user, userPrincipalName: 'u@acme.onmicrosoft.com' })
    await graph.post(`/groups/${made.id}/members/$ref`, reference(invited.invitedUser.id))
    await graph.patch(`/users/${graph.id('users', dana.mail)}`, {
      otherMails: [],
      companyName: null,
      onPremisesExtensionAttributes: { extensionAttribute1: 'x' },
    })
    await graph.post('/applicationTemplates/8adf8e6e-67b2-4cf2-a259-e3dc5476c621/instantiate', { displayName: 'Made' })
    const orders = `/beta/applications/${graph.id('applications', 'Orders')}`
    await graph.patch(orders, { onPremisesPublishing: { isHttpOnlyCookieEnabled: true } })
    await graph.patch(orders, {
      appRoles: [{ id: unknownId, displayName: 'R', description: 'R', allowedMemberTypes: ['User'], isEnabled: false }],
    })
    await graph.delete(`/users/${graph.id('users', lee.mail)}`)
    await graph.delete(`/groups/${graph.id('groups', 'A')}`)
    await graph.delete(`/servicePrincipals/${graph.id('servicePrincipals', 'Gallery')}`)
    await graph.delete(`/applications/${graph.id('applications', 'Made')}`)
    const dump = dumpGraph(graph.store)
    expect(dump.deletedItems).toHaveLength(6)
    expectRoundTrip(dump)
  })

  test('keeps the order of members and objects', () => {
    const users = ['z', 'a', 'm'].map(name => ({ mail: `${name}@x.example`, userType: 'Guest' }))
    const dump = seeded({ tenant, users, groups: [{ displayName: 'A', members: users.map(({ mail }) => mail) }] })
    const ids = (dump.users as { id: string }[]).map(({ id }) => id)
    expect((dump.groups as { members: string[] }[])[0]?.members).toEqual(ids)
    expectRoundTrip(dump)
  })
})

describe('what a seed leaves out', () => {
  test('ids are derived, always the same, and differ from one another', () => {
    const [one, two] = [seeded({ tenant, ...people }), seeded({ tenant, ...people })]
    expect(one).toEqual(two)
    expect(new Set((one.users as { id: string }[]).map(({ id }) => id)).size).toBe(3)
  })

  test('a guest has accepted an invitation, unless it says otherwise', async () => {
    const graph = await serve({
      users: [
        lee,
        { ...dana, externalUserState: 'PendingAcceptance' },
        { ...anna, userType: 'Guest', creationType: null },
      ],
    })
    const { body } = await graph.get('/users?$select=userPrincipalName,creationType,externalUserState,accountEnabled')
    expect(body.value).toEqual([
      {
        userPrincipalName: 'lee_fabrikam.com#EXT#@acme.onmicrosoft.com',
        creationType: 'Invitation',
        externalUserState: 'Accepted',
        accountEnabled: true,
      },
      expect.objectContaining({ externalUserState: 'PendingAcceptance' }),
      expect.objectContaining({ creationType: null }),
    ])
  })

  test('a service principal belongs to the application of its name', async () => {
    const graph = await serve({
      applications: [{ displayName: 'Orders' }],
      servicePrincipals: [{ displayName: 'Orders' }],
    })
    const { body } = await graph.get('/servicePrincipals')
    expect(body.value[0].appId).toBe((await graph.get('/applications')).body.value[0].appId)
    expect(body.value[0].appOwnerOrganizationId).toBe(tenant.tenantId)
  })

  test('there is a default connector group', async () => {
    const graph = await serve()
    const { body } = await graph.get('/beta/onPremisesPublishingProfiles/applicationProxy/connectorGroups')
    expect(body.value).toMatchObject([{ name: 'Default', isDefault: true }])
  })
})

describe('a mistake is named with its place', () => {
  test.each([
    [{ tenant, persons: [] }, 'graph.json: persons is not a collection of the seed'],
    [{}, 'graph.json: tenant is missing'],
    [[], 'graph.json: the seed must be an object'],
    [{ tenant: { ...tenant, tenantId: 'x' } }, 'graph.json: tenant.tenantId must be a GUID'],
    [{ tenant: { ...tenant, name: 'x' } }, 'graph.json: tenant.name is not known'],
    [{ tenant: { ...tenant, deletedGroups: 'no' } }, 'graph.json: tenant.deletedGroups must be soft or hard'],
    [{ tenant, users: {} }, 'graph.json: users must be an array'],
    [{ tenant, users: [anna, 'x'] }, 'graph.json: users[1] must be an object'],
    [{ tenant, users: [{ displayName: 'x' }] }, 'graph.json: users[0].userPrincipalName is missing'],
    [
      { tenant, users: [{ ...anna, shoeSize: 42 }] },
      "graph.json: users[0].shoeSize is refused: Invalid property 'shoeSize'.",
    ],
    [
      { tenant, users: [{ ...anna, accountEnabled: 'yes' }] },
      'graph.json: users[0].accountEnabled is refused: Cannot convert',
    ],
    [{ tenant, users: [{ ...anna, id: 'x' }] }, 'graph.json: users[0].id must be a GUID'],
    [{ tenant, users: [anna, anna] }, 'graph.json: users[1] has the id'],
    [
      { tenant, users: [{ ...anna, sponsors: ['nobody'] }] },
      'graph.json: users[0].sponsors[0] names "nobody", which is no user or group of the seed',
    ],
    [{ tenant, users: [{ ...anna, sponsors: anna.mail }] }, 'graph.json: users[0].sponsors must be an array'],
    [
      { tenant, users: [{ ...anna, members: [] }] },
      "graph.json: users[0].members is refused: Invalid property 'members'.",
    ],
    [
      { tenant, ...people, groups: [{ displayName: 'A', members: [lee.mail, lee.mail] }] },
      'graph.json: groups[0].members[1] names "lee@fabrikam.com" a second time',
    ],
    [
      {
        tenant,
        groups: [
          { displayName: 'A', uniqueName: 'a' },
          { displayName: 'A', uniqueName: 'b' },
          { displayName: 'C', members: ['A'] },
        ],
      },
      'graph.json: groups[2].members[0] names "A", which several objects are called',
    ],
    [{ tenant, groups: [{}] }, 'graph.json: groups[0].displayName is missing'],
    [
      {
        tenant,
        ...people,
        servicePrincipals: [{ displayName: 'S', appRoleAssignedTo: [{ principal: lee.mail, appRole: 'R' }] }],
      },
      'graph.json: servicePrincipals[0].appRoleAssignedTo[0].appRole is "R", which is no app role of S',
    ],
    [
      {
        tenant,
        ...people,
        servicePrincipals: [{ displayName: 'S', appRoleAssignedTo: [{ principal: lee.mail, role: 'R' }] }],
      },
      'graph.json: servicePrincipals[0].appRoleAssignedTo[0].role is not known',
    ],
    [
      { tenant, applications: [{ displayName: 'A', connectorGroup: 'X' }] },
      'graph.json: applications[0].connectorGroup names "X", which is no connector group of the seed',
    ],
    [
      { tenant, connectors: [{ machineName: 'C', memberOf: ['X'] }] },
      'graph.json: connectors[0].memberOf[0] names "X"',
    ],
    [
      { tenant, connectors: [{ machineName: 'C', memberOf: [JSON.parse('['.repeat(100_000) + ']'.repeat(100_000))] }] },
      'graph.json: connectors[0].memberOf[0] names something that is no text, which is no connector group',
    ],
    [{ tenant, deletedItems: [{ mail: 'x@y.z' }] }, 'graph.json: deletedItems[0].@odata.type must say what it is'],
    [
      { tenant, authorizationPolicy: { allowInvitesFrom: 'me' } },
      'graph.json: authorizationPolicy.allowInvitesFrom is refused',
    ],
  ])('case %#', (seed, message) => {
    const store = openStore(undefined, 'graph')
    expect(() => seedGraph(store, seed)).toThrow(
      expect.objectContaining({ code: 'bad-seed', message: expect.stringContaining(message) }),
    )
    expect(store.names()).toEqual([])
  })
})

describe('a generated seed', () => {
  const size = { guests: 300, groups: 12, apps: 5, memberships: 900, seed: 7 }

  test('is the same for the same numbers, and another for another seed', () => {
    expect(generateSeed(size)).toEqual(generateSeed(size))
    expect(generateSeed({ ...size, seed: 8 })).not.toEqual(generateSeed(size))
  })

  test('has just as many of everything', () => {
    const store = openStore(undefined, 'graph')
    seedGraph(store, generateSeed(size))
    const sizes = ['users', 'groups', 'applications', 'servicePrincipals', 'members', 'appRoleAssignments'].map(
      name => store.collection(name).size,
    )
    expect(sizes).toEqual([300, 12, 5, 5, 900, 5])
  })

  test.each([
    [{ guests: 2, groups: 2, memberships: 100 }, 4],
    [{ guests: 0, groups: 2, memberships: 5 }, 0],
    [{ guests: 2, groups: 0, memberships: 5 }, 0],
  ])('%o has as many memberships as there can be', (less, memberships) => {
    const store = openStore(undefined, 'graph')
    seedGraph(store, generateSeed({ ...size, ...less }))
    expect(store.collection('members').size).toBe(memberships)
  })
})
