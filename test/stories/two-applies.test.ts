// Two people, or two pipelines, apply at the same time from different machines: no harm, and the second says so.

import { expect, test } from 'vitest'
import { leaseMark } from '../../src/resources/mark.ts'
import { openPlace } from '../cli/two-machines.ts'

test('an apply leaves no trace of its lease', async () => {
  const place = await openPlace()
  const asked: string[] = []
  place.onRequest = (method, path) =>
    void (method === 'GET' || asked.push(`${method} ${path.replace(/[0-9a-f-]{36}/g, '*')}`))
  expect(await place.machine('anna@one').apply()).toMatchObject({ code: 0 })
  expect(place.groups().map(group => group.uniqueName)).not.toContain(leaseMark)
  expect(place.deletedGroups()).toEqual([])
  // Taken before anything else is written, given back after all of it.
  expect(asked[0]).toBe(`PATCH /groups(uniqueName=%27${leaseMark}%27)`)
  expect(asked.slice(-2)).toEqual(['DELETE /groups/*', 'DELETE /directory/deletedItems/*'])
})

test('an apply that has nothing to do in Entra asks nobody for a lease', async () => {
  const place = await openPlace()
  const machine = place.machine('anna@one')
  expect(await machine.apply()).toMatchObject({ code: 0 })
  const writes: string[] = []
  place.onRequest = method => void (method === 'GET' || writes.push(method))
  expect(await machine.apply()).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' })
  expect(writes.filter(method => method !== 'POST')).toEqual([])
})

test('the second of two changes nothing, and says who is at work', async () => {
  const place = await openPlace()
  const [one, other] = [place.machine('anna@one'), place.machine('ben@other')]
  const results = await Promise.all([one.apply(), other.apply()])
  const [first, second] = results.toSorted((a, b) => a.code - b.code)
  expect(first?.code).toBe(0)
  expect(second).toMatchObject({ code: 1, stdout: '' })
  expect(second?.stderr).toMatch(
    /error\[apply-under-way\]: another apply is under way: by (anna on one|ben on other) since 2026-12-01 09:00 UTC\n/,
  )
  expect(place.invited().toSorted()).toEqual(['dana@fabrikam.com', 'lee@fabrikam.com'])
  const again = await other.apply()
  expect(again).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' })
})

test('whoever waited for the other plans again: nobody is invited twice', async () => {
  const place = await openPlace()
  const [one, other] = [place.machine('anna@one'), place.machine('ben@other')]
  // The other one has read all, and is asked; meanwhile the first applies.
  const asked = place.machine('cleo@third', {
    ask: async () => {
      expect(await one.apply()).toMatchObject({ code: 0 })
      return 'yes'
    },
  })
  const { code, stdout } = await asked.run('apply')
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'Nothing to do.\n' })
  expect(place.invited()).toHaveLength(2)
  expect(await other.apply()).toMatchObject({ stdout: 'Nothing to do.\n' })
})

test('after any write of an apply, another one that begins does no harm', async () => {
  const codes: number[] = []
  for (let last = 1, more = true; more; last += 1) {
    const place = await openPlace()
    const [one, other] = [place.machine('anna@one'), place.machine('ben@other')]
    let writes = 0
    let second: ReturnType<typeof other.apply> | undefined
    place.meanwhile = (method, path) => {
      const isWrite = method !== 'GET' && (path !== '/$batch' || writes > 0)
      if (!isWrite || writes === last) return undefined
      writes += 1
      if (writes === last) second = other.apply()
      return writes === last ? second : undefined
    }
    const first = await one.apply()
    more = writes === last
    if (second === undefined) break
    // Slow to hear that it has the lease, the first loses it to the second.
    const [done, told] = first.stdout.startsWith('Applied') ? [first, await second] : [await second, first]
    expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Applied/) })
    codes.push(told.code)
    if (told.code === 0) expect(told.stdout).toBe('Nothing to do.\n')
    else
      expect(told).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('another apply is under way') })
    expect(place.invited()).toHaveLength(2)
    expect(place.groups().map(group => group.uniqueName)).not.toContain(leaseMark)
    place.meanwhile = undefined
    expect(await one.apply()).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' })
  }
  expect(codes.length).toBeGreaterThan(8)
  expect(codes.filter(code => code === 1).length).toBeGreaterThan(6)
})

test('an application that may not make groups is warned, and applies', async () => {
  const place = await openPlace({
    layers: [
      (request, next) =>
        request.path.includes(leaseMark)
          ? {
              status: 403,
              body: { error: { code: 'Authorization_RequestDenied', message: 'Insufficient privileges' } },
            }
          : next(request),
    ],
  })
  const { code, stderr } = await place.machine('anna@one').apply()
  expect(code).toBe(0)
  expect(stderr).toContain('warning[no-lease]: may not make the group that keeps two applies apart')
})
