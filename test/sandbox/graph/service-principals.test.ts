import { describe, expect, test } from 'vitest'
import {
  anna,
  createIfMissing,
  dana,
  defaultAccess,
  errorOf,
  lee,
  people,
  type Served,
  serve,
  unknownId,
} from './served.ts'

const roles = [
  { value: 'Orders.Read' },
  { value: 'Orders.Old', isEnabled: false },
  { value: 'Orders.Robot', allowedMemberTypes: ['Application'] },
]
const seed = {
  ...people,
  groups: [{ displayName: 'Engineers' }],
  applications: [
    { displayName: 'Plain', tags: ['of-app'], identifierUris: ['api://plain'] },
    { displayName: 'Orders', appRoles: roles },
  ],
  servicePrincipals: [{ displayName: 'Plain', tags: ['own', 'of-app'] }, { displayName: 'Orders' }],
}

describe('a service principal', () => {
  test('comes from an application that is there, once', async () => {
    const graph = await serve()
    const { body: application } = await graph.post('/applications', { displayName: 'Orders' })
    const { status, body } = await graph.post('/servicePrincipals', { appId: application.appId, tags: ['x'] })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      displayName: 'Orders',
      appRoleAssignmentRequired: false,
      accountEnabled: true,
      tags: ['x'],
    })
    expect(errorOf(await graph.post('/servicePrincipals', { appId: application.appId })).slice(0, 2)).toEqual([
      409,
      'Request_MultipleObjectsWithSameKeyValue',
    ])
  })

  test('of an application that is not there is refused', async () => {
    const graph = await serve()
    expect(errorOf(await graph.post('/servicePrincipals', { appId: unknownId }))).toEqual([
      400,
      'Request_BadRequest',
      `The appId '${unknownId}' of the service principal does not reference a valid application object.`,
    ])
  })

  test('is upserted by appId', async () => {
    const graph = await serve()
    const { body: application } = await graph.post('/applications', { displayName: 'Orders' })
    const path = `/servicePrincipals(appId='${application.appId}')`
    expect((await graph.patch(path, { tags: ['x'] })).status).toBe(404)
    expect((await graph.patch(path, { tags: ['x'] }, createIfMissing)).status).toBe(201)
    expect((await graph.patch(path, { appRoleAssignmentRequired: true }, createIfMissing)).status).toBe(204)
    expect((await graph.get(path)).body).toMatchObject({ tags: ['x'], appRoleAssignmentRequired: true })
  })

  test('shows the tags, roles and names of its application as well', async () => {
    const graph = await serve(seed)
    const { body } = await graph.get(`/servicePrincipals/${graph.id('servicePrincipals', 'Plain')}`)
    expect(body.tags).toEqual(['own', 'of-app'])
    expect(body.servicePrincipalNames).toEqual([body.appId, 'api://plain'])
    const orders = await graph.get(`/servicePrincipals/${graph.id('servicePrincipals', 'Orders')}`)
    expect(orders.body.appRoles).toHaveLength(3)
  })

  test.each([
    [{}, 400],
    [{ appId: 'x' }, 400],
    [{ appId: unknownId, colour: 'red' }, 400],
  ])('from %o is refused', async (body, status) => {
    const graph = await serve()
    expect((await graph.post('/servicePrincipals', body)).status).toBe(status)
  })

  test.each([
    [{ appRoleAssignmentRequired: null }],
    [{ appId: unknownId }],
    [{ servicePrincipalType: 'Legacy' }],
    [{ preferredSingleSignOnMode: 'kerberos' }],
  ])('cannot be changed by %o', async change => {
    const graph = await serve(seed)
    expect((await graph.patch(`/servicePrincipals/${graph.id('servicePrincipals', 'Plain')}`, change)).status).toBe(400)
  })
})

function ids(graph: Served) {
  return {
    engineers: graph.id('groups', 'Engineers'),
    plain: graph.id('servicePrincipals', 'Plain'),
    orders: graph.id('servicePrincipals', 'Orders'),
    lee: graph.id('users', lee.mail),
  }
}

function assign(graph: Served, principalId: string, resourceId: string, appRoleId: string) {
  return graph.post(`/servicePrincipals/${resourceId}/appRoleAssignedTo`, { principalId, resourceId, appRoleId })
}

async function roleId(graph: Served, value: string): Promise<string> {
  const { body } = await graph.get(`/servicePrincipals/${graph.id('servicePrincipals', 'Orders')}`)
  return body.appRoles.find((role: { value: string }) => role.value === value).id
}

describe('an assignment', () => {
  test('is made, seen from both sides, and removed', async () => {
    const graph = await serve(seed)
    const { engineers, plain } = ids(graph)
    const { status, body } = await assign(graph, engineers, plain, defaultAccess)
    expect(status).toBe(201)
    expect(body).toMatchObject({
      principalId: engineers,
      principalType: 'Group',
      principalDisplayName: 'Engineers',
      resourceId: plain,
      resourceDisplayName: 'Plain',
      appRoleId: defaultAccess,
      createdDateTime: '2026-12-01T08:00:00Z',
    })
    expect((await graph.get(`/servicePrincipals/${plain}/appRoleAssignedTo`)).body.value).toMatchObject([
      { id: body.id },
    ])
    expect((await graph.get(`/groups/${engineers}/appRoleAssignments`)).body.value).toMatchObject([{ id: body.id }])
    const path = `/servicePrincipals/${plain}/appRoleAssignedTo/${body.id}`
    expect((await graph.get(path)).body.id).toBe(body.id)
    expect((await graph.patch(path, {})).status).toBe(405)
    expect((await graph.delete(path)).status).toBe(204)
    expect(errorOf(await graph.delete(path)).slice(0, 2)).toEqual([404, 'Request_ResourceNotFound'])
    expect((await graph.get(`/servicePrincipals/${plain}/appRoleAssignedTo`)).body.value).toEqual([])
  })

  test("has an opaque id: 43 characters, with the principal's GUID in .NET's byte order", async () => {
    const graph = await serve(seed)
    const { engineers, plain } = ids(graph)
    const { body } = await assign(graph, engineers, plain, defaultAccess)
    expect(body.id).toMatch(/^[\w-]{43}$/)
    const bytes = Buffer.from(body.id, 'base64url')
    const tail = engineers.replaceAll('-', '').slice(16)
    expect(bytes.toString('hex', 8, 16)).toBe(tail)
    expect(Buffer.from(bytes.subarray(0, 4)).reverse().toString('hex')).toBe(engineers.slice(0, 8))
    expect((await graph.delete(`/servicePrincipals/${plain}/appRoleAssignedTo/${body.id.toLowerCase()}`)).status).toBe(
      404,
    )
  })

  test('can be made on the side of the principal', async () => {
    const graph = await serve(seed)
    const { lee: id, plain } = ids(graph)
    const body = { principalId: id, resourceId: plain, appRoleId: defaultAccess }
    expect((await graph.post(`/users/${id}/appRoleAssignments`, body)).status).toBe(201)
    expect((await graph.get(`/servicePrincipals/${plain}/appRoleAssignedTo`)).body.value).toMatchObject([
      { principalType: 'User' },
    ])
  })

  test('is made once', async () => {
    const graph = await serve(seed)
    const { engineers, plain } = ids(graph)
    await assign(graph, engineers, plain, defaultAccess)
    expect(errorOf(await assign(graph, engineers, plain, defaultAccess))).toEqual([
      400,
      'Request_BadRequest',
      'Permission being assigned already exists on the object',
    ])
  })

  test.each([
    ['Orders.Read', 201],
    ['Orders.Old', 400],
    ['Orders.Robot', 400],
  ])('of a group to the role %s gives %i', async (value, status) => {
    const graph = await serve(seed)
    const { engineers, orders } = ids(graph)
    expect((await assign(graph, engineers, orders, await roleId(graph, value))).status).toBe(status)
  })

  test('of default access is for applications without roles', async () => {
    const graph = await serve(seed)
    const { engineers, orders } = ids(graph)
    expect(errorOf(await assign(graph, engineers, orders, defaultAccess))[2]).toBe(
      'Permission being assigned was not found on application',
    )
  })

  test('of a role that the application lacks is refused', async () => {
    const graph = await serve(seed)
    const { engineers, plain } = ids(graph)
    expect((await assign(graph, engineers, plain, unknownId)).status).toBe(400)
  })

  test('with principal and resource swapped is refused', async () => {
    const graph = await serve(seed)
    const { engineers, plain } = ids(graph)
    const body = { principalId: plain, resourceId: engineers, appRoleId: defaultAccess }
    expect(errorOf(await graph.post(`/servicePrincipals/${plain}/appRoleAssignedTo`, body))[2]).toBe(
      'Not a valid reference update.',
    )
  })

  test('to another resource than the one in the path is refused', async () => {
    const graph = await serve(seed)
    const { engineers, plain, orders } = ids(graph)
    const body = { principalId: engineers, resourceId: orders, appRoleId: await roleId(graph, 'Orders.Read') }
    expect(errorOf(await graph.post(`/servicePrincipals/${plain}/appRoleAssignedTo`, body))[2]).toBe(
      'Not a valid reference update.',
    )
  })

  test('of somebody unknown is refused', async () => {
    const graph = await serve(seed)
    const { plain } = ids(graph)
    expect(errorOf(await assign(graph, unknownId, plain, defaultAccess)).slice(0, 2)).toEqual([
      404,
      'Request_ResourceNotFound',
    ])
  })

  test.each([[{ principalId: undefined }], [{ appRoleId: 'x' }], [{ appRoleId: null }], [{ reason: 'because' }]])(
    'with %o is refused',
    async change => {
      const graph = await serve(seed)
      const { engineers, plain } = ids(graph)
      const body = { principalId: engineers, resourceId: plain, appRoleId: defaultAccess, ...change }
      expect((await graph.post(`/servicePrincipals/${plain}/appRoleAssignedTo`, body)).status).toBe(400)
    },
  )

  test('vanishes with its principal, and comes back with it', async () => {
    const graph = await serve(seed)
    const { engineers, plain } = ids(graph)
    await assign(graph, engineers, plain, defaultAccess)
    const listed = async () => (await graph.get(`/servicePrincipals/${plain}/appRoleAssignedTo`)).body.value.length
    await graph.delete(`/groups/${engineers}`)
    expect(await listed()).toBe(0)
    await graph.post(`/directory/deletedItems/${engineers}/restore`)
    expect(await listed()).toBe(1)
  })
})

test("another organization's application has the roles that the seed says", async () => {
  const servicePrincipals = [
    {
      displayName: 'Gallery',
      appRoles: [{ value: 'User' }],
      appRoleAssignedTo: [
        { principal: anna.mail, appRole: 'User' },
        { principal: dana.mail, appRole: 'User' },
      ],
    },
  ]
  const graph = await serve({ ...people, servicePrincipals })
  const path = `/servicePrincipals/${graph.id('servicePrincipals', 'Gallery')}`
  expect((await graph.get(path)).body.appRoles).toMatchObject([{ value: 'User', isEnabled: true }])
  const { body } = await graph.get(`${path}/appRoleAssignedTo?$filter=startsWith(principalDisplayName,'Dana')`)
  expect(body.value).toMatchObject([{ principalDisplayName: 'Dana Ruiz' }])
})

describe('a certificate that signs SAML assertions', () => {
  const pathOf = (graph: Served) => `/servicePrincipals/${graph.id('servicePrincipals', 'Plain')}`
  const action = (graph: Served) => `${pathOf(graph)}/addTokenSigningCertificate`
  const selected = '?$select=id,keyCredentials,passwordCredentials,preferredTokenSigningKeyThumbprint'

  test('is made by the service, which shows its public half and a thumbprint', async () => {
    const graph = await serve(seed)
    const wanted = { displayName: 'CN=plain', endDateTime: '2028-12-01T00:00:00Z' }
    const { status, body } = await graph.post(action(graph), wanted)
    expect(status).toBe(200)
    expect(body).toMatchObject({ displayName: 'CN=plain', usage: 'Verify', endDateTime: '2028-12-01T00:00:00.000Z' })
    expect(Buffer.from(body.customKeyIdentifier, 'base64').toString('hex').toUpperCase()).toBe(body.thumbprint)
    const { keyCredentials, passwordCredentials } = (await graph.get(pathOf(graph) + selected)).body
    expect(keyCredentials).toMatchObject([
      { usage: 'Sign', key: null, customKeyIdentifier: body.customKeyIdentifier },
      { usage: 'Verify', key: null, keyId: body.keyId },
    ])
    expect(passwordCredentials).toMatchObject([{ keyId: keyCredentials[0].keyId, secretText: null }])
  })

  test('is another one each time, lasts three years at most, and is chosen by its thumbprint', async () => {
    const graph = await serve(seed)
    const { body: first } = await graph.post(action(graph), { displayName: 'CN=plain' })
    const { body: second } = await graph.post(action(graph), { displayName: 'CN=plain' })
    expect(second.thumbprint).not.toBe(first.thumbprint)
    expect(first.endDateTime.slice(0, 7)).toBe('2029-12')
    const choice = { preferredTokenSigningKeyThumbprint: first.thumbprint }
    expect((await graph.patch(pathOf(graph), choice)).status).toBe(204)
    expect((await graph.get(pathOf(graph) + selected)).body).toMatchObject(choice)
    const stranger = { preferredTokenSigningKeyThumbprint: 'A'.repeat(40) }
    expect((await graph.patch(pathOf(graph), stranger)).status).toBe(400)
    expect((await graph.patch(pathOf(graph), { preferredTokenSigningKeyThumbprint: null })).status).toBe(204)
  })

  test.each([
    [{ displayName: 'plain' }],
    [{}],
    [{ displayName: 'CN=plain', endDateTime: '2030-06-01T00:00:00Z' }],
    [{ displayName: 'CN=plain', endDateTime: '2026-11-01T00:00:00Z' }],
    [{ displayName: 'CN=plain', lifetime: 3 }],
  ])('%o is refused', async body => {
    const graph = await serve(seed)
    expect((await graph.post(action(graph), body)).status).toBe(400)
    expect((await graph.post(`/servicePrincipals/${unknownId}/addTokenSigningCertificate`, body)).status).toBe(404)
  })
})
