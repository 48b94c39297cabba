// A plan as text: who gains what, who loses what, what deserves a second look, what happens next. In this order, so that
// the first ten seconds are enough.

import type { Plan, PlanScope } from '../model/plan.ts'
import { placeOf, renderChanges, renderCounts } from './changes.ts'
import { type EffectGroup, effectGroups } from './effect-groups.ts'
import { firstOf, renderEffects, type TextView } from './effects.ts'
import { renderFindings, renderWaiting } from './findings.ts'
import { besidesOf, headlineOf } from './headline.ts'
import { type LaterGroup, laterGroups } from './later.ts'
import { count, wrapped } from './layout.ts'
import { paceOf } from './pace.ts'
import { risksOf } from './risks.ts'
import { safeText } from './safe-text.ts'

export interface PlanView extends TextView {
  /** What comes next. */
  readonly next: string
}

/** Up to here every change is listed without being asked for. */
const fewChanges = 40

export function renderPlan(plan: Plan, view: PlanView): string {
  const { paint } = view
  const sections = [
    [header(plan, view)],
    ...effects(plan, view),
    lookTwice(plan, view),
    changes(plan, view),
    renderWaiting(plan.waiting, paint),
    renderFindings(plan.findings, paint),
    [footer(plan, view)],
  ]
  const shown = sections.filter(section => section.length > 0).map(section => section.join('\n'))
  return `${shown.join('\n\n')}\n`
}

/** The first eight digits name a plan as well as all of them do. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 8)
}

/** As Git shortens them. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 7)
}

function header({ organization, counts, scope, sandbox, commit, base, at }: Plan, { paint }: PlanView): string {
  const nouns = [
    count(counts.partners, 'partner'),
    count(counts.people, 'person', 'people'),
    count(counts.apps, 'app'),
  ].join(', ')
  return [
    paint('bold', safeText(organization.displayName)),
    nouns,
    ...(sandbox === true ? [paint('yellow', 'in the sandbox')] : []),
    ...scopeWords(scope).map(words => paint('yellow', safeText(words))),
    ...(commit === null ? [] : [safeText(`policies at ${shortCommit(commit)}`)]),
    ...(base === undefined ? [] : [safeText(`compared with ${base.revision}`)]),
    `as of ${moment(at)}`,
  ].join(' · ')
}

/** What a plan leaves out must not be missed. */
export function scopeWords({ partners, apps, only, ended }: PlanScope): readonly string[] {
  const parts = [
    ...(partners.length === 0 ? [] : [partners.join(', ')]),
    ...(apps.length === 0 ? [] : [apps.join(', ')]),
    ...(only === null ? [] : [only === 'entra' ? 'Entra ID' : 'Active Directory']),
    ...(ended === true ? ['what ends by itself'] : []),
  ]
  return parts.length === 0 ? [] : [`only ${parts.join(' · ')}`]
}

export function moment(iso: string): string {
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : `${iso.slice(0, 16).replace('T', ' ')} UTC`
}

/** What the change of policy does stands alone; what happens besides is told after it. */
function effects(plan: Plan, view: PlanView): readonly (readonly string[])[] {
  if (plan.base === undefined) {
    const groups = effectGroups(plan)
    const now = groups.length > 0 ? renderEffects(groups, [], view, '  ') : nobody(plan, '  ')
    return [now, titled('Later', [], laterGroups(plan), view)]
  }
  const groups = effectGroups(plan, 'intended')
  const later = laterGroups(plan, 'intended')
  const now = [...(groups.length > 0 ? [] : nobody(plan, '    ')), ...renderEffects(groups, later, view, '    ')]
  return [
    now.length === 0 ? [] : [view.paint('bold', '  This change intends'), ...now],
    titled('Not from this change: drift, or what was not applied yet', effectGroups(plan, 'drift'), [], view),
    titled('Later, with or without this change', [], laterGroups(plan, 'drift'), view),
  ]
}

function nobody(plan: Plan, indent: string): readonly string[] {
  const isEmpty = plan.changes.length === 0 && plan.coming.length === 0 && plan.moved.length === 0
  return isEmpty && plan.base === undefined
    ? []
    : [headlineOf(plan), besidesOf(plan)].flatMap(sentence => (sentence === '' ? [] : [indent + sentence]))
}

function titled(
  title: string,
  groups: readonly EffectGroup[],
  later: readonly LaterGroup[],
  view: PlanView,
): readonly string[] {
  if (groups.length + later.length === 0) return []
  return [view.paint('bold', `  ${title}`), ...renderEffects(groups, later, view, '    ')]
}

/** Of one line, before the rest is counted. */
const fewNames = 6

function lookTwice(plan: Plan, { paint, all }: PlanView): readonly string[] {
  const lines = risksOf(plan).flatMap(({ title, text, names, at }) => [
    `    ${paint('yellow', '!')} ${title.padEnd(15)}${safeText(text)}${at === undefined ? '' : paint('dim', `   ${placeOf(at)}`)}`,
    ...wrapped(firstOf(names, fewNames, all), ' '.repeat(21)),
  ])
  return lines.length === 0 ? [] : [paint('bold', '  Look twice'), ...lines]
}

function changes(plan: Plan, { paint, all }: PlanView): readonly string[] {
  if (plan.changes.length === 0) return []
  const isApart = plan.base !== undefined
  const intended = isApart ? plan.changes.filter(({ cause }) => cause === 'intended') : plan.changes
  const drifted = isApart ? plan.changes.filter(({ cause }) => cause !== 'intended') : []
  const table = renderCounts(
    [
      [isApart ? 'Changes it intends' : 'Changes', intended],
      ['Changes besides', drifted],
    ],
    paint,
  )
  const pace = paceOf(plan) === '' ? [] : [paint('dim', `  ${paceOf(plan)}`)]
  if (!all && plan.changes.length > fewChanges) {
    return [...table, ...pace, paint('dim', `  ${count(plan.changes.length, 'change')} · list them: --changes`)]
  }
  return [
    ...table,
    ...pace,
    ...(intended.length === 0 ? [] : ['', ...renderChanges(intended, paint)]),
    ...(drifted.length === 0 ? [] : ['', paint('bold', '  Not from this change'), ...renderChanges(drifted, paint)]),
  ]
}

function footer(plan: Plan, { next, paint }: PlanView): string {
  if (plan.changes.length === 0) return paint('green', 'Nothing to do.')
  return `Plan ${shortDigest(plan.digest)}. ${next}`
}
