// A plan as Markdown, for a comment on a pull request: one sentence, who gains and who loses what, what is dangerous, what
// happens next. GitHub takes no more than 65 536 characters: what has no room is left out, details first, and said so.

import type { Finding, Plan } from '../../model/plan.ts'
import { isRefusal } from '../../model/problem.ts'
import { type EffectGroup, effectGroups, effectsBy } from '../effect-groups.ts'
import { besidesOf, gainsAndLosses, headlineOf } from '../headline.ts'
import { type LaterGroup, laterGroups } from '../later.ts'
import { count } from '../layout.ts'
import { paceOf } from '../pace.ts'
import { moment, scopeWords, shortCommit, shortDigest } from '../plan.ts'
import { type Risk, risksOf } from '../risks.ts'
import { type Wait, waitsOf } from '../waits.ts'
import { type Detail, details, type Links, least, leftOut, type Pen, penOf } from './detail.ts'
import { markdownLink } from './escape.ts'
import { effectsTable } from './rows.ts'
import { changesSection, findingsSection, folded, riskBoxes, waitingSection } from './sections.ts'

export interface MarkdownView {
  /** What comes next, where it is not a merge. */
  readonly next: string
  readonly links?: Links
}

/** Bytes, which are never fewer than characters; whoever posts it needs room for a mark of its own. */
const mostBytes = 64_000

/** What stays the same however much of it is told. */
interface Told {
  readonly plan: Plan
  readonly view: MarkdownView
  readonly groups: readonly EffectGroup[]
  readonly later: readonly LaterGroup[]
  readonly drift: readonly EffectGroup[]
  readonly laterAnyway: readonly LaterGroup[]
  readonly risks: readonly Risk[]
  readonly waits: readonly Wait[]
  readonly waitsBesides: readonly Wait[]
  readonly findings: readonly Finding[]
  readonly findingsBesides: readonly Finding[]
}

export function renderMarkdown(plan: Plan, view: MarkdownView): string {
  const hasBase = plan.base !== undefined
  const told: Told = {
    plan,
    view,
    groups: hasBase ? effectGroups(plan, 'intended') : effectGroups(plan),
    later: hasBase ? laterGroups(plan, 'intended') : laterGroups(plan),
    drift: hasBase ? effectGroups(plan, 'drift') : [],
    laterAnyway: hasBase ? laterGroups(plan, 'drift') : [],
    risks: risksOf(plan),
    waits: waitsOf(plan.waiting.filter(({ cause }) => cause !== 'drift')),
    waitsBesides: waitsOf(plan.waiting.filter(({ cause }) => cause === 'drift')),
    findings: plan.findings.filter(finding => !isRefusal(finding) && finding.cause !== 'drift'),
    findingsBesides: plan.findings.filter(finding => !isRefusal(finding) && finding.cause === 'drift'),
  }
  return fullest(detail => written(told, detail))
}

/** The fullest that has room, by halving: each is tried only where a lesser one fits. */
function fullest(write: (detail: Detail) => string): string {
  let [from, to] = [0, details.length - 1]
  let text: string | undefined
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    const tried = write(details[middle] ?? least)
    if (new TextEncoder().encode(tried).length <= mostBytes) [text, to] = [tried, middle]
    else from = middle + 1
  }
  return text ?? write(least)
}

function isRefused({ title }: Risk): boolean {
  return title === 'refused'
}

function written(told: Told, detail: Detail): string {
  const { plan, view, groups, later, risks, waits, findings } = told
  const pen = penOf(detail, view.links ?? {})
  const hasBase = plan.base !== undefined
  const intended = hasBase ? plan.changes.filter(({ cause }) => cause === 'intended') : plan.changes
  return `${[
    `### guestlist · ${hasBase ? 'what merging this does' : 'what this plan does'}`,
    `**${pen.text(headlineOf(plan))}**${besides(plan, pen)}${scopeOf(plan, pen)}`,
    ...riskBoxes(risks.filter(isRefused), hasBase, detail, pen),
    effectsTable(groups, later, detail, pen).join('\n'),
    ...riskBoxes(
      risks.filter(risk => !isRefused(risk)),
      hasBase,
      detail,
      pen,
    ),
    changesSection(intended, paceOf(plan), detail, pen),
    waitingSection(waits, detail, pen),
    findingsSection(findings, detail, pen),
    driftSection(told, detail, pen),
    laterSection(told, detail, pen),
    missing(told, detail),
    footer(told, pen),
  ]
    .filter(part => part !== '')
    .join('\n\n')}\n`
}

function besides(plan: Plan, pen: Pen): string {
  const sentence = besidesOf(plan)
  return sentence === '' ? '' : ` ${pen.text(sentence)}`
}

/** What a plan leaves out must not be missed. */
function scopeOf({ scope, sandbox }: Plan, pen: Pen): string {
  return [...(sandbox === true ? ['in the sandbox'] : []), ...scopeWords(scope)]
    .map(words => ` This plan is ${pen.text(words)}.`)
    .join('')
}

function driftSection({ plan, drift, waitsBesides, findingsBesides }: Told, detail: Detail, pen: Pen): string {
  if (plan.base === undefined) return ''
  const changes = plan.changes.filter(({ cause }) => cause !== 'intended')
  if (drift.length + changes.length + waitsBesides.length + findingsBesides.length === 0) return ''
  const effects = gainsAndLosses(effectsBy(plan, 'drift'))
  const summary = `<b>Not from this pull request:</b> ${[
    effects === '' ? count(changes.length, 'change') : effects,
    ...(waitsBesides.length === 0 ? [] : [`${waitsBesides.length} waiting`]),
    ...(findingsBesides.length === 0 ? [] : [`${findingsBesides.length} found`]),
  ].join(', ')}`
  const parts = [
    ...(drift.length + changes.length === 0
      ? []
      : [
          'Drift, or what was not applied yet: the policies asked for it before. Whatever is applied next does this, too.',
        ]),
    effectsTable(drift, [], detail, pen).join('\n'),
    // Where the change of policy does something itself, its changes tell the time for all.
    changesSection(changes, changes.length === plan.changes.length ? paceOf(plan) : '', detail, pen),
    waitingSection(waitsBesides, detail, pen),
    findingsSection(findingsBesides, detail, pen),
  ]
  return folded(summary, parts.filter(part => part !== '').join('\n\n'))
}

function laterSection({ laterAnyway }: Told, detail: Detail, pen: Pen): string {
  if (laterAnyway.length === 0) return ''
  const accesses = laterAnyway.reduce((sum, { people }) => sum + people.length, 0)
  const summary = `<b>Later, with or without it:</b> ${count(accesses, 'access begins', 'accesses begin')} on ${accesses === 1 ? 'its' : 'their'} day`
  return folded(summary, effectsTable([], laterAnyway, detail, pen).join('\n'))
}

function missing({ plan, view }: Told, detail: Detail): string {
  const parts = leftOut(detail, plan.changes.length)
  if (parts.length === 0) return ''
  const where = markdownLink('the full plan', view.links?.fullPlan)
  return `*Left out here, for want of room: ${parts.join('; ')}. All of it is in ${where}, or by \`guestlist show FILE --changes\`.*`
}

function footer({ plan, view }: Told, pen: Pen): string {
  const { commit, base, digest, at, findings, changes } = plan
  const full = view.links?.fullPlan
  const isMerged = base !== undefined && !findings.some(isRefusal)
  return [
    `Plan ${pen.code(shortDigest(digest))}${commit === null ? '' : ` for ${pen.code(shortCommit(commit))}`}`,
    ...(base === undefined ? [] : [`compared with ${pen.code(base.revision)}`]),
    `as of ${pen.text(moment(at))}`,
    ...(full === undefined ? [] : [markdownLink('full plan', full)]),
    changes.length === 0
      ? 'nothing to do'
      : isMerged
        ? 'applied on merge, if nothing else has changed by then'
        : pen.text(view.next),
  ].join(' · ')
}
