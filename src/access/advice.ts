// What a policy would have to say for a person who has no access: to whom the address belongs, and which groups of that
// partner reach the app already.

import type { Advice, Open } from '../model/explanation.ts'
import type { Address, Grant, ResolvedApp, ResolvedPartner, ResolvedPolicy } from '../model/policy.ts'
import { endOf } from '../model/time.ts'

export function adviceFor(person: Address, app: ResolvedApp, policy: ResolvedPolicy): Advice {
  const known = policy.people.get(person)
  const domain = person.slice(person.lastIndexOf('@') + 1)
  const partner =
    known === undefined
      ? [...policy.partners.values()].find(({ spec }) => spec.domains.some(each => each.toLowerCase() === domain))
      : policy.partners.get(known.partner)
  if (partner === undefined) return { who: 'nobody', domain, isOurs: ownDomains(policy).has(domain) }
  const open = openTo(partner, app, policy)
  if (known === undefined) return { who: 'stranger', partner, open }
  return { who: 'known', partner, open, groups: known.groups.flatMap(name => partner.groups.get(name) ?? []) }
}

function openTo(partner: ResolvedPartner, app: ResolvedApp, policy: ResolvedPolicy): readonly Open[] {
  return policy.grants
    .filter(grant => grant.app === app.name && grant.partner === partner.name && !isOver(grant, policy))
    .flatMap(grant => {
      const group = partner.groups.get(grant.group)
      return group === undefined ? [] : [{ group, grant }]
    })
}

function isOver({ until }: Grant, { at }: ResolvedPolicy): boolean {
  return until !== undefined && (endOf(until) ?? at) < at
}

/** The domains of the people of ours whom the policy names, and of the two directories. */
function ownDomains(policy: ResolvedPolicy): ReadonlySet<string> {
  const { entra, activeDirectory } = policy.organization.spec
  const people = [
    ...[...policy.partners.values()].flatMap(({ spec }) => spec.sponsors ?? []),
    ...[...policy.apps.values()].flatMap(({ spec }) => spec.owners ?? []),
  ]
  const domains = people.map(address => address.slice(address.lastIndexOf('@') + 1))
  const named = [...domains, entra.initialDomain, ...(activeDirectory === undefined ? [] : [activeDirectory.domain])]
  return new Set(named.map(domain => domain.toLowerCase()))
}
