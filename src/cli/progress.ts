// Progress of an apply on stderr: one live line for a person; otherwise a line per change, or per tenth of very many. With
// how long it still takes, where that is known, and in silence with what is waited for.

import type { Clock } from '../connect/graph/clock.ts'
import type { Outcome } from '../model/outcome.ts'
import { count } from '../render/layout.ts'
import { troubleOf } from '../render/outcomes.ts'
import { type Failed, failureReason } from '../render/reasons.ts'
import { wordsOf } from '../render/words.ts'
import { paintFor, type Sink } from './host.ts'
import type { TimeLeft, TimeLeftOf } from './time-left.ts'

export interface Progress {
  readonly tell: (outcome: Outcome) => void
  /** The service wants to be left alone for so many milliseconds. */
  readonly pause: (ms: number) => void
  /** Takes the live line away. */
  readonly end: () => void
}

const everyChangeUpTo = 100
/** Reasons that are told; the report at the end tells all. */
const mostFailures = 20
const clearLine = '\r\u001b[2K'
/** A pause that is shorter is none; after one was told, others are not told for a while, twice as long each time. In milliseconds. */
const shortPause = 3000
const firstQuiet = 60_000
/** After that, a person is told what is waited for, and a log gets a line, so that nobody takes the apply for dead. In milliseconds. */
const silence = { live: 5000, log: 30_000 }
const glance = { live: 1000, log: 10_000 }

export interface ProgressOf extends Pick<TimeLeftOf, 'elapsed' | 'unseen'> {
  readonly total: number
  readonly left: TimeLeft
  readonly sleep: Clock['sleep']
}

export function progressOn(sink: Sink, { total, left, elapsed, unseen, sleep }: ProgressOf): Progress {
  const paint = paintFor(sink)
  let settled = 0
  let quietUntil = Number.NEGATIVE_INFINITY
  let quiet = firstQuiet
  const width = String(total).length
  const position = (): string => `[${String(settled).padStart(width)}/${total}]`
  const joined = (...parts: readonly string[]): string =>
    `${position()} ${parts.filter(part => part !== '').join(' · ')}`.trimEnd()
  const { live } = sink
  /** By its reason, the first failure that was told, and how many like it were not told yet. */
  const told = new Map<string, { readonly first: string; more: number }>()
  let shown = ''
  let heardAt = elapsed()
  const say = (text: string): void => {
    sink.write(`${live ? clearLine : ''}${text}\n`)
    shown = ''
    heardAt = elapsed()
  }
  const sayMore = (): void => {
    for (const failure of told.values()) {
      if (failure.more > 0) say(`failed for the same reason as "${failure.first}": ${failure.more} more`)
      failure.more = 0
    }
  }
  const show = (text: string): void => {
    const words = left.words()
    const rest = words === '' ? '' : ` · ${words}`
    const line = (text.slice(0, Math.max(0, sink.columns - 1 - rest.length)) + rest).slice(0, sink.columns - 1)
    if (line !== shown) sink.write(clearLine + line)
    shown = line
  }
  const fail = (outcome: Failed): void => {
    const reason = failureReason(outcome)
    const alike = told.get(reason)
    if (alike !== undefined) {
      alike.more++
      if (live) show(`${position()} failed: ${wordsOf(outcome.change)}`)
    } else if (told.size < mostFailures) {
      const first = wordsOf(outcome.change)
      told.set(reason, { first, more: 0 })
      sayMore()
      say([`${position()} ${paint('red', `failed: ${first}`)}`, ...troubleOf(outcome)].join('\n'))
      if (told.size === mostFailures) say('Failures for further reasons are told at the end.')
    }
  }
  const stop = new AbortController()
  const watchSilence = async (): Promise<void> => {
    for (;;) {
      await sleep(live ? glance.live : glance.log, stop.signal)
      if (elapsed() - heardAt < (live ? silence.live : silence.log)) continue
      const { objects } = unseen()
      const awaited = objects === 0 ? '' : `waiting for Entra to show ${count(objects, 'new object')}`
      if (!live) say(joined(awaited, left.words()))
      else if (objects > 0) show(`${position()} ${awaited}`)
    }
  }
  watchSilence().catch(() => undefined)
  return {
    tell: outcome => {
      left.settled(outcome)
      // What never began is no progress: it is told at the end.
      if (outcome.status === 'not-attempted') return
      settled++
      if (live) heardAt = elapsed()
      if (outcome.status === 'failed') fail(outcome)
      else if (live) show(`${position()} ${wordsOf(outcome.change)}`)
      else if (total <= everyChangeUpTo) {
        sayMore()
        say(`${position()} ${wordsOf(outcome.change)}`)
      }
      if (!live && total > everyChangeUpTo && isTenth(settled, total)) {
        sayMore()
        say(joined(left.words()))
      }
    },
    pause: ms => {
      if (ms < shortPause || elapsed() < quietUntil) return
      quietUntil = elapsed() + Math.max(ms, quiet)
      quiet *= 2
      say(`Waiting ${Math.ceil(ms / 1000)} s: Microsoft Graph asks for it.`)
    },
    end: () => {
      stop.abort()
      sayMore()
      if (live) sink.write(clearLine)
    },
  }
}

function isTenth(settled: number, total: number): boolean {
  return Math.floor((settled * 10) / total) > Math.floor(((settled - 1) * 10) / total)
}
