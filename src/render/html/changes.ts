// The changes, folded by directory, each with its number in the order in which they happen, and what it corrects before and
// after.

import type { Plan, PlannedChange } from '../../model/plan.ts'
import { countsOf, planes, signs } from '../changes.ts'
import { type Difference, differencesOf, type Part } from '../differences.ts'
import { count } from '../layout.ts'
import { paceOf } from '../pace.ts'
import { wordsOf } from '../words.ts'
import { placesOf, sectionOf } from './cards.ts'
import { type Html, html, nothing } from './escape.ts'

interface Numbered {
  readonly change: PlannedChange
  readonly number: number
}

export function changesSection(plan: Plan): Html {
  const { changes, base } = plan
  if (changes.length === 0) return nothing
  const numbered = changes.map((change, index) => ({ change, number: index + 1 }))
  const folds = planes.flatMap(([plane, title]) => {
    const own = numbered.filter(({ change }) => change.plane === plane)
    return own.length === 0 ? [] : [foldOf(title, own, base !== undefined)]
  })
  return sectionOf(
    'changes',
    count(changes.length, 'change'),
    [countsTable(changes, base !== undefined), ...folds],
    ['Numbered in the order in which they happen, over both directories', paceOf(plan)].filter(Boolean).join(' · '),
  )
}

/** What the change of policy intends is counted apart. */
function countsTable(changes: readonly PlannedChange[], hasCauses: boolean): Html {
  const parts: readonly (readonly [string, readonly PlannedChange[]])[] = hasCauses
    ? [
        ['intended', changes.filter(({ cause }) => cause === 'intended')],
        ['not from this change', changes.filter(({ cause }) => cause !== 'intended')],
      ]
    : [['', changes]]
  const bodies = parts.map(([title, own]) => {
    const of = title === '' ? nothing : html` <span class="quiet">${title}</span>`
    return html`<tbody>${countsOf(own).map(({ action, numbers }) => html`<tr><th scope="row">${action}${of}</th>${numbers.map(each => html`<td>${each}</td>`)}</tr>`)}</tbody>`
  })
  return html`<table class="numbers">
<thead><tr><th scope="col"><span class="hidden">Action</span></th>${planes.map(([, title]) => html`<th scope="col">${title}</th>`)}</tr></thead>
${bodies}</table>\n`
}

function foldOf(title: string, changes: readonly Numbered[], hasCauses: boolean): Html {
  const items = changes.map(each => changeOf(each, hasCauses))
  return html`<details class="fold"><summary>${title} <span class="quiet">· ${count(changes.length, 'change')}</span></summary><ol>
${items}</ol></details>\n`
}

function changeOf({ change, number }: Numbered, hasCauses: boolean): Html {
  const { action, risk, cause, because } = change
  const privileged = risk === 'privileged' ? html` <span class="tag privileged">privileged</span>` : nothing
  const drift = hasCauses && cause !== 'intended' ? html` <span class="tag drift">not from this change</span>` : nothing
  const place = because.length === 0 ? nothing : html` <span class="quiet">${placesOf(because.slice(0, 1))}</span>`
  const differences = differencesOf(change)
  const list = differences.length === 0 ? nothing : html`<dl class="difference">${differences.map(differenceOf)}</dl>`
  return html`<li class="change ${action}" value="${number}"><span class="number" aria-hidden="true">${number}</span><span class="sign" aria-hidden="true">${signs[action].sign}</span><div>${wordsOf(change)}${privileged}${drift}${place}${list}</div></li>\n`
}

function differenceOf({ path, kind, parts }: Difference): Html {
  const between = kind === 'text' ? '' : ' '
  const [from, to] = parts
  const isReplaced = kind === 'value' && from?.removed === true && to?.added === true
  const shown = isReplaced
    ? html`${partOf(from)} → ${partOf(to)}`
    : html`${parts.map((part, index) => html`${index === 0 ? '' : between}${partOf(part)}`)}`
  return html`<div><dt>${path}</dt><dd>${shown}</dd></div>`
}

function partOf({ text, added, removed }: Part): Html {
  if (added) return html`<ins>${text}</ins>`
  return removed ? html`<del>${text}</del>` : html`${text}`
}
