// Which change waits for which, and the order that follows. What is made waits for what it needs; what goes waits until
// all that needs it is gone; and through one container what closes goes before what opens, so that nobody slips in.

import type { Id } from '../model/id.ts'
import type { Change, Risk } from '../model/resource.ts'

export interface Ordered {
  readonly change: Change
  readonly risk: Risk
  readonly dependsOn: readonly Id[]
}

/** In the order in which they happen when one happens at a time: revocations first wherever there is a choice. */
export function order(changes: readonly Change[], riskOf: (change: Change) => Risk): readonly Ordered[] {
  const dependencies = dependenciesOf(changes)
  const open = changes.map(change => ({ change, risk: riskOf(change), dependsOn: dependencies.get(change.id) ?? [] }))
  const rank: Record<Risk, number> = { revoke: 0, neutral: 1, grant: 2, privileged: 3 }
  const earlier = (a: Ordered, b: Ordered): number =>
    rank[a.risk] - rank[b.risk] || (a.change.id < b.change.id ? -1 : a.change.id > b.change.id ? 1 : 0)

  const dependants = new Map<Id, Ordered[]>()
  const missing = new Map<Id, number>()
  for (const item of open) {
    missing.set(item.change.id, item.dependsOn.length)
    for (const id of item.dependsOn) {
      const list = dependants.get(id)
      if (list === undefined) dependants.set(id, [item])
      else list.push(item)
    }
  }
  const sorted: Ordered[] = []
  let wave = open.filter(item => item.dependsOn.length === 0)
  while (wave.length > 0) {
    wave.sort(earlier)
    const next: Ordered[] = []
    for (const item of wave) {
      sorted.push(item)
      for (const dependant of dependants.get(item.change.id) ?? []) {
        const left = (missing.get(dependant.change.id) ?? 0) - 1
        missing.set(dependant.change.id, left)
        if (left === 0) next.push(dependant)
      }
    }
    wave = next
  }
  if (sorted.length < open.length) {
    const stuck = open.filter(item => (missing.get(item.change.id) ?? 0) > 0).map(item => item.change.id)
    throw new Error(`changes depend on each other in a circle: ${stuck.slice(0, 5).join(', ')}`)
  }
  return sorted
}

function dependenciesOf(changes: readonly Change[]): ReadonlyMap<Id, readonly Id[]> {
  const byId = new Map(changes.map(change => [change.id, change]))
  const goesFirst = new Map<Id, Set<Id>>(changes.map(change => [change.id, new Set<Id>()]))
  const closing = new Map<Id, Change[]>()
  for (const change of changes) {
    if (change.action !== 'delete' || change.through === undefined) continue
    const list = closing.get(change.through)
    if (list === undefined) closing.set(change.through, [change])
    else list.push(change)
  }
  for (const change of changes) {
    // What only retires (signed off, archived) waits for nothing: a revocation is not held up by another.
    if (change.retires) continue
    for (const needed of change.needs) {
      const other = byId.get(needed)
      if (other === undefined) continue
      if (change.action === 'delete' && other.action === 'delete') goesFirst.get(other.id)?.add(change.id)
      if (change.action !== 'delete' && other.action !== 'delete' && !other.retires)
        goesFirst.get(change.id)?.add(other.id)
    }
    if (change.action === 'delete' || change.through === undefined) continue
    for (const other of closing.get(change.through) ?? []) {
      if (other.kind !== change.kind) goesFirst.get(change.id)?.add(other.id)
    }
  }
  return new Map([...goesFirst].map(([id, set]) => [id, [...set].sort()]))
}
