// From when until when the policy gives somebody an app: the accesses and memberships behind it laid together, so that what
// one of them ends and another carries on neither ends nor begins.

import type { Address, Grant, Member, ResolvedPolicy } from '../model/policy.ts'
import type { Origin } from '../model/problem.ts'
import { endOf, type Instant, startOf } from '../model/time.ts'
import { countedRole } from './grounds.ts'

/** A time without a gap. Infinite where nothing begins or ends it. */
export interface Stay {
  readonly start: Instant
  readonly end: Instant
  /** The end as the policy writes it; null without one. */
  readonly until: string | null
  /** The lines that begin it, and those that end it. */
  readonly began: readonly Origin[]
  readonly ends: readonly Origin[]
}

/** One app and role, and everybody of one partner who has it, or will. */
export interface Stays {
  readonly partner: string
  readonly app: string
  readonly role: string
  readonly people: ReadonlyMap<Address, readonly Stay[]>
}

/** By app, role and partner; without what is over. */
export function staysOf(
  policy: ResolvedPolicy,
  isMeant: (grant: Pick<Grant, 'partner' | 'app'>) => boolean,
): ReadonlyMap<string, Stays> {
  const alike = Map.groupBy(policy.grants.filter(isMeant), grant =>
    [grant.app, countedRole(grant, policy), grant.partner].join('\n'),
  )
  return new Map(
    [...alike].flatMap(([key, grants]) => {
      const [first] = grants
      if (first === undefined) return []
      const { partner, app } = first
      return [[key, { partner, app, role: countedRole(first, policy), people: peopleOf(grants, policy) }] as const]
    }),
  )
}

function peopleOf(grants: readonly Grant[], policy: ResolvedPolicy): ReadonlyMap<Address, readonly Stay[]> {
  const spans = new Map<Address, Stay[]>()
  for (const grant of grants) {
    const start = (grant.from === undefined ? undefined : startOf(grant.from)) ?? Number.NEGATIVE_INFINITY
    const end = lastInstant(grant)
    for (const member of policy.partners.get(grant.partner)?.groups.get(grant.group)?.members ?? []) {
      const span = spanOf(grant, member, start, end)
      if (span.end < Math.max(span.start, policy.at)) continue
      const others = spans.get(member.address)
      if (others === undefined) spans.set(member.address, [span])
      else others.push(span)
    }
  }
  return new Map([...spans].map(([person, own]) => [person, own.length === 1 ? own : joined(own)]))
}

function spanOf(grant: Grant, member: Member, start: Instant, end: Instant): Stay {
  const own = lastInstant(member)
  const because = [grant.origin, member.origin]
  const until = (own < end ? member.until : grant.until) ?? null
  return { start, end: Math.min(own, end), until, began: because, ends: because }
}

function lastInstant({ until }: { readonly until?: string }): Instant {
  return (until === undefined ? undefined : endOf(until)) ?? Number.POSITIVE_INFINITY
}

/** A day's last instant and the next day's first leave no gap. */
function joined(spans: readonly Stay[]): readonly Stay[] {
  const stays: Stay[] = []
  for (const span of spans.toSorted((one, other) => compareInstants(one.start, other.start))) {
    const last = stays.at(-1)
    if (last === undefined || span.start > last.end + 1) stays.push(span)
    else stays[stays.length - 1] = union(last, span)
  }
  return stays
}

/** `one` does not begin after the other. */
function union(one: Stay, other: Stay): Stay {
  const began = one.start === other.start ? [...one.began, ...other.began] : one.began
  if (one.end === other.end) return { ...one, began, ends: [...one.ends, ...other.ends] }
  const { end, until, ends } = one.end > other.end ? one : other
  return { start: one.start, end, until, began, ends }
}

/** Not by difference: two that have always begun have none. */
function compareInstants(one: Instant, other: Instant): number {
  return one < other ? -1 : one > other ? 1 : 0
}
