// What the policy brings by itself, on its day: accesses that begin later, accesses that end soon, and ends that a change of
// the policy moves. Nothing of it changes a directory today, and a reviewer must see it all the same.

import type { AccessOf, Coming, Moved, PlanScope } from '../model/plan.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import type { Origin } from '../model/problem.ts'
import { dateOf, dayMs, endOf, type Instant } from '../model/time.ts'
import { accessKey } from './reach.ts'
import { type Stay, staysOf } from './stays.ts'

/** With places still relative to the policies folder. */
type At<Item extends { readonly because: unknown }> = Omit<Item, 'because'> & { readonly origins: readonly Origin[] }

export interface Outlook {
  readonly coming: readonly At<Coming>[]
  readonly moved: readonly At<Moved>[]
  /** What the base would bring later, and this policy never does. */
  readonly calledOff: readonly AccessOf[]
}

const soon = 30 * dayMs

/**
 * With a base, what comes by the change of the policy alone is intended; what the base brings as well, on the same day, has no
 * cause. A base without a policy is one that nothing is known of: then everything is intended, and no end is known to move.
 */
export function outlookOf(
  policy: ResolvedPolicy,
  base: { readonly policy?: ResolvedPolicy } | undefined,
  { partners, apps }: Pick<PlanScope, 'partners' | 'apps'>,
): Outlook {
  const isMeant = (of: { readonly partner: string; readonly app: string }): boolean =>
    (partners.length === 0 || partners.includes(of.partner)) && (apps.length === 0 || apps.includes(of.app))
  const { at } = policy
  const own = staysOf(policy, isMeant)
  const former = base?.policy === undefined ? undefined : staysOf(base.policy, isMeant)
  const coming: At<Coming>[] = []
  const moved: At<Moved>[] = []
  const calledOff: AccessOf[] = []
  for (const [key, { partner, app, role, people }] of own) {
    for (const [person, stays] of people) {
      const of = { person, partner, app, role }
      const before = former?.get(key)?.people.get(person) ?? []
      const known = base === undefined ? undefined : new Set(before.flatMap(stay => eventsOf(stay, at)).map(nameOf))
      for (const event of stays.flatMap(stay => eventsOf(stay, at))) {
        const isIntended = known?.has(nameOf(event)) === false
        coming.push({ ...event, ...of, ...(isIntended ? { cause: 'intended' } : {}) })
      }
      for (const stay of before.length === 0 ? [] : stays) {
        const was = before.find(one => beginOf(one, at) === beginOf(stay, at))
        if (was !== undefined && was.end !== stay.end)
          moved.push({ ...of, was: was.until, until: stay.until, origins: stay.ends })
      }
    }
  }
  for (const [key, { partner, app, role, people }] of former ?? []) {
    for (const [person, stays] of people) {
      const isCalledOff = stays.some(({ start }) => start > at && !isGivenFrom(start, own.get(key)?.people.get(person)))
      if (isCalledOff) calledOff.push({ person, partner, app, role })
    }
  }
  return {
    coming: inOrder(coming, ({ on }) => on),
    moved: inOrder(moved, () => ''),
    calledOff: inOrder(calledOff, () => ''),
  }
}

type Event = Pick<At<Coming>, 'effect' | 'on' | 'until' | 'origins'>

function eventsOf({ start, end, until, began, ends }: Stay, at: Instant): readonly Event[] {
  const last = endOf(dateOf(at + soon)) ?? at + soon
  return [
    ...(start > at ? [{ effect: 'gain' as const, on: dateOf(start), until, origins: began }] : []),
    ...(end <= last ? [{ effect: 'lose' as const, on: dateOf(end), until, origins: ends }] : []),
  ]
}

function nameOf({ effect, on }: Event): string {
  return `${effect} ${on}`
}

/** What is in force began, whenever that was. */
function beginOf({ start }: Stay, at: Instant): Instant {
  return Math.max(start, at)
}

function isGivenFrom(start: Instant, stays: readonly Stay[] = []): boolean {
  return stays.some(stay => stay.end >= start)
}

function inOrder<Item extends AccessOf>(items: readonly Item[], first: (item: Item) => string): readonly Item[] {
  return items
    .map(item => ({ item, key: `${first(item)}\n${accessKey(item.person, item.app, item.role)}` }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ item }) => item)
}
