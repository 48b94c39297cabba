// What somebody changed since the plan was made is not overwritten.

import { describe, expect, test } from 'vitest'
import { type Asked, answerBatch, batchOf, type Fake, refusal, type Scripted, startFake } from './fake-graph.ts'

type Item = Record<string, unknown>

const notThere: Scripted = { status: 404, body: refusal('Request_ResourceNotFound', 'no such object') }

/** Objects by path. Reads answer from them; writes are answered and change nothing but what the test says. */
async function tenant(objects: Record<string, Item>, onRead: (path: string, reads: number) => void = () => undefined) {
  const writes: string[] = []
  let reads = 0
  const answer = (method: string, url: string, body: unknown): Scripted => {
    const path = url.replace(/^\/(v1\.0|beta)/, '').replace(/\?.*/, '')
    if (method !== 'GET') {
      writes.push(`${method} ${path}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`)
      return { status: 204 }
    }
    onRead(path, ++reads)
    const found = objects[path]
    if (found !== undefined) return { body: found }
    const value = Object.keys(objects).filter(key => key.slice(0, key.lastIndexOf('/')) === path)
    return value.length === 0 ? notThere : { body: { value: value.map(key => objects[key]) } }
  }
  const script = (asked: Asked): Scripted =>
    asked.url.endsWith('/$batch')
      ? answerBatch(asked, item => answer(item.method, item.url, (item as { body?: unknown }).body))
      : answer(asked.method, asked.url, asked.body)
  const fake = await startFake(script)
  return { ...fake, writes }
}

async function planned(fake: Fake, path: string, select?: readonly string[]): Promise<void> {
  await fake.graph.reader().list(path, select === undefined ? {} : { select })
  fake.asked.length = 0
}

const stale = { code: 'stale' }
const guest = (id: string, more: Item = {}): Item => ({ id, displayName: id, accountEnabled: true, ...more })
const select = ['id', 'displayName', 'accountEnabled']

describe('a write to what the plan saw', () => {
  test('is sent after one look if nothing has changed, also where others changed what it leaves alone', async () => {
    const objects = { '/users/a': guest('a') }
    const fake = await tenant(objects)
    await planned(fake, '/users', select)
    objects['/users/a'] = guest('a', { displayName: 'renamed' })
    await fake.graph.writer().patch('/users/a', { accountEnabled: false })
    expect(fake.asked.map(({ method }) => method)).toEqual(['GET', 'PATCH'])
    expect(fake.asked[0]?.url).toContain('$select=accountEnabled')
  })

  test('is not sent if somebody changed what it would overwrite: what it was, what it is, and what to do are told', async () => {
    const objects = { '/users/a': guest('a') }
    const fake = await tenant(objects)
    await planned(fake, '/users', select)
    objects['/users/a'] = guest('a', { displayName: 'theirs' })
    const failure = await fake.graph
      .writer()
      .patch('/users/a', { displayName: 'ours' })
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ ...stale, hint: expect.stringMatching(/plan again/) })
    expect(failure).toMatchObject({
      message: expect.stringMatching(/displayName was "a" and is "theirs" now.*nothing was overwritten/),
    })
    expect(fake.writes).toEqual([])
    // Not on the word of one replica.
    expect(fake.slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(30_000)
  })

  test('is compared again before it is repeated after a while', async () => {
    let displayName = 'planned'
    const throttled = { status: 429, headers: { 'retry-after': '60' }, body: refusal('TooManyRequests', 'x') }
    const { graph, asked } = await startFake(({ method }) => {
      if (method === 'GET') return { body: guest('a', { displayName }) }
      displayName = 'theirs'
      return throttled
    })
    await graph.reader().get('/users/a', { select })
    await expect(graph.writer().patch('/users/a', { displayName: 'ours' })).rejects.toMatchObject(stale)
    expect(asked.filter(({ method }) => method === 'PATCH')).toHaveLength(1)
  })

  test('is sent if it is as wanted already, or as this run wrote it', async () => {
    const objects = { '/users/a': guest('a') }
    const fake = await tenant(objects)
    await planned(fake, '/users', select)
    const writer = fake.graph.writer()
    objects['/users/a'] = guest('a', { displayName: 'wanted' })
    await writer.patch('/users/a', { displayName: 'wanted' })
    await writer.patch('/users/a', { displayName: 'second' })
    objects['/users/a'] = guest('a')
    await writer.patch('/users/a', { displayName: 'third' })
    objects['/users/a'] = guest('a', { displayName: 'second' })
    await writer.delete('/users/a')
    expect(fake.writes).toHaveLength(4)
  })

  test('is sent if only a replica lags behind the plan', async () => {
    const objects = { '/users/a': guest('a') }
    const fake = await tenant(objects, (_, reads) => {
      objects['/users/a'] = guest('a', reads === 2 ? { displayName: 'long ago' } : {})
    })
    await planned(fake, '/users', select)
    await fake.graph.writer().patch('/users/a', { displayName: 'ours' })
    expect(fake.writes).toEqual(['PATCH /users/a {"displayName":"ours"}'])
  })

  // Answers by look, from the first one on: + as the plan saw it, - changed.
  test.each([
    ['-++-++', 'sent'],
    ['---+--', 'stale'],
  ])('is decided by what the last two of several answers agree on: %s', async (looks, expected) => {
    const objects = { '/users/a': guest('a') }
    const fake = await tenant(objects, (_, reads) => {
      objects['/users/a'] = guest('a', looks[reads - 2] === '-' ? { displayName: 'theirs' } : {})
    })
    await planned(fake, '/users', select)
    const writing = fake.graph.writer().patch('/users/a', { displayName: 'ours' })
    expect(
      await writing.then(
        () => 'sent',
        error => error.code,
      ),
    ).toBe(expected)
    expect(fake.writes).toHaveLength(expected === 'sent' ? 1 : 0)
  })

  test('needs no look where it overwrites nothing that the plan saw', async () => {
    const fake = await tenant({ '/users/a': guest('a') })
    await planned(fake, '/users', select)
    await fake.graph.writer().patch('/users/a', { companyName: 'Fabrikam' })
    expect(fake.asked.map(({ method }) => method)).toEqual(['PATCH'])
  })

  test('deletes nothing that anybody changed in any way that the plan saw', async () => {
    const objects = { '/users/a': guest('a'), '/users/b': guest('b') }
    const fake = await tenant(objects)
    await planned(fake, '/users', select)
    objects['/users/a'] = guest('a', { accountEnabled: false })
    await expect(fake.graph.writer().delete('/users/a')).rejects.toMatchObject(stale)
    await fake.graph.writer().delete('/users/b')
    expect(fake.writes).toEqual(['DELETE /users/b'])
  })

  test('is compared together with others that wait', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `u${index}`)
    const fake = await tenant(Object.fromEntries(names.map(name => [`/users/${name}`, guest(name)])))
    await planned(fake, '/users', select)
    const writer = fake.graph.writer()
    await Promise.all(
      names.map((name, index) =>
        writer.patch(`/users/${name}`, index % 2 ? { displayName: 'x' } : { accountEnabled: false }),
      ),
    )
    expect(fake.writes).toHaveLength(20)
    const looks = fake.asked.filter(asked => asked.url.endsWith('/$batch') && batchOf(asked)[0]?.method === 'GET')
    expect(looks.map(asked => batchOf(asked).length)).toEqual([20])
  })

  test('needs no look at what the plan did not see', async () => {
    const fake = await tenant({})
    await fake.graph.writer().patch('/users/new', { displayName: 'x' })
    expect(fake.asked.map(({ method }) => method)).toEqual(['PATCH'])
  })

  test('of conditional access is compared by one list for all', async () => {
    const path = '/identity/conditionalAccess/policies'
    const objects: Record<string, Item> = {
      [`${path}/a`]: {
        id: 'a',
        displayName: 'a',
        state: 'enabled',
        conditions: { users: { excludeGroups: ['x', 'y'] } },
      },
      [`${path}/b`]: { id: 'b', displayName: 'b', state: 'enabled', conditions: {} },
    }
    const fake = await tenant(objects)
    await planned(fake, path)
    objects[`${path}/a`] = {
      id: 'a',
      displayName: 'a',
      state: 'enabled',
      conditions: { users: { excludeGroups: ['y', 'x'] } },
    }
    const writer = fake.graph.writer()
    await Promise.all([writer.patch(`${path}/a`, { conditions: {} }), writer.patch(`${path}/b`, { state: 'disabled' })])
    expect(fake.asked.filter(({ method }) => method === 'GET').length).toBeLessThanOrEqual(2)
    expect(fake.writes).toHaveLength(2)
    objects[`${path}/b`] = { id: 'b', displayName: 'b', state: 'enabledForReportingButNotEnforced', conditions: {} }
    await expect(writer.delete(`${path}/b`)).rejects.toMatchObject(stale)
  })

  test('in beta, of a single reference, and of a partner, too', async () => {
    const partner = '/policies/crossTenantAccessPolicy/partners/t'
    const objects: Record<string, Item> = {
      '/applications/x': { id: 'x', onPremisesPublishing: { externalUrl: 'https://a/' } },
      '/applications/x/connectorGroup': { id: 'g' },
      [partner]: { tenantId: 't', inboundTrust: null },
    }
    const fake = await tenant(objects)
    const reader = fake.graph.reader()
    await reader.getEach(['/applications/x'], { version: 'beta', select: ['id', 'onPremisesPublishing'] })
    await reader.getEach(['/applications/x/connectorGroup'], { version: 'beta', select: ['id'] })
    await reader.list('/policies/crossTenantAccessPolicy/partners')
    const writer = fake.graph.writer()
    const all = () => [
      writer.patch('/applications/x', { onPremisesPublishing: null }, 'beta'),
      writer.setReference('/applications/x/connectorGroup', '/connectorGroups/h', 'beta'),
      writer.patch(partner, { inboundTrust: { isMfaAccepted: true } }),
    ]
    objects['/applications/x'] = { id: 'x', onPremisesPublishing: { externalUrl: 'https://b/' } }
    objects['/applications/x/connectorGroup'] = { id: 'theirs' }
    objects[partner] = { tenantId: 't', inboundTrust: { isMfaAccepted: false } }
    const results = await Promise.allSettled(all())
    expect(results.map(result => (result.status === 'rejected' ? result.reason.code : 'done'))).toEqual([
      'stale',
      'stale',
      'stale',
    ])
    expect(fake.writes).toEqual([])
  })

  test('of a service principal knows the tags that this run changed on its application, and no others', async () => {
    const objects: Record<string, Item> = {
      '/applications/x': { id: 'x', appId: 'i', tags: ['ours', 'kept'] },
      '/servicePrincipals/s': { id: 's', appId: 'i', tags: ['ours', 'kept', 'own'] },
    }
    const fake = await tenant(objects)
    await planned(fake, '/applications', ['id', 'appId', 'tags'])
    await planned(fake, '/servicePrincipals', ['id', 'appId', 'tags'])
    const writer = fake.graph.writer()
    await writer.patch('/applications/x', { tags: ['kept'] })
    objects['/servicePrincipals/s'] = { id: 's', appId: 'i', tags: ['kept', 'own'] }
    await writer.patch('/servicePrincipals/s', { tags: ['own', 'mark'] })
    // What was written to both, before the application's tags are gone there, too.
    objects['/servicePrincipals/s'] = { id: 's', appId: 'i', tags: ['ours', 'kept', 'own', 'mark'] }
    await writer.patch('/servicePrincipals/s', { tags: ['own', 'mark', 'more'] })
    objects['/servicePrincipals/s'] = { id: 's', appId: 'i', tags: ['kept', 'own', 'theirs'] }
    await expect(writer.patch('/servicePrincipals/s', { tags: ['own'] })).rejects.toMatchObject(stale)
  })

  test('of a service principal knows the name that this run gave its application, and no other', async () => {
    const objects: Record<string, Item> = {
      '/applications/x': { id: 'x', appId: 'i', displayName: 'Wiki' },
      '/servicePrincipals/s': { id: 's', appId: 'i', displayName: 'Wiki' },
    }
    const fake = await tenant(objects)
    await planned(fake, '/applications', ['id', 'appId', 'displayName'])
    await planned(fake, '/servicePrincipals', ['id', 'appId', 'displayName'])
    const writer = fake.graph.writer()
    await writer.patch('/applications/x', { displayName: 'Handbook' })
    objects['/servicePrincipals/s'] = { id: 's', appId: 'i', displayName: 'Theirs' }
    await expect(writer.delete('/servicePrincipals/s')).rejects.toMatchObject(stale)
    objects['/servicePrincipals/s'] = { id: 's', appId: 'i', displayName: 'Handbook' }
    await writer.delete('/servicePrincipals/s')
    expect(fake.writes).toHaveLength(2)
  })
})
