// The ids by which Graph knows the requests of one change: of every attempt, and of requests that carry several changes.

import { expect, test } from 'vitest'
import { aloneTurn } from '../../src/connect/graph/turns.ts'
import type { Turn } from '../../src/model/directories.ts'
import { refusal, type Scripted, startFake } from './fake-graph.ts'

/** Of a change that notes the ids of its requests. */
function telling(ids: string[]): Turn {
  return { ...aloneTurn(), tell: id => ids.push(id) }
}

/** Numbers its answers. */
const numbered = (before: number, more: Scripted = { status: 204 }): Scripted => ({
  ...more,
  headers: { 'request-id': `r-${before + 1}`, ...more.headers },
})

test('a write tells the id of its request; reads tell nothing', async () => {
  const fake = await startFake(({ method }, before) =>
    numbered(before, method === 'GET' ? { body: { id: 'u' } } : { status: 204 }),
  )
  const [one, other]: [string[], string[]] = [[], []]
  await fake.graph.writer(telling(one)).get('/users/u')
  await fake.graph.writer(telling(one)).patch('/users/u', { companyName: 'x' })
  await fake.graph.writer(telling(other)).delete('/users/u')
  expect([one, other]).toEqual([['r-2'], ['r-3']])
})

test('attempts that were refused are told, too', async () => {
  const fake = await startFake((_, before) =>
    before === 0
      ? numbered(before, { status: 503, body: refusal('serviceNotAvailable', 'later', 'r-1') })
      : before === 1
        ? numbered(before)
        : numbered(before, { status: 403, body: refusal('Authorization_RequestDenied', 'no', 'inner') }),
  )
  const ids: string[] = []
  const writer = fake.graph.writer(telling(ids))
  await writer.patch('/users/u', { companyName: 'x' })
  await expect(writer.patch('/users/u', { companyName: 'y' })).rejects.toMatchObject({ requestId: 'inner' })
  expect(ids).toEqual(['r-1', 'r-2', 'inner'])
})

test('members that go into a group together share a request, and its id', async () => {
  const fake = await startFake((_, before) => numbered(before))
  const told: Record<string, string[]> = { a: [], b: [] }
  await Promise.all(Object.entries(told).map(([member, ids]) => fake.graph.writer(telling(ids)).addMember('g', member)))
  expect(fake.asked.length).toBe(1)
  expect(told).toEqual({ a: ['r-1'], b: ['r-1'] })
})

test('members that leave together: the id of each item, or of the batch', async () => {
  const fake = await startFake(({ body }, before) => {
    const { requests } = body as { requests: { id: string; url: string }[] }
    const responses = requests.map(({ id, url }) => {
      const headers = url.includes('/b/') ? { headers: { 'request-id': 'own' } } : {}
      return { id, status: 204, ...headers }
    })
    return numbered(before, { body: { responses } })
  })
  const told: Record<string, string[]> = { a: [], b: [] }
  await Promise.all(
    Object.entries(told).map(([member, ids]) => fake.graph.writer(telling(ids)).removeMember('g', member)),
  )
  expect(fake.asked.length).toBe(1)
  expect(told).toEqual({ a: ['r-1'], b: ['own'] })
})
