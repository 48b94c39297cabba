// A lease that cannot be renewed: from when on nothing more is written.

import { expect, test } from 'vitest'
import type { Connection } from '../../src/cli/connect.ts'
import { takeLease } from '../../src/cli/lease.ts'
import { RequestFailure } from '../../src/model/directories.ts'
import { hostOf } from './fake-host.ts'

const minute = 60_000
const unavailable = new RequestFailure(503, 'ServiceUnavailable', 'not now')

/** Holds a lease in a time that `pass` moves on; `group`: whose lease is shown to whoever asks. */
async function held() {
  let now = Date.parse('2026-12-01T09:00:00Z')
  let sleeping: { readonly until: number; readonly wake: () => void }[] = []
  const service = { isBroken: false, group: undefined as object | undefined }
  const clock = {
    now: () => now,
    random: () => 0,
    sleep: (ms: number) => new Promise<void>(wake => sleeping.push({ until: now + ms, wake })),
  }
  const entra = {
    upsert: async () => ({ id: 'ours', created: true }),
    patch: async () => {
      if (service.isBroken) throw unavailable
    },
    get: async () => service.group,
  }
  const means = { clock, lag: 20 * minute, beside: () => ({ entra, from: { entra } }) }
  const host = hostOf({ cwd: '.' })
  const lease = await takeLease(host, means as unknown as Connection, new AbortController().signal)
  if (lease === undefined) throw new Error('no lease')
  const pass = async (ms: number): Promise<void> => {
    for (const end = now + ms; now < end; ) {
      now = Math.min(end, now + 5000)
      const awake = sleeping.filter(({ until }) => until <= now)
      sleeping = sleeping.filter(({ until }) => until > now)
      for (const { wake } of awake) wake()
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const isLost = (): boolean => {
    try {
      lease.check()
      return false
    } catch (error) {
      expect(error).toMatchObject({ code: 'lease-lost' })
      return true
    }
  }
  return { lease, service, pass, isLost }
}

test('as long as it is renewed it is held', async () => {
  const { lease, pass, isLost } = await held()
  await pass(20 * minute)
  expect([lease.lost.aborted, isLost()]).toEqual([false, false])
})

test('for five minutes it is held all the same; then it is lost, whether or not anybody asks', async () => {
  const { lease, service, pass, isLost } = await held()
  service.isBroken = true
  await pass(4 * minute)
  expect([lease.lost.aborted, isLost()]).toEqual([false, false])
  await pass(2 * minute)
  expect([lease.lost.aborted, isLost()]).toEqual([true, true])
})

test('once somebody else has it, it is lost at once, and stays so', async () => {
  const { lease, service, pass, isLost } = await held()
  service.isBroken = true
  const later = '2026-12-01T09:00:30Z'
  service.group = { id: 'theirs', description: JSON.stringify({ by: 'ben', since: later, renewed: later }) }
  await pass(minute + 10_000)
  expect([lease.lost.aborted, isLost()]).toEqual([true, true])
  service.isBroken = false
  await pass(minute)
  expect(isLost()).toBe(true)
})

test('an older one that is still shown somewhere has not taken it over', async () => {
  const { lease, service, pass, isLost } = await held()
  service.isBroken = true
  const before = '2026-12-01T08:00:00Z'
  service.group = { id: 'theirs', description: JSON.stringify({ by: 'ben', since: before, renewed: before }) }
  await pass(2 * minute)
  service.isBroken = false
  await pass(minute)
  expect([lease.lost.aborted, isLost()]).toEqual([false, false])
})
