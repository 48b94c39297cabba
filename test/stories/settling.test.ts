// What an apply wrote is not visible at once. It waits until it is, so that the next one does not write it again.

import { expect, test } from 'vitest'
import { leaseMark } from '../../src/resources/mark.ts'
import { minute, openPlace, start } from '../cli/two-machines.ts'

const seconds = 1000

test('where all is visible at once, an apply ends soon', async () => {
  const place = await openPlace()
  const { code, stderr } = await place.machine('anna@one').apply()
  expect(code).toBe(0)
  expect(stderr).not.toContain('Waiting')
  expect(place.time.now() - start).toBeLessThan(30 * seconds)
})

test.each([1, 2, 3])('where lists lag behind, the next apply finds all of it (%i)', async lag => {
  const place = await openPlace({ lag: lag * seconds })
  const { code, stdout } = await place.machine('anna@one').apply()
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Applied \d+ changes/m) })
  expect(await place.machine('ben@other').apply()).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' })
  expect(place.invited()).toHaveLength(2)
})

/** Lists of users and groups that stay as they were, until a moment. */
function openFrozen(until: number) {
  const frozen = new Map<string, { status: number; body?: unknown }>()
  const opening = openPlace({
    layers: [
      (request, next) => {
        if (request.method !== 'GET' || !['/users', '/groups'].includes(request.path)) return next(request)
        const key = request.path + JSON.stringify([...request.options])
        const before = frozen.get(key)
        if (before !== undefined && now() < until) return before
        const answer = next(request)
        frozen.set(key, answer)
        return answer
      },
    ],
  })
  let now = (): number => start
  return opening.then(place => {
    now = place.time.now
    return place
  })
}

test('what becomes visible within minutes is waited for, with a line that says so', async () => {
  const place = await openFrozen(start + minute)
  const { code, stderr } = await place.machine('anna@one').apply()
  expect(code).toBe(0)
  expect(stderr).toMatch(
    /Waiting for Entra to show \d+ changes that it has accepted, 3 min at most; Ctrl-C ends the waiting\.\n/,
  )
  expect(stderr).not.toContain('not visible yet')
  expect(place.groups().map(group => group.uniqueName)).not.toContain(leaseMark)
  expect(place.time.now()).toBeGreaterThan(start + minute)
  expect(place.time.now()).toBeLessThan(start + 4 * minute)
})

test('what does not is said, and the next apply waits for it', async () => {
  const place = await openFrozen(start + 15 * minute)
  const first = await place.machine('anna@one').apply()
  expect(first.code).toBe(0)
  expect(first.stderr).toMatch(
    /Written, not visible yet: \d+ changes; a next apply waits until 2026-12-01 09:20 UTC at the most\.\n/,
  )
  expect(place.time.now()).toBeLessThan(start + 12 * minute)
  const next = await place.machine('ben@other').apply()
  expect(next).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' })
  expect(next.stderr).toContain('Waiting until 2026-12-01 09:20 UTC')
  expect(place.invited()).toHaveLength(2)
  expect(place.groups().map(group => group.uniqueName)).not.toContain(leaseMark)
})

test('a plan that is made meanwhile says that it may ask for what is done; afterwards it does not', async () => {
  const place = await openFrozen(start + 15 * minute)
  const anna = place.machine('anna@one')
  await anna.apply()
  const told = /an apply by anna ended at 2026-12-01 09:0\d UTC, .* until 2026-12-01 09:20 UTC/
  expect((await place.machine('ben@other').run('plan')).stdout).toMatch(told)
  await place.time.sleep(20 * minute)
  const later = await anna.run('plan')
  expect(later.stdout).not.toMatch(told)
  expect(later.stdout).toContain('Nothing to do')
})

test('Ctrl-C ends the waiting: the apply is done all the same', async () => {
  const place = await openFrozen(start + 30 * minute)
  const anna = place.machine('anna@one')
  let isInvited = false
  const invited = new Promise<void>(resolve => {
    place.onRequest = (_, path) => {
      if (path === '/invitations') isInvited = true
      if (isInvited) resolve()
    }
  })
  const running = anna.apply()
  await invited
  await place.time.sleep(2 * minute)
  anna.interrupt()
  const { code, stderr } = await running
  expect(code).toBe(0)
  expect(stderr).toContain('Interrupted: all that was begun is written; only the waiting ends.')
  expect(stderr).toContain('Written, not visible yet')
  expect(place.time.now()).toBeLessThan(start + 4 * minute)
})
