// A file's text, and the way from an offset in it to a place that a person can find: line, column, the line itself.
// Lines end with LF or CRLF; columns count UTF-16 units from 1, as editors do.

import type { Origin, Problem } from '../model/problem.ts'

export interface Source {
  /** Relative to the policies folder, with forward slashes. */
  readonly file: string
  readonly text: string
  readonly lineStarts: readonly number[]
}

/** Offsets in the text: from `start` to before `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

export function sourceOf(file: string, text: string): Source {
  const lineStarts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1)
  return { file, text, lineStarts }
}

export function originOf(source: Source, offset: number): Origin {
  const line = lineIndex(source, offset)
  return { file: source.file, line: line + 1, column: offset - (source.lineStarts[line] ?? 0) + 1 }
}

function lineIndex({ lineStarts }: Source, offset: number): number {
  let low = 0
  let high = lineStarts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((lineStarts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}

export type Fault = Omit<Problem, 'at' | 'length' | 'excerpt'>

/** The problem at a range of the source; what lies beyond the end of its first line is not underlined. */
export function problemAt(source: Source, { start, end }: Range, fault: Fault): Problem {
  const at = originOf(source, start)
  const excerpt = lineText(source, at.line)
  const length = Math.max(1, Math.min(end - start, excerpt.length - (at.column - 1)))
  return { ...fault, at, length, excerpt }
}

function lineText({ text, lineStarts }: Source, line: number): string {
  const end = lineStarts[line]
  const whole = text.slice(lineStarts[line - 1], end === undefined ? undefined : end - 1)
  return whole.endsWith('\r') ? whole.slice(0, -1) : whole
}
