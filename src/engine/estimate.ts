// What a plan costs: the writes of each change as its kind tells them, and how long all of them take.

import {
  answerTime,
  appearingTime,
  type Estimate,
  lanes,
  noWrites,
  type OwnWrites,
  secondsFor,
  settlingTime,
  shared,
  sumOf,
  type Writes,
} from '../model/estimate.ts'
import type { Id } from '../model/id.ts'
import type { Change } from '../model/resource.ts'
import type { AnyKind } from '../resources/kind.ts'
import type { Ordered } from './order.ts'

/** A change, and those that it waits for. */
type InOrder = Pick<Ordered, 'change' | 'dependsOn'>

/** Each change's part of the requests that write. */
export function writesOf(changes: readonly Change[], kinds: readonly AnyKind[]): ReadonlyMap<Id, Writes> {
  const kindNamed = new Map(kinds.map(kind => [`${kind.plane}/${kind.name}`, kind]))
  const own = (change: Change): OwnWrites =>
    kindNamed.get(`${change.plane}/${change.kind}`)?.writes?.(change) ??
    (change.plane === 'entra' ? { directory: 1 } : { activeDirectory: 1 })
  return shared(new Map(changes.map(change => [change.id, own(change)])))
}

/** Undefined: there is nothing to do. */
export function estimateOf(ordered: readonly InOrder[], kinds: readonly AnyKind[]): Estimate | undefined {
  if (ordered.length === 0) return undefined
  const changes = ordered.map(({ change }) => change)
  const parts = writesOf(changes, kinds)
  const all = sumOf(parts.values())
  // Parts of shared requests do not add up to the last digit.
  const writes = Object.fromEntries(lanes.map(lane => [lane, Math.round(all[lane])])) as unknown as Writes
  const seconds = Math.ceil(secondsFor(writes) + answerTime * longestChain(ordered, parts))
  if (!changes.some(isInEntra)) return { seconds, writes }
  return { seconds, replication: settlingTime + appearingTime(newObjects(changes, parts)), writes }
}

/** How many objects are made in Entra that later requests of the same apply mention, which have to wait until it shows them. */
function newObjects(changes: readonly Change[], parts: ReadonlyMap<Id, Writes>): number {
  const mentioned = new Set(changes.filter(isInEntra).flatMap(({ needs }) => needs))
  const takesMore = ({ id }: Change): boolean => requestsOf(parts.get(id)) > 1
  return changes.filter(
    change => isInEntra(change) && change.action === 'create' && (takesMore(change) || mentioned.has(change.id)),
  ).length
}

function isInEntra({ plane }: Change): boolean {
  return plane === 'entra'
}

/** Of which some may be shared with other changes. */
function requestsOf(writes: Writes = noWrites): number {
  return lanes.reduce((sum, lane) => sum + writes[lane], 0)
}

/** How many requests come one after the other at least, since each change waits for those that it needs. */
function longestChain(ordered: readonly InOrder[], parts: ReadonlyMap<Id, Writes>): number {
  const behind = new Map<Id, number>()
  for (const { change, dependsOn } of ordered) {
    const before = dependsOn.reduce((most, id) => Math.max(most, behind.get(id) ?? 0), 0)
    const own = lanes.reduce((sum, lane) => sum + Math.ceil(parts.get(change.id)?.[lane] ?? 0), 0)
    behind.set(change.id, before + own)
  }
  return [...behind.values()].reduce((most, each) => Math.max(most, each), 0)
}
