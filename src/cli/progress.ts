// Progress of an apply on stderr: one live line for a person; otherwise a line per change, or per tenth of very many.

import type { Outcome } from '../model/outcome.ts'
import { troubleOf } from '../render/outcomes.ts'
import { wordsOf } from '../render/words.ts'
import { paintFor, type Sink } from './host.ts'

export interface Progress {
  readonly tell: (outcome: Outcome) => void
  /** Takes the live line away. */
  readonly end: () => void
}

const everyChangeUpTo = 100
const clearLine = '\r\u001b[2K'

export function progressOn(sink: Sink, total: number): Progress {
  const paint = paintFor(sink)
  let settled = 0
  const width = String(total).length
  const position = (): string => `[${String(settled).padStart(width)}/${total}]`
  const live = sink.live
  return {
    tell: outcome => {
      // What never began is no progress: it is told at the end.
      if (outcome.status === 'not-attempted') return
      settled++
      if (outcome.status === 'failed') {
        const lines = [`${position()} ${paint('red', `failed: ${wordsOf(outcome.change)}`)}`, ...troubleOf(outcome)]
        sink.write(`${live ? clearLine : ''}${lines.join('\n')}\n`)
      } else if (live) sink.write(clearLine + `${position()} ${wordsOf(outcome.change)}`.slice(0, sink.columns - 1))
      else if (total <= everyChangeUpTo) sink.write(`${position()} ${wordsOf(outcome.change)}\n`)
      else if (isTenth(settled, total)) sink.write(`${position()}\n`)
    },
    end: () => {
      if (live) sink.write(clearLine)
    },
  }
}

function isTenth(settled: number, total: number): boolean {
  return Math.floor((settled * 10) / total) > Math.floor(((settled - 1) * 10) / total)
}
