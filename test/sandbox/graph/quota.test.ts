import { describe, expect, test } from 'vitest'
import { createQuota, type Quota, type QuotaOptions } from '../../../src/sandbox/graph/quota.ts'
import type { GraphRequest } from '../../../src/sandbox/graph/request.ts'
import { people, type Served, serve } from './served.ts'

const group = { displayName: 'A', mailEnabled: false, mailNickname: 'a', securityEnabled: true }

interface Metered extends Quota {
  readonly clock: { now: number }
  /** The status and the headers of the answer to such a request, which does nothing. */
  readonly ask: (method: string, url: string) => { status: number; headers: Readonly<Record<string, string>> }
}

function meter(options: Partial<QuotaOptions> = {}): Metered {
  const clock = { now: 5000 }
  const quota = createQuota({ size: 'small', elapsed: () => clock.now, ...options })
  const ask: Metered['ask'] = (method, url) => {
    const [path = '', search = ''] = url.split('?')
    const request: GraphRequest = {
      method,
      version: 'v1.0',
      path,
      options: new Map(new URLSearchParams(search)),
      headers: {},
      body: undefined,
      root: 'http://127.0.0.1/v1.0',
    }
    const { status, headers = {} } = quota.layer(request, () => ({ status: 200 }))
    return { status, headers }
  }
  return { ...quota, clock, ask }
}

describe('what a request costs, in resource units', () => {
  test.each([
    ['GET', '/users', 2],
    ['GET', '/users?$select=id', 1],
    ['GET', '/users?$select=id&$top=5', 1],
    ['GET', '/users?$top=999', 2],
    ['GET', '/users/1', 1],
    ['GET', '/users/1?$expand=sponsors', 2],
    ['GET', '/applications', 2],
    ['GET', '/groups', 1],
    ['GET', '/groups/1/members', 3],
    ['GET', '/groups/1/members?$select=id&$top=999', 2],
    ['GET', '/groups/1/members?$top=19', 2],
    ['GET', '/groups/1/members?$top=20', 3],
    ['GET', '/groups/1/transitiveMembers', 5],
    ['GET', '/servicePrincipals/1/appRoleAssignments', 2],
    ['GET', '/servicePrincipals/1/appRoleAssignedTo', 1],
    ['GET', '/users/1/transitiveMemberOf', 2],
    ['POST', '/directoryObjects/getByIds', 5],
    ['POST', '/directoryObjects/getByIds?$select=id', 2],
    ['POST', '/users/1/checkMemberGroups', 4],
    ['POST', '/users/1/getMemberGroups', 2],
    ['PATCH', '/users/1', 1],
    ['DELETE', '/groups/1/members/2/$ref', 1],
  ])('%s %s: %i', (method, url, units) => {
    const { ask, usage } = meter()
    expect(ask(method, url).headers['x-ms-resource-unit']).toBe(String(units))
    expect(usage.units).toBe(units)
    const isWrite = method === 'PATCH' || method === 'DELETE'
    expect(usage.writes).toBe(isWrite ? 1 : 0)
  })
})

describe('the limits', () => {
  test.each([
    ['small', 3500],
    ['medium', 5000],
    ['large', 8000],
  ] as const)('a %s tenant has %i resource units in ten seconds', (size, units) => {
    const { ask, clock, usage } = meter({ size })
    for (let count = 0; count < units; count += 1) expect(ask('GET', '/groups').status).toBe(200)
    const { status, headers } = ask('GET', '/groups')
    expect({ status, headers }).toMatchObject({
      status: 429,
      headers: {
        'x-ms-throttle-scope': expect.stringMatching(/^Tenant_Application\/ReadWrite\/[^/]+\/[^/]+$/),
        'x-ms-throttle-information': 'ResourceUnitLimitExceeded',
      },
    })
    clock.now += 10_000
    for (let count = 0; count < units; count += 1) ask('GET', '/groups')
    // What was throttled has been used as well.
    expect(usage.throttled).toBe(2)
  })

  test('3 000 writes, and then 20 in a second', () => {
    const { ask, clock, usage } = meter({ size: 'large' })
    for (let count = 0; count < 3000; count += 1) expect(ask('POST', '/groups').status).toBe(200)
    expect(ask('GET', '/groups').status).toBe(200)
    const refused = ask('POST', '/groups')
    expect(refused).toMatchObject({ status: 429, headers: { 'x-ms-throttle-information': 'WriteLimitExceeded' } })
    expect(refused.headers['retry-after']).toBe('0.100')
    clock.now += 99
    expect(ask('POST', '/groups').status).toBe(429)
    clock.now += 60_000
    for (let count = 0; count < 1199; count += 1) expect(ask('POST', '/groups').status).toBe(200)
    expect(ask('POST', '/groups').status).toBe(429)
    expect(usage.lanes.writes).toEqual({ requests: 4202, throttled: 3 })
  })

  test('waiting as long as it says is enough', () => {
    const { ask, clock } = meter()
    for (let count = 0; count < 3000; count += 1) ask('POST', '/groups')
    for (let count = 0; count < 50; count += 1) {
      const { headers } = ask('POST', '/groups')
      clock.now += Number(headers['retry-after']) * 1000
      expect(ask('POST', '/groups').status).toBe(200)
    }
  })

  test('who never stops asking owes no more than the headers tell of', () => {
    const { ask } = meter()
    for (let count = 0; count < 20_000; count += 1) ask('POST', '/groups')
    expect(Number(ask('POST', '/groups').headers['retry-after'])).toBeLessThanOrEqual(0.8 * 150 + 1)
  })

  test.each([
    [true, 150],
    [false, 0],
  ])('150 invitations in five seconds; as directory writes: %s', (invitationsAreWrites, writes) => {
    const { ask, clock, usage } = meter({ invitationsAreWrites })
    for (let count = 0; count < 150; count += 1) expect(ask('POST', '/invitations').status).toBe(200)
    expect(usage.writes).toBe(writes)
    const { status, headers } = ask('POST', '/invitations')
    expect([status, headers['x-ms-throttle-scope']?.split('/')[0]]).toEqual([429, 'Tenant'])
    clock.now += 5000
    let granted = 0
    while (ask('POST', '/invitations').status === 200) granted += 1
    expect(granted).toBe(149)
  })

  test('one request a second to Conditional Access, and no word of how long to wait', () => {
    const { ask, clock } = meter()
    const path = '/identity/conditionalAccess/policies'
    expect(ask('GET', path).status).toBe(200)
    expect(ask('POST', path)).toEqual({ status: 429, headers: {} })
    clock.now += 1800
    expect(ask('GET', path).status).toBe(200)
  })

  test('above four fifths the answers tell how much is used', () => {
    const { ask } = meter()
    const told = new Map<number, string | undefined>()
    for (let count = 1; count <= 2700; count += 1)
      told.set(count, ask('POST', '/groups').headers['x-ms-throttle-limit-percentage'])
    expect([told.get(2400), told.get(2430), told.get(2700)]).toEqual([undefined, '0.81', '0.90'])
  })
})

describe('over HTTP', () => {
  async function metered(options: Partial<QuotaOptions> = {}): Promise<readonly [Served, Quota]> {
    const quota = createQuota({ size: 'small', elapsed: () => 0, ...options })
    const delivery = quota.delivery(async (_request, answer) => ({ answer: answer() }))
    return [await serve(people, {}, { layers: [quota.layer], delivery }), quota]
  }

  /** Leaves that many writes. */
  function useUp(quota: Quota, left: number): void {
    const request = { method: 'POST', path: '/groups', options: new Map(), headers: {} } as unknown as GraphRequest
    for (let count = left; count < 3000; count += 1) quota.layer(request, () => ({ status: 201 }))
  }

  test('a throttled request is not carried out', async () => {
    const [graph, quota] = await metered()
    useUp(quota, 0)
    const { status, headers, body } = await graph.post('/groups', group)
    expect(status).toBe(429)
    expect(headers.get('retry-after')).toBe('0.100')
    expect(body.error).toMatchObject({
      code: 'TooManyRequests',
      message: 'Please retry again later.',
      innerError: { code: '429', status: '429', message: 'Please retry after' },
    })
    expect((await graph.get('/groups')).body.value).toEqual([])
  })

  test.each([200, 424] as const)('a batch of which items are throttled is answered with %i', async batchStatus => {
    const [graph, quota] = await metered({ batchStatus })
    useUp(quota, 2)
    const requests = ['1', '2', '3', '4'].map(id => ({
      id,
      method: 'POST',
      url: '/groups',
      headers: { 'Content-Type': 'application/json' },
      body: { ...group, mailNickname: id },
    }))
    const { status, body } = await graph.post('/$batch', { requests })
    expect(status).toBe(batchStatus)
    const items = new Map<string, { status: number; headers: Record<string, string> }>(
      body.responses.map((response: { id: string }) => [response.id, response]),
    )
    expect(['1', '2', '3', '4'].map(id => items.get(id)?.status)).toEqual([201, 201, 429, 429])
    expect(['3', '4'].map(id => items.get(id)?.headers['retry-after'])).toEqual(['0.100', '0.150'])
    expect((await graph.get('/groups')).body.value).toHaveLength(2)
    expect((await graph.get('/groups')).status).toBe(200)
  })
})
