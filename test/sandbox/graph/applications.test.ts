import { describe, expect, test } from 'vitest'
import { createIfMissing, errorOf, serve, unknownId } from './served.ts'

const byName = "/applications(uniqueName='gl-orders')"
const template = '/applicationTemplates/8adf8e6e-67b2-4cf2-a259-e3dc5476c621/instantiate'

const role = {
  id: '11111111-1111-4111-8111-111111111111',
  allowedMemberTypes: ['User'],
  displayName: 'Approver',
  description: 'Approves',
  value: 'Orders.Approve',
  isEnabled: true,
}

test('an application has an appId, and is found by it', async () => {
  const graph = await serve()
  const { status, body } = await graph.post('/applications', { displayName: 'Orders' })
  expect(status).toBe(201)
  expect(body).toMatchObject({
    signInAudience: 'AzureADMyOrg',
    appRoles: [],
    identifierUris: [],
    publisherDomain: 'acme.onmicrosoft.com',
  })
  expect(body.appId).not.toBe(body.id)
  expect((await graph.get(`/applications(appId='${body.appId}')`)).body.id).toBe(body.id)
})

test('an upsert creates once, and updates from then on', async () => {
  const graph = await serve()
  expect((await graph.patch(byName, { displayName: 'Orders' })).status).toBe(404)
  const { status, body } = await graph.patch(byName, { displayName: 'Orders' }, createIfMissing)
  expect([status, body.uniqueName]).toEqual([201, 'gl-orders'])
  expect((await graph.patch(byName, { notes: 'x' }, createIfMissing)).status).toBe(204)
  expect(errorOf(await graph.patch(byName, { uniqueName: 'gl-other' }))[2]).toMatch(/'uniqueName' is read-only/)
  expect((await graph.get('/applications')).body.value).toHaveLength(1)
})

test.each([
  [{}, "A value is required for property 'displayName' of resource 'Application'."],
  [{ displayName: 'x', appId: unknownId }, "Property 'appId' is read-only and cannot be set."],
  [
    { displayName: 'x', signInAudience: 'Everybody' },
    "Invalid value specified for property 'signInAudience' of resource 'Application'.",
  ],
  [{ displayName: 'x', colour: 'red' }, "Invalid property 'colour'."],
  [{ displayName: 'x', web: { redirectUri: 'x' } }, "Invalid property 'redirectUri'."],
])('%o is refused', async (body, message) => {
  const graph = await serve()
  expect(errorOf(await graph.post('/applications', body))).toEqual([400, 'Request_BadRequest', message])
})

test('web settings are merged part by part', async () => {
  const graph = await serve({
    applications: [{ displayName: 'Orders', web: { homePageUrl: 'https://a/', redirectUris: ['https://a/'] } }],
  })
  const path = `/applications/${graph.id('applications', 'Orders')}`
  await graph.patch(path, { web: { redirectUris: ['https://b/'] } })
  expect((await graph.get(path)).body.web).toMatchObject({ homePageUrl: 'https://a/', redirectUris: ['https://b/'] })
})

describe('identifierUris', () => {
  test('are unique in the tenant', async () => {
    const graph = await serve({
      applications: [{ displayName: 'A', identifierUris: ['api://one'] }, { displayName: 'B' }],
    })
    const reply = await graph.patch(`/applications/${graph.id('applications', 'B')}`, { identifierUris: ['API://one'] })
    expect(errorOf(reply)).toEqual([
      400,
      'Request_BadRequest',
      'Another object with the same value for property identifierUris already exists.',
    ])
    expect(reply.body.error.details).toMatchObject([
      { code: 'ObjectConflict', target: 'identifierUris' },
      { code: 'ConflictingObjects' },
    ])
    expect(
      (
        await graph.patch(`/applications/${graph.id('applications', 'A')}`, {
          identifierUris: ['api://one', 'api://two'],
        })
      ).status,
    ).toBe(204)
  })

  test.each(['https://orders.acme.example/', 'orders'])('may not be %s', async uri => {
    const graph = await serve()
    expect((await graph.post('/applications', { displayName: 'x', identifierUris: [uri] })).status).toBe(400)
  })

  test.each([
    ['https://elsewhere.example', 400],
    ['https://orders.corp.acme.example', 201],
    ['https://orders-acme.msappproxy.net', 201],
    ['api://orders', 201],
  ])('%s gives %i where the tenant says which domains it owns', async (uri, status) => {
    const graph = await serve({}, { verifiedDomains: ['acme.example'] })
    expect((await graph.post('/applications', { displayName: 'x', identifierUris: [uri] })).status).toBe(status)
  })

  test('are not asked for their domain where it does not', async () => {
    const graph = await serve()
    expect(
      (await graph.post('/applications', { displayName: 'x', identifierUris: ['https://elsewhere.example'] })).status,
    ).toBe(201)
  })
})

describe('app roles', () => {
  test('must be disabled before they are removed', async () => {
    const graph = await serve({ applications: [{ displayName: 'Orders', appRoles: [role] }] })
    const path = `/applications/${graph.id('applications', 'Orders')}`
    expect(errorOf(await graph.patch(path, { appRoles: [] }))[2]).toBe(
      'Permission (scope or role) cannot be deleted or updated unless disabled first',
    )
    expect((await graph.patch(path, { appRoles: [{ ...role, isEnabled: false }] })).status).toBe(204)
    expect((await graph.patch(path, { appRoles: [] })).status).toBe(204)
  })

  test.each([
    [[{ ...role, id: 'x' }]],
    [[{ ...role, id: undefined }]],
    [[{ ...role, description: undefined }]],
    [[{ ...role, allowedMemberTypes: [] }]],
    [[{ ...role, allowedMemberTypes: ['Device'] }]],
    [[{ ...role, value: 'with space' }]],
    [[role, { ...role, value: 'Other' }]],
    [[role, { ...role, id: unknownId }]],
    [[{ ...role, lang: 'en' }]],
  ])('%o are refused', async appRoles => {
    const graph = await serve()
    expect((await graph.post('/applications', { displayName: 'x', appRoles })).status).toBe(400)
  })
})

test('a template gives an application with its roles, and its service principal', async () => {
  const graph = await serve()
  const { status, body } = await graph.post(template, { displayName: 'Orders' })
  expect(status).toBe(201)
  expect(body.application.appRoles.map(({ displayName }: { displayName: string }) => displayName)).toEqual([
    'User',
    'msiam_access',
  ])
  expect(body.servicePrincipal).toMatchObject({ appId: body.application.appId, displayName: 'Orders' })
  expect(body.servicePrincipal.tags).toContain('WindowsAzureActiveDirectoryIntegratedApp')
  await graph.post(template, { displayName: 'Orders' })
  expect((await graph.get('/applications')).body.value).toHaveLength(2)
})

test.each([
  [template, {}, 400],
  [template, { displayName: 'x', uniqueName: 'y' }, 400],
  [`/applicationTemplates/${unknownId}/instantiate`, { displayName: 'x' }, 404],
])('%s with %o is refused', async (path, body, status) => {
  const graph = await serve()
  expect((await graph.post(path, body)).status).toBe(status)
})

test('deleting an application deletes its service principal; restoring does not restore it', async () => {
  const graph = await serve({
    applications: [{ displayName: 'Orders' }],
    servicePrincipals: [{ displayName: 'Orders' }],
  })
  const [application, principal] = [graph.id('applications', 'Orders'), graph.id('servicePrincipals', 'Orders')]
  expect((await graph.delete(`/applications/${application}`)).status).toBe(204)
  expect((await graph.get(`/servicePrincipals/${principal}`)).status).toBe(404)
  expect((await graph.post(`/directory/deletedItems/${principal}/restore`)).status).toBe(400)
  expect((await graph.post(`/directory/deletedItems/${application}/restore`)).status).toBe(200)
  expect((await graph.get(`/servicePrincipals/${principal}`)).status).toBe(404)
  expect((await graph.post(`/directory/deletedItems/${principal}/restore`)).status).toBe(200)
})
