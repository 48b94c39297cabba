import { describe, expect, it } from 'vitest'
import type { GraphQuery } from '../../src/model/directories.ts'
import { graphPath, odataString } from '../../src/model/escape.ts'
import { failureOf } from './failure.ts'
import { type Asked, answerBatch, refusal, type Scripted, startFake } from './fake-graph.ts'

interface Thing {
  readonly id: string
}

const missing: Scripted = { status: 404, body: refusal('Request_ResourceNotFound', "Resource 'x' does not exist.") }

describe('list', () => {
  it('follows next links to the letter over short and empty pages and drops what comes twice', async () => {
    const pages: readonly ((asked: Asked) => object)[] = [
      ({ root }) => ({
        value: [{ id: 'a' }, { id: 'b' }],
        '@odata.nextLink': `${root}/v1.0/users?$skiptoken=A&B%20=2&$skiptoken=A`,
      }),
      ({ root }) => ({ value: [], '@odata.nextLink': `${root}/v1.0/users?$skiptoken=C` }),
      () => ({ value: [{ id: 'b' }, { id: 'c' }] }),
    ]
    const { graph, asked } = await startFake((question, before) => ({ body: pages[before]?.(question) }))
    const query: GraphQuery = {
      select: ['id', 'userType'],
      filter: `mail eq ${odataString("o'b+c&d#e")}`,
      advanced: true,
    }
    expect(await graph.reader().list<Thing>('/users', query)).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }])
    expect(asked.map(each => each.url)).toEqual([
      '/v1.0/users?$select=id,userType&$filter=mail%20eq%20%27o%27%27b%2Bc%26d%23e%27&$top=999&$count=true',
      '/v1.0/users?$skiptoken=A&B%20=2&$skiptoken=A',
      '/v1.0/users?$skiptoken=C',
    ])
    expect(asked.map(each => each.headers.consistencylevel)).toEqual(['eventual', 'eventual', 'eventual'])
    expect(asked.map(each => each.headers.authorization)).toEqual(Array(3).fill('Bearer fake-token'))
  })

  it('carries a guest principal name whole in its path', async () => {
    const { graph, asked } = await startFake(() => ({ body: { id: '1' } }))
    await graph.reader().get(graphPath`/users/${'lee_fabrikam.com#EXT#@contoso.example'}`)
    expect(asked[0]?.url).toBe('/v1.0/users/lee_fabrikam.com%23EXT%23%40contoso.example')
  })

  it('reads all again where a next link leads in a circle, and gives up when it stays so', async () => {
    let isLooping = true
    const { graph, asked } = await startFake(({ root, url }, before) => {
      if (before >= 4) isLooping = false
      const link =
        isLooping || !url.includes('skiptoken') ? { '@odata.nextLink': `${root}/v1.0/users?$skiptoken=2` } : {}
      return { body: { value: [{ id: url.includes('skiptoken') ? 'b' : 'a' }], ...link } }
    })
    expect(await graph.reader().list('/users')).toEqual([{ id: 'a' }, { id: 'b' }])
    expect(asked.length).toBe(6)
    const forever = await startFake(({ root }) => ({
      body: { value: [], '@odata.nextLink': `${root}/v1.0/users?$skiptoken=same` },
    }))
    expect((await failureOf(forever.graph.reader().list('/users'))).code).toBe('page-loop')
    expect(forever.asked.length).toBeLessThan(10)
  })

  it('reads one of many again where its next link leads in a circle', async () => {
    const { graph } = await startFake(question => {
      if (question.url !== '/v1.0/$batch') return { body: { value: [{ id: 'a' }] } }
      return answerBatch(question, ({ url }) => {
        const link = url.includes('/g/')
          ? { '@odata.nextLink': `${question.root}/v1.0/groups/g/members?$skiptoken=1` }
          : {}
        return { body: { value: [{ id: 'a' }], ...link } }
      })
    })
    expect(await graph.reader().listEach(['/groups/g/members', '/groups/h/members'])).toEqual([
      [{ id: 'a' }],
      [{ id: 'a' }],
    ])
  })

  it.each<[string, (asked: Asked) => object, string]>([
    [
      'leads to another origin',
      () => ({ value: [], '@odata.nextLink': 'https://evil.example/v1.0/users' }),
      'foreign-link',
    ],
    [
      'leads to a look-alike',
      ({ root }) => ({ value: [], '@odata.nextLink': `${root}@evil.example/v1.0/users` }),
      'foreign-link',
    ],
    ['is no text', () => ({ value: [], '@odata.nextLink': 7 }), 'foreign-link'],
  ])('fails where a next link %s', async (_, body, code) => {
    const { graph, asked } = await startFake(question => ({ body: body(question) }))
    expect((await failureOf(graph.reader().list('/users'))).code).toBe(code)
    expect(asked.length).toBeLessThan(3)
  })

  it.each<[string, Scripted, string, number]>([
    ['without value', { body: { id: 'x' } }, 'not-a-page', 1],
    ['with a value that is no list', { body: { value: {} } }, 'not-a-page', 1],
    ['that is HTML', { body: '<html>Sign in</html>' }, 'not-json', 5],
    ['that is empty', {}, 'not-a-page', 1],
    ['that is cut on the way', { body: { value: [{ id: 'a' }] }, cut: 'within' }, '', 5],
    [
      'that is cut before the way',
      { body: '{"value":[{"id":"a"}', headers: { 'content-type': 'application/json' } },
      'cut',
      5,
    ],
    ['that is not there', missing, 'Request_ResourceNotFound', 1],
    ['that redirects', { status: 302, headers: { location: 'https://evil.example/' } }, '', 1],
    ['of a gateway', { status: 502, body: '<html>Bad gateway</html>' }, '', 5],
    ['that a gateway does not find', { status: 404, body: '<html>Not found</html>' }, '', 5],
  ])('fails at a page %s', async (_, scripted, code, requests) => {
    const { graph, asked } = await startFake(() => scripted)
    const failure = await failureOf(graph.reader().list('/users'))
    if (code !== '') expect(failure.code).toBe(code)
    expect(asked.length).toBe(requests)
  })

  it('fails when a later page fails, and asks anew the next time', async () => {
    let broken = true
    const { graph } = await startFake(({ root, url }) => {
      if (!url.includes('skiptoken'))
        return { body: { value: [{ id: 'a' }], '@odata.nextLink': `${root}/v1.0/users?$skiptoken=2` } }
      return broken
        ? { status: 403, body: refusal('Authorization_RequestDenied', 'No.') }
        : { body: { value: [{ id: 'b' }] } }
    })
    const reader = graph.reader()
    expect((await failureOf(reader.list('/users'))).status).toBe(403)
    broken = false
    expect(await reader.list('/users')).toEqual([{ id: 'a' }, { id: 'b' }])
  })
})

describe('a reader remembers', () => {
  it('asks the same question once, also when it is asked twice at a time, and another question again', async () => {
    const { graph, asked } = await startFake(() => ({ body: { value: [{ id: 'a' }] } }))
    const reader = graph.reader()
    const both = await Promise.all([reader.list('/users'), reader.list('/users')])
    expect(both[0]).toBe(both[1])
    await reader.list('/users')
    await reader.listEach(['/users'])
    expect(asked.length).toBe(1)
    await reader.list('/users', { select: ['id'] })
    await reader.list('/users', { version: 'beta' })
    expect(asked.length).toBe(3)
    await graph.reader().list('/users')
    expect(asked.length).toBe(4)
  })

  it('and forgets as soon as something was written, done or failed', async () => {
    const { graph, asked } = await startFake(({ method }, before) =>
      method === 'GET' ? { body: { value: [{ id: String(before) }] } } : { status: 403, body: refusal('x', 'no') },
    )
    const reader = graph.reader()
    const writer = graph.writer()
    expect(await reader.list('/users')).toEqual([{ id: '0' }])
    await failureOf(writer.patch('/users/a', {}))
    expect(await reader.list('/users')).toEqual([{ id: '2' }])
    expect(await writer.list('/users')).toEqual([{ id: '3' }])
    expect(asked.length).toBe(4)
  })
})

describe('get', () => {
  it('gives undefined only when Graph itself says that there is nothing', async () => {
    const { graph } = await startFake(({ url }) =>
      url === '/v1.0/users/a' ? missing : { status: 404, body: '<h1>404</h1>' },
    )
    const reader = graph.reader()
    expect(await reader.get('/users/a')).toBeUndefined()
    expect((await failureOf(reader.get('/users/b'))).status).toBe(404)
  })

  it('reads beta one by one, never as a batch', async () => {
    const { graph, asked } = await startFake(({ url }) => (url.includes('/b?') ? missing : { body: { id: url } }))
    const query: GraphQuery = { version: 'beta', select: ['onPremisesPublishing'] }
    const found = await graph.reader().getEach<Thing>(['/applications/a', '/applications/b', '/applications/c'], query)
    expect(found.map(each => each?.id)).toEqual([
      '/beta/applications/a?$select=onPremisesPublishing',
      undefined,
      '/beta/applications/c?$select=onPremisesPublishing',
    ])
    expect(asked.length).toBe(3)
  })
})

describe('a request', () => {
  it.each(['users', '/users?$top=1', '/users/a#b', '/users//b', '/users/../groups', '/', 'https://evil.example/users'])(
    'is not sent to %s',
    async path => {
      const { graph, asked } = await startFake(() => ({ body: { value: [] } }))
      await expect(graph.reader().list(path)).rejects.toThrow(TypeError)
      expect(asked).toEqual([])
    },
  )

  it('waits as long as it is told: seconds, decimals, a date; at most three minutes; and by itself when told nothing', async () => {
    const waits = ['2.128', '0', 'Sun, 01 Nov 2026 00:00:05 GMT', '86400', undefined, 'soon']
    const { graph, slept } = await startFake((_, before) => {
      const after = waits[before]
      if (before >= waits.length) return { body: { value: [] } }
      return {
        status: 429,
        headers: after === undefined ? {} : { 'retry-after': after },
        body: refusal('TooManyRequests', 'later'),
      }
    })
    await graph.reader().list('/users')
    expect(slept).toEqual([2128, 0, 2872, 180_000, 16_000, 32_000])
  })

  it('gives up in the end', async () => {
    const { graph, asked } = await startFake(() => ({ status: 429, body: refusal('TooManyRequests', 'later') }))
    expect((await failureOf(graph.reader().list('/users'))).status).toBe(429)
    expect(asked.length).toBe(10)
  })

  it('asks for a fresh token once when the token is refused', async () => {
    const fresh: (boolean | undefined)[] = []
    const getToken = async (again?: boolean): Promise<string> => {
      fresh.push(again)
      return again ? 'new' : 'old'
    }
    const { graph, asked } = await startFake(
      ({ headers }) =>
        headers.authorization === 'Bearer new'
          ? { body: { value: [] } }
          : {
              status: 401,
              body: refusal('InvalidAuthenticationToken', 'Access token has expired or is not yet valid.'),
            },
      { getToken },
    )
    await graph.reader().list('/users')
    expect(fresh).toEqual([false, true])
    expect(asked.length).toBe(2)

    const refused = await startFake(() => ({ status: 401, body: refusal('InvalidAuthenticationToken', 'no') }))
    expect((await failureOf(refused.graph.reader().list('/users'))).status).toBe(401)
    expect(refused.asked.length).toBe(2)
  })

  it('tells what Graph said, about what, and under which id', async () => {
    const { graph } = await startFake(() => ({
      status: 403,
      body: refusal('Authorization_RequestDenied', 'Insufficient privileges.', 'r-7'),
    }))
    const failure = await failureOf(graph.reader().list('/groups/g/members'))
    expect(failure).toMatchObject({ status: 403, code: 'Authorization_RequestDenied', requestId: 'r-7' })
    expect(failure.message).toBe(
      'Microsoft Graph answered 403 Authorization_RequestDenied: Insufficient privileges. (GET /v1.0/groups/g/members, request-id r-7). The application probably lacks GroupMember.Read.All or Directory.Read.All; after granting it (with admin consent) a new token is needed',
    )
    expect(failure.message).not.toContain('fake-token')
  })

  it('is given up when the run is interrupted, and nothing follows', async () => {
    const interrupt = new AbortController()
    const { graph, asked } = await startFake(
      async () => {
        interrupt.abort()
        return { body: { value: [] } }
      },
      { signal: interrupt.signal },
    )
    const reader = graph.reader()
    expect((await failureOf(reader.list('/users'))).code).toBe('interrupted')
    expect((await failureOf(reader.list('/groups'))).code).toBe('interrupted')
    expect(asked.length).toBe(1)
  })

  it('is given up after a time', async () => {
    const { graph, asked } = await startFake(() => new Promise(() => {}), { timeout: 20 })
    expect((await failureOf(graph.reader().list('/users'))).code).toBe('timeout')
    expect(asked.length).toBe(5)
  })
})
