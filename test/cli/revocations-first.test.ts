// What takes access away does not wait for what a cut apply may have written; all else does.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { leaseMark } from '../../src/resources/mark.ts'
import { type Machine, minute, openPlace, type Place, start } from './two-machines.ts'

/** Of a run that was cut ten minutes ago: its last writes are visible in ten minutes at the latest. */
const cut = { by: 'anna', on: 'one', machine: 'one', process: 7, since: iso(-20), renewed: iso(-10) }

function iso(minutes: number): string {
  return new Date(start + minutes * minute).toISOString()
}

function minutesBetween(one = '', other = ''): number {
  return (Date.parse(other) - Date.parse(one)) / minute
}

interface CutPlace {
  readonly place: Place
  readonly ben: Machine
  /** When it was first done, in minutes. */
  readonly at: { removed?: number; invited?: number }
  readonly removed: Promise<void>
}

/** Lee and Dana are in; the policy wants Lee and Kim, and the last apply was cut. */
async function cutPlace(): Promise<CutPlace> {
  const place = await openPlace()
  expect(await place.machine('anna@one').apply()).toMatchObject({ code: 0 })
  const passed = (place.time.now() - start) / minute
  await place.leave({ ...cut, renewed: iso(passed - 10) })
  const ben = place.machine('ben@other')
  ben.people('lee@fabrikam.com', 'kim@fabrikam.com')
  const from = place.time.now()
  const at: CutPlace['at'] = {}
  const { promise: removed, resolve } = Promise.withResolvers<void>()
  place.onRequest = (method, path) => {
    const minutes = (place.time.now() - from) / minute
    if (method === 'POST' && path === '/invitations') at.invited ??= minutes
    if (method !== 'DELETE' || !/^\/groups\/[^/]+\/members\//.test(path)) return
    at.removed ??= minutes
    resolve()
  }
  return { place, ben, at, removed }
}

function lease(place: Place): { readonly hasEnded?: boolean; readonly visible: string } | undefined {
  const group = place.groups().find(({ uniqueName }) => uniqueName === leaseMark)
  return group === undefined ? undefined : JSON.parse(group.description ?? '')
}

test('whoever loses access loses it at once, and who gains it waits', async () => {
  const { place, ben, at } = await cutPlace()
  const { code, stdout, stderr } = await ben.apply()
  expect(code).toBe(0)
  expect(at.removed).toBeLessThan(3)
  expect(at.invited).toBeGreaterThanOrEqual(9)
  expect(stderr).toMatch(/did not end[\s\S]*What takes access away does not wait for that\.[\s\S]*Waiting until/)
  expect(stdout).toMatch(/^Applied 2 changes\. 1 access lost\.\nApplied 2 changes\. 1 access gained\.\n$/)
  expect(lease(place)).toBeUndefined()
  // Each of the two parts is an apply of its own in the journal, and both are whole.
  expect(await ben.run('audit', 'verify', '.guestlist/journal.jsonl')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('2 applies'),
  })
})

test('where nobody gains anything, there is nothing else to do', async () => {
  const { ben, at } = await cutPlace()
  ben.people('lee@fabrikam.com')
  const { code, stdout } = await ben.apply()
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'Applied 2 changes. 1 access lost.\nNothing else to do.\n' })
  expect(at.removed).toBeLessThan(3)
  expect(await ben.run('audit', 'verify', '.guestlist/journal.jsonl')).toMatchObject({ code: 0 })
})

test('Ctrl-C in the waiting: what was taken away stays so, and the rest of the waiting is left to the next', async () => {
  const { place, ben, removed } = await cutPlace()
  const running = ben.apply()
  await removed
  await place.time.sleep(5 * minute)
  const before = lease(place)
  ben.interrupt()
  const { code, stdout, stderr } = await running
  expect({ code, stdout }).toEqual({ code: 130, stdout: 'Applied 2 changes. 1 access lost.\n' })
  expect(stderr).toMatch(/\nInterrupted: what is told above is done, and the next apply does the rest\.\n$/)
  expect(place.invited()).toHaveLength(2)
  expect(before?.hasEnded).toBeUndefined()
  // What was taken away is visible later than what the cut apply wrote.
  expect(lease(place)).toMatchObject({ by: 'ben', hasEnded: true })
  expect(minutesBetween(before?.visible, lease(place)?.visible)).toBeGreaterThan(8)
  expect(await ben.run('audit', 'verify', '.guestlist/journal.jsonl')).toMatchObject({ code: 0 })
})

test('Ctrl-C while the last of it is under way: the rest neither is waited for nor done', async () => {
  const { place, ben, at } = await cutPlace()
  const told = place.onRequest
  place.onRequest = (method, path) => {
    told?.(method, path)
    if (method === 'PATCH' && /^\/users\//.test(path)) ben.interrupt()
  }
  const { code, stdout } = await ben.apply()
  expect({ code, stdout }).toEqual({ code: 130, stdout: 'Applied 2 changes. 1 access lost.\n' })
  expect(at.invited).toBeUndefined()
  expect(await ben.run('audit', 'verify', '.guestlist/journal.jsonl')).toMatchObject({ code: 0 })
})

test('what nobody has seen nobody has approved: it waits with the rest', async () => {
  const { place, at } = await cutPlace()
  let answers = 0
  const cleo = place.machine('cleo@third', {
    ask: async () => {
      answers += 1
      if (answers > 1) return 'yes'
      // Since this plan was shown, an administrator has taken out somebody whom the policy wants.
      await place
        .writer()
        .removeMember(idOf(place, 'groups', 'uniqueName', /engineers/), idOf(place, 'users', 'mail', /^lee@/))
      delete at.removed
      return 'yes'
    },
  })
  cleo.people('lee@fabrikam.com', 'kim@fabrikam.com')
  expect(await cleo.run('apply')).toMatchObject({ code: 0 })
  expect(answers).toBe(2)
  expect(at.removed).toBeGreaterThanOrEqual(9)
})

test.each([
  ['--partner', 'fabrikam'],
  ['--only', 'entra'],
  ['--app', 'expenses'],
])('so it is with %s %s', async (...part) => {
  const { ben, at } = await cutPlace()
  expect(await ben.run('apply', '--auto-approve', ...part)).toMatchObject({ code: 0 })
  expect(at.removed).toBeLessThan(3)
  expect(at.invited).toBeGreaterThanOrEqual(9)
})

test('what a guardrail refuses is not done in part', async () => {
  const { place, ben, at } = await cutPlace()
  const policy = join(ben.host.cwd, 'policies/all.yaml')
  const limit = 'guardrails: {removals: {percent: 10, atLeast: 1}}'
  writeFileSync(policy, readFileSync(policy, 'utf8').replace('---', `${limit}\n---`))
  const before = place.dump()
  expect(await ben.apply()).toMatchObject({ code: 3, stdout: '' })
  expect(at).toEqual({})
  expect(place.dump()).toBe(before)
})

test('who has approved all is not asked again for what is left', async () => {
  const { place, at } = await cutPlace()
  let answers = 0
  const ask = async (): Promise<string> => {
    answers += 1
    return 'yes'
  }
  const cleo = place.machine('cleo@third', { ask })
  cleo.people('lee@fabrikam.com', 'kim@fabrikam.com')
  expect(await cleo.run('apply')).toMatchObject({ code: 0 })
  expect(answers).toBe(1)
  expect(at.removed).toBeLessThan(3)
  expect(at.invited).toBeGreaterThanOrEqual(9)
})

test('where something else is to be done after the waiting, a reviewed plan is applied in part', async () => {
  const { place, ben, removed } = await cutPlace()
  expect(await ben.run('plan', '--out', 'plan.json')).toMatchObject({ code: 0 })
  const running = ben.run('apply', 'plan.json')
  await removed
  await place
    .writer()
    .removeMember(idOf(place, 'groups', 'uniqueName', /engineers/), idOf(place, 'users', 'mail', /^lee@/))
  const { code, stdout, stderr } = await running
  expect({ code, stdout }).toEqual({ code: 5, stdout: 'Applied 2 changes. 1 access lost.\n' })
  expect(stderr).toContain('nothing more was changed')
  expect(place.invited()).toHaveLength(2)
  expect(await ben.run('audit', 'verify', '.guestlist/journal.jsonl')).toMatchObject({ code: 0 })
})

test('a reviewed plan of which this is a part is enough', async () => {
  const { ben, at } = await cutPlace()
  expect(await ben.run('plan', '--out', 'plan.json')).toMatchObject({ code: 0 })
  expect(await ben.run('apply', 'plan.json')).toMatchObject({ code: 0 })
  expect(at.removed).toBeLessThan(3)
  expect(at.invited).toBeGreaterThanOrEqual(9)
})

function idOf(place: Place, list: string, property: string, value: RegExp): string {
  const items = [...place.store.collection<{ readonly id: string }>(list).values()]
  const found = items.find(item => value.test(String((item as Record<string, unknown>)[property] ?? '')))
  if (found === undefined) throw new Error(`no ${property} of ${list} matches ${value}`)
  return found.id
}
