// `guestlist apply`: performs the plan; with a file, exactly the plan that was reviewed, or nothing.

import type { Command } from 'commander'
import { applyPlan, mostAtOnce } from '../engine/apply.ts'
import { writesOf } from '../engine/estimate.ts'
import { type Part, partOf } from '../engine/part.ts'
import type { Planned } from '../engine/plan.ts'
import type { Id } from '../model/id.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Plan, PlannedChange } from '../model/plan.ts'
import { Failure } from '../model/problem.ts'
import { count } from '../render/layout.ts'
import { renderOutcomes } from '../render/outcomes.ts'
import { shortDigest } from '../render/plan.ts'
import { safeText } from '../render/safe-text.ts'
import { kinds } from '../resources/registry.ts'
import { alone, type Performed } from './alone.ts'
import type { Connection } from './connect.ts'
import { type ExitCode, exit } from './exit.ts'
import { type Host, paintFor } from './host.ts'
import { Interrupted } from './interrupted.ts'
import type { Held } from './lease.ts'
import { type Action, type Does, endedOption, type Options, wholeNumber } from './options.ts'
import { Outdated } from './plan-file.ts'
import { type Prepared, prepare, refusals, showPlan } from './planning.ts'
import { progressOn } from './progress.ts'
import { openRecorder, type Recorder, type RecorderOptions } from './recorder.ts'
import { mayRun, type Reviewed, readReviewed, tellOthers } from './reviewed-plan.ts'
import { timeLeft } from './time-left.ts'

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
    .option(
      '--concurrency <number>',
      'how many requests are under way at once; with 1 also one change after the other',
      wholeNumber(1, 64),
      8,
    )
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
  const asks = options.sandbox !== true && reviewed === undefined
  let chosen = choose(host, prepared, reviewed)
  if (typeof chosen === 'number') return chosen
  if (asks && chosen.planned.steps.length > 0 && !(await isApproved(host, options, prepared))) return exit.error
  const code = !takesLease(chosen)
    ? (await perform(host, options, chosen, recorder)).code
    : await alone(host, prepared, async (planned, lease) => {
        const now = { ...prepared, planned }
        chosen = choose(host, now, reviewed)
        if (typeof chosen === 'number') return chosen
        const isSeen = planned.plan.digest === prepared.planned.plan.digest || planned.steps.length === 0
        if (asks && !isSeen && !(await isApproved(host, options, now))) return exit.error
        return await perform(host, options, chosen, recorder, lease)
      })
  if (code === exit.done && typeof chosen !== 'number' && reviewed !== undefined && chosen.part !== undefined)
    tellOthers(host, reviewed, options, chosen.part)
  return code
}

/** What of the plan is to be performed, and the plan by which that is judged. */
interface Chosen {
  readonly planned: Planned
  readonly connection: Connection
  readonly reviewed: Reviewed | undefined
  /** Of a plan for both directories, what one of them gets. */
  readonly part: Part | undefined
}

/** An exit code: the plan may not be performed, which is told. */
function choose(host: Host, prepared: Prepared, reviewed: Reviewed | undefined): Chosen | ExitCode {
  const { planned, connection } = prepared
  if (reviewed !== undefined && !mayRun(host, reviewed, prepared)) return exit.stale
  if (tellRefused(host, planned.plan)) return exit.refused
  const part = reviewed?.part === undefined ? undefined : partOf(planned, reviewed.part, kinds)
  return { planned: part?.planned ?? planned, connection, reviewed, part }
}

/** Others are kept away where they could come, and only by whoever writes to Entra: LDAP's writes carry their own conditions. */
function takesLease({ planned, connection }: Chosen): boolean {
  return connection.lag > 0 && planned.steps.some(({ change }) => change.plane === 'entra')
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
  { concurrency }: ApplyOptions,
  { planned, connection, reviewed, part }: Chosen,
  recorder: Recorder,
  lease?: Held,
): Promise<Performed> {
  if (planned.steps.length === 0) {
    host.stdout.write(nothingToDo(reviewed, part))
    return { code: exit.done, done: new Set(), doubtful: new Set() }
  }
  recorder.begin(planned.plan)
  const interruption = new AbortController()
  const stopListening = host.onInterrupt(() => {
    host.stderr.write('\nInterrupted: what is under way is finished, nothing new begins. Once more ends at once.\n')
    interruption.abort()
  })
  const { plan } = planned
  host.stderr.write(`Plan ${shortDigest(plan.digest)}: ${count(plan.changes.length, 'change')}\n`)
  const { elapsed } = connection
  const left = timeLeft(
    writesOf(
      planned.steps.map(({ change }) => change),
      kinds,
    ),
    elapsed,
  )
  const progress = progressOn(host.stderr, { total: plan.changes.length, left, elapsed })
  connection.onPause(progress.pause)
  let outcomes: readonly Outcome[]
  try {
    outcomes = await applyPlan({
      kinds,
      planned,
      to: connection.writers(),
      concurrency: concurrency === 1 ? 1 : mostAtOnce,
      elapsed,
      signal: AbortSignal.any([interruption.signal, recorder.stopped, ...(lease === undefined ? [] : [lease.lost])]),
      mayGoOn: () => lease?.check(),
      onBegin: change => recorder.changeBegins(change),
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
  const ended = lease?.lost.aborted === true ? 'the lease was lost' : 'interrupted'
  host.stdout.write(renderOutcomes(outcomes, plan, paintFor(host.stdout), ended))
  return { code: codeOf(outcomes), ...writtenBy(outcomes, planned) }
}

function writtenBy(outcomes: readonly Outcome[], { steps }: Planned): Omit<Performed, 'code'> {
  const inEntra = outcomes.filter(({ change }) => change.plane === 'entra')
  // Whatever else fails half done may be done twice.
  const writes = writesOf(
    steps.map(({ change }) => change),
    kinds,
  )
  const isMaking = ({ id, action }: PlannedChange): boolean =>
    action === 'create' || (writes.get(id)?.invitations ?? 0) > 0
  const isDoubtful = (outcome: Outcome): boolean =>
    outcome.status === 'failed' && outcome.mayHaveWritten === true && isMaking(outcome.change)
  const idsOf = (list: readonly Outcome[]): ReadonlySet<Id> => new Set(list.map(({ change }) => change.id))
  return { done: idsOf(inEntra.filter(({ status }) => status === 'done')), doubtful: idsOf(inEntra.filter(isDoubtful)) }
}

function codeOf(outcomes: readonly Outcome[]): ExitCode {
  const isFailed = (outcome: Outcome): boolean =>
    (outcome.status === 'failed' && outcome.trouble.code !== 'interrupted') ||
    (outcome.status === 'not-attempted' && outcome.because === 'refused')
  if (outcomes.some(isFailed)) return exit.partly
  return outcomes.every(outcome => outcome.status === 'done') ? exit.done : exit.interrupted
}
