// Eventual consistency: which writes are refused until what they name has reached a replica.

import { expect, test } from 'vitest'
import { connectGraph } from '../../../src/connect/graph/client.ts'
import { replicate } from '../../../src/sandbox/graph/replication/replicate.ts'
import { seedGraph } from '../../../src/sandbox/graph/seed.ts'
import { serveGraph } from '../../../src/sandbox/graph/server.ts'
import { openStore } from '../../../src/sandbox/store.ts'
import { createVirtualClock } from '../../../src/sandbox/virtual-clock.ts'
import { create, group, hour, lagging, notThere } from './lagging.ts'
import { createIfMissing, defaultAccess, dump, errorOf, now, people, type Reply, reference, tenant } from './served.ts'

async function inTurn(count: number, ask: () => Promise<Reply>): Promise<readonly Reply[]> {
  const replies: Reply[] = []
  while (replies.length < count) replies.push(await ask())
  return replies
}

test('the answer to a write comes from where it was written', async () => {
  const graph = await lagging('answer', people, 'incident')
  const invitation = {
    invitedUserEmailAddress: 'new@fabrikam.com',
    inviteRedirectUrl: 'https://myapps.microsoft.com',
  }
  const first = await graph.post('/invitations', invitation)
  const second = await graph.post('/invitations', invitation)
  expect(second.body.invitedUser.id).toBe(first.body.invitedUser.id)
  const upsert = await graph.patch("/groups(uniqueName='one')", group('one'), createIfMissing)
  expect(upsert.status).toBe(201)
  expect((await graph.patch("/groups(uniqueName='one')", { description: 'x' }, createIfMissing)).status).toBe(204)
  expect((await graph.patch("/groups(uniqueName='one')", { description: 'x' })).status).toBe(404)
})

test('a reference that a replica does not know is refused, and nothing is written', async () => {
  const graph = await lagging('references')
  const id = await create(graph, 'team')
  const member = graph.id('users', 'lee@fabrikam.com')
  const replies: Reply[] = []
  let reply = await graph.post(`/groups/${id}/members/$ref`, reference(member))
  for (; reply.status !== 204; reply = await graph.post(`/groups/${id}/members/$ref`, reference(member))) {
    replies.push(reply)
    expect(graph.store.collection('members').size).toBe(0)
    graph.pass(100)
  }
  expect(replies.length).toBeGreaterThan(0)
  for (const refused of replies) expect(errorOf(refused)).toEqual(notThere(id))
})

test('every way to name what is new is refused while it is new', async () => {
  const policy = {
    displayName: 'Guests',
    state: 'disabled',
    conditions: { applications: { includeApplications: ['All'] }, users: { includeUsers: ['All'] } },
    grantControls: { operator: 'OR', builtInControls: ['mfa'] },
  }
  const graph = await lagging('names', { ...people, groups: [group('old')] }, 'incident')
  const [old, leeId] = [graph.id('groups', 'old'), graph.id('users', 'lee@fabrikam.com')]
  const fresh = await create(graph, 'fresh')
  const invited = await graph.post('/invitations', {
    invitedUserEmailAddress: 'new@fabrikam.com',
    inviteRedirectUrl: 'https://myapps.microsoft.com',
  })
  const guest: string = invited.body.invitedUser.id
  const made = await graph.post('/identity/conditionalAccess/policies', policy)
  expect(made.status).toBe(201)
  const binds = { 'members@odata.bind': [leeId, guest].map(id => `https://graph.microsoft.com/v1.0/users/${id}`) }
  const included = { conditions: { ...policy.conditions, users: { includeGroups: [fresh] } } }
  const before = JSON.stringify(dump(graph))
  const attempts: readonly (readonly [named: string, reply: Promise<Reply>])[] = [
    [fresh, graph.patch(`/groups/${fresh}`, { description: 'x' })],
    ['fresh', graph.patch("/groups(uniqueName='fresh')", { description: 'x' })],
    [fresh, graph.delete(`/groups/${fresh}`)],
    [guest, graph.patch(`/users/${guest}`, { companyName: 'x' })],
    [guest, graph.patch(`/groups/${old}`, binds)],
    [guest, graph.post(`/groups/${old}/members/$ref`, reference(guest))],
    [guest, graph.post(`/users/${leeId}/sponsors/$ref`, reference(guest))],
    [guest, graph.put(`/users/${leeId}/manager/$ref`, reference(guest))],
    [
      guest,
      graph.post('/invitations', {
        invitedUserEmailAddress: 'new@fabrikam.com',
        inviteRedirectUrl: 'https://myapps.microsoft.com',
        invitedUser: { id: guest },
      }),
    ],
    [made.body.id, graph.delete(`/identity/conditionalAccess/policies/${made.body.id}`)],
    [fresh, graph.post('/identity/conditionalAccess/policies', { ...policy, ...included })],
  ]
  for (const [named, reply] of attempts) expect(errorOf(await reply)).toEqual(notThere(named))
  expect(JSON.stringify(dump(graph))).toBe(before)
})

test('an update of a new user is refused in two ways by turns', async () => {
  const graph = await lagging('new user', people, 'incident')
  const { body } = await graph.post('/invitations', {
    invitedUserEmailAddress: 'new@fabrikam.com',
    inviteRedirectUrl: 'https://myapps.microsoft.com',
  })
  const { id } = body.invitedUser
  const refused = (await inTurn(3, () => graph.patch(`/users/${id}`, { companyName: 'Fabrikam' }))).map(errorOf)
  const invalid = [400, 'Request_BadRequest', 'One or more property values specified are invalid.']
  expect(refused).toEqual([notThere(id), invalid, notThere(id)])
})

test('a member whom a replica does not hold yet cannot be taken out there', async () => {
  const graph = await lagging('removal', { ...people, groups: [group('old')] }, 'incident')
  const [old, leeId] = [graph.id('groups', 'old'), graph.id('users', 'lee@fabrikam.com')]
  expect((await graph.post(`/groups/${old}/members/$ref`, reference(leeId))).status).toBe(204)
  expect(errorOf(await graph.delete(`/groups/${old}/members/${leeId}/$ref`))).toEqual(notThere(leeId))
  expect(graph.store.collection('members').size).toBe(1)
  graph.pass(hour)
  expect((await graph.delete(`/groups/${old}/members/${leeId}/$ref`)).status).toBe(204)
})

test('a new application gets its service principal later, and assignments later still', async () => {
  const graph = await lagging('application', { ...people, groups: [group('old')] }, 'incident')
  const { body: application } = await graph.post('/applications', { displayName: 'App' })
  const path = `/servicePrincipals(appId='${application.appId}')`
  const refused = [
    await graph.post('/servicePrincipals', { appId: application.appId }),
    await graph.patch(path, { tags: ['x'] }, createIfMissing),
    await graph.patch(path, { tags: ['x'] }, createIfMissing),
  ]
  const invalid = `The appId '${application.appId}' of the service principal does not reference a valid application object.`
  const foreign =
    'When using this permission, the backing application of the service principal being created must in the local tenant'
  expect(refused.map(errorOf)).toEqual([
    [400, 'Request_BadRequest', invalid],
    [400, 'Request_BadRequest', invalid],
    [403, 'Authorization_RequestDenied', foreign],
  ])
  graph.pass(hour)
  const { status, body: principal } = await graph.patch(path, { tags: ['x'] }, createIfMissing)
  expect(status).toBe(201)
  const principalId = graph.id('groups', 'old')
  const assignment = { principalId, resourceId: principal.id, appRoleId: defaultAccess }
  const assign = () => graph.post(`/servicePrincipals/${principal.id}/appRoleAssignedTo`, assignment)
  expect((await inTurn(4, assign)).map(({ body }) => body.error.message)).toEqual([
    notThere(principal.id)[2],
    'Not a valid reference update.',
    notThere(principal.id)[2],
    'Not a valid reference update.',
  ])
  graph.pass(hour)
  expect((await assign()).status).toBe(201)
  expect((await graph.get(`/servicePrincipals/${principal.id}/appRoleAssignedTo`)).body.value).toEqual([])
  graph.pass(hour)
  expect((await graph.get(`/servicePrincipals/${principal.id}/appRoleAssignedTo`)).body.value).toHaveLength(1)
})

test('what is refused for good is refused as without replicas', async () => {
  const graph = await lagging('for good', { ...people, groups: [group('old')] }, 'incident')
  const [old, leeId] = [graph.id('groups', 'old'), graph.id('users', 'lee@fabrikam.com')]
  expect((await graph.delete(`/groups/${old}/members/${leeId}/$ref`)).status).toBe(404)
  await graph.post(`/groups/${old}/members/$ref`, reference(leeId))
  const again = await graph.post(`/groups/${old}/members/$ref`, reference(leeId))
  expect(again.body.error.message).toMatch(/already exist/)
})

test('the production client invites, forms groups and assigns through it', async () => {
  const clock = createVirtualClock(now)
  const store = openStore(undefined, 'graph')
  seedGraph(store, { ...people, tenant }, 'test')
  const replication = replicate({ store, clock: clock.now, elapsed: clock.now, seed: 'client', lag: 2000 })
  const server = await serveGraph({
    store,
    clock: clock.now,
    latency: 100,
    hold: clock.hold,
    layers: [replication.layer],
  })
  try {
    const graph = connectGraph({
      root: server.url,
      getToken: async () => 'token',
      fetch: clock.watch(fetch),
      clock: { now: clock.now, sleep: clock.sleep, timeout: clock.timeout, random: () => 0 },
    }).writer()
    const inviteRedirectUrl = 'https://myapps.microsoft.com'
    const invited = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        graph.post('/invitations', { invitedUserEmailAddress: `guest${index}@fabrikam.com`, inviteRedirectUrl }),
      ),
    )
    const guests = invited.map(answer => (answer as { invitedUser: { id: string } }).invitedUser.id)
    const made = await graph.upsert("/groups(uniqueName='team')", group('team'))
    await Promise.all(guests.map(id => graph.addMember(made.id, id)))
    const application = await graph.upsert("/applications(uniqueName='app')", { displayName: 'App' })
    const principal = await graph.upsert(`/servicePrincipals(appId='${application.appId}')`, { tags: ['x'] })
    const assignment = { principalId: made.id, resourceId: principal.id, appRoleId: defaultAccess }
    await graph.post(`/servicePrincipals/${principal.id}/appRoleAssignedTo`, assignment)
    await Promise.all(guests.map(id => graph.patch(`/users/${id}`, { companyName: 'Fabrikam' })))
    expect(store.collection('appRoleAssignments').size).toBe(1)
    const companies = guests.map(id => store.collection<{ companyName?: string }>('users').get(id)?.companyName)
    expect(new Set(companies)).toEqual(new Set(['Fabrikam']))
    expect([...store.collection('members').keys()].sort()).toEqual(guests.map(id => `${made.id}/${id}`).sort())
    expect(store.collection('invitations').size).toBe(30)
    expect(clock.now() - now, 'some of it had to wait').toBeGreaterThan(2000)
  } finally {
    await server.close()
  }
})
