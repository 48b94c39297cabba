// Who is wanted in a group goes there in sets of up to twenty, all of them or none. A set that is not full goes when nothing
// else can. Refused, it tells which one is to blame or is halved, so that one bad object among twenty costs few writes; those
// whom the service may not know yet come along later.

import { RequestFailure, type Turn } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { membersPerRequest } from '../../model/quota.ts'
import type { Gate } from './gate.ts'
import { type Lag, namedIn } from './lag.ts'
import { aloneTurn, interrupted, type Turns } from './turns.ts'
import type { Visible } from './visible.ts'
import type { Request } from './wire.ts'

export interface Members {
  /** Already there counts as done. */
  readonly add: (groupId: string, objectId: string, turn: Turn) => Promise<void>
}

export interface MembersParts {
  readonly root: string
  readonly gate: Gate
  readonly lag: Lag
  readonly visible: Visible
  readonly turns: Turns
}

interface Wanted {
  readonly objectId: string
  readonly turn: Turn
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

interface Group {
  readonly id: string
  pool: Wanted[]
  /** Parts of sets that were refused. */
  readonly parts: Wanted[][]
  isLeaving: boolean
}

export function createMembers({ root, gate, lag, visible, turns }: MembersParts): Members {
  const groups = new Map<string, Group>()

  const add: Members['add'] = (groupId, objectId, turn) => {
    const group = groups.get(groupId) ?? { id: groupId, pool: [], parts: [], isLeaving: false }
    groups.set(groupId, group)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    join(group, { objectId, turn, resolve, reject })
    return promise
  }

  const join = (group: Group, wanted: Wanted): void => {
    const awaited = visible.awaited([wanted.objectId], wanted.turn.signal)
    if (awaited === undefined) {
      group.pool.push(wanted)
      void leave(group)
      return
    }
    // Interrupted, it is not awaited again, but rejected.
    awaited.then(() => join(group, wanted), wanted.reject)
  }

  const leave = async (group: Group): Promise<void> => {
    if (group.isLeaving) return
    group.isLeaving = true
    while (group.pool.length + group.parts.length > 0) await sendSet(group)
    group.isLeaving = false
  }

  const sendSet = async (group: Group): Promise<void> => {
    let set: readonly Wanted[] | undefined
    let departures = 0
    const gathered = (): readonly Wanted[] => set ?? group.parts[0] ?? group.pool
    try {
      await gate.pass({
        path: groupPath(group.id),
        version: 'v1.0',
        turn: () => first(gathered())?.turn ?? aloneTurn(),
        isPatient: () => group.parts.length === 0 && group.pool.length < membersPerRequest,
        awaited: () => visible.awaited([group.id], gathered()[0]?.turn.signal),
        request: () => {
          set = (set ?? take(group)).filter(mayBegin)
          departures += 1
          return set.length === 0 ? undefined : requestFor(group.id, set)
        },
        tell: id => {
          for (const { turn } of set ?? []) turn.tell(id)
        },
      })
      for (const wanted of set ?? []) wanted.resolve()
    } catch (error) {
      // Interrupted before it left: whatever else had gathered goes, too.
      set ??= group.parts.shift() ?? group.pool.splice(0)
      refused(group, set, error, departures > 1)
    }
  }

  /** Revocations have no place here; of the others, those first whose changes have begun. */
  const first = (set: readonly Wanted[]): Wanted | undefined =>
    set.reduce<Wanted | undefined>(
      (best, wanted) => (best === undefined || isBefore(wanted, best) ? wanted : best),
      undefined,
    )

  const isBefore = (one: Wanted, other: Wanted): boolean => {
    const stages = turns.stage(one.turn) - turns.stage(other.turn)
    return stages < 0 || (stages === 0 && one.turn.rank < other.turn.rank)
  }

  const take = (group: Group): readonly Wanted[] => {
    const part = group.parts.shift()
    if (part !== undefined) return part
    const sorted = group.pool.toSorted((a, b) => (isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0))
    // Who joined before anything had to be waited for.
    const early = sorted.filter(({ objectId }) => visible.awaited([objectId]) !== undefined)
    const set = sorted.filter(wanted => !early.includes(wanted)).slice(0, membersPerRequest)
    group.pool = sorted.filter(wanted => !set.includes(wanted) && !early.includes(wanted))
    for (const wanted of early) join(group, wanted)
    return set
  }

  const mayBegin = ({ turn, reject }: Wanted): boolean => {
    try {
      if (turn.signal?.aborted && !turns.hasBegun(turn)) throw interrupted()
      turns.begin(turn)
      return true
    } catch (error) {
      reject(error)
      return false
    }
  }

  const requestFor = (groupId: string, set: readonly Wanted[]): Request => {
    const references = set.map(({ objectId }) => `${root}/v1.0/directoryObjects/${encodeURIComponent(objectId)}`)
    const path = groupPath(groupId)
    const common = { version: 'v1.0', repeat: 'freely' } as const
    return references.length === 1
      ? { ...common, method: 'POST', path: `${path}/members/$ref`, body: { '@odata.id': references[0] } }
      : { ...common, method: 'PATCH', path, body: { 'members@odata.bind': references } }
  }

  const refused = (group: Group, set: readonly Wanted[], error: unknown, isRepeated: boolean): void => {
    const isOfOne = error instanceof RequestFailure && (error.status === 400 || error.status === 404)
    const [only] = set
    if (isOfOne && set.length === 1 && isThere(error)) {
      only?.resolve()
      return
    }
    const ids = set.map(({ objectId }) => objectId)
    if (isOfOne && lag.excuses(error, [group.id, ...ids])) {
      for (const wanted of set) join(group, wanted)
    } else if (isOfOne && set.length > 1) {
      group.parts.push(...partsOf(set, namedIn(error, ids), isRepeated))
    } else {
      for (const wanted of set) wanted.reject(error)
    }
  }

  return { add }
}

function partsOf(set: readonly Wanted[], named: string | undefined, isRepeated: boolean): Wanted[][] {
  if (named !== undefined) {
    return [set.filter(({ objectId }) => objectId !== named), set.filter(({ objectId }) => objectId === named)]
  }
  // A first answer was lost, and now all of them are there.
  if (isRepeated) return set.map(wanted => [wanted])
  const middle = Math.ceil(set.length / 2)
  return [set.slice(0, middle), set.slice(middle)]
}

function groupPath(groupId: string): string {
  return graphPath`/groups/${groupId}`
}

export function isThere(error: unknown): boolean {
  return (
    error instanceof RequestFailure &&
    error.status === 400 &&
    /object references already exist|conflicting object with one or more of the specified property values/i.test(
      error.message,
    )
  )
}
