// Who has begun, and until when what has begun may go on.

import { expect, test, vi } from 'vitest'
import { createInterruption } from '../../src/connect/graph/interruption.ts'
import { createTurns } from '../../src/connect/graph/turns.ts'
import type { Turn } from '../../src/model/directories.ts'
import { startFake } from './fake-graph.ts'

function turnOf(rank: number, begin = (): void => undefined): Turn {
  return { rank, begin, tell: () => undefined }
}

test('what may not begin has not begun', () => {
  const turns = createTurns()
  const turn = turnOf(1, () => {
    throw new Error('held back')
  })
  expect(() => turns.begin(turn)).toThrow('held back')
  expect([turns.hasBegun(turn), turns.stage(turn)]).toEqual([false, 2])
})

test('revocations go first, then what has begun, then the others', () => {
  const turns = createTurns()
  const [revocation, begun, other] = [turnOf(-1), turnOf(1), turnOf(0)] as const
  turns.begin(begun)
  expect([revocation, begun, other].map(turn => turns.stage(turn))).toEqual([0, 1, 2])
})

test('after an interruption what has begun has ten seconds, the first of several counts, and all are told', () => {
  let now = 0
  const told = vi.fn()
  const interruption = createInterruption({ now: () => now, sleep: async () => undefined }, told)
  const [one, other] = [new AbortController(), new AbortController()]
  const both = [one.signal, other.signal]
  for (const signal of [...both, one.signal]) interruption.heed(signal)
  expect([interruption.endOf(both), interruption.endOf([])]).toEqual([Infinity, Infinity])
  now = 1000
  one.abort()
  now = 5000
  other.abort()
  interruption.heed(one.signal)
  expect([interruption.endOf(both), interruption.endOf([other.signal])]).toEqual([11_000, 15_000])
  expect(told).toHaveBeenCalledTimes(2)
})

test('who comes when all is interrupted already is told so', () => {
  const interruption = createInterruption({ now: () => 7, sleep: async () => undefined }, () => undefined)
  interruption.heed(AbortSignal.abort())
  const signal = AbortSignal.abort()
  interruption.heed(signal)
  expect(interruption.endOf([signal])).toBe(10_007)
})

test('after an interruption nothing is read', async () => {
  const { graph, asked } = await startFake(() => ({ body: { id: 'u' } }), { signal: AbortSignal.abort() })
  await expect(graph.reader().get('/users/u')).rejects.toMatchObject({ code: 'interrupted' })
  expect(asked).toEqual([])
})
