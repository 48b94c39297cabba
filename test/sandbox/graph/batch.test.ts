import { describe, expect, test } from 'vitest'
import { errorOf, eventual, lee, people, type Served, serve, unknownId } from './served.ts'

interface Response {
  readonly id: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  // biome-ignore lint/suspicious/noExplicitAny: an answer's body is whatever the test expects it to be
  readonly body: any
}

const json = { 'Content-Type': 'application/json' }

async function batch(graph: Served, requests: readonly object[], path = '/$batch'): Promise<Map<string, Response>> {
  const { status, body } = await graph.post(path, { requests })
  expect(status).toBe(200)
  return new Map(body.responses.map((response: Response) => [response.id, response]))
}

function get(id: string, url: string, more: object = {}): object {
  return { id, method: 'GET', url, ...more }
}

test('each request is answered as if it had come alone', async () => {
  const graph = await serve(people)
  const group = { displayName: 'A', mailEnabled: false, mailNickname: 'a', securityEnabled: true }
  const replies = await batch(graph, [
    get('users', "/users?$filter=userType eq 'Guest'&$select=mail"),
    get('slash', `users/${graph.id('users', lee.mail)}`),
    get('missing', `/users/${unknownId}`),
    get('lost', '/nothing'),
    { id: 'make', method: 'POST', url: '/groups', headers: json, body: group },
    {
      id: 'change',
      method: 'PATCH',
      url: `/users/${graph.id('users', lee.mail)}`,
      headers: json,
      body: { city: 'Oslo' },
    },
  ])
  expect(replies.get('users')?.body.value).toHaveLength(2)
  expect(replies.get('slash')?.body.mail).toBe(lee.mail)
  expect(replies.get('missing')).toMatchObject({ status: 404, body: { error: { code: 'Request_ResourceNotFound' } } })
  expect(replies.get('lost')).toMatchObject({ status: 400, body: { error: { code: 'BadRequest' } } })
  expect(replies.get('make')).toMatchObject({ status: 201, body: { displayName: 'A' } })
  expect(replies.get('change')?.status).toBe(204)
  expect(replies.get('change')).not.toHaveProperty('body')
})

test('answers come in another order than the requests', async () => {
  const graph = await serve(people)
  const { body } = await graph.post('/$batch', { requests: [get('1', '/users'), get('2', '/users')] })
  expect(body.responses.map((response: Response) => response.id)).toEqual(['2', '1'])
})

test('a list inside a batch has links that lead on', async () => {
  const graph = await serve(people)
  const replies = await batch(graph, [get('1', '/users?$top=2')])
  const next = replies.get('1')?.body['@odata.nextLink']
  expect((await graph.get(next.slice(graph.url.length))).body.value).toHaveLength(1)
})

test('headers belong to the single request: the outer ones do not reach it', async () => {
  const graph = await serve(people)
  const url = "/users?$filter=userType ne 'Guest'&$count=true"
  const { body } = await graph.post(
    '/$batch',
    { requests: [get('bare', url), get('with', url, { headers: eventual })] },
    eventual,
  )
  const statuses = Object.fromEntries(body.responses.map((response: Response) => [response.id, response.status]))
  expect(statuses).toEqual({ bare: 400, with: 200 })
})

test('a body that is no JSON comes in base64', async () => {
  const graph = await serve(people)
  const replies = await batch(graph, [get('1', '/users/$count', { headers: eventual })])
  expect(Buffer.from(replies.get('1')?.body, 'base64').toString()).toBe('3')
})

test('a batch has one version', async () => {
  const graph = await serve({ applications: [{ displayName: 'App' }] })
  const url = '/applications?$select=onPremisesPublishing'
  expect((await batch(graph, [get('1', url)])).get('1')?.status).toBe(400)
  expect((await batch(graph, [get('1', url)], '/beta/$batch')).get('1')?.status).toBe(200)
  expect((await batch(graph, [get('1', '/v1.0/users')])).get('1')?.status).toBe(400)
})

test('20 requests are the most', async () => {
  const graph = await serve(people)
  const requests = Array.from({ length: 21 }, (_, index) => get(String(index), '/users?$top=1'))
  expect((await batch(graph, requests.slice(1))).size).toBe(20)
  expect(errorOf(await graph.post('/$batch', { requests }))).toEqual([
    400,
    'BadRequest',
    'Number of requests inside batch exceed the limit',
  ])
})

describe('dependsOn', () => {
  test('a request after a failed one is not made', async () => {
    const graph = await serve(people)
    const path = `/users/${graph.id('users', lee.mail)}`
    const replies = await batch(graph, [
      get('1', `/users/${unknownId}`),
      { id: '2', method: 'DELETE', url: path, dependsOn: ['1'] },
      get('3', '/users', { dependsOn: ['2'] }),
    ])
    expect([...replies.values()].map(({ status }) => status).sort()).toEqual([404, 424, 424])
    expect(replies.get('2')?.body.error.code).toBe('FailedDependency')
    expect((await graph.get(path)).status).toBe(200)
  })

  test('requests in a sequence see what went before', async () => {
    const graph = await serve(people)
    const path = `/users/${graph.id('users', lee.mail)}`
    const replies = await batch(graph, [
      { id: 'a', method: 'PATCH', url: path, headers: json, body: { city: 'Oslo' } },
      get('b', `${path}?$select=city`, { dependsOn: ['A'] }),
    ])
    expect(replies.get('b')?.body).toMatchObject({ city: 'Oslo' })
  })

  test('some in sequence and some not is refused', async () => {
    const graph = await serve(people)
    const requests = [get('1', '/users'), get('2', '/users', { dependsOn: ['1'] }), get('3', '/users')]
    expect(errorOf(await graph.post('/$batch', { requests }))[2]).toBe(
      'Batch should be either fully sequential or fully parallel.',
    )
  })

  test('all the rest on the same one is allowed', async () => {
    const graph = await serve(people)
    const requests = [
      get('1', '/users'),
      get('2', '/users', { dependsOn: ['1'] }),
      get('3', '/users', { dependsOn: ['1'] }),
    ]
    expect((await batch(graph, requests)).size).toBe(3)
  })
})

test.each([
  ['no requests', []],
  ['two ids that differ in case only', [get('a', '/users'), get('A', '/users')]],
  ['no id', [{ method: 'GET', url: '/users' }]],
  ['a number for an id', [{ id: 1, method: 'GET', url: '/users' }]],
  ['no url', [{ id: '1', method: 'GET' }]],
  ['an unknown method', [{ id: '1', method: 'LOOK', url: '/users' }]],
  ['a body without its type', [{ id: '1', method: 'PATCH', url: '/users/x', body: {} }]],
  ['a dependency on what comes later', [get('1', '/users', { dependsOn: ['2'] }), get('2', '/users')]],
  ['something else than objects', ['x']],
])('%s: the whole batch is refused', async (_what, requests) => {
  const graph = await serve(people)
  expect(errorOf(await graph.post('/$batch', { requests })).slice(0, 2)).toEqual([400, 'BadRequest'])
})

test('a batch inside a batch is refused, and so is a batch without a token', async () => {
  const graph = await serve(people)
  expect(
    (await batch(graph, [{ id: '1', method: 'POST', url: '/$batch', headers: json, body: { requests: [] } }])).get('1')
      ?.status,
  ).toBe(400)
  expect((await graph.post('/$batch', { requests: [get('1', '/users')] }, { authorization: '' })).status).toBe(401)
  expect((await graph.get('/$batch')).status).toBe(405)
})
