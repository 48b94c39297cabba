// The way back from a place in a scalar's value to the place in the file where it is written. Folding and indentation
// only ever change white space, so the nth letter of the value is the nth letter of what is written.

import type { Place, SourceDocument } from './document.ts'
import type { Range } from './source.ts'

/** The range of the file that holds `inner` of the value at `pointer`. */
export function rangeInScalar({ source, places }: SourceDocument, pointer: string, value: string, inner: Range): Range {
  const place = places.get(pointer)
  if (place === undefined) return { start: 0, end: 1 }
  const letters = lettersOf(source.text, place)
  const startsAt = lettersBefore(value, inner.start)
  const last = letters.at(-1)
  const start = letters[startsAt]?.start ?? last?.end ?? place.value.start
  const end = letters[lettersBefore(value, inner.end) - 1]?.end ?? start + 1
  return { start, end: Math.max(end, start + 1) }
}

const lettersBefore = (value: string, offset: number) => value.slice(0, offset).replace(/\s/g, '').length

/** Where each character that is not white space is written; an escape is one. */
function lettersOf(text: string, { value, style }: Place): readonly Range[] {
  const quoted = style === 'single' || style === 'double'
  const headerEnd = style === 'block' ? text.indexOf('\n', value.start) : value.start
  const body = text.slice(headerEnd + (quoted ? 1 : 0), value.end - (quoted ? 1 : 0))
  const offset = headerEnd + (quoted ? 1 : 0)
  const written =
    style === 'single' ? /''|\S/g : style === 'double' ? /\\(?:x.{2}|u.{4}|U.{8}|\r?\n|[\s\S])|\S/g : /\S/g
  return [...body.matchAll(written)]
    .filter(match => !/^\\[\s_nrtvfNLP]/.test(match[0]) || style !== 'double')
    .map(match => ({ start: offset + match.index, end: offset + match.index + match[0].length }))
}
