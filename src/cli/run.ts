// The commands as one program: what they are called, which options they take, and what their mistakes look like. A user's
// mistake ends as one line on stderr and exit code 1; so does a bug of ours, which says that it is one.

import { Command, CommanderError } from 'commander'
import { RequestFailure } from '../model/directories.ts'
import { Failure } from '../model/problem.ts'
import { renderProblems } from '../render/problem.ts'
import { safeText } from '../render/safe-text.ts'
import { addAccess } from './access.ts'
import { AfterChanges } from './after-changes.ts'
import { addApply } from './apply.ts'
import { addAudit } from './audit.ts'
import { Mistakes } from './conditions.ts'
import { addConnectRule } from './connect-rule.ts'
import { addDemo } from './demo.ts'
import { addDoctor } from './doctor.ts'
import { type ExitCode, exit } from './exit.ts'
import { addExplain } from './explain.ts'
import { addGitHub } from './github.ts'
import { type Host, paintFor } from './host.ts'
import { version } from './installed.ts'
import { Interrupted } from './interrupted.ts'
import { addLater } from './later.ts'
import { addSharedOptions, type Does } from './options.ts'
import { addPlan } from './plan.ts'
import { addSandbox } from './sandbox.ts'
import { addSchema } from './schema.ts'
import { addShow } from './show.ts'
import { addValidate } from './validate.ts'

const about = `Partner access as policy: who outside the company reaches which app, until when, and why.
You write it down in policies/, guestlist shows what would change in Entra ID and Active Directory, and makes it so.`

const examples = `
Examples:
  guestlist demo                                 watch a whole life of partner access, in a sandbox
  guestlist validate                             check policies/, without any network
  guestlist plan --sandbox                       who would gain and lose what, in a simulated tenant and domain
  guestlist plan --sandbox --at 2027-07-01       the same, as of another day
  guestlist apply --sandbox                      make it so
  guestlist explain lee@fabrikam.com payroll     why somebody reaches an app, or why not, link by link
  guestlist access --expiring 30d                who reaches what, and whose access ends soon
  guestlist plan --out plan.json                 a plan to review …
  guestlist apply plan.json                      … and to apply exactly as it was reviewed

Exit codes:
  0 done   1 error, nothing was changed   2 changes are pending (plan --detailed-exitcode)   3 refused by a guardrail or rule
  4 the reviewed plan is stale, nothing was changed   5 applied in part, run again   130 interrupted, safe to run again`

export async function run(args: readonly string[], host: Host): Promise<ExitCode> {
  let code: ExitCode = exit.done
  const does: Does =
    action =>
    async (...input) => {
      const command = input.at(-1) as Command
      code = await action(host, command.optsWithGlobals(), ...command.args)
    }
  try {
    await programOf(host, does).parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    // Commander has said already what was wrong, or shown its help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.error
    const isChanged = error instanceof AfterChanges
    const reason = isChanged ? error.cause : error
    if (reason instanceof Interrupted) {
      const what = isChanged ? 'what is told above is done, and the next apply does the rest' : 'nothing was changed'
      host.stderr.write(`Interrupted: ${what}.\n`)
      return exit.interrupted
    }
    if (error instanceof Mistakes) {
      host.stderr.write(renderProblems(error.problems, { prefix: error.folder, color: host.stderr.color }))
      return exit.error
    }
    host.stderr.write(explained(reason, host))
    return isChanged ? exit.partly : exit.error
  }
}

function programOf(host: Host, does: Does): Command {
  const program = new Command('guestlist')
    .description(about)
    .version(version(), '--version', 'show the version')
    .helpOption('--help', 'show help; also: guestlist <command> --help')
    .addHelpText('after', examples)
    .configureHelp({ showGlobalOptions: true, helpWidth: 120 })
    .configureOutput({
      writeOut: text => host.stdout.write(text.endsWith('\n') ? text : `${text}\n`),
      writeErr: text => host.stderr.write(text),
      getOutHasColors: () => host.stdout.color,
      getErrHasColors: () => host.stderr.color,
      outputError: (text, write) =>
        write(text.replace(/^error: /, 'error[usage]: ').replace('\n(Did you mean', '\n  (did you mean')),
    })
    .exitOverride()
  addSharedOptions(program)
  for (const add of [
    addValidate,
    addPlan,
    addShow,
    addApply,
    addAudit,
    addExplain,
    addAccess,
    addDoctor,
    addConnectRule,
    addSandbox,
    addSchema,
    addDemo(run),
    addGitHub,
    addLater,
  ])
    add(program, does)
  return program
}

function explained(error: unknown, host: Host): string {
  const paint = paintFor(host.stderr)
  const told = (code: string, message: string, hints: readonly (string | undefined)[]): string =>
    [
      `${paint('red', `error[${safeText(code)}]`)}: ${safeText(message)}`,
      ...hints.flatMap(hint => (hint === undefined ? [] : [`  ${safeText(hint)}`])),
    ]
      .map(line => `${line}\n`)
      .join('')
  if (error instanceof Failure) return told(error.code, error.message, [error.hint])
  if (error instanceof RequestFailure) {
    return told(error.code, error.message, [error.requestId === undefined ? undefined : `request ${error.requestId}`])
  }
  const stack = error instanceof Error ? error.stack : undefined
  if (host.env.GUESTLIST_DEBUG && stack !== undefined) return `internal error: ${stack}\n`
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return `internal error: ${safeText(message)} (run with GUESTLIST_DEBUG=1 for the stack)\n`
}
