// The way to the domain controllers: one signed-in session at a time, found when it is needed and found again when it is
// lost. A server stays ours while it answers, because another one may not know yet what was written here.

import type { Message } from 'ldapts'
import { RequestFailure } from '../../model/directories.ts'
import { Failure } from '../../model/problem.ts'
import type { Clock } from '../graph/clock.ts'
import { createFinder, type Reachable } from './finding.ts'
import { heed, type Interruption, unlessInterrupted } from './interruption.ts'
import { createLimit, type Limit } from './limit.ts'
import { type Asked, describe, refusalOf } from './results.ts'
import { Lost, type Reply, type Session } from './session.ts'
import { watchSilence } from './silence.ts'
import type { Timer } from './timer.ts'

export interface WireOptions {
  readonly servers: readonly Reachable[]
  readonly clock: Pick<Clock, 'sleep' | 'random'>
  readonly timer: Timer
  /** Milliseconds for one request. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
  /** False: a server that cannot be reached is told at once. */
  readonly isPatient: boolean
  /** Hears that the first sign-in takes longer, and why. */
  readonly tell: (message: string) => void
}

export interface Wire {
  /** The session to work with: there is at most one, and whoever asks while it is being opened waits for the same. */
  readonly session: () => Promise<Session>
  /** Sends a request on this session. A refusal is thrown as RequestFailure, a lost answer as Lost. */
  readonly ask: (session: Session, asked: Asked, build: (id: number) => Message, answer: number) => Promise<Reply>
  /** Does what only reads until it is done: again on a new session when one is lost, later when a server is busy. */
  readonly reading: <Result>(asked: Asked, work: (session: Session) => Promise<Result>) => Promise<Result>
  /** Waits before attempt number `attempt + 1`; false if it was the last. */
  readonly pause: (attempt: number) => Promise<boolean>
  /** What to do about losses, of one request: waits before the next try, or is false when there is to be none. */
  readonly recovery: () => (lost: Lost) => Promise<boolean>
  /** The session's server has had enough: the next session is another server's, if there is one. */
  readonly leave: (session: Session) => void
  /** Open page cursors: a server drops, or refuses, more than a few on one connection. */
  readonly cursors: Limit
  /** Seconds that a server may work on one request. */
  readonly timeLimit: number
  readonly throwIfInterrupted: () => void
  /** The address of the server whose session is the current one. */
  readonly server: () => string | undefined
  /** Of whoever may be interrupted by this signal as well. */
  readonly heeding: (signal: AbortSignal | undefined) => Interruption
  /** More than one server has answered: none of them needs to know what another one showed. */
  readonly hasMoved: () => boolean
  /** After another server took over: waits, all together, until it may have heard of more; false if that was long ago. */
  readonly catchUp: () => Promise<boolean>
  readonly close: () => Promise<void>
}

const mostUnderWay = 8
const mostCursors = 2
const mostAttempts = 5
const mostLosses = 5
const mostUnsent = 50
/** That a search may meet while others are answered: each takes a minute. */
const mostTimeouts = 2
/** In a row: servers that only read, as with a database that is locked, let no change through. */
const mostUnansweredWrites = 3
/** Connections in a row on which nothing was answered, after which another server is tried. */
const mostSilent = 2
/** Milliseconds: within a site, servers hear of a change after some seconds. */
const catchingUp = [2000, 10_000, 30_000]

export function createWire(options: WireOptions): Wire {
  const { servers, clock, timer, signal, timeout, isPatient } = options
  const slots = createLimit(mostUnderWay)
  const closing = new AbortController()
  const ending = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal])
  /** No server takes us. */
  const unreached = watchSilence(1, timer)
  /** Servers take us, and answer nothing then: each once, the first one twice. */
  const silent = watchSilence(servers.length - 1 + mostSilent, timer)
  const unwritten = watchSilence(mostUnansweredWrites, timer)
  let current: Session | undefined
  let opening: Promise<Session> | undefined
  let preferred = 0
  const connected = new Set<string>()
  /** Of `catchingUp`, since the last move. */
  let waits = 0
  let waiting: Promise<void> | undefined
  /** Why nobody was reached last time. */
  let last: Failure | undefined
  let over: Failure | undefined

  const throwIfInterrupted = (): void => {
    if (signal?.aborted === true) throw new RequestFailure(0, 'interrupted', 'interrupted')
  }

  const throwIfOver = (): void => {
    throwIfInterrupted()
    if (over !== undefined) throw over
  }

  const session = async (): Promise<Session> => {
    throwIfOver()
    if (current?.isAlive === true) return current
    opening ??= open().finally(() => {
      opening = undefined
    })
    return await opening
  }

  const open = async (): Promise<Session> => {
    const before = unreached.count()
    if (!unreached.mayAsk()) throw unsent(last)
    const found = await find(preferred, isPatient && before === 0)
    if (ending.aborted && 'session' in found) found.session.close()
    throwIfOver()
    if ('failure' in found) {
      last = found.failure
      unreached.unanswered(before)
      if (found.isFinal) over = found.failure
      throw found.failure
    }
    unreached.answered()
    preferred = found.index
    connected.add(found.session.server)
    if (current !== undefined && current.server !== found.session.server) waits = 0
    current = found.session
    return current
  }

  const sleep = async (ms: number): Promise<void> => {
    try {
      await clock.sleep(ms * (1 + clock.random() / 4), ending)
    } catch (error) {
      throwIfOver()
      throw error
    }
  }

  const find = createFinder({ servers, signal: ending, sleep, timer, tell: options.tell })

  const pause = async (attempt: number): Promise<boolean> => {
    if (attempt >= mostAttempts) return false
    await sleep(500 * 2 ** (attempt - 1))
    return true
  }

  const catchUp = async (): Promise<boolean> => {
    if (waiting === undefined) {
      const ms = catchingUp[waits]
      if (connected.size < 2 || ms === undefined) return false
      waits += 1
      waiting = sleep(ms).finally(() => {
        waiting = undefined
      })
    }
    await waiting
    return true
  }

  const recovery = (): ((lost: Lost) => Promise<boolean>) => {
    let losses = 0
    let unsent = 0
    return async lost => {
      throwIfInterrupted()
      // What waited for its turn while the connection went has lost nothing.
      if (!lost.sent) {
        unsent += 1
        return unsent < mostUnsent
      }
      losses += 1
      if (losses > 1 && losses < mostLosses) await sleep(250 * 2 ** (losses - 2))
      return losses < mostLosses
    }
  }

  const leave = (left: Session): void => {
    left.close()
    // Of several requests that leave it, the first one does.
    if (servers[preferred]?.url === left.server) preferred = (preferred + 1) % servers.length
  }

  const ask: Wire['ask'] = async (on, asked, build, answer) => {
    const isWrite = asked.operation !== 'search'
    const reply = await slots(async () => {
      if (!silent.mayAsk() || (isWrite && !unwritten.mayAsk())) throw notAsked(asked)
      const before = { silent: silent.count(), unwritten: unwritten.count() }
      try {
        const reply = await on.request(build, answer, timeout)
        silent.answered()
        if (isWrite) unwritten.answered()
        return reply
      } catch (error) {
        if (!isUnanswered(error)) throw error
        if (isWrite) unwritten.unanswered(before.unwritten)
        if (!on.isAlive) silent.unanswered(before.silent)
        if (!on.isAlive && silent.count() >= mostSilent) leave(on)
        throw error
      }
    })
    if (reply.result.code !== 0) throw refusalOf(asked, reply.result)
    return reply
  }

  const reading: Wire['reading'] = async (asked, work) => {
    const recover = recovery()
    let timeouts = 0
    for (let attempt = 1; ; attempt += 1) {
      const on = await session()
      try {
        return await unlessInterrupted(work(on), signal)
      } catch (error) {
        if (isUnanswered(error)) {
          timeouts += 1
          if (silent.isLasting() || timeouts > Math.max(mostTimeouts, servers.length)) throw noAnswer(asked, error)
          continue
        }
        if (error instanceof Lost) {
          if (!(await recover(error))) throw noAnswer(asked, error)
          continue
        }
        if (!isBusy(error)) throw error
        if (error.status === 52) leave(on)
        if (!(await pause(attempt))) throw error
      }
    }
  }

  const close = async (): Promise<void> => {
    over ??= new Failure('connection-closed', 'the connection to Active Directory was closed')
    closing.abort()
    for (const watch of [unreached, silent, unwritten]) watch.end()
    await opening?.catch(() => {})
    current?.close()
  }

  const cursors = createLimit(mostCursors)
  const timeLimit = Math.ceil(timeout / 1000)
  return {
    session,
    ask,
    reading,
    pause,
    recovery,
    leave,
    cursors,
    timeLimit,
    throwIfInterrupted,
    server: () => current?.server,
    heeding: other => heed(other, timer),
    hasMoved: () => connected.size > 1,
    catchUp,
    close,
  }
}

/** An answer that says: not now, and nothing was done. */
export function isBusy(error: unknown): error is RequestFailure {
  return error instanceof RequestFailure && (error.status === 51 || error.status === 52)
}

/** It was sent, and there was silence. */
function isUnanswered(error: unknown): error is Lost {
  return error instanceof Lost && error.code === 'timeout' && error.sent
}

function noAnswer(asked: Asked, { code, message }: Lost): RequestFailure {
  return new RequestFailure(0, code, `Active Directory gave no answer to the request to ${describe(asked)}: ${message}`)
}

function notAsked(asked: Asked): RequestFailure {
  const message = `Active Directory is silent: the request to ${describe(asked)} was not sent. The ones before it got no answer`
  return new RequestFailure(0, 'no-answer', `${message}, and only now and then one is sent to find out`)
}

/** What was asked soon after nobody could be reached. */
function unsent(last: Failure | undefined): Failure {
  const why = last?.message ?? 'Active Directory cannot be reached'
  return new Failure(last?.code ?? 'unreachable', `${why} (a moment ago; it is tried again now and then)`, last?.hint)
}
