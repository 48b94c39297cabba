// What became of a plan's changes: how many are done, and what failed or was not attempted, each reason told once, the most
// frequent first.

import type { Outcome } from '../model/outcome.ts'
import type { Plan } from '../model/plan.ts'
import { count } from './layout.ts'
import type { Paint } from './paint.ts'
import { type Failed, failureReason, type NotAttempted, reasonsNotTo } from './reasons.ts'
import { safeText } from './safe-text.ts'
import { wordsOf } from './words.ts'

/** `ended`: what kept changes from being begun that nothing else kept. */
export function renderOutcomes(outcomes: readonly Outcome[], plan: Plan, paint: Paint, ended = 'interrupted'): string {
  const done = outcomes.filter(outcome => outcome.status === 'done').length
  if (done === outcomes.length) return `${paint('green', `Applied ${count(done, 'change')}.`)} ${effectsIn(plan)}\n`

  const troubled = outcomes.filter(outcome => outcome.status === 'failed')
  const stale = troubled.filter(({ trouble }) => trouble.code === 'stale')
  const cut = troubled.filter(({ trouble }) => trouble.code === 'interrupted')
  const failed = troubled.filter(({ trouble }) => trouble.code !== 'stale' && trouble.code !== 'interrupted')
  const left = outcomes.filter(outcome => outcome.status === 'not-attempted')
  // It would only be refused again.
  const isHeldBack = left.some(({ because }) => because === 'refused')
  const numbers = [
    `${failed.length} failed`,
    ...(stale.length === 0 ? [] : [`${stale.length} changed by others`]),
    ...(cut.length === 0 ? [] : [`${cut.length} cut short`]),
    `${left.length} not attempted`,
  ]
  const lines = [
    paint('red', `Applied ${done} of ${count(outcomes.length, 'change')}: ${numbers.join(', ')}.`),
    ...section('Failed', failed, paint),
    ...section('Changed by others since the plan', stale, paint),
    ...section('Cut short', cut, paint),
    ...leftOver(left, outcomes, paint, ended),
    '',
    `${isHeldBack ? 'Once that is resolved, running' : 'Running'} the same command again continues from here.`,
  ]
  return `${lines.join('\n')}\n`
}

/** Of one reason; the journal names all. */
const fewNames = 3

function section(title: string, failed: readonly Failed[], paint: Paint): readonly string[] {
  if (failed.length === 0) return []
  const lines = grouped(failed, failureReason).flatMap(group => {
    const [first] = group
    const names = group.map(({ change }) => `${paint('red', '✗')} ${wordsOf(change)}`)
    return [...fewOf(names, `${paint('red', '✗')} and`, 'for the same reason'), ...(first ? troubleOf(first) : [])]
  })
  return ['', paint('bold', `  ${title}`), ...lines]
}

function leftOver(
  left: readonly NotAttempted[],
  outcomes: readonly Outcome[],
  paint: Paint,
  ended: string,
): readonly string[] {
  if (left.length === 0) return []
  const { keyOf, wordsOf: whyNot } = reasonsNotTo(outcomes, ended)
  const lines = grouped(left, keyOf).flatMap(group => {
    const names = group.map(outcome => `· ${wordsOf(outcome.change)}   ${paint('dim', whyNot(outcome))}`)
    return fewOf(names, '· and', 'for the same reason')
  })
  return ['', paint('bold', '  Not attempted'), ...lines]
}

/** Largest first. */
function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly (readonly Item[])[] {
  return [...Map.groupBy(items, keyOf).values()].sort((one, other) => other.length - one.length)
}

/** One more than is shown is not worth a line that says so. */
function fewOf(names: readonly string[], and: string, why: string): readonly string[] {
  const shown = names.length <= fewNames + 1 ? names : names.slice(0, fewNames)
  const more = names.length - shown.length
  return [...shown, ...(more === 0 ? [] : [`${and} ${more} more ${why}`])].map(line => `    ${line}`)
}

export function troubleOf(outcome: Failed): readonly string[] {
  const { code, message, hint, requestId } = outcome.trouble
  return [
    `        ${safeText(message)} [${safeText(code)}]`,
    ...(hint === undefined ? [] : [`        ${safeText(hint)}`]),
    ...(requestId === undefined ? [] : [`        request ${safeText(requestId)}`]),
  ]
}

function effectsIn({ summary }: Plan): string {
  const { gains, losses } = summary
  if (gains === 0 && losses === 0) return 'Nobody gained or lost access.'
  const parts = [
    ...(gains === 0 ? [] : [`${count(gains, 'access', 'accesses')} gained`]),
    ...(losses === 0 ? [] : [`${count(losses, 'access', 'accesses')} lost`]),
  ]
  return `${parts.join(', ')}.`
}
