import { expect, test } from 'vitest'
import { anna, errorOf, eventual, lee, people, serve, unknownId } from './served.ts'

const seed = {
  users: [anna, { ...lee, sponsors: [anna.mail] }],
  groups: [{ displayName: 'A', members: [lee.mail], owners: [anna.mail] }],
  applications: [{ displayName: 'App' }],
  servicePrincipals: [{ displayName: 'App', appRoleAssignedTo: [{ principal: lee.mail }] }],
}

test('a deleted user is gone from everywhere but the deleted items', async () => {
  const graph = await serve(seed)
  const id = graph.id('users', lee.mail)
  expect((await graph.delete(`/users/${id}`)).status).toBe(204)
  expect((await graph.get(`/users/${id}`)).status).toBe(404)
  expect((await graph.delete(`/users/${id}`)).status).toBe(404)
  expect((await graph.get(`/users?$filter=mail eq '${lee.mail}'`)).body.value).toEqual([])
  expect((await graph.get(`/groups/${graph.id('groups', 'A')}/members`)).body.value).toEqual([])
  expect(
    (await graph.get(`/servicePrincipals/${graph.id('servicePrincipals', 'App')}/appRoleAssignedTo`)).body.value,
  ).toEqual([])
  const { body } = await graph.get(
    '/directory/deletedItems/microsoft.graph.user?$select=id,mail,deletedDateTime,userPrincipalName',
  )
  expect(body.value).toEqual([
    {
      id,
      mail: lee.mail,
      deletedDateTime: '2026-12-01T08:00:00Z',
      userPrincipalName: `${id.replaceAll('-', '')}lee_fabrikam.com#EXT#@acme.onmicrosoft.com`,
    },
  ])
  expect((await graph.get('/directory/deletedItems/microsoft.graph.user/$count', eventual)).body).toBe('1')
})

test('a restored user is what it was, with memberships, sponsors and assignments', async () => {
  const graph = await serve(seed)
  const id = graph.id('users', lee.mail)
  const before = (await graph.get(`/users/${id}?$select=userPrincipalName,mail,identities,deletedDateTime`)).body
  await graph.delete(`/users/${id}`)
  const { status, body } = await graph.post(`/directory/deletedItems/${id}/restore`, {})
  expect([status, body['@odata.type'], body.id]).toEqual([200, '#microsoft.graph.user', id])
  expect((await graph.get(`/users/${id}?$select=userPrincipalName,mail,identities,deletedDateTime`)).body).toEqual(
    before,
  )
  expect((await graph.get(`/groups/${graph.id('groups', 'A')}/members`)).body.value).toHaveLength(1)
  expect((await graph.get(`/users/${id}/sponsors`)).body.value).toHaveLength(1)
  expect((await graph.get(`/users/${id}/appRoleAssignments`)).body.value).toHaveLength(1)
  expect((await graph.get(`/directory/deletedItems/${id}`)).status).toBe(404)
})

test('a principal name that was taken meanwhile keeps a user from coming back under it', async () => {
  const graph = await serve(people)
  const id = graph.id('users', anna.mail)
  await graph.delete(`/users/${id}`)
  const user = { accountEnabled: true, displayName: 'Other', mailNickname: 'anna', passwordProfile: { password: 'x' } }
  expect((await graph.post('/users', { ...user, userPrincipalName: anna.userPrincipalName })).status).toBe(201)
  const path = `/directory/deletedItems/${id}/restore`
  expect(errorOf(await graph.post(path))[2]).toMatch(/same value for property userPrincipalName/)
  expect((await graph.post(path, { newUserPrincipalName: 'anna2@acme.onmicrosoft.com' })).status).toBe(200)
  expect((await graph.get('/users/anna2@acme.onmicrosoft.com')).body.id).toBe(id)
})

test('after 30 days nothing is left', async () => {
  const graph = await serve(people)
  const id = graph.id('users', lee.mail)
  await graph.delete(`/users/${id}`)
  graph.clock.now += 30 * 86_400_000 - 1000
  expect((await graph.get(`/directory/deletedItems/${id}`)).status).toBe(200)
  graph.clock.now += 1000
  expect((await graph.get(`/directory/deletedItems/${id}`)).status).toBe(404)
  expect((await graph.get('/directory/deletedItems/microsoft.graph.user')).body.value).toEqual([])
  expect((await graph.post(`/directory/deletedItems/${id}/restore`)).status).toBe(404)
})

test('deleted for good, an object and its links are gone', async () => {
  const graph = await serve(seed)
  const id = graph.id('users', lee.mail)
  await graph.delete(`/users/${id}`)
  expect((await graph.delete(`/directory/deletedItems/${id}`)).status).toBe(204)
  expect((await graph.get(`/directory/deletedItems/${id}`)).status).toBe(404)
  expect(['members', 'sponsors', 'appRoleAssignments'].map(name => graph.store.collection(name).size)).toEqual([
    0, 0, 0,
  ])
})

test('a deleted group comes back with its members, where the tenant keeps deleted groups', async () => {
  const graph = await serve(seed)
  const id = graph.id('groups', 'A')
  await graph.delete(`/groups/${id}`)
  expect((await graph.get('/directory/deletedItems/microsoft.graph.group')).body.value).toMatchObject([{ id }])
  await graph.post(`/directory/deletedItems/${id}/restore`)
  expect((await graph.get(`/groups/${id}/members`)).body.value).toHaveLength(1)
})

test('a deleted group is gone where the tenant does not keep them', async () => {
  const graph = await serve(seed, { deletedGroups: 'hard' })
  const id = graph.id('groups', 'A')
  await graph.delete(`/groups/${id}`)
  expect((await graph.get(`/directory/deletedItems/${id}`)).status).toBe(404)
  expect(graph.store.collection('members').size).toBe(0)
})

test.each([
  ['GET', '/directory/deletedItems/x', 400],
  ['GET', `/directory/deletedItems/${unknownId}`, 404],
  ['POST', `/directory/deletedItems/${unknownId}/restore`, 404],
  ['DELETE', `/directory/deletedItems/${unknownId}`, 404],
  ['GET', '/directory/deletedItems/microsoft.graph.device', 400],
])('%s %s gives %i', async (method, path, status) => {
  const graph = await serve()
  expect((await graph.send(method, path)).status).toBe(status)
})
