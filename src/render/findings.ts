// What a plan found besides its changes, and what it waits for, as text.

import type { Finding, Waiting } from '../model/plan.ts'
import { placeOf } from './changes.ts'
import { count, wrapped } from './layout.ts'
import type { Paint } from './paint.ts'
import { safeText } from './safe-text.ts'
import { waitsOf } from './waits.ts'

/** Errors first. With a base, what is none of the change's doing stands apart. */
export function renderFindings(findings: readonly Finding[], paint: Paint): readonly string[] {
  return [
    ...found('Found', findings.filter(isOwn), paint),
    ...found('Found, not from this change', findings.filter(isBesides), paint),
  ]
}

function isBesides({ cause }: Finding | Waiting): boolean {
  return cause === 'drift'
}

function isOwn(item: Finding | Waiting): boolean {
  return !isBesides(item)
}

function found(title: string, findings: readonly Finding[], paint: Paint): readonly string[] {
  if (findings.length === 0) return []
  const lines = findings.flatMap(finding => {
    const sign = finding.severity === 'error' ? paint('red', '✗') : paint('yellow', '!')
    const place = finding.at === undefined ? '' : paint('dim', `   ${placeOf(finding.at)}`)
    const hint = finding.hint === undefined ? [] : [`      ${safeText(finding.hint)}`]
    return [`    ${sign} ${safeText(finding.message)} ${paint('dim', `[${safeText(finding.code)}]`)}${place}`, ...hint]
  })
  return [paint('bold', `  ${title}`), ...lines]
}

export function renderWaiting(waiting: readonly Waiting[], paint: Paint): readonly string[] {
  return [
    ...waits('Waiting', waiting.filter(isOwn), paint),
    ...waits('Waiting, not from this change', waiting.filter(isBesides), paint),
  ]
}

function waits(title: string, waiting: readonly Waiting[], paint: Paint): readonly string[] {
  const alike = waitsOf(waiting)
  if (alike.length === 0) return []
  return [
    paint('bold', `  ${title}`),
    ...alike.flatMap(({ what, message, names, behind }) => [
      `    ${paint('yellow', '~')} ${safeText(what)}   ${safeText(message)}`,
      ...wrapped(names.map(safeText), '        '),
      ...(behind === 0 ? [] : [`        ${count(behind, 'more change')} ${behind === 1 ? 'waits' : 'wait'} with it`]),
    ]),
    paint('dim', '    Whoever gains something only after that is not counted above.'),
  ]
}
