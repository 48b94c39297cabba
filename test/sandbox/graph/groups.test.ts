import { describe, expect, test } from 'vitest'
import {
  anna,
  createIfMissing,
  dana,
  errorOf,
  eventual,
  lee,
  people,
  reference,
  type Served,
  serve,
  unknownId,
} from './served.ts'

const group = { displayName: 'Engineers', mailEnabled: false, mailNickname: 'engineers', securityEnabled: true }
const byName = "/groups(uniqueName='gl-engineers')"

function membersAt(graph: Served, name: string, relation = 'members'): Promise<string[]> {
  return graph
    .get(`/groups/${graph.id('groups', name)}/${relation}?$select=id,mail,displayName`)
    .then(({ body }) =>
      body.value.map((member: { mail: string | null; displayName: string }) => member.mail ?? member.displayName),
    )
}

describe('POST', () => {
  test('makes a security group', async () => {
    const graph = await serve()
    const { status, body } = await graph.post('/groups', group)
    expect(status).toBe(201)
    expect(body).toMatchObject({
      ...group,
      groupTypes: [],
      createdDateTime: '2026-12-01T08:00:00Z',
      onPremisesSyncEnabled: null,
    })
  })

  test('names are not unique: repeated, it makes another', async () => {
    const graph = await serve()
    await graph.post('/groups', group)
    await graph.post('/groups', group)
    expect((await graph.get('/groups')).body.value).toHaveLength(2)
  })

  test('owners and members come along, 20 at most', async () => {
    const users = Array.from({ length: 21 }, (_, index) => ({ mail: `p${index}@x.example`, userType: 'Guest' }))
    const graph = await serve({ users })
    const bound = users.map(({ mail }) => `${graph.url}/v1.0/users/${graph.id('users', mail)}`)
    const made = await graph.post('/groups', {
      ...group,
      'members@odata.bind': bound.slice(0, 19),
      'owners@odata.bind': bound.slice(0, 1),
    })
    expect(made.status).toBe(201)
    expect(await membersAt(graph, 'Engineers')).toHaveLength(19)
    expect(await membersAt(graph, 'Engineers', 'owners')).toEqual(['p0@x.example'])
    const tooMany = { ...group, 'members@odata.bind': bound.slice(0, 20), 'owners@odata.bind': bound.slice(0, 1) }
    expect((await graph.post('/groups', tooMany)).status).toBe(400)
  })

  test.each(['displayName', 'mailEnabled', 'mailNickname', 'securityEnabled'])(
    'without %s is refused',
    async property => {
      const graph = await serve()
      expect(errorOf(await graph.post('/groups', { ...group, [property]: undefined }))).toEqual([
        400,
        'Request_BadRequest',
        `A value is required for property '${property}' of resource 'Group'.`,
      ])
    },
  )

  test.each([
    [{ mailNickname: 'with space' }],
    [{ mailNickname: 'ümlaut' }],
    [{ mailNickname: 'at@sign' }],
    [{ mailNickname: 'x'.repeat(65) }],
    [{ displayName: 'x'.repeat(257) }],
    [{ mailEnabled: true }],
    [{ securityEnabled: false }],
    [{ groupTypes: ['Everything'] }],
    [{ groupTypes: ['DynamicMembership'] }],
    [{ members: [] }],
    [{ 'members@odata.bind': 'x' }],
  ])('with %o is refused', async change => {
    const graph = await serve()
    expect((await graph.post('/groups', { ...group, ...change })).status).toBe(400)
  })

  test('one unknown member, and there is no group', async () => {
    const graph = await serve()
    const body = { ...group, 'members@odata.bind': [`${graph.url}/v1.0/users/${unknownId}`] }
    expect((await graph.post('/groups', body)).status).toBe(404)
    expect((await graph.get('/groups')).body.value).toEqual([])
  })
})

describe('upsert by uniqueName', () => {
  test('creates what is missing, then updates it', async () => {
    const graph = await serve()
    const first = await graph.patch(byName, group, createIfMissing)
    expect([first.status, first.body.uniqueName]).toEqual([201, 'gl-engineers'])
    const second = await graph.patch(byName, { description: 'Field' }, createIfMissing)
    expect([second.status, second.body]).toEqual([204, ''])
    expect((await graph.get(byName)).body).toMatchObject({
      id: first.body.id,
      description: 'Field',
      displayName: 'Engineers',
    })
  })

  test('without the header creates nothing', async () => {
    const graph = await serve()
    expect(errorOf(await graph.patch(byName, group)).slice(0, 2)).toEqual([404, 'Request_ResourceNotFound'])
    expect((await graph.patch(`/groups/${unknownId}`, group, createIfMissing)).status).toBe(404)
  })

  test('creating asks for what a POST asks for', async () => {
    const graph = await serve()
    expect(errorOf(await graph.patch(byName, { displayName: 'x' }, createIfMissing))[2]).toMatch(/A value is required/)
  })

  test('the name never changes, and is taken once', async () => {
    const graph = await serve({ groups: [{ displayName: 'A', uniqueName: 'gl-a' }, { displayName: 'B' }] })
    const [a, b] = [graph.id('groups', 'A'), graph.id('groups', 'B')]
    expect(errorOf(await graph.patch(`/groups/${a}`, { uniqueName: 'gl-x' }))[2]).toMatch(/'uniqueName' is read-only/)
    expect(errorOf(await graph.patch(`/groups/${b}`, { uniqueName: 'gl-a' }))[2]).toMatch(
      /same value for property uniqueName/,
    )
    expect((await graph.patch(`/groups/${b}`, { uniqueName: 'gl-b' })).status).toBe(204)
    expect((await graph.get("/groups(uniqueName='gl-b')/members")).status).toBe(200)
  })

  test('a quote in the name is doubled', async () => {
    const graph = await serve()
    const path = "/groups(uniqueName='gl-o''neil')"
    expect((await graph.patch(path, group, createIfMissing)).body.uniqueName).toBe("gl-o'neil")
    expect((await graph.get(path)).status).toBe(200)
  })
})

describe('PATCH', () => {
  test.each([
    [{ displayName: null }],
    [{ securityEnabled: null }],
    [{ isAssignableToRole: true }],
    [{ mail: 'x@y.z' }],
    [{ onPremisesSyncEnabled: true }],
  ])('%o is refused', async change => {
    const graph = await serve({ groups: [{ displayName: 'A' }] })
    expect((await graph.patch(`/groups/${graph.id('groups', 'A')}`, change)).status).toBe(400)
  })

  test('adds up to 20 members, or none', async () => {
    const users = Array.from({ length: 21 }, (_, index) => ({ mail: `p${index}@x.example`, userType: 'Guest' }))
    const graph = await serve({ users, groups: [{ displayName: 'A', members: ['p0@x.example'] }] })
    const path = `/groups/${graph.id('groups', 'A')}`
    const bind = (mails: readonly string[]) => ({
      'members@odata.bind': mails.map(
        mail => `https://graph.microsoft.com/v1.0/directoryObjects/${graph.id('users', mail)}`,
      ),
    })
    const mails = users.map(({ mail }) => mail)
    expect((await graph.patch(path, bind(mails))).status).toBe(400)
    expect(errorOf(await graph.patch(path, bind(mails.slice(0, 20))))[2]).toMatch(/already exist .*'members'/)
    expect((await graph.patch(path, bind(['p1@x.example', 'p1@x.example']))).status).toBe(400)
    expect((await graph.patch(path, { 'members@odata.bind': [reference(unknownId)] })).status).toBe(400)
    expect(await membersAt(graph, 'A')).toEqual(['p0@x.example'])
    expect((await graph.patch(path, { description: 'Field', ...bind(mails.slice(1, 21)) })).status).toBe(204)
    expect(await membersAt(graph, 'A')).toHaveLength(21)
  })

  test('a refused member keeps the other changes from being written', async () => {
    const graph = await serve({ groups: [{ displayName: 'A' }] })
    const path = `/groups/${graph.id('groups', 'A')}`
    const body = { description: 'new', 'members@odata.bind': [`https://graph.microsoft.com/v1.0/users/${unknownId}`] }
    expect((await graph.patch(path, body)).status).toBe(404)
    expect((await graph.get(path)).body.description).toBeNull()
  })
})

describe('members', () => {
  const seed = { ...people, groups: [{ displayName: 'A', members: [lee.mail] }] }

  test('are added once', async () => {
    const graph = await serve(seed)
    const path = `/groups/${graph.id('groups', 'A')}/members/$ref`
    expect((await graph.post(path, reference(graph.id('users', dana.mail)))).status).toBe(204)
    expect(errorOf(await graph.post(path, reference(graph.id('users', dana.mail))))).toEqual([
      400,
      'Request_BadRequest',
      "One or more added object references already exist for the following modified properties: 'members'.",
    ])
    expect(await membersAt(graph, 'A')).toEqual([lee.mail, dana.mail])
  })

  test.each([
    [unknownId, 404, 'Request_ResourceNotFound'],
    ['not-a-guid', 400, 'Request_BadRequest'],
    ['%E0%A4%A', 400, 'Request_BadRequest'],
  ])('%s cannot be added', async (id, status, code) => {
    const graph = await serve(seed)
    const path = `/groups/${graph.id('groups', 'A')}/members/$ref`
    expect(errorOf(await graph.post(path, reference(id))).slice(0, 2)).toEqual([status, code])
  })

  test('applications cannot be members', async () => {
    const graph = await serve({ ...seed, applications: [{ displayName: 'App' }] })
    const path = `/groups/${graph.id('groups', 'A')}/members/$ref`
    expect((await graph.post(path, reference(graph.id('applications', 'App')))).status).toBe(400)
  })

  test('with $ref are taken out and live on', async () => {
    const graph = await serve(seed)
    const path = `/groups/${graph.id('groups', 'A')}/members/${graph.id('users', lee.mail)}/$ref`
    expect((await graph.delete(path)).status).toBe(204)
    expect(await membersAt(graph, 'A')).toEqual([])
    expect((await graph.get('/users')).body.value).toHaveLength(3)
    expect(errorOf(await graph.delete(path)).slice(0, 2)).toEqual([404, 'Request_ResourceNotFound'])
  })

  test('without $ref are deleted themselves', async () => {
    const graph = await serve(seed)
    const id = graph.id('users', lee.mail)
    expect((await graph.delete(`/groups/${graph.id('groups', 'A')}/members/${id}`)).status).toBe(204)
    expect((await graph.get(`/users/${id}`)).status).toBe(404)
    expect((await graph.get(`/directory/deletedItems/${id}`)).status).toBe(200)
  })

  test('without $ref somebody who is no member is not deleted', async () => {
    const graph = await serve(seed)
    const id = graph.id('users', dana.mail)
    expect((await graph.delete(`/groups/${graph.id('groups', 'A')}/members/${id}`)).status).toBe(404)
    expect((await graph.get(`/users/${id}`)).status).toBe(200)
  })

  test('can be asked for by type, with their count', async () => {
    const graph = await serve({
      ...people,
      groups: [{ displayName: 'B' }, { displayName: 'A', members: [lee.mail, 'B'] }],
    })
    const path = `/groups/${graph.id('groups', 'A')}/members`
    expect((await graph.get(`${path}/microsoft.graph.user?$select=mail`)).body.value).toEqual([{ mail: lee.mail }])
    expect((await graph.get(`${path}/$count`, eventual)).body).toBe('2')
    expect((await graph.get(`${path}/$count`)).status).toBe(400)
    expect((await graph.get(`${path}/microsoft.graph.user/$count`, eventual)).body).toBe('1')
  })

  test('that are service principals are listed in beta only', async () => {
    const servicePrincipals = [{ displayName: 'Robot' }]
    const graph = await serve({
      ...people,
      servicePrincipals,
      groups: [{ displayName: 'A', members: [lee.mail, 'Robot'] }],
    })
    const path = `/groups/${graph.id('groups', 'A')}/members`
    expect((await graph.get(path)).body.value).toHaveLength(1)
    expect((await graph.get(`/beta${path}`)).body.value).toHaveLength(2)
  })

  test('of nested groups are met once, even in a circle', async () => {
    const groups = [
      { displayName: 'Inner', members: [lee.mail, 'Outer'] },
      { displayName: 'Outer', members: ['Inner', lee.mail, dana.mail] },
    ]
    const graph = await serve({ ...people, groups })
    expect((await membersAt(graph, 'Outer', 'transitiveMembers')).sort()).toEqual(
      [dana.mail, 'Inner', lee.mail, 'Outer'].sort(),
    )
  })

  test.each([
    [{ groupTypes: ['DynamicMembership'], membershipRule: 'user.userType -eq "Guest"' }, 403],
    [{ onPremisesSyncEnabled: true }, 400],
  ])('of a group with %o cannot be written', async (properties, status) => {
    const graph = await serve({ ...people, groups: [{ displayName: 'A', ...properties, members: [lee.mail] }] })
    const path = `/groups/${graph.id('groups', 'A')}`
    const [leeId, danaId] = [graph.id('users', lee.mail), graph.id('users', dana.mail)]
    expect((await graph.post(`${path}/members/$ref`, reference(danaId))).status).toBe(status)
    expect((await graph.delete(`${path}/members/${leeId}/$ref`)).status).toBe(status)
    expect((await graph.patch(path, { 'members@odata.bind': [`https://x/v1.0/users/${danaId}`] })).status).toBe(status)
    expect(await membersAt(graph, 'A')).toEqual([lee.mail])
  })
})

test('owners are added and removed', async () => {
  const graph = await serve({ ...people, groups: [{ displayName: 'A' }] })
  const path = `/groups/${graph.id('groups', 'A')}/owners`
  const id = graph.id('users', anna.mail)
  expect((await graph.post(`${path}/$ref`, reference(id))).status).toBe(204)
  expect(errorOf(await graph.post(`${path}/$ref`, reference(id)))[2]).toMatch(/'owners'/)
  expect(await membersAt(graph, 'A', 'owners')).toEqual([anna.mail])
  expect((await graph.get(`/users/${id}/ownedObjects/microsoft.graph.group`)).body.value).toHaveLength(1)
  expect((await graph.delete(`${path}/${id}/$ref`)).status).toBe(204)
})

test('a group that Entra Connect owns cannot be renamed', async () => {
  const graph = await serve({ groups: [{ displayName: 'A', onPremisesSyncEnabled: true }] })
  expect((await graph.patch(`/groups/${graph.id('groups', 'A')}`, { displayName: 'B' })).status).toBe(400)
})

test('a name after deletion is free, unless it is taken again before a restore', async () => {
  const graph = await serve()
  const first = await graph.patch(byName, group, createIfMissing)
  await graph.delete(`/groups/${first.body.id}`)
  expect((await graph.get(byName)).status).toBe(404)
  const second = await graph.patch(byName, group, createIfMissing)
  expect(second.status).toBe(201)
  expect(second.body.id).not.toBe(first.body.id)
  expect((await graph.post(`/directory/deletedItems/${first.body.id}/restore`)).status).toBe(400)
})
