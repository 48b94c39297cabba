// The changes of a plan: how many of each sort in each directory, and, where they are few or asked for, each in a line.

import type { Line, PlannedChange } from '../model/plan.ts'
import type { Action, Json } from '../model/resource.ts'
import type { Paint, Style } from './paint.ts'
import { safeText } from './safe-text.ts'
import { wordsOf } from './words.ts'

const actions: readonly Action[] = ['create', 'update', 'delete', 'restore', 'adopt']
const planes = [
  ['entra', 'Entra ID'],
  ['active-directory', 'Active Directory'],
] as const

/** The table. */
export function renderCounts(changes: readonly PlannedChange[], paint: Paint): readonly string[] {
  const head = `${'  Changes'.padEnd(14)}${planes.map(([, title]) => title.padStart(19)).join('')}`
  const rows = actions.flatMap(action => {
    const numbers = planes.map(
      ([plane]) => changes.filter(change => change.action === action && change.plane === plane).length,
    )
    if (numbers.every(number => number === 0)) return []
    return [`${`    ${action}`.padEnd(14)}${numbers.map(number => String(number).padStart(19)).join('')}`]
  })
  return [paint('bold', head), ...rows]
}

export function renderChanges(changes: readonly PlannedChange[], paint: Paint): readonly string[] {
  return changes.flatMap(change => {
    const { style, sign } = signs[change.action]
    const place = change.because[0]
    const line = `    ${paint(style, sign)} ${wordsOf(change)}${change.risk === 'privileged' ? paint('yellow', '  !') : ''}`
    const from = place === undefined ? '' : paint('dim', `   ${placeOf(place)}`)
    return [line + from, ...differencesOf(change)]
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
  return safeText(`${line.file}:${line.line}`)
}

/** `name: before → after` for what a change corrects; what is made or goes is told by its words. */
function differencesOf({ before, after }: PlannedChange): readonly string[] {
  if (before === null || after === null) return []
  return Object.keys(after).map(key => safeText(`        ${spaced(key)}: ${shown(before[key])} → ${shown(after[key])}`))
}

const properties: Readonly<Record<string, string>> = {
  left: 'day of leaving noted',
  unit: 'organizational unit',
  managed: 'looked after by guestlist',
}

/** `companyName` → `company name`. */
function spaced(key: string): string {
  return properties[key] ?? key.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}

function shown(value: Json | undefined): string {
  if (value === null || value === undefined) return 'nothing'
  if (value === true) return 'yes'
  if (value === false) return 'no'
  if (typeof value === 'object' && Array.isArray(value))
    return value.length === 0 ? 'none' : value.map(shown).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
