// Eventual consistency, over stories and seeds: it ends, and nothing goes backwards. A failure prints what it was.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDue } from '../../../src/sandbox/graph/replication/due.ts'
import { group, hour, lagging } from './lagging.ts'
import { dump, people, reference, type Served, serve } from './served.ts'

/** Steps on a few objects: what a tenant goes through. */
const step = fc.oneof(
  fc.record({ do: fc.constant('update' as const), user: fc.nat(2), value: fc.nat(99) }),
  fc.record({ do: fc.constant('member' as const), user: fc.nat(2), value: fc.nat(1) }),
  fc.record({ do: fc.constant('delete' as const), user: fc.nat(2), value: fc.constant(0) }),
  fc.record({ do: fc.constant('restore' as const), user: fc.nat(2), value: fc.constant(0) }),
)

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** Ids of three users and a group. */
function idsOf(graph: Served) {
  return { users: people.users.map(({ mail }) => graph.id('users', mail)), team: graph.id('groups', 'team') }
}

async function perform(graph: Served, ids: ReturnType<typeof idsOf>, { do: what, user, value }: Step): Promise<void> {
  const id = ids.users[user] as string
  if (what === 'update') await graph.patch(`/users/${id}`, { companyName: `Number ${value}` })
  if (what === 'member' && value === 0) await graph.post(`/groups/${ids.team}/members/$ref`, reference(id))
  if (what === 'member' && value === 1) await graph.delete(`/groups/${ids.team}/members/${id}/$ref`)
  if (what === 'delete') await graph.delete(`/users/${id}`)
  if (what === 'restore') await graph.post(`/directory/deletedItems/${id}/restore`)
}

/** What everybody can see of it. */
async function everythingOf(graph: Served): Promise<readonly unknown[]> {
  const team = graph.id('groups', 'team')
  const paths = ['/users', '/groups', `/groups/${team}/members`, '/directory/deletedItems/microsoft.graph.user']
  const lists = await Promise.all(paths.map(path => graph.get(path)))
  const ids: string[] = lists[0]?.body.value.map(({ id }: { id: string }) => id).sort()
  const singles = await Promise.all([team, ...ids].map(id => graph.get(`/directoryObjects/${id}`)))
  const sorted = lists.map(({ body }) => body.value.map((item: object) => JSON.stringify(item)).sort())
  return [...sorted, ...singles.map(({ status, body }) => ({ status, ...body, '@odata.context': undefined }))]
}

const seedWithTeam = { ...people, groups: [group('team')] }
const story = fc.array(step, { maxLength: 12 })

test('every replica converges to what the primary has', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), story, fc.array(fc.nat(20_000)), async (seed, steps, waits) => {
      const graph = await lagging(seed, seedWithTeam)
      const ids = idsOf(graph)
      for (const [index, each] of steps.entries()) {
        await perform(graph, ids, each)
        graph.pass(waits[index] ?? 0)
      }
      graph.pass(hour)
      expect(graph.replication.isSettled()).toBe(true)
      const expected = await everythingOf(await serve(dump(graph)))
      for (let time = 0; time < 8; time += 1) expect(await everythingOf(graph)).toEqual(expected)
    }),
    { numRuns: 25 },
  )
})

test('without lag everything is as without replicas', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), story, async (seed, steps) => {
      const [graph, plain] = [await lagging(seed, seedWithTeam, 0), await serve(seedWithTeam)]
      const ids = idsOf(graph)
      for (const each of steps) {
        await perform(graph, ids, each)
        await perform(plain, ids, each)
        expect(await everythingOf(graph)).toEqual(await everythingOf(plain))
      }
      expect(dump(graph)).toEqual(dump(plain))
    }),
    { numRuns: 25 },
  )
})

test('no replica goes back to what it had before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), async seed => {
      const graph = await lagging(seed, people, 2000, 1)
      const id = graph.id('users', 'lee@fabrikam.com')
      let [last, listed] = [0, 0]
      for (let value = 1; value <= 15; value += 1) {
        await graph.patch(`/users/${id}`, { companyName: String(value) })
        for (let time = 0; time < 4; time += 1) {
          graph.pass(700)
          const seen = Number((await graph.get(`/users/${id}?$select=companyName`)).body.companyName)
          const users: { id: string; companyName: string }[] = (await graph.get('/users?$select=id,companyName')).body
            .value
          const inList = Number(users.find(user => user.id === id)?.companyName)
          expect(seen).toBeGreaterThanOrEqual(last)
          expect(inList).toBeGreaterThanOrEqual(listed)
          ;[last, listed] = [seen, inList]
        }
      }
    }),
    { numRuns: 10 },
  )
})

test('what is due comes in the order of its time, and not before it', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(20), (times, now) => {
      const due = createDue<readonly [at: number, index: number]>()
      for (const [index, at] of times.entries()) due.add(at, [at, index])
      const taken: (readonly [at: number, index: number])[] = []
      for (let next = due.take(now); next !== undefined; next = due.take(now)) taken.push(next)
      const expected = times.map((at, index) => [at, index] as const).filter(([at]) => at <= now)
      expect(taken).toEqual(expected.sort(([at, index], [otherAt, other]) => at - otherAt || index - other))
      expect(due.size).toBe(times.length - taken.length)
    }),
  )
})
