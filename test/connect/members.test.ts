// Sets of members: full ones, patient ones, and what becomes of those with a bad one among them.

import { describe, expect, it } from 'vitest'
import type { Turn } from '../../src/model/directories.ts'
import { answerBatch, batchOf, instantClock, refusal, type Scripted, startFake } from './fake-graph.ts'

const done: Scripted = { status: 204 }

/** A group that knows who exists and who is in it, as Graph answers. */
function group(bad: ReadonlySet<string>, there: Set<string>, names = true) {
  const writes: string[][] = []
  const answer = (ids: readonly string[]): Scripted => {
    writes.push([...ids])
    const unknown = ids.find(id => bad.has(id))
    if (unknown !== undefined) {
      const text = names ? `Resource '${unknown}' does not exist or one of its queried` : 'Something is invalid'
      return {
        status: names ? 404 : 400,
        body: refusal(names ? 'Request_ResourceNotFound' : 'Request_BadRequest', text),
      }
    }
    if (ids.some(id => there.has(id))) {
      const text = "One or more added object references already exist for the following modified properties: 'members'."
      return { status: 400, body: refusal('Request_BadRequest', text) }
    }
    for (const id of ids) there.add(id)
    return done
  }
  const script: Parameters<typeof startFake>[0] = ({ body }) => {
    const { 'members@odata.bind': several, '@odata.id': one = '' } = body as {
      'members@odata.bind'?: string[]
      '@odata.id'?: string
    }
    return answer((several ?? [one]).map(reference => reference.split('/').at(-1) ?? ''))
  }
  return { writes, script }
}

const people = Array.from({ length: 20 }, (_, index) => `u${index}`)

describe('a set of members', () => {
  it('with one whom Graph names is sent without that one', async () => {
    const there = new Set<string>()
    const { writes, script } = group(new Set(['u7']), there)
    const { graph } = await startFake(script)
    const results = await Promise.allSettled(people.map(id => graph.writer().addMember('g', id)))
    expect(results.flatMap(({ status }, index) => (status === 'rejected' ? [people[index]] : []))).toEqual(['u7'])
    expect(writes.map(({ length }) => length)).toEqual([20, 19, 1])
    expect(there.size).toBe(19)
  })

  it.each(people.map((_, index) => index))('with one whom Graph does not name (%i) is halved', async index => {
    const there = new Set<string>()
    const { writes, script } = group(new Set([`u${index}`]), there, false)
    const { graph } = await startFake(script)
    const results = await Promise.allSettled(people.map(id => graph.writer().addMember('g', id)))
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1)
    expect(there.size).toBe(19)
    expect(writes.length).toBeLessThanOrEqual(11)
  })

  it('that was carried out without an answer is done', async () => {
    const there = new Set<string>()
    const { script } = group(new Set(), there)
    const { graph, asked } = await startFake(async (question, before) => {
      const answer = await script(question, before)
      return before === 0 ? { cut: 'before' } : answer
    })
    await Promise.all(people.map(id => graph.writer().addMember('g', id)))
    expect(there).toEqual(new Set(people))
    expect(asked.length).toBe(22)
  })

  it('is not waited for any longer once the run is interrupted', async () => {
    const stop = new AbortController()
    const notThere = { status: 404, body: refusal('Request_ResourceNotFound', "Resource 'u' does not exist") }
    const { graph, slept } = await startFake(asked => {
      if (asked.url === '/v1.0/$batch') return answerBatch(asked, () => notThere)
      if (asked.url === '/v1.0/invitations') return { status: 201, body: { invitedUser: { id: 'u' } } }
      stop.abort()
      return notThere
    })
    await graph.writer().post('/invitations', {})
    const turn = { rank: 0, begin: () => undefined, tell: () => undefined, signal: stop.signal }
    await expect(graph.writer(turn).addMember('g', 'u')).rejects.toMatchObject({ code: 'interrupted' })
    expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(30_000)
  })

  it('that is not full waits as long as anything else can leave', async () => {
    const order: string[] = []
    const { graph } = await startFake(
      async question => {
        if (question.url !== '/v1.0/$batch') {
          order.push(question.url.includes('/groups/') ? 'members' : 'other')
          return done
        }
        return answerBatch(question, ({ url }) => {
          order.push(url.includes('/groups/') ? 'members' : 'other')
          return done
        })
      },
      { inFlight: 1 },
    )
    const writer = graph.writer()
    await Promise.all([
      writer.addMember('g', 'a'),
      ...Array.from({ length: 45 }, (_, index) => writer.patch(`/users/u${index}`, {})),
      writer.addMember('g', 'b'),
    ])
    expect(order.slice(0, 45)).toEqual(Array.from({ length: 45 }, () => 'other'))
    expect(order.slice(45)).toEqual(['members'])
  })

  it('that was refused goes on in its parts before anything new begins', async () => {
    const order: string[] = []
    const { script } = group(new Set(['u7']), new Set(), false)
    const { graph } = await startFake(
      (question, before) => {
        if (question.url !== '/v1.0/$batch') {
          order.push('members')
          return script(question, before)
        }
        return answerBatch(question, item => {
          if (!item.url.includes('/groups/')) {
            order.push('other')
            return done
          }
          order.push('members')
          return script({ ...question, ...item } as typeof question, before) as Scripted
        })
      },
      { inFlight: 1 },
    )
    await Promise.allSettled([
      ...people.map(id => graph.writer().addMember('g', id)),
      ...Array.from({ length: 300 }, (_, index) => graph.writer().patch(`/users/u${index}`, {})),
    ])
    expect(order.filter(each => each === 'members').length).toBeGreaterThan(5)
    expect(order.lastIndexOf('members')).toBeLessThan(order.lastIndexOf('other'))
  })

  it('holds those first whose changes have begun, then the earliest of the plan', async () => {
    const { writes, script } = group(new Set(), new Set())
    const { graph } = await startFake((question, before) =>
      question.url === '/v1.0/users/x' ? done : script(question, before),
    )
    const last = turnOf({ rank: 100 })
    await graph.writer(last).patch('/users/x', {})
    const others = Array.from({ length: 24 }, (_, index) =>
      graph.writer(turnOf({ rank: 24 - index })).addMember('g', `r${24 - index}`),
    )
    await Promise.all([...others, graph.writer(last).addMember('g', 'begun')])
    const ranked = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `r${from + index}`)
    expect(writes).toEqual([['begun', ...ranked(1, 19)], ranked(20, 24)])
  })

  it('leaves again only if each of its changes still may', async () => {
    const { graph, asked } = await startFake(() => ({
      status: 429,
      headers: { 'retry-after': '5' },
      body: refusal('TooManyRequests', 'x'),
    }))
    const lost = new Error('the lease is lost')
    const turns = [1, 2].map(rank => {
      let left = 1
      return turnOf({
        rank,
        begin: () => {
          if (left-- === 0) throw lost
        },
      })
    })
    const results = await Promise.allSettled(turns.map(turn => graph.writer(turn).addMember('g', `u${turn.rank}`)))
    expect(results.map(result => result.status === 'rejected' && result.reason)).toEqual([lost, lost])
    expect(asked.length).toBe(1)
  })

  it('goes on after an interruption without those whose changes have not begun', async () => {
    const { writes, script } = group(new Set(), new Set())
    const { graph } = await startFake((question, before) =>
      question.url === '/v1.0/users/x' ? done : script(question, before),
    )
    const stop = new AbortController()
    const [begun, other] = [1, 2].map(rank => turnOf({ rank, signal: stop.signal }))
    await graph.writer(begun).patch('/users/x', {})
    const results = Promise.allSettled([
      graph.writer(begun).addMember('g', 'begun'),
      graph.writer(other).addMember('g', 'other'),
    ])
    stop.abort()
    expect(await results).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'interrupted' } }])
    expect(writes).toEqual([['begun']])
  })

  it('of which parts are left long after an interruption ends as interrupted, and does not hang', async () => {
    const clock = instantClock()
    const stop = new AbortController()
    const { script } = group(new Set(['u0', 'u19']), new Set(), false)
    const { graph, asked } = await startFake(
      (question, before) => {
        if (before === 1) {
          stop.abort()
          return new Promise(resolve => setImmediate(resolve))
            .then(() => clock.sleep(60_000))
            .then(() => script(question, before))
        }
        return script(question, before)
      },
      { clock },
    )
    const results = await Promise.allSettled(
      people.map((id, rank) => graph.writer(turnOf({ rank, signal: stop.signal })).addMember('g', id)),
    )
    expect(new Set(results.map(result => result.status === 'rejected' && result.reason.code))).toEqual(
      new Set(['interrupted']),
    )
    expect(asked.length).toBe(2)
  })
})

describe('what this run has made and is not there for everybody', () => {
  /** Graph knows each of them from the third look on. */
  async function unseen(ids: readonly string[]) {
    const looks = new Map<string, number>()
    const writes: string[][] = []
    const missing = (id: string): boolean => ids.includes(id) && (looks.get(id) ?? 0) < 3
    const fake = await startFake(question => {
      const { url, body } = question
      if (url === '/v1.0/$batch' && batchOf(question)[0]?.method === 'GET') {
        return answerBatch(question, item => {
          const id = /^\/(?:users|groups)\/([^?]+)/.exec(item.url)?.[1] ?? ''
          looks.set(id, (looks.get(id) ?? 0) + 1)
          return missing(id) ? notThere(id) : { body: { id } }
        })
      }
      if (url === '/v1.0/groups') return { status: 201, body }
      if (url === '/v1.0/invitations') return { status: 201, body: { invitedUser: body } }
      const [, inGroup = ''] = /^\/v1\.0\/groups\/([^/]+)/.exec(url) ?? []
      const { 'members@odata.bind': several, '@odata.id': one = '' } = body as Record<string, string[] & string>
      const names = (several ?? [one]).map(reference => reference.split('/').at(-1) ?? '')
      writes.push(names)
      const first = [inGroup, ...names].find(missing)
      // Who asks again and again gets through, so that the test ends.
      return first === undefined || writes.length > 10 ? done : notThere(first)
    })
    return { ...fake, writes }
  }
  const notThere = (id: string): Scripted => ({
    status: 404,
    body: refusal('Request_ResourceNotFound', `Resource '${id}' does not exist or one of its queried`),
  })

  it('costs one refusal: a group', async () => {
    const { graph, writes } = await unseen(['g'])
    await graph.writer().post('/groups', { id: 'g' })
    await Promise.all(['a', 'b'].map(id => graph.writer().addMember('g', id)))
    expect(writes).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
  })

  it('costs one refusal: members, also those who were to go with the next set', async () => {
    const all = Array.from({ length: 25 }, (_, index) => `u${index}`)
    const { graph, writes } = await unseen(all)
    for (const id of all) await graph.writer().post('/invitations', { id })
    await Promise.all(all.map(id => graph.writer().addMember('g', id)))
    const [refused, ...rest] = writes
    expect(refused).toEqual(all.slice(0, 20))
    expect(rest.flat().toSorted()).toEqual(all.toSorted())
  })
})

function turnOf(more: Partial<Turn>): Turn {
  return { rank: 0, begin: () => undefined, tell: () => undefined, ...more }
}
