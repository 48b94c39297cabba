// `guestlist apply`: performs the plan; with a file, exactly the plan that was reviewed, or nothing.

import type { Command } from 'commander'
import { applyPlan } from '../engine/apply.ts'
import { digestOfContent } from '../engine/plan.ts'
import type { Outcome } from '../model/outcome.ts'
import { Failure } from '../model/problem.ts'
import { count } from '../render/layout.ts'
import { renderOutcomes } from '../render/outcomes.ts'
import { shortDigest } from '../render/plan.ts'
import { safeText } from '../render/safe-text.ts'
import { kinds } from '../resources/registry.ts'
import { type ExitCode, exit } from './exit.ts'
import { readWhole } from './files.ts'
import { type Host, paintFor } from './host.ts'
import { Interrupted } from './interrupted.ts'
import { type Action, type Does, type Options, pathOf, wholeNumber } from './options.ts'
import { type Prepared, prepare, refusals, showPlan } from './planning.ts'
import { progressOn } from './progress.ts'

interface ApplyOptions {
  readonly autoApprove?: boolean
  readonly concurrency: number
}

export function addApply(program: Command, does: Does): void {
  program
    .command('apply')
    .summary('perform the plan')
    .description(
      'Plans, and performs the plan: independent changes at once, revocations first. A change that fails stops only what\n' +
        'depends on it; running apply again continues. With FILE (from `guestlist plan --out FILE`) exactly the plan that\n' +
        'was reviewed is applied, or nothing: exit code 4 if something else would happen now. Ctrl-C finishes what is under\n' +
        'way and stops; it is safe to run again.',
    )
    .argument('[file]', 'a reviewed plan; give the same --partner, --app and --only as it was made with')
    .option('--auto-approve', 'do not ask (the sandbox and a reviewed plan never ask)')
    .option('--concurrency <number>', 'how many changes are under way at once', wholeNumber(1, 64), 8)
    .addHelpText(
      'after',
      '\nExamples:\n  guestlist apply --sandbox\n  guestlist apply plan.json\n  guestlist apply --auto-approve --trace requests.jsonl',
    )
    .action(does(apply))
}

const apply: Action<ApplyOptions> = async (host, options, file) => {
  // A preview is for plan: real access must not end, or begin, before its day.
  if (options.sandbox !== true && options.at !== undefined && options.at > host.now()) {
    throw new Failure(
      'future',
      '--at lies in the future',
      'look at it with `guestlist plan --at`, or try it with --sandbox',
    )
  }
  const reviewed = file === undefined ? undefined : digestIn(pathOf(host, file), file)
  const prepared = await prepare(host, options, 'write')
  if (prepared === undefined) return exit.error
  let code: ExitCode = exit.error
  try {
    code = await decide(host, options, prepared, reviewed, file)
  } catch (error) {
    await prepared.connection.close()
    throw error
  }
  return await close(host, prepared, code)
}

async function decide(
  host: Host,
  options: Options & ApplyOptions,
  prepared: Prepared,
  reviewed: string | undefined,
  file: string | undefined,
): Promise<ExitCode> {
  const { plan } = prepared.planned
  if (reviewed !== undefined && reviewed !== plan.digest) {
    host.stderr.write(
      `error[stale-plan]: ${file} is plan ${shortDigest(reviewed)}; what would happen now is plan ${shortDigest(plan.digest)}\n` +
        '  nothing was changed; plan again, and review that\n',
    )
    return exit.stale
  }
  const refused = refusals(prepared.planned)
  for (const { code, message, hint } of refused) {
    host.stderr.write(
      `refused[${safeText(code)}]: ${safeText(message)}\n${hint === undefined ? '' : `  ${safeText(hint)}\n`}`,
    )
  }
  if (refused.length > 0) return exit.refused
  if (plan.changes.length === 0) {
    host.stdout.write('Nothing to do.\n')
    return exit.done
  }
  if (options.sandbox !== true && reviewed === undefined && !(await isApproved(host, options, prepared)))
    return exit.error
  return await perform(host, options.concurrency, prepared)
}

/** The sandbox writes down its state at the end: what could not be kept is not done. */
async function close(host: Host, { connection, planned }: Prepared, code: ExitCode): Promise<ExitCode> {
  try {
    await connection.close()
    return code
  } catch (error) {
    const isPerformed =
      planned.plan.changes.length > 0 && ([exit.done, exit.partly, exit.interrupted] as ExitCode[]).includes(code)
    if (!(error instanceof Failure) || !isPerformed) throw error
    host.stderr.write(`error[${safeText(error.code)}]: ${safeText(error.message)}\n`)
    return exit.partly
  }
}

function digestIn(path: string, file: string): string {
  const notAPlan = new Failure('not-a-plan', `${file} is not a plan`, 'make one with `guestlist plan --out FILE`')
  let value: unknown
  try {
    value = JSON.parse(readWhole(path))
  } catch (error) {
    throw error instanceof SyntaxError ? notAPlan : error
  }
  const plan = (value ?? {}) as { formatVersion?: unknown; digest?: unknown; effects?: unknown; changes?: unknown }
  const { formatVersion, digest } = plan
  if (typeof digest !== 'string') throw notAPlan
  if (formatVersion !== '1') throw new Failure('not-a-plan', `${file} is a plan of another version`, 'plan again')
  if (digestOfContent(plan) !== digest) {
    const message = `${file} was changed after it was made: its digest is not that of what it says`
    throw new Failure('edited-plan', message, 'plan again, and review that')
  }
  return digest
}

async function isApproved(host: Host, options: Options & ApplyOptions, prepared: Prepared): Promise<boolean> {
  if (options.autoApprove === true) return true
  if (host.ask === undefined) {
    throw new Failure(
      'not-approved',
      'nobody is there to approve this plan',
      'use --auto-approve, or apply a reviewed plan: guestlist apply FILE',
    )
  }
  showPlan(host.stderr, prepared, options, false)
  const answer = await host
    .ask(`\nApply ${count(prepared.planned.plan.changes.length, 'change')}? Only "yes" applies them: `)
    .catch(() => {
      throw new Interrupted('interrupted')
    })
  if (answer.trim() === 'yes') return true
  host.stderr.write('Nothing was changed.\n')
  return false
}

async function perform(host: Host, concurrency: number, { planned, connection }: Prepared): Promise<ExitCode> {
  const interruption = new AbortController()
  const stopListening = host.onInterrupt(() => {
    host.stderr.write('\nInterrupted: what is under way is finished, nothing new begins. Once more ends at once.\n')
    interruption.abort()
  })
  const { plan } = planned
  host.stderr.write(`Plan ${shortDigest(plan.digest)}: ${count(plan.changes.length, 'change')}\n`)
  const progress = progressOn(host.stderr, plan.changes.length)
  let outcomes: readonly Outcome[]
  try {
    outcomes = await applyPlan({
      kinds,
      planned,
      to: connection.writers(),
      concurrency,
      elapsed: host.elapsed,
      signal: interruption.signal,
      onOutcome: progress.tell,
    })
  } finally {
    progress.end()
    stopListening()
  }
  host.stdout.write(renderOutcomes(outcomes, plan, paintFor(host.stdout)))
  if (outcomes.some(outcome => outcome.status === 'failed')) return exit.partly
  return outcomes.every(outcome => outcome.status === 'done') ? exit.done : exit.interrupted
}
