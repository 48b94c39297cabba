// What an update corrects: only what differs is told, down to the item of a list and the word of a text.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ids } from '../../src/model/id.ts'
import type { PlannedChange } from '../../src/model/plan.ts'
import type { Json } from '../../src/model/resource.ts'
import { renderChanges } from '../../src/render/changes.ts'
import { type Difference, differencesOf } from '../../src/render/differences.ts'
import { plain } from '../../src/render/paint.ts'
import { aChange } from './a-plan.ts'

type Side = PlannedChange['before']

const update = (before: Side, after: Side): PlannedChange =>
  aChange({ id: ids.guest('kim@fabrikam.com'), action: 'update', before, after })
const between = (before: Json, after: Json): readonly Difference[] =>
  differencesOf(update({ it: before }, { it: after }))

test('a value is told as it was and as it will be', () => {
  expect(differencesOf(update({ companyName: 'A' }, { companyName: 'B' }))).toEqual([
    {
      path: 'company name',
      kind: 'value',
      parts: [
        { text: 'A', removed: true },
        { text: 'B', added: true },
      ],
    },
  ])
  expect(between(false, true)[0]?.parts.map(({ text }) => text)).toEqual(['no', 'yes'])
})

test('what was not there has no part of its own', () => {
  expect(between(null, 'B')[0]?.parts).toEqual([{ text: 'B', added: true }])
  expect(between('A', null)[0]?.parts).toEqual([{ text: 'A', removed: true }])
})

test('of a list, what comes and what goes is told, and not what stays', () => {
  const [difference] = between(['a', 'b', 'c', 'd'], ['a', 'c', 'd', 'e'])
  expect(difference).toEqual({
    path: 'it',
    kind: 'list',
    parts: [
      { text: 'b', removed: true },
      { text: 'e', added: true },
    ],
  })
  expect(between([], ['a'])[0]?.parts).toEqual([{ text: 'a', added: true }])
  expect(between(['a'], null)[0]?.parts).toEqual([{ text: 'a', removed: true }])
})

test('of a long text, the words', () => {
  const text = 'Field engineers of the wind turbine programme in the north, with tools of their own.'
  const [difference] = between(text, text.replace('north', 'south'))
  expect(difference?.kind).toBe('text')
  expect(difference?.parts.filter(part => part.added || part.removed)).toEqual([
    { text: 'north', removed: true },
    { text: 'south', added: true },
  ])
  expect(between('The north', 'The south')[0]?.kind).toBe('value')
  expect(between('a '.repeat(50), 'b '.repeat(50))[0]?.kind).toBe('value')
})

test('what is nested is told by its keys, only where it differs', () => {
  const before = { kerberos: { servicePrincipalName: 'HTTP/a', loginIdentity: 'userPrincipalName' } }
  const after = { kerberos: { servicePrincipalName: 'HTTP/b', loginIdentity: 'userPrincipalName' } }
  expect(between(before, after)).toEqual([
    {
      path: 'it › kerberos › service principal name',
      kind: 'value',
      parts: [
        { text: 'HTTP/a', removed: true },
        { text: 'HTTP/b', added: true },
      ],
    },
  ])
  expect(between({ header: {} }, { saml: { identifier: 'x' } }).map(({ path }) => path)).toEqual([
    'it › header',
    'it › saml › identifier',
  ])
})

test('what is made or goes as a whole has none', () => {
  expect(differencesOf(update(null, { a: 1 }))).toEqual([])
  expect(differencesOf(update({ a: 1 }, null))).toEqual([])
})

const json = fc.letrec<{ value: Json }>(tie => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.string(), { maxLength: 5 }),
    fc.dictionary(fc.constantFrom('a', 'bC', 'constructor'), tie('value'), { maxKeys: 3 }),
  ),
})).value

test('whatever the values are: what differs is told, and the parts of a list and a text make both sides again', () => {
  fc.assert(
    fc.property(json, json, (before, after) => {
      const differences = between(before, after)
      if (JSON.stringify(before) !== JSON.stringify(after)) expect(differences.length).toBeGreaterThan(0)
      for (const { kind, parts, path } of differences) {
        expect(path.startsWith('it')).toBe(true)
        if (kind === 'text' && path === 'it') {
          expect(parts.flatMap(part => (part.added ? [] : part.text)).join('')).toBe(before)
          expect(parts.flatMap(part => (part.removed ? [] : part.text)).join('')).toBe(after)
        }
      }
    }),
  )
})

test('a list of thousands is compared without delay, item by item', () => {
  const before = Array.from({ length: 4000 }, (_, index) => `old${index}`)
  const after = [...before.slice(0, 10), ...Array.from({ length: 4000 }, (_, index) => `new${index}`)]
  const [difference] = between(before, after)
  expect(difference?.parts.filter(({ added }) => added)).toHaveLength(4000)
  expect(difference?.parts.filter(({ removed }) => removed)).toHaveLength(3990)
})

test('as text, each stands in a line', () => {
  const text = 'Field engineers of the wind turbine programme in the north, with tools of their own.'
  const lines = renderChanges(
    [
      update(
        { companyName: 'A', sponsors: ['x'], note: text, left: false },
        { companyName: 'B', sponsors: ['y'], note: text.replace('north', 'south'), left: true },
      ),
    ],
    plain,
  )
  expect(lines.slice(1)).toEqual([
    '        company name: A → B',
    '        sponsors: - x, + y',
    `        note: ${text.replace('north', '[-north-]{+south+}')}`,
    '        day of leaving: none → the day on which this is applied',
  ])
})
