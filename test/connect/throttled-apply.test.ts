// An apply against Graph under load, which refuses single requests below the limits, and against a quota that is used up.

import { describe, expect, it, onTestFinished } from 'vitest'
import { connectGraph } from '../../src/connect/graph/client.ts'
import { createFaults } from '../../src/sandbox/graph/faults.ts'
import { createQuota } from '../../src/sandbox/graph/quota.ts'
import type { GraphRequest } from '../../src/sandbox/graph/request.ts'
import { seedGraph } from '../../src/sandbox/graph/seed.ts'
import { type Layer, serveGraph } from '../../src/sandbox/graph/server.ts'
import { openStore } from '../../src/sandbox/store.ts'
import { createVirtualClock } from '../../src/sandbox/virtual-clock.ts'

const start = Date.parse('2026-12-01T08:00:00Z')
const latency = 100

/** Guests invited, updated and put into a group, as an apply does it, on a clock that passes only when all wait. */
async function inviteAll(
  guests: number,
  more: { readonly stray?: number; readonly used?: Used; readonly isSilent?: boolean },
) {
  const { stray = 0, used = { writes: 0, invitations: 0 }, isSilent = false } = more
  const clock = createVirtualClock(start)
  const store = openStore(undefined, 'graph')
  const tenant = { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'acme.onmicrosoft.com' }
  seedGraph(store, { tenant, groups: [{ displayName: 'team' }] }, 'throttled-apply')
  const team = [...store.collection('groups').keys()][0] ?? ''
  const quota = createQuota({ size: 'medium', elapsed: clock.now })
  const rules = [{ fault: 429, chance: stray, retryAfter: 30 }] as const
  const faults = createFaults({ seed: 1, rules, hold: clock.hold })
  const early = { count: 0 }
  const layers = [watchFor(early, clock.now), ...(isSilent ? [silent] : []), quota.layer, faults.layer]
  const server = await serveGraph({ store, clock: clock.now, latency, hold: clock.hold, layers })
  onTestFinished(() => server.close())
  useUp(quota.layer, used)
  const graph = connectGraph({
    root: server.url,
    getToken: async () => 'token',
    fetch: clock.watch(fetch),
    clock: { ...clock, random: () => 0 },
    paced: true,
  })
  const before = quota.usage.throttled
  const invite = async (rank: number): Promise<void> => {
    const writer = graph.writer({ rank, begin: () => undefined, tell: () => undefined })
    const invitation = {
      invitedUserEmailAddress: `person${rank}@fabrikam.com`,
      inviteRedirectUrl: 'https://myapps.microsoft.com',
    }
    const { invitedUser } = (await writer.post('/invitations', invitation)) as { invitedUser: { id: string } }
    await writer.patch(`/users/${invitedUser.id}`, { companyName: 'Fabrikam' })
    await writer.addMember(team, invitedUser.id)
  }
  await Promise.all(Array.from({ length: guests }, (_, index) => invite(index)))
  return {
    seconds: (clock.now() - start) / 1000,
    members: store.collection('members').size,
    strays: faults.struck.length,
    throttled: quota.usage.throttled - before,
    early: early.count,
  }
}

interface Used {
  readonly writes: number
  readonly invitations: number
}

/** Another program's use of the same limits. */
function useUp(layer: Layer, { writes, invitations }: Used): void {
  const ask = (method: string, path: string): unknown =>
    layer({ method, version: 'v1.0', path, options: new Map(), headers: {}, body: undefined, root: '' }, () => ({
      status: 204,
    }))
  for (let count = 0; count < writes; count++) ask('PATCH', '/users/u')
  for (let count = 0; count < invitations; count++) ask('POST', '/invitations')
}

/** Counts what arrives after the client has heard that it is to wait, and before that time is over. */
function watchFor(early: { count: number }, now: () => number): Layer {
  let heard = Number.POSITIVE_INFINITY
  let until = 0
  return (request: GraphRequest, next) => {
    const answer = next(request)
    if (request.method === 'GET' || request.path === '/$batch') return answer
    if (now() > heard && now() < until) early.count += 1
    if (answer.status === 429) {
      if (now() >= until) heard = now() + latency
      until = Math.max(until, now() + 1000 * Number(answer.headers?.['retry-after']))
    }
    return answer
  }
}

/** The service does not say which limit it is. */
const silent: Layer = (request, next) => {
  const answer = next(request)
  const headers = Object.entries(answer.headers ?? {}).filter(([name]) => !name.startsWith('x-ms-throttle'))
  return { ...answer, headers: Object.fromEntries(headers) }
}

describe('an apply of 300 guests', () => {
  it('takes some minutes when Graph refuses one request in twenty for 30 s, and not half an hour', async () => {
    const calm = await inviteAll(300, {})
    expect(calm).toMatchObject({ members: 300, strays: 0, throttled: 0 })
    const { seconds, members, strays, throttled } = await inviteAll(300, { stray: 0.05 })
    expect([members, throttled]).toEqual([300, 0])
    expect(strays).toBeGreaterThan(15)
    // Three requests one after the other for each guest, the unluckiest with some refusals.
    expect(seconds).toBeLessThan(calm.seconds + 8 * 30)
  })

  it.each([
    ['writes', { writes: 4000, invitations: 0 }, false],
    ['writes', { writes: 4000, invitations: 0 }, true],
    ['invitations', { writes: 0, invitations: 250 }, false],
    ['invitations', { writes: 0, invitations: 250 }, true],
  ] as const)(
    'sends nothing before its time while the quota of %s is used up: %o (unnamed: %s)',
    async (_, used, isSilent) => {
      const { members, throttled, early } = await inviteAll(300, { used, isSilent })
      expect([members, early]).toEqual([300, 0])
      // What was under way when the first one was refused: eight batches of twenty.
      expect(throttled).toBeLessThanOrEqual(160)
    },
  )
})
