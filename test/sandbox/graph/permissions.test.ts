// The sandbox refuses what an application has no permission for, as Graph does; a token without roles may do everything.

import { describe, expect, test } from 'vitest'
import { ruleFor } from '../../../src/sandbox/graph/permissions.ts'
import { seedGraph } from '../../../src/sandbox/graph/seed.ts'
import { routesOf } from '../../../src/sandbox/graph/server.ts'
import { openTenant } from '../../../src/sandbox/graph/tenant.ts'
import { openStore } from '../../../src/sandbox/store.ts'
import { createIfMissing, dana, errorOf, people, type Reply, reference, type Served, serve, tenant } from './served.ts'
import { tokenOf } from './token.ts'

const denied = [403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.']
const caller = 'aaaaaaaa-0000-4000-8000-000000000001'
const guestlist = { id: caller, appId: 'aaaaaaaa-0000-4000-8000-000000000002', displayName: 'guestlist' }
const theirs = { appId: 'bbbbbbbb-0000-4000-8000-000000000002', displayName: 'Expenses' }
const seed = {
  ...people,
  groups: [
    { displayName: 'Plain', mailNickname: 'plain', securityEnabled: true, mailEnabled: false, uniqueName: 'plain' },
    {
      ...{ displayName: 'Admins', mailNickname: 'admins', securityEnabled: true, mailEnabled: false },
      ...{ isAssignableToRole: true, uniqueName: 'admins' },
    },
  ],
  applications: [theirs],
  servicePrincipals: [theirs, guestlist],
}

/** Asks as the application whose token has these roles. */
function as(served: Served, ...roles: readonly string[]) {
  const authorization = `Bearer ${tokenOf(roles, { oid: caller })}`
  return (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) =>
    served.send(method, path, body, { authorization, ...headers })
}

const statusOf = async (reply: Promise<Reply>): Promise<number> => (await reply).status

test('every request that the sandbox answers has its permissions', () => {
  const store = openStore(undefined, 'graph')
  seedGraph(store, { tenant })
  const unknown = routesOf(openTenant(store, () => 0))
    .filter(({ method, pattern }) => ruleFor({ method, path: pattern }) === undefined)
    .map(({ method, pattern }) => `${method} ${pattern}`)
  expect(unknown).toEqual([])
})

describe('a token', () => {
  test('without roles, or that is none, may do everything; one with an empty list nothing', async () => {
    const served = await serve(seed)
    for (const token of ['any', 'a.b.c', tokenOf(undefined)]) {
      expect(await statusOf(served.get('/users', { authorization: `Bearer ${token}` })), token).toBe(200)
    }
    expect(errorOf(await as(served)('GET', '/users'))).toEqual(denied)
  })

  test.for<[permission: string, method: string, path: string]>([
    ['User.Read.All', 'GET', '/users'],
    ['User.Read.All', 'GET', '/directory/deletedItems/microsoft.graph.user'],
    ['User.Read.All', 'GET', '/organization'],
    ['GroupMember.Read.All', 'GET', '/groups'],
    ['GroupMember.Read.All', 'GET', "/groups(uniqueName='plain')/members"],
    ['Directory.Read.All', 'GET', "/groups(uniqueName='plain')/appRoleAssignments"],
    ['Application.Read.All', 'GET', '/applications'],
    ['Application.ReadWrite.OwnedBy', 'GET', '/servicePrincipals'],
    ['Policy.Read.All', 'GET', '/policies/authorizationPolicy'],
    ['Policy.Read.All', 'GET', '/identity/conditionalAccess/policies'],
    ['Policy.ReadWrite.CrossTenantAccess', 'GET', '/policies/crossTenantAccessPolicy/partners'],
  ])('with %s may %s %s, and with another may not', async ([permission, method, path]) => {
    const served = await serve(seed)
    expect(await statusOf(as(served, permission)(method, path))).toBe(200)
    expect(errorOf(await as(served, 'Mail.Read')(method, path))).toEqual(denied)
  })

  test('counts for each request of a batch by itself', async () => {
    const served = await serve(seed)
    const requests = ['/users', '/groups'].map((url, id) => ({ id: String(id), method: 'GET', url }))
    const { body } = await as(served, 'User.Read.All')('POST', '/$batch', { requests })
    const statuses = (body.responses as { id: string; status: number }[]).toSorted((a, b) => a.id.localeCompare(b.id))
    expect(statuses.map(({ status }) => status)).toEqual([200, 403])
  })
})

describe('properties of users', () => {
  test('the day of leaving has permissions of its own, to read and to write', async () => {
    const served = await serve(seed)
    const path = `/users/${served.id('users', dana.mail)}`
    const asked = '/users?$select=id,employeeLeaveDateTime'
    expect(errorOf(await as(served, 'User.Read.All')('GET', asked))).toEqual(denied)
    expect(await statusOf(as(served, 'User.Read.All', 'User-LifeCycleInfo.Read.All')('GET', asked))).toBe(200)
    const body = { accountEnabled: false, employeeLeaveDateTime: '2026-12-01T00:00:00Z' }
    expect(errorOf(await as(served, 'User.ReadWrite.All')('PATCH', path, body))).toEqual(denied)
    expect(errorOf(await as(served, 'User-LifeCycleInfo.ReadWrite.All')('PATCH', path, body))).toEqual(denied)
    const both = as(served, 'User.ReadWrite.All', 'User-LifeCycleInfo.ReadWrite.All')
    expect(await statusOf(both('PATCH', path, body))).toBe(204)
  })

  test('sign-in can be switched with less than the right to write users', async () => {
    const served = await serve(seed)
    const path = `/users/${served.id('users', dana.mail)}`
    const ask = as(served, 'User.EnableDisableAccount.All', 'User.Read.All')
    expect(await statusOf(ask('PATCH', path, { accountEnabled: false }))).toBe(204)
    expect(errorOf(await ask('PATCH', path, { accountEnabled: true, companyName: 'X' }))).toEqual(denied)
  })
})

describe('invitations', () => {
  const invitation = { invitedUserEmailAddress: 'new@fabrikam.com', inviteRedirectUrl: 'https://myapps.microsoft.com' }

  test('where not everyone may invite, only User.Invite.All does', async () => {
    const served = await serve({ ...seed, authorizationPolicy: { allowInvitesFrom: 'adminsAndGuestInviters' } })
    const refused = errorOf(await as(served, 'User.ReadWrite.All')('POST', '/invitations', invitation))
    expect(refused).toEqual([403, 'Forbidden', expect.stringContaining('Guest invitations not allowed')])
    expect(await statusOf(as(served, 'User.Invite.All')('POST', '/invitations', invitation))).toBe(201)
  })

  test('where everyone may, the right to write users does as well', async () => {
    const served = await serve(seed)
    expect(await statusOf(as(served, 'User.ReadWrite.All')('POST', '/invitations', invitation))).toBe(201)
    expect(errorOf(await as(served, 'User.Read.All')('POST', '/invitations', invitation))).toEqual(denied)
  })
})

describe('groups', () => {
  test('members need less than groups, and groups that hold directory roles more', async () => {
    const served = await serve(seed)
    const [user, plain, admins] = [
      reference(served.id('users', dana.mail)),
      served.id('groups', 'plain'),
      served.id('groups', 'admins'),
    ]
    const members = as(served, 'GroupMember.ReadWrite.All')
    expect(await statusOf(members('POST', `/groups/${plain}/members/$ref`, user))).toBe(204)
    expect(errorOf(await members('PATCH', `/groups/${plain}`, { displayName: 'X' }))).toEqual(denied)
    const groups = as(served, 'Group.ReadWrite.All')
    expect(errorOf(await groups('POST', `/groups/${admins}/members/$ref`, user))).toEqual(denied)
    const roles = as(served, 'Group.ReadWrite.All', 'RoleManagement.ReadWrite.Directory')
    expect(await statusOf(roles('POST', `/groups/${admins}/members/$ref`, user))).toBe(204)
    // The mistake that deletes the person is not one of the rights on groups.
    const mistaken = `/groups/${plain}/members/${served.id('users', dana.mail)}`
    expect(errorOf(await groups('DELETE', mistaken))).toEqual(denied)
  })
})

describe('apps', () => {
  test('OwnedBy reaches what its holder made or owns, and nothing else', async () => {
    const served = await serve(seed)
    const ask = as(served, 'Application.ReadWrite.OwnedBy')
    const made = await ask('PATCH', "/applications(uniqueName='own')", { displayName: 'Own' }, createIfMissing)
    expect(made.status).toBe(201)
    const principal = await ask('PATCH', `/servicePrincipals(appId='${made.body.appId}')`, {}, createIfMissing)
    expect(principal.status).toBe(201)
    const publishing = {
      onPremisesPublishing: {
        ...{ internalUrl: 'http://own.corp/', externalUrl: 'https://own-acme.msappproxy.net/' },
        externalAuthenticationType: 'aadPreAuthentication',
      },
    }
    expect(await statusOf(ask('PATCH', `/beta/applications/${made.body.id}`, publishing))).toBe(204)
    expect(await statusOf(ask('PATCH', `/servicePrincipals/${principal.body.id}`, { tags: ['x'] }))).toBe(204)

    const other = served.id('servicePrincipals', 'Expenses')
    expect(errorOf(await ask('PATCH', `/servicePrincipals/${other}`, { tags: ['x'] }))).toEqual(denied)
    expect(errorOf(await ask('DELETE', `/servicePrincipals/${other}`))).toEqual(denied)
    // A person makes it an owner.
    await served.post(`/servicePrincipals/${other}/owners/$ref`, reference(caller))
    expect(await statusOf(ask('PATCH', `/servicePrincipals/${other}`, { tags: ['x'] }))).toBe(204)
    expect(await statusOf(as(served, 'Application.ReadWrite.All')('DELETE', `/servicePrincipals/${other}`))).toBe(204)
  })

  test('to assign takes two permissions, to take away one', async () => {
    const served = await serve(seed)
    const resourceId = served.id('servicePrincipals', 'Expenses')
    const path = `/servicePrincipals/${resourceId}/appRoleAssignedTo`
    const body = {
      ...{ principalId: served.id('groups', 'plain'), resourceId },
      appRoleId: '00000000-0000-0000-0000-000000000000',
    }
    expect(errorOf(await as(served, 'AppRoleAssignment.ReadWrite.All')('POST', path, body))).toEqual(denied)
    const both = as(served, 'AppRoleAssignment.ReadWrite.All', 'Application.Read.All')
    const assigned = await both('POST', path, body)
    expect(assigned.status).toBe(201)
    expect(await statusOf(as(served, 'AppRoleAssignment.ReadWrite.All')('DELETE', `${path}/${assigned.body.id}`))).toBe(
      204,
    )
  })

  test('connector groups are for people, unless the tenant is said to be generous', async () => {
    const path = '/beta/onPremisesPublishingProfiles/applicationProxy/connectorGroups'
    const refused = errorOf(await as(await serve(seed), 'Directory.ReadWrite.All')('GET', path))
    expect(refused).toEqual([403, 'NotAdminRoleNoEnoughCustomPermission_UnauthorizedAccess', expect.any(String)])
    const generous = await serve(seed, { connectorGroupAssignment: 'allowed' })
    expect(await statusOf(as(generous, 'Application.Read.All')('GET', path))).toBe(200)
  })
})

test('conditional access takes all three of its permissions', async () => {
  const served = await serve(seed)
  const three = ['Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All']
  const policy = {
    ...{ displayName: 'Guests', state: 'disabled' },
    conditions: {
      clientAppTypes: ['all'],
      applications: { includeApplications: ['All'] },
      users: { includeUsers: ['All'] },
    },
    grantControls: { operator: 'OR', builtInControls: ['mfa'] },
  }
  const path = '/identity/conditionalAccess/policies'
  for (const role of three) {
    const others = three.filter(other => other !== role)
    expect(errorOf(await as(served, ...others)('POST', path, policy)), role).toEqual(denied)
  }
  expect(await statusOf(as(served, ...three)('POST', path, policy))).toBe(201)
})
