// Which change waits for which, and the order that follows. What is made waits for what it needs; what goes waits until
// all that needs it is gone; what closes goes before what opens the same thing, so that nobody slips in; who gives up a
// name that only one can have goes before who takes it; and a shield comes before what it shields is open, and goes after.

import { type Id, kindOf } from '../model/id.ts'
import type { Change, Risk, Spec } from '../model/resource.ts'
import type { Turns } from './crossings.ts'

export interface Ordered {
  readonly change: Change
  readonly risk: Risk
  readonly dependsOn: readonly Id[]
}

/** What a change's object claims, or shields, with a spec. */
export type Names = (change: Change, spec: Spec) => readonly string[]

export interface Constraints {
  readonly claims?: Names
  readonly shields?: Names
  /** Whether it lets in whoever can sign in. */
  readonly exposes?: (change: Change, spec: Spec) => boolean
  /** What would let somebody in for a moment, and what it waits for so that it does not. */
  readonly crossings?: readonly (readonly [later: Id, earlier: Id])[]
  /** Sign-ins that begin and end. */
  readonly turns?: () => Turns
}

const none: Names = () => []
const still = (): Turns => ({ beginning: [], ending: [] })

/** In the order in which they happen when one happens at a time: revocations first wherever there is a choice. */
export function order(
  changes: readonly Change[],
  riskOf: (change: Change) => Risk,
  constraints: Constraints = {},
): readonly Ordered[] {
  const risks = new Map(changes.map(change => [change.id, riskOf(change)]))
  const dependencies = dependenciesOf(changes, risks, constraints)
  const open = changes.map(change => ({
    change,
    risk: risks.get(change.id) ?? 'neutral',
    dependsOn: dependencies.get(change.id) ?? [],
  }))
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

function dependenciesOf(
  changes: readonly Change[],
  risks: ReadonlyMap<Id, Risk>,
  { claims = none, shields = none, exposes = () => false, crossings = [], turns = still }: Constraints,
): ReadonlyMap<Id, readonly Id[]> {
  const byId = new Map(changes.map(change => [change.id, change]))
  const goesFirst = new Map<Id, Set<Id>>(changes.map(change => [change.id, new Set<Id>()]))
  const closing = closingBy(changes)
  const closedToAll = changes.filter(change => closesToAll(change, exposes))
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
    if (change.action === 'delete') continue
    const risk = risks.get(change.id)
    const opens = risk === 'grant' || risk === 'privileged'
    const meeting = opens ? [change.id, ...change.needs] : change.through === undefined ? [] : [change.through]
    for (const place of meeting) {
      for (const [kind, others] of closing.get(place) ?? []) {
        if (kind !== kindOf(change.id)) for (const other of others) goesFirst.get(change.id)?.add(other.id)
      }
    }
    // What opens and is of no app and no container lets somebody in wherever it is open.
    if (!opens || change.app !== undefined || change.through !== undefined) continue
    for (const other of closedToAll) goesFirst.get(change.id)?.add(other.id)
  }
  const awaited = new Set([...goesFirst.values()].flatMap(earlier => [...earlier]))
  /** Two that would wait for each other do not wait, and the service has the last word. */
  const wait = (later: Id, earlier: Id): void => {
    // Most of what waits is waited for by nothing, and needs no search.
    if (later === earlier || (awaited.has(later) && isReachable(earlier, later, goesFirst))) return
    goesFirst.get(later)?.add(earlier)
    awaited.add(earlier)
  }
  for (const [taker, giver] of handovers(changes, claims)) wait(taker.id, giver.id)
  for (const [later, earlier] of shielding(changes, risks, { closing, turns, shieldsOf: shields }))
    wait(later.id, earlier.id)
  for (const [later, earlier] of crossings) if (byId.has(earlier)) wait(later, earlier)
  return new Map([...goesFirst].map(([id, set]) => [id, [...set].sort()]))
}

/** An app that was open to everybody in the tenant and is not after this: to whom, nothing tells. */
function closesToAll(change: Change, exposes: NonNullable<Constraints['exposes']>): boolean {
  const { before, after } = change
  if (before === undefined || !exposes(change, before.spec)) return false
  return after === undefined || !exposes(change, { ...before.spec, ...after.spec })
}

type Closing = ReadonlyMap<Id, ReadonlyMap<string, readonly Change[]>>

/** What goes, by each thing that it needed and by its kind. */
function closingBy(changes: readonly Change[]): Closing {
  const closing = new Map<Id, Map<string, Change[]>>()
  for (const change of changes) {
    if (change.action !== 'delete') continue
    for (const place of change.needs) {
      const kinds = closing.get(place) ?? new Map<string, Change[]>()
      closing.set(place, kinds)
      const list = kinds.get(kindOf(change.id))
      if (list === undefined) kinds.set(kindOf(change.id), [change])
      else list.push(change)
    }
  }
  return closing
}

type Pair = readonly [later: Change, earlier: Change]

/** Who lets go of what it shields, after who takes it up and after what closes it; and what opens it, after both. */
function shielding(
  changes: readonly Change[],
  risks: ReadonlyMap<Id, Risk>,
  { closing, turns, shieldsOf }: { closing: Closing; turns: () => Turns; shieldsOf: Names },
): readonly Pair[] {
  const sides = sidesOf(changes, shieldsOf)
  // Sign-ins are counted only where something is shielded.
  if (!sides.some(({ held, takes }) => held.length > 0 || takes.length > 0)) return []
  const { beginning: begun, ending: ended } = turns()
  const ending = byLink(
    ended,
    changes.filter(change => change.action === 'delete' || change.retires),
  )
  const beginning = byLink(
    begun,
    changes.filter(change => change.action !== 'delete' && !change.retires),
  )
  const opens = ({ id }: Change): boolean => ['grant', 'privileged'].includes(risks.get(id) ?? '')
  const pairs: Pair[] = []
  const takers = new Map<string, Change[]>()
  for (const { change, takes } of sides) for (const id of takes) takers.set(id, [...(takers.get(id) ?? []), change])
  for (const { change, gives, held } of sides) {
    // What is weakened lets go a little of all that it shields.
    for (const id of risks.get(change.id) === 'privileged' ? held : gives) {
      for (const end of ending.get(id as Id) ?? []) pairs.push([change, end])
      for (const taker of takers.get(id) ?? []) pairs.push([change, taker])
      for (const closed of [...(closing.get(id as Id)?.values() ?? [])].flat()) pairs.push([change, closed])
    }
  }
  for (const { change, takes } of sides) {
    for (const id of takes) {
      for (const opened of beginning.get(id as Id) ?? [])
        if (opened.id !== id && opens(opened)) pairs.push([opened, change])
    }
  }
  for (const change of changes) {
    const risk = risks.get(change.id)
    if (change.action === 'delete' || (risk !== 'grant' && risk !== 'privileged')) continue
    for (const id of change.needs) {
      for (const taker of takers.get(id) ?? []) if (taker !== change) pairs.push([change, taker])
    }
  }
  return pairs
}

/** The changes that a turn is made of, by each of its links. */
function byLink(turns: readonly (readonly Id[])[], changes: readonly Change[]): ReadonlyMap<Id, ReadonlySet<Change>> {
  const byId = new Map(changes.map(change => [change.id, change]))
  const found = new Map<Id, Set<Change>>()
  for (const links of turns) {
    const made = links.flatMap(id => byId.get(id) ?? [])
    for (const id of links) {
      const known = found.get(id) ?? new Set()
      found.set(id, known)
      for (const change of made) known.add(change)
    }
  }
  return found
}

/** What each change holds, gives up and takes, of the names that its object has. */
function sidesOf(
  changes: readonly Change[],
  namesOf: Names,
): readonly { change: Change; held: readonly string[]; gives: readonly string[]; takes: readonly string[] }[] {
  return changes.map(change => {
    const before = namesOf(change, change.before?.spec ?? {})
    const after = change.after === undefined ? [] : namesOf(change, { ...change.before?.spec, ...change.after.spec })
    return {
      change,
      held: before,
      gives: before.filter(name => !after.includes(name)),
      takes: after.filter(name => !before.includes(name)),
    }
  })
}

/** Who takes a name, and who gives it up. */
function handovers(changes: readonly Change[], claimsOf: Names): readonly Pair[] {
  const sides = sidesOf(changes, claimsOf)
  const givers = new Map<string, Change[]>()
  for (const { change, gives } of sides)
    for (const name of gives) givers.set(name, [...(givers.get(name) ?? []), change])
  return sides.flatMap(({ change, takes }) =>
    takes.flatMap(name => (givers.get(name) ?? []).map((giver): Pair => [change, giver])),
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
