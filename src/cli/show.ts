// `guestlist show`: a saved plan in any form. Needs no network and no policies: a plan says all that it means.

import type { Command } from 'commander'
import type { Plan } from '../model/plan.ts'
import { isRefusal } from '../model/problem.ts'
import { commandLine } from './command-line.ts'
import { exit } from './exit.ts'
import { type Action, checkMeaning, type Does, pathOf } from './options.ts'
import { readPlanFile } from './plan-file.ts'
import { formatOption, formatted, type PlanFormat } from './plan-formats.ts'

interface ShowOptions {
  readonly format: PlanFormat
  readonly changes?: boolean
}

export function addShow(program: Command, does: Does): void {
  program
    .command('show')
    .summary('show a saved plan, without network or policies')
    .description(
      'Shows a plan that `guestlist plan --out FILE` has saved, in any form. Reads nothing but that file, and refuses one that\n' +
        'was changed after it was made.',
    )
    .argument('<file>', 'a plan')
    .addOption(formatOption())
    .option('--changes', 'list every change and every name, however many')
    .addHelpText(
      'after',
      `
Examples:
  guestlist show plan.json
  guestlist show plan.json --changes               every change in a line, with before and after
  guestlist show plan.json --format markdown       for a comment on a pull request`,
    )
    .action(does(show))
}

const show: Action<ShowOptions> = async (host, options, file = '') => {
  checkMeaning(options, 'show')
  const plan = readPlanFile(pathOf(host, file), file)
  const { policies: folder } = options
  const view = { all: options.changes === true, next: nextOf(plan, file, host.now()), folder }
  host.stdout.write(formatted(plan, options.format, host, view))
  return exit.done
}

function nextOf({ findings, scope, sandbox, at }: Plan, file: string, now: number): string {
  if (findings.some(isRefusal)) return 'Refused as it is: apply will not perform it.'
  if (Date.parse(at) > now) return 'A preview: it can be applied on its day'
  const { partners, apps, only, ended } = scope
  const options = {
    policies: 'policies',
    ...(sandbox === true ? { sandbox } : {}),
    partner: partners,
    app: apps,
    ...(only === null ? {} : { only }),
    ...(ended === true ? { ended } : {}),
  }
  return `Apply exactly this: ${commandLine('apply', options, file)}`
}
