// A YAML document as plain values, with the place of every key and value: JSON pointer -> offsets in the file.

import type { Origin, Problem } from '../model/problem.ts'
import { type Fault, originOf, problemAt, type Range, type Source } from './source.ts'

export interface Place {
  /** The key that names the value; a list item has none. */
  readonly key?: Range
  readonly value: Range
  /** How the scalar is written: needed to find a place inside it. */
  readonly style?: 'plain' | 'single' | 'double' | 'block'
  /** The letters of an unquoted number or boolean, should text be wanted. */
  readonly letters?: string
}

export interface SourceDocument {
  readonly source: Source
  readonly value: unknown
  readonly places: ReadonlyMap<string, Place>
}

export type Part = 'key' | 'value'

/** Where `pointer` stands, or the nearest that holds it; asked for the key, a value without one gives itself. */
export function rangeOf({ places }: SourceDocument, pointer: string, part: Part = 'value'): Range {
  for (let rest = pointer; ; rest = rest.slice(0, rest.lastIndexOf('/'))) {
    const place = places.get(rest)
    if (place !== undefined) return part === 'key' ? (place.key ?? place.value) : place.value
    if (rest === '') return { start: 0, end: 0 }
  }
}

export function originAt(document: SourceDocument, pointer: string, part: Part = 'value'): Origin {
  return originOf(document.source, rangeOf(document, pointer, part).start)
}

export function faultAt(document: SourceDocument, pointer: string, part: Part, fault: Fault): Problem {
  return problemAt(document.source, rangeOf(document, pointer, part), fault)
}

/** A step of a JSON pointer. */
export function step(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}
