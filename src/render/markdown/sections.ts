// What a comment tells besides who gains and loses: what deserves a second look, the changes, what waits, what was found.

import type { Finding, PlannedChange } from '../../model/plan.ts'
import { countsOf, planes } from '../changes.ts'
import { type Difference, differencesOf } from '../differences.ts'
import { count } from '../layout.ts'
import type { Risk } from '../risks.ts'
import type { Wait } from '../waits.ts'
import { wordsOf } from '../words.ts'
import type { Detail, Pen } from './detail.ts'

/** As GitHub calls its boxes. */
const boxes: readonly (readonly [box: string, titles: readonly Risk['title'][]])[] = [
  ['CAUTION', ['refused', 'weakened']],
  ['WARNING', ['privileged', 'big removal', 'closes']],
  ['IMPORTANT', ['sets']],
  ['NOTE', ['not ours yet', 'ends soon']],
]

export function riskBoxes(risks: readonly Risk[], hasBase: boolean, detail: Detail, pen: Pen): readonly string[] {
  return boxes.flatMap(([box, titles]) => {
    const own = risks.filter(({ title }) => titles.includes(title))
    if (own.length === 0) return []
    const lines = own.slice(0, detail.rows).map(({ title, text, names, cause, at }) => {
      const listed = names.slice(0, detail.names).map(pen.code)
      const rest = names.length - listed.length
      const all = [...listed, ...(rest > 0 && listed.length > 0 ? [`and ${rest} more`] : [])].join(', ')
      const place = at === undefined ? '' : ` · ${pen.place(at)}`
      const besides = hasBase && cause === 'drift' ? ' *(not from this change)*' : ''
      return `> - **${capital(title)}:** ${pen.prose(text)}${all === '' ? '' : ` ${all}`}${besides}${place}`
    })
    return [[`> [!${box}]`, ...lines, ...more(own.length - lines.length, '> - ')].join('\n')]
  })
}

/** `pace`: how long they take. */
export function changesSection(changes: readonly PlannedChange[], pace: string, detail: Detail, pen: Pen): string {
  if (changes.length === 0) return ''
  const numbers = planes.flatMap(([plane, name]) => {
    const number = changes.filter(change => change.plane === plane).length
    return number === 0 ? [] : [{ number, name }]
  })
  const head = numbers
    .map(({ number, name }, index) => `${index === 0 ? count(number, 'change') : number} in ${name}`)
    .join(', ')
  const actions = countsOf(changes).map(
    ({ action, numbers }) => `${numbers.reduce((sum, number) => sum + number, 0)} ${action}`,
  )
  const rest = [actions.join(', '), ...(pace === '' ? [] : [pace])].join(' · ')
  if (!detail.changes) return `**${head}:** ${rest}`
  const lines = changes.flatMap(change => changeLines(change, detail, pen))
  return folded(`<b>${head}</b>: ${rest}`, fenced(lines))
}

/** Nothing of a line can end the block: the fence is longer than any run of backticks in it. */
function fenced(lines: readonly string[]): string {
  const longest = lines.reduce((most, line) => {
    const runs = line.match(/`+/g) ?? []
    return runs.reduce((length, run) => Math.max(length, run.length), most)
  }, 2)
  const fence = '`'.repeat(longest + 1)
  return `${fence}diff\n${lines.join('\n')}\n${fence}`
}

/** As GitHub colours differences: what comes, what goes, what changes. */
const marks = { create: '+', restore: '+', delete: '-', update: '!', adopt: '!' } as const

function changeLines(change: PlannedChange, { differences }: Detail, pen: Pen): readonly string[] {
  const line = `${marks[change.action]} ${pen.raw(wordsOf(change))}`
  return differences ? [line, ...differencesOf(change).flatMap(each => differenceLines(each, pen))] : [line]
}

function differenceLines({ path, kind, parts }: Difference, pen: Pen): readonly string[] {
  const lineOf = (mark: string, text: string): string => `${mark}     ${pen.raw(`${path}: ${text}`)}`
  if (kind !== 'text') return parts.map(({ text, added }) => lineOf(added ? '+' : '-', text))
  const side = (leave: 'added' | 'removed'): string => parts.flatMap(part => (part[leave] ? [] : [part.text])).join('')
  return [lineOf('-', side('added')), lineOf('+', side('removed'))]
}

export function waitingSection(waits: readonly Wait[], detail: Detail, pen: Pen): string {
  if (waits.length === 0) return ''
  const lines = waits.slice(0, detail.rows).map(({ what, message, names, behind }) => {
    const shown = names.slice(0, detail.names)
    const rest = names.length - shown.length
    const listed = [...shown.map(pen.code), ...(rest > 0 && shown.length > 0 ? [`and ${rest} more`] : [])].join(', ')
    const with_ = behind === 0 ? '' : ` (${count(behind, 'more change')} ${behind === 1 ? 'waits' : 'wait'} with it)`
    return `- ⏸️ ${pen.text(what)}: ${pen.prose(message)}${with_}${listed === '' ? '' : `<br>${listed}`}`
  })
  return [
    '**Waiting.** Whoever gains something only after that is not counted above.',
    '',
    ...lines,
    ...more(waits.length - lines.length, '- '),
  ].join('\n')
}

/** Refusals are told at the top. */
export function findingsSection(findings: readonly Finding[], detail: Detail, pen: Pen): string {
  if (findings.length === 0) return ''
  const lines = findings.slice(0, detail.rows).map(({ severity, code, message, hint, at }) => {
    const place = at === undefined ? '' : ` · ${pen.place(at)}`
    const told = detail.hints && hint !== undefined ? `<br>${pen.prose(hint)}` : ''
    return `- ${severity === 'error' ? '⛔' : '⚠️'} ${pen.prose(message)} ${pen.code(code)}${place}${told}`
  })
  return ['**Found**', '', ...lines, ...more(findings.length - lines.length, '- ')].join('\n')
}

/** `summary` is HTML: nothing of a plan but numbers. */
export function folded(summary: string, text: string): string {
  return `<details><summary>${summary}</summary>\n\n${text}\n\n</details>`
}

function more(number: number, lead: string): readonly string[] {
  return number > 0 ? [`${lead}and ${number} more`] : []
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
