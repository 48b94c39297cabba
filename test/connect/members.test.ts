// Sets of members: full ones, patient ones, and what becomes of those with a bad one among them.

import { describe, expect, it } from 'vitest'
import { answerBatch, refusal, type Scripted, startFake } from './fake-graph.ts'

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
})
