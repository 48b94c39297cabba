import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { vanishing } from '../../src/connect/graph/rules.ts'
import { failureOf } from './failure.ts'
import { answerBatch, batchOf, refusal, type Scripted, startFake } from './fake-graph.ts'

const notThere: Scripted = {
  status: 404,
  body: refusal(
    'Request_ResourceNotFound',
    "Resource 'x' does not exist or one of its queried reference-property objects are not present.",
  ),
}
const alreadyMember: Scripted = {
  status: 400,
  body: refusal(
    'Request_BadRequest',
    "One or more added object references already exist for the following modified properties: 'members'.",
  ),
}
const notMember: Scripted = {
  status: 400,
  body: refusal(
    'Request_BadRequest',
    "One or more removed object references do not exist for the following modified properties: 'members'.",
  ),
}
const done: Scripted = { status: 204 }

const references = (asked: { readonly body: unknown }): readonly string[] =>
  (asked.body as { 'members@odata.bind': string[] })['members@odata.bind'].map(each => each.split('/').at(-1) ?? '')

describe('post', () => {
  it('gives the answer back', async () => {
    const { graph, asked } = await startFake(() => ({ status: 201, body: { id: 'i', invitedUser: { id: 'u' } } }))
    expect(await graph.writer().post('/invitations', { invitedUserEmailAddress: 'a@b.example' })).toMatchObject({
      id: 'i',
    })
    expect(asked[0]).toMatchObject({
      method: 'POST',
      url: '/v1.0/invitations',
      body: { invitedUserEmailAddress: 'a@b.example' },
    })
    expect(asked[0]?.headers['content-type']).toBe('application/json')
  })

  it.each<[string, Scripted]>([
    ['the answer is lost', { cut: 'before' }],
    ['the answer is cut', { status: 201, body: { id: 'x' }, cut: 'within' }],
    ['the service fails', { status: 503, body: refusal('ServiceUnavailable', 'x') }],
    ['a gateway fails', { status: 504, body: '<html/>' }],
    ['the answer is HTML', { status: 200, body: '<html/>' }],
    ['the answer is empty', { status: 201 }],
  ])('is sent once when %s', async (_, scripted) => {
    const { graph, asked } = await startFake(() => scripted)
    await failureOf(graph.writer().post('/invitations', {}))
    expect(asked.length).toBe(1)
  })

  it('says that it may have happened when the answer is lost', async () => {
    const { graph } = await startFake(() => ({ cut: 'before' }))
    expect((await failureOf(graph.writer().post('/invitations', {}))).message).toMatch(/may have been carried out/)
  })

  it('is repeated when it was throttled', async () => {
    const { graph, asked, slept } = await startFake((_, before) =>
      before === 0
        ? { status: 429, headers: { 'retry-after': '2' }, body: refusal('TooManyRequests', 'x') }
        : { status: 201, body: { id: 'x' } },
    )
    await graph.writer().post('/invitations', {})
    expect(asked.length).toBe(2)
    expect(slept).toEqual([2000])
  })

  it('is repeated when it cannot have arrived', async () => {
    const nobody = createServer()
    await new Promise<void>(resolve => nobody.listen(0, '127.0.0.1', resolve))
    const { port } = nobody.address() as AddressInfo
    await new Promise(resolve => nobody.close(resolve))
    let calls = 0
    const refusing: typeof fetch = async (input, init) => {
      calls++
      return calls < 3 ? fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x' }) : fetch(input, init)
    }
    const { graph, asked } = await startFake(() => ({ status: 201, body: { id: 'x' } }), { fetch: refusing })
    await graph.writer().post('/invitations', {})
    expect(calls).toBe(3)
    expect(asked.length).toBe(1)
  })
})

describe('patch, put and delete', () => {
  it.each<[string, Scripted]>([
    ['408', { status: 408 }],
    ['409 of a concurrent write', { status: 409, body: refusal('Directory_ConcurrencyViolation', 'x') }],
    ['423', { status: 423, body: refusal('Locked', 'x') }],
    ['429', { status: 429, body: refusal('TooManyRequests', 'x') }],
    ['500', { status: 500, body: refusal('InternalServerError', 'x') }],
    ['502', { status: 502, body: '<html/>' }],
    ['503', { status: 503, body: refusal('ServiceUnavailable', 'x') }],
    ['504', { status: 504, body: '<html/>' }],
    ['a reset', { cut: 'before' }],
    ['a cut answer', { status: 200, body: { id: 'x' }, cut: 'within' }],
    ['HTML that calls itself a success', { status: 200, body: '<html>Sign in</html>' }],
    ['a 404 of a gateway', { status: 404, body: '<html>Not found</html>' }],
  ])('are repeated after %s', async (_, scripted) => {
    const { graph, asked } = await startFake((_question, before) => (before % 2 === 0 ? scripted : done))
    const writer = graph.writer()
    await writer.patch('/users/a', { accountEnabled: false })
    await writer.setReference('/applications/a/connectorGroup', '/x/y', 'beta')
    await writer.delete('/users/a')
    expect(asked.map(each => `${each.method} ${each.url}`)).toEqual([
      'PATCH /v1.0/users/a',
      'PATCH /v1.0/users/a',
      'PUT /beta/applications/a/connectorGroup/$ref',
      'PUT /beta/applications/a/connectorGroup/$ref',
      'DELETE /v1.0/users/a',
      'DELETE /v1.0/users/a',
    ])
  })

  it('give up in the end', async () => {
    const { graph, asked, slept } = await startFake(() => ({ status: 503, body: refusal('ServiceUnavailable', 'x') }))
    expect((await failureOf(graph.writer().patch('/users/a', {}))).status).toBe(503)
    expect(asked.length).toBe(5)
    expect(slept).toEqual([1000, 2000, 4000, 8000])
  })

  it.each<[string, Scripted]>([
    ['a plain 409', { status: 409, body: refusal('Conflict', 'x') }],
    ['403', { status: 403, body: refusal('Authorization_RequestDenied', 'x') }],
    ['400', { status: 400, body: refusal('Request_BadRequest', 'x') }],
  ])('fail at once after %s', async (_, scripted) => {
    const { graph, asked } = await startFake(() => scripted)
    await failureOf(graph.writer().patch('/users/a', {}))
    expect(asked.length).toBe(1)
  })

  it('take gone for deleted, but not for changed, and no word of a gateway for gone', async () => {
    const { graph } = await startFake(({ url }) => (url.endsWith('/b') ? { status: 404, body: '<html/>' } : notThere))
    const writer = graph.writer()
    await writer.delete('/users/a')
    expect((await failureOf(writer.patch('/users/a', {}))).status).toBe(404)
    expect((await failureOf(writer.delete('/users/b'))).status).toBe(404)
  })

  it('never delete a member instead of its membership', async () => {
    const { graph, asked } = await startFake(() => done)
    const writer = graph.writer()
    for (const path of [
      '/groups/g/members/u',
      '/groups/g/members/$ref',
      '/groups/g/members/u/microsoft.graph.user',
      '/groups/g/Members/u',
      '/applications/a/owners/u',
      '/users/u/sponsors/s',
    ]) {
      await expect(writer.delete(path)).rejects.toThrow(TypeError)
    }
    expect(asked).toEqual([])
    await writer.delete('/users/u/sponsors/s/$ref')
    await writer.removeMember('members', 'u/../..')
    expect(asked.map(each => each.url)).toEqual([
      '/v1.0/users/u/sponsors/s/$ref',
      '/v1.0/groups/members/members/u%2F..%2F../$ref',
    ])
  })

  it('go to one application or group one at a time, and to users all at once', async () => {
    let open = 0
    let most = 0
    const { graph, asked } = await startFake(async question => {
      most = Math.max(most, ++open)
      await new Promise(resolve => setTimeout(resolve, 20))
      open--
      return question.url === '/v1.0/$batch' ? answerBatch(question, () => done) : done
    })
    const writer = graph.writer()
    await Promise.all([1, 2, 3].map(() => writer.patch('/applications/a', {})))
    expect([most, asked.length]).toEqual([1, 3])
    await Promise.all([1, 2, 3].map(() => writer.patch('/users/a', {})))
    expect(asked.slice(3).map(each => batchOf(each).length)).toEqual([3])
  })
})

describe('upsert', () => {
  it('gives the body of what it created', async () => {
    const { graph, asked } = await startFake(() => ({ status: 201, body: { id: 'g', uniqueName: 'n' } }))
    expect(await graph.writer().upsert('/groups(uniqueName=%27n%27)', { displayName: 'N' })).toEqual({
      id: 'g',
      uniqueName: 'n',
      created: true,
    })
    expect(asked[0]).toMatchObject({ method: 'PATCH', body: { displayName: 'N' } })
    expect(asked[0]?.headers.prefer).toBe('create-if-missing')
  })

  it('reads the id of what was there, also when it is slow to appear, and when the first answer was lost', async () => {
    const script: readonly Scripted[] = [{ cut: 'before' }, done, notThere, { body: { id: 'g' } }]
    const { graph, asked } = await startFake((_, before) => script[before] ?? { body: { id: 'g' } })
    expect(await graph.writer().upsert('/groups(uniqueName=%27n%27)', {})).toEqual({ id: 'g', created: false })
    // The second answer agrees with the first.
    expect(asked.map(each => each.method)).toEqual(['PATCH', 'PATCH', 'GET', 'GET', 'GET'])
  })

  it('fails without an id', async () => {
    const { graph } = await startFake(() => ({ status: 201, body: {} }))
    expect((await failureOf(graph.writer().upsert('/groups(uniqueName=%27n%27)', {}))).code).toBe('no-object')
  })
})

describe('members', () => {
  const many = Array.from({ length: 25 }, (_, index) => `u${index}`)

  it('that are added at the same time share requests of twenty, per group', async () => {
    const { graph, asked } = await startFake(() => done)
    const writer = graph.writer()
    await Promise.all([...many.map(id => writer.addMember('g', id)), writer.addMember('h', 'u0')])
    const toG = asked.filter(each => each.url === '/v1.0/groups/g')
    expect(toG.map(each => [each.method, references(each)])).toEqual([
      ['PATCH', many.slice(0, 20)],
      ['PATCH', many.slice(20)],
    ])
    const toH = asked.find(each => each.url.startsWith('/v1.0/groups/h'))
    expect(toH).toMatchObject({ method: 'POST', url: '/v1.0/groups/h/members/$ref' })
    expect(toH?.body).toEqual({ '@odata.id': `${toH?.root}/v1.0/directoryObjects/u0` })
    expect(asked.length).toBe(3)
  })

  it('are told apart when a request for many is refused', async () => {
    const { graph } = await startFake(({ method, body }) => {
      if (method === 'PATCH') return alreadyMember
      const id = String((body as Record<string, string>)['@odata.id'])
        .split('/')
        .at(-1)
      return id === 'there' ? alreadyMember : id === 'unknown' ? notThere : done
    })
    const writer = graph.writer()
    const results = await Promise.allSettled(['fresh', 'there', 'unknown'].map(id => writer.addMember('g', id)))
    expect(results.map(each => each.status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(results[2]).toMatchObject({ reason: { status: 404, code: 'Request_ResourceNotFound' } })
  })

  it('all fail when the group may not be changed', async () => {
    const { graph, asked } = await startFake(() => ({
      status: 403,
      body: refusal('Authorization_RequestDenied', 'no'),
    }))
    const writer = graph.writer()
    const results = await Promise.allSettled(many.slice(0, 3).map(id => writer.addMember('g', id)))
    expect(results.map(each => each.status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(asked.length).toBe(1)
  })

  it('that this run created are waited for while the directory does not know them; others are not', async () => {
    let refused = 0
    let looks = 0
    const { graph, asked } = await startFake(question => {
      const { url, body } = question
      if (url === '/v1.0/invitations') return { status: 201, body: { id: 'i', invitedUser: { id: 'new' } } }
      if (url === '/v1.0/$batch') return answerBatch(question, () => (++looks < 3 ? notThere : { body: { id: 'new' } }))
      if (!JSON.stringify(body).includes('/new')) return notThere
      return ++refused === 1 ? notThere : done
    })
    const writer = graph.writer()
    await writer.post('/invitations', {})
    await writer.addMember('g', 'new')
    expect(refused).toBe(2)
    expect(asked.flatMap(each => (each.url === '/v1.0/$batch' ? batchOf(each).map(item => item.url) : []))).toEqual(
      Array.from({ length: looks }, () => '/users/new?$select=id'),
    )
    expect(looks).toBeGreaterThan(3)
    const before = asked.length
    expect((await failureOf(writer.addMember('g', 'old'))).status).toBe(404)
    expect(asked.length).toBe(before + 1)
  })

  it('that never appear fail after the deadline', async () => {
    const { graph, slept } = await startFake(
      ({ url }) => (url === '/v1.0/invitations' ? { status: 201, body: { id: 'new' } } : notThere),
      { lagDeadline: 5000 },
    )
    const writer = graph.writer()
    await writer.post('/invitations', {})
    await failureOf(writer.addReference('/users/u/sponsors', 'new'))
    expect(slept).toEqual([1000, 2000, 4000])
  })

  it('are removed in batches, each with its own result, and always by reference', async () => {
    const answer = ({ url }: { readonly url: string }): Scripted => {
      if (url.includes('/u1/')) return notThere
      if (url.includes('/u2/')) return notMember
      if (url.includes('/u3/')) return { status: 403, body: refusal('Authorization_RequestDenied', 'no') }
      return done
    }
    const { graph, asked } = await startFake(question =>
      question.url === '/v1.0/$batch' ? answerBatch(question, answer) : answer(question),
    )
    const writer = graph.writer()
    const results = await Promise.allSettled(many.slice(0, 22).map(id => writer.removeMember('g', id)))
    const removals = many.slice(0, 22).map(id => `DELETE /groups/g/members/${id}/$ref`)
    const batches = asked.filter(each => each.url === '/v1.0/$batch').map(each => batchOf(each))
    expect(batches[0]?.map(item => `${item.method} ${item.url}`)).toEqual(removals.slice(0, 20))
    // Whoever was not there is asked for again.
    const singles = asked.filter(each => each.url !== '/v1.0/$batch').map(each => `${each.method} ${each.url.slice(5)}`)
    const all = [...batches.flat().map(item => `${item.method} ${item.url}`), ...singles]
    expect(new Set(all)).toEqual(new Set(removals))
    expect(all.length).toBe(22 + 2 * vanishing.length)
    expect(results.flatMap((each, index) => (each.status === 'rejected' ? [index] : []))).toEqual([3])
  })

  it.each([notThere, notMember, done])('that are not there count as removed', async scripted => {
    const { graph, asked } = await startFake(() => scripted)
    await graph.writer().removeMember('g', 'u')
    expect(asked[0]).toMatchObject({ method: 'DELETE', url: '/v1.0/groups/g/members/u/$ref' })
  })

  it('keep their order when the same one comes and goes', async () => {
    const { graph, asked } = await startFake(() => done)
    const writer = graph.writer()
    await Promise.all([writer.addMember('g', 'u'), writer.removeMember('g', 'u'), writer.addMember('g', 'u')])
    expect(asked.map(each => each.method)).toEqual(['POST', 'DELETE', 'POST'])
  })

  it('keep their order also when one begins after the first is done', async () => {
    const { graph, asked } = await startFake(() => done)
    const writer = graph.writer()
    const first = writer.addMember('g', 'u')
    const rest = [writer.removeMember('g', 'u'), writer.addMember('g', 'u')]
    await first
    await Promise.all([...rest, writer.removeMember('g', 'u')])
    expect(asked.map(each => each.method)).toEqual(['POST', 'DELETE', 'POST', 'DELETE'])
  })

  it('are taken out also when putting them in failed', async () => {
    const { graph, asked } = await startFake(({ method }) =>
      method === 'POST' ? { status: 403, body: refusal('Authorization_RequestDenied', 'no') } : done,
    )
    const writer = graph.writer()
    const results = await Promise.allSettled([writer.addMember('g', 'u'), writer.removeMember('g', 'u')])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    expect(asked.map(each => each.method)).toEqual(['POST', 'DELETE'])
  })

  it('are named once in a request, however often they are wanted', async () => {
    const { graph, asked } = await startFake(() => done)
    const writer = graph.writer()
    await Promise.all(['u', 'v', 'u'].map(id => writer.addMember('g', id)))
    expect(references(asked[0] ?? { body: {} })).toEqual(['u', 'v'])
    expect(asked[1]).toMatchObject({ method: 'POST', url: '/v1.0/groups/g/members/$ref' })
  })

  it('get one request at a time into a group', async () => {
    let open = 0
    let most = 0
    const { graph } = await startFake(async () => {
      most = Math.max(most, ++open)
      await new Promise(resolve => setTimeout(resolve, 10))
      open--
      return done
    })
    const first = graph.writer()
    const second = graph.writer()
    await Promise.all([
      ...many.map(id => first.addMember('g', id)),
      ...many.map(id => second.removeMember('g', `x${id}`).catch(() => {})),
      first.patch('/groups/g', { description: 'x' }),
    ])
    expect(most).toBe(1)
  })

  it('fail together when the run is interrupted before their request', async () => {
    const interrupt = new AbortController()
    const { graph, asked } = await startFake(() => done, { signal: interrupt.signal })
    const writer = graph.writer()
    interrupt.abort()
    const results = await Promise.allSettled(['a', 'b'].map(id => writer.addMember('g', id)))
    expect(results).toMatchObject([{ reason: { code: 'interrupted' } }, { reason: { code: 'interrupted' } }])
    expect(asked).toEqual([])
  })
})

describe('a reference', () => {
  it('to a sponsor names a user, and may be there already', async () => {
    const { graph, asked } = await startFake(() => alreadyMember)
    await graph.writer().addReference('/users/u/sponsors', 's')
    expect(asked[0]).toMatchObject({ method: 'POST', url: '/v1.0/users/u/sponsors/$ref' })
    expect(asked[0]?.body).toEqual({ '@odata.id': `${asked[0]?.root}/v1.0/users/s` })
  })
})
