// What doctor found: a line for each thing, with what to do below it, and one line that sums it up.

import type { Checked, Checkup } from '../model/checkup.ts'
import { count } from './layout.ts'
import type { Paint, Style } from './paint.ts'
import { safeText } from './safe-text.ts'

const signs: Readonly<Record<Checked['status'], readonly [sign: string, style: Style]>> = {
  well: ['✓', 'green'],
  wrong: ['✗', 'red'],
  warning: ['!', 'yellow'],
  untold: ['·', 'dim'],
}

export function renderCheckup({ title, results }: Checkup, paint: Paint): string {
  const lines = results.flatMap(({ status, code, message, hint }) => {
    const [sign, style] = signs[status]
    const tag = status === 'wrong' || status === 'warning' ? ` ${paint('dim', `[${safeText(code)}]`)}` : ''
    return [
      `  ${paint(style, sign)} ${safeText(message)}${tag}`,
      ...(hint === undefined ? [] : [`      ${safeText(hint)}`]),
    ]
  })
  return `${[paint('bold', safeText(title)), ...lines].join('\n')}\n\n`
}

export function summarizeCheckups(checkups: readonly Checkup[], paint: Paint): string {
  const all = checkups.flatMap(({ results }) => results)
  const numberOf = (status: Checked['status']): number => all.filter(result => result.status === status).length
  const [wrong, warnings] = [numberOf('wrong'), numberOf('warning')]
  const told = [
    ...(wrong === 0 ? [] : [paint('red', count(wrong, 'thing fails', 'things fail'))]),
    ...(warnings === 0 ? [] : [paint('yellow', count(warnings, 'warning'))]),
  ]
  return `${told.length === 0 ? paint('green', 'All is well') : told.join(', ')}. Nothing was changed.\n`
}
