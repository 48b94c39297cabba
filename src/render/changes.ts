// The changes of a plan as text: how many of each sort in each directory, and, where they are few or asked for, each in a line.

import type { Line, PlannedChange } from '../model/plan.ts'
import type { Action } from '../model/resource.ts'
import { type Difference, differencesOf } from './differences.ts'
import { wrapped } from './layout.ts'
import type { Paint, Style } from './paint.ts'
import { safeText } from './safe-text.ts'
import { wordsOf } from './words.ts'

export const actions: readonly Action[] = ['create', 'update', 'delete', 'restore', 'adopt']
export const planes = [
  ['entra', 'Entra ID'],
  ['active-directory', 'Active Directory'],
] as const

export interface CountsRow {
  readonly action: Action
  /** As `planes` are ordered. */
  readonly numbers: readonly number[]
}

/** Sorts of which there are none are left out. */
export function countsOf(changes: readonly PlannedChange[]): readonly CountsRow[] {
  return actions
    .map(action => ({
      action,
      numbers: planes.map(
        ([plane]) => changes.filter(change => change.action === action && change.plane === plane).length,
      ),
    }))
    .filter(({ numbers }) => numbers.some(number => number > 0))
}

/** A table of counts, with rows that have a title of their own. */
export function renderCounts(
  parts: readonly (readonly [string, readonly PlannedChange[]])[],
  paint: Paint,
): readonly string[] {
  const shown = parts.filter(([, changes]) => changes.length > 0)
  const width = Math.max(14, ...shown.map(([title]) => title.length + 4))
  return shown.flatMap(([title, changes], index) => {
    const heads = index === 0 ? planes.map(([, plane]) => plane.padStart(19)).join('') : ''
    const rows = countsOf(changes).map(
      ({ action, numbers }) =>
        `${`    ${action}`.padEnd(width)}${numbers.map(number => String(number).padStart(19)).join('')}`,
    )
    return [paint('bold', `${`  ${title}`.padEnd(width)}${heads}`.trimEnd()), ...rows]
  })
}

export function renderChanges(changes: readonly PlannedChange[], paint: Paint): readonly string[] {
  return changes.flatMap(change => {
    const { style, sign } = signs[change.action]
    const place = change.because[0]
    const line = `    ${paint(style, sign)} ${wordsOf(change)}${change.risk === 'privileged' ? paint('yellow', '  !') : ''}`
    const from = place === undefined ? '' : paint('dim', `   ${placeOf(place)}`)
    return [line + from, ...differencesOf(change).flatMap(difference => renderDifference(difference, paint))]
  })
}

export const signs: Readonly<Record<Action, { readonly style: Style; readonly sign: string }>> = {
  create: { style: 'green', sign: '+' },
  update: { style: 'yellow', sign: '~' },
  delete: { style: 'red', sign: '-' },
  restore: { style: 'green', sign: '^' },
  adopt: { style: 'yellow', sign: '=' },
}

export function placeOf(line: Line): string {
  return safeText(`${line.file}:${line.line}${line.removed === true ? ' (removed)' : ''}`)
}

const indent = ' '.repeat(8)

/** `name: before → after`; of a list `name: + new, - gone`; of a text its words, `[-gone-]{+new+}`. */
function renderDifference({ path, kind, parts }: Difference, paint: Paint): readonly string[] {
  const name = safeText(path)
  const side = (which: 'added' | 'removed'): string => safeText(parts.find(part => part[which])?.text ?? 'nothing')
  if (kind === 'value') return [`${indent}${name}: ${side('removed')} → ${side('added')}`]
  const told = parts.map(({ text, added, removed }) => {
    const safe = safeText(text)
    if (kind === 'text') return added ? paint('green', `{+${safe}+}`) : removed ? paint('red', `[-${safe}-]`) : safe
    return added ? paint('green', `+ ${safe}`) : paint('red', `- ${safe}`)
  })
  if (kind === 'text') return [`${indent}${name}: ${told.join('')}`]
  const [first = '', ...more] = wrapped(told, `${indent}  `)
  const whole = `${indent}${name}: ${first.trimStart()}`
  return more.length === 0 ? [whole] : [`${indent}${name}:`, first, ...more]
}
