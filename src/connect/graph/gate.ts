// The gate that requests which write leave through: the best of those that wait, up to twenty in a batch, as fast as the lanes
// let them and never faster. Whoever waits for anything else - to be repeated, to be visible, to be compared - holds neither a
// place among the requests under way nor the turn of a group.

import { RequestFailure } from '../../model/directories.ts'
import { tryBatch } from './batch.ts'
import { requestIdOf } from './explain-failure.ts'
import { createInterruption } from './interruption.ts'
import type { Lane, Lanes } from './lanes.ts'
import { isPaced } from './pace.ts'
import { pauseAfter } from './retry.ts'
import type { SteadyTime } from './steady.ts'
import { interrupted, type Turns } from './turns.ts'
import { chooseBatch, type Departure, demandOf, gathering, oneWriterFor, type Waiting } from './waiting.ts'
import type { Answer, Request, Tried, Wire } from './wire.ts'

export interface Gate {
  /** The answer, undefined if there was nothing to send; rejects with a RequestFailure. */
  readonly pass: (departure: Departure) => Promise<Answer | undefined>
  /** True: whatever waits, waits for something else than its permit. */
  readonly isAtRest: () => boolean
}

export interface GateParts {
  readonly wire: Wire
  readonly time: SteadyTime
  readonly lanes: Lanes
  readonly turns: Turns
  /** Requests under way at the most. */
  readonly inFlight: number
  /** Of the whole connection, beside those of its turns. */
  readonly signal: AbortSignal | undefined
  /** Told that the service wants to be left alone, and for how long. */
  readonly onPause: (ms: number) => void
}

interface Leaving {
  readonly waiting: Waiting
  readonly request: Request
  /** Of the last answer. */
  headers: Headers
}

const never = Number.POSITIVE_INFINITY

/** Milliseconds for which a comparison is worth something. */
const recent = 5000

export function createGate({ wire, time, lanes, turns, inFlight, signal, onPause }: GateParts): Gate {
  const queue = new Set<Waiting>()
  /** Objects that a write is under way to. */
  const busy = new Set<string>()
  const comparing = new Set<Waiting>()
  let underWay = 0
  let isPacedBusy = false
  let order = 0
  let isPumping = false
  /** How many were taken aside. */
  let takenAside = 0
  let nap: { readonly until: number; readonly end: AbortController } | undefined

  const pass: Gate['pass'] = departure => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer | undefined>()
    const { path } = departure
    queue.add({
      departure,
      key: oneWriterFor(path),
      lanes: isPaced(path) ? [] : lanes.of(path),
      order: ++order,
      departures: 0,
      setbacks: 0,
      due: 0,
      isHeld: false,
      comparedAt: departure.before === undefined ? never : -never,
      // Application Proxy lives in beta, on a backend of its own.
      isAlone: departure.version === 'beta',
      resolve,
      reject,
    })
    for (const each of signalsOf(departure)) interruption.heed(each)
    pump()
    return promise
  }

  /** What arrives at the same time is chosen from together. */
  const pump = (): void => {
    if (isPumping) return
    isPumping = true
    setImmediate(() => {
      isPumping = false
      dropInterrupted()
      leavePaced()
      for (let before = -1; underWay < inFlight; ) {
        before = takenAside
        const chosen = chooseBatch(ready(), isPatient, hold, demandOf([...comparing]))
        if (chosen.length > 0) void leave(chosen)
        else if (takenAside === before) break
      }
      napUntilNext()
    })
  }

  const interruption = createInterruption(time, pump)

  const signalsOf = (departure: Departure): readonly AbortSignal[] =>
    [departure.turn().signal, signal].filter(each => each !== undefined)

  const dropInterrupted = (): void => {
    for (const waiting of queue) {
      const { departure, due } = waiting
      const end = interruption.endOf(signalsOf(departure))
      if (end === never) continue
      const isStuck = waiting.isHeld && !comparing.has(waiting)
      const mayGoOn = turns.hasBegun(departure.turn()) && !isStuck && Math.max(due, time.now()) < end
      if (!mayGoOn) drop(waiting, interrupted())
    }
  }

  const drop = (waiting: Waiting, reason: unknown): void => {
    queue.delete(waiting)
    waiting.reject(reason)
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

  const isPatient = ({ departure, departures }: Waiting): boolean =>
    departures === 0 && departure.isPatient?.() === true && interruption.endOf(signalsOf(departure)) === never

  const hold = (waiting: Waiting): 'no' | 'waits' | 'compares' => {
    const { departure } = waiting
    const awaited = departure.awaited?.()
    if (awaited === undefined && isCompared(waiting)) return 'no'
    takenAside += 1
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
        pump()
      })
    return awaited === undefined ? 'compares' : 'waits'
  }

  /** Conditional Access keeps its own pace, with reads and writes in one row. */
  const leavePaced = (): void => {
    if (isPacedBusy) return
    const next = [...queue]
      .filter(waiting => isPaced(waiting.departure.path) && isReady(waiting))
      .sort((a, b) => a.departure.turn().rank - b.departure.turn().rank)
      .find(waiting => hold(waiting) === 'no')
    if (next === undefined) return
    const leaving = prepare(next)
    if (leaving === undefined) {
      pump()
      return
    }
    const { waiting, request } = leaving
    queue.delete(waiting)
    isPacedBusy = true
    const mayRepeat = (): void => void waiting.departure.request()
    wire
      .send({ ...request, mayRepeat })
      .then(waiting.resolve, (failure: unknown) => {
        const isExcused = failure instanceof RequestFailure && waiting.departure.excuses?.(failure) === true
        if (isExcused) queue.add(waiting)
        else waiting.reject(failure)
      })
      .finally(() => {
        isPacedBusy = false
        pump()
      })
  }

  const leave = async (chosen: readonly Waiting[]): Promise<void> => {
    const leaving = chosen.flatMap(waiting => prepare(waiting) ?? [])
    if (leaving.length === 0) {
      pump()
      return
    }
    underWay += 1
    for (const { waiting } of leaving) {
      queue.delete(waiting)
      waiting.departures += 1
      if (waiting.key !== undefined) busy.add(waiting.key)
      for (const lane of waiting.lanes) lane.take()
    }
    const results = await trying(leaving)
    underWay -= 1
    for (const { waiting } of leaving) if (waiting.key !== undefined) busy.delete(waiting.key)
    for (const [index, each] of leaving.entries()) {
      const result = results[index]
      if (result === undefined) {
        each.waiting.isAlone = true
        queue.add(each.waiting)
      } else if (result instanceof Error) each.waiting.reject(result)
      else judge(each, result)
    }
    pump()
  }

  const prepare = (waiting: Waiting): Leaving | undefined => {
    try {
      const request = waiting.departure.request()
      if (request !== undefined) return heard(waiting, request)
      queue.delete(waiting)
      waiting.resolve(undefined)
    } catch (error) {
      drop(waiting, error)
    }
    return undefined
  }

  const heard = (waiting: Waiting, request: Request): Leaving => {
    const onAnswer = (answer: Answer): void => {
      request.onAnswer?.(answer)
      leaving.headers = answer.headers
      const id = requestIdOf(answer)
      if (id !== undefined) waiting.departure.tell(id)
    }
    const leaving: Leaving = { waiting, request: { ...request, onAnswer }, headers: new Headers() }
    return leaving
  }

  const trying = async (leaving: readonly Leaving[]): Promise<readonly (Tried | Error | undefined)[]> => {
    const requests = leaving.map(({ request }) => request)
    const [only] = requests
    try {
      return only !== undefined && requests.length === 1 ? [await wire.tryOnce(only)] : await tryBatch(wire, requests)
    } catch (error) {
      // No credentials, or a mistake of ours.
      return leaving.map(() => error as Error)
    }
  }

  const judge = ({ waiting, request, headers }: Leaving, tried: Tried): void => {
    const { departure, resolve, reject } = waiting
    const lane = lanes.meant(departure.path, headers)
    if (tried.failure === undefined) {
      // Told only above 0.8 (Microsoft Graph's page on throttling).
      const used = Number(headers.get('x-ms-throttle-limit-percentage') ?? 0)
      if (used > 0.8) lane.correct(used)
      resolve(tried.answer)
      return
    }
    const { failure, setback } = tried
    waiting.setbacks += 1
    const wait = pauseAfter(setback, waiting.setbacks, request.repeat, wire.clock.random)
    if (failure.status === 429) close(lane, wait ?? setback.retryAfter ?? 0)
    const isExcused = wait === undefined && departure.excuses?.(failure) === true
    if (wait === undefined && !isExcused) {
      reject(failure)
      return
    }
    waiting.due = time.now() + (wait ?? 0)
    queue.add(waiting)
  }

  const close = (lane: Lane, ms: number): void => {
    lane.close(ms)
    onPause(ms)
  }

  const napUntilNext = (): void => {
    const until = nextChance()
    if (until === nap?.until) return
    nap?.end.abort()
    nap = undefined
    if (until === never) return
    const mine = { until, end: new AbortController() }
    nap = mine
    const wake = (): void => {
      if (nap !== mine) return
      nap = undefined
      pump()
    }
    time.sleep(until - time.now(), mine.end.signal).then(wake, wake)
  }

  /** When anything that waits may go on, or must give up, without an answer coming in. */
  const nextChance = (): number => {
    const now = time.now()
    const waiting = [...queue]
    const ends = waiting.map(({ departure }) => interruption.endOf(signalsOf(departure)))
    const dues = waiting.filter(({ isHeld, due }) => !isHeld && due > now).map(({ due }) => due)
    const demand = demandOf(underWay < inFlight ? waiting.filter(isReady) : [])
    // The permits that are kept for what is being compared are nobody else's.
    const kept = demandOf([...comparing])
    const openings = [...demand.keys()].map(lane =>
      lane.freeAt(Math.max(gathering(lane, demand), (kept.get(lane) ?? 0) + 1)),
    )
    return Math.min(never, ...[...ends, ...dues, ...openings].filter(at => at > now))
  }

  return { pass, isAtRest: () => comparing.size === 0 && ![...queue].some(isReady) }
}
