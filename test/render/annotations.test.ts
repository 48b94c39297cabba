import { expect, test } from 'vitest'
import { renderAnnotations } from '../../src/render/annotations.ts'
import type { Report } from '../../src/render/report.ts'
import { commandsIn } from '../hostile/build-agent.ts'

const report: Report = {
  severity: 'error',
  code: 'unknown-group',
  message: 'fabrikam has no group `enginers`',
  hint: 'did you mean `engineers`?',
  at: { file: 'policies/access/fabrikam.yaml', line: 6, column: 11, endColumn: 19 },
  see: { file: 'policies/partners/fabrikam.yaml', line: 10 },
}

test('a report is one command, at its place, with its hint', () => {
  expect(renderAnnotations([report])).toBe(
    '::error file=policies/access/fabrikam.yaml,line=6,col=11,endColumn=18,title=unknown-group::' +
      'fabrikam has no group `enginers`%0Adid you mean `engineers`? (policies/partners/fabrikam.yaml:10)\n',
  )
})

test('nothing to tell is nothing told', () => {
  expect(renderAnnotations([])).toBe('')
})

test('a report without a place is an annotation of the step', () => {
  expect(renderAnnotations([{ severity: 'warning', code: 'x', message: 'm' }])).toBe('::warning title=x::m\n')
})

test('a line without a column', () => {
  expect(renderAnnotations([{ severity: 'warning', code: 'x', message: 'm', at: { file: 'a.yaml', line: 3 } }])).toBe(
    '::warning file=a.yaml,line=3,title=x::m\n',
  )
})

test('errors come first; more of a sort than GitHub shows are told', () => {
  const warnings = Array.from(
    { length: 11 },
    (_, index): Report => ({ ...report, severity: 'warning', message: `w${index}` }),
  )
  const errors = Array.from({ length: 10 }, (_, index): Report => ({ ...report, message: `e${index}` }))
  const commands = commandsIn(renderAnnotations([...warnings, ...errors]))
  expect(commands.map(({ name }) => name)).toEqual([
    ...errors.map(() => 'error'),
    ...warnings.map(() => 'warning'),
    'notice',
  ])
  expect(commands[0]?.data).toMatch(/^e0\n/)
  expect(commands.at(-1)?.data).toBe(
    'There are 11 warnings; GitHub shows the first 10 of each here, the log of this step has all.',
  )
  expect(commandsIn(renderAnnotations([...warnings.slice(1), ...errors]))).toHaveLength(20)
})

test.each([
  'x\n::set-output name=a::b',
  'x\r::add-mask::x',
  '::stop-commands::token',
  '%0A::group::x',
  'a,line=1,title=b::c',
  '##[add-mask]x',
  '##vso[task.setvariable variable=a]b',
  '100 %25',
])('%j stays what it is, in every part', value => {
  const hostile: Report = {
    severity: 'error',
    code: value,
    message: value,
    hint: value,
    at: { file: `${value}.yaml`, line: 6, column: 11, endColumn: 19 },
    see: { file: value, line: 1 },
  }
  const lines = renderAnnotations([hostile])
  const [command, ...more] = commandsIn(lines)
  expect(more).toEqual([])
  expect(lines.match(/\n/g)).toHaveLength(1)
  expect(command?.name).toBe('error')
  expect(command?.properties).toMatchObject({ line: '6', col: '11', endColumn: '18' })
  // Told whole: only what is dangerous is written as its code point.
  const told = (text = '') =>
    text.replace(/<U\+([0-9A-F]{4})>/g, (_, code: string) => String.fromCharCode(Number(`0x${code}`)))
  expect(told(command?.properties.title)).toBe(value)
  expect(told(command?.properties.file)).toBe(`${value}.yaml`)
  expect(told(command?.data)).toBe(`${value}\n${value} (${value}:1)`)
})
