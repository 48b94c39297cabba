// A revocation does not wait until grants have looked at what somebody else changed.

import { expect, it } from 'vitest'
import type { Turn } from '../../src/model/directories.ts'
import { answerBatch, refusal, type Scripted, startFake } from './fake-graph.ts'

const turn = (rank: number): Turn => ({ rank, begin: () => undefined, tell: () => undefined })

/** A clock that goes on to whoever sleeps shortest, every few milliseconds. */
function startClock() {
  let now = 0
  const sleepers: { readonly at: number; readonly wake: () => void }[] = []
  const ticking = setInterval(() => {
    const next = sleepers.sort((a, b) => a.at - b.at).shift()
    if (next === undefined) return
    now = Math.max(now, next.at)
    next.wake()
  }, 20)
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      sleepers.push({ at: now + ms, wake: resolve })
    })
  return { now: () => now, random: () => 0, sleep, stop: () => clearInterval(ticking) }
}

it('a revocation takes the next permit, also where all others are kept for what is being compared', async () => {
  const clock = startClock()
  let name = 'as planned'
  let isThrottled = true
  const { promise: looking, resolve: looked } = Promise.withResolvers<void>()
  const answer = (method: string, url: string): Scripted => {
    if (method === 'GET') {
      if (name === 'by hand') looked()
      return { body: { id: url.split(/[/?]/)[2], displayName: name } }
    }
    if (!isThrottled) return { status: 204 }
    isThrottled = false
    // Few permits are left after that.
    const headers = { 'retry-after': '1', 'x-ms-throttle-information': 'WriteLimitExceeded' }
    return { status: 429, headers, body: refusal('TooManyRequests', 'x') }
  }
  const { graph } = await startFake(
    asked =>
      asked.url === '/v1.0/$batch'
        ? answerBatch(asked, item => answer(item.method, item.url))
        : answer(asked.method, asked.url.slice('/v1.0'.length)),
    { clock, paced: true },
  )
  const users = Array.from({ length: 40 }, (_, index) => `/users/u${index}`)
  await graph.reader().getEach(users, { select: ['id', 'displayName'] })
  name = 'by hand'
  await graph.writer(turn(0)).post('/anything', {}, 'freely')
  for (const [index, user] of users.entries()) {
    graph
      .writer(turn(index + 5))
      .patch(user, { displayName: 'ours' })
      .catch(() => undefined)
  }
  await looking
  await new Promise(resolve => setTimeout(resolve, 5))
  const asked = clock.now()
  await graph.writer(turn(-5)).removeMember('g', 'm')
  clock.stop()
  expect(clock.now() - asked).toBeLessThan(1000)
})
