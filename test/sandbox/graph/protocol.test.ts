import { expect, test } from 'vitest'
import { errorOf, people, serve, tenant, unknownId } from './served.ts'

test('a request without a token is refused', async () => {
  const graph = await serve(people)
  const response = await fetch(`${graph.url}/v1.0/users`)
  expect(response.status).toBe(401)
  expect(await response.json()).toMatchObject({
    error: { code: 'InvalidAuthenticationToken', message: 'Access token is empty.' },
  })
})

test('an empty token is refused', async () => {
  const graph = await serve(people)
  expect((await graph.get('/users', { authorization: 'Bearer ' })).status).toBe(401)
})

test('an error has an envelope with ids and an instant without a zone', async () => {
  const graph = await serve()
  const reply = await graph.get(`/users/${unknownId}`, { 'client-request-id': 'mine' })
  expect(reply.body).toEqual({
    error: {
      code: 'Request_ResourceNotFound',
      message: `Resource '${unknownId}' does not exist or one of its queried reference-property objects are not present.`,
      innerError: {
        date: '2026-12-01T08:00:00',
        'request-id': reply.headers.get('request-id'),
        'client-request-id': 'mine',
      },
    },
  })
})

test('every answer has a request id of its own, echoes ours, and has a date', async () => {
  const graph = await serve(people)
  const [first, second] = [await graph.get('/users', { 'client-request-id': 'mine' }), await graph.get('/users')]
  expect(first.headers.get('client-request-id')).toBe('mine')
  expect(first.headers.get('request-id')).not.toBe(second.headers.get('request-id'))
  expect(first.headers.get('date')).toBe('Tue, 01 Dec 2026 08:00:00 GMT')
  expect(first.headers.get('content-type')).toMatch(/^application\/json;odata\.metadata=minimal/)
})

test.each([
  ['GET', '/v2.0/users', 400, 'BadRequest'],
  ['GET', '/nothing', 400, 'BadRequest'],
  ['GET', `/users/${unknownId}/nothing`, 400, 'BadRequest'],
  ['GET', '/invitations', 405, 'Request_BadRequest'],
  ['PUT', '/users', 405, 'Request_BadRequest'],
  ['GET', '/groups/not-a-guid', 400, 'Request_BadRequest'],
  ['GET', '/users/nobody@acme.onmicrosoft.com', 404, 'Request_ResourceNotFound'],
  ['GET', `/groups/${unknownId}`, 404, 'Request_ResourceNotFound'],
  ['GET', '/groups(uniqueName=)', 400, 'BadRequest'],
  ['GET', "/groups(mail='x')", 400, 'BadRequest'],
  ['GET', '/users/%E0%A4%A', 400, 'BadRequest'],
  ['GET', '/onPremisesPublishingProfiles/applicationProxy/connectors', 400, 'BadRequest'],
])('%s %s is refused', async (method, path, status, code) => {
  const graph = await serve(people)
  const response = await fetch(`${graph.url}${path.startsWith('/v2.0') ? path : `/v1.0${path}`}`, {
    method,
    headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
  })
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({ error: { code } })
})

test('an unknown segment is named', async () => {
  const graph = await serve()
  expect(errorOf(await graph.get('/people'))).toEqual([
    400,
    'BadRequest',
    "Resource not found for the segment 'people'.",
  ])
})

test.each([
  ['no JSON', '{', { 'content-type': 'application/json' }, 'BadRequest', /Unable to read JSON request payload/],
  ['another type', '{}', { 'content-type': 'text/plain' }, 'BadRequest', /must contain the Content-Type header/],
  ['an array', '[]', {}, 'BadRequest', /'StartObject' node was expected/],
  ['nothing', '', {}, 'BadRequest', /Empty Payload/],
] as const)('a body that is %s is refused', async (_what, body, headers, code, message) => {
  const graph = await serve()
  const reply = await graph.post('/groups', body, headers)
  expect(errorOf(reply)).toEqual([400, code, expect.stringMatching(message)])
})

test('segments and headers are read without case', async () => {
  const graph = await serve(people)
  expect((await graph.get('/Users/$count', { CONSISTENCYLEVEL: 'Eventual' })).body).toBe('3')
})

test('links and contexts lead back to the host that was asked', async () => {
  const graph = await serve(people)
  const { body } = await graph.get('/users?$top=1')
  expect(body['@odata.context']).toBe(`${graph.url}/v1.0/$metadata#users`)
  expect(body['@odata.nextLink']).toMatch(new RegExp(`^${graph.url}/v1\\.0/users\\?\\$top=1&\\$skiptoken=[\\w-]+$`))
})

test('a created object says where it is', async () => {
  const graph = await serve()
  const group = { displayName: 'A', mailEnabled: false, mailNickname: 'a', securityEnabled: true }
  const reply = await graph.post('/groups', group)
  expect(reply.headers.get('location')).toBe(`${graph.url}/v1.0/groups/${reply.body.id}`)
})

test('the organization and its domains are those of the tenant', async () => {
  const graph = await serve({}, { displayName: 'Acme', verifiedDomains: ['acme.example'] })
  const { body } = await graph.get('/organization')
  expect(body.value).toMatchObject([
    {
      id: tenant.tenantId,
      displayName: 'Acme',
      verifiedDomains: [{ name: 'acme.onmicrosoft.com', isInitial: true }, { name: 'acme.example' }],
    },
  ])
  expect((await graph.get('/domains?$select=id')).body.value).toEqual([
    { id: 'acme.onmicrosoft.com' },
    { id: 'acme.example' },
  ])
  expect((await graph.get('/domains/acme.example')).body).toMatchObject({ id: 'acme.example', isDefault: true })
})

test('beta answers beside v1.0', async () => {
  const graph = await serve(people)
  expect((await graph.get('/beta/users')).body.value).toHaveLength(3)
})
