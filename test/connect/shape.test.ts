// What Graph never says: an answer that holds it is unreadable as a whole, and nothing in it counts as missing.

import { expect, test } from 'vitest'
import { answerBatch, refusal, type Scripted, startFake } from './fake-graph.ts'

const page = (...value: readonly unknown[]): Scripted => ({ body: { value } })
const select = ['id', 'userPrincipalName', 'mail', 'tags'] as const
const lee = { id: '1', userPrincipalName: 'lee@fabrikam.com', mail: null, tags: [] }

test.each<[string, unknown]>([
  ['what is no object: null', null],
  ['what is no object: "x"', 'x'],
  ['what is no object: a list', []],
  ['an object without `id`', { userPrincipalName: 'lee@fabrikam.com' }],
  ['an object without `userPrincipalName`', { id: '1' }],
  ['an object whose `id` is null', { ...lee, id: null }],
  ['an object whose `id` is ""', { ...lee, id: '' }],
  ['an object whose `mail` is 7', { ...lee, mail: 7 }],
  ['an object whose `tags` is a list', { ...lee, tags: ['x', {}] }],
  ['an object whose `sponsors` is an object', { ...lee, sponsors: {} }],
  ['an object whose `tenantId` is null', { ...lee, tenantId: null }],
  ['an object whose `wafIpRanges` is ""', { ...lee, onPremisesPublishing: { wafIpRanges: '' } }],
  ['an object whose `id` is an object', { ...lee, sponsors: [{ id: {} }] }],
])('%s', async (told, item) => {
  const { graph } = await startFake(() => page(lee, item))
  const reading = graph.reader().list('/users', { select })
  await expect(reading).rejects.toMatchObject({ name: 'RequestFailure', code: 'bad-answer' })
  await expect(reading).rejects.toThrow(`GET /v1.0/users got a page with ${told}`)
})

test('a page that is gone after the first one is no missing collection', async () => {
  const { graph } = await startFake(({ root, url }) =>
    url.includes('skiptoken')
      ? { status: 404, body: refusal('Request_ResourceNotFound', 'gone') }
      : { body: { value: [{ id: '1' }], '@odata.nextLink': `${root}/v1.0/groups/7/members?$skiptoken=x` } },
  )
  const reading = graph.reader().listEach(['/groups/7/members'], { select: ['id'] })
  await expect(reading).rejects.toMatchObject({ name: 'RequestFailure', status: 0, code: 'page-gone' })
})

test('what no header can be called is none', async () => {
  const odd = { ',x': '1', 'x-y': 'a\nb' }
  const { graph } = await startFake(asked =>
    answerBatch(asked, ({ id }) => ({ headers: odd, body: { id, displayName: 'x' } })),
  )
  expect(await graph.reader().getEach(['/users/1', '/users/2'], { select: ['id'] })).toHaveLength(2)
})
