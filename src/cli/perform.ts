// Performs a plan, with what a person sees of it and what the journal is told.

import { applyPlan, mostAtOnce } from '../engine/apply.ts'
import { writesOf } from '../engine/estimate.ts'
import type { Planned } from '../engine/plan.ts'
import type { Id } from '../model/id.ts'
import type { Outcome } from '../model/outcome.ts'
import type { PlannedChange } from '../model/plan.ts'
import { count } from '../render/layout.ts'
import { renderOutcomes } from '../render/outcomes.ts'
import { paceOf } from '../render/pace.ts'
import { shortDigest } from '../render/plan.ts'
import { kinds } from '../resources/registry.ts'
import type { Connection } from './connect.ts'
import { type ExitCode, exit } from './exit.ts'
import { type Host, paintFor } from './host.ts'
import type { Held } from './lease.ts'
import { progressOn } from './progress.ts'
import type { Recorder } from './recorder.ts'
import { timeLeft } from './time-left.ts'

export interface Performance {
  readonly planned: Planned
  readonly connection: Connection
  /** Requests under way at once; with 1 also one change after the other. */
  readonly concurrency: number
  readonly recorder: Recorder
  readonly lease: Held | undefined
}

export interface Performed {
  readonly code: ExitCode
  /** The changes of Entra that are done. */
  readonly done: ReadonlySet<Id>
  /** Those that failed and may have made something all the same. */
  readonly doubtful: ReadonlySet<Id>
  /** By a person; also if all was done by then. */
  readonly isInterrupted: boolean
}

export async function perform(
  host: Host,
  { planned, connection, concurrency, recorder, lease }: Performance,
): Promise<Performed> {
  recorder.begin(planned.plan)
  const interruption = new AbortController()
  const stopListening = host.onInterrupt(() => {
    host.stderr.write('\nInterrupted: what is under way is finished, nothing new begins. Once more ends at once.\n')
    interruption.abort()
  })
  const { plan } = planned
  const pace = connection.lag === 0 ? '' : ` · ${paceOf(plan)}`
  host.stderr.write(`Plan ${shortDigest(plan.digest)}: ${count(plan.changes.length, 'change')}${pace}\n`)
  const { elapsed, unseen, clock } = connection
  const writes = writesOf(
    planned.steps.map(({ change }) => change),
    kinds,
  )
  const left = timeLeft({ writes, estimate: plan.estimate, unseen, elapsed })
  const progress = progressOn(host.stderr, {
    ...{ total: plan.changes.length, left, elapsed, unseen },
    sleep: clock.sleep,
  })
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
  return { code: codeOf(outcomes), ...writtenBy(outcomes, planned), isInterrupted: interruption.signal.aborted }
}

function writtenBy(outcomes: readonly Outcome[], { steps }: Planned): Pick<Performed, 'done' | 'doubtful'> {
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
