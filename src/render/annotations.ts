// Reports as GitHub Actions' workflow commands: the runner makes annotations of them, at the lines of the policies in the
// pull request. A value can neither end its command nor begin another one.

import { count } from './layout.ts'
import { gravestFirst, type Place, type Report } from './report.ts'
import { safeText } from './safe-text.ts'

/** GitHub shows that many of each severity for a step; the rest is in the log alone. */
const shown = 10

/** One line for each report; empty for none. */
export function renderAnnotations(reports: readonly Report[]): string {
  const lines = gravestFirst(reports).map(report => {
    const { severity, code, message, hint = '', at, see } = report
    const place = see === undefined ? '' : `(${see.file}:${see.line})`
    const advice = [hint, place].filter(part => part !== '').join(' ')
    return workflowCommand(
      severity,
      { ...propertiesOf(at), title: code },
      advice === '' ? [message] : [message, advice],
    )
  })
  const numbers = [
    { number: reports.filter(({ severity }) => severity === 'error').length, noun: 'error' },
    { number: reports.filter(({ severity }) => severity === 'warning').length, noun: 'warning' },
  ].filter(({ number }) => number > shown)
  if (numbers.length > 0) {
    const all = numbers.map(({ number, noun }) => count(number, noun)).join(' and ')
    const message = `There are ${all}; GitHub shows the first ${shown} of each here, the log of this step has all.`
    lines.push(workflowCommand('notice', { title: 'guestlist' }, [message]))
  }
  return lines.map(line => `${line}\n`).join('')
}

function propertiesOf(at: Place | undefined): Readonly<Record<string, string>> {
  if (at === undefined) return {}
  const { file, line, column, endColumn } = at
  return {
    file,
    line: String(line),
    ...(column === undefined ? {} : { col: String(column) }),
    // GitHub's is the last column that is meant.
    ...(endColumn === undefined ? {} : { endColumn: String(endColumn - 1) }),
  }
}

/** `::error file=…,line=6::message`: one line, whatever the values. */
function workflowCommand(
  name: 'error' | 'warning' | 'notice',
  properties: Readonly<Record<string, string>>,
  paragraphs: readonly string[],
): string {
  const pairs = Object.entries(properties).map(([key, value]) => `${key}=${property(value)}`)
  return `::${name} ${pairs.join(',')}::${data(paragraphs.map(safeText).join('\n'))}`
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(safeText(text)).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
