// `guestlist plan`: what would change, and who gains or loses what because of it. Changes nothing, the sandbox included.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { Failure } from '../model/problem.ts'
import { shortDigest } from '../render/plan.ts'
import { type ExitCode, exit } from './exit.ts'
import { writeWhole } from './files.ts'
import { type Action, type Does, pathOf } from './options.ts'
import { type Prepared, prepare, refusals, showPlan } from './planning.ts'

interface PlanOptions {
  readonly out?: string
  readonly format: string
  readonly base?: string
  readonly changes?: boolean
  readonly detailedExitcode?: boolean
}

export function addPlan(program: Command, does: Does): void {
  program
    .command('plan')
    .summary('show what would change, and who gains or loses what')
    .description(
      'Compares the policies with Entra ID and Active Directory, and shows what would change: first who gains and who\n' +
        'loses which app, then what deserves a second look, then the changes themselves. Changes nothing.',
    )
    .addOption(
      new Option('--format <format>', 'text for people, json for programs').argParser(formatNamed).default('text'),
    )
    .option('--out <file>', 'also write the plan as JSON into a file, for `guestlist apply FILE`')
    .option('--changes', 'list every change and every place, however many')
    .option('--detailed-exitcode', 'exit code 2 if there is something to change')
    .addOption(new Option('--base <revision>', 'tell what a change intends from what has drifted').hideHelp())
    .addHelpText(
      'after',
      `
Examples:
  guestlist plan --sandbox                       in the sandbox, with the Contoso example or your own policies
  guestlist plan --sandbox --at 2027-07-01       as of another day: who will have lost what by then
  guestlist plan --partner fabrikam --changes    one partner, every change in a line
  guestlist plan --out plan.json                 for review; then: guestlist apply plan.json`,
    )
    .action(does(plan))
}

const formats = ['text', 'json']

function formatNamed(name: string): string {
  if (formats.includes(name)) return name
  if (name === 'markdown' || name === 'html')
    throw new InvalidArgumentError(`It is not supported yet; there are: ${formats.join(', ')}.`)
  throw new InvalidArgumentError(`There are: ${formats.join(', ')}.`)
}

const plan: Action<PlanOptions> = async (host, options) => {
  if (options.base !== undefined) throw new Failure('not-supported-yet', 'not supported yet: --base')
  const prepared = await prepare(host, options, 'read')
  if (prepared === undefined) return exit.error
  try {
    const json = `${JSON.stringify(prepared.planned.plan, null, 2)}\n`
    if (options.format === 'json') host.stdout.write(json)
    else showPlan(host.stdout, prepared, options, options.changes === true)
    if (options.out !== undefined) {
      writeWhole(pathOf(host, options.out), json, host.writer.pid)
      host.stderr.write(`Plan ${shortDigest(prepared.planned.plan.digest)} written to ${options.out}.\n`)
    }
    return codeOf(prepared, options.detailedExitcode === true)
  } finally {
    await prepared.connection.close()
  }
}

function codeOf({ planned }: Prepared, detailed: boolean): ExitCode {
  // A guardrail refuses to apply, not to show; a rule refuses the policy itself.
  if (refusals(planned).some(finding => finding.code.startsWith('rule/'))) return exit.refused
  return detailed && planned.plan.changes.length > 0 ? exit.pending : exit.done
}
