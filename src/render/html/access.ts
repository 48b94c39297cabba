// Who reaches what as one page: the map of it, and for each app its people, until when and on what grounds.

import type { Listed } from '../../model/explanation.ts'
import type { Cell, Line, Plan } from '../../model/plan.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { appTitle, untilOf, waysOf, whyOf } from '../access.ts'
import { count } from '../layout.ts'
import { isolated, placesOf, sectionOf } from './cards.ts'
import { type Html, html, nothing } from './escape.ts'
import { mapSection } from './map.ts'
import { pageOf } from './page.ts'

export interface HtmlAccessView {
  readonly policy: ResolvedPolicy
  /** What stands before the policy's file names. */
  readonly folder: string
  /** `now`, or the day to come. */
  readonly when: string
}

/** Up to so many rows nothing is folded. */
const fewRows = 60

export function renderAccessesAsHtml(accesses: readonly Listed[], view: HtmlAccessView): string {
  const { policy, when } = view
  const { spec } = policy.organization
  const organization = spec.displayName ?? spec.name
  const people = new Set(accesses.map(({ person }) => person)).size
  const headline =
    accesses.length === 0
      ? 'Nobody reaches anything.'
      : `${count(people, 'person has', 'people have')} ${count(accesses.length, 'access', 'accesses')}.`
  const open = accesses.length <= fewRows ? html` open` : nothing
  const folds = [...Map.groupBy(accesses, ({ app }) => app)].map(([app, rows]) => foldOf(app, rows, open, view))
  return pageOf(
    `${organization}: ${headline}`,
    html`<header>
<p class="kicker">${isolated(organization)} · partner access</p>
<h1>${headline}</h1>
<p class="facts"><span>${when}</span></p>
</header>
<main>
${mapSection({ map: cellsOf(accesses), apps: appsOf(accesses, policy) }, 'How many people reach each app by each group.')}${sectionOf('people', 'By app', folds)}</main>
`,
  )
}

function foldOf(app: string, rows: readonly Listed[], open: Html, view: HtmlAccessView): Html {
  const people = new Set(rows.map(({ person }) => person)).size
  return html`<details class="fold"${open}><summary>${isolated(appTitle(app, view.policy))} <span class="quiet">· ${count(people, 'person', 'people')}</span></summary><table class="list">
<thead><tr><th scope="col">Who</th><th scope="col">As</th><th scope="col">Until</th><th scope="col">By</th><th scope="col">Why</th></tr></thead>
<tbody>
${rows.map(row => rowOf(row, view.folder))}</tbody></table></details>\n`
}

function rowOf(row: Listed, folder: string): Html {
  const name = row.displayName === undefined ? nothing : html` <span class="quiet">${isolated(row.displayName)}</span>`
  const odd = row.basis === 'policy' ? nothing : html` class="odd"`
  return html`<tr${odd}><th scope="row">${isolated(row.person)}${name}</th><td>${isolated(row.role)}</td><td>${untilOf(row)}</td><td>${isolated(waysOf(row))}</td><td>${whyOf(row)} <span class="quiet">${placesOf(linesOf(row, folder))}</span></td></tr>\n`
}

function linesOf({ because }: Listed, folder: string): readonly Line[] {
  const lines = because.map(({ grant: { origin } }) => ({ file: `${folder}${origin.file}`, line: origin.line }))
  return [...new Map(lines.map(line => [`${line.file}:${line.line}`, line])).values()]
}

/** Each person once in each group; ways that no group tells have a field of their own. */
function cellsOf(accesses: readonly Listed[]): readonly Cell[] {
  const fields = accesses.flatMap(({ partner, groups, app, role }) =>
    (groups.length === 0 ? [`${partner}/`] : groups).map(path => {
      const at = path.indexOf('/')
      return { partner: path.slice(0, at), group: path.slice(at + 1), app, role }
    }),
  )
  const alike = Map.groupBy(fields, field => JSON.stringify(Object.values(field)))
  return [...alike.values()].flatMap(same => {
    const [field] = same
    const people = same.length
    return field === undefined
      ? []
      : [{ ...field, from: null, until: null, before: people, after: people, gains: 0, losses: 0 }]
  })
}

function appsOf(accesses: readonly Listed[], policy: ResolvedPolicy): Plan['apps'] {
  const names = new Set(accesses.map(({ app }) => app))
  return Object.fromEntries(
    [...names].map(app => [
      app,
      { displayName: appTitle(app, policy), hosting: policy.apps.get(app)?.spec.hosting ?? 'cloud' },
    ]),
  )
}
