// What plan and apply have in common: the policies as of a day, the directories, and the plan that lies between them.

import { commitOf } from '../connect/git-files.ts'
import { askOnce } from '../engine/once.ts'
import { makePlan, type Planned } from '../engine/plan.ts'
import type { Directories } from '../model/directories.ts'
import type { Id } from '../model/id.ts'
import type { Finding } from '../model/plan.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { Failure, isRefusal, type Problem } from '../model/problem.ts'
import { type Instant, isoOf } from '../model/time.ts'
import { renderPlan } from '../render/plan.ts'
import { renderProblems, summarizeProblems } from '../render/problem.ts'
import { gatherMembers } from '../resources/membership-sources.ts'
import { kinds } from '../resources/registry.ts'
import { gatherBase, readBase } from './base.ts'
import { commandLine } from './command-line.ts'
import { type Connection, connect } from './connect.ts'
import { type Host, paintFor, type Sink } from './host.ts'
import { version } from './installed.ts'
import { untilInterrupted } from './interrupted.ts'
import { aboutLease } from './lease-told.ts'
import { checkCombination, checkNames, type Options, pathOf, scopeOf } from './options.ts'
import { findingsOf, isMistake, type Policies, readPolicies } from './policies.ts'
import { exampleClock } from './sandbox-state.ts'

export interface Prepared {
  readonly planned: Planned
  /** With the people of groups that others keep. */
  readonly policy: ResolvedPolicy
  readonly folder: string
  /** Of a day to come, against directories whose clock is the world's. */
  readonly isPreview: boolean
  readonly connection: Connection
  /** The same plan, made once more from what is there now. */
  readonly again: (from: Directories) => Promise<Planned>
}

/** What a reviewed plan asks of the one that is made now. */
export interface AskedBy {
  /** The changes that were reviewed. */
  readonly also: ReadonlySet<Id>
  /** Throws if it is a plan for something else. `now`: by the clock that plans are stamped with. */
  readonly check: (policy: ResolvedPolicy, now: Instant) => void
}

export interface PlanningOptions extends Options {
  /** A revision: what it would do as well is drift. */
  readonly base?: string
}

export interface Resolved {
  /** As written: groups that others keep are empty. */
  readonly policy: ResolvedPolicy
  readonly problems: readonly Problem[]
  readonly policies: Policies
  readonly folder: string
  readonly at: Instant
}

/** The policies as of the day that is meant. Undefined: they have mistakes, which are told. */
export async function resolve(host: Host, options: Options): Promise<Resolved | undefined> {
  checkCombination(options)
  const at = options.at ?? standingClock(host, options) ?? host.now()
  const policies = await readPolicies(host, options, at)
  const { policy, problems, folder } = policies
  if (policy !== undefined && !problems.some(isMistake)) return { policy, problems, policies, folder, at }
  tell(host, problems, policies)
  return undefined
}

function tell(host: Host, problems: readonly Problem[], { files, folder }: Policies): void {
  host.stderr.write(`${renderProblems(problems, { prefix: folder, color: host.stderr.color })}\n`)
  host.stderr.write(`${summarizeProblems(problems, files)}\n`)
}

/** Undefined: the policies have mistakes, which are told. Whoever gets a connection closes it. */
export function prepare(
  host: Host,
  options: PlanningOptions,
  use: 'read' | 'write',
  reviewed?: AskedBy,
): Promise<Prepared | undefined> {
  return untilInterrupted(host, signal => plan(host, options, use, signal, reviewed))
}

async function plan(
  host: Host,
  options: PlanningOptions,
  use: 'read' | 'write',
  signal: AbortSignal,
  reviewed?: AskedBy,
): Promise<Prepared | undefined> {
  const resolved = await resolve(host, options)
  if (resolved === undefined) return undefined
  const { policies, folder, at } = resolved
  // In the sandbox time stands where the plan stands, so that the same plan is the same bytes.
  const createdAt = (): Instant => (options.sandbox === true ? at : host.now())
  reviewed?.check(resolved.policy, createdAt())
  const scope = { ...scopeOf(options), ...(reviewed === undefined ? {} : { also: reviewed.also }) }
  const git = { folder: pathOf(host, options.policies), env: host.env, signal }
  const read = options.base === undefined ? undefined : await readBase(git, options.base, at)
  const commit = await commitOf(git)
  const connection = await connect(host, options, resolved.policy, use, signal)

  /** Undefined: with the people of groups that others keep the policies have mistakes, which are told. */
  const make = async (directories: Directories): Promise<Pick<Prepared, 'planned' | 'policy'> | undefined> => {
    // Policy and base are compared with the same answers.
    const from = read === undefined ? directories : askOnce(directories)
    const { policy, findings } = await gatherMembers(resolved.policy, from)
    const problems = policy === resolved.policy ? resolved.problems : policies.problemsOf(policy)
    if (problems.some(isMistake)) {
      tell(host, problems, policies)
      return undefined
    }
    const against = read === undefined ? undefined : await gatherBase(read, from)
    const lease = use === 'read' && connection.lag > 0 ? await aboutLease(directories, connection) : []
    const planned = await makePlan({
      kinds,
      policy,
      from,
      scope,
      sandbox: options.sandbox === true,
      folder,
      findings: [...findingsOf(problems, folder), ...findings, ...(against?.findings ?? []), ...lease],
      ...(commit === undefined ? {} : { commit }),
      ...(against === undefined ? {} : { base: against.base }),
      version: version(),
      createdAt: createdAt(),
    })
    return { planned, policy }
  }
  const again: Prepared['again'] = async directories => {
    const made = await make(directories)
    if (made === undefined) throw new Failure('policy', 'the policies have mistakes now: nothing was changed')
    return made.planned
  }
  try {
    const made = await make(connection.from)
    if (made === undefined) {
      await connection.close()
      return undefined
    }
    // What a reviewed plan names may be gone by what is done of it.
    if (reviewed === undefined) checkNames(scope, made.policy, made.planned.observed.values())
    return { ...made, folder, isPreview: options.sandbox !== true && at > host.now(), connection, again }
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** The Contoso example has a day of its own, so that what it shows does not change with the calendar. */
function standingClock(host: Host, options: Options): number | undefined {
  const clock = options.sandbox === true ? exampleClock(host, options) : undefined
  if (clock !== undefined && clock !== host.now())
    host.stderr.write(`The example's clock stands at ${isoOf(clock).slice(0, 16)}Z; --at takes another time.\n`)
  return clock
}

export function showPlan(sink: Sink, prepared: Prepared, options: Options, all: boolean): void {
  sink.write(renderPlan(prepared.planned.plan, { all, paint: paintFor(sink), next: whatNext(prepared, options) }))
}

/** The last line of a plan that was just made. The file that it is written to knows its day, and the sandbox's clock stands. */
export function whatNext({ planned, isPreview }: Prepared, options: Options, file?: string): string {
  if (refusals(planned).length > 0) return 'Refused as it is: apply will not perform it.'
  if (isPreview) return 'A preview: it can be applied on its day'
  if (file === undefined) return `Apply it: ${commandLine('apply', options)}`
  const { at: _at, ...rest } = options
  return `Apply exactly this: ${commandLine('apply', options.sandbox === true ? options : rest, file)}`
}

/** What keeps a plan from being applied. */
export function refusals(planned: Pick<Planned, 'plan'>): readonly Finding[] {
  return planned.plan.findings.filter(isRefusal)
}
