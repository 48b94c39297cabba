// One plan, performed in many ways: which ready step goes first, which of the requests that are under way comes through
// first, which of them fails, and after which one nothing more comes. Of each way, what was open at any moment.

import type { Planned, Step } from '../../src/engine/plan.ts'
import { type DirectoryWriter, RequestFailure } from '../../src/model/directories.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import type { Facts } from './moment.ts'
import type { Tenant } from './tenant.ts'

/** A small generator of numbers, the same for the same seed (mulberry32). */
export function chance(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

/** In what order steps are taken when several may be. */
export type Preference = (steps: readonly Step[]) => readonly Step[]

export const asPlanned: Preference = steps => steps

export const lastFirst: Preference = steps => steps.toReversed()

/** What opens before what closes, as far as that may be. */
export const openingFirst: Preference = steps => {
  const rank = { privileged: 0, grant: 0, neutral: 1, revoke: 2 }
  return steps.toSorted((a, b) => rank[a.planned.risk] - rank[b.planned.risk])
}

export function shuffledBy(seed: number): Preference {
  const next = chance(seed)
  return steps =>
    steps
      .map(step => ({ step, key: next(1_000_000) }))
      .sort((a, b) => a.key - b.key)
      .map(({ step }) => step)
}

/** One step as early as may be, with what it waits for and nothing else before it. */
export function straightTo(index: number): Preference {
  return steps => {
    const byId = new Map(steps.map(step => [step.planned.id, step]))
    const first = new Set<Step>()
    const add = (step: Step | undefined): void => {
      if (step === undefined || first.has(step)) return
      for (const id of step.planned.dependsOn) add(byId.get(id))
      first.add(step)
    }
    add(steps[index % steps.length])
    return [...first, ...openingFirst(steps.filter(step => !first.has(step)))]
  }
}

/** Every order that the dependencies allow, up to a number of them. */
export function everyOrder(steps: readonly Step[], most: number): readonly (readonly Step[])[] {
  const orders: (readonly Step[])[] = []
  const extend = (done: readonly Step[], ids: ReadonlySet<string>): void => {
    if (orders.length >= most) return
    if (done.length === steps.length) orders.push(done)
    for (const step of steps) {
      if (ids.has(step.planned.id) || !step.planned.dependsOn.every(id => ids.has(id))) continue
      extend([...done, step], new Set([...ids, step.planned.id]))
    }
  }
  extend([], new Set())
  return orders
}

export interface Way {
  readonly name: string
  readonly preference: Preference
  readonly concurrency: number
  /** Decides which of the waiting requests comes through next; without it all do. */
  readonly seed?: number
  /** Of the writes, the one that the service refuses, from 1 on. */
  readonly refused?: number
  /** After this many writes the process is gone. */
  readonly cutAfter?: number
}

export interface Passage {
  readonly outcomes: readonly Outcome[] | 'cut'
  /** How many requests wrote something. */
  readonly writes: number
}

/** Performs the plan from the state that the tenant is in. `look`: called after every write. */
export async function pass(
  tenant: Tenant,
  planned: Planned,
  way: Way,
  look: (written: number) => void,
): Promise<Passage> {
  let writes = 0
  let asked = 0
  let underWay = 0
  let isCut = false
  const { promise: cut, resolve: end } = Promise.withResolvers<'cut'>()
  tenant.onWrite = () => {
    writes += 1
    look(writes)
    if (writes !== way.cutAfter) return
    isCut = true
    end('cut')
  }
  const gate = way.seed === undefined ? undefined : gateBy(chance(way.seed))
  /** Of a process that is gone no request leaves, and no answer reaches it. */
  async function send<Answer>(isWrite: boolean, refuse: () => Answer, request: () => Promise<Answer>): Promise<Answer> {
    if (isCut) return forever()
    await gate?.turn()
    if (isCut) return forever()
    if (isWrite) asked += 1
    underWay += 1
    try {
      return isWrite && asked === way.refused ? refuse() : await request()
    } finally {
      underWay -= 1
      gate?.free()
      if (isCut) await forever()
    }
  }
  const fetching: typeof fetch = (input, init) => {
    const isWrite = (init?.method ?? 'GET') !== 'GET'
    const refuse = (): Response =>
      Response.json({ error: { code: 'Authorization_RequestDenied', message: 'refused by the test' } }, { status: 403 })
    return send(isWrite, refuse, () => tenant.fetch(input, init))
  }
  const refuse = (): never => {
    throw new RequestFailure(50, 'insufficientAccessRights', 'refused by the test')
  }
  const { directory } = tenant
  const activeDirectory: DirectoryWriter = {
    search: request => send(false, refuse, () => directory.search(request)),
    add: (dn, attributes) => send(true, refuse, () => directory.add(dn, attributes)),
    modify: (target, changes) => send(true, refuse, () => directory.modify(target, changes)),
    move: (target, newRdn, newParent) => send(true, refuse, () => directory.move(target, newRdn, newParent)),
    remove: target => send(true, refuse, () => directory.remove(target)),
  }
  try {
    const steps = way.preference(planned.steps)
    const performed = tenant.apply({ ...planned, steps }, way.concurrency, { fetch: fetching, activeDirectory })
    const outcomes = await Promise.race([performed, cut])
    while (underWay > 0) await new Promise(resolve => setImmediate(resolve))
    return { outcomes, writes }
  } finally {
    tenant.onWrite = undefined
  }
}

function forever(): Promise<never> {
  return new Promise(() => undefined)
}

/** Lets one request through at a time, any of those that wait once nothing else moves. */
function gateBy(next: (below: number) => number): { readonly turn: () => Promise<void>; readonly free: () => void } {
  const waiting: (() => void)[] = []
  let isBusy = false
  const open = async (): Promise<void> => {
    for (let hop = 0; hop < 3; hop += 1) await new Promise(resolve => setImmediate(resolve))
    const [chosen] = waiting.splice(next(waiting.length || 1), 1)
    if (chosen === undefined) isBusy = false
    else chosen()
  }
  return {
    turn: () =>
      new Promise(resolve => {
        waiting.push(resolve)
        if (isBusy) return
        isBusy = true
        void open()
      }),
    free: () => void open(),
  }
}

/** Facts that hold now and neither held before nor will after. */
export function slips(now: Facts, before: Facts, after: Facts): readonly string[] {
  return [...now].filter(fact => !before.has(fact) && !after.has(fact))
}
