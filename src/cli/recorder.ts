// What an apply tells its journal. A change is written down before it begins and when it has ended; once that cannot be done
// any more, nothing new begins.

import { join } from 'node:path'
import { redact } from '../connect/trace.ts'
import type { Id } from '../model/id.ts'
import type { ApplyOf, AuditRecord, ChangeEnd } from '../model/journal.ts'
import type { Outcome } from '../model/outcome.ts'
import { inForce } from '../model/override.ts'
import type { Plan, PlannedChange } from '../model/plan.ts'
import { Failure } from '../model/problem.ts'
import { count } from '../render/layout.ts'
import { safeText } from '../render/safe-text.ts'
import { actorOf } from './actor.ts'
import { type ExitCode, exit } from './exit.ts'
import type { Host } from './host.ts'
import { Interrupted } from './interrupted.ts'
import { openJournal } from './journal.ts'
import { type Options, pathOf } from './options.ts'
import { type Prepared, refusals } from './planning.ts'
import { sandboxJournal } from './sandbox-state.ts'

export interface Recorder {
  /** Throws if it cannot be written: then nothing must be changed. What had begun before has ended. */
  readonly begin: (plan: Pick<Plan, 'digest' | 'scope' | 'changes' | 'effects'>) => void
  readonly hasBegun: () => boolean
  /** Throws if it cannot be written: then the change must not begin. */
  readonly changeBegins: (change: PlannedChange) => void
  readonly changeEnded: (outcome: Outcome) => void
  /** Aborted when the journal cannot be written any more. */
  readonly stopped: AbortSignal
  /** Ends what has begun, or writes down that nothing was changed and why; the exit code that the apply ends with. */
  readonly end: (code: ExitCode) => ExitCode
  /** The same for an apply that ends with an error. */
  readonly giveUp: (error: unknown) => void
}

export interface RecorderOptions {
  readonly journal?: string
}

/** `reviewed`: the digest of the plan that a person has seen. */
export async function openRecorder(
  host: Host,
  options: Options & RecorderOptions,
  { planned, connection }: Prepared,
  reviewed: string | undefined,
): Promise<Recorder> {
  const identity = await connection.identity()
  const { path, isOurs } = placeOf(host, options)
  const journal = openJournal(host, path, isOurs)
  const { plan, policy } = planned
  const about: ApplyOf = {
    guestlist: plan.guestlist,
    actor: actorOf(host),
    identity,
    organization: plan.organization.name,
    tenantId: plan.organization.tenantId,
    domain: plan.organization.domain,
    sandbox: options.sandbox === true,
    commit: plan.commit,
    policyDigest: plan.policyDigest,
    plan: plan.digest,
    reviewed: reviewed ?? null,
    scope: plan.scope,
  }
  let numbers = { ...noNumbers }
  const stop = new AbortController()
  let hasBegun = false
  const begun = new Set<Id>()
  let broken: Failure | undefined

  const write = (record: AuditRecord): void => {
    if (broken !== undefined) throw broken
    try {
      journal.write(record)
    } catch (error) {
      broken = error instanceof Failure ? error : new Failure('journal', String(error))
      stop.abort()
      throw broken
    }
  }

  const begin: Recorder['begin'] = ({ digest, scope, changes, effects }) => {
    const overrides = inForce(policy.organization.spec.guardrails?.overrides, policy.at)
    if (hasBegun) endWith(numbers.failed + numbers.notAttempted === 0 ? exit.done : exit.partly)
    numbers = { ...noNumbers }
    begun.clear()
    const announced = { changes: changes.length, effects: effects.length }
    write({ record: 'apply-begun', at: plan.at, ...announced, overrides, ...about, plan: digest, scope })
    for (const { effect, person, partner, app, role, until, through, because } of effects) {
      write({ record: 'effect', effect, person, partner, app, role, until, through, because })
    }
    journal.sync()
    hasBegun = true
  }

  const changeBegins: Recorder['changeBegins'] = ({ id, plane, kind, action, risk, before, after, because }) => {
    const shown = { before: redact(before) as typeof before, after: redact(after) as typeof after }
    write({ record: 'change-begun', id, plane, kind, action, risk, ...shown, because })
    begun.add(id)
  }

  const refuse = (reasons: readonly { code: string; message: string }[], exitCode: ExitCode): void => {
    write({
      record: 'apply-refused',
      reasons: reasons.map(({ code, message }) => ({ code, message })),
      exitCode,
      ...about,
    })
  }

  const endWith = (exitCode: ExitCode): void => {
    // There was nothing to do: that, too, is told.
    if (!hasBegun) begin({ ...plan, changes: [], effects: [] })
    write({ record: 'apply-ended', ...numbers, exitCode })
  }

  /** The exit code stays where nothing was changed. */
  const closing = (code: ExitCode, work: () => void): ExitCode => {
    try {
      work()
      journal.sync()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      host.stderr.write(`error[${safeText(error.code)}]: ${safeText(error.message)}\n`)
      if (hasBegun || code === exit.done) return hasBegun ? exit.partly : exit.error
      return code
    } finally {
      journal.close()
    }
    const { seq, hash } = journal.head()
    // What happened to a sandbox nobody will have to prove, unless it is asked for.
    if (hasBegun && (options.journal !== undefined || options.sandbox !== true)) {
      host.stderr.write(`Journal: ${safeText(options.journal ?? ownName)}, ${count(seq, 'line')}, ends in ${hash}\n`)
    }
    return code
  }

  return {
    begin,
    hasBegun: () => hasBegun,
    changeBegins,
    changeEnded(outcome) {
      numbers[outcome.status === 'not-attempted' ? 'notAttempted' : outcome.status] += 1
      const { change } = outcome
      const server = change.plane === 'active-directory' ? connection.server() : undefined
      try {
        // It was looked at, and failed before it could change anything.
        if (outcome.status === 'failed' && !begun.has(change.id)) changeBegins(change)
        write({ record: 'change-ended', id: change.id, ...endOf(outcome, server) })
      } catch (error) {
        // Told at the end: what is under way is still waited for.
        if (error !== broken) throw error
      }
    },
    stopped: stop.signal,
    end: code =>
      closing(code, () => {
        if (hasBegun || code === exit.done) endWith(code)
        else refuse(code === exit.refused ? refusals(planned) : [reasonOf(code, about)], code)
      }),
    giveUp(error) {
      const failed = hasBegun ? exit.partly : exit.error
      const code = error instanceof Interrupted ? exit.interrupted : failed
      closing(code, () => {
        if (hasBegun) endWith(code)
        else if (broken === undefined) refuse([reasonIn(error)], code)
      })
    },
  }
}

const noNumbers = { done: 0, failed: 0, notAttempted: 0 }

const ownName = join('.guestlist', 'journal.jsonl')

/** What happens to the sandbox is no part of what happened to a tenant. */
function placeOf(host: Host, options: Options & RecorderOptions): { readonly path: string; readonly isOurs: boolean } {
  if (options.journal !== undefined) return { path: pathOf(host, options.journal), isOurs: false }
  return { path: options.sandbox === true ? sandboxJournal(host, options) : pathOf(host, ownName), isOurs: true }
}

function endOf(outcome: Outcome, server: string | undefined): ChangeEnd {
  if (outcome.status === 'not-attempted') return { status: 'not-attempted', because: outcome.because }
  const { ms, requestIds } = outcome
  const sent = { ms, requestIds, ...(server === undefined ? {} : { server }) }
  if (outcome.status === 'done') return { status: 'done', ...sent }
  const { code, message } = outcome.trouble
  return { status: 'failed', code, message, ...sent }
}

function reasonOf(code: ExitCode, { plan, reviewed }: ApplyOf): { readonly code: string; readonly message: string } {
  if (code !== exit.stale) return { code: 'not-approved', message: 'the person who was asked did not approve the plan' }
  return { code: 'stale-plan', message: `reviewed was plan ${reviewed}; what would have happened is plan ${plan}` }
}

function reasonIn(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof Interrupted) return { code: 'interrupted', message: 'interrupted before anything was changed' }
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'internal'
  return { code, message: error instanceof Error ? error.message : String(error) }
}
