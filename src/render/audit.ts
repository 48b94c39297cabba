// What a check of a journal found, in words.

import type { Remark, Verdict } from '../model/journal.ts'
import { count } from './layout.ts'
import type { Paint } from './paint.ts'
import { safeText } from './safe-text.ts'

const mostShown = 20

export function renderVerdict(verdict: Verdict, file: string, paint: Paint): string {
  const { troubles, remarks } = verdict
  const lines = [
    ...shown(troubles, file, code => paint('red', `error[${code}]`)),
    ...shown(remarks, file, code => paint('yellow', `warning[${code}]`)),
    troubles.length === 0
      ? paint('green', `${safeText(file)}: as it was written${reachOf(verdict)}; ${contentOf(verdict)}.`)
      : paint(
          'red',
          `${safeText(file)}: not as it was written: ${count(troubles.length, 'problem')}; ${contentOf(verdict)}.`,
        ),
    ...(troubles.length === 0 ? endOf(verdict, file) : []),
  ]
  return `${lines.join('\n')}\n`
}

function shown(remarks: readonly Remark[], file: string, level: (code: string) => string): readonly string[] {
  const lines = remarks
    .slice(0, mostShown)
    .map(({ line, code, message }) => `${safeText(file)}:${line}: ${level(code)}: ${safeText(message)}`)
  return remarks.length > mostShown ? [...lines, `… and ${remarks.length - mostShown} more`] : lines
}

function contentOf({ lines, applies, refused, changes, first, last }: Verdict): string {
  const parts = [
    count(lines, 'line'),
    count(applies, 'apply', 'applies'),
    ...(refused === 0 ? [] : [`${refused} refused`]),
    `${count(changes.done, 'change')} done`,
    ...(changes.failed === 0 ? [] : [`${changes.failed} failed`]),
  ]
  const time = first === null || last === null ? '' : `, from ${safeText(first)} to ${safeText(last)}`
  return parts.join(', ') + time
}

/** Of what comes after a noted hash, nobody can say it. */
function reachOf({ headAt, remarks }: Verdict): string {
  return remarks.some(({ code }) => code === 'after-head') ? ` up to line ${headAt}` : ''
}

/** What the check says about the end, and what it cannot say. */
function endOf(verdict: Verdict, file: string): readonly string[] {
  const { head, headAt } = verdict
  const last = `It ends in ${head}`
  if (headAt === undefined) {
    return [
      `${last}.`,
      `Lines that were cut from the end do not show: guestlist audit verify ${safeText(file)} --head HASH, with a hash that an apply told.`,
    ]
  }
  return [reachOf(verdict) === '' ? `${last}, as it should.` : `${last}: note that hash, where nobody changes it.`]
}
