// `guestlist apply`: performs the plan; with a file, exactly the plan that was reviewed, or nothing.

import type { Command } from 'commander'
import { type Part, partOf, revocationsOf } from '../engine/part.ts'
import type { Planned } from '../engine/plan.ts'
import { differenceFrom } from '../engine/reviewed.ts'
import type { Plan } from '../model/plan.ts'
import { Failure } from '../model/problem.ts'
import { count } from '../render/layout.ts'
import { safeText } from '../render/safe-text.ts'
import { kinds } from '../resources/registry.ts'
import { AfterChanges } from './after-changes.ts'
import { alone } from './alone.ts'
import type { Connection } from './connect.ts'
import { type ExitCode, exit } from './exit.ts'
import type { Host } from './host.ts'
import { Interrupted } from './interrupted.ts'
import type { Held } from './lease.ts'
import { tidyLease } from './lease-tidied.ts'
import { type Action, type Does, endedOption, type Options, wholeNumber } from './options.ts'
import { type Performed, perform as performPlan } from './perform.ts'
import { Outdated } from './plan-file.ts'
import { type Prepared, prepare, refusals, showPlan } from './planning.ts'
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
    throw recorder?.hasBegun() === true ? new AfterChanges(error) : error
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
  // What is left of the plan that was shown is shown.
  const isSeen = ({ planned }: Prepared): boolean =>
    differenceFrom(prepared.planned.plan, planned, kinds) === undefined || planned.steps.length === 0
  let chosen = choose(host, prepared, reviewed)
  if (typeof chosen === 'number') return chosen
  if (asks && chosen.planned.steps.length > 0 && !(await isApproved(host, options, prepared))) return exit.error
  const code = !takesLease(chosen)
    ? await withoutLease(host, options, chosen, recorder)
    : await alone(host, prepared, {
        revoke: async (planned, lease) => {
          const now = { ...prepared, planned }
          if ((asks && !isSeen(now)) || !isAllowed(now, reviewed)) return undefined
          return await revoke(host, options, partly(now, reviewed), recorder, lease)
        },
        perform: async (planned, lease) => {
          const now = { ...prepared, planned }
          chosen = choose(host, now, reviewed, recorder.hasBegun())
          if (typeof chosen === 'number') return recorder.hasBegun() ? exit.partly : chosen
          if (asks && !isSeen(now) && !(await isApproved(host, options, now, recorder.hasBegun())))
            return recorder.hasBegun() ? exit.partly : exit.error
          return await perform(host, options, chosen, recorder, lease)
        },
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

/** An exit code: the plan may not be performed, which is told. `isChanged`: a part of it was. */
function choose(host: Host, prepared: Prepared, reviewed: Reviewed | undefined, isChanged = false): Chosen | ExitCode {
  if (reviewed !== undefined && !mayRun(host, reviewed, prepared, isChanged)) return exit.stale
  if (tellRefused(host, prepared.planned.plan)) return exit.refused
  return partly(prepared, reviewed)
}

/** The same question, where the answer may be another one in some minutes: nothing is told. */
function isAllowed({ planned }: Prepared, reviewed: Reviewed | undefined): boolean {
  const isReviewed = reviewed === undefined || differenceFrom(reviewed.plan, planned, kinds) === undefined
  return isReviewed && refusals(planned).length === 0
}

function partly({ planned, connection }: Prepared, reviewed: Reviewed | undefined): Chosen {
  const part = reviewed?.part === undefined ? undefined : partOf(planned, reviewed.part, kinds)
  return { planned: part?.planned ?? planned, connection, reviewed, part }
}

/** Others are kept away where they could come, and only by whoever writes to Entra: LDAP's writes carry their own conditions. */
function takesLease({ planned, connection }: Chosen): boolean {
  return connection.lag > 0 && planned.steps.some(({ change }) => change.plane === 'entra')
}

async function withoutLease(
  host: Host,
  options: Options & ApplyOptions,
  chosen: Chosen,
  recorder: Recorder,
): Promise<ExitCode> {
  const { code } = await perform(host, options, chosen, recorder)
  const { connection, planned } = chosen
  if (connection.lag > 0 && planned.plan.scope.only !== 'active-directory' && options.only !== 'active-directory')
    await tidyLease(connection)
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

async function isApproved(
  host: Host,
  options: Options & ApplyOptions,
  prepared: Prepared,
  isChanged = false,
): Promise<boolean> {
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
  host.stderr.write(isChanged ? 'Nothing more was changed.\n' : 'Nothing was changed.\n')
  return false
}

async function perform(
  host: Host,
  { concurrency }: ApplyOptions,
  { planned, connection, reviewed, part }: Chosen,
  recorder: Recorder,
  lease?: Held,
): Promise<Performed> {
  if (planned.steps.length > 0) return await performPlan(host, { planned, connection, concurrency, recorder, lease })
  host.stdout.write(recorder.hasBegun() ? 'Nothing else to do.\n' : nothingToDo(reviewed, part))
  return { code: exit.done, done: new Set(), doubtful: new Set(), isInterrupted: false }
}

/** What takes away access, while all else must wait. What of it fails is tried again with the rest. */
async function revoke(
  host: Host,
  options: ApplyOptions,
  chosen: Chosen,
  recorder: Recorder,
  lease: Held,
): Promise<Performed | undefined> {
  const planned = revocationsOf(chosen.planned, kinds)
  if (planned.steps.length === 0) return undefined
  host.stderr.write('What takes access away does not wait for that.\n')
  return await perform(host, options, { ...chosen, planned }, recorder, lease)
}
