// What a plan found besides its changes, and what it waits for, as text.

import type { Finding, Waiting } from '../model/plan.ts'
import { placeOf } from './changes.ts'
import { count, wrapped } from './layout.ts'
import type { Paint } from './paint.ts'
import { safeText } from './safe-text.ts'
import { waitsOf } from './waits.ts'

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

export function renderWaiting(waiting: readonly Waiting[], paint: Paint): readonly string[] {
  const waits = waitsOf(waiting)
  if (waits.length === 0) return []
  return [
    paint('bold', '  Waiting'),
    ...waits.flatMap(({ what, message, names, behind }) => [
      `    ${paint('yellow', '~')} ${safeText(what)}   ${safeText(message)}`,
      ...wrapped(names.map(safeText), '        '),
      ...(behind === 0 ? [] : [`        ${count(behind, 'more change')} ${behind === 1 ? 'waits' : 'wait'} with it`]),
    ]),
    paint('dim', '    Whoever gains something only after that is not counted above.'),
  ]
}
