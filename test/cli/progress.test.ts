// Progress: one live line for a person, lines for a log, and few of them for very many changes.

import { expect, test } from 'vitest'
import { type Progress, progressOn } from '../../src/cli/progress.ts'
import { timeLeft } from '../../src/cli/time-left.ts'
import { noWrites, settlingTime, type Writes } from '../../src/model/estimate.ts'
import { ids } from '../../src/model/id.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import { createVirtualClock } from '../../src/sandbox/virtual-clock.ts'
import { sink } from './fake-host.ts'

interface Pace {
  /** What each of the changes costs, `p1@fabrikam.com` and so on. */
  readonly each?: Partial<Writes>
  readonly elapsed?: () => number
}

function on(log: ReturnType<typeof sink>, total: number, { each = {}, elapsed = () => 0 }: Pace = {}): Progress {
  const people = Array.from({ length: total }, (_, index) => ids.guest(`p${index + 1}@fabrikam.com`))
  const writes = new Map(people.map(id => [id, { ...noWrites, ...each }]))
  const unseen = () => ({ objects: 0, most: 0 })
  const left = timeLeft({ writes, estimate: undefined, unseen, elapsed })
  return progressOn(log, { total, left, elapsed, unseen, sleep: () => new Promise(() => undefined) })
}

function outcome(person: string, failed: boolean | string = false): Outcome {
  const id = ids.guest(person)
  const change = {
    id,
    plane: 'entra',
    kind: 'guest',
    action: 'create',
    risk: 'grant',
    before: null,
    after: {},
    target: { objects: {}, named: {} },
    dependsOn: [],
    because: [],
  } as const
  const message = failed === true ? 'no' : String(failed)
  return failed
    ? { change, status: 'failed', trouble: { code: 'Forbidden', message }, ms: 1, requestIds: [] }
    : { change, status: 'done', ms: 1, requestIds: [] }
}

test('a log gets a line for each change', () => {
  const log = sink()
  const progress = on(log, 12)
  progress.tell(outcome('lee@fabrikam.com'))
  progress.tell(outcome('kim@fabrikam.com', true))
  progress.end()
  expect(log.heard()).toBe(
    '[ 1/12] invite lee@fabrikam.com\n[ 2/12] failed: invite kim@fabrikam.com\n        no [Forbidden]\n',
  )
})

test('what never began does not count', () => {
  const log = sink()
  const progress = on(log, 3)
  progress.tell(outcome('lee@fabrikam.com'))
  progress.tell({ ...outcome('kim@fabrikam.com'), status: 'not-attempted', because: 'interrupted' } as Outcome)
  progress.tell({ ...outcome('dana@fabrikam.com'), status: 'not-attempted', because: 'interrupted' } as Outcome)
  progress.end()
  expect(log.heard()).toBe('[1/3] invite lee@fabrikam.com\n')
})

test('a log of very many changes gets a line for each tenth, and every failure', () => {
  const log = sink()
  const progress = on(log, 1005)
  for (let index = 1; index <= 1005; index++) progress.tell(outcome(`p${index}@fabrikam.com`, index === 500))
  progress.end()
  const lines = log.heard().trimEnd().split('\n')
  expect(lines.filter(line => /^\[ *\d+\/1005\]$/.test(line))).toHaveLength(10)
  expect(lines.filter(line => line.includes('failed: invite p500@'))).toHaveLength(1)
  expect(lines.at(-1)).toBe('[1005/1005]')
})

test('a terminal gets one line that is overwritten, never longer than it is wide, and gone at the end', () => {
  const terminal = sink({ live: true, columns: 24 })
  const progress = on(terminal, 3)
  progress.tell(outcome('a.very.long.name@fabrikam.com'))
  progress.end()
  expect(terminal.heard()).toBe('\r\u001b[2K[1/3] invite a.very.lon\r\u001b[2K')
})

/** Changes of which the rest waits for new objects until Entra shows them. */
function waitingOn(log: ReturnType<typeof sink>, total: number) {
  const clock = createVirtualClock(0)
  const people = Array.from({ length: total }, (_, index) => ids.guest(`p${index + 1}@fabrikam.com`))
  const writes = new Map(people.map(id => [id, { ...noWrites, directory: 1 }]))
  const estimate = { seconds: 4, replication: settlingTime + 120, writes: noWrites }
  const time = { elapsed: clock.now, unseen: () => ({ objects: 23, most: 600_000 - clock.now() }) }
  const left = timeLeft({ writes, estimate, ...time })
  return { clock, progress: progressOn(log, { total, left, sleep: clock.sleep, ...time }) }
}

test('in silence a log hears what is waited for and how long at most: first as was told, then until there is no more patience', async () => {
  const log = sink()
  const { clock, progress } = waitingOn(log, 500)
  for (let index = 1; index < 500; index++) progress.tell(outcome(`p${index}@fabrikam.com`))
  await clock.sleep(155_000)
  progress.tell(outcome('p500@fabrikam.com'))
  progress.end()
  await clock.sleep(100_000)
  expect(log.heard().split('\n').slice(9)).toEqual([
    '[499/500] waiting for Entra to show 23 new objects · up to 2 min left',
    '[499/500] waiting for Entra to show 23 new objects · up to 2 min left',
    '[499/500] waiting for Entra to show 23 new objects · up to 35 s left',
    '[499/500] waiting for Entra to show 23 new objects · up to 8 min left',
    '[499/500] waiting for Entra to show 23 new objects · up to 8 min left',
    '[500/500]',
    '',
  ])
})

test('a terminal shows it after a moment, and is written to only when there is something new', async () => {
  const terminal = sink({ live: true })
  const { clock, progress } = waitingOn(terminal, 3)
  progress.tell(outcome('p1@fabrikam.com'))
  await clock.sleep(66_500)
  progress.end()
  await clock.sleep(100_000)
  const waiting = '[1/3] waiting for Entra to show 23 new objects'
  expect(terminal.heard().split('\r\u001b[2K')).toEqual([
    '',
    '[1/3] invite p1@fabrikam.com',
    `${waiting} · up to 2 min left`,
    `${waiting} · up to 1 min left`,
    `${waiting} · up to 55 s left`,
    '',
  ])
})

test('a log hears from a slow apply that it is alive', async () => {
  const log = sink()
  const clock = createVirtualClock(0)
  const unseen = () => ({ objects: 0, most: 0 })
  const left = timeLeft({ writes: new Map(), estimate: undefined, unseen, elapsed: clock.now })
  const progress = progressOn(log, { total: 300, left, elapsed: clock.now, unseen, sleep: clock.sleep })
  for (let index = 1; index <= 20; index++) {
    progress.tell(outcome(`p${index}@fabrikam.com`))
    await clock.sleep(4000)
  }
  progress.end()
  expect(log.heard()).toBe('[  8/300]\n[ 15/300]\n')
})

/** A change a second, as far as the log is concerned: what is said of the time that is left, by the number of the change. */
function told(total: number, each: Partial<Writes>, secondsOf: (index: number) => number): ReadonlyMap<number, string> {
  const log = sink()
  let now = 0
  const progress = on(log, total, { each, elapsed: () => now })
  for (let index = 1; index <= total; index++) {
    now = secondsOf(index) * 1000
    progress.tell(outcome(`p${index}@fabrikam.com`))
  }
  const lines = [...log.heard().matchAll(/^\[ *(\d+)\/\d+\] ?(.*)$/gm)]
  return new Map(lines.map(([, settled, rest = '']) => [Number(settled), rest]))
}

test('a log says how long it still takes: at the pace of the quota, and at its own where that is another', () => {
  // 6 000 writes, of which 3 000 are free at once: 150 seconds.
  const asPlanned = told(2000, { directory: 3 }, index => Math.max(index * 0.0225, (index * 3 - 3000) / 20))
  expect(asPlanned.get(200)).toBe('about 3 min left')
  expect(asPlanned.get(1200)).toBe('about 2 min left')
  expect(asPlanned.get(1800)).toBe('about 30 s left')
  expect(asPlanned.get(2000)).toBe('')
  const slow = told(2000, { directory: 3 }, index => 3 * Math.max(index * 0.0225, (index * 3 - 3000) / 20))
  expect(slow.get(1200)).toBe('about 6 min left')
  expect(slow.get(1800)).toBe('about 2 min left')
  expect(slow.get(2000)).toBe('')
})

test('of what is over in a moment no time is told', () => {
  const short = told(500, { directory: 1 }, index => index / 100)
  expect([...short.values()].join('')).toBe('')
  expect(short.size).toBe(10)
})

test('a terminal shows the time that is left, however long the change is named', () => {
  const terminal = sink({ live: true, columns: 40 })
  let now = 0
  const progress = on(terminal, 6000, { each: { directory: 1 }, elapsed: () => now })
  now = 5000
  progress.tell(outcome('p1@fabrikam.com'))
  expect(terminal.heard()).toBe('\r\u001b[2K[   1/6000] invite p · about 3 min left')
})

test('that the service asks to wait is said once in a while, and ever more seldom', () => {
  const log = sink()
  let now = 0
  const progress = on(log, 3, { elapsed: () => now })
  for (; now < 179_000; now += 500) progress.pause(12_000)
  const [line] = log.heard().split('\n')
  expect(line).toBe('Waiting 12 s: Microsoft Graph asks for it.')
  expect(log.heard()).toBe(`${line}\n${line}\n`)
  now = 200_000
  progress.pause(400)
  progress.pause(30_000)
  expect(log.heard()).toBe(`${line}\n${line}\nWaiting 30 s: Microsoft Graph asks for it.\n`)
})

test('of very many reasons the first are told as they come, and the rest at the end', () => {
  const log = sink()
  const progress = on(log, 1000)
  for (let index = 1; index <= 1000; index++) progress.tell(outcome(`p${index}@fabrikam.com`, `no, ${index} times`))
  expect([...log.heard().matchAll(/failed: /g)]).toHaveLength(20)
  expect(log.heard()).toContain('Failures for further reasons are told at the end.\n')
  expect(log.heard()).toMatch(/^\[1000\/1000\]$/m)
})

test('what fails for the same reason is told once, and counted', () => {
  const log = sink()
  const progress = on(log, 60)
  const lost = (person: string): Outcome =>
    outcome(
      person,
      `Microsoft Graph did not answer POST /v1.0/invitations: the answer to the batch of ${person} was lost`,
    )
  for (let index = 1; index <= 20; index++) progress.tell(lost(`p${index}@fabrikam.com`))
  progress.tell(outcome('lee@fabrikam.com'))
  progress.tell(lost('kim@fabrikam.com'))
  progress.tell(outcome('dana@fabrikam.com', 'Microsoft Graph did not answer POST /v1.0/groups: reset'))
  progress.end()
  expect(log.heard().split('\n')).toEqual([
    '[ 1/60] failed: invite p1@fabrikam.com',
    '        Microsoft Graph did not answer POST /v1.0/invitations: the answer to the batch of p1@fabrikam.com was lost [Forbidden]',
    'failed for the same reason as "invite p1@fabrikam.com": 19 more',
    '[21/60] invite lee@fabrikam.com',
    'failed for the same reason as "invite p1@fabrikam.com": 1 more',
    '[23/60] failed: invite dana@fabrikam.com',
    '        Microsoft Graph did not answer POST /v1.0/groups: reset [Forbidden]',
    '',
  ])
})
