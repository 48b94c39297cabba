import { expect, test } from 'vitest'
import { safeJson } from '../../src/render/json.ts'
import { safeText } from '../../src/render/safe-text.ts'
import { corpus } from '../hostile/corpus.ts'
import { expectInertText } from '../hostile/inert.ts'

test.each([
  'Dana Ruiz',
  'Łukasz Żółć, 株式会社, שלום, नमस्ते, ภาษาไทย, Việt Nam',
  '❤️ 🇩🇪 葛󠄀',
  'ldaps://[::1]:636 and std::string, ## heading, #[x], 100 %',
])('%s stays as it is', text => {
  expect(safeText(text)).toBe(text)
})

test.each([
  ['a\u202eb\u200b\u{e0041}\ud800', 'a<U+202E>b<U+200B><U+E0041><U+D800>'],
  ['x ##[add-mask]e', 'x #<U+0023>[add-mask]e'],
  ['##vso[task.setvariable variable=a]b', '#<U+0023>vso[task.setvariable variable=a]b'],
  ['  ::error::x', '  :<U+003A>error::x'],
  [`e${'\u0301'.repeat(10)}`, `e${'\u0301'.repeat(8)}<U+0301><U+0301>`],
])('%j is shown as %s', (text, expected) => {
  expect(safeText(text)).toBe(expected)
})

test.each(corpus)('safe text is inert, and stays as it is: $name', ({ value }) => {
  expectInertText(safeText(value))
  expect(safeText(safeText(value))).toBe(safeText(value))
})

test('JSON is written otherwise, and means the same', () => {
  const value = { '\u009b': corpus.map(({ value }) => value), lines: ['a\nb'] }
  const text = safeJson(value)
  expectInertText(text)
  expect(JSON.parse(text)).toEqual(value)
  expect(text).toContain('#\\u0023[section]x')
  expect(safeJson({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}\n')
})
