// The pace of writes, and in which order they leave.

import { describe, expect, it } from 'vitest'
import { sleep } from '../../src/connect/graph/clock.ts'
import { createLane } from '../../src/connect/graph/lanes.ts'
import { type GraphReader, RequestFailure, type Turn } from '../../src/model/directories.ts'
import { answerBatch, batchOf, refusal, type Scripted, startFake } from './fake-graph.ts'

const done: Scripted = { status: 204 }
const throttled: Scripted = { status: 429, headers: { 'retry-after': '7' }, body: refusal('TooManyRequests', 'x') }

describe('a lane', () => {
  const laneAt = (isPaced: boolean) => {
    const time = { now: 0 }
    return { time, lane: createLane({ burst: 10, perSecond: 2 }, isPaced, () => time.now) }
  }

  it('lets a burst through, then as many as refill, and never more', () => {
    const { time, lane } = laneAt(true)
    let taken = 0
    for (let step = 0; step < 1000; step++) {
      while (lane.free() > 0) {
        lane.take()
        taken += 1
      }
      expect(taken).toBeLessThanOrEqual(10 + (time.now * 2) / 1000)
      time.now += 137
    }
    expect(taken).toBeGreaterThanOrEqual(Math.floor(10 + (999 * 137 * 2) / 1000))
  })

  it('tells when so many may leave', () => {
    const { time, lane } = laneAt(true)
    for (let count = 0; count < 10; count++) lane.take()
    expect(lane.freeAt(3)).toBe(1500)
    time.now = 1499
    expect(lane.free()).toBe(2)
    time.now = 1500
    expect(lane.free()).toBe(3)
  })

  it.each([true, false])(
    'is closed for as long as it is told, slower for a while, and recovers (paced: %s)',
    isPaced => {
      const { time, lane } = laneAt(isPaced)
      lane.close(5000)
      expect([lane.free(), lane.freeAt(1)]).toEqual([0, 5000])
      time.now = 5000
      expect(lane.free()).toBe(1)
      if (isPaced) expect(lane.perSecond()).toBeCloseTo(1.4)
      time.now = 200_000
      expect([lane.free(), lane.perSecond()]).toEqual([10, 2])
    },
  )

  it('takes the count of the service for what is left', () => {
    const { lane } = laneAt(true)
    lane.correct(0.8)
    expect(lane.free()).toBe(2)
    lane.correct(1.2)
    expect(lane.free()).toBe(0)
  })
})

function turn(rank: number, more: Partial<Turn> = {}): Turn {
  return { rank, begin: () => undefined, tell: () => undefined, ...more }
}

const perItem = (answer: (item: { readonly url: string }) => Scripted): Parameters<typeof startFake>[0] => {
  return asked => (asked.url === '/v1.0/$batch' ? answerBatch(asked, answer) : answer({ url: asked.url.slice(5) }))
}

describe('the gate', () => {
  it('lets revocations out first, then what has begun, then by rank, twenty together', async () => {
    const { graph, asked } = await startFake(
      perItem(() => done),
      { inFlight: 1 },
    )
    const begun = turn(90)
    const start = graph.writer(begun).patch('/users/start', {})
    await start
    await Promise.all([
      ...Array.from({ length: 19 }, (_, index) => graph.writer(turn(index)).patch(`/users/u${index}`, {})),
      graph.writer(begun).patch('/users/begun', {}),
      graph.writer(turn(-1)).delete('/users/revoked'),
    ])
    const urls = asked
      .slice(1)
      .map(each => (each.url === '/v1.0/$batch' ? batchOf(each).map(item => item.url) : each.url))
    expect(urls).toEqual([
      ['/users/revoked', '/users/begun', ...Array.from({ length: 18 }, (_, index) => `/users/u${index}`)],
      '/v1.0/users/u18',
    ])
  })

  it('sends nothing of beta and nothing of Conditional Access in a batch', async () => {
    const { graph, asked } = await startFake(perItem(() => done))
    const writer = graph.writer()
    await Promise.all([
      writer.patch('/users/a', {}),
      writer.patch('/users/b', {}),
      writer.patch('/applications/a', {}, 'beta'),
      writer.patch('/identity/conditionalAccess/policies/p', {}),
    ])
    expect(asked.map(each => each.url).sort()).toEqual([
      '/beta/applications/a',
      '/v1.0/$batch',
      '/v1.0/identity/conditionalAccess/policies/p',
    ])
  })

  it.each(['/identity/conditionalAccess/policies', '/users'])('goes on when one may not begin: %s', async path => {
    const { graph } = await startFake(perItem(() => done))
    const begin = (): never => {
      throw new Error('not now')
    }
    const results = await Promise.allSettled([
      graph.writer(turn(0, { begin })).patch(`${path}/a`, {}),
      graph.writer(turn(1)).patch(`${path}/b`, {}),
    ])
    expect(results).toMatchObject([{ reason: { message: 'not now' } }, { status: 'fulfilled' }])
  })

  it('sends again what may be, and nothing else, when the answer to a batch is lost', async () => {
    const { graph, asked } = await startFake((question, before) =>
      before === 0 ? { cut: 'before' } : perItem(() => done)(question, before),
    )
    const writer = graph.writer()
    const results = await Promise.allSettled([
      writer.post('/invitations', {}),
      writer.post('/users/a/revokeSignInSessions', {}, 'freely'),
      writer.post('/users/b/revokeSignInSessions', {}, 'freely'),
    ])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    expect(results[0]).toMatchObject({
      reason: { status: 0, message: expect.stringMatching(/may have been carried out/) },
    })
    expect(asked.map(each => batchOf(each).map(item => item.url))).toEqual([
      ['/invitations', '/users/a/revokeSignInSessions', '/users/b/revokeSignInSessions'],
      ['/users/a/revokeSignInSessions', '/users/b/revokeSignInSessions'],
    ])
  })

  it('waits as long as one item of a batch is told to, and tells of it', async () => {
    const pauses: number[] = []
    const { graph, asked, slept } = await startFake(
      (question, before) =>
        perItem(({ url }) => (before === 0 && url.endsWith('a') ? throttled : done))(question, before),
      { onPause: ms => pauses.push(ms) },
    )
    await Promise.all(['a', 'b'].map(name => graph.writer().patch(`/users/${name}`, {})))
    expect(asked.map(each => each.url)).toEqual(['/v1.0/$batch', '/v1.0/users/a'])
    expect([pauses, slept]).toEqual([[7000], [7000]])
  })

  it('goes one by one where a batch is refused as such', async () => {
    const { graph, asked } = await startFake(({ url }) =>
      url === '/v1.0/$batch' ? { status: 400, body: refusal('BadRequest', 'no batches') } : done,
    )
    await Promise.all(['a', 'b'].map(name => graph.writer().patch(`/users/${name}`, {})))
    expect(asked.map(each => each.url)).toEqual(['/v1.0/$batch', '/v1.0/users/a', '/v1.0/users/b'])
  })

  it('leaves out a change that may not begin, alone', async () => {
    const { graph, asked } = await startFake(perItem(() => done))
    const held = turn(1, {
      begin: () => {
        throw new Error('held back')
      },
    })
    const results = await Promise.allSettled([
      graph.writer(turn(0)).patch('/users/a', {}),
      graph.writer(held).patch('/users/b', {}),
      graph.writer(held).addMember('g', 'x'),
      graph.writer(turn(2)).addMember('g', 'y'),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(JSON.stringify(asked.map(({ url, body }) => [url, body]))).not.toMatch(/users\/b|directoryObjects\/x/)
  })

  it('reads nothing for a change that may not begin', async () => {
    const { graph, asked } = await startFake(perItem(() => done))
    const mayBegin = (): never => {
      throw new Error('held back')
    }
    const find = (from: GraphReader): Promise<object | undefined> => from.get('/users/a')
    const sent = graph.writer(turn(0, { mayBegin })).post('/invitations', {}, { find, first: true })
    await expect(sent).rejects.toThrow('held back')
    expect(asked).toEqual([])
  })

  it('looks for a thousand things in a few batches at a time, so that a throttled one holds up those behind it', async () => {
    let [now, most] = [0, 0]
    const { graph } = await startFake(async (question, before) => {
      most = Math.max(most, ++now)
      await sleep(5)
      now -= 1
      return perItem(({ url }) => (url.includes('none') ? { status: 404, body: refusal('NotFound', 'no') } : done))(
        question,
        before,
      )
    })
    const posts = Array.from({ length: 1000 }, (_, index) => {
      const find = (from: GraphReader): Promise<object | undefined> => from.get(`/users/none${index}`)
      return graph.writer(turn(index)).post(`/users/u${index}/revokeSignInSessions`, {}, { find, first: true })
    })
    await Promise.all(posts)
    // Sixteen that look, eight that write.
    expect(most).toBeLessThanOrEqual(24)
  })

  it('once interrupted, ends what has begun for a moment and begins nothing', async () => {
    const stop = new AbortController()
    const [begun, fresh] = [turn(0, { signal: stop.signal }), turn(1, { signal: stop.signal })]
    const longer = { ...throttled, headers: { 'retry-after': '20' } }
    const clock = { now: Date.now, sleep, random: () => 0 }
    const { graph, asked } = await startFake(({ url }) => (url.endsWith('/never') ? longer : done), { clock })
    await graph.writer(begun).patch('/users/a', {})
    stop.abort()
    await graph.writer(begun).patch('/users/a', {})
    await expect(graph.writer(fresh).patch('/users/b', {})).rejects.toMatchObject({ code: 'interrupted' })
    // The pause would go beyond that moment.
    await expect(graph.writer(begun).patch('/users/never', {})).rejects.toBeInstanceOf(RequestFailure)
    expect(asked.map(each => each.url)).toEqual(['/v1.0/users/a', '/v1.0/users/a', '/v1.0/users/never'])
  })
})
