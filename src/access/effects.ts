// Who gains and who loses which app: the accesses after, less the accesses before, and the reverse.

import type { ResolvedPolicy } from '../model/policy.ts'
import type { Origin } from '../model/problem.ts'
import { endOf, type Instant } from '../model/time.ts'
import type { Access } from './reach.ts'

/** An effect whose places are still relative to the policies folder. */
export interface EffectAt {
  readonly effect: 'gain' | 'lose'
  readonly access: Access
  readonly until: string | null
  readonly because: readonly Origin[]
  /** A loss on the day that a reviewed line says. */
  readonly onItsDay: boolean
}

export function effectsOf(
  before: ReadonlyMap<string, Access>,
  after: ReadonlyMap<string, Access>,
  policy: ResolvedPolicy,
): readonly EffectAt[] {
  const reasons = reasonsOf(policy)
  const gains = keysOnlyIn(after, before).map(access => effect('gain', access, reasons, policy.at))
  const losses = keysOnlyIn(before, after).map(access => effect('lose', access, reasons, policy.at))
  return [...gains, ...losses]
}

function keysOnlyIn(these: ReadonlyMap<string, Access>, those: ReadonlyMap<string, Access>): readonly Access[] {
  return [...these.keys()]
    .filter(key => !those.has(key))
    .sort()
    .flatMap(key => these.get(key) ?? [])
}

interface Reason {
  readonly inForce: boolean
  readonly until: string | undefined
  readonly because: readonly Origin[]
}

type Reasons = (access: Access) => readonly Reason[]

/** The policy lines that give (or, having ended, gave) an access. */
function reasonsOf(policy: ResolvedPolicy): Reasons {
  const grants = Map.groupBy(policy.grants, grant => `${grant.app}\n${grant.role}\n${grant.partner}`)
  const memberships = new Map<string, Reason>()
  for (const partner of policy.partners.values()) {
    for (const group of partner.groups.values()) {
      for (const member of group.members) {
        memberships.set(`${partner.name}/${group.name}\n${member.address}`, {
          inForce: member.inForce,
          until: member.until,
          because: [member.origin],
        })
      }
    }
  }
  return access =>
    (grants.get(`${access.app}\n${access.role}\n${access.partner}`) ?? []).flatMap(grant => {
      const membership = memberships.get(`${grant.partner}/${grant.group}\n${access.person}`)
      if (membership === undefined) return []
      return [
        {
          inForce: grant.inForce && membership.inForce,
          until: earlier(grant.until, membership.until),
          because: [grant.origin, ...membership.because],
        },
      ]
    })
}

function effect(kind: 'gain' | 'lose', access: Access, reasons: Reasons, at: Instant): EffectAt {
  // What gives an access is what is in force; what ended one is a line that is not any more.
  const fitting = reasons(access).filter(reason => reason.inForce === (kind === 'gain'))
  const matching = kind === 'gain' ? fitting : lastOf(fitting)
  const ends = matching.map(reason => reason.until)
  const until = ends.length === 0 || ends.includes(undefined) ? null : (ends.reduce(later) ?? null)
  const onItsDay = kind === 'lose' && ends.some(end => end !== undefined && (endOf(end) ?? at) < at)
  return { effect: kind, access, until, because: matching.flatMap(reason => reason.because), onItsDay }
}

/** Of the lines that gave an access and do not any more, those that did so last. */
function lastOf(reasons: readonly Reason[]): readonly Reason[] {
  const end = ({ until }: Reason): number => (until === undefined ? Number.POSITIVE_INFINITY : (endOf(until) ?? 0))
  const last = Math.max(...reasons.map(end))
  return reasons.filter(reason => end(reason) === last)
}

function earlier(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return (endOf(a) ?? 0) <= (endOf(b) ?? 0) ? a : b
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return undefined
  return (endOf(a) ?? 0) >= (endOf(b) ?? 0) ? a : b
}
