import { expect, test } from 'vitest'
import type { Problem } from '../../src/model/problem.ts'
import { renderProblems, summarizeProblems } from '../../src/render/problem.ts'
import { access, fabrikam, load, sound } from './folder.ts'

const plain = { prefix: 'policies', color: false }

test('a problem is a line to click, the line of the file, and a hint', async () => {
  const files = {
    ...sound,
    'access.yaml': access.replace('engineers', 'enginers, engineers').concat('until: 2026-10-31\n'),
    'fabrikam.yaml': fabrikam.replace('lee@fabrikam.com', 'pat@gmail.com'),
  }
  const { problems, files: count } = await load(files)
  expect(`${renderProblems(problems, plain)}\n${summarizeProblems(problems, count)}`).toBe(`\
policies/access.yaml:5:10: error[unknown-group]: fabrikam has no group \`enginers\`
  5 | groups: [enginers, engineers]
    |          ^^^^^^^^ did you mean \`engineers\`? (policies/fabrikam.yaml:8)

policies/fabrikam.yaml:10:9: error[foreign-domain]: pat@gmail.com is not of fabrikam
  10 |       - pat@gmail.com
     |         ^^^^^^^^^^^^^ fabrikam's domains are fabrikam.com (policies/fabrikam.yaml:6)

policies/access.yaml:7:8: warning[already-over]: this access ended on 2026-10-31
  7 | until: 2026-10-31
    |        ^^^^^^^^^^ remove it, or give it a new end

2 errors, 1 warning in 4 files`)
})

test('colour only when asked for', async () => {
  const { problems } = await load({ ...sound, 'access.yaml': 'kind: x\n' })
  expect(renderProblems(problems, plain)).not.toContain('\u001b')
  expect(renderProblems(problems, { ...plain, color: true })).toContain('\u001b[31m')
})

test('nothing that is shown can steer a terminal', () => {
  const nasty = 'a\u001b[31m\u202eb\u200b\r\u0000\u{e0041}\ud800'
  const problem: Problem = {
    severity: 'error',
    code: 'x',
    message: nasty,
    hint: nasty,
    at: { file: `${nasty}.yaml`, line: 1, column: 2 },
    excerpt: nasty,
    length: 3,
  }
  const text = renderProblems([problem], { prefix: nasty, color: false })
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\ud800-\udfff]/)
  expect(text).toContain('<U+001B>[31m<U+202E>b<U+200B><U+000D><U+0000><U+E0041><U+D800>')
})

test('the caret stands under what is meant, after tabs and hidden characters too', () => {
  const problem: Problem = {
    severity: 'error',
    code: 'x',
    message: 'm',
    at: { file: 'f.yaml', line: 7, column: 4 },
    excerpt: '\ta\u202eword',
    length: 4,
  }
  expect(renderProblems([problem], plain).split('\n').slice(1, 3)).toEqual([
    '  7 |  a<U+202E>word',
    `    | ${' '.repeat(10)}^^^^`,
  ])
})

test('a long line is cut around the place', () => {
  const excerpt = `${'x'.repeat(5000)}here${'y'.repeat(5000)}`
  const problem: Problem = {
    severity: 'error',
    code: 'x',
    message: 'm',
    at: { file: 'f.yaml', line: 1, column: 5001 },
    excerpt,
    length: 4,
  }
  const [, line = '', carets = ''] = renderProblems([problem], plain).split('\n')
  expect(line.length).toBeLessThan(180)
  expect(line.slice(carets.indexOf('^'), carets.indexOf('^') + 4)).toBe('here')
})

test('the summary counts', () => {
  const warning: Problem = { severity: 'warning', code: 'x', message: 'm' }
  expect(summarizeProblems([], 21)).toBe('no problems in 21 files')
  expect(summarizeProblems([warning, warning], 1)).toBe('2 warnings in 1 file')
  expect(renderProblems([], plain)).toBe('')
  expect(renderProblems([{ ...warning, hint: 'h' }], plain)).toBe('policies: warning[x]: m\n  h\n')
})

test('a message that quotes a whole file is cut in its middle', () => {
  const problem: Problem = { severity: 'error', code: 'x', message: `\`${'y'.repeat(1_000_000)}\` is not an address` }
  const shown = renderProblems([problem], plain)
  expect(shown.length).toBeLessThan(700)
  expect(shown).toMatch(/y…y+` is not an address\n$/)
})
