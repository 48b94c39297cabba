import { expect, test } from 'vitest'
import { errorOf, lee, people, serve, unknownId } from './served.ts'

const seed = { ...people, groups: [{ displayName: 'A' }] }

test('objects are given by their ids, unknown ones left out', async () => {
  const graph = await serve(seed)
  const ids = [graph.id('groups', 'A'), unknownId, graph.id('users', lee.mail)]
  const { body } = await graph.post('/directoryObjects/getByIds?$select=id', { ids })
  expect(body.value).toEqual([
    { '@odata.type': '#microsoft.graph.group', id: ids[0] },
    { '@odata.type': '#microsoft.graph.user', id: ids[2] },
  ])
  const users = await graph.post('/directoryObjects/getByIds', { ids, types: ['user'] })
  expect(users.body.value).toMatchObject([{ mail: lee.mail }])
})

test.each([
  [{}],
  [{ ids: [] }],
  [{ ids: ['x'] }],
  [{ ids: [unknownId], kinds: [] }],
  [{ ids: Array.from({ length: 1001 }, () => unknownId) }],
])('getByIds refuses case %#', async body => {
  const graph = await serve()
  expect((await graph.post('/directoryObjects/getByIds', body)).status).toBe(400)
})

test('one object is given with its type', async () => {
  const graph = await serve(seed)
  expect((await graph.get(`/directoryObjects/${graph.id('groups', 'A')}`)).body).toMatchObject({
    '@odata.type': '#microsoft.graph.group',
  })
  expect(errorOf(await graph.get(`/directoryObjects/${unknownId}`))[0]).toBe(404)
})
