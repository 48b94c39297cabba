// What a plan found besides its changes, and what it waits for: the same thing said often is said once, with its count.

import { keyOf, kindOf } from '../model/id.ts'
import type { Finding, Waiting } from '../model/plan.ts'
import { placeOf } from './changes.ts'
import { count, wrapped } from './layout.ts'
import type { Paint } from './paint.ts'
import { safeText } from './safe-text.ts'
import { countOf, nounOf } from './words.ts'

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
  const roots = [...behind.keys()].flatMap(root => waiting.find(item => item.id === root) ?? [])
  // People who wait for the same are told together.
  const alike = [...Map.groupBy(roots, ({ id, message }) => `${kindOf(id)}\n${message}`).values()]
  return [
    paint('bold', '  Waiting'),
    ...alike.flatMap(items => {
      const [first] = items
      if (first === undefined) return []
      const rest = items.reduce((sum, { id }) => sum + (behind.get(id)?.length ?? 1) - 1, 0)
      const noun = items.length === 1 ? nounOf(first.id) : countOf(first.id, items.length)
      const names = items.length === 1 ? [] : items.map(({ id }) => safeText(keyOf(id).join('/'))).sort()
      return [
        `    ${paint('yellow', '~')} ${noun}   ${safeText(first.message)}`,
        ...wrapped(names, '        '),
        ...(rest === 0 ? [] : [`        ${count(rest, 'more change')} ${rest === 1 ? 'waits' : 'wait'} with it`]),
      ]
    }),
  ]
}
