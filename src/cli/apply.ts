// `guestlist apply`: performs the plan; with a file, exactly the plan that was reviewed, or nothing.

import type { Command } from 'commander'
import { applyPlan } from '../engine/apply.ts'
import { type Part, partOf } from '../engine/part.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Plan } from '../model/plan.ts'
import { Failure } from '../model/problem.ts'
import { count } from '../render/layout.ts'
import { renderOutcomes } from '../render/outcomes.ts'
import { shortDigest } from '../render/plan.ts'
import { safeText } from '../render/safe-text.ts'
import { kinds } from '../resources/registry.ts'
import { type ExitCode, exit } from './exit.ts'
import { type Host, paintFor } from './host.ts'
import { Interrupted } from './interrupted.ts'
import { type Action, type Does, endedOption, type Options, wholeNumber } from './options.ts'
import { Outdated } from './plan-file.ts'
import { type Prepared, prepare, refusals, showPlan } from './planning.ts'
import { progressOn } from './progress.ts'
import { openRecorder, type Recorder, type RecorderOptions } from './recorder.ts'
import { mayRun, type Reviewed, readReviewed, tellOthers } from './reviewed-plan.ts'

interface ApplyOptions extends RecorderOptions {
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
        'was reviewed is applied, or what is left of it, or nothing: exit code 4 if something else would happen now. Ctrl-C\n' +
        'finishes what is under way and stops; it is safe to run again.',
    )
    .argument('[file]', 'a reviewed plan; it knows its --partner and --app, and --only applies one directory of it')
    .option('--auto-approve', 'do not ask (the sandbox and a reviewed plan never ask)')
    .option('--concurrency <number>', 'how many changes are under way at once', wholeNumber(1, 64), 8)
    .addOption(endedOption())
    .option(
      '--base <revision>',
      'what the change of policy starts from: an end that it puts into the past is a removal',
    )
    .option(
      '--journal <file>',
      'where to write down what is done (default: .guestlist/journal.jsonl; with --sandbox .guestlist/sandbox/journal.jsonl)',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  guestlist apply --sandbox\n  guestlist apply plan.json\n  guestlist apply plan.json --only entra         in one job, and the other directory in another\n  guestlist apply --auto-approve --trace requests.jsonl',
    )
    .action(does(apply))
}

const apply: Action<ApplyOptions> = async (host, options, file) => {
  // A preview is for plan: real access must not end, or begin, before its day, nor an override come back after its own.
  if (options.sandbox !== true && options.at !== undefined) {
    throw new Failure(
      options.at > host.now() ? 'future' : 'past',
      `--at lies in the ${options.at > host.now() ? 'future' : 'past'}`,
      'apply works as of now; look at another day with `guestlist plan --at`, or try it with --sandbox',
    )
  }
  const reviewed = file === undefined ? undefined : readReviewed(host, options, file)
  if (reviewed !== undefined && tellRefused(host, reviewed.plan)) return exit.refused
  const prepared = await prepareReviewed(host, options, reviewed)
  if (typeof prepared === 'number') return prepared
  let code: ExitCode = exit.error
  let recorder: Recorder | undefined
  try {
    recorder = await openRecorder(host, options, prepared, reviewed?.plan.digest)
    code = await decide(host, options, prepared, reviewed, recorder)
  } catch (error) {
    recorder?.giveUp(error)
    await prepared.connection.close()
    throw error
  }
  return recorder.end(await close(host, prepared, code, recorder))
}

async function prepareReviewed(
  host: Host,
  options: Options,
  reviewed: Reviewed | undefined,
): Promise<Prepared | ExitCode> {
  try {
    return (await prepare(host, reviewed?.options ?? options, 'write', reviewed)) ?? exit.error
  } catch (error) {
    if (!(error instanceof Outdated)) throw error
    host.stderr.write(`error[${error.code}]: ${safeText(error.message)}\n  ${safeText(error.hint ?? '')}\n`)
    return exit.stale
  }
}

async function decide(
  host: Host,
  options: Options & ApplyOptions,
  prepared: Prepared,
  reviewed: Reviewed | undefined,
  recorder: Recorder,
): Promise<ExitCode> {
  const { planned } = prepared
  if (reviewed !== undefined && !mayRun(host, reviewed, prepared)) return exit.stale
  if (tellRefused(host, planned.plan)) return exit.refused
  const part = reviewed?.part === undefined ? undefined : partOf(planned, reviewed.part, kinds)
  const mine = part === undefined ? prepared : { ...prepared, planned: part.planned }
  let code: ExitCode = exit.done
  if (mine.planned.steps.length === 0) host.stdout.write(nothingToDo(reviewed, part))
  else if (options.sandbox === true || reviewed !== undefined || (await isApproved(host, options, prepared)))
    code = await perform(host, options.concurrency, mine, recorder)
  else return exit.error
  if (code === exit.done && reviewed !== undefined && part !== undefined) tellOthers(host, reviewed, options, part)
  return code
}

function nothingToDo(reviewed: Reviewed | undefined, part: Part | undefined): string {
  if (reviewed === undefined || reviewed.plan.changes.length === 0) return 'Nothing to do.\n'
  const isDone = part === undefined || part.others + part.waiting === 0
  return isDone ? `Nothing to do: all of ${safeText(reviewed.file)} is done.\n` : 'Nothing to do here now.\n'
}

function tellRefused(host: Host, plan: Plan): boolean {
  const refused = refusals({ plan })
  for (const { code, message, hint } of refused) {
    host.stderr.write(
      `refused[${safeText(code)}]: ${safeText(message)}\n${hint === undefined ? '' : `  ${safeText(hint)}\n`}`,
    )
  }
  return refused.length > 0
}

/** The sandbox writes down its state at the end: what could not be kept is not done. */
async function close(
  host: Host,
  { connection, planned }: Prepared,
  code: ExitCode,
  recorder: Recorder,
): Promise<ExitCode> {
  try {
    await connection.close()
    return code
  } catch (error) {
    const isPerformed =
      planned.plan.changes.length > 0 && ([exit.done, exit.partly, exit.interrupted] as ExitCode[]).includes(code)
    if (!(error instanceof Failure) || !isPerformed) {
      recorder.giveUp(error)
      throw error
    }
    host.stderr.write(`error[${safeText(error.code)}]: ${safeText(error.message)}\n`)
    return exit.partly
  }
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

async function perform(
  host: Host,
  concurrency: number,
  { planned, connection }: Prepared,
  recorder: Recorder,
): Promise<ExitCode> {
  recorder.begin(planned.plan)
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
      signal: AbortSignal.any([interruption.signal, recorder.stopped]),
      onBegin: recorder.changeBegins,
      onOutcome: outcome => {
        if (outcome.status !== 'not-attempted') host.changes()
        recorder.changeEnded(outcome)
        progress.tell(outcome)
      },
    })
  } finally {
    progress.end()
    stopListening()
  }
  host.stdout.write(renderOutcomes(outcomes, plan, paintFor(host.stdout)))
  if (outcomes.some(outcome => outcome.status === 'failed')) return exit.partly
  return outcomes.every(outcome => outcome.status === 'done') ? exit.done : exit.interrupted
}
