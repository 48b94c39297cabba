// Problems as a person reads them: one line that editors and CI can link, the line of the file, and a hint under the
// place.

import { styleText } from 'node:util'
import type { Origin, Problem } from '../model/problem.ts'
import { safeText } from './safe-text.ts'

export interface ProblemStyle {
  /** The policies folder as the user named it. */
  readonly prefix: string
  readonly color: boolean
}

const widest = 160
const longest = 600
/** How much of a long line is shown before the place that is meant. */
const lead = 40

/** Every problem, errors first, with an empty line between; empty for none. */
export function renderProblems(problems: readonly Problem[], style: ProblemStyle): string {
  const inOrder = [...problems.filter(isError), ...problems.filter(problem => !isError(problem))]
  return inOrder.map(problem => `${renderProblem(problem, style)}\n`).join('\n')
}

/** `2 errors, 1 warning in 21 files` */
export function summarizeProblems(problems: readonly Problem[], files: number): string {
  const errors = problems.filter(isError).length
  const counts = [count(errors, 'error'), count(problems.length - errors, 'warning')].filter(
    text => !text.startsWith('0 '),
  )
  return `${counts.length === 0 ? 'no problems' : counts.join(', ')} in ${count(files, 'file')}`
}

const isError = (problem: Problem) => problem.severity === 'error'

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`

function renderProblem(problem: Problem, { prefix, color }: ProblemStyle): string {
  const { severity, code, message, at, excerpt } = problem
  const paint = (format: 'bold' | 'red' | 'yellow' | 'dim', text: string) =>
    color ? styleText(format, text, { validateStream: false }) : text
  const tone = severity === 'error' ? 'red' : 'yellow'
  const place = at === undefined ? prefix : `${inFolder(prefix, at)}:${at.column}`
  const head = `${safeText(place)}: ${paint(tone, `${severity}[${safeText(code)}]`)}: ${paint('bold', safeText(shortened(message)))}`
  const hint = safeText(hintOf(problem, prefix))
  if (at === undefined || excerpt === undefined) return hint === '' ? head : `${head}\n  ${hint}`
  const { before, meant, after } = cut(excerpt, at.column - 1, problem.length ?? 1)
  const number = String(at.line)
  const gutter = ' '.repeat(number.length)
  const carets = paint(tone, '^'.repeat(Math.max(1, meant.length)))
  const underline = `${' '.repeat(before.length)}${carets}${hint === '' ? '' : ` ${hint}`}`
  return `${head}\n  ${paint('dim', `${number} |`)} ${before}${meant}${after}\n  ${paint('dim', `${gutter} |`)} ${underline}`
}

/** The hint with the place that it speaks of; empty for none. */
export function hintOf({ hint, see }: Problem, prefix: string): string {
  const place = see === undefined ? '' : `(${inFolder(prefix, see)})`
  return [hint ?? '', place].filter(text => text !== '').join(' ')
}

/** A value that a message quotes may be a whole file. */
export function shortened(message: string): string {
  if (message.length <= longest) return message
  return `${message.slice(0, longest / 2).toWellFormed()}…${message.slice(-longest / 2).toWellFormed()}`
}

function inFolder(prefix: string, { file, line }: Origin): string {
  return `${prefix.replace(/\/+$/, '')}/${file}:${line}`
}

/** The line in three parts, made safe; of a long one, what is around the place. */
function cut(excerpt: string, column: number, length: number): { before: string; meant: string; after: string } {
  const from = excerpt.length <= widest ? 0 : Math.max(0, column - lead)
  const until = Math.min(excerpt.length, from + widest)
  const end = Math.min(until, column + length)
  const show = (text: string) => safeText(text.replaceAll('\t', ' '))
  const before = `${from > 0 ? '…' : ''}${show(excerpt.slice(from, column))}`
  const meant = show(excerpt.slice(column, end))
  const after = `${show(excerpt.slice(end, until))}${until < excerpt.length ? '…' : ''}`
  const line = before + meant + after
  const safe = safeText(line)
  // Parts that are harmless each, and together are not.
  return safe === line ? { before, meant, after } : { before: '', meant: safe, after: '' }
}
