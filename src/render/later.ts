// What comes on its day and changes nothing today: accesses that begin later, and ends that a change of policy moves. Grouped
// as effects are. Plain text, not escaped for anything.

import type { AccessOf, Cause, Coming, Line, Moved, Plan } from '../model/plan.ts'
import { titleOf } from './app-title.ts'
import { byApp, compare } from './layout.ts'

export interface LaterGroup {
  readonly kind: 'begins' | 'longer' | 'shorter'
  /** As people call it, and as the policy does. */
  readonly app: string
  readonly appName: string
  /** Undefined for an app that has left the policy. */
  readonly hosting: 'cloud' | 'on-premises' | undefined
  readonly role: string
  readonly partner: string
  /** When it begins, or when it ends from now on; null: without an end. */
  readonly on: string | null
  /** When it ends from now on; null: without an end. */
  readonly until: string | null
  /** Of an end that moves: when it ended so far; null: without an end. */
  readonly was: string | null
  readonly people: readonly string[]
  readonly because: readonly Line[]
}

/** With `intended`, what the change of policy brings; with `drift`, what comes without it. */
export function laterGroups(plan: Plan, cause?: Cause): readonly LaterGroup[] {
  // A plan of what ends by itself begins nothing.
  const begins = (plan.scope.ended === true ? [] : plan.coming)
    .filter(({ effect }) => effect === 'gain')
    .filter(each => cause === undefined || (each.cause === 'intended') === (cause === 'intended'))
  const moved = cause === 'drift' ? [] : plan.moved
  return [
    ...grouped(begins, ({ on, until }) => ({ kind: 'begins', on, until, was: null }), plan),
    ...grouped(
      moved,
      ({ was, until }) => ({ kind: isLonger(was, until) ? 'longer' : 'shorter', on: until, until, was }),
      plan,
    ),
  ]
}

function grouped<Item extends Coming | Moved>(
  items: readonly Item[],
  turnOf: (item: Item) => Pick<LaterGroup, 'kind' | 'on' | 'until' | 'was'>,
  plan: Plan,
): readonly LaterGroup[] {
  const alike = (item: Item): string =>
    JSON.stringify([turnOf(item), item.app, item.role, item.partner, item.because[0] ?? null])
  const groups = [...Map.groupBy(items, alike).values()].flatMap(same => {
    const [first] = same
    if (first === undefined) return []
    const { app, role, partner }: AccessOf = first
    return [
      {
        ...turnOf(first),
        app: titleOf(app, plan),
        appName: app,
        hosting: plan.apps[app]?.hosting,
        role,
        partner,
        people: [...new Set(same.map(({ person }) => person))],
        because: first.because.slice(0, 1),
      },
    ]
  })
  return groups.sort((one, other) => compare(one.on ?? 'z', other.on ?? 'z') || byApp(one, other))
}

function isLonger(was: string | null, until: string | null): boolean {
  return was !== null && (until === null || until > was)
}

/** `from 2027-01-15 until 2027-06-30`, `until 2027-12-31, was 2027-06-30` */
export function turnOf({ kind, on, until, was }: LaterGroup): string {
  if (kind === 'begins') return `from ${on} ${until === null ? 'without an end' : `until ${until}`}`
  return `${on === null ? 'no end' : `until ${on}`}, ${was === null ? 'had no end' : `was ${was}`}`
}

export function verbOf({ kind, people }: LaterGroup): string {
  const one = people.length === 1
  if (kind === 'begins') return one ? 'gains later' : 'gain later'
  if (kind === 'longer') return one ? 'keeps longer' : 'keep longer'
  return one ? 'loses earlier' : 'lose earlier'
}
