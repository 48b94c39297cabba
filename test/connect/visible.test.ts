// What this run made is mentioned only once it was seen, from the first refusal on that lag explains.

import { describe, expect, it } from 'vitest'
import { steadyTime } from '../../src/connect/graph/steady.ts'
import { createVisible } from '../../src/connect/graph/visible.ts'
import type { Wire } from '../../src/connect/graph/wire.ts'
import { RequestFailure } from '../../src/model/directories.ts'
import { answerBatch, batchOf, refusal, type Scripted, startFake } from './fake-graph.ts'

const missing: Scripted = { status: 404, body: refusal('Request_ResourceNotFound', "Resource 'x' does not exist") }

const forbidden: Scripted = { status: 403, body: refusal('Authorization_RequestDenied', 'no') }

/** An object whose sights follow a script, the last one for ever: + there, - not there, x nobody may look, ! no answer. */
async function watching(sights: string, deadline = 600_000, isAtRest = false) {
  let looks = 0
  const asked: string[] = []
  const fake = await startFake(() => ({ status: 204 }))
  const wire: Pick<Wire, 'send' | 'clock'> = {
    clock: { now: () => 0, random: () => 0, sleep: async () => undefined },
    send: async request => {
      const question = { root: fake.root, method: 'POST', url: '', headers: {}, body: request.body }
      const answer = answerBatch(question, ({ url }) => {
        asked.push(url)
        const sight = sights[Math.min(looks++, sights.length - 1)]
        if (sight === '!') throw new RequestFailure(503, 'ServiceUnavailable', 'not now')
        return sight === '+' ? { body: { id: 'x' } } : sight === 'x' ? forbidden : missing
      })
      return { status: 200, headers: new Headers(), body: answer.body }
    },
  }
  const slept: number[] = []
  const time = steadyTime({ now: () => 0, random: () => 0, sleep: async ms => void slept.push(ms) })
  return { visible: createVisible(wire as Wire, time, deadline, () => isAtRest), asked, slept, looks: () => looks }
}

describe('an object of this run', () => {
  it('is mentioned at once as long as nothing was refused', async () => {
    const { visible, asked } = await watching('-')
    visible.made('x', '/users/x')
    expect(visible.awaited(['x', 'stranger'])).toBeUndefined()
    expect(asked).toEqual([])
  })

  it('is then seen eight times in a row; a replica that does not know it begins the count anew', async () => {
    const { visible, asked, looks } = await watching('-+-++++++-+')
    visible.made('x', '/users/x')
    visible.made('y', undefined)
    expect(visible.doubt(['y'])).toBe(true)
    await visible.awaited(['x'])
    expect(looks()).toBe('-+-++++++-++++++++'.length)
    expect(new Set(asked)).toEqual(new Set(['/users/x?$select=id']))
    expect(visible.awaited(['x'])).toBeUndefined()
  })

  it('is seen less often when nothing else is left to send, after a while', async () => {
    const { visible, looks, slept } = await watching('-----+-+-+', 600_000, true)
    visible.made('x', '/users/x')
    visible.doubt(['x'])
    await visible.awaited(['x'])
    expect(looks()).toBe('-----+-+-++'.length)
    expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(20_000)
  })

  it('is seen as often as ever at first, though nothing else is left to send', async () => {
    const { visible, looks } = await watching('+', 600_000, true)
    visible.made('x', '/users/x')
    visible.doubt(['x'])
    await visible.awaited(['x'])
    expect(looks()).toBe(8)
  })

  it('is looked for again when there was no answer, and not waited for where nobody may look', async () => {
    const { visible, looks } = await watching('+!++++++++')
    visible.made('x', '/users/x')
    visible.doubt(['x'])
    await visible.awaited(['x'])
    expect(looks()).toBe('+!++++++++'.length)
    const other = await watching('x')
    other.visible.made('x', '/users/x')
    other.visible.doubt(['x'])
    await other.visible.awaited(['x'])
    expect(other.looks()).toBe(1)
  })

  it('that was seen is not looked for again because another request tells of it', async () => {
    const { visible } = await watching('+')
    visible.made('x', '/users/x')
    visible.doubt(['x'])
    await visible.awaited(['x'])
    visible.made('x', '/users/x')
    expect(visible.awaited(['x'])).toBeUndefined()
  })

  it('that never appears is given up at the deadline', async () => {
    const { visible, slept } = await watching('-', 60_000)
    visible.made('x', '/users/x')
    visible.doubt(['x'])
    await visible.awaited(['x'])
    const waited = slept.reduce((sum, ms) => sum + ms, 0)
    expect(waited).toBeGreaterThanOrEqual(60_000)
    expect(waited).toBeLessThan(90_000)
    expect([visible.awaited(['x']), visible.doubt(['x'])]).toEqual([undefined, false])
  })

  it('is not waited for any longer once the run is interrupted', async () => {
    const { visible, looks } = await watching('-')
    const stop = new AbortController()
    visible.made('x', '/users/x')
    visible.doubt(['x'])
    const awaited = visible.awaited(['x'], stop.signal)
    stop.abort()
    await awaited
    const seen = looks()
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(looks() - seen).toBeLessThanOrEqual(1)
  })
})

it('many objects are looked for twenty in a request', async () => {
  let refused = false
  const { graph, asked } = await startFake(question => {
    if (question.url === '/v1.0/invitations') {
      const { invitedUserEmailAddress: id } = question.body as { invitedUserEmailAddress: string }
      return { status: 201, body: { id: `i-${id}`, invitedUser: { id } } }
    }
    const answer = ({ method, url }: { readonly method: string; readonly url: string }): Scripted => {
      if (method === 'GET') return { body: { id: url } }
      if (url.endsWith('invitations')) return { status: 204 }
      if (method !== 'PATCH' || refused) return { status: 204 }
      refused = true
      return missing
    }
    return question.url === '/v1.0/$batch' ? answerBatch(question, answer) : answer(question)
  })
  const writer = graph.writer()
  const people = Array.from({ length: 30 }, (_, index) => `p${index}`)
  for (const id of people) await writer.post('/invitations', { invitedUserEmailAddress: id })
  await Promise.all(people.map(id => writer.patch(`/users/${id}`, { companyName: 'x' })))
  const looks = asked
    .flatMap(each => (each.url === '/v1.0/$batch' ? [batchOf(each)] : []))
    .filter(items => items[0]?.method === 'GET')
  expect(refused).toBe(true)
  expect(looks.length).toBeGreaterThan(0)
})
