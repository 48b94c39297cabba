// What a plan found besides its changes, and what it waits for: the same thing said often is said once, with its count.

import type { Id } from '../model/id.ts'
import type { Finding, Waiting } from '../model/plan.ts'
import { placeOf } from './changes.ts'
import { count } from './layout.ts'
import type { Paint } from './paint.ts'
import { safeText } from './safe-text.ts'
import { nounOf } from './words.ts'

/** Errors first. */
export function renderFindings(findings: readonly Finding[], paint: Paint): readonly string[] {
  if (findings.length === 0) return []
  const lines = findings.flatMap(finding => {
    const sign = finding.severity === 'error' ? paint('red', '✗') : paint('yellow', '!')
    const place = finding.at === undefined ? '' : paint('dim', `   ${placeOf(finding.at)}`)
    const hint = finding.hint === undefined ? [] : [`      ${safeText(finding.hint)}`]
    return [`    ${sign} ${safeText(finding.message)} ${paint('dim', `[${safeText(finding.code)}]`)}${place}`, ...hint]
  })
  return [paint('bold', '  Found'), ...lines]
}

/** What waits for something outside, and how much waits with it. */
export function renderWaiting(waiting: readonly Waiting[], paint: Paint): readonly string[] {
  if (waiting.length === 0) return []
  const ids = new Set<string>(waiting.map(item => item.id))
  const causes = new Map<string, string>(waiting.map(item => [item.id, item.for]))
  const rootOf = (id: string): string => {
    const cause = causes.get(id)
    return cause === undefined || !ids.has(cause) ? id : rootOf(cause)
  }
  const behind = Map.groupBy(waiting, item => rootOf(item.id))
  return [
    paint('bold', '  Waiting'),
    ...[...behind].flatMap(([root, items]) => {
      const cause = waiting.find(item => item.id === root)
      if (cause === undefined) return []
      const rest = items.length - 1
      return [
        `    ${paint('yellow', '~')} ${nounOf(root as Id)}   ${safeText(cause.message)}`,
        ...(rest === 0 ? [] : [`        ${count(rest, 'more change')} ${rest === 1 ? 'waits' : 'wait'} with it`]),
      ]
    }),
  ]
}
