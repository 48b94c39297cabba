// Progress of an apply on stderr: one live line for a person; otherwise a line per change, or per tenth of very many. With
// how long it still takes, where that is known.

import type { Outcome } from '../model/outcome.ts'
import { troubleOf } from '../render/outcomes.ts'
import { wordsOf } from '../render/words.ts'
import { paintFor, type Sink } from './host.ts'
import type { TimeLeft } from './time-left.ts'

export interface Progress {
  readonly tell: (outcome: Outcome) => void
  /** The service wants to be left alone for so many milliseconds. */
  readonly pause: (ms: number) => void
  /** Takes the live line away. */
  readonly end: () => void
}

const everyChangeUpTo = 100
/** Failures that are told one by one; the report at the end tells all. */
const mostFailures = 20
const clearLine = '\r\u001b[2K'
/** A pause that is shorter is none; after one was told, others are not told for a while. In milliseconds. */
const shortPause = 3000
const quiet = 60_000

export interface ProgressOf {
  readonly total: number
  readonly left: TimeLeft
  readonly elapsed: () => number
}

export function progressOn(sink: Sink, { total, left, elapsed }: ProgressOf): Progress {
  const paint = paintFor(sink)
  let settled = 0
  let failures = 0
  let quietUntil = Number.NEGATIVE_INFINITY
  const width = String(total).length
  const position = (): string => `[${String(settled).padStart(width)}/${total}]`
  const live = sink.live
  const say = (text: string): void => sink.write(`${live ? clearLine : ''}${text}\n`)
  const show = (text: string): void => {
    const words = left.words()
    const rest = words === '' ? '' : ` · ${words}`
    sink.write(
      clearLine + (text.slice(0, Math.max(0, sink.columns - 1 - rest.length)) + rest).slice(0, sink.columns - 1),
    )
  }
  return {
    tell: outcome => {
      left.settled(outcome)
      // What never began is no progress: it is told at the end.
      if (outcome.status === 'not-attempted') return
      settled++
      if (outcome.status === 'failed') failures++
      if (outcome.status === 'failed' && failures <= mostFailures) {
        say([`${position()} ${paint('red', `failed: ${wordsOf(outcome.change)}`)}`, ...troubleOf(outcome)].join('\n'))
        if (failures === mostFailures) say('Further failures are told at the end.')
      } else if (live) show(`${position()} ${wordsOf(outcome.change)}`)
      else if (total <= everyChangeUpTo) {
        if (outcome.status === 'done') say(`${position()} ${wordsOf(outcome.change)}`)
      } else if (isTenth(settled, total)) say([position(), left.words()].join(' ').trimEnd())
    },
    pause: ms => {
      if (ms < shortPause || elapsed() < quietUntil) return
      quietUntil = elapsed() + Math.max(ms, quiet)
      say(`Waiting ${Math.ceil(ms / 1000)} s: Microsoft Graph asks for it.`)
    },
    end: () => {
      if (live) sink.write(clearLine)
    },
  }
}

function isTenth(settled: number, total: number): boolean {
  return Math.floor((settled * 10) / total) > Math.floor(((settled - 1) * 10) / total)
}
