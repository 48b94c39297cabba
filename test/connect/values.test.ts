// When two answers of Graph say the same, and when one says all that is wanted.

import { expect, test } from 'vitest'
import { deepSame, holds } from '../../src/connect/graph/values.ts'

test.each<[string, unknown, unknown, boolean]>([
  ['lists are sets', ['a', 'b'], ['b', 'a'], true],
  ['of objects, too', [{ a: 1 }, { b: 2 }], [{ b: 2 }, { a: 1 }], true],
  ['with all that is in them', ['a', 'b'], ['a'], false],
  ['keys have no order', { a: 1, b: { c: 1, d: 2 } }, { b: { d: 2, c: 1 }, a: 1 }, true],
  ['nothing is null', { a: null }, {}, true],
  ['also alone', undefined, null, true],
  ['but not empty', { a: null }, { a: [] }, false],
  ['annotations say nothing', { a: 1, 'a@odata.context': 'x' }, { a: 1 }, true],
  ['moments may be written in several ways', '2026-12-01T00:00:00Z', '2026-12-01T00:00:00.000Z', true],
  ['and differ', '2026-12-01T00:00:00Z', '2026-12-01T00:00:01Z', false],
  ['a number is no text', 1, '1', false],
])('%s', (_, one, other, expected) => {
  expect([deepSame(one, other), deepSame(other, one)]).toEqual([expected, expected])
})

test.each<[string, unknown, unknown, boolean]>([
  ['what the service adds is no difference', { a: 1, b: 2 }, { a: 1 }, true],
  ['at any depth', { a: { b: 1, c: 2 } }, { a: { b: 1 } }, true],
  ['what it leaves out is one', { b: 2 }, { a: 1 }, false],
  ['an annotation of ours is not asked for', { a: 1 }, { a: 1, 'a@odata.type': 'x' }, true],
  ['a list is whole or another one', { a: [1, 2] }, { a: [1] }, false],
  ['what is to be taken away may be left out', {}, { a: null }, true],
  ['and not be there', { a: 1 }, { a: null }, false],
])('%s (wanted)', (_, value, wanted, expected) => {
  expect(holds(value, wanted)).toBe(expected)
})
