import { expect, it } from 'vitest'
import { connectGraph } from '../../src/connect/graph/client.ts'
import { sleep } from '../../src/connect/graph/clock.ts'
import { clouds } from '../../src/connect/graph/clouds.ts'
import { transport } from '../../src/connect/graph/transport.ts'
import { Failure } from '../../src/model/problem.ts'
import { instantClock } from './fake-graph.ts'

const connect = (root: string) => connectGraph({ root, getToken: async () => 'token', clock: instantClock() })

it.each([
  ...Object.values(clouds).map(cloud => cloud.graph),
  'https://graph.microsoft.com/',
  'http://127.0.0.1:8080',
  'http://[::1]:8080',
])('connects to %s', root => {
  expect(() => connect(root)).not.toThrow()
})

it.each([
  'http://graph.microsoft.com',
  'https://graph.microsoft.com/v1.0',
  'https://a:b@graph.microsoft.com',
  'graph.microsoft.com',
  'file:///x',
  '',
])('refuses %s, where a token must not go', root => {
  expect(() => connect(root)).toThrow(Failure)
})

it('sends nothing to another origin, whatever it is asked', async () => {
  const asked: unknown[] = []
  const spy: typeof fetch = async url => {
    asked.push(url)
    return Response.json({})
  }
  const link = transport({ root: 'https://graph.microsoft.com', clock: instantClock(), fetch: spy, timeout: 1000 })
  const options = { headers: { Authorization: 'Bearer token' } }
  await expect(
    link.execute({ request: 'https://graph.microsoft.com.evil.example/v1.0/users', options }),
  ).rejects.toThrow()
  expect(asked).toEqual([])
  await link.execute({ request: 'https://graph.microsoft.com/v1.0/users', options })
  expect(asked).toEqual(['https://graph.microsoft.com/v1.0/users'])
})

it('sleeps until the time is over, or the run', async () => {
  await sleep(1)
  await expect(sleep(60_000, AbortSignal.abort())).rejects.toThrow()
})
