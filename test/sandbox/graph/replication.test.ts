// Eventual consistency: what replicas answer until a write has reached them.

import { expect, test } from 'vitest'
import { GraphError } from '../../../src/sandbox/graph/errors.ts'
import { delayOf } from '../../../src/sandbox/graph/replication/lag.ts'
import type { Layer } from '../../../src/sandbox/graph/server.ts'
import { create, group, hour, lagging } from './lagging.ts'
import { eventual, people, type Reply, reference } from './served.ts'

async function times(count: number, ask: () => Promise<Reply>): Promise<readonly Reply[]> {
  const replies: Reply[] = []
  for (let time = 0; time < count; time += 1) replies.push(await ask())
  return replies
}

test('what is new is there, and not, and there, until it is everywhere', async () => {
  const graph = await lagging('flap')
  const id = await create(graph, 'new')
  const statuses: number[] = []
  for (let second = 0; second < 60; second += 1) {
    statuses.push((await graph.get(`/groups/${id}`)).status)
    graph.pass(500)
  }
  const changes = statuses.filter((status, index) => index > 0 && status !== statuses[index - 1])
  expect(new Set(statuses), 'seed flap').toEqual(new Set([200, 404]))
  expect(changes.length, 'seed flap').toBeGreaterThan(2)
  graph.pass(hour)
  expect(new Set((await times(20, () => graph.get(`/groups/${id}`))).map(({ status }) => status))).toEqual(
    new Set([200]),
  )
})

test('an update is old and new by turns', async () => {
  const graph = await lagging('stale')
  const id = graph.id('users', 'lee@fabrikam.com')
  await graph.patch(`/users/${id}`, { companyName: 'New' })
  const seen: unknown[] = []
  for (let time = 0; time < 40; time += 1) {
    seen.push((await graph.get(`/users/${id}?$select=companyName`)).body.companyName)
    graph.pass(200)
  }
  expect(new Set(seen)).toEqual(new Set([null, 'New']))
  expect(seen.indexOf('New'), 'an old value after a new one').toBeLessThan(seen.lastIndexOf(null))
})

test('the same seed answers the same, whatever else is asked in between', async () => {
  const run = async (isDisturbed: boolean) => {
    const graph = await lagging('again')
    const id = await create(graph, 'new')
    const statuses: number[] = []
    for (let time = 0; time < 30; time += 1) {
      if (isDisturbed) await graph.get('/users')
      statuses.push((await graph.get(`/groups/${id}`)).status)
      graph.pass(300)
    }
    return statuses
  }
  expect(await run(true)).toEqual(await run(false))
})

test('lists learn of it later than reads by id', async () => {
  let later = 0
  for (const seed of ['1', '2', '3', '4', '5', '6', '7', '8']) {
    const graph = await lagging(seed, people, 2000, 1)
    const id = await create(graph, 'new')
    let [byId, listed] = [0, 0]
    for (let waited = 0; byId === 0 || listed === 0; waited += 1000) {
      if (byId === 0 && (await graph.get(`/groups/${id}`)).status === 200) byId = waited + 1
      if (listed === 0 && (await graph.get(`/groups?$filter=displayName eq 'new'`)).body.value.length === 1)
        listed = waited + 1
      graph.pass(1000)
    }
    if (listed > byId) later += 1
  }
  expect(later).toBeGreaterThanOrEqual(6)
})

const lists = (id: string) => [
  [`/groups/${id}/members`, 1],
  [`/groups/${id}/transitiveMembers`, 1],
  [`/users/$count`, 2],
  ['/directory/deletedItems/microsoft.graph.user', 1],
]

test('members, counts, deleted items and what is got by ids come late', async () => {
  const graph = await lagging('lists', { ...people, groups: [{ ...group('team'), members: [] }] }, 'incident')
  const [team, leeId, danaId] = [
    graph.id('groups', 'team'),
    graph.id('users', 'lee@fabrikam.com'),
    graph.id('users', 'dana@fabrikam.com'),
  ]
  await graph.post(`/groups/${team}/members/$ref`, reference(danaId))
  await graph.delete(`/users/${leeId}`)
  const amounts = async () => {
    const replies = await Promise.all(lists(team).map(([path]) => graph.get(String(path), eventual)))
    return replies.map(({ body }) => (typeof body === 'string' ? Number(body) : body.value.length))
  }
  const { body: fresh } = await graph.post('/groups', group('fresh'))
  const byIds = async () => (await graph.post('/directoryObjects/getByIds', { ids: [fresh.id] })).body.value.length
  expect(await amounts()).toEqual([0, 0, 3, 0])
  expect(await byIds()).toBe(0)
  graph.pass(hour)
  expect(await byIds()).toBe(1)
  expect(await amounts()).toEqual(lists(team).map(([, amount]) => amount))
})

test('the rest of a list comes from the replica that gave its beginning', async () => {
  const graph = await lagging('pages')
  for (let index = 0; index < 30; index += 1) {
    await create(graph, `group-${index}`)
    graph.pass(500)
  }
  // Each replica has them in the order in which they came to it.
  for (let round = 0; round < 20; round += 1) {
    const seen: string[] = []
    let path: string | undefined = '/groups?$top=4'
    while (path !== undefined) {
      const page: Reply = await graph.get(path)
      expect(page.status).toBe(200)
      seen.push(...page.body.value.map(({ id }: { id: string }) => id))
      path = page.body['@odata.nextLink']?.slice(`${graph.url}/v1.0`.length)
    }
    expect(new Set(seen).size).toBe(seen.length)
    if (round >= 10) expect(seen).toHaveLength(30)
    if (round === 9) graph.replication.settle()
  }
})

test('the reads of a batch ask replicas one by one', async () => {
  const graph = await lagging('batch')
  const id = await create(graph, 'new')
  const requests = Array.from({ length: 20 }, (_, index) => ({
    id: String(index),
    method: 'GET',
    url: `/groups/${id}`,
  }))
  const seen = new Set<string>()
  for (let time = 0; time < 20; time += 1) {
    const { body } = await graph.post('/$batch', { requests })
    seen.add([...new Set(body.responses.map(({ status }: { status: number }) => status))].sort().join(' and '))
    graph.pass(500)
  }
  expect(seen).toContain('200 and 404')
})

test('what is undone, by the tenant or by whoever stands before it, is seen by no replica', async () => {
  const refuse: Layer = (request, next) => {
    const answer = next(request)
    if (request.headers['x-refuse'] !== undefined) throw new GraphError(503, 'ServiceUnavailable', 'Too late.')
    return answer
  }
  const graph = await lagging('undone', { ...people, groups: [group('old')] }, 2000, 1, [refuse])
  const [old, leeId] = [graph.id('groups', 'old'), graph.id('users', 'lee@fabrikam.com')]
  await graph.post(`/groups/${old}/members/$ref`, reference(leeId))
  const again = { 'members@odata.bind': [`https://graph.microsoft.com/v1.0/users/${leeId}`] }
  for (let time = 0; time < 30; time += 1) {
    expect((await graph.patch(`/groups/${old}`, { description: 'half', ...again })).status).toBe(400)
    expect((await graph.patch(`/groups/${old}`, { description: 'late' }, { 'x-refuse': 'yes' })).status).toBe(503)
    graph.pass(500)
    expect((await graph.get(`/groups/${old}`)).body.description).toBeNull()
    expect((await graph.get('/groups')).body.value[0].description).toBeNull()
  }
  graph.pass(hour)
  expect(graph.replication.isSettled()).toBe(true)
})

test('consistent at once, on demand', async () => {
  const graph = await lagging('settle', people, 'incident')
  expect(graph.replication.isSettled()).toBe(true)
  const id = await create(graph, 'new')
  expect(graph.replication.isSettled()).toBe(false)
  expect((await graph.get(`/groups/${id}`)).status).toBe(404)
  graph.replication.settle()
  expect(graph.replication.isSettled()).toBe(true)
  expect((await times(10, () => graph.get(`/groups/${id}`))).map(({ status }) => status)).toEqual(Array(10).fill(200))
  expect((await graph.get('/groups')).body.value).toHaveLength(1)
  await create(graph, 'newer')
  graph.pass(hour)
  expect(graph.replication.isSettled()).toBe(true)
})

test('half of the delays are below the median, and 95 % below 15 times as much', () => {
  const delay = delayOf(2000, 'distribution')
  const delays = Array.from({ length: 20_000 }, (_, index) => delay(index % 3, `id-${index}`, 1)).sort((a, b) => a - b)
  const at = (share: number) => (delays[Math.floor(delays.length * share)] ?? 0) / 1000
  expect(at(0.5)).toBeCloseTo(2, 0)
  expect(at(0.95)).toBeGreaterThan(27)
  expect(at(0.95)).toBeLessThan(33)
  expect(delays.at(-1)).toBeLessThanOrEqual(300_000)
  const incident = delayOf('incident', 'distribution')
  const minutes = Array.from({ length: 1000 }, (_, index) => incident(index) / 60_000)
  expect(Math.min(...minutes)).toBeGreaterThanOrEqual(1)
  expect(Math.max(...minutes)).toBeLessThanOrEqual(20)
})
