import { expect, test } from 'vitest'
import { refusal, startFake } from './fake-graph.ts'

const path = '/identity/conditionalAccess/policies'
const page = { body: { value: [] } }

test('Conditional Access is asked one request at a time, each more than a second after the last', async () => {
  let under = 0
  let most = 0
  const { graph, asked, slept } = await startFake(
    async () => {
      most = Math.max(most, ++under)
      await new Promise(done => setTimeout(done, 5))
      under -= 1
      return { body: { id: '1', value: [] } }
    },
    { paced: true },
  )
  const writer = graph.writer()
  await Promise.all([
    graph.reader().list(path),
    graph.reader().list(path),
    writer.post(path, {}),
    writer.patch(`${path}/1`, {}),
    writer.delete(`${path}/1`),
  ])
  expect([asked.length, most]).toEqual([5, 1])
  expect(slept).toEqual([1100, 1100, 1100, 1100])
})

test('nothing else waits for it, and a service on this machine is not paced', async () => {
  const { graph, slept } = await startFake(() => page, { paced: true })
  await Promise.all([graph.reader().list('/groups'), graph.reader().list('/policies/crossTenantAccessPolicy/partners')])
  await graph.reader().list('/groups')
  const here = await startFake(() => page)
  await Promise.all([here.graph.reader().list(path), here.graph.reader().list(path)])
  expect([slept, here.slept]).toEqual([[], []])
})

test('without a word how long, the pauses are 2, 4 and 8 seconds, and others wait behind', async () => {
  const throttled = { status: 429, body: refusal('TooManyRequests', 'Please retry again later.') }
  const { graph, asked, slept } = await startFake((_, before) => (before < 3 ? throttled : page), { paced: true })
  await Promise.all([graph.reader().list(path), graph.reader().list(path)])
  expect(asked).toHaveLength(5)
  expect(slept).toEqual([2000, 4000, 8000, 1100])
})

test('what may not leave any more is not sent again', async () => {
  const throttled = { status: 429, body: refusal('TooManyRequests', 'Please retry again later.') }
  const { graph, asked } = await startFake(() => throttled, { paced: true })
  const lost = new Error('the lease is lost')
  let left = 1
  const begin = (): void => {
    if (left-- === 0) throw lost
  }
  const writer = graph.writer({ rank: 0, begin, tell: () => undefined })
  await expect(writer.post(path, {})).rejects.toBe(lost)
  expect(asked).toHaveLength(1)
})

test('one that fails holds up no other', async () => {
  const { graph } = await startFake(
    (_, before) => (before === 0 ? { status: 403, body: refusal('AccessDenied', 'no') } : page),
    { paced: true },
  )
  const [first, second] = await Promise.allSettled([graph.reader().list(path), graph.reader().list(path)])
  expect([first.status, second.status]).toEqual(['rejected', 'fulfilled'])
})
