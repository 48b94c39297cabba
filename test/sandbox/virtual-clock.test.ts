// Time that passes only when everybody waits.

import { expect, test } from 'vitest'
import { connectGraph } from '../../src/connect/graph/client.ts'
import { seedGraph } from '../../src/sandbox/graph/seed.ts'
import { serveGraph } from '../../src/sandbox/graph/server.ts'
import { openStore } from '../../src/sandbox/store.ts'
import { createVirtualClock } from '../../src/sandbox/virtual-clock.ts'

test('who sleeps longer wakes later, and an hour takes no time', async () => {
  const clock = createVirtualClock(1000)
  const woken: string[] = []
  const started = performance.now()
  await Promise.all(
    [3_600_000, 5, 60_000].map(async ms => {
      await clock.sleep(ms)
      woken.push(`${ms} at ${clock.now() - 1000}`)
    }),
  )
  expect(woken).toEqual(['5 at 5', '60000 at 60000', '3600000 at 3600000'])
  expect(performance.now() - started).toBeLessThan(1000)
})

test('a sleep ends with its signal, at the time it is', async () => {
  const clock = createVirtualClock(0)
  const stop = new AbortController()
  const sleeping = clock.sleep(1000, stop.signal)
  void clock.sleep(10).then(() => stop.abort(new Error('enough')))
  await expect(sleeping).rejects.toThrow('enough')
  expect(clock.now()).toBe(10)
})

test('requests that are under way hold time still, unless the service waits', async () => {
  const clock = createVirtualClock(0)
  const store = openStore(undefined, 'graph')
  seedGraph(
    store,
    { tenant: { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' } },
    'test',
  )
  const server = await serveGraph({ store, clock: clock.now, latency: 200, hold: clock.hold })
  try {
    const graph = connectGraph({
      root: server.url,
      getToken: async () => 'token',
      fetch: clock.watch(fetch),
      clock: { now: clock.now, sleep: clock.sleep, timeout: clock.timeout, random: () => 0 },
    })
    await Promise.all(Array.from({ length: 10 }, () => graph.reader().list('/groups')))
    expect(clock.now()).toBe(200)
    for (let round = 0; round < 5; round += 1) await graph.reader().list('/groups')
    expect(clock.now()).toBe(1200)
  } finally {
    await server.close()
  }
})

test('a request that takes longer than it may is given up when that time has passed', async () => {
  const clock = createVirtualClock(0)
  const store = openStore(undefined, 'graph')
  seedGraph(
    store,
    { tenant: { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' } },
    'test',
  )
  const server = await serveGraph({ store, clock: clock.now, latency: 500_000, hold: clock.hold })
  try {
    const graph = connectGraph({
      root: server.url,
      getToken: async () => 'token',
      fetch: clock.watch(fetch),
      timeout: 100_000,
      clock: { now: clock.now, sleep: clock.sleep, timeout: clock.timeout, random: () => 0 },
    })
    await expect(graph.writer().post('/groups', {})).rejects.toMatchObject({ code: 'timeout' })
    expect(clock.now()).toBe(100_000)
  } finally {
    await server.close()
  }
})
