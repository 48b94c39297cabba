// Performs a plan's changes: independent ones at once, each as soon as what it depends on is done. A failure stops its
// dependants and nothing else. Ends with an outcome for every change, also when it is interrupted.

import { type DirectoryWriters, RequestFailure, type Turn } from '../model/directories.ts'
import type { Id } from '../model/id.ts'
import type { Attempted, Outcome, Trouble } from '../model/outcome.ts'
import type { PlannedChange } from '../model/plan.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { Failure } from '../model/problem.ts'
import type { Assigned } from '../model/resource.ts'
import type { AnyKind } from '../resources/kind.ts'
import type { Planned, Step } from './plan.ts'
import { ReadyQueue } from './ready.ts'
import { HeldBack, type Refusals, watchRefusals } from './refusals.ts'

/** How many changes may be under way where requests wait for their turn themselves: enough to fill them. */
export const mostAtOnce = 2000

/** Of changes in Active Directory: a domain controller gains nothing by more. */
const mostInDomain = 8

const planes = ['entra', 'active-directory'] as const

export interface ApplyRequest {
  readonly kinds: readonly AnyKind[]
  readonly planned: Planned
  readonly to: DirectoryWriters
  /** How many changes are under way at the most. */
  readonly concurrency: number
  /** Milliseconds from any fixed point, for durations. */
  readonly elapsed: () => number
  /** Aborted: what is under way is finished, nothing new begins. */
  readonly signal?: AbortSignal
  /** Asked before every request that writes, also before it is sent again: what it throws for does not leave. */
  readonly mayGoOn?: () => void
  /** Told before the first request of a change that writes; a change that it throws for does not begin, and has failed. */
  readonly onBegin?: (change: PlannedChange) => void
  readonly onOutcome?: (outcome: Outcome) => void
}

/** In the order of the plan. */
export async function applyPlan(request: ApplyRequest): Promise<readonly Outcome[]> {
  const { planned, signal } = request
  // What kinds remember for one run hangs on it: another run of the same policy begins anew.
  const policy = { ...planned.policy }
  const outcomes = new Map<Id, Outcome>()
  const assigned = new Map<Id, Assigned>(planned.observed)
  const position = new Map(planned.steps.map((step, index) => [step.planned.id, index]))
  const dependants = new Map<Id, Step[]>()
  const missing = new Map<Id, number>()
  for (const step of planned.steps) {
    missing.set(step.planned.id, step.planned.dependsOn.length)
    for (const id of step.planned.dependsOn) {
      const list = dependants.get(id)
      if (list === undefined) dependants.set(id, [step])
      else list.push(step)
    }
  }

  const settle = (outcome: Outcome): void => {
    outcomes.set(outcome.change.id, outcome)
    request.onOutcome?.(outcome)
    for (const step of dependants.get(outcome.change.id) ?? []) {
      const { id } = step.planned
      if (outcomes.has(id)) continue
      if (outcome.status === 'done') {
        const left = (missing.get(id) ?? 0) - 1
        missing.set(id, left)
        if (left === 0) isReady(step)
      } else {
        settle({ change: step.planned, status: 'not-attempted', because: reasonFor(outcome) })
      }
    }
  }

  // Revocations before all else, also those that only a later change makes possible.
  const rankOf = ({ planned: { id, risk } }: Step): number =>
    (position.get(id) ?? 0) - (risk === 'revoke' ? planned.steps.length : 0)
  const ready = { entra: new ReadyQueue(position), 'active-directory': new ReadyQueue(position) }
  const isReady = (step: Step): void => ready[step.planned.plane].add(step)
  for (const step of planned.steps) if (step.planned.dependsOn.length === 0) isReady(step)

  // Of many, some places are kept for the domain: it need not wait until Microsoft Graph is through.
  const places = {
    entra: Math.max(request.concurrency - mostInDomain, Math.min(request.concurrency, mostInDomain)),
    'active-directory': Math.min(request.concurrency, mostInDomain),
  }
  const underWay = { entra: 0, 'active-directory': 0 }
  const next = (): Step | undefined => {
    if (signal?.aborted === true || underWay.entra + underWay['active-directory'] >= request.concurrency)
      return undefined
    const [queue] = planes
      .filter(plane => underWay[plane] < places[plane])
      .map(plane => ready[plane])
      .sort((one, other) => one.position - other.position)
    return queue?.next()
  }

  const takesMany = ({ change }: Step): boolean => {
    const { joins = [], ...writes } = kindOf(request, change)?.writes?.(change) ?? {}
    return Object.values(writes).reduce((sum, count) => sum + count, joins.length) > 1
  }
  const refusals = watchRefusals(planned.steps, takesMany)
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>()
  const beginMore = (): void => {
    for (let step = next(); step !== undefined; step = next()) {
      const { plane } = step.planned
      underWay[plane] += 1
      perform({ step, rank: rankOf(step), request, policy, assigned, refusals })
        .then(outcome => {
          underWay[plane] -= 1
          if (outcome !== undefined) {
            const held = outcome.status === 'done' ? refusals.done(step) : refusals.failed(step)
            for (const other of held) isReady(other)
            settle(outcome)
          }
          beginMore()
        })
        .catch(fail)
    }
    if (underWay.entra + underWay['active-directory'] > 0) return
    const last = refusals.last()
    for (const step of last) isReady(step)
    if (last.length > 0) beginMore()
    else end()
  }
  beginMore()
  await ended
  // What is left was held back, if nothing interrupted.
  const because = signal?.aborted === true ? 'interrupted' : 'refused'
  for (const { planned: change } of planned.steps) {
    if (!outcomes.has(change.id)) settle({ change, status: 'not-attempted', because })
  }
  return planned.steps.flatMap(step => outcomes.get(step.planned.id) ?? [])
}

/** Of what needs it: the change that failed or was held back, or that nobody let it be done. */
function reasonFor(outcome: Exclude<Outcome, { readonly status: 'done' }>): Id | 'interrupted' {
  if (outcome.status === 'failed') return outcome.trouble.code === 'interrupted' ? 'interrupted' : outcome.change.id
  return outcome.because === 'refused' ? outcome.change.id : outcome.because
}

function kindOf({ kinds }: ApplyRequest, { plane, kind }: Step['change']): AnyKind | undefined {
  return kinds.find(candidate => candidate.plane === plane && candidate.name === kind)
}

interface Attempt {
  readonly step: Step
  readonly rank: number
  readonly request: ApplyRequest
  readonly policy: ResolvedPolicy
  readonly assigned: Map<Id, Assigned>
  readonly refusals: Refusals
}

/** Undefined: it was held back before anything of it was sent, and is heard of later. */
async function perform({ step, rank, request, policy, assigned, refusals }: Attempt): Promise<Outcome | undefined> {
  const { planned, change } = step
  const kind = kindOf(request, change)
  const requestIds = new Set<string>()
  let began: number | undefined
  let sent = 0
  const mayBegin = (): void => {
    if (began === undefined && !refusals.mayBegin(step)) throw new HeldBack()
  }
  const begin = (): void => {
    if (began !== undefined) return
    mayBegin()
    request.onBegin?.(planned)
    began = request.elapsed()
  }
  const leaving = (): void => {
    request.mayGoOn?.()
    begin()
    sent += 1
  }
  const tell = (id: string): void => {
    requestIds.add(id)
  }
  const to = writersFor(request, { rank, begin: leaving, mayBegin, tell, signal: request.signal })
  // Without the time in which its requests waited for their turn.
  const attempted = (): Attempted => ({
    ms: began === undefined ? 0 : Math.round(request.elapsed() - began),
    requestIds: [...requestIds],
  })
  try {
    if (kind === undefined) throw new Error(`no kind is registered for ${change.id}`)
    const known = (id: Id): Assigned => {
      const found = assigned.get(id)
      if (found === undefined) throw new Failure('not-there', `${id} is not there (any more)`, 'plan again')
      return found
    }
    const result = await kind.perform(change, to, known, policy)
    begin()
    assigned.set(change.id, result)
    return { change: planned, status: 'done', ...attempted() }
  } catch (error) {
    if (error instanceof HeldBack) return undefined
    refusals.refused(step, error)
    const trouble = troubleOf(error)
    // Nothing of it was sent.
    if (began === undefined && trouble.code === 'interrupted') {
      return { change: planned, status: 'not-attempted', because: 'interrupted' }
    }
    const cutShort = trouble.code === 'interrupted' ? { message: inItsMidst } : {}
    const isRefused = sent === 1 && error instanceof RequestFailure && saysNothingHappened(error)
    const mayHaveWritten = sent > 0 && !isRefused
    return { change: planned, status: 'failed', trouble: { ...trouble, ...cutShort }, mayHaveWritten, ...attempted() }
  }
}

const inItsMidst = 'interrupted when a part of it was sent (of a guest: the invitation); the next run does the rest'

/** Graph's writer keeps the turn itself, since its requests wait; what goes to the domain goes at once. */
function writersFor({ to }: ApplyRequest, turn: Turn): DirectoryWriters {
  const writers = to.forChange?.(turn) ?? to
  const { activeDirectory: directory } = writers
  if (directory === undefined) return writers
  const begun = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (turn.signal?.aborted) throw new RequestFailure(0, 'interrupted', 'interrupted before it was sent')
    turn.begin()
    return await work()
  }
  return {
    ...writers,
    activeDirectory: {
      search: request => directory.search(request),
      add: (dn, attributes) => begun(() => directory.add(dn, attributes)),
      modify: (target, modifications) => begun(() => directory.modify(target, modifications)),
      move: (target, newRdn, newParent) => begun(() => directory.move(target, newRdn, newParent)),
      remove: target => begun(() => directory.remove(target)),
    },
  }
}

/** A refusal of the service's own; without a code it is a gateway's, which knows nothing of what became of the request. */
function saysNothingHappened({ status, code }: RequestFailure): boolean {
  return status >= 400 && status < 500 && status !== 408 && code !== '' && code !== 'outcome-unknown'
}

function troubleOf(error: unknown): Trouble {
  if (error instanceof RequestFailure) {
    const requestId = error.requestId === undefined ? {} : { requestId: error.requestId }
    return { code: error.code, message: error.message, ...requestId }
  }
  if (error instanceof Failure) {
    return { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }
  }
  return { code: 'internal', message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
}
