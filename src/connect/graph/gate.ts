// The gate that requests which write leave through: the best of those that wait, up to twenty in a batch, as fast as the lanes
// let them and never faster. Whoever waits for anything else - to be repeated, to be visible, to be compared - holds neither a
// place among the requests under way nor the turn of a group.

import { createAlarm } from './alarm.ts'
import type { Lanes } from './lanes.ts'
import { type Leaving, leavingOf, tryTogether } from './leaving.ts'
import { isPaced } from './pace.ts'
import { createPacedRow } from './paced-row.ts'
import { createQueue } from './queue.ts'
import { pauseAfter } from './retry.ts'
import type { SteadyTime } from './steady.ts'
import { createThrottle, type Judged } from './throttle.ts'
import type { Turns } from './turns.ts'
import { type Departure, oneWriterFor, type Waiting } from './waiting.ts'
import type { Answer, Tried, Wire } from './wire.ts'

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

export function createGate({ wire, time, lanes, turns, inFlight, signal, onPause }: GateParts): Gate {
  let underWay = 0
  let order = 0
  let isPumping = false

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
      comparedAt: departure.before === undefined ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY,
      // Application Proxy lives in beta, on a backend of its own.
      isAlone: departure.version === 'beta',
      resolve,
      reject,
    })
    pump()
    return promise
  }

  /** What arrives at the same time is chosen from together. */
  const pump = (): void => {
    if (isPumping) return
    isPumping = true
    setImmediate(() => {
      isPumping = false
      queue.dropInterrupted()
      pacedRow.leave()
      while (underWay < inFlight) {
        const chosen = queue.next()
        if (chosen.length === 0) break
        void leave(chosen)
      }
      alarm.set(queue.nextChance(underWay < inFlight))
    })
  }

  const queue = createQueue({ time, turns, signal, onChange: pump })
  const pacedRow = createPacedRow(wire, queue, pump)
  const alarm = createAlarm(time, pump)
  const throttle = createThrottle(lanes, onPause)

  const leave = async (chosen: readonly Waiting[]): Promise<void> => {
    for (const waiting of chosen) queue.delete(waiting)
    const together = chosen.flatMap(waiting => leavingOf(waiting) ?? [])
    if (together.length > 0) {
      underWay += 1
      await send(together)
      underWay -= 1
    }
    pump()
  }

  const send = async (together: readonly Leaving[]): Promise<void> => {
    const leaving = together.map(({ waiting }) => waiting)
    for (const waiting of leaving) {
      waiting.departures += 1
      for (const lane of waiting.lanes) lane.take()
    }
    queue.begin(leaving)
    const results = await tryTogether(wire, together)
    queue.end(leaving)
    const judged = together.flatMap((each, index) => settle(each, results[index]) ?? [])
    throttle.learn(judged)
  }

  const settle = (leaving: Leaving, result: Tried | Error | undefined): Judged | undefined => {
    const { waiting } = leaving
    if (result instanceof Error) waiting.reject(result)
    else if (result !== undefined) return { leaving, tried: result, wait: judge(leaving, result) }
    else {
      waiting.isAlone = true
      queue.add(waiting)
    }
    return undefined
  }

  /** How long it waits until it may leave again, if at all. */
  const judge = ({ waiting, request }: Leaving, tried: Tried): number => {
    const { departure, resolve, reject } = waiting
    if (tried.failure === undefined) {
      resolve(tried.answer)
      return 0
    }
    const { failure, setback } = tried
    waiting.setbacks += 1
    const wait = pauseAfter(setback, waiting.setbacks, request.repeat, wire.clock.random)
    if (wait === undefined && departure.excuses?.(failure) !== true) {
      reject(failure)
      return setback.retryAfter ?? 0
    }
    waiting.due = time.now() + (wait ?? 0)
    queue.add(waiting)
    return wait ?? setback.retryAfter ?? 0
  }

  return { pass, isAtRest: queue.isAtRest }
}
