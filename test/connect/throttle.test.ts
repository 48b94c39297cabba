// What closes a lane, and what only slows it.

import { describe, expect, it } from 'vitest'
import { createLanes, type Lane } from '../../src/connect/graph/lanes.ts'
import { createThrottle, type Judged } from '../../src/connect/graph/throttle.ts'
import { RequestFailure } from '../../src/model/directories.ts'

type Said = Readonly<Record<string, string>>

function throttleAt() {
  const time = { now: 0 }
  const lanes = createLanes(true, () => time.now)
  const pauses: number[] = []
  const { learn } = createThrottle(lanes, ms => pauses.push(ms))
  const [inviting, directory] = lanes.of('/invitations') as readonly [Lane, Lane]

  const answered = (path: string, headers: Said, tried: Judged['tried'], wait: number): Judged => {
    const waiting = { departure: { path }, lanes: lanes.of(path) } as Judged['leaving']['waiting']
    const leaving = { waiting, request: {} as Judged['leaving']['request'], headers: new Headers(headers) }
    return { leaving, tried, wait }
  }
  const passed = (path = '/users/u', headers: Said = {}): Judged =>
    answered(path, headers, { answer: { status: 204, headers: new Headers(), body: undefined } }, 0)
  const failed = (status: number, path = '/users/u', headers: Said = {}, wait = 30_000): Judged => {
    const setback = { status, code: '', retryAfter: undefined, reached: true }
    return answered(path, headers, { failure: new RequestFailure(status, '', ''), setback }, wait)
  }
  const refused = (path?: string, headers?: Said, wait?: number): Judged => failed(429, path, headers, wait)
  const open = (): readonly boolean[] => [directory, inviting].map(lane => lane.free() > 0)
  return { time, learn, pauses, directory, inviting, passed, failed, refused, open }
}

function several(count: number, one: () => Judged): readonly Judged[] {
  return Array.from({ length: count }, () => one())
}

describe('a lane', () => {
  it('stays open when the service refuses some of a batch and lets as many through', () => {
    const { learn, passed, refused, open, pauses, directory } = throttleAt()
    learn([passed()])
    learn([refused(), ...several(19, passed)])
    expect(directory.perSecond()).toBeCloseTo(19)
    learn([...several(10, passed), ...several(10, refused)])
    expect([open(), pauses]).toEqual([[true, true], []])
  })

  it('closes for the longest of the waits when more of a batch is refused than let through', () => {
    const { learn, passed, refused, open, pauses, directory } = throttleAt()
    learn([...several(9, passed), ...several(10, refused), refused('/users/u', {}, 5000)])
    expect([open(), pauses, directory.freeAt(1)]).toEqual([[false, true], [30_000], 30_000])
  })

  it('waits for a second refusal when one request by itself is refused, unless one was let through in between', () => {
    const { learn, passed, failed, refused, open } = throttleAt()
    for (const other of [passed(), failed(404), refused(), passed(), refused()]) learn([other])
    expect(open()).toEqual([true, true])
    learn([refused()])
    expect(open()).toEqual([false, true])
  })

  it('that was closed closes again at the first refusal', () => {
    const { time, learn, refused, open } = throttleAt()
    learn(several(20, refused))
    time.now = 31_000
    expect(open()).toEqual([true, true])
    learn([refused()])
    expect(open()).toEqual([false, true])
  })

  it.each<[closes: boolean, Said]>([
    [
      true,
      { 'x-ms-throttle-information': 'WriteLimitExceeded', 'x-ms-throttle-scope': 'Tenant_Application/Write/a/t' },
    ],
    [true, { 'x-ms-throttle-information': 'ResourceUnitLimitExceeded' }],
    [true, { 'x-ms-throttle-scope': 'Tenant/Write/a/t' }],
    [false, { 'x-ms-throttle-information': 'CPULimitExceeded', 'x-ms-throttle-scope': 'Tenant/Write/a/t' }],
  ])('closes at one refusal of twenty that names the limit (%s): %o', (closes, said) => {
    const { learn, passed, refused, open } = throttleAt()
    learn([refused('/users/u', said), ...several(19, passed)])
    expect(open()).toEqual([!closes, true])
  })

  it('of invitations closes by itself, and that of all writes when the refusal is about those', () => {
    const invitation = '/invitations'
    const one = throttleAt()
    one.learn([...several(15, () => one.refused(invitation)), ...several(5, one.passed)])
    expect(one.open()).toEqual([true, false])
    const other = throttleAt()
    other.learn([
      ...several(5, () => other.refused(invitation, { 'x-ms-throttle-scope': 'Tenant_Application/Write/a/t' })),
      ...several(15, () => other.passed(invitation)),
    ])
    expect(other.open()).toEqual([false, true])
    const both = throttleAt()
    both.learn([...several(10, () => both.refused(invitation)), ...several(10, both.refused)])
    expect(both.open()).toEqual([false, false])
  })

  it('that invitations came through is not used up', () => {
    const { learn, passed, refused, open } = throttleAt()
    learn([refused(), refused(), ...several(18, () => passed('/invitations'))])
    expect(open()).toEqual([true, true])
  })

  it('goes on slower at most once in ten seconds, and is back after a while', () => {
    const { time, learn, passed, refused, directory } = throttleAt()
    for (let count = 0; count < 50; count++) learn([...several(2, refused), ...several(18, passed)])
    expect(directory.perSecond()).toBeCloseTo(18)
    time.now = 10_000
    learn([...several(10, refused), ...several(10, passed)])
    expect(directory.perSecond()).toBeCloseTo((18 + 20 / 12) / 2)
    time.now = 120_000
    expect([directory.free(), directory.perSecond()]).toEqual([3000, 20])
  })

  it('is told how much of its limit is used', () => {
    const { learn, passed, directory, inviting } = throttleAt()
    learn([passed('/users/u', { 'x-ms-throttle-limit-percentage': '0.7' })])
    expect(directory.free()).toBe(3000)
    learn([passed('/users/u', { 'x-ms-throttle-limit-percentage': '0.9' })])
    expect(directory.free()).toBe(300)
    learn([passed('/invitations', { 'x-ms-throttle-limit-percentage': '1.2' })])
    expect([directory.free(), inviting.free()]).toEqual([300, 0])
  })
})
