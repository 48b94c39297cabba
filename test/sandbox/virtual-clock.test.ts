// Time that passes only when everybody waits.

import { expect, test } from 'vitest'
import { connectGraph, type GraphConnection } from '../../src/connect/graph/client.ts'
import { seedGraph } from '../../src/sandbox/graph/seed.ts'
import { serveGraph } from '../../src/sandbox/graph/server.ts'
import { openStore } from '../../src/sandbox/store.ts'
import { createVirtualClock, type VirtualClock } from '../../src/sandbox/virtual-clock.ts'

test('who sleeps longer wakes later, and an hour takes no time', async () => {
  const clock = createVirtualClock(1000)
  const woken: string[] = []
  await Promise.all(
    [3_600_000, 5, 60_000].map(async ms => {
      await clock.sleep(ms)
      woken.push(`${ms} at ${clock.now() - 1000}`)
    }),
  )
  expect(woken).toEqual(['5 at 5', '60000 at 60000', '3600000 at 3600000'])
})

test('a sleep ends with its signal, at the time it is', async () => {
  const clock = createVirtualClock(0)
  const stop = new AbortController()
  const sleeping = clock.sleep(1000, stop.signal)
  void clock.sleep(10).then(() => stop.abort(new Error('enough')))
  await expect(sleeping).rejects.toThrow('enough')
  expect(clock.now()).toBe(10)
})

/** A tenant whose answers take so long, and a client that gives up after 100 seconds, by one clock. */
async function withLatency(
  latency: number,
  work: (graph: GraphConnection, clock: VirtualClock) => Promise<void>,
): Promise<void> {
  const clock = createVirtualClock(0)
  const store = openStore(undefined, 'graph')
  const tenant = { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' }
  seedGraph(store, { tenant })
  const server = await serveGraph({ store, clock: clock.now, latency, hold: clock.hold })
  const { now, sleep, timeout } = clock
  try {
    const graph = connectGraph({
      root: server.url,
      getToken: async () => 'token',
      fetch: clock.watch(fetch),
      timeout: 100_000,
      clock: { now, sleep, timeout, random: () => 0 },
    })
    await work(graph, clock)
  } finally {
    await server.close()
  }
}

test('requests that are under way hold time still, unless the service waits', async () => {
  await withLatency(200, async (graph, clock) => {
    await Promise.all(Array.from({ length: 10 }, () => graph.reader().list('/groups')))
    expect(clock.now()).toBe(200)
    for (let round = 0; round < 5; round += 1) await graph.reader().list('/groups')
    expect(clock.now()).toBe(1200)
  })
})

test('a request that takes longer than it may is given up when that time has passed', async () => {
  await withLatency(500_000, async (graph, clock) => {
    await expect(graph.writer().post('/groups', {})).rejects.toMatchObject({ code: 'timeout' })
    expect(clock.now()).toBe(100_000)
  })
})
