import { describe, expect, test } from 'vitest'
import type { FaultRule } from '../../../src/sandbox/graph/faults/kinds.ts'
import { createFaults, type FaultOptions, type Faults } from '../../../src/sandbox/graph/faults.ts'
import { errorOf, people, type Served, serve, unknownId } from './served.ts'

const group = { displayName: 'A', mailEnabled: false, mailNickname: 'a', securityEnabled: true }
const invitation = { invitedUserEmailAddress: 'pat@fabrikam.com', inviteRedirectUrl: 'https://myapps.microsoft.com' }
const json = { 'Content-Type': 'application/json' }

interface Stormy extends Served {
  readonly faults: Faults
  readonly held: readonly number[]
}

async function faulty(rules: readonly FaultRule[], more: Partial<FaultOptions> = {}): Promise<Stormy> {
  const held: number[] = []
  const faults = createFaults({ seed: 1, rules, hold: async ms => void held.push(ms), ...more })
  const graph = await serve(people, {}, { layers: [faults.layer], delivery: faults.delivery })
  return { ...graph, faults, held }
}

/** The groups that are there now: what was carried out. */
function groupsIn(graph: Served): number {
  return graph.store.collection('groups').size
}

async function batch(graph: Served, requests: readonly object[]): Promise<ReadonlyMap<string, number>> {
  const { status, body } = await graph.post('/$batch', { requests })
  expect(status).toBe(200)
  return new Map(body.responses.map((response: { id: string; status: number }) => [response.id, response.status]))
}

function makeGroup(id: string): object {
  return { id, method: 'POST', url: '/groups', headers: json, body: { ...group, mailNickname: id } }
}

describe('errors', () => {
  test.each([
    [403, 'Authorization_RequestDenied'],
    [409, 'Directory_ConcurrencyViolation'],
    [423, 'Locked'],
    [429, 'TooManyRequests'],
    [500, 'InternalServerError'],
    [502, 'BadGateway'],
    [503, 'ServiceUnavailable'],
    [504, 'GatewayTimeout'],
  ] as const)('%i in place of what was asked for', async (fault, code) => {
    const graph = await faulty([{ fault, on: 'POST /groups', times: 1, retryAfter: 2.5 }])
    const reply = await graph.post('/groups', group)
    expect(errorOf(reply).slice(0, 2)).toEqual([fault, code])
    expect(reply.headers.get('retry-after')).toBe('2.5')
    expect(groupsIn(graph)).toBe(0)
    expect((await graph.post('/groups', group)).status).toBe(201)
  })

  test('after it was carried out', async () => {
    const graph = await faulty([{ fault: 503, on: 'POST /groups', carriedOut: true }])
    expect((await graph.post('/groups', group)).status).toBe(503)
    expect(groupsIn(graph)).toBe(1)
  })

  test('409 of concurrent requests is for writes', async () => {
    const graph = await faulty([{ fault: 409 }])
    expect((await graph.get('/users')).status).toBe(200)
    expect((await graph.post('/groups', group)).status).toBe(409)
  })

  test('an expired token', async () => {
    const graph = await faulty([{ fault: 'expired-token', nth: 2 }])
    expect((await graph.get('/users')).status).toBe(200)
    expect(errorOf(await graph.get('/users')).slice(0, 2)).toEqual([401, 'InvalidAuthenticationToken'])
    expect((await graph.get('/users')).status).toBe(200)
  })

  test('a full directory refuses what makes something', async () => {
    const graph = await faulty([{ fault: 'directory-full' }])
    for (const [path, body] of [
      ['/groups', group],
      ['/invitations', invitation],
    ] as const) {
      expect(errorOf(await graph.post(path, body)).slice(0, 2)).toEqual([403, 'Directory_QuotaExceeded'])
    }
    expect((await graph.patch(`/users/${graph.id('users', 'Lee Gu')}`, { city: 'Oslo' })).status).toBe(204)
  })

  test('a delta token that is gone', async () => {
    const graph = await faulty([{ fault: 'resync' }])
    const reply = await graph.get('/users/delta?$deltatoken=x')
    expect([reply.status, reply.headers.get('location')]).toEqual([410, `${graph.url}/v1.0/users/delta`])
    expect((await graph.get('/users')).status).toBe(200)
  })
})

describe('on the way', () => {
  test.each([
    [undefined, 0],
    [true, 1],
  ])('the connection ends; carried out: %s', async (carriedOut, groups) => {
    const graph = await faulty([{ fault: 'reset', on: 'POST', ...(carriedOut === undefined ? {} : { carriedOut }) }])
    await expect(graph.post('/groups', group)).rejects.toThrow('fetch failed')
    expect(groupsIn(graph)).toBe(groups)
  })

  test('half an answer', async () => {
    const graph = await faulty([{ fault: 'cut', nth: 1 }])
    await expect(graph.post('/groups', group)).rejects.toThrow('terminated')
    expect(groupsIn(graph)).toBe(1)
  })

  test('an answer without a body cannot be cut: the connection ends', async () => {
    const graph = await faulty([{ fault: 'cut', on: 'PATCH' }])
    const path = `/users/${graph.id('users', 'Lee Gu')}`
    await expect(graph.patch(path, { city: 'Oslo' })).rejects.toThrow('fetch failed')
    expect((await graph.get(`${path}?$select=city`)).body.city).toBe('Oslo')
  })

  test.each([
    ['html-200', 200],
    ['html-404', 404],
    ['html-502', 502],
  ] as const)('%s', async (fault, status) => {
    const graph = await faulty([{ fault }])
    const reply = await graph.get('/users')
    expect(reply.status).toBe(status)
    expect(reply.headers.get('content-type')).toMatch(/^text\/html/)
    expect(reply.body).toMatch(/^<!DOCTYPE html>/)
  })

  test('slow, and then as ever', async () => {
    const graph = await faulty([{ fault: 'slow', ms: 7000 }])
    expect((await graph.get('/users')).body.value).toHaveLength(3)
    expect(graph.held).toEqual([7000])
  })

  test('a rule for one request befalls a batch that holds such a one', async () => {
    const graph = await faulty([{ fault: 'reset', on: 'POST /groups', carriedOut: true }])
    await expect(batch(graph, [{ id: '1', method: 'GET', url: '/users' }, makeGroup('2')])).rejects.toThrow()
    expect(groupsIn(graph)).toBe(1)
    expect((await batch(graph, [{ id: '1', method: 'GET', url: '/users' }])).get('1')).toBe(200)
  })
})

describe('in a batch', () => {
  test('single items fail', async () => {
    const graph = await faulty([{ fault: 503, nth: 2 }])
    expect(await batch(graph, [makeGroup('1'), makeGroup('2'), makeGroup('3')])).toEqual(
      new Map([
        ['1', 201],
        ['2', 503],
        ['3', 201],
      ]),
    )
    expect(groupsIn(graph)).toBe(2)
  })

  test.each([
    [false, 1],
    [true, 2],
  ])('an item is missing from the answer; carried out: %s', async (carriedOut, groups) => {
    const graph = await faulty([{ fault: 'missing', nth: 1, carriedOut }])
    expect([...(await batch(graph, [makeGroup('1'), makeGroup('2')])).keys()]).toEqual(['2'])
    expect(groupsIn(graph)).toBe(groups)
  })

  test('a rule that names $batch befalls the whole', async () => {
    const graph = await faulty([{ fault: 503, on: 'POST /$batch', carriedOut: true }])
    expect((await graph.post('/$batch', { requests: [makeGroup('1')] })).status).toBe(503)
    expect(groupsIn(graph)).toBe(1)
  })

  test('alone, or in a batch only', async () => {
    const alone = await faulty([{ fault: 500, in: 'alone' }])
    expect((await alone.get('/users')).status).toBe(500)
    expect((await batch(alone, [{ id: '1', method: 'GET', url: '/users' }])).get('1')).toBe(200)
    const inBatch = await faulty([{ fault: 500, in: 'batch' }])
    expect((await inBatch.get('/users')).status).toBe(200)
    expect((await batch(inBatch, [{ id: '1', method: 'GET', url: '/users' }])).get('1')).toBe(500)
  })
})

describe('lists', () => {
  /** The pages, as names, by their links; no more than five. */
  async function pagesOf(graph: Served, path: string): Promise<readonly (readonly string[])[]> {
    const pages: string[][] = []
    let next: string | undefined = path
    while (next !== undefined && pages.length < 5) {
      const { body } = await graph.get(next)
      pages.push(body.value.map((user: { displayName: string }) => user.displayName))
      next = body['@odata.nextLink']?.slice(graph.url.length)
    }
    return pages
  }

  test('in two pages, without a fault', async () => {
    const graph = await faulty([])
    expect(await pagesOf(graph, '/users?$top=2')).toHaveLength(2)
  })

  test('a next link that repeats', async () => {
    const graph = await faulty([{ fault: 'repeated-link', nth: 2 }])
    const [first, second, ...rest] = await pagesOf(graph, '/users?$top=2&$select=displayName')
    expect(rest).toEqual([second])
    expect(second).not.toEqual(first)
    const endless = await faulty([{ fault: 'repeated-link' }])
    expect(await pagesOf(endless, '/users')).toHaveLength(5)
  })

  test('items that come twice', async () => {
    const graph = await faulty([{ fault: 'repeated-items' }])
    const [one, again, two, twice, ...rest] = await pagesOf(graph, '/users?$top=2')
    expect([again, twice, rest]).toEqual([one, two, []])
    expect([one?.length, two?.length]).toEqual([2, 1])
  })

  test('an empty page, and the next link leads to what belongs there', async () => {
    const graph = await faulty([{ fault: 'empty-page', nth: 1 }])
    const pages = await pagesOf(graph, '/users?$top=2')
    expect(pages.map(page => page.length)).toEqual([0, 2, 1])
  })

  test('an object is no list', async () => {
    const graph = await faulty([{ fault: 'empty-page' }])
    const { body } = await graph.get(`/users/${graph.id('users', 'Lee Gu')}`)
    expect(body).not.toHaveProperty('value')
  })
})

describe('invitations', () => {
  test('201, and nobody is there', async () => {
    const graph = await faulty([{ fault: 'phantom', times: 1 }])
    const { status, body } = await graph.post('/invitations', invitation)
    expect([status, body.status]).toEqual([201, 'PendingAcceptance'])
    expect((await graph.get(`/users/${body.invitedUser.id}`)).status).toBe(404)
    const again = await graph.post('/invitations', invitation)
    expect((await graph.get(`/users/${again.body.invitedUser.id}`)).status).toBe(200)
  })

  test.each([
    [false, 404],
    [true, 200],
  ])('201 with the status Error; carried out: %s', async (carriedOut, found) => {
    const graph = await faulty([{ fault: 'invitation-error', carriedOut }])
    const { status, body } = await graph.post('/invitations', invitation)
    expect([status, body.status]).toEqual([201, 'Error'])
    expect((await graph.get(`/users/${body.invitedUser.id}`)).status).toBe(found)
  })
})

describe('which request a rule strikes', () => {
  const user = `/users/${unknownId}`
  test.each([
    ['POST /users', 'GET', '/users', false],
    ['GET|POST /users', 'GET', '/users', true],
    ['GET', 'GET', `${user}/sponsors`, true],
    ['/users', 'GET', user, false],
    ['/users/*', 'GET', user, true],
    ['/users/*', 'GET', `${user}/sponsors`, false],
    ['/Users/*/sponsors', 'GET', `${user}/sponsors`, true],
    ['/users/**', 'GET', `${user}/sponsors`, true],
    ['/users/**', 'GET', '/users', true],
    ['/users/**', 'GET', '/groups', false],
  ])('%s: %s %s: %s', async (on, method, path, strikes) => {
    const graph = await faulty([{ fault: 500, on }])
    expect((await graph.send(method, path)).status === 500).toBe(strikes)
  })

  test('the first rule wins; times, nth and every', async () => {
    const graph = await faulty([
      { fault: 500, nth: 1 },
      { fault: 502, every: 3, times: 2 },
      { fault: 504, times: 1 },
    ])
    const statuses: number[] = []
    for (let count = 0; count < 12; count += 1) statuses.push((await graph.get('/groups')).status)
    expect(statuses).toEqual([500, 504, 200, 502, 200, 200, 502, 200, 200, 200, 200, 200])
    expect(graph.faults.struck.map(({ fault }) => fault)).toEqual([500, 504, 502, 502])
  })

  test('chance is the same for the same seed, whatever else was asked in between', async () => {
    const paths = ['/users', '/groups', '/users?$top=1', '/users', `${user}`, '/applications', '/groups', '/users']
    const outcomes = async (order: readonly string[], seed: number): Promise<readonly string[]> => {
      const graph = await faulty([{ fault: 503, chance: 0.4 }], { seed })
      const told: string[] = []
      for (const path of order) told.push(`${path} ${(await graph.get(path)).status}`)
      return told.sort()
    }
    const forwards = await outcomes(paths, 7)
    expect(await outcomes(paths.toReversed(), 7)).toEqual(forwards)
    expect(await outcomes(paths, 8)).not.toEqual(forwards)
    expect(forwards.join()).toMatch(/503/)
  })
})

test('chance is drawn anew when the same is asked again', async () => {
  const graph = await faulty([{ fault: 503, chance: 0.5 }])
  const statuses = new Set<number>()
  for (let count = 0; count < 30; count += 1) statuses.add((await graph.get('/users')).status)
  expect([...statuses].sort()).toEqual([200, 503])
})

test('the worse the weather, the more goes wrong', async () => {
  const struck: number[] = []
  for (const weather of ['calm', 'unsettled', 'storm'] as const) {
    const graph = await faulty([], { weather })
    for (let count = 0; count < 300; count += 1) await graph.get(`/users/${unknownId}?$select=${count}`).catch(() => {})
    struck.push(graph.faults.struck.length)
  }
  const [calm = 0, unsettled = 0, storm = 0] = struck
  expect(calm).toBeLessThan(unsettled)
  expect(unsettled).toBeLessThan(storm)
  expect(storm).toBeLessThan(100)
})
