// Performs a plan's changes: independent ones at once, each as soon as what it depends on is done. A failure stops its
// dependants and nothing else. Ends with an outcome for every change, also when it is interrupted.

import { type DirectoryWriters, RequestFailure, type Turn } from '../model/directories.ts'
import type { Id } from '../model/id.ts'
import type { Attempted, Outcome, Trouble } from '../model/outcome.ts'
import type { PlannedChange } from '../model/plan.ts'
import { Failure } from '../model/problem.ts'
import type { Assigned } from '../model/resource.ts'
import type { AnyKind } from '../resources/kind.ts'
import type { Planned, Step } from './plan.ts'

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
  /** Told before the first request of a change that writes; a change that it throws for does not begin, and has failed. */
  readonly onBegin?: (change: PlannedChange) => void
  readonly onOutcome?: (outcome: Outcome) => void
}

/** In the order of the plan. */
export async function applyPlan(request: ApplyRequest): Promise<readonly Outcome[]> {
  const { planned, signal } = request
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
        if (left === 0) ready.add(step)
      } else {
        const because = outcome.status === 'failed' ? outcome.change.id : outcome.because
        settle({ change: step.planned, status: 'not-attempted', because })
      }
    }
  }

  // Revocations before all else, also those that only a later change makes possible.
  const rankOf = ({ planned: { id, risk } }: Step): number =>
    (position.get(id) ?? 0) + (risk === 'revoke' ? 0 : planned.steps.length)
  const ready = new ReadyQueue(position)
  for (const step of planned.steps) if (step.planned.dependsOn.length === 0) ready.add(step)

  let underWay = 0
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>()
  const beginMore = (): void => {
    while (underWay < request.concurrency && signal?.aborted !== true) {
      const step = ready.next()
      if (step === undefined) break
      underWay += 1
      perform(step, rankOf(step), request, assigned)
        .then(outcome => {
          underWay -= 1
          settle(outcome)
          beginMore()
        })
        .catch(fail)
    }
    if (underWay === 0) end()
  }
  beginMore()
  await ended
  for (const { planned: change } of planned.steps) {
    if (!outcomes.has(change.id)) settle({ change, status: 'not-attempted', because: 'interrupted' })
  }
  return planned.steps.flatMap(step => outcomes.get(step.planned.id) ?? [])
}

async function perform(step: Step, rank: number, request: ApplyRequest, assigned: Map<Id, Assigned>): Promise<Outcome> {
  const { planned, change } = step
  const kind = request.kinds.find(candidate => candidate.plane === change.plane && candidate.name === change.kind)
  const started = request.elapsed()
  const requestIds = new Set<string>()
  let hasBegun = false
  const begin = (): void => {
    if (!hasBegun) request.onBegin?.(planned)
    hasBegun = true
  }
  const to = writersFor(request, { rank, begin, tell: id => requestIds.add(id), signal: request.signal })
  const attempted = (): Attempted => ({
    ms: Math.round(request.elapsed() - started),
    requestIds: [...requestIds],
  })
  try {
    if (kind === undefined) throw new Error(`no kind is registered for ${change.id}`)
    const known = (id: Id): Assigned => {
      const found = assigned.get(id)
      if (found === undefined) throw new Failure('not-there', `${id} is not there (any more)`, 'plan again')
      return found
    }
    const result = await kind.perform(change, to, known, request.planned.policy)
    begin()
    assigned.set(change.id, result)
    return { change: planned, status: 'done', ...attempted() }
  } catch (error) {
    const trouble = troubleOf(error)
    // Nothing of it was sent.
    if (!hasBegun && trouble.code === 'interrupted') {
      return { change: planned, status: 'not-attempted', because: 'interrupted' }
    }
    return { change: planned, status: 'failed', trouble, ...attempted() }
  }
}

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

/** Steps that may begin, earliest of the plan first: revocations go first. A binary heap. */
class ReadyQueue {
  readonly #heap: Step[] = []
  readonly #position: ReadonlyMap<Id, number>

  constructor(position: ReadonlyMap<Id, number>) {
    this.#position = position
  }

  add(step: Step): void {
    const heap = this.#heap
    let index = heap.push(step) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#before(index, parent)) break
      this.#swap(index, parent)
      index = parent
    }
  }

  next(): Step | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    heap[0] = last
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const smaller = left + 1 < heap.length && this.#before(left + 1, left) ? left + 1 : left
      if (left >= heap.length || !this.#before(smaller, index)) return first
      this.#swap(index, smaller)
      index = smaller
    }
  }

  #rank(index: number): number {
    const step = this.#heap[index]
    return step === undefined ? Number.POSITIVE_INFINITY : (this.#position.get(step.planned.id) ?? 0)
  }

  #before(a: number, b: number): boolean {
    return this.#rank(a) < this.#rank(b)
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap
    const [first, second] = [heap[a], heap[b]]
    if (first === undefined || second === undefined) return
    heap[a] = second
    heap[b] = first
  }
}
