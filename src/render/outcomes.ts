// What became of a plan's changes: how many are done, and what failed or was not attempted, each with its reason.

import type { Outcome } from '../model/outcome.ts'
import type { Plan } from '../model/plan.ts'
import { count } from './layout.ts'
import type { Paint } from './paint.ts'
import { safeText } from './safe-text.ts'
import { nounOf, wordsOf } from './words.ts'

export function renderOutcomes(outcomes: readonly Outcome[], plan: Plan, paint: Paint): string {
  const done = outcomes.filter(outcome => outcome.status === 'done').length
  if (done === outcomes.length) return `${paint('green', `Applied ${count(done, 'change')}.`)} ${effectsIn(plan)}\n`

  const failed = outcomes.filter(outcome => outcome.status === 'failed')
  const left = outcomes.filter(outcome => outcome.status === 'not-attempted')
  const head = `Applied ${done} of ${count(outcomes.length, 'change')}: ${failed.length} failed, ${left.length} not attempted.`
  const lines = [
    paint('red', head),
    ...(failed.length === 0 ? [] : ['', paint('bold', '  Failed')]),
    ...failed.flatMap(outcome => [`    ${paint('red', '✗')} ${wordsOf(outcome.change)}`, ...troubleOf(outcome)]),
    ...(left.length === 0 ? [] : ['', paint('bold', '  Not attempted')]),
    ...left.map(outcome => `    · ${wordsOf(outcome.change)}   ${paint('dim', whyNot(outcome))}`),
    '',
    'Running the same command again continues from here.',
  ]
  return `${lines.join('\n')}\n`
}

export function troubleOf(outcome: Outcome & { readonly status: 'failed' }): readonly string[] {
  const { code, message, hint, requestId } = outcome.trouble
  return [
    `        ${safeText(message)} [${safeText(code)}]`,
    ...(hint === undefined ? [] : [`        ${safeText(hint)}`]),
    ...(requestId === undefined ? [] : [`        request ${safeText(requestId)}`]),
  ]
}

function whyNot(outcome: Outcome & { readonly status: 'not-attempted' }): string {
  return outcome.because === 'interrupted' ? 'interrupted' : `needs ${nounOf(outcome.because)}, which failed`
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
