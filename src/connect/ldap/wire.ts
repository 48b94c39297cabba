// The way to the domain controllers: one signed-in session at a time, found when it is needed and found again when it is
// lost. A server stays ours while it answers, because another one may not know yet what was written here.

import type { Message } from 'ldapts'
import { RequestFailure } from '../../model/directories.ts'
import { Failure } from '../../model/problem.ts'
import type { Clock } from '../graph/clock.ts'
import { DialFailure } from './dial.ts'
import { createLimit, type Limit } from './limit.ts'
import { type Asked, describe, refusalOf } from './results.ts'
import { Lost, type Reply, type Session } from './session.ts'

export interface WireOptions {
  readonly servers: readonly Reachable[]
  readonly clock: Pick<Clock, 'sleep' | 'random'>
  /** Milliseconds for one request. */
  readonly timeout: number
  readonly signal?: AbortSignal
}

export interface Reachable {
  readonly url: string
  /** A session that is signed in. Throws DialFailure. */
  readonly open: () => Promise<Session>
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
/** That a search may meet: each takes a minute. */
const mostTimeouts = 2
/** Milliseconds: within a site, servers hear of a change after some seconds. */
const catchingUp = [2000, 10_000, 30_000]

export function createWire(options: WireOptions): Wire {
  const { servers, clock, signal, timeout } = options
  const slots = createLimit(mostUnderWay)
  let current: Session | undefined
  let opening: Promise<Session> | undefined
  let preferred = 0
  const connected = new Set<string>()
  /** Of `catchingUp`, since the last move. */
  let waits = 0
  let waiting: Promise<void> | undefined
  let over: Failure | undefined

  const throwIfInterrupted = (): void => {
    if (signal?.aborted === true) throw new RequestFailure(0, 'interrupted', 'interrupted')
  }

  const session = async (): Promise<Session> => {
    throwIfInterrupted()
    if (over !== undefined) throw over
    if (current?.isAlive === true) return current
    opening ??= open().finally(() => {
      opening = undefined
    })
    return await opening
  }

  const open = async (): Promise<Session> => {
    // At first whoever waits is told at once; later a server that restarts gets some seconds.
    const rounds = connected.size > 0 ? 4 : 1
    for (let round = 1; ; round += 1) {
      const failures: Unreached[] = []
      for (let turn = 0; turn < servers.length; turn += 1) {
        throwIfInterrupted()
        const index = (preferred + turn) % servers.length
        const server = servers[index] as Reachable
        try {
          const opened = await server.open()
          if (over !== undefined) {
            opened.close()
            throw over
          }
          preferred = index
          connected.add(server.url)
          if (current !== undefined && current.server !== opened.server) waits = 0
          current = opened
          return opened
        } catch (error) {
          if (!(error instanceof DialFailure)) throw error
          throwIfInterrupted()
          failures.push({ server, error })
          if (error.isFinal) throw giveUp(failures)
        }
      }
      if (round === rounds) throw giveUp(failures)
      await sleep(1000 * 2 ** (round - 1))
    }
  }

  /** For the whole run: trying again and again locks accounts, and makes every later change wait in vain. */
  const giveUp = (failures: readonly Unreached[]): Failure => {
    over = unreachable(failures)
    return over
  }

  const sleep = async (ms: number): Promise<void> => {
    try {
      await clock.sleep(ms * (1 + clock.random() / 4), signal)
    } catch (error) {
      throwIfInterrupted()
      throw error
    }
  }

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
    if (left === current) preferred = (preferred + 1) % servers.length
  }

  const ask: Wire['ask'] = async (on, asked, build, answer) => {
    const reply = await slots(() => on.request(build, answer, timeout))
    if (reply.result.code !== 0) throw refusalOf(asked, reply.result)
    return reply
  }

  const reading: Wire['reading'] = async (asked, work) => {
    const recover = recovery()
    let timeouts = 0
    for (let attempt = 1; ; attempt += 1) {
      const on = await session()
      try {
        return await work(on)
      } catch (error) {
        if (error instanceof Lost) {
          if (error.code === 'timeout') {
            timeouts += 1
            if (timeouts > mostTimeouts) throw noAnswer(asked, error)
            // The same server once more: another one may be behind. One that stays silent is left.
            if (timeouts > 1 && !on.isAlive) leave(on)
          } else if (!(await recover(error))) throw noAnswer(asked, error)
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
    hasMoved: () => connected.size > 1,
    catchUp,
    close,
  }
}

/** An answer that says: not now, and nothing was done. */
export function isBusy(error: unknown): error is RequestFailure {
  return error instanceof RequestFailure && (error.status === 51 || error.status === 52)
}

function noAnswer(asked: Asked, { code, message }: Lost): RequestFailure {
  return new RequestFailure(0, code, `Active Directory gave no answer to the request to ${describe(asked)}: ${message}`)
}

interface Unreached {
  readonly server: Reachable
  readonly error: DialFailure
}

/** The code is what all servers have in common, so that a program can tell the cases apart. */
function unreachable(failures: readonly Unreached[]): Failure {
  const codes = new Set(failures.map(({ error }) => error.code))
  const [only] = codes
  const code = codes.size === 1 && only !== undefined ? only : 'unreachable'
  const list = failures.map(({ server, error }) => `${server.url}: ${error.message}`).join('; ')
  const hints = new Set(failures.flatMap(({ error }) => error.hint ?? []))
  return new Failure(code, `cannot connect to Active Directory: ${list}`, [...hints].join('; ') || undefined)
}
