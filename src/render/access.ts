// Who reaches what, for people (a table by app), for spreadsheets (CSV) and for programs (JSON): one row for each access.

import { stringify } from 'csv-stringify/sync'
import type { Ground, Listed } from '../model/explanation.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { placeOf } from './changes.ts'
import { safeJson } from './json.ts'
import { columns, count } from './layout.ts'
import type { Paint } from './paint.ts'
import { safeText } from './safe-text.ts'

export interface AccessView {
  readonly policy: ResolvedPolicy
  /** What stands before the policy's file names. */
  readonly folder: string
  readonly paint: Paint
  /** Characters in a line, where a person watches: reasons are cut to fit. */
  readonly width?: number
  /** `now`, or the day to come. */
  readonly when: string
}

export function renderAccesses(accesses: readonly Listed[], view: AccessView): string {
  const { policy, paint } = view
  const people = new Set(accesses.map(({ person }) => person)).size
  const { spec } = policy.organization
  const head = [
    paint('bold', safeText(spec.displayName ?? spec.name)),
    `${count(accesses.length, 'access', 'accesses')} of ${count(people, 'person', 'people')}`,
    view.when,
  ].join(' · ')
  const apps = [...Map.groupBy(accesses, ({ app }) => app)].map(([app, rows]) => renderApp(app, rows, view))
  return `${[head, ...apps].join('\n\n')}\n`
}

function renderApp(app: string, rows: readonly Listed[], view: AccessView): string {
  const { policy, paint } = view
  const people = new Set(rows.map(({ person }) => person)).size
  const cells = rows.map(row =>
    [row.person, row.role, untilOf(row), waysOf(row), whyOf(row), placesOf(row, view.folder)].map(safeText),
  )
  const lines = columns(cells).map((line, index) => {
    const row = rows[index]
    const shown = view.width === undefined ? line : cutTo(line, view.width - 2)
    return `  ${row !== undefined && row.basis !== 'policy' ? paint('yellow', shown) : shown}`
  })
  return [`${paint('bold', safeText(appTitle(app, policy)))} · ${count(people, 'person', 'people')}`, ...lines].join(
    '\n',
  )
}

export function appTitle(app: string, { apps }: ResolvedPolicy): string {
  return apps.get(app)?.spec.displayName ?? `${app} (no policy names it any more)`
}

function cutTo(line: string, width: number): string {
  const characters = [...line]
  return characters.length <= width ? line : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

export function untilOf({ basis, until }: Listed): string {
  if (basis === 'ended') return `ended ${until}`
  return until === null ? 'no end' : `until ${until}`
}

export function waysOf({ groups, unmanaged, partner }: Listed): string {
  const ways = [...groups, ...unmanaged]
  return ways.length === 0 ? partner : ways.join(', ')
}

export function whyOf({ basis, because }: Listed): string {
  if (basis === 'none') return 'no policy names it'
  const reasons = new Set(because.map(({ grant }) => grant.reason ?? grant.access))
  return [...reasons].join(', ') + (basis === 'ended' ? ' (not taken away yet)' : '')
}

/** RFC 4180, and nothing that a spreadsheet would take for a formula. */
export function accessesAsCsv(accesses: readonly Listed[], folder: string): string {
  const rows = accesses.map(row => {
    const { person, displayName, partner, app, role, until, basis, groups, unmanaged, because } = row
    return {
      person,
      displayName: displayName ?? '',
      partner,
      app,
      role,
      until: until ?? '',
      basis,
      groups: groups.join(' '),
      unmanaged: unmanaged.join('; '),
      access: distinct(because, ({ grant }) => grant.access).join(' '),
      reason: distinct(because, ({ grant }) => grant.reason ?? '').join('; '),
      policyLine: placesOf(row, folder),
    }
  })
  return stringify(
    rows.map(row => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, safeText(value)]))),
    { header: true, columns: [...csvColumns], escape_formulas: true, record_delimiter: 'windows' },
  )
}

const csvColumns = [
  'person',
  'displayName',
  'partner',
  'app',
  'role',
  'until',
  'basis',
  'groups',
  'unmanaged',
  'access',
  'reason',
  'policyLine',
] as const

function distinct(grounds: readonly Ground[], of: (ground: Ground) => string): readonly string[] {
  return [...new Set(grounds.map(of))].filter(text => text !== '')
}

function placesOf({ because }: Listed, folder: string): string {
  return distinct(because, ({ grant }) => placeOf(placeIn(folder, grant.origin))).join(' ')
}

function placeIn(folder: string, { file, line }: { file: string; line: number }): { file: string; line: number } {
  return { file: `${folder}${file}`, line }
}

export function accessesAsJson(accesses: readonly Listed[], folder: string): string {
  const rows = accesses.map(
    ({ person, displayName, partner, app, role, until, basis, groups, unmanaged, because }) => ({
      person,
      displayName: displayName ?? null,
      partner: partner === '' ? null : partner,
      app,
      role,
      until,
      basis,
      groups,
      unmanaged,
      because: because.map(({ grant, until: end }) => ({
        access: grant.access,
        group: `${grant.partner}/${grant.group}`,
        from: grant.from ?? null,
        until: end ?? null,
        reason: grant.reason ?? null,
        ...placeIn(folder, grant.origin),
      })),
    }),
  )
  return safeJson(rows)
}
