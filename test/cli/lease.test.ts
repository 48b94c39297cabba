// The lease of an apply: who may take it over, when, and what is waited for.

import { expect, test } from 'vitest'
import type { Host } from '../../src/cli/host.ts'
import { leaseMark } from '../../src/resources/mark.ts'
import type { Layer } from '../../src/sandbox/graph/server.ts'
import type { VirtualClock } from '../../src/sandbox/virtual-clock.ts'
import { minute, openPlace, type Place, start } from './two-machines.ts'

const anna = { by: 'anna', on: 'one', machine: 'one', process: 7, since: iso(-20) }

function iso(minutes: number): string {
  return new Date(start + minutes * minute).toISOString()
}

type Stood = NonNullable<Host['graph']> & { readonly sleep: VirtualClock['sleep'] }

/** When the first invitation was sent, in minutes from the start. */
function invitesAt(place: Place): () => number | undefined {
  let at: number | undefined
  place.onRequest = (method, path) => {
    if (method === 'POST' && path === '/invitations') at ??= (place.time.now() - start) / minute
  }
  return () => at
}

/** Somebody asks for the lease. */
function askedFor(place: Place): Promise<void> {
  return new Promise(resolve => {
    place.onRequest = (method, path) => {
      if (method === 'PATCH' && path.includes(leaseMark)) resolve()
    }
  })
}

/** Somebody's apply that has found the lease, and watches it. */
async function watching(place: Place) {
  const [lease] = place.groups()
  const asked = askedFor(place)
  const running = place.machine('ben@other').apply()
  await asked
  return { lease, running }
}

function leases(place: Place): number {
  return [...place.groups(), ...place.deletedGroups()].filter(({ uniqueName }) => uniqueName === leaseMark).length
}

test('of a run that is heard of nobody takes it: nothing is changed', async () => {
  const place = await openPlace()
  await place.leave({ ...anna, renewed: iso(-1) })
  const before = place.dump()
  const { code, stdout, stderr } = await place.machine('ben@other').apply()
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(
    'error[apply-under-way]: another apply is under way: by anna on one since 2026-12-01 08:40 UTC',
  )
  expect(stderr).toContain('last heard of at 2026-12-01 08:59 UTC')
  expect(place.dump()).toBe(before)
})

test('of a run that is not heard of any more it is taken over, and its last writes are waited for', async () => {
  const place = await openPlace()
  await place.leave({ ...anna, renewed: iso(-10) })
  const invited = invitesAt(place)
  const { code, stderr } = await place.machine('ben@other').apply()
  expect(code).toBe(0)
  expect(stderr).toContain(
    'The last apply (by anna on one since 2026-12-01 08:40 UTC) did not end: its last writes may not be visible yet.',
  )
  expect(stderr).toContain('Waiting until 2026-12-01 09:10 UTC (9 min), so that nothing is done twice.')
  expect(invited()).toBeGreaterThanOrEqual(10)
  expect(invited()).toBeLessThan(11)
  expect(leases(place)).toBe(0)
})

test('of a run whose clock is behind, but which renews it, it is not taken over', async () => {
  const place = await openPlace()
  await place.leave({ ...anna, renewed: iso(-30) })
  const { lease, running } = await watching(place)
  await place.time.sleep(40_000)
  await place.writer().patch(`/groups/${lease?.id}`, { description: JSON.stringify({ ...anna, renewed: iso(-29) }) })
  const { code, stderr } = await running
  expect(code).toBe(1)
  expect(stderr).toContain('looking whether it still is')
  expect(stderr).toContain('error[apply-under-way]')
  expect(place.invited()).toEqual([])
})

test('of a run that gives it back while it is watched nothing is waited for', async () => {
  const place = await openPlace()
  await place.leave({ ...anna, renewed: iso(-10) })
  const { lease, running } = await watching(place)
  const invited = invitesAt(place)
  await place.time.sleep(20_000)
  await place.writer().delete(`/groups/${lease?.id}`)
  expect(await running).toMatchObject({ code: 0 })
  expect(invited()).toBeLessThan(2)
})

test('of a run that ends while it is watched it is taken over', async () => {
  const place = await openPlace()
  await place.leave({ ...anna, renewed: iso(-10) })
  const { lease, running } = await watching(place)
  const invited = invitesAt(place)
  await place.time.sleep(20_000)
  const ended = { ...anna, renewed: iso(0), hasEnded: true, visible: iso(15) }
  await place.writer().patch(`/groups/${lease?.id}`, { description: JSON.stringify(ended) })
  expect(await running).toMatchObject({ code: 0 })
  expect(invited()).toBeGreaterThanOrEqual(15)
})

test('whatever it says, nobody waits longer than what was written may take to be visible', async () => {
  const place = await openPlace()
  await place.leave({ ...anna, renewed: iso(600), hasEnded: true, visible: iso(6000) })
  const invited = invitesAt(place)
  expect(await place.machine('ben@other').apply()).toMatchObject({ code: 0 })
  expect(invited()).toBeGreaterThanOrEqual(20)
  expect(invited()).toBeLessThan(21)
})

test.each([
  ['is dead', false, 0],
  ['lives', true, 1],
])('of a process of this machine that %s', async (_, isAlive, expected) => {
  const place = await openPlace()
  await place.leave({ ...anna, machine: 'other', renewed: iso(0) })
  const machine = place.machine('ben@other', { writer: { pid: 8, isAlive: () => isAlive } })
  expect((await machine.apply()).code).toBe(expected)
})

test.each([
  ['nobody', ''],
  ['nobody who could be understood', 'By hand'],
])('in which %s has said who has it, it is taken over after a while: nothing was written under it', async (_, text) => {
  const place = await openPlace()
  await place.leave(text)
  const invited = invitesAt(place)
  expect(await place.machine('ben@other').apply()).toMatchObject({ code: 0 })
  expect(invited()).toBeGreaterThanOrEqual(1.5)
  expect(invited()).toBeLessThan(3)
})

test('of two who take it over at once, one applies', async () => {
  const place = await openPlace()
  await place.leave({ ...anna, renewed: iso(-60) })
  const both = [place.machine('ben@other'), place.machine('cleo@third')]
  const heard = await Promise.all(both.map(machine => machine.apply()))
  expect(heard.filter(({ stdout }) => stdout.includes('Applied'))).toHaveLength(1)
  const rest = heard.filter(({ stdout }) => !stdout.includes('Applied'))
  for (const { code, stdout } of rest) expect(code === 0 ? stdout : code).toBe(code === 0 ? 'Nothing to do.\n' : 1)
  expect(place.invited()).toHaveLength(2)
  expect(leases(place)).toBe(0)
})

/** Makes of the first answer to asking for the lease something else. */
function once(answer: (given: ReturnType<Parameters<Layer>[1]>) => ReturnType<Layer>): Layer {
  let isDone = false
  return (request, next) => {
    const given = next(request)
    if (isDone || request.method !== 'PATCH' || !request.path.includes(leaseMark)) return given
    isDone = true
    return answer(given)
  }
}

test('when the answer to asking for it is lost, nobody is locked out for long', async () => {
  const unavailable = { status: 503, body: { error: { code: 'ServiceUnavailable', message: 'not now' } } }
  const place = await openPlace({ layers: [once(() => unavailable)] })
  const invited = invitesAt(place)
  expect(await place.machine('ben@other').apply()).toMatchObject({ code: 0 })
  expect(invited()).toBeLessThan(3)
  expect(leases(place)).toBe(0)
})

test('a name that a deleted group still holds is made free', async () => {
  const place = await openPlace({
    layers: [
      (request, next) => {
        const isTaken =
          request.method === 'PATCH' &&
          request.path.includes(leaseMark) &&
          place.deletedGroups().some(({ uniqueName }) => uniqueName === leaseMark)
        if (!isTaken) return next(request)
        const message = 'Another object with the same value for property uniqueName already exists.'
        return { status: 400, body: { error: { code: 'Request_BadRequest', message } } }
      },
    ],
  })
  const theirs = { displayName: 'Theirs', mailNickname: 'theirs', mailEnabled: false, securityEnabled: true }
  const { id } = await place.writer().post<{ id: string }>('/groups', theirs)
  await place.writer().delete(`/groups/${id}`)
  await place.leave('')
  await place.writer().delete(`/groups/${place.groups()[0]?.id}`)
  expect(place.deletedGroups()).toHaveLength(2)
  expect(await place.machine('ben@other').apply()).toMatchObject({ code: 0 })
  expect(leases(place)).toBe(0)
  // Nobody else's goes with it.
  expect(place.deletedGroups().map(group => group.id)).toEqual([id])
})

test('Ctrl-C ends the waiting, and leaves the rest of it to the next', async () => {
  const place = await openPlace()
  await place.leave({ ...anna, renewed: iso(-10) })
  const ben = place.machine('ben@other')
  const asked = askedFor(place)
  const running = ben.apply()
  await asked
  await place.time.sleep(5 * minute)
  ben.interrupt()
  expect(await running).toMatchObject({ code: 130 })
  expect(place.invited()).toEqual([])
  expect(
    JSON.parse(place.groups().find(({ uniqueName }) => uniqueName === leaseMark)?.description ?? ''),
  ).toMatchObject({
    by: 'ben',
    hasEnded: true,
    visible: iso(10),
  })
  const invited = invitesAt(place)
  expect(await place.machine('cleo@third').apply()).toMatchObject({ code: 0 })
  expect(invited()).toBeGreaterThanOrEqual(10)
  expect(invited()).toBeLessThan(11)
  expect(leases(place)).toBe(0)
})

test('one that was taken away is no successor, whatever its clock said', async () => {
  const place = await openPlace({ lag: 2000 })
  await place.leave({ ...anna, since: iso(30), renewed: iso(31), hasEnded: true, visible: iso(1) })
  await place.time.sleep(3 * minute)
  const { code, stderr } = await place.machine('ben@other').apply()
  expect(code, stderr).toBe(0)
  expect(place.invited()).toHaveLength(2)
})

test('of a run that ended before all was visible nothing stays, also where there is nothing more to do', async () => {
  const place = await openPlace()
  const machine = place.machine('ben@other')
  expect(await machine.apply()).toMatchObject({ code: 0 })
  const until = Math.ceil((place.time.now() - start) / minute) + 5
  await place.leave({ ...anna, renewed: iso(0), hasEnded: true, visible: iso(until) })
  expect(await machine.apply()).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' })
  expect(leases(place)).toBe(1)
  await place.time.sleep(6 * minute)
  expect(await machine.apply()).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' })
  expect(leases(place)).toBe(0)
})

test('of a run that is under way it stays, whoever has nothing to do', async () => {
  const place = await openPlace()
  const machine = place.machine('ben@other')
  expect(await machine.apply()).toMatchObject({ code: 0 })
  await place.leave({ ...anna, renewed: iso(-60) })
  expect(await machine.apply()).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' })
  expect(leases(place)).toBe(1)
})

test.each(['{"since":{"toString":1},"renewed":1}', '[]', 'null', '{"since":"x","renewed":"y"}'])(
  'in which somebody has written %s, it is one of which nobody has said who has it',
  async written => {
    const place = await openPlace()
    await place.leave(written)
    const { code, stderr } = await place.machine('ben@other').apply()
    expect(code, stderr).toBe(0)
    expect(leases(place)).toBe(0)
  },
)

test('it is renewed as long as the apply runs', async () => {
  const place = await openPlace({ latency: 30_000 })
  const renewed = new Set<string>()
  place.onRequest = () => {
    const { description } = place.groups().find(({ uniqueName }) => uniqueName === leaseMark) ?? {}
    if (description !== undefined) renewed.add(JSON.parse(description).renewed)
  }
  expect(await place.machine('anna@one').apply()).toMatchObject({ code: 0 })
  const times = [...renewed].map(text => Date.parse(text)).toSorted((a, b) => a - b)
  expect(times.length).toBeGreaterThan(3)
  const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0))
  expect(Math.max(...pauses)).toBeLessThan(3 * minute)
})

test('whose lease somebody else has by now stops, and says so', async () => {
  const place = await openPlace({ latency: 30_000 })
  const machine = place.machine('anna@one')
  let isGone = false
  let taken: Promise<void> | undefined
  place.onRequest = (method, path) => {
    if (isGone || method !== 'POST' || path !== '/invitations') return
    isGone = true
    const lease = place.groups().find(({ uniqueName }) => uniqueName === leaseMark)
    place.store.collection('groups').delete(lease?.id ?? '')
    taken = place.leave({ ...anna, by: 'ben', since: iso(5), renewed: iso(5) })
  }
  const { code, stderr } = await machine.apply()
  expect(isGone).toBe(true)
  expect(code).toBe(5)
  expect(stderr).toContain('error[lease-lost]')
  place.onRequest = undefined
  await taken
  await place.time.sleep(5 * minute)
  expect(await machine.apply()).toMatchObject({ code: 0 })
  expect(place.invited()).toHaveLength(2)
})

test('whose lease not every replica knows yet still has it', async () => {
  const place = await openPlace({ lag: 'incident' })
  const machine = place.machine('anna@one')
  const first = await machine.apply()
  expect(first.stderr).not.toMatch(/lease-lost|lease-left/)
  expect(place.invited()).toHaveLength(2)
  await place.time.sleep(20 * minute)
  const { code, stderr } = await machine.apply()
  expect(code, stderr).toBe(0)
  expect(stderr).toContain('ended before all that it wrote was visible')
  await place.time.sleep(20 * minute)
  expect(await machine.apply()).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' })
  expect(place.invited()).toHaveLength(2)
})

test('an invitation whose answer was lost, and that nobody sees yet, is not sent again by the next apply', async () => {
  let isLost = false
  let now = (): number => start
  const isHidden = (user: unknown): boolean =>
    now() < start + 15 * minute && (user as { readonly mail?: unknown }).mail === 'lee@fabrikam.com'
  const place = await openPlace({
    layers: [
      (request, next) => {
        const answer = next(request)
        const { invitedUserEmailAddress } = (request.body ?? {}) as { readonly invitedUserEmailAddress?: string }
        if (invitedUserEmailAddress === 'lee@fabrikam.com' && !isLost) {
          isLost = true
          return { status: 404, body: undefined }
        }
        const body = (answer.body ?? {}) as { readonly value?: readonly unknown[] }
        if (request.method !== 'GET') return answer
        if (body.value !== undefined)
          return { ...answer, body: { ...body, value: body.value.filter(user => !isHidden(user)) } }
        return isHidden(body) ? { status: 404, body: { error: { code: 'Request_ResourceNotFound' } } } : answer
      },
    ],
  })
  now = place.time.now
  const first = await place.machine('anna@one').apply()
  expect(first.code).toBe(5)
  expect(first.stderr).toContain('Written, or perhaps written, not visible yet: 1 change; a next apply waits until')
  expect(await place.machine('ben@other').apply()).toMatchObject({ code: 0 })
  expect(place.invited().toSorted()).toEqual(['dana@fabrikam.com', 'lee@fabrikam.com'])
})

test('what failed after it was made is not waited for any longer than until it is seen', async () => {
  const denied = { status: 403, body: { error: { code: 'Authorization_RequestDenied', message: 'no' } } }
  let isDenied = true
  const place = await openPlace({
    layers: [
      (request, next) =>
        isDenied && request.method === 'PATCH' && /^\/users\//.test(request.path) ? denied : next(request),
    ],
  })
  expect(await place.machine('anna@one').apply()).toMatchObject({ code: 5 })
  expect(leases(place)).toBe(0)
  isDenied = false
  const began = place.time.now()
  expect(await place.machine('ben@other').apply()).toMatchObject({ code: 0 })
  expect(place.time.now() - began).toBeLessThan(minute)
  expect(place.invited()).toHaveLength(2)
})

test.each(['members', 'appRoleAssigned'])(
  'suspended with a write to %s under way, it writes nothing more',
  async what => {
    const place = await openPlace()
    const graph = place.machine('anna@one').host.graph as Stood
    let sleeping: Promise<void> | undefined
    const [asleep, awake] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const late: string[] = []
    let isAwake = false
    const fetching: typeof fetch = async (input, init) => {
      // What is on its way already comes through.
      const isLate = isAwake
      await sleeping
      const text = `${String(input)} ${String(init?.body)}`
      const isWrite = init?.method !== 'GET' && !text.includes('"method":"GET"')
      // Its own lease, which is gone, is all that it may ask for.
      if (isLate && isWrite && !text.includes('renewed')) late.push(`${init?.method} ${text}`)
      const answer = await graph.fetch(input, init)
      if (sleeping !== undefined || !isWrite || !text.includes(what)) return answer
      sleeping = awake.promise
      asleep.resolve()
      await sleeping
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }) })
    }
    const sleep: Stood['sleep'] = (ms, signal) => graph.sleep(ms, signal).finally(() => sleeping)
    const running = place.machine('anna@one', { graph: { ...graph, fetch: fetching, sleep } }).apply()
    await asleep.promise
    await place.time.sleep(20 * minute)
    const ben = place.machine('ben@other')
    ben.people('lee@fabrikam.com')
    expect(await ben.apply()).toMatchObject({ code: 0 })
    isAwake = true
    awake.resolve()
    const { code, stderr } = await running
    expect({ code, late }).toEqual({ code: 5, late: [] })
    expect(stderr).toContain('error[lease-lost]')
  },
)
