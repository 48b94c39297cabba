import { describe, expect, it } from 'vitest'
import { RequestFailure } from '../../src/model/directories.ts'
import { type Asked, answerBatch, batchOf, refusal, type Scripted, startFake } from './fake-graph.ts'

const paths = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `/groups/g${index}/members`)
const throttled = (retryAfter: string): Scripted => ({
  status: 429,
  headers: { 'retry-after': retryAfter },
  body: refusal('TooManyRequests', 'Please retry again later.'),
})
const missing: Scripted = { status: 404, body: refusal('Request_ResourceNotFound', 'gone') }

describe('many collections', () => {
  it('are read twenty in a request, in order, duplicates once, with undefined for what is not there', async () => {
    const { graph, asked } = await startFake(question =>
      answerBatch(question, ({ url }) =>
        url.startsWith('/groups/g7/') ? missing : { body: { value: [{ id: url.split('/')[2] }] } },
      ),
    )
    const reader = graph.reader()
    const found = await reader.listEach<{ id: string }>([...paths(45), '/groups/g3/members'], { select: ['id'] })
    expect(asked.map(each => each.url)).toEqual(['/v1.0/$batch', '/v1.0/$batch', '/v1.0/$batch'])
    expect(asked.map(each => batchOf(each).length)).toEqual([20, 20, 5])
    expect(asked.flatMap(each => batchOf(each).map(item => item.url))).toContain(
      '/groups/g3/members?$select=id&$top=999',
    )
    expect(found.map(each => each?.[0]?.id)).toEqual([
      ...paths(45).map((_, index) => (index === 7 ? undefined : `g${index}`)),
      'g3',
    ])
    await reader.listEach(paths(45), { select: ['id'] })
    expect(asked.length).toBe(3)
  })

  it('are followed over their pages in batches again', async () => {
    const { graph, asked } = await startFake(question =>
      answerBatch(question, ({ url, headers }) => {
        expect(headers).toEqual({ ConsistencyLevel: 'eventual' })
        const [, , group, rest = ''] = url.split('/')
        const page = Number(/page=(\d)/.exec(rest)?.[1] ?? 1)
        const next = `${question.root}/v1.0/groups/${group}/members?page=${page + 1}&x=%2B`
        const last = page === (group === 'g0' ? 1 : 3)
        return {
          body: { value: [{ id: `${group}-${page}` }, { id: 'same' }], ...(last ? {} : { '@odata.nextLink': next }) },
        }
      }),
    )
    const found = await graph.reader().listEach<{ id: string }>(paths(3), { advanced: true })
    expect(found.map(each => each?.map(item => item.id))).toEqual([
      ['g0-1', 'same'],
      ['g1-1', 'same', 'g1-2', 'g1-3'],
      ['g2-1', 'same', 'g2-2', 'g2-3'],
    ])
    expect(asked.map(each => batchOf(each).length)).toEqual([3, 2, 2])
    expect(batchOf(asked[1] as (typeof asked)[0])[0]?.url).toBe('/groups/g1/members?page=2&x=%2B')
  })

  it('are asked again where they were throttled, they alone, after the longest wait', async () => {
    const { graph, asked, slept } = await startFake((question, before) =>
      answerBatch(question, ({ url }) => {
        if (before === 0 && url.includes('g1/')) return throttled('3')
        if (before === 0 && url.includes('g2/')) return throttled('7.5')
        if (before === 1 && url.includes('g2/')) return { status: 503, body: refusal('ServiceUnavailable', 'x') }
        return { body: { value: [{ id: url }] } }
      }),
    )
    const found = await graph.reader().listEach(paths(4))
    expect(found.map(each => each?.length)).toEqual([1, 1, 1, 1])
    expect(asked.map(each => batchOf(each).map(item => item.url.split('/')[2]))).toEqual([
      ['g0', 'g1', 'g2', 'g3'],
      ['g1', 'g2'],
      ['g2'],
    ])
    expect(slept).toEqual([7500, 2000])
  })

  it.each([429, 424, 503])('wait as a whole when the batch itself is answered with %i', async status => {
    const { graph, asked, slept } = await startFake((question, before) =>
      before === 0
        ? { status, headers: { 'retry-after': '4' }, body: refusal('TooManyRequests', 'x') }
        : answerBatch(question, () => ({ body: { value: [] } })),
    )
    expect(await graph.reader().listEach(paths(2))).toEqual([[], []])
    expect(asked.length).toBe(2)
    expect(slept).toEqual([4000])
  })

  it('believe a 424 that tells about each item', async () => {
    const { graph, asked } = await startFake((question, before) => ({
      ...answerBatch(question, ({ url }) =>
        before === 0 && url.includes('g1/') ? throttled('1') : { body: { value: [] } },
      ),
      status: before === 0 ? 424 : 200,
    }))
    expect(await graph.reader().listEach(paths(2))).toEqual([[], []])
    expect(batchOf(asked[1] as (typeof asked)[0]).length).toBe(1)
  })

  it('go on when the answer to a batch was lost', async () => {
    const { graph, asked } = await startFake((question, before) => ({
      ...answerBatch(question, () => ({ body: { value: [] } })),
      ...(before === 0 ? { cut: 'within' as const } : {}),
    }))
    expect(await graph.reader().listEach(paths(2))).toEqual([[], []])
    expect(asked.length).toBe(2)
  })

  it.each<[string, (responses: { id: string }[]) => unknown]>([
    ['leaves an item out', responses => ({ responses: responses.slice(1) })],
    ['answers an item twice', responses => ({ responses: [...responses, responses[1]] })],
    ['answers what was not asked', responses => ({ responses: [...responses, { id: '99', status: 200 }] })],
    ['has no responses', () => ({ value: [] })],
    [
      'has an item without status',
      responses => ({ responses: responses.map(({ id }) => ({ id, body: { value: [] } })) }),
    ],
    ['has an item without body', responses => ({ responses: responses.map(({ id }) => ({ id, status: 200 })) })],
    [
      'has an item that is no JSON',
      responses => ({ responses: responses.map(each => ({ ...each, body: 'PGh0bWw+' })) }),
    ],
    [
      'has a 404 of a gateway',
      responses => ({ responses: responses.map(({ id }) => ({ id, status: 404, body: 'PGh0bWw+' })) }),
    ],
    [
      'leads elsewhere',
      responses => ({
        responses: responses.map(each => ({
          ...each,
          body: { value: [], '@odata.nextLink': 'https://evil.example/v1.0/x' },
        })),
      }),
    ],
  ])('fail if the answer %s', async (_, spoil) => {
    const { graph } = await startFake(question => {
      const whole = answerBatch(question, () => ({ body: { value: [] } })).body as { responses: { id: string }[] }
      return { body: spoil(whole.responses) }
    })
    await expect(graph.reader().listEach(paths(3))).rejects.toBeInstanceOf(RequestFailure)
  })

  it('are asked again where the answer left them out', async () => {
    const { graph, asked } = await startFake((question, before) => {
      const whole = answerBatch(question, () => ({ body: { value: [] } })).body as { responses: unknown[] }
      return { body: { responses: before === 0 ? whole.responses.slice(1) : whole.responses } }
    })
    expect(await graph.reader().listEach(paths(3))).toEqual([[], [], []])
    expect(asked.map(each => batchOf(each).map(({ url }) => url.split('/')[2]))).toEqual([['g0', 'g1', 'g2'], ['g0']])
  })

  it('of which one has no path of Graph are not asked for', async () => {
    const { graph, asked } = await startFake(question => answerBatch(question, () => ({ body: { value: [] } })))
    await expect(graph.reader().listEach(['/users/a/memberOf', '/users//memberOf'])).rejects.toThrow(TypeError)
    expect(asked).toEqual([])
  })

  it('are matched by id, in whatever order the answers come', async () => {
    const { graph } = await startFake(question => {
      const { responses } = answerBatch(question, ({ url }) => ({ body: { id: url } })).body as { responses: unknown[] }
      return { body: { responses: responses.reverse() } }
    })
    expect(await graph.reader().getEach(['/users/a', '/users/b', '/users/c'])).toEqual([
      { id: '/users/a' },
      { id: '/users/b' },
      { id: '/users/c' },
    ])
  })

  it.each([
    ['a list', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['an object', '{"toString":1}'],
    ['nothing', 'null'],
  ])('are not read of an answer to %s, which nobody asked', async (told, id) => {
    const body = `{"responses":[{"id":${id},"status":200,"body":{"value":[]}}]}`
    const { graph } = await startFake(() => ({ headers: { 'content-type': 'application/json' }, body }))
    await expect(graph.reader().listEach(paths(2), { select: ['id'] })).rejects.toMatchObject({
      code: 'not-a-batch',
      message: expect.stringContaining(`got an answer to ${told === 'nothing' ? 'null' : told}, which was not asked`),
    })
  })

  it.each(['{"toString":1}', '[]', '"x"', 'null'])('are not read of an answer with the status %s', async status => {
    const body = `{"responses":[{"id":"0","status":${status},"body":{"value":[]}}]}`
    const { graph } = await startFake(() => ({ headers: { 'content-type': 'application/json' }, body }))
    await expect(graph.reader().listEach(paths(1), { select: ['id'] })).rejects.toBeInstanceOf(RequestFailure)
  })

  it('fail as a whole if one item is refused, naming it', async () => {
    const { graph } = await startFake(question =>
      answerBatch(question, ({ url }) =>
        url.startsWith('/groups/g1/')
          ? { status: 403, body: refusal('Authorization_RequestDenied', 'Insufficient privileges', 'inner') }
          : { body: { value: [] } },
      ),
    )
    const error = await graph
      .reader()
      .listEach(paths(3))
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ status: 403, requestId: 'inner' })
    expect(String(error)).toContain('GET /v1.0/groups/g1/members')
  })

  it('give up an item that stays throttled', async () => {
    const { graph, asked } = await startFake(question => answerBatch(question, () => throttled('1')))
    await expect(graph.reader().listEach(paths(2))).rejects.toMatchObject({ status: 429 })
    expect(asked.length).toBe(10)
  })
})

describe('writes that leave together', () => {
  const ok: Scripted = { status: 204 }
  const no: Scripted = { status: 403, body: refusal('Authorization_RequestDenied', 'no') }

  it('hear each its own answer, in whatever order they come', async () => {
    const { graph } = await startFake(question => {
      const whole = answerBatch(question, ({ url }) => (url === '/users/a' ? no : ok)).body as { responses: unknown[] }
      return { body: { responses: whole.responses.toReversed() } }
    })
    const results = await Promise.allSettled(
      ['a', 'b', 'c'].map(id => graph.writer().post(`/users/${id}`, {}, 'freely')),
    )
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  })

  /** An invitation, and what may be done twice; what was sent, whatever answered it. */
  async function both(answerTo: (asked: Asked, send: (item: { url: string }) => number) => Scripted) {
    const sent: string[] = []
    const send = ({ url }: { url: string }): number => sent.push(url.replace('/v1.0', ''))
    const { graph } = await startFake(question => answerTo(question, send))
    const results = await Promise.allSettled([
      graph.writer().post('/invitations', {}),
      graph.writer().post('/users/a/revokeSignInSessions', {}, 'freely'),
    ])
    return { sent, results }
  }
  const once = ['/invitations', '/users/a/revokeSignInSessions']

  it('are done where a 424 says so of each', async () => {
    const { sent, results } = await both((asked, send) => {
      if (asked.url !== '/v1.0/$batch') return send(asked) === 0 ? no : ok
      const answer = (item: { url: string }): Scripted =>
        send(item) === 1 ? { status: 201, body: { id: 'i' } } : throttled('1')
      return { ...answerBatch(asked, answer), status: 424 }
    })
    expect(results).toMatchObject([{ value: { id: 'i' } }, { status: 'fulfilled' }])
    expect(sent).toEqual([...once, once[1]])
  })

  it.each<[string, Scripted]>([
    ['left out of the answer', { body: { responses: [] } }],
    ['are of a batch without an answer', { cut: 'before' }],
  ])('and %s may have been carried out', async (_, answer) => {
    const { sent, results } = await both((asked, send) => {
      if (asked.url === '/v1.0/$batch') for (const item of batchOf(asked)) send(item)
      else send(asked)
      return asked.url === '/v1.0/$batch' ? answer : ok
    })
    const message = expect.stringContaining('It may have been carried out all the same')
    expect(results).toMatchObject([{ reason: { status: 0, message } }, { status: 'fulfilled' }])
    expect(sent).toEqual([...once, once[1]])
  })

  it.each([
    ['HTML', { status: 200, body: '<html/>' }],
    ['no status', { status: 'none', body: {} }],
  ])('are not done by %s in the place of an answer', async (_, answer) => {
    const { graph } = await startFake(question =>
      question.url === '/v1.0/$batch' ? answerBatch(question, () => answer as Scripted) : (answer as Scripted),
    )
    const results = await Promise.allSettled(['a', 'b'].map(id => graph.writer().post('/x', { id })))
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })
})
