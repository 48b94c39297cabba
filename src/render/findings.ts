// What a plan found besides its changes, and what it waits for: the same thing said often is said once, with its count.

import type { Id } from '../model/id.ts'
import type { Finding, Waiting } from '../model/plan.ts'
import { placeOf } from './changes.ts'
import { columns, count, wrapped } from './layout.ts'
import type { Paint } from './paint.ts'
import { safeText } from './safe-text.ts'
import { nounOf } from './words.ts'

const notYet = 'not-supported-yet'

/** Errors first; what is not supported yet has a block of its own. */
export function renderFindings(findings: readonly Finding[], paint: Paint): readonly string[] {
  const others = findings.filter(finding => finding.code !== notYet)
  if (others.length === 0) return []
  const lines = others.flatMap(finding => {
    const sign = finding.severity === 'error' ? paint('red', '✗') : paint('yellow', '!')
    const place = finding.at === undefined ? '' : paint('dim', `   ${placeOf(finding.at)}`)
    const hint = finding.hint === undefined ? [] : [`      ${safeText(finding.hint)}`]
    return [`    ${sign} ${safeText(finding.message)} ${paint('dim', `[${safeText(finding.code)}]`)}${place}`, ...hint]
  })
  return [paint('bold', '  Found'), ...lines]
}

/** What the policy says and nothing does yet: a line or two, or every place of it. */
export function renderNotYet(findings: readonly Finding[], all: boolean, paint: Paint): readonly string[] {
  const found = findings.filter(finding => finding.code === notYet)
  if (found.length === 0) return []
  const told = found.map(({ message, at }) => ({ message: message.replace(/^not supported yet: /, ''), at }))
  const title = paint('bold', `  Not supported yet, left as it is (${found.length})`)
  if (all) {
    const rows = told.map(({ message, at }) => [`    · ${safeText(message)}`, at === undefined ? '' : placeOf(at)])
    return [title, ...columns(rows)]
  }
  const topics = [...Map.groupBy(told, ({ message }) => topicOf(message))]
  const counted = topics.map(([topic, { length }]) => safeText(length === 1 ? topic : `${topic} (${length})`))
  return [title, ...wrapped(counted, '    ')]
}

/** `members kept in an Entra group. Nothing is done for x`, `settings for x are left as they are`: what it is about. */
function topicOf(message: string): string {
  return message.replace(/(\. .*| for \S+ (is|are) left as .*| (is|are) left as .*)$/s, '')
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
