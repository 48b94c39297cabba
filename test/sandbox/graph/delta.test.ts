// Delta queries: a first round with everything, and rounds with what changed since.

import { expect, test } from 'vitest'
import { replicate } from '../../../src/sandbox/graph/replication/replicate.ts'
import { createIfMissing, errorOf, people, type Reply, reference, type Served, serve } from './served.ts'

type Entry = Readonly<Record<string, unknown>> & { readonly id: string }

interface Round {
  readonly entries: readonly Entry[]
  readonly pages: number
  /** The link to the next round. */
  readonly link: string
}

async function round(graph: Served, path: string, headers?: Readonly<Record<string, string>>): Promise<Round> {
  const entries: Entry[] = []
  let next = path
  for (let pages = 1; ; pages += 1) {
    const { status, body } = await graph.get(next, headers)
    expect(status, JSON.stringify(body)).toBe(200)
    entries.push(...body.value)
    const link: string | undefined = body['@odata.deltaLink']
    if (link !== undefined) return { entries, pages, link: pathOf(graph, link) }
    next = pathOf(graph, body['@odata.nextLink'])
  }
}

function pathOf(graph: Served, link: string): string {
  expect(link.startsWith(`${graph.url}/v1.0/`)).toBe(true)
  return link.slice(`${graph.url}/v1.0`.length)
}

const group = (name: string) => ({ displayName: name, mailEnabled: false, mailNickname: name, securityEnabled: true })
const byId = (one: Entry, other: Entry) => (one.id < other.id ? -1 : 1)
const sorted = (entries: readonly Entry[]) => [...entries].sort(byId)
const day = 86_400_000

test('the first round has everything, the next ones what changed', async () => {
  const graph = await serve(people)
  const [leeId, danaId] = [graph.id('users', 'lee@fabrikam.com'), graph.id('users', 'dana@fabrikam.com')]
  const first = await round(graph, '/users/delta?$select=displayName,userType')
  expect(first.entries).toHaveLength(3)
  expect(first.entries.find(({ id }) => id === leeId)).toEqual({ id: leeId, displayName: 'Lee Gu', userType: 'Guest' })
  const nothing = await round(graph, first.link)
  expect(nothing.entries).toEqual([])

  await graph.patch(`/users/${leeId}`, { displayName: 'Lee' })
  await graph.patch(`/users/${danaId}`, { companyName: 'nobody asked for this' })
  const second = await round(graph, nothing.link)
  expect(second.entries).toEqual([{ id: leeId, displayName: 'Lee', userType: 'Guest' }])
  expect((await round(graph, second.link)).entries).toEqual([])
  expect((await round(graph, nothing.link)).entries, 'an old link still holds').toEqual(second.entries)
})

test('what was deleted is removed as changed, and as deleted once it is gone for good', async () => {
  const graph = await serve(people)
  const leeId = graph.id('users', 'lee@fabrikam.com')
  const { link } = await round(graph, '/users/delta?$select=displayName')
  await graph.delete(`/users/${leeId}`)
  const deleted = await round(graph, link)
  expect(deleted.entries).toEqual([{ id: leeId, '@removed': { reason: 'changed' } }])
  await graph.post(`/directory/deletedItems/${leeId}/restore`)
  const restored = await round(graph, deleted.link)
  expect(restored.entries).toEqual([{ id: leeId, displayName: 'Lee Gu' }])
  await graph.delete(`/users/${leeId}`)
  const again = await round(graph, restored.link)
  expect(again.entries).toEqual(deleted.entries)
  await graph.delete(`/directory/deletedItems/${leeId}`)
  expect((await round(graph, again.link)).entries).toEqual([{ id: leeId, '@removed': { reason: 'deleted' } }])
  expect((await round(graph, '/users/delta')).entries).toHaveLength(2)
})

test('from now on: a link and nothing else', async () => {
  const graph = await serve(people)
  const leeId = graph.id('users', 'lee@fabrikam.com')
  const { entries, link } = await round(graph, '/users/delta?$deltatoken=latest&$select=jobTitle')
  expect(entries).toEqual([])
  await graph.patch(`/users/${leeId}`, { jobTitle: 'Fitter' })
  expect((await round(graph, link)).entries).toEqual([{ id: leeId, jobTitle: 'Fitter' }])
})

test('only what changed, if less is preferred', async () => {
  const graph = await serve(people)
  const leeId = graph.id('users', 'lee@fabrikam.com')
  const { link } = await round(graph, '/users/delta')
  await graph.patch(`/users/${leeId}`, { jobTitle: 'Fitter' })
  expect((await round(graph, link, { Prefer: 'return=minimal' })).entries).toEqual([{ id: leeId, jobTitle: 'Fitter' }])
})

test('members come with their groups, and go', async () => {
  const graph = await serve({ ...people, groups: [{ ...group('team'), members: ['lee@fabrikam.com'] }] })
  const [team, leeId, danaId] = [
    graph.id('groups', 'team'),
    graph.id('users', 'lee@fabrikam.com'),
    graph.id('users', 'dana@fabrikam.com'),
  ]
  const user = (id: string) => ({ '@odata.type': '#microsoft.graph.user', id })
  const first = await round(graph, '/groups/delta?$select=displayName,members')
  expect(first.entries).toEqual([{ id: team, displayName: 'team', 'members@delta': [user(leeId)] }])
  const without = await round(graph, '/groups/delta?$select=displayName')
  expect(without.entries).toEqual([{ id: team, displayName: 'team' }])

  await graph.post(`/groups/${team}/members/$ref`, reference(danaId))
  await graph.delete(`/groups/${team}/members/${leeId}/$ref`)
  const second = await round(graph, first.link)
  const removed = { '@removed': { reason: 'deleted' } }
  const gone = (id: string) => ({ '@odata.type': '#microsoft.graph.user', id, ...removed })
  expect(second.entries).toHaveLength(1)
  expect(sorted(second.entries[0]?.['members@delta'] as Entry[])).toEqual(sorted([user(danaId), gone(leeId)]))
  expect((await round(graph, without.link)).entries).toEqual([])

  await graph.delete(`/users/${danaId}`)
  const third = await round(graph, second.link)
  expect(third.entries[0]?.['members@delta']).toMatchObject([{ id: danaId, ...removed }])
  for (const path of ['/groups/delta', '/groups/delta?$select=displayName&$expand=members']) {
    await graph.post(`/directory/deletedItems/${danaId}/restore`)
    expect((await round(graph, path)).entries[0]?.['members@delta']).toEqual([user(danaId)])
  }
})

test('a large group is on several pages', async () => {
  const users = Array.from({ length: 250 }, (_, index) => ({
    mail: `u${index}@fabrikam.com`,
    displayName: `U${index}`,
    userType: 'Guest',
  }))
  const members = users.map(({ mail }) => mail)
  const graph = await serve({ users, groups: [{ ...group('large'), members }, group('small')] })
  const { entries, pages } = await round(graph, '/groups/delta')
  expect(pages).toBeGreaterThan(2)
  const large = entries.filter(({ displayName }) => displayName === 'large')
  expect(large).toHaveLength(3)
  const ids = large.flatMap(entry => (entry['members@delta'] as Entry[]).map(({ id }) => id))
  expect(new Set(ids).size).toBe(250)
  expect(entries.filter(({ displayName }) => displayName === 'small')).toHaveLength(1)
  const all = await round(graph, '/users/delta?$select=displayName')
  expect([all.pages, new Set(all.entries.map(({ id }) => id)).size]).toEqual([3, 250])
})

test('what changes between the pages of a round is in the next round at the latest', async () => {
  const users = Array.from({ length: 150 }, (_, index) => ({
    mail: `u${index}@fabrikam.com`,
    displayName: `U${index}`,
    userType: 'Guest',
  }))
  const graph = await serve({ users })
  const page = await graph.get('/users/delta?$select=jobTitle')
  const shown: string = page.body.value[0].id
  await graph.patch(`/users/${shown}`, { jobTitle: 'Fitter' })
  const rest = await round(graph, pathOf(graph, page.body['@odata.nextLink']))
  expect((await round(graph, rest.link)).entries).toEqual([{ id: shown, jobTitle: 'Fitter' }])
})

test('some objects only, by their ids', async () => {
  const graph = await serve(people)
  const [leeId, danaId] = [graph.id('users', 'lee@fabrikam.com'), graph.id('users', 'dana@fabrikam.com')]
  const { entries, link } = await round(graph, `/users/delta?$filter=id eq '${leeId}'`)
  expect(entries.map(({ id }) => id)).toEqual([leeId])
  for (const id of [leeId, danaId]) await graph.patch(`/users/${id}`, { jobTitle: 'Fitter' })
  expect((await round(graph, link)).entries.map(({ id }) => id)).toEqual([leeId])
})

test.each([
  "/users/delta?$filter=userType eq 'Guest'",
  '/users/delta?$top=5',
  '/users/delta?$orderby=displayName',
  '/users/delta?$expand=manager',
  `/applications/delta?$filter=id eq '00000000-0000-0000-0000-000000000000'`,
])('unsupported: %s', async path => {
  expect(errorOf(await (await serve(people)).get(path)).slice(0, 2)).toEqual([400, 'Request_UnsupportedQuery'])
})

test('applications, service principals and the whole directory have deltas, too', async () => {
  const graph = await serve(people)
  const paths = ['/applications/delta', '/servicePrincipals/delta', '/directoryObjects/delta']
  const links: string[] = []
  for (const path of paths) links.push((await round(graph, path)).link)
  const { body: application } = await graph.post('/applications', { displayName: 'App' })
  const { body: principal } = await graph.patch(
    `/servicePrincipals(appId='${application.appId}')`,
    { tags: [] },
    createIfMissing,
  )
  const rounds = await Promise.all(links.map(link => round(graph, link)))
  expect(rounds.map(({ entries }) => entries.map(({ id }) => id).sort())).toEqual([
    [application.id],
    [principal.id],
    [application.id, principal.id].sort(),
  ])
  expect(rounds[2]?.entries.find(({ id }) => id === principal.id)).toMatchObject({
    '@odata.type': '#microsoft.graph.servicePrincipal',
  })
})

async function published(graph: Served): Promise<string> {
  const { body } = await graph.post('/applications', { displayName: 'App' })
  return body.id
}

test('what Application Proxy keeps is not tracked', async () => {
  const graph = await serve(people)
  const id = await published(graph)
  const { link } = await round(graph, '/applications/delta')
  const onPremisesPublishing = {
    externalUrl: 'https://app-acme.msappproxy.net/',
    internalUrl: 'https://app.corp.example/',
    externalAuthenticationType: 'aadPreAuthentication',
  }
  expect((await graph.patch(`/beta/applications/${id}`, { onPremisesPublishing })).status).toBe(204)
  expect((await round(graph, link)).entries).toEqual([])
})

function expectResync(graph: Served, reply: Reply): void {
  expect(errorOf(reply).slice(0, 2)).toEqual([410, 'syncStateNotFound'])
  expect(reply.headers.get('location')).toBe(`${graph.url}/v1.0/users/delta`)
}

test('a token lives seven days, and dies with the sandbox that gave it', async () => {
  const graph = await serve(people)
  const { link } = await round(graph, '/users/delta')
  graph.clock.now += 7 * day
  expect((await graph.get(link)).status).toBe(200)
  graph.clock.now += 1
  expectResync(graph, await graph.get(link))
  const other = await serve(people)
  expectResync(other, await other.get(link))
  expect((await graph.get('/users/delta?$deltatoken=nonsense')).status).toBe(400)
  const ofGroups = link.replace('/users/', '/groups/')
  expect((await graph.get(ofGroups)).status).toBe(400)
})

test('a delta comes from the replica that gave its token, as late as a list', async () => {
  let elapsed = 0
  const graph = await serve(people, {}, (store, clock) => ({
    layers: [replicate({ store, clock, elapsed: () => elapsed, seed: 'delta', lag: 2000 }).layer],
  }))
  const leeId = graph.id('users', 'lee@fabrikam.com')
  let { link } = await round(graph, '/users/delta?$select=jobTitle')
  await graph.patch(`/users/${leeId}`, { jobTitle: 'Fitter' })
  const seen: Entry[] = []
  for (let second = 0; second < 1500; second += 50) {
    const { entries, link: next } = await round(graph, link)
    seen.push(...entries)
    link = next
    elapsed += 50_000
  }
  expect(seen).toEqual([{ id: leeId, jobTitle: 'Fitter' }])
})
