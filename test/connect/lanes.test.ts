// The pace of writes, and in which order they leave.

import { describe, expect, it } from 'vitest'
import { sleep } from '../../src/connect/graph/clock.ts'
import { createLane, createLanes } from '../../src/connect/graph/lanes.ts'
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
    time.now = 1000
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

  it('stays closed for the longest of what it is told, and is not slowed again', () => {
    const { time, lane } = laneAt(true)
    lane.close(5000)
    lane.close(2000)
    lane.slow(0.5)
    expect(lane.freeAt(1)).toBe(5000)
    time.now = 5000
    expect(lane.perSecond()).toBeCloseTo(1.4)
  })

  it('refills at the rate that it was slowed to', () => {
    const { time, lane } = laneAt(true)
    for (let count = 0; count < 10; count++) lane.take()
    time.now = 1000
    lane.slow(0.5)
    expect(lane.freeAt(4)).toBe(3000)
    time.now = 3000
    expect(lane.free()).toBe(4)
  })

  it('takes the count of the service for what is left', () => {
    const { time, lane } = laneAt(true)
    for (let count = 0; count < 10; count++) lane.take()
    time.now = 5000
    lane.correct(0.8)
    expect(lane.free()).toBe(2)
    lane.correct(1.2)
    expect(lane.free()).toBe(0)
  })

  it('is given nothing by the count of the service, nor opened by it', () => {
    const { time, lane } = laneAt(true)
    for (let count = 0; count < 9; count++) lane.take()
    time.now = 500
    lane.correct(0.5)
    expect(lane.free()).toBe(2)
    lane.close(5000)
    lane.correct(0.1)
    lane.correct(1)
    expect(lane.free()).toBe(0)
    time.now = 5500
    expect(lane.free()).toBe(1)
  })

  it('that has no limit yet is not slowed by a refusal, nor by the count of the service', () => {
    const { lane } = laneAt(false)
    for (let count = 0; count < 20; count++) lane.take()
    lane.slow(0.5)
    lane.correct(1.2)
    expect([lane.free(), lane.perSecond()]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
    expect(lane.freeAt(20)).toBe(0)
    lane.close(0)
    expect(lane.perSecond()).toBe(2)
  })

  it('never goes slower than a tenth', () => {
    const { time, lane } = laneAt(true)
    for (; time.now < 100_000; time.now += 10_000) lane.slow(0.95)
    expect(lane.perSecond()).toBeCloseTo(0.2)
    for (let count = 0; count < 10; count++) {
      lane.close(1000)
      time.now += 1000
    }
    expect(lane.perSecond()).toBeCloseTo(0.2)
  })
})

describe('the lanes', () => {
  const lanes = createLanes(true, () => 0)
  const count = (path: string): number => {
    let taken = 0
    for (; lanes.of(path).every(lane => lane.free() > 0); taken++) for (const lane of lanes.of(path)) lane.take()
    return taken
  }

  it('let 150 invitations out at once, which are writes as well, of which there are 3 000', () => {
    expect(['/invitations', '/users/u', '/Invitations', '/groups'].map(count)).toEqual([150, 2850, 0, 0])
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

  it('lets one request to Conditional Access out at a time, always the best of those that wait', async () => {
    const names: string[] = []
    let [now, most] = [0, 0]
    let later: Promise<void> | undefined
    const { graph } = await startFake(async ({ url }) => {
      names.push(url.slice(-1))
      most = Math.max(most, ++now)
      // Comes while the first one is under way.
      later ??= graph.writer(turn(-1)).patch('/identity/conditionalAccess/policies/r', {})
      await sleep(20)
      now -= 1
      return done
    })
    await Promise.all(
      [3, 2, 1].map(rank => graph.writer(turn(rank)).patch(`/identity/conditionalAccess/policies/${rank}`, {})),
    )
    await later
    // It is compared first, and meanwhile another one goes.
    expect([names, most]).toEqual([['1', '2', 'r', '3'], 1])
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

  it.each([
    [['a'], []],
    [['a', 'b', 'c'], [7000]],
  ])('waits as long as items of a batch are told to, and tells of it when most were: %j', async (names, told) => {
    const pauses: number[] = []
    const { graph, asked, slept } = await startFake(
      (question, before) =>
        perItem(({ url }) => (before === 0 && names.includes(url.slice(-1)) ? throttled : done))(question, before),
      { onPause: ms => pauses.push(ms) },
    )
    await Promise.all(['a', 'b', 'c', 'd'].map(name => graph.writer().patch(`/users/${name}`, {})))
    expect(asked.map(each => (each.url === '/v1.0/$batch' ? batchOf(each).length : each.url))).toEqual([
      4,
      names.length > 1 ? names.length : '/v1.0/users/a',
    ])
    expect([pauses, slept[0]]).toEqual([told, 7000])
  })

  it('has as many requests under way as it may, and no more', async () => {
    let [now, most] = [0, 0]
    const release = Promise.withResolvers<void>()
    const { graph } = await startFake(
      async (question, before) => {
        most = Math.max(most, ++now)
        // Nobody is answered until all that may are under way; the next one would be here by then.
        if (now === 3) setTimeout(release.resolve, 50)
        await release.promise
        now -= 1
        return perItem(() => done)(question, before)
      },
      { inFlight: 3 },
    )
    await Promise.all(Array.from({ length: 200 }, (_, index) => graph.writer().patch(`/users/u${index}`, {})))
    expect(most).toBe(3)
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
