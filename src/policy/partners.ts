// Partners -> groups and people as of one instant: who belongs to whom, who is listed where, whose membership has
// ended.

import type { Partner } from '../model/policy.generated.ts'
import type { Member, Person, ResolvedGroup, ResolvedPartner } from '../model/policy.ts'
import type { Origin, Problem } from '../model/problem.ts'
import { dateOf, endOf, type Instant } from '../model/time.ts'
import type { Checked } from './check.ts'
import { faultAt, originAt, step } from './document.ts'
import { byKey } from './order.ts'
import type { RosterMember } from './roster.ts'
import { type Fault, originOf, problemAt } from './source.ts'
import { checkInvitable } from './text.ts'

export interface Partners {
  readonly partners: ReadonlyMap<string, ResolvedPartner>
  readonly people: ReadonlyMap<string, Person>
}

/** The members of a roster, by `<partner>/<group>`. */
export type Rosters = ReadonlyMap<string, readonly RosterMember[]>

/** A person in a group, wherever that is written. */
interface Listing {
  readonly address: string
  readonly displayName?: string | undefined
  readonly until?: string | undefined
  readonly origin: Origin
  readonly problem: (part: 'address' | 'until', fault: Fault) => Problem
}

interface FoundPerson {
  readonly partner: string
  displayName: string | undefined
  readonly groups: string[]
  readonly origins: Origin[]
}

export function resolvePartners(
  checked: ReadonlyMap<string, Checked<'Partner'>>,
  rosters: Rosters,
  at: Instant,
  report: (problem: Problem) => void,
): Partners {
  const found = new Map<string, FoundPerson>()
  const partners = new Map<string, ResolvedPartner>()
  for (const partner of checked.values()) {
    const groups = new Map<string, ResolvedGroup>()
    for (const [name, group] of Object.entries(partner.spec.groups ?? {})) {
      if (group === undefined) continue
      const pointer = `/groups${step(name)}`
      const { entraGroup, adGroup } = group.membersFrom ?? {}
      const source = entraGroup !== undefined ? { entraGroup } : adGroup !== undefined ? { adGroup } : undefined
      const listings = [
        ...inDocument(partner, pointer),
        ...(rosters.get(`${partner.name}/${name}`) ?? []).map(inRoster),
      ]
      groups.set(name, {
        partner: partner.name,
        name,
        ...(group.description === undefined ? {} : { description: group.description }),
        origin: originAt(partner.document, pointer, 'key'),
        ...(source === undefined ? {} : { source }),
        members: membersOf(partner, name, listings),
      })
    }
    partners.set(partner.name, {
      name: partner.name,
      spec: partner.spec as Partner,
      origin: originAt(partner.document, '/name'),
      groups: byKey(groups),
    })
  }
  const people = [...found].map(([address, { displayName, groups, ...person }]): [string, Person] => [
    address,
    { address, ...(displayName === undefined ? {} : { displayName }), groups: groups.sort(), ...person },
  ])
  return { partners: byKey(partners), people: byKey(people) }

  function membersOf(partner: Checked<'Partner'>, group: string, listings: readonly Listing[]): readonly Member[] {
    const members = new Map<string, Member>()
    for (const listing of listings) {
      const address = listing.address.toLowerCase()
      const first = members.get(address)
      if (first !== undefined) {
        const fault = {
          code: 'listed-twice',
          message: `${address} is in ${group} twice`,
          hint: 'the first is here:',
          see: first.origin,
        } as const
        report(listing.problem('address', { severity: 'error', ...fault }))
        continue
      }
      if (!belongs(partner, address, listing)) continue
      const end = listing.until === undefined ? undefined : endOf(listing.until)
      const inForce = end === undefined || at <= end
      if (end !== undefined && !inForce) {
        const fault = {
          code: 'already-over',
          message: `this membership ended on ${dateOf(end)}`,
          hint: 'remove it, or give it a new end',
        } as const
        report(listing.problem('until', { severity: 'warning', ...fault }))
      }
      const until = listing.until === undefined ? {} : { until: listing.until }
      const member: Member = { address, ...until, inForce, origin: listing.origin }
      if (meet(partner.name, group, member, listing)) members.set(address, member)
    }
    return [...byKey(members).values()]
  }

  function belongs(partner: Checked<'Partner'>, address: string, listing: Listing): boolean {
    const domains = (partner.spec.domains ?? []).filter(domain => domain !== undefined)
    if (domains.length > 0 && !domains.some(domain => address.endsWith(`@${domain.toLowerCase()}`))) {
      const hint = `${partner.name}'s domains are ${domains.slice(0, 5).join(', ')}${domains.length > 5 ? ', …' : ''}`
      const see = originAt(partner.document, '/domains', 'key')
      report(
        listing.problem('address', {
          severity: 'error',
          code: 'foreign-domain',
          message: `${address} is not of ${partner.name}`,
          hint,
          see,
        }),
      )
      return false
    }
    const refused = partner.spec.accounts === 'entra-b2b' ? checkInvitable(address) : undefined
    if (refused !== undefined) report(listing.problem('address', refused))
    return refused === undefined
  }

  function meet(partner: string, group: string, member: Member, listing: Listing): boolean {
    const { address, origin } = member
    const person = found.get(address)
    const [first] = person?.origins ?? []
    if (person === undefined || first === undefined) {
      found.set(address, {
        partner,
        displayName: listing.displayName,
        groups: member.inForce ? [group] : [],
        origins: [origin],
      })
      return true
    }
    if (person.partner !== partner) {
      const message = `${address} is in ${person.partner} already`
      report(
        listing.problem('address', {
          severity: 'error',
          code: 'two-partners',
          message,
          hint: 'a person is of one partner:',
          see: first,
        }),
      )
      return false
    }
    if (
      listing.displayName !== undefined &&
      person.displayName !== undefined &&
      listing.displayName !== person.displayName
    ) {
      const message = `${address} is also called \`${person.displayName}\``
      report(
        listing.problem('address', {
          severity: 'warning',
          code: 'two-names',
          message,
          hint: 'the first counts:',
          see: first,
        }),
      )
    }
    person.displayName ??= listing.displayName
    person.origins.push(origin)
    if (member.inForce) person.groups.push(group)
    return true
  }
}

function inDocument({ spec, document }: Checked<'Partner'>, group: string): readonly Listing[] {
  const name = group.slice('/groups/'.length)
  return (spec.groups?.[name]?.members ?? []).flatMap((member, index): Listing[] => {
    const item = `${group}/members/${index}`
    const mapping = typeof member === 'string' ? { address: member } : member
    if (mapping?.address === undefined) return []
    const at = typeof member === 'string' ? item : `${item}/address`
    const problem: Listing['problem'] = (part, fault) =>
      faultAt(document, part === 'address' ? at : `${item}/until`, 'value', fault)
    return [{ ...mapping, address: mapping.address, origin: originAt(document, at), problem }]
  })
}

function inRoster({ source, ranges, ...member }: RosterMember): Listing {
  return {
    ...member,
    origin: originOf(source, ranges.address.start),
    problem: (part, fault) => problemAt(source, ranges[part], fault),
  }
}
