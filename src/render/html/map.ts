// The map of access: partner groups down, apps and their roles across, in each field how many people, and what the plan changes.
// Where there is too much to take in, what changes comes first and the whole is folded; beyond what a browser can lay out as a
// table, each field is a line.

import type { Cell, Plan } from '../../model/plan.ts'
import { type Titled, titleOf } from '../app-title.ts'
import { compare, count } from '../layout.ts'
import { isolated, sectionOf } from './cards.ts'
import { type Html, html, nothing } from './escape.ts'

interface Column {
  readonly app: string
  readonly role: string
  readonly title: string
}

interface Row {
  readonly partner: string
  readonly group: string
  readonly cells: ReadonlyMap<string, Cell>
}

/** As much as is taken in at a glance. */
const glance = { rows: 40, columns: 16 }
/** Fields that a browser lays out as a table without trouble. */
const mostFields = 20_000

/** What the map is drawn from. */
type Mapped = Pick<Plan, 'map'> & Titled

export function mapSection(plan: Mapped, lead: string): Html {
  const cells = plan.map.filter(({ before, after }) => before > 0 || after > 0)
  if (cells.length === 0) return nothing
  const changing = cells.filter(isChanged)
  const columns = columnsOf(cells, plan)
  const rows = rowsOf(cells)
  if (rows.length <= glance.rows && columns.length <= glance.columns)
    return sectionOf('map', 'Access map', [tableOf(rows, columns)], lead)
  const changed = changing.length === 0 ? [] : [fieldsOf(changing, plan)]
  const whole = html`<details><summary>The whole map: ${count(rows.length, 'group')}, ${count(columns.length, 'app role')}</summary>${fieldsOf(cells, plan)}</details>`
  return sectionOf('map', 'Access map', [...changed, whole], lead)
}

function isChanged({ before, after, gains, losses }: Cell): boolean {
  return gains > 0 || losses > 0 || before !== after
}

function fieldsOf(cells: readonly Cell[], plan: Mapped): Html {
  const [rows, columns] = [rowsOf(cells), columnsOf(cells, plan)]
  return rows.length * columns.length <= mostFields ? tableOf(rows, columns) : listOf(cells, plan)
}

function columnsOf(cells: readonly Cell[], plan: Mapped): readonly Column[] {
  const found = new Map(cells.map(({ app, role }) => [keyOf({ app, role }), { app, role, title: titleOf(app, plan) }]))
  return [...found.values()].sort(
    (a, b) => compare(a.title, b.title) || compare(a.app, b.app) || compare(a.role, b.role),
  )
}

function rowsOf(cells: readonly Cell[]): readonly Row[] {
  const rows = [...Map.groupBy(cells, ({ partner, group }) => JSON.stringify([partner, group])).values()]
  return rows
    .flatMap(own => {
      const [first] = own
      if (first === undefined) return []
      return [{ partner: first.partner, group: first.group, cells: new Map(own.map(cell => [keyOf(cell), cell])) }]
    })
    .sort((a, b) => compare(a.partner, b.partner) || compare(a.group, b.group))
}

function keyOf({ app, role }: Pick<Cell, 'app' | 'role'>): string {
  return JSON.stringify([app, role])
}

/** From here on the names of apps stand upright. */
const manyColumns = 8

function tableOf(rows: readonly Row[], columns: readonly Column[]): Html {
  const keyed = columns.map(column => ({ ...column, key: keyOf(column) }))
  const heads = columns.map(
    ({ title, role }) =>
      html`<th scope="col"><div>${isolated(title)} ${role === 'user' ? nothing : html`<small>${role}</small>`}</div></th>`,
  )
  const lines = rows.map(
    ({ partner, group, cells }) =>
      html`<tr><th scope="row">${groupOf(partner, group)}</th>${keyed.map(({ key, title, role }) => {
        const cell = cells.get(key)
        return cell === undefined ? html`<td></td>` : fieldOf(cell, role === 'user' ? title : `${title}, ${role}`)
      })}</tr>\n`,
  )
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Access map, scrolls"><table class="map${columns.length > manyColumns ? ' many' : ''}${columns.length > glance.columns ? ' wide' : ''}">
<thead><tr><th scope="col">Group</th>${heads}</tr></thead>
<tbody>
${lines}</tbody></table></div>`
}

/** Ways that no group tells have a row of their own. */
function groupOf(partner: string, group: string): Html {
  if (group === '')
    return html`${partner === '' ? nothing : html`${isolated(partner)}, `}<span class="quiet">by no group</span>`
  return html`<bdi><span class="quiet">${partner}/</span>${group}</bdi>`
}

function fieldOf(cell: Cell, label: string): Html {
  return html`<td${classOf(cell)}><span class="label">${label}: </span>${numbersOf(cell)}</td>`
}

function classOf(cell: Cell): Html {
  if (!isChanged(cell)) return nothing
  if (cell.losses === 0) return html` class="changed up"`
  return cell.gains === 0 ? html` class="changed down"` : html` class="changed"`
}

function numbersOf({ after, gains, losses }: Cell): Html {
  if (gains === 0 && losses === 0) return html`${after}`
  const plus = gains === 0 ? nothing : html` <span class="plus">+${gains}</span>`
  const minus = losses === 0 ? nothing : html` <span class="minus">−${losses}</span>`
  return html`${after}<span class="moves">${plus}${minus}</span>`
}

function listOf(cells: readonly Cell[], plan: Mapped): Html {
  const lines = cells.map(
    cell =>
      html`<tr><th scope="row">${groupOf(cell.partner, cell.group)}</th><td>${isolated(titleOf(cell.app, plan))}</td><td>${isolated(cell.role)}</td><td>${numbersOf(cell)}</td></tr>\n`,
  )
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Access map as a list, scrolls"><table class="numbers">
<thead><tr><th scope="col">Group</th><th scope="col">App</th><th scope="col">Role</th><th scope="col">People</th></tr></thead>
<tbody>
${lines}</tbody></table></div>`
}
