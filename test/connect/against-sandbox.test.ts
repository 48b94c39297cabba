// The client and the sandbox's Graph were written apart, from the same facts: here they meet.

import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectGraph, type GraphConnection } from '../../src/connect/graph/client.ts'
import { openTrace } from '../../src/connect/trace.ts'
import { graphPath, odataString } from '../../src/model/escape.ts'
import { seedGraph } from '../../src/sandbox/graph/seed.ts'
import { serveGraph } from '../../src/sandbox/graph/server.ts'
import { openStore } from '../../src/sandbox/store.ts'
import { failureOf } from './failure.ts'
import { instantClock } from './fake-graph.ts'

interface User {
  readonly id: string
  readonly mail?: string
  readonly accountEnabled?: boolean
  readonly userPrincipalName: string
}

interface Met {
  readonly graph: GraphConnection
  /** `METHOD path` of each request so far. */
  readonly requests: () => readonly string[]
}

const guestCount = 2100

async function meet(): Promise<Met> {
  const store = openStore(undefined, 'graph')
  const guests = Array.from({ length: guestCount }, (_, index) => ({
    displayName: `Guest ${index}`,
    userPrincipalName: `guest${index}_fabrikam.com#EXT#@contoso.onmicrosoft.com`,
    mail: `guest${index}@fabrikam.com`,
    userType: 'Guest',
    creationType: 'Invitation',
    companyName: index < 3 ? "O'Brien & Co" : 'Fabrikam',
    accountEnabled: true,
  }))
  seedGraph(store, {
    tenant: { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' },
    users: [
      ...guests,
      {
        displayName: 'Anna',
        userPrincipalName: 'anna@contoso.com',
        mail: 'anna@contoso.com',
        userType: 'Member',
        accountEnabled: true,
      },
    ],
    groups: Array.from({ length: 45 }, (_, index) => ({
      displayName: `Group ${index}`,
      mailNickname: `group${index}`,
      mailEnabled: false,
      securityEnabled: true,
      members:
        index === 0 ? guests.slice(0, 1500).map(guest => guest.userPrincipalName) : [guests[index]?.userPrincipalName],
    })),
    applications: [{ displayName: 'Payroll', appId: '11111111-1111-4111-8111-111111111111' }],
  })
  const server = await serveGraph({ store, clock: () => Date.UTC(2026, 10, 22) })
  onTestFinished(() => server.close())
  const file = join(mkdtempSync(join(tmpdir(), 'guestlist-sandbox-')), 'trace.jsonl')
  const graph = connectGraph({
    root: server.url,
    getToken: async () => 'any',
    clock: instantClock(),
    trace: openTrace(file, () => 0),
  })
  const requests = (): readonly string[] =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { method: string; url: string })
      .map(({ method, url }) => `${method} ${new URL(url).pathname}`)
  return { graph, requests }
}

describe('the client against the sandbox', () => {
  it('reads a collection of several pages, whole', async () => {
    const { graph, requests } = await meet()
    const query = { select: ['id', 'mail', 'userPrincipalName'], filter: "userType eq 'Guest'" }
    const guests = await graph.reader().list<User>('/users', query)
    expect(new Set(guests.map(guest => guest.mail)).size).toBe(guestCount)
    expect(requests()).toEqual(['GET /v1.0/users', 'GET /v1.0/users', 'GET /v1.0/users'])
  })

  it('reads many collections and objects in batches, over their pages', async () => {
    const { graph, requests } = await meet()
    const reader = graph.reader()
    const groups = await reader.list<{ id: string; displayName: string }>('/groups', { select: ['id', 'displayName'] })
    const nobody = graphPath`/groups/${'00000000-0000-0000-0000-000000000000'}/members`
    const paths = [...groups.map(group => graphPath`/groups/${group.id}/members`), nobody]
    const members = await reader.listEach<User>(paths, { select: ['id'] })
    expect(members.map(each => each?.length)).toEqual([
      ...groups.map(group => (group.displayName === 'Group 0' ? 1500 : 1)),
      undefined,
    ])
    expect(requests()).toEqual(['GET /v1.0/groups', ...Array(4).fill('POST /v1.0/$batch')])
    const users = await reader.getEach<User>(
      [
        ...(members.find(each => each?.length === 1500) ?? []).slice(0, 30).map(user => graphPath`/users/${user.id}`),
        '/users/nobody@contoso.com',
      ],
      { select: ['id', 'accountEnabled'] },
    )
    expect(users.map(user => user?.accountEnabled)).toEqual([...Array(30).fill(true), undefined])
    expect(requests().length).toBe(7)
  })

  it('asks advanced questions only as such', async () => {
    const { graph } = await meet()
    const query = { select: ['id'], filter: `companyName eq ${odataString("O'Brien & Co")}` }
    expect((await graph.reader().list<User>('/users', { ...query, advanced: true })).length).toBe(3)
    expect(await failureOf(graph.reader().list('/users', query))).toMatchObject({
      status: 400,
      code: 'Request_UnsupportedQuery',
    })
  })

  it('finds a guest by principal name, # and all', async () => {
    const { graph } = await meet()
    const name = 'guest7_fabrikam.com#EXT#@contoso.onmicrosoft.com'
    expect((await graph.reader().get<User>(graphPath`/users/${name}`))?.userPrincipalName).toBe(name)
  })

  it('makes a group once, fills it, empties it', async () => {
    const { graph, requests } = await meet()
    const writer = graph.writer()
    const body = { displayName: 'Engineers', mailEnabled: false, mailNickname: 'engineers', securityEnabled: true }
    const path = graphPath`/groups(uniqueName=${odataString('guestlist-engineers')})`
    const { id } = await writer.upsert(path, body)
    expect((await writer.upsert(path, body)).id).toBe(id)
    const guests = (await writer.list<User>('/users', { select: ['id'], filter: "userType eq 'Guest'" })).slice(0, 25)
    const members = graphPath`/groups/${id}/members`
    const before = requests().length
    await Promise.all(guests.map(guest => writer.addMember(id, guest.id)))
    expect(requests().slice(before)).toEqual([`PATCH /v1.0/groups/${id}`, `PATCH /v1.0/groups/${id}`])
    expect((await writer.list(members, { select: ['id'] })).length).toBe(25)

    const results = await Promise.allSettled(
      [...guests.slice(0, 2).map(guest => guest.id), '00000000-0000-0000-0000-000000000000'].map(each =>
        writer.addMember(id, each),
      ),
    )
    expect(results.map(each => each.status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])

    const again = requests().length
    await Promise.all(guests.map(guest => writer.removeMember(id, guest.id)))
    expect(requests().slice(again)).toEqual(['POST /v1.0/$batch', 'POST /v1.0/$batch'])
    const gone = requests().length
    await writer.removeMember(id, guests[0]?.id ?? '')
    // Not believed at once.
    expect(new Set(requests().slice(gone))).toEqual(
      new Set([`DELETE /v1.0/groups/${id}/members/${guests[0]?.id}/$ref`]),
    )
    expect(await writer.list(members, { select: ['id'] })).toEqual([])
    expect((await writer.list('/users', { select: ['id'] })).length).toBe(guestCount + 1)
    await writer.delete(graphPath`/groups/${id}`)
    await writer.delete(graphPath`/groups/${id}`)
  })

  it('invites a guest with a sponsor, changes, deletes and restores them', async () => {
    const { graph } = await meet()
    const writer = graph.writer()
    const { invitedUser } = await writer.post<{ invitedUser: User }>('/invitations', {
      invitedUserEmailAddress: 'lee@fabrikam.com',
      inviteRedirectUrl: 'https://myapps.microsoft.com/',
    })
    const user = graphPath`/users/${invitedUser.id}`
    await writer.patch(user, { displayName: 'Lee', companyName: 'Fabrikam' })
    const anna = await writer.get<User>('/users/anna@contoso.com', { select: ['id'] })
    await writer.addReference(`${user}/sponsors`, anna?.id ?? '')
    await writer.addReference(`${user}/sponsors`, anna?.id ?? '')
    expect((await writer.list<User>(`${user}/sponsors`)).map(each => each.id)).toEqual([anna?.id])
    await writer.delete(`${user}${graphPath`/sponsors/${anna?.id ?? ''}`}/$ref`)
    expect(await writer.list(`${user}/sponsors`)).toEqual([])
    await writer.delete(user)
    expect(await writer.get(user)).toBeUndefined()
    expect((await writer.list<User>('/directory/deletedItems/microsoft.graph.user')).map(each => each.id)).toContain(
      invitedUser.id,
    )
    await writer.post(graphPath`/directory/deletedItems/${invitedUser.id}/restore`, {})
    expect(await writer.get(user, { select: ['displayName', 'companyName'] })).toMatchObject({
      displayName: 'Lee',
      companyName: 'Fabrikam',
    })
  })

  it('publishes in beta', async () => {
    const { graph } = await meet()
    const writer = graph.writer()
    const [application] = await writer.list<User>('/applications', { select: ['id'] })
    const path = graphPath`/applications/${application?.id ?? ''}`
    const onPremisesPublishing = {
      externalAuthenticationType: 'aadPreAuthentication',
      internalUrl: 'http://payroll.corp.contoso.com/',
      externalUrl: 'https://payroll-contoso.msappproxy.net/',
    }
    await writer.patch(path, { onPremisesPublishing }, 'beta')
    const query = { version: 'beta', select: ['id', 'onPremisesPublishing'] } as const
    expect(await writer.getEach([path], query)).toMatchObject([{ onPremisesPublishing }])
    expect(await failureOf(writer.patch(path, { onPremisesPublishing }))).toMatchObject({ status: 400 })
  })

  it('shows what Graph refuses, with its id', async () => {
    const { graph } = await meet()
    const writer = graph.writer()
    const unknown = await failureOf(writer.patch('/users/anna@contoso.com', { shoeSize: 44 }))
    expect(unknown.status).toBe(400)
    expect(unknown.requestId).toMatch(/^[0-9a-f-]{36}$/)
    const internal = await failureOf(
      writer.post('/invitations', {
        invitedUserEmailAddress: 'anna@contoso.com',
        inviteRedirectUrl: 'https://x.example/',
      }),
    )
    expect(internal.status).toBe(400)
    expect(internal.message).toContain('account of your own tenant')
    expect((await failureOf(writer.patch('/users/nobody@contoso.com', {}))).status).toBe(404)
  })
})
