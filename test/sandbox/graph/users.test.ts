import { describe, expect, test } from 'vitest'
import { anna, dana, errorOf, lee, people, reference, serve, unknownId } from './served.ts'

test('a user is found by id and by principal name, its # encoded', async () => {
  const graph = await serve(people)
  const id = graph.id('users', lee.mail)
  expect((await graph.get(`/users/${id}`)).body.mail).toBe(lee.mail)
  expect((await graph.get('/users/LEE_fabrikam.com%23EXT%23@acme.onmicrosoft.com')).body.id).toBe(id)
  expect((await graph.get(`/users('${id}')`)).body.id).toBe(id)
})

describe('POST', () => {
  const user = {
    accountEnabled: true,
    displayName: 'New',
    mailNickname: 'new',
    userPrincipalName: 'new@acme.onmicrosoft.com',
    passwordProfile: { password: 'secret words' },
  }

  test('makes a user without an invitation, and never shows the password', async () => {
    const graph = await serve()
    const { status, body } = await graph.post('/users', { ...user, userType: 'Guest' })
    expect(status).toBe(201)
    const again = await graph.get(
      `/users/${body.id}?$select=userType,creationType,externalUserState,createdDateTime,passwordProfile`,
    )
    expect(again.body).toMatchObject({
      userType: 'Guest',
      creationType: null,
      externalUserState: null,
      createdDateTime: '2026-12-01T08:00:00Z',
      passwordProfile: null,
    })
  })

  test.each(['accountEnabled', 'displayName', 'mailNickname', 'userPrincipalName'])(
    'without %s is refused',
    async property => {
      const graph = await serve()
      const reply = await graph.post('/users', { ...user, [property]: undefined })
      expect(errorOf(reply)).toEqual([
        400,
        'Request_BadRequest',
        `A value is required for property '${property}' of resource 'User'.`,
      ])
    },
  )

  test.each([
    [{ passwordProfile: undefined }, /password must be specified/],
    [{ userPrincipalName: 'new@elsewhere.example' }, /domain portion/],
    [{ userPrincipalName: 'new' }, /userPrincipalName is invalid/],
    [{ userPrincipalName: anna.userPrincipalName.toUpperCase() }, /same value for property userPrincipalName/],
    [{ mail: anna.mail }, /same value for property proxyAddresses/],
    [{ creationType: 'Invitation' }, /'creationType' is read-only/],
    [{ userType: 'Visitor' }, /Invalid value specified for property 'userType'/],
  ])('with %o is refused', async (change, message) => {
    const graph = await serve(people)
    expect(errorOf(await graph.post('/users', { ...user, ...change }))).toEqual([
      400,
      'Request_BadRequest',
      expect.stringMatching(message),
    ])
  })
})

describe('PATCH', () => {
  test('changes what it names and leaves the rest', async () => {
    const graph = await serve(people)
    const path = `/users/${graph.id('users', dana.mail)}`
    const reply = await graph.patch(path, { companyName: null, displayName: 'D. Ruiz', accountEnabled: false })
    expect([reply.status, reply.body]).toEqual([204, ''])
    expect((await graph.get(`${path}?$select=companyName,displayName,accountEnabled,mail`)).body).toMatchObject({
      companyName: null,
      displayName: 'D. Ruiz',
      accountEnabled: false,
      mail: dana.mail,
    })
  })

  test('writes the date of leaving, and merges extension attributes', async () => {
    const graph = await serve(people)
    const path = `/users/${graph.id('users', lee.mail)}`
    await graph.patch(path, {
      onPremisesExtensionAttributes: { extensionAttribute1: 'Guest', extensionAttribute2: 'x' },
    })
    await graph.patch(path, {
      employeeLeaveDateTime: '2027-06-30T00:00:00Z',
      onPremisesExtensionAttributes: { extensionAttribute2: null },
    })
    expect((await graph.get(`${path}?$select=employeeLeaveDateTime,onPremisesExtensionAttributes`)).body).toMatchObject(
      {
        employeeLeaveDateTime: '2027-06-30T00:00:00Z',
        onPremisesExtensionAttributes: { extensionAttribute1: 'Guest' },
      },
    )
  })

  test.each([
    [{ shoeSize: 42 }, "Invalid property 'shoeSize'."],
    [{ onPremisesPublishing: null }, "Invalid property 'onPremisesPublishing'."],
    [{ id: unknownId }, "Property 'id' is read-only and cannot be set."],
    [{ externalUserState: 'Accepted' }, "Property 'externalUserState' is read-only and cannot be set."],
    [{ displayName: null }, "Invalid value specified for property 'displayName' of resource 'User'."],
    [{ displayName: '' }, "Invalid value specified for property 'displayName' of resource 'User'."],
    [{ companyName: 'x'.repeat(65) }, "Invalid value specified for property 'companyName' of resource 'User'."],
    [
      { onPremisesImmutableId: 'User_1' },
      "Invalid value specified for property 'onPremisesImmutableId' of resource 'User'.",
    ],
    [{ accountEnabled: 'no' }, "Cannot convert the literal 'no' to the expected type 'Edm.Boolean'."],
    [
      { employeeLeaveDateTime: '2027-06-30' },
      "Cannot convert the literal '2027-06-30' to the expected type 'Edm.DateTimeOffset'.",
    ],
    [
      { displayName: 5 },
      "Cannot convert a primitive value to the expected type 'Edm.String'. See the inner exception for more details.",
    ],
    [{ onPremisesExtensionAttributes: { extensionAttribute16: 'x' } }, "Invalid property 'extensionAttribute16'."],
  ])('%o is refused', async (change, message) => {
    const graph = await serve(people)
    expect(errorOf(await graph.patch(`/users/${graph.id('users', lee.mail)}`, change))).toEqual([
      400,
      'Request_BadRequest',
      message,
    ])
  })

  test.each([[{ otherMails: 'x' }], [{ otherMails: null }], [{ onPremisesExtensionAttributes: 'x' }]])(
    '%o has the wrong shape',
    async change => {
      const graph = await serve(people)
      expect((await graph.patch(`/users/${graph.id('users', lee.mail)}`, change)).status).toBe(400)
    },
  )

  test('one wrong property keeps all of them from being written', async () => {
    const graph = await serve(people)
    const path = `/users/${graph.id('users', lee.mail)}`
    await graph.patch(path, { displayName: 'New', shoeSize: 42 })
    expect((await graph.get(path)).body.displayName).toBe('Lee Gu')
  })

  test('what Entra Connect owns cannot be changed', async () => {
    const graph = await serve({ users: [{ ...anna, onPremisesSyncEnabled: true }] })
    const path = `/users/${graph.id('users', anna.mail)}`
    expect(errorOf(await graph.patch(path, { displayName: 'x' }))).toEqual([
      400,
      'Request_BadRequest',
      expect.stringContaining('on-premises mastered'),
    ])
    expect((await graph.patch(path, { usageLocation: 'DE' })).status).toBe(204)
  })
})

describe('sponsors', () => {
  test('are added, listed, and removed', async () => {
    const graph = await serve(people)
    const path = `/users/${graph.id('users', lee.mail)}/sponsors`
    const annaId = graph.id('users', anna.mail)
    expect((await graph.post(`${path}/$ref`, { '@odata.id': `${graph.url}/v1.0/users/${annaId}` })).status).toBe(204)
    expect((await graph.get(`${path}?$select=mail`)).body.value).toEqual([
      { '@odata.type': '#microsoft.graph.user', mail: anna.mail },
    ])
    expect((await graph.get(`${path}/$ref`)).body.value).toEqual([
      { '@odata.id': `${graph.url}/v1.0/directoryObjects/${annaId}` },
    ])
    expect((await graph.delete(`${path}/${annaId}/$ref`)).status).toBe(204)
    expect((await graph.get(path)).body.value).toEqual([])
    expect((await graph.delete(`${path}/${annaId}/$ref`)).status).toBe(404)
  })

  test('are added once, and only if they exist', async () => {
    const graph = await serve({ users: [anna, { ...lee, sponsors: [anna.mail] }] })
    const path = `/users/${graph.id('users', lee.mail)}/sponsors/$ref`
    expect(errorOf(await graph.post(path, reference(graph.id('users', anna.mail))))[2]).toMatch(
      /already exist .*'sponsors'/,
    )
    expect(errorOf(await graph.post(path, reference(unknownId)))[1]).toBe('Request_ResourceNotFound')
    expect((await graph.post(path, { ...reference(unknownId), more: 1 })).status).toBe(400)
    expect((await graph.post(path, { id: unknownId })).status).toBe(400)
  })
})

test('a manager is set, replaced and removed', async () => {
  const graph = await serve(people)
  const path = `/users/${graph.id('users', lee.mail)}/manager`
  expect((await graph.get(path)).status).toBe(404)
  await graph.put(`${path}/$ref`, reference(graph.id('users', dana.mail)))
  await graph.put(`${path}/$ref`, reference(graph.id('users', anna.mail)))
  expect((await graph.get(path)).body.mail).toBe(anna.mail)
  await graph.delete(`${path}/$ref`)
  expect((await graph.get(path)).status).toBe(404)
})

test('groups are listed, through nesting where asked', async () => {
  const groups = [
    { displayName: 'Inner', members: [lee.mail] },
    { displayName: 'Outer', members: ['Inner'] },
  ]
  const graph = await serve({ ...people, groups })
  const namesAt = async (path: string) => {
    const { body } = await graph.get(`/users/${graph.id('users', lee.mail)}/${path}`)
    return body.value.map((group: { displayName: string }) => group.displayName)
  }
  expect(await namesAt('memberOf')).toEqual(['Inner'])
  expect(await namesAt('transitiveMemberOf/microsoft.graph.group')).toEqual(['Inner', 'Outer'])
})

test('revoking sessions is noted with its instant', async () => {
  const graph = await serve(people)
  const path = `/users/${graph.id('users', lee.mail)}`
  expect((await graph.post(`${path}/revokeSignInSessions`)).body).toMatchObject({ value: true })
  expect((await graph.get(`${path}?$select=signInSessionsValidFromDateTime`)).body).toMatchObject({
    signInSessionsValidFromDateTime: '2026-12-01T08:00:00Z',
  })
})
