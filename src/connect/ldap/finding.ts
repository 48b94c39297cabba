// Finding a server that takes us: all in turn, and all again for half a minute where what keeps them away may pass, such as a
// restart. A server of which it will not pass, as with a wrong certificate, is asked once in a run. A password that was refused
// is tried at no server any more; nor is one of which nobody said anything, three times: each may count towards a lock-out.

import { Failure } from '../../model/problem.ts'
import { DialFailure, UnansweredSignIn } from './dial-failure.ts'
import type { Session } from './session.ts'
import type { Timer } from './timer.ts'

export interface Reachable {
  readonly url: string
  /** A session that is signed in. Throws DialFailure; once the signal is aborted, at once. */
  readonly open: (signal: AbortSignal) => Promise<Session>
}

export interface FinderOptions {
  readonly servers: readonly Reachable[]
  readonly signal: AbortSignal
  /** Throws as soon as the signal is aborted. */
  readonly sleep: (ms: number) => Promise<void>
  readonly timer: Timer
  /** Hears of the first wait of the first search. */
  readonly tell: (message: string) => void
}

interface Found {
  readonly session: Session
  /** Which of the servers. */
  readonly index: number
}

interface Missed {
  readonly failure: Failure
  /** Each server, and what is wrong there. */
  readonly list: string
  /** Trying again makes no sense in this run. */
  readonly isFinal: boolean
}

/** `first`: the server to begin with. `isPatient`: false to try each once. */
export type Find = (first: number, isPatient: boolean) => Promise<Found | Missed>

/** Milliseconds, between rounds. */
const pauses = [1000, 3000, 9000, 20_000]
/** After a sign-in without an answer, at least: of those there are few. */
const longPause = 10_000
const mostUnanswered = 3
/** No round begins later. */
const longest = 45_000

export function createFinder({ servers, signal, sleep, timer, tell }: FinderOptions): Find {
  const unusable = new Map<string, DialFailure>()
  /** Sign-ins in a row; once one was accepted, the password is known to be right. */
  let unanswered = 0
  let isAccepted = false

  const round = async (first: number): Promise<Found | Missed> => {
    const failures: Unreached[] = []
    for (let turn = 0; turn < servers.length; turn += 1) {
      const index = (first + turn) % servers.length
      const server = servers[index] as Reachable
      try {
        const known = unusable.get(server.url)
        if (known !== undefined) throw known
        const session = await server.open(signal)
        isAccepted = true
        return { session, index }
      } catch (error) {
        if (!(error instanceof DialFailure)) throw error
        failures.push({ server, error })
        if (error.lasts !== 'moment') unusable.set(server.url, error)
        if (error instanceof UnansweredSignIn && !isAccepted) unanswered += 1
        if (signal.aborted || error.lasts === 'password' || unanswered >= mostUnanswered) {
          return missed(failures, true)
        }
      }
    }
    return missed(
      failures,
      servers.every(({ url }) => unusable.has(url)),
    )
  }

  return async (first, isPatient) => {
    let isLate = false
    const stop = timer(longest, () => {
      isLate = true
    })
    try {
      for (let turn = 0; ; turn += 1) {
        const before = unanswered
        const found = await round(first)
        const pause = pauses[turn]
        if ('session' in found || found.isFinal || !isPatient || pause === undefined) return found
        if (turn === 0 && !isAccepted) {
          tell(`Waiting for Active Directory, ${longest / 1000} s at most: ${found.list}.`)
        }
        await sleep(unanswered > before ? Math.max(pause, longPause) : pause)
        if (isLate) return found
      }
    } finally {
      stop()
    }
  }
}

interface Unreached {
  readonly server: Reachable
  readonly error: DialFailure
}

/** The code is what all servers have in common, so that a program can tell the cases apart. */
function missed(failures: readonly Unreached[], isFinal: boolean): Missed {
  const codes = new Set(failures.map(({ error }) => error.code))
  const [only] = codes
  const code = codes.size === 1 && only !== undefined ? only : 'unreachable'
  const list = failures.map(({ server, error }) => `${server.url}: ${error.message}`).join('; ')
  const hints = new Set(failures.flatMap(({ error }) => error.hint ?? []))
  const failure = new Failure(code, `cannot connect to Active Directory: ${list}`, [...hints].join('; ') || undefined)
  return { failure, list, isFinal }
}
