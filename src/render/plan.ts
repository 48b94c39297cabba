// A plan as text: who gains what, who loses what, what deserves a second look, what happens next. In this order, so that
// the first ten seconds are enough.

import { keyOf, kindOf } from '../model/id.ts'
import type { Plan, PlannedChange } from '../model/plan.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { dateOf, endOf } from '../model/time.ts'
import { placeOf, renderChanges, renderCounts } from './changes.ts'
import { type EffectsView, renderEffects } from './effects.ts'
import { renderFindings, renderWaiting } from './findings.ts'
import { count, wrapped } from './layout.ts'
import type { Paint } from './paint.ts'
import { safeText } from './safe-text.ts'
import { countOf, wordsOf, wordsOfAll } from './words.ts'

export interface PlanView extends EffectsView {
  /** What comes next. */
  readonly next: string
}

/** Up to here every change is listed without being asked for. */
const fewChanges = 40

export function renderPlan(plan: Plan, view: PlanView): string {
  const { paint } = view
  const sections = [
    [header(plan, view.policy, paint)],
    effects(plan, view),
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

function header(plan: Plan, policy: ResolvedPolicy, paint: Paint): string {
  const { spec } = policy.organization
  const counts = [
    count(policy.partners.size, 'partner'),
    count(policy.people.size, 'person', 'people'),
    count(policy.apps.size, 'app'),
  ].join(', ')
  return `${paint('bold', safeText(spec.displayName ?? spec.name))} · ${counts} · as of ${moment(plan.at)}`
}

function moment(iso: string): string {
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : `${iso.slice(0, 16).replace('T', ' ')} UTC`
}

function effects(plan: Plan, view: PlanView): readonly string[] {
  if (plan.effects.length > 0) return renderEffects(plan.effects, view)
  return plan.changes.length > 0 ? ['  Nobody gains or loses access.'] : []
}

function lookTwice(plan: Plan, { paint, policy }: PlanView): readonly string[] {
  const warn = (title: string, text: string): string => `    ${paint('yellow', '!')} ${title.padEnd(15)}${text}`
  const lines = [
    ...privileged(plan).map(text => warn('privileged', text)),
    ...closed(plan).map(text => warn('closes', text)),
    ...adopted(plan).map(text => warn('not ours yet', text)),
    ...expiring(policy).map(text => warn('ends soon', text)),
    ...plan.findings
      .filter(({ severity, code }) => severity === 'error' && /^(rule|guardrail)\//.test(code))
      .map(finding => warn('refused', safeText(finding.message))),
  ]
  return lines.length === 0 ? [] : [paint('bold', '  Look twice'), ...lines]
}

/** Changes that are the same but for one word, in one line: `allow CONNECTOR01, CONNECTOR02 to …`. */
function privileged(plan: Plan): readonly string[] {
  const risky = plan.changes.filter(change => change.risk === 'privileged')
  const key = (change: PlannedChange): string =>
    JSON.stringify([change.action, change.kind, keyOf(change.id)[0], change.because])
  return [...Map.groupBy(risky, key).values()].flatMap(changes => {
    const [first] = changes
    if (first === undefined) return []
    const place = first.because[0]
    return [`${wordsOfAll(changes)}${place === undefined ? '' : `   ${placeOf(place)}`}`]
  })
}

/** Apps that everybody in the tenant could open so far: closing them touches employees, too. */
function closed(plan: Plan): readonly string[] {
  const apps = plan.changes
    .filter(({ before, after }) => before?.assignmentRequired === false && after?.assignmentRequired === true)
    .map(change => safeText(keyOf(change.id).join('/')))
  if (apps.length === 0) return []
  return [`${apps.join(', ')}: open to everybody in the tenant so far, then only to who is assigned, employees too`]
}

/** What was there before guestlist, and is looked after from now on. */
function adopted(plan: Plan): readonly string[] {
  // What is privileged besides is told there.
  const taken = plan.changes.filter(({ action, risk }) => action === 'adopt' && risk !== 'privileged')
  return [...Map.groupBy(taken, change => kindOf(change.id)).values()].flatMap(changes => {
    const [first] = changes
    if (first === undefined) return []
    const names = changes.map(change => safeText(keyOf(change.id).join('/')))
    const [line = '', ...more] = wrapped(names, ' '.repeat(21))
    return changes.length === 1
      ? [wordsOf(first)]
      : [[`${countOf(first.id, changes.length)}, there already, looked after from now on:`, line, ...more].join('\n')]
  })
}

const soon = 30 * 86_400_000

function expiring(policy: ResolvedPolicy): readonly string[] {
  const last = policy.at + soon
  const ends = (until: string | undefined): boolean => {
    const end = until === undefined ? undefined : endOf(until)
    return end !== undefined && end >= policy.at && end <= last
  }
  const grants = policy.grants.filter(grant => grant.inForce && ends(grant.until))
  const accesses = new Set(grants.map(grant => grant.access)).size
  const members = [...policy.partners.values()]
    .flatMap(partner => [...partner.groups.values()])
    .flatMap(group => group.members.filter(member => member.inForce && ends(member.until))).length
  const parts = [
    ...(accesses === 0 ? [] : [count(accesses, 'access of the policy', 'accesses of the policy')]),
    ...(members === 0 ? [] : [count(members, 'membership')]),
  ]
  return parts.length === 0 ? [] : [`${parts.join(' and ')} by ${dateOf(last)}: guestlist access --expiring 30d`]
}

function changes(plan: Plan, { paint, all }: PlanView): readonly string[] {
  if (plan.changes.length === 0) return []
  const table = renderCounts(plan.changes, paint)
  if (all || plan.changes.length <= fewChanges) return [...table, '', ...renderChanges(plan.changes, paint)]
  return [...table, paint('dim', `  ${count(plan.changes.length, 'change')} · list them: --changes`)]
}

function footer(plan: Plan, { next, paint }: PlanView): string {
  if (plan.changes.length === 0) return paint('green', 'Nothing to do.')
  return `Plan ${shortDigest(plan.digest)}. ${next}`
}
