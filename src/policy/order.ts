// The canonical order of a resolved policy: by name, in code units, whatever the order of files and lines. Problems go
// by place.

import type { Origin } from '../model/problem.ts'

export function byKey<Value>(entries: Iterable<readonly [string, Value]>): ReadonlyMap<string, Value> {
  return new Map([...entries].sort(([one], [other]) => compareText(one, other)))
}

export function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

export function compareOrigins(one: Origin, other: Origin): number {
  return compareText(one.file, other.file) || one.line - other.line || one.column - other.column
}
