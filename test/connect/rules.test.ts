// What an answer may be taken for: what is sent again, what is looked for, what is believed.

import { describe, expect, test } from 'vitest'
import { isLost, saysThere } from '../../src/connect/graph/rules.ts'
import { RequestFailure } from '../../src/model/directories.ts'
import { Failure } from '../../src/model/problem.ts'
import { batchOf, refusal, type Scripted, startFake } from './fake-graph.ts'

const notThere: Scripted = { status: 404, body: refusal('Request_ResourceNotFound', 'no such object') }
const exists: Scripted = {
  status: 400,
  body: refusal('Request_BadRequest', 'Permission being assigned already exists on the object'),
}
const lostAnswers: readonly [string, Scripted][] = [
  ['no answer', { cut: 'before' }],
  ['a cut answer', { status: 201, body: { id: 'x' }, cut: 'within' }],
  ['an answer without an object', { status: 201 }],
  ['HTML', { status: 200, body: '<html/>' }],
  ['a fault', { status: 503, body: refusal('ServiceUnavailable', 'x') }],
  ["a gateway's 404", { status: 404, body: '<html/>' }],
]

/** POSTs are answered by the script; `/thing` is there from the `from`th look on. */
async function maker(posts: readonly Scripted[], from = Number.POSITIVE_INFINITY) {
  let looks = 0
  let sent = 0
  const fake = await startFake(({ method, url }) => {
    if (method === 'POST' && !url.endsWith('/$batch')) return posts[Math.min(sent++, posts.length - 1)] as Scripted
    return ++looks >= from ? { body: { id: 'made' } } : notThere
  })
  const making = {
    find: (reader: { get<T>(path: string): Promise<T | undefined> }) => reader.get<{ id: string }>('/users/thing'),
  }
  return { ...fake, making, sent: () => sent, looks: () => looks }
}

describe('a request that makes something, after its answer was lost,', () => {
  test.each(lostAnswers)('is looked for and not sent again: %s', async (_, lost) => {
    const fake = await maker([lost], 3)
    expect(await fake.graph.writer().post('/invitations', {}, fake.making)).toMatchObject({ id: 'made' })
    expect([fake.sent(), fake.looks()]).toEqual([1, 3])
  })

  test.each(lostAnswers)('ends as of unknown outcome when it does not appear: %s', async (_, lost) => {
    const fake = await maker([lost])
    const failure = await fake.graph
      .writer()
      .post('/invitations', {}, fake.making)
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RequestFailure)
    expect(failure).toMatchObject({ code: 'outcome-unknown', message: expect.stringMatching(/run again/) })
    expect(fake.sent()).toBe(1)
    expect(fake.looks()).toBeGreaterThan(5)
  })

  test('says each thing once when its batch was lost', async () => {
    const { graph } = await startFake(asked => {
      const isRead = asked.url !== '/v1.0/$batch' || batchOf(asked).every(({ method }) => method === 'GET')
      return isRead ? notThere : { cut: 'before' }
    })
    const writer = graph.writer()
    const find = async (): Promise<undefined> => undefined
    const [one] = await Promise.allSettled([
      writer.post('/invitations', {}, { find }),
      writer.post('/invitations', {}, { find }),
    ])
    const { message } = (one as PromiseRejectedResult).reason as RequestFailure
    expect(message).toMatch(
      /^Microsoft Graph did not answer POST \/v1\.0\/invitations: the answer to its batch was lost \([^()]+\)\. What it makes was looked for and did not appear; it may come all the same: run again in some minutes, which looks first$/,
    )
  })

  test('is sent again if the service keeps it unique, and found when that says so', async () => {
    const fake = await maker([{ cut: 'before' }, exists], 3)
    expect(await fake.graph.writer().post('/x', {}, { ...fake.making, unique: true })).toMatchObject({ id: 'made' })
    const other = await maker([{ cut: 'before' }, { status: 201, body: { id: 'second' } }])
    expect(await other.graph.writer().post('/x', {}, { ...other.making, unique: true })).toMatchObject({ id: 'second' })
    expect(other.sent()).toBe(2)
  })

  test('is sent once more after all looking if two of it would harm nobody', async () => {
    const fake = await maker([{ cut: 'before' }, { status: 201, body: { id: 'second' } }])
    expect(await fake.graph.writer().post('/x', {}, { ...fake.making, again: true })).toMatchObject({ id: 'second' })
    expect(fake.sent()).toBe(2)
    expect(fake.looks()).toBeGreaterThan(5)
    const lost = await maker([{ cut: 'before' }])
    const failure = lost.graph.writer().post('/x', {}, { ...lost.making, again: true })
    await expect(failure).rejects.toMatchObject({ code: 'outcome-unknown' })
    expect(lost.sent()).toBe(2)
  })

  test('fails as the service says if that is there, and yet nobody can find it', async () => {
    const fake = await maker([exists])
    const failure = fake.graph.writer().post('/x', {}, { ...fake.making, unique: true })
    await expect(failure).rejects.toMatchObject({ status: 400, code: 'Request_BadRequest' })
  })

  test.each([{ again: true }, { unique: true }, {}])(
    'is of unknown outcome, and not sent again, if the run is interrupted while it is looked for: %o',
    async how => {
      const stop = new AbortController()
      let sent = 0
      const { graph } = await startFake(
        ({ method }) => {
          if (method === 'POST') sent += 1
          return method === 'POST' ? { cut: 'before' } : notThere
        },
        { signal: stop.signal },
      )
      const find = async (): Promise<undefined> => void stop.abort()
      await expect(graph.writer().post('/x', {}, { find, ...how })).rejects.toMatchObject({ code: 'outcome-unknown' })
      expect(sent).toBe('unique' in how ? 2 : 1)
    },
  )

  test.each([400, 404, 405, 413, 501])("is not sent again if a gateway's %i answered its batch", async status => {
    let invited = 0
    let revoked = 0
    const { graph } = await startFake(asked => {
      const items = asked.url === '/v1.0/$batch' ? batchOf(asked) : [{ method: asked.method, url: asked.url }]
      if (items.every(({ method }) => method === 'GET')) return notThere
      invited += items.filter(({ url }) => url.endsWith('/invitations')).length
      revoked += items.filter(({ url }) => url.endsWith('/revokeSignInSessions')).length
      return asked.url === '/v1.0/$batch' ? { status, body: '<html/>' } : { status: 204 }
    })
    const find = async () => undefined
    const writer = graph.writer()
    const results = await Promise.allSettled([
      writer.post('/invitations', {}, { find }),
      writer.post('/invitations', {}, { find }),
      writer.post('/users/a/revokeSignInSessions', {}, 'freely'),
    ])
    expect(results).toMatchObject([
      { reason: { code: 'outcome-unknown' } },
      { reason: { code: 'outcome-unknown' } },
      { status: 'fulfilled' },
    ])
    expect([invited, revoked]).toEqual([2, 2])
  })

  test('is not sent again if the way back broke', async () => {
    let sent = 0
    const cause = Object.assign(new Error('read EHOSTUNREACH'), { code: 'EHOSTUNREACH', syscall: 'read' })
    const { graph } = await startFake(() => notThere, {
      fetch: async () => {
        sent += 1
        throw new TypeError('fetch failed', { cause })
      },
    })
    await expect(graph.writer().post('/invitations', {})).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
    expect(sent).toBe(1)
  })

  test('is not said to have been sent if only the look before it failed', async () => {
    const fake = await startFake(() => ({ status: 503, body: refusal('ServiceUnavailable', 'x') }))
    const find = (reader: { get<T>(path: string): Promise<T | undefined> }) =>
      reader.get<{ id: string }>('/users/thing')
    const failure = fake.graph.writer().post('/invitations', {}, { find, first: true })
    await expect(failure).rejects.toMatchObject({ status: 503, message: expect.stringContaining('/users/thing') })
    expect(fake.asked.filter(({ method, url }) => method === 'POST' && url.endsWith('/invitations'))).toEqual([])
  })

  test('is found at once if it was there before, and then not sent', async () => {
    const fake = await maker([{ status: 201, body: { id: 'second' } }], 1)
    expect(await fake.graph.writer().post('/x', {}, { ...fake.making, first: true })).toMatchObject({ id: 'made' })
    expect(fake.sent()).toBe(0)
  })

  test("is not sent if somebody else's is there", async () => {
    const fake = await maker([{ status: 201, body: { id: 'second' } }])
    const find = async () => Promise.reject(new Failure('stale', 'it has appeared'))
    await expect(fake.graph.writer().post('/x', {}, { find, first: true })).rejects.toMatchObject({ code: 'stale' })
    expect(fake.sent()).toBe(0)
  })

  test('fails at once on a refusal, which says that nothing happened', async () => {
    const fake = await maker([{ status: 403, body: refusal('Authorization_RequestDenied', 'no') }])
    await expect(fake.graph.writer().post('/x', {}, { ...fake.making, unique: true })).rejects.toMatchObject({
      status: 403,
    })
    expect([fake.sent(), fake.looks()]).toEqual([1, 0])
  })

  test('is sent again without a look where twice is the same as once', async () => {
    const fake = await maker([{ cut: 'before' }, { status: 204 }])
    await fake.graph.writer().post('/users/a/revokeSignInSessions', {}, 'freely')
    expect([fake.sent(), fake.looks()]).toEqual([2, 0])
  })
})

test.each([
  [0, 'ECONNRESET', true],
  [200, 'cut', true],
  [404, '', true],
  [408, 'RequestTimeout', true],
  [500, 'InternalServerError', true],
  [504, '', true],
  [501, 'NotImplemented', false],
  [404, 'Request_ResourceNotFound', false],
  [400, 'Request_BadRequest', false],
  [429, 'TooManyRequests', false],
  [0, 'interrupted', false],
])('after %i %s a request may have been carried out: %s', (status, code, expected) => {
  expect(isLost(new RequestFailure(status, code, 'x'))).toBe(expected)
})

const restore = '/directory/deletedItems/u/restore'

test.each([
  [400, 'Request_BadRequest', 'Permission being assigned already exists on the object', '/x', true],
  [400, 'Request_BadRequest', 'Another object with the same value for property x', '/x', true],
  [400, 'Request_BadRequest', 'Invalid value', '/x', false],
  [409, 'Conflict', 'x', '/x', true],
  [409, 'Directory_ConcurrencyViolation', 'x', '/x', false],
  [404, 'Request_ResourceNotFound', 'x', restore, true],
  [404, '', 'x', restore, false],
  [404, 'Request_ResourceNotFound', 'x', '/x', false],
  [403, 'Authorization_RequestDenied', 'It already exists', '/x', false],
])('%i %s (%s) to %s says that it is there already: %s', (status, code, message, path, expected) => {
  expect(saysThere(new RequestFailure(status, code, message), path)).toBe(expected)
})

describe('what is to be taken away and is not there', () => {
  test('is asked for again, since a replica may lag behind', async () => {
    const script = [notThere, notThere, { status: 204 }]
    const { graph, asked } = await startFake((_, before) => script[before] ?? notThere)
    await graph.writer().delete('/servicePrincipals/s/appRoleAssignedTo/a')
    expect(asked.length).toBe(3)
  })

  test.each([
    ['an object', (writer: { delete(path: string): Promise<void> }) => writer.delete('/users/u')],
    ['a member', (writer: { removeMember(group: string, id: string): Promise<void> }) => writer.removeMember('g', 'u')],
  ])('counts as gone after several answers over half a minute: %s', async (_, remove) => {
    const { graph, asked, slept } = await startFake(() => notThere)
    await remove(graph.writer())
    expect(asked.length).toBe(4)
    expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(30_000)
  })
})

describe('what this run has just written to', () => {
  test('is read until two answers agree', async () => {
    const answers = [['a'], [], ['a', 'b'], ['b', 'a']]
    const { graph, asked, slept } = await startFake((_, before) =>
      before === 0 ? notThere : { body: { value: (answers[before - 1] ?? []).map(id => ({ id })) } },
    )
    const read = await graph
      .writer()
      .agreed(async from => (await from.listEach<{ id: string }>(['/users/u/memberOf']))[0])
    expect(read.map(({ id }) => id).sort()).toEqual(['a', 'b'])
    expect(asked.length).toBe(5)
    expect(slept.length).toBeGreaterThanOrEqual(4)
  })

  test('is not taken for empty when it does not appear', async () => {
    const { graph } = await startFake(() => notThere)
    const reading = graph.writer().agreed(async from => (await from.listEach(['/users/u/memberOf']))[0])
    await expect(reading).rejects.toMatchObject({ code: 'unsettled' })
  })
})

test('one new token is asked for, however many requests hear that theirs is over, and again an hour later', async () => {
  let valid = 'token-1'
  let made = 1
  const getToken = async (fresh = false): Promise<string> => {
    if (fresh) made += 1
    return `token-${made}`
  }
  const { graph } = await startFake(
    ({ headers }) =>
      headers.authorization === `Bearer ${valid}`
        ? { body: { id: 'x' } }
        : { status: 401, body: refusal('InvalidAuthenticationToken', 'expired') },
    { getToken },
  )
  const read = (): Promise<unknown> => Promise.all(['a', 'b', 'c'].map(id => graph.reader().get(`/users/${id}`)))
  await read()
  for (const next of [2, 3]) {
    valid = `token-${next}`
    await read()
    expect(made).toBe(next)
  }
})
