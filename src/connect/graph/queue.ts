// Those that wait at the gate: who is ready, who leaves next, and when somebody may. Whoever waits for anything else than a
// permit - to be repeated, to be visible, to be compared - is held aside.

import { createInterruption } from './interruption.ts'
import { isPaced } from './pace.ts'
import type { SteadyTime } from './steady.ts'
import { interrupted, type Turns } from './turns.ts'
import { chooseBatch, demandOf, gathering, type Waiting } from './waiting.ts'

export interface Queue {
  readonly add: (waiting: Waiting) => void
  readonly delete: (waiting: Waiting) => void
  /** No other write to the same object leaves until it is over. */
  readonly begin: (leaving: readonly Waiting[]) => void
  readonly end: (leaving: readonly Waiting[]) => void
  /** The next batch; empty: nothing may leave now. */
  readonly next: () => readonly Waiting[]
  readonly nextPaced: () => Waiting | undefined
  readonly dropInterrupted: () => void
  /** When anything that waits may go on, or must give up, without an answer coming in. `mayLeave`: there is room for it. */
  readonly nextChance: (mayLeave: boolean) => number
  /** True: whatever waits, waits for something else than its permit. */
  readonly isAtRest: () => boolean
}

export interface QueueParts {
  readonly time: SteadyTime
  readonly turns: Turns
  /** Of the whole connection, beside those of its turns. */
  readonly signal: AbortSignal | undefined
  /** Told that something may have become ready. */
  readonly onChange: () => void
}

const never = Number.POSITIVE_INFINITY

/** Milliseconds for which a comparison is worth something. */
const recent = 5000

export function createQueue({ time, turns, signal, onChange }: QueueParts): Queue {
  const queue = new Set<Waiting>()
  /** Objects that a write is under way to. */
  const busy = new Set<string>()
  const comparing = new Set<Waiting>()
  const interruption = createInterruption(time, onChange)
  /** How many were held aside. */
  let heldAside = 0

  const signalsOf = ({ departure }: Waiting): readonly AbortSignal[] =>
    [departure.turn().signal, signal].filter(each => each !== undefined)

  const add = (waiting: Waiting): void => {
    queue.add(waiting)
    for (const each of signalsOf(waiting)) interruption.heed(each)
  }

  const drop = (waiting: Waiting, reason: unknown): void => {
    queue.delete(waiting)
    waiting.reject(reason)
  }

  const dropInterrupted = (): void => {
    for (const waiting of queue) {
      const end = interruption.endOf(signalsOf(waiting))
      if (end === never) continue
      const isStuck = waiting.isHeld && !comparing.has(waiting)
      const hasBegun = turns.hasBegun(waiting.departure.turn())
      if (!hasBegun || isStuck || Math.max(waiting.due, time.now()) >= end) drop(waiting, interrupted())
    }
  }

  const isReady = ({ isHeld, due, key }: Waiting): boolean =>
    !isHeld && due <= time.now() && (key === undefined || !busy.has(key))

  const isCompared = ({ comparedAt }: Waiting): boolean => time.now() - comparedAt <= recent

  /** The best first; among equals whoever was compared, before that is long ago. */
  const ready = (): readonly Waiting[] => {
    const ranked = [...queue].flatMap(waiting => {
      if (isPaced(waiting.departure.path) || !isReady(waiting)) return []
      const turn = waiting.departure.turn()
      const isFresh = waiting.departure.before !== undefined && isCompared(waiting)
      return { waiting, stage: turns.stage(turn), fresh: isFresh ? 0 : 1, rank: turn.rank }
    })
    ranked.sort(
      (a, b) => a.stage - b.stage || a.fresh - b.fresh || a.rank - b.rank || a.waiting.order - b.waiting.order,
    )
    return ranked.map(({ waiting }) => waiting)
  }

  const isPatient = (waiting: Waiting): boolean => {
    const { departure, departures } = waiting
    return departures === 0 && departure.isPatient?.() === true && interruption.endOf(signalsOf(waiting)) === never
  }

  const hold = (waiting: Waiting): 'no' | 'waits' | 'compares' => {
    const { departure } = waiting
    const awaited = departure.awaited?.()
    if (awaited === undefined && isCompared(waiting)) return 'no'
    heldAside += 1
    try {
      departure.mayBegin?.()
    } catch (error) {
      drop(waiting, error)
      return 'waits'
    }
    waiting.isHeld = true
    if (awaited === undefined) comparing.add(waiting)
    const held = awaited ?? departure.before?.()
    held
      ?.then(() => {
        if (awaited === undefined) waiting.comparedAt = time.now()
      })
      .catch((error: unknown) => drop(waiting, error))
      .finally(() => {
        waiting.isHeld = false
        comparing.delete(waiting)
        onChange()
      })
    return awaited === undefined ? 'compares' : 'waits'
  }

  const next = (): readonly Waiting[] => {
    for (;;) {
      const before = heldAside
      const chosen = chooseBatch(ready(), isPatient, hold, demandOf([...comparing]))
      if (chosen.length > 0 || heldAside === before) return chosen
    }
  }

  const nextPaced = (): Waiting | undefined =>
    [...queue]
      .filter(waiting => isPaced(waiting.departure.path) && isReady(waiting))
      .sort((a, b) => a.departure.turn().rank - b.departure.turn().rank)
      .find(waiting => hold(waiting) === 'no')

  const nextChance = (mayLeave: boolean): number => {
    const now = time.now()
    const waiting = [...queue]
    const ends = waiting.map(each => interruption.endOf(signalsOf(each)))
    const dues = waiting.filter(({ isHeld, due }) => !isHeld && due > now).map(({ due }) => due)
    const demand = demandOf(mayLeave ? waiting.filter(isReady) : [])
    // The permits that are kept for what is being compared are nobody else's.
    const kept = demandOf([...comparing])
    const openings = [...demand.keys()].map(lane =>
      lane.freeAt(Math.max(gathering(lane, demand), (kept.get(lane) ?? 0) + 1)),
    )
    return Math.min(never, ...[...ends, ...dues, ...openings].filter(at => at > now))
  }

  return {
    add,
    delete: waiting => queue.delete(waiting),
    begin: leaving => {
      for (const { key } of leaving) if (key !== undefined) busy.add(key)
    },
    end: leaving => {
      for (const { key } of leaving) if (key !== undefined) busy.delete(key)
    },
    next,
    nextPaced,
    dropInterrupted,
    nextChance,
    isAtRest: () => comparing.size === 0 && ![...queue].some(isReady),
  }
}
