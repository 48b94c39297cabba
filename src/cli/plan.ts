// `guestlist plan`: what would change, and who gains or loses what because of it. Changes nothing, the sandbox included.

import type { Command } from 'commander'
import { shortDigest } from '../render/plan.ts'
import { type ExitCode, exit } from './exit.ts'
import { writeWhole } from './files.ts'
import { type Action, type Does, endedOption, pathOf } from './options.ts'
import { planFileText } from './plan-file.ts'
import { formatOption, formatted, type PlanFormat } from './plan-formats.ts'
import { type Prepared, prepare, refusals, whatNext } from './planning.ts'

interface PlanOptions {
  readonly out?: string
  readonly format: PlanFormat
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
    .addOption(formatOption())
    .option('--out <file>', 'also write the plan as JSON into a file, for `guestlist apply FILE`')
    .addOption(endedOption())
    .option('--changes', 'list every change and every place, however many')
    .option('--detailed-exitcode', 'exit code 2 if there is something to change')
    .option('--base <revision>', 'tell what the change of policy since then intends from what has drifted: origin/main')
    .addHelpText(
      'after',
      `
Examples:
  guestlist plan --sandbox                       in the sandbox, with the Contoso example or your own policies
  guestlist plan --sandbox --at 2027-07-01       as of another day: who will have lost what by then
  guestlist plan --partner fabrikam --changes    one partner, every change in a line
  guestlist plan --base origin/main              what this branch changes, apart from what has drifted
  guestlist plan --out plan.json                 for review; then: guestlist apply plan.json`,
    )
    .action(does(plan))
}

const plan: Action<PlanOptions> = async (host, options) => {
  const prepared = await prepare(host, options, 'read')
  if (prepared === undefined) return exit.error
  try {
    const { plan } = prepared.planned
    const view = {
      all: options.changes === true,
      next: whatNext(prepared, options, options.out),
      folder: options.policies,
    }
    host.stdout.write(formatted(plan, options.format, host, view))
    if (options.out !== undefined) {
      writeWhole(pathOf(host, options.out), planFileText(plan), host.writer.pid)
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
