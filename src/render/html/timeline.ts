// When access ends: for each app and its groups with one end, a bar over the twelve months to come, the next end first.

import type { Cell, Plan } from '../../model/plan.ts'
import { dateOf, dayMs, endOf, type Instant, startOf } from '../../model/time.ts'
import { titleOf } from '../app-title.ts'
import { count } from '../layout.ts'
import { isolated, sectionOf } from './cards.ts'
import { type Html, html, nothing } from './escape.ts'
import { endings } from './later.ts'

interface Span {
  readonly partner: string
  readonly groups: readonly string[]
  readonly app: string
  readonly role: string
  /** Null: it stands already. */
  readonly from: string | null
  readonly until: string
}

/** How many bars stand open before the rest is folded. */
const openBars = 12
/** As far as a plan tells what ends. */
const soon = 30 * dayMs

export function timelineSection(plan: Plan): Html {
  const at = Date.parse(plan.at)
  const standing = plan.map.filter(({ after, from }) => after > 0 || isAhead(from, at))
  const spans = spansOf(
    standing.filter(({ until }) => until !== null && (endOf(until) ?? 0) >= at),
    at,
  )
  const endless = standing.filter(({ until }) => until === null)
  const near = plan.coming.filter(({ effect }) => effect === 'lose').length
  const body = [
    ...(spans.length === 0 ? [] : [tableOf(spans.slice(0, openBars), plan, at)]),
    ...(spans.length <= openBars
      ? []
      : [foldOf(`${spans.length - openBars} more`, tableOf(spans.slice(openBars), plan, at))]),
    ...(near === 0
      ? []
      : [foldOf(`Who is affected in the next 30 days: ${count(near, 'access', 'accesses')}`, endings(plan))]),
    ...(endless.length === 0 ? [] : [endlessNote(endless, plan)]),
  ]
  return sectionOf(
    'timeline',
    'When it ends',
    body,
    'As the policies say, the next end first. A person may have an earlier one.',
  )
}

function foldOf(summary: string, body: Html): Html {
  return html`<details><summary>${summary}</summary>${body}</details>\n`
}

function endlessNote(cells: readonly Cell[], plan: Plan): Html {
  const apps = [...new Set(cells.map(({ app }) => titleOf(app, plan)))]
  return html`<p class="note">Without an end: ${apps.map((app, index) => html`${index === 0 ? '' : ', '}${isolated(app)}`)}.</p>\n`
}

function isAhead(from: string | null, at: Instant): boolean {
  return from !== null && (startOf(from) ?? at) > at
}

function spansOf(cells: readonly Cell[], at: Instant): readonly Span[] {
  const ending = cells.flatMap(({ until, from, ...cell }) =>
    until === null ? [] : [{ ...cell, until, from: isAhead(from, at) ? from : null }],
  )
  const alike = Map.groupBy(ending, ({ partner, app, role, from, until }) =>
    JSON.stringify([partner, app, role, from, until]),
  )
  return [...alike.values()]
    .flatMap(own => {
      const [first] = own
      if (first === undefined) return []
      const { partner, app, role, from, until } = first
      return [{ partner, app, role, from, until, groups: own.map(({ group }) => group).sort() }]
    })
    .sort((a, b) => (endOf(a.until) ?? 0) - (endOf(b.until) ?? 0))
}

function tableOf(spans: readonly Span[], plan: Plan, at: Instant): Html {
  const months = monthsFrom(at).map(month => html`<li>${month}</li>`)
  return html`<table class="timeline">
<thead><tr><th scope="col">Access</th><th scope="col" class="track"><span class="hidden">The months to come</span><ol class="months" aria-hidden="true">${months}</ol></th><th scope="col">Ends</th></tr></thead>
<tbody>
${spans.map(span => rowOf(span, plan, at))}</tbody></table>`
}

function rowOf({ partner, groups, app, role, from, until }: Span, plan: Plan, at: Instant): Html {
  const [begin, end] = [positionOf(startOf(from ?? '') ?? at, at), positionOf(endOf(until) ?? at, at)]
  const isSoon = until.slice(0, 10) <= dateOf(at + soon)
  const tone = isSoon ? html` class="soon"` : from !== null ? html` class="planned"` : nothing
  const starts = from !== null ? html`<span>from ${isolated(from)}</span>` : nothing
  const as = role === 'user' ? nothing : html`, ${isolated(role)}`
  const x = Math.min(begin, 120 - thinnest)
  const width = Math.max(Math.min(end, 120) - x, thinnest)
  return html`<tr${tone}><th scope="row"><b>${isolated(titleOf(app, plan))}</b>${as} <span class="quiet">${isolated(`${partner}/${groups.join(', ')}`)}</span></th><td class="track"><svg viewBox="0 0 120 20" preserveAspectRatio="none" aria-hidden="true"><rect x="${x.toFixed(2)}" y="7" width="${width.toFixed(2)}" height="6"/></svg></td><td class="when">${starts}<span>${isSoon ? 'ends ' : 'until '}${isolated(until)}</span></td></tr>\n`
}

/** What is shorter, or beyond the twelve months, can still be seen. */
const thinnest = 0.6

/** From the first day of the month of `at`, ten to a month. */
function positionOf(instant: Instant, at: Instant): number {
  const [first, day] = [new Date(at), new Date(instant)]
  const months = (day.getUTCFullYear() - first.getUTCFullYear()) * 12 + day.getUTCMonth() - first.getUTCMonth()
  const length = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate()
  return (months + (instant - Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1)) / (length * dayMs)) * 10
}

const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function monthsFrom(at: Instant): readonly string[] {
  const first = Number(dateOf(at).slice(5, 7)) - 1
  return Array.from({ length: 12 }, (_, index) => names[(first + index) % 12] ?? '')
}
