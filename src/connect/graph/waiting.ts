// What waits at the gate, and which of it leaves next.

import type { RequestFailure, Turn } from '../../model/directories.ts'
import { batchSize } from './batch.ts'
import type { Lane } from './lanes.ts'
import type { Answer, Request } from './wire.ts'

/** What wants to leave. */
export interface Departure {
  /** Its lanes and the turn of its object go by it. */
  readonly path: string
  readonly version: Request['version']
  /** Of several changes, the one that decides when it goes. */
  readonly turn: () => Turn
  /** True: as long as anything else can leave, it waits for more to come along. */
  readonly isPatient?: () => boolean
  /** Takes one thing out of its object: several may go together. */
  readonly isRemoval?: boolean
  /** Until what it mentions may be mentioned; undefined: now. */
  readonly awaited?: () => Promise<void> | undefined
  /** Awaited right before it leaves, again if it then had to wait; if it rejects, nothing is sent. */
  readonly before?: (() => Promise<void>) | undefined
  /** Asked before that: throws what a change throws that may not begin. */
  readonly mayBegin?: () => void
  /** What is sent, each time; undefined: nothing any more. Throws what a change throws that may not begin. */
  readonly request: () => Request | undefined
  readonly tell: (requestId: string) => void
  /** True: it was refused for something that passes, which `awaited` waits for. */
  readonly excuses?: (failure: RequestFailure) => boolean
}

export interface Waiting {
  readonly departure: Departure
  /** The object that takes one write at a time. */
  readonly key: string | undefined
  readonly lanes: readonly Lane[]
  /** As it came. */
  readonly order: number
  /** How often it left. */
  departures: number
  setbacks: number
  /** Not before that time. */
  due: number
  /** Waits for something that the gate does not see. */
  isHeld: boolean
  /** When it was last compared; infinity: it needs no comparing. */
  comparedAt: number
  /** Not in a batch. */
  isAlone: boolean
  readonly resolve: (answer: Answer | undefined) => void
  readonly reject: (reason: unknown) => void
}

/** Lanes with how many of those that are ready would use each. */
export type Demand = ReadonlyMap<Lane, number>

export function demandOf(ready: readonly Waiting[]): Demand {
  const demand = new Map<Lane, number>()
  for (const { lanes } of ready) for (const lane of lanes) demand.set(lane, (demand.get(lane) ?? 0) + 1)
  return demand
}

/** A lane that refills lets requests gather to a batch, or for a second: that costs nothing, since permits are kept. */
export function gathering(lane: Lane, demand: Demand): number {
  return Math.min(batchSize, demand.get(lane) ?? 0, Math.max(1, Math.floor(lane.perSecond())))
}

/**
 * The next batch out of those that are ready, the best first. `hold` takes one aside that must wait for something else after
 * all; `reserved`: permits that are spoken for.
 */
export function chooseBatch(
  ready: readonly Waiting[],
  isPatient: (waiting: Waiting) => boolean,
  hold: (waiting: Waiting) => 'no' | 'waits' | 'compares',
  reserved: Demand,
): readonly Waiting[] {
  const demand = demandOf(ready)
  const others = demandOf(ready.filter(waiting => !isPatient(waiting)))
  const chosen: Waiting[] = []
  const keys = new Map<string, Waiting>()
  const taken = new Map(reserved)
  let room = batchSize
  for (const waiting of ready) {
    const { lanes, key, departure, isAlone } = waiting
    if (room === 0) break
    if (isAlone && chosen.length > 0) continue
    if (lanes.some(lane => lane.free() < gathering(lane, demand) || lane.free() <= (taken.get(lane) ?? 0))) continue
    if (isPatient(waiting) && lanes.some(lane => others.has(lane) || reserved.has(lane))) continue
    const same = key === undefined ? undefined : keys.get(key)
    if (same !== undefined && !(same.departure.isRemoval === true && departure.isRemoval === true)) continue
    const held = hold(waiting)
    if (held === 'waits') continue
    room -= 1
    for (const lane of lanes) taken.set(lane, (taken.get(lane) ?? 0) + 1)
    if (held === 'compares') continue
    chosen.push(waiting)
    if (key !== undefined) keys.set(key, waiting)
    if (isAlone) break
  }
  return chosen
}

/** Groups and applications take one write at a time; Graph answers others with 409. Elsewhere nobody waits. */
export function oneWriterFor(path: string): string | undefined {
  return /^\/(groups|applications)\/[^/]+/.exec(path)?.[0] ?? (/^\/[^/]+\([^/]*\)$/.test(path) ? path : undefined)
}
