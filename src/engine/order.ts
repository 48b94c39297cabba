// Which change waits for which, and the order that follows. What is made waits for what it needs; what goes waits until
// all that needs it is gone; through one container what closes goes before what opens, so that nobody slips in; and who
// gives up a name that only one can have goes before who takes it.

import type { Id } from '../model/id.ts'
import type { Change, Risk, Spec } from '../model/resource.ts'

export interface Ordered {
  readonly change: Change
  readonly risk: Risk
  readonly dependsOn: readonly Id[]
}

/** The names that a change's object has with a spec, of those that only one object can have. */
export type Claims = (change: Change, spec: Spec) => readonly string[]

/** In the order in which they happen when one happens at a time: revocations first wherever there is a choice. */
export function order(
  changes: readonly Change[],
  riskOf: (change: Change) => Risk,
  claimsOf: Claims = () => [],
): readonly Ordered[] {
  const dependencies = dependenciesOf(changes, claimsOf)
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

function dependenciesOf(changes: readonly Change[], claimsOf: Claims): ReadonlyMap<Id, readonly Id[]> {
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
  for (const [taker, giver] of handovers(changes, claimsOf)) {
    // Two that swap names would wait for each other: then neither waits, and the service has the last word.
    if (!isReachable(giver.id, taker.id, goesFirst)) goesFirst.get(taker.id)?.add(giver.id)
  }
  return new Map([...goesFirst].map(([id, set]) => [id, [...set].sort()]))
}

/** Who takes a name, and who gives it up. */
function handovers(changes: readonly Change[], claimsOf: Claims): readonly (readonly [taker: Change, giver: Change])[] {
  const sides = changes.map(change => {
    const before = claimsOf(change, change.before?.spec ?? {})
    const after = change.after === undefined ? [] : claimsOf(change, { ...change.before?.spec, ...change.after.spec })
    return {
      change,
      gives: before.filter(name => !after.includes(name)),
      takes: after.filter(name => !before.includes(name)),
    }
  })
  const givers = new Map<string, Change[]>()
  for (const { change, gives } of sides)
    for (const name of gives) givers.set(name, [...(givers.get(name) ?? []), change])
  return sides.flatMap(({ change, takes }) =>
    takes.flatMap(name => (givers.get(name) ?? []).map(giver => [change, giver] as const)),
  )
}

/** Whether `from` waits for `to`, at any distance. */
function isReachable(from: Id, to: Id, goesFirst: ReadonlyMap<Id, ReadonlySet<Id>>): boolean {
  const seen = new Set<Id>()
  const open = [from]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === to) return true
    if (seen.has(id)) continue
    seen.add(id)
    open.push(...(goesFirst.get(id) ?? []))
  }
  return false
}
