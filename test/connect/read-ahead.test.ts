// Reads of many changes at the same time: together, each question once, and none forgotten.

import { expect, test } from 'vitest'
import { createReadAhead } from '../../src/connect/graph/read-ahead.ts'
import type { Answer, Request, Wire } from '../../src/connect/graph/wire.ts'
import { RequestFailure } from '../../src/model/directories.ts'
import { instantClock } from './fake-graph.ts'

interface Item {
  readonly id: string
  readonly url: string
}

/** Answers each url with what `content` says, and leaves out what it has nothing for; what was asked, a batch as the urls of its items. */
function reading(content: (url: string) => object | undefined) {
  const asked: (readonly string[])[] = []
  let underWay = 0
  let most = 0
  const wire: Pick<Wire, 'root' | 'clock' | 'send' | 'pause'> = {
    root: 'https://graph.example',
    clock: instantClock(),
    pause: async () => undefined,
    send: async ({ path, version, link, body }: Request): Promise<Answer> => {
      most = Math.max(most, ++underWay)
      await new Promise(resolve => setImmediate(resolve))
      underWay -= 1
      const answer = (of: object | undefined): Answer => ({ status: 200, headers: new Headers(), body: of })
      if (path !== '/$batch') {
        asked.push([`${version}${path}`])
        return answer(content(link ?? path))
      }
      const { requests } = body as { requests: readonly Item[] }
      asked.push(requests.map(({ url }) => url))
      const given = requests.map(({ id, url }) => ({ id, status: 200, body: content(url) }))
      return answer({ responses: given.filter(({ body: item }) => item !== undefined) })
    },
  }
  return { source: createReadAhead(wire as Wire), asked, most: () => most }
}

const named = (url: string): object => ({ id: url.split(/[/?]/)[2] })
const users = Array.from({ length: 700 }, (_, index) => `/users/u${index}`)

test('however many ask, each gets its answer, and only so many batches are under way', async () => {
  const { source, asked, most } = reading(named)
  const found = await Promise.all(users.map(async path => (await source.objects([path], {}))[0]))
  expect(found).toEqual(users.map(path => ({ content: named(path) })))
  expect([asked.length, most()]).toEqual([35, 16])
})

test('the same question at the same time is asked once, and later anew', async () => {
  const { source, asked } = reading(named)
  const ask = (): Promise<unknown> => Promise.all(['a', 'a', 'b'].map(id => source.objects([`/users/${id}`], {})))
  await ask()
  await ask()
  expect(asked).toEqual([
    ['/users/a', '/users/b'],
    ['/users/a', '/users/b'],
  ])
})

test('a list of which there is more is read to its end', async () => {
  const next = 'https://graph.example/v1.0/groups/a/members?page=2'
  const { source } = reading(url =>
    url === next
      ? { value: [{ id: '2' }] }
      : { value: [{ id: '1' }], ...(url.includes('/a/') ? { '@odata.nextLink': next } : {}) },
  )
  const found = await source.collections(['/groups/a/members', '/groups/b/members'], {})
  expect(found).toEqual([{ content: [{ id: '1' }, { id: '2' }] }, { content: [{ id: '1' }] }])
})

test('what is of beta goes by itself', async () => {
  const { source, asked } = reading(named)
  await Promise.all(['a', 'b'].map(id => source.objects([`/applications/${id}`], { version: 'beta' })))
  expect(asked).toEqual([['beta/applications/a'], ['beta/applications/b']])
})

test('all who share a batch hear that it failed, and who asks again is heard', async () => {
  let isBroken = true
  const { source } = reading(url => {
    if (isBroken) throw new RequestFailure(503, 'ServiceUnavailable', 'not now')
    return named(url)
  })
  const ask = () => Promise.allSettled(['a', 'b'].map(id => source.objects([`/users/${id}`], {})))
  expect((await ask()).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  isBroken = false
  expect((await ask()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
})

test('what is never answered fails alone, with its own name', async () => {
  const { source } = reading(url => (url === '/users/u1' ? undefined : named(url)))
  const [one, other] = await Promise.allSettled(['u0', 'u1'].map(id => source.objects([`/users/${id}`], {})))
  expect(one).toEqual({ status: 'fulfilled', value: [{ content: { id: 'u0' } }] })
  expect(other).toMatchObject({ status: 'rejected', reason: { code: 'incomplete-batch' } })
  expect(String(other?.status === 'rejected' && other.reason)).toContain('no answer for /users/u1')
})
