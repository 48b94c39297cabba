// The part of a plan that only carries out days which reviewed lines have set: what the policy wanted until its day was over,
// and accounts whose grace period is.

import type { Person, ResolvedGroup, ResolvedPartner, ResolvedPolicy } from '../model/policy.ts'
import { endOf } from '../model/time.ts'
import type { AnyKind } from '../resources/kind.ts'
import { desire } from './desire.ts'
import type { Ordered } from './order.ts'
import { type Scope, withDependencies } from './scope.ts'

/** What takes away what has ended, with all that this waits for. */
export function narrowToEnded(
  ordered: readonly Ordered[],
  { also }: Scope,
  policy: ResolvedPolicy,
  kinds: readonly AnyKind[],
): readonly Ordered[] {
  const wanted = desire(kinds, withoutEnds(policy))
  const isTaken = ({ change, risk }: Ordered): boolean =>
    (risk === 'revoke' || change.retires || change.action === 'delete') && wanted.has(change.id)
  const isDue = ({ change }: Ordered): boolean => change.action === 'delete' && change.before?.retired === true
  return withDependencies(
    ordered,
    ordered.filter(item => also?.has(item.change.id) === true || isTaken(item) || isDue(item)),
  )
}

/** As if no access and no membership had ended: what is not wanted for all that has no day of its own. */
function withoutEnds(policy: ResolvedPolicy): ResolvedPolicy {
  const stays = <Item extends { readonly inForce: boolean; readonly until?: string }>(item: Item): Item =>
    (endOf(item.until ?? '') ?? policy.at) < policy.at ? { ...item, inForce: true } : item
  const partners = new Map(
    [...policy.partners].map(([name, partner]): [string, ResolvedPartner] => {
      const groups = [...partner.groups].map(([key, group]): [string, ResolvedGroup] => [
        key,
        { ...group, members: group.members.map(stays) },
      ])
      return [name, { ...partner, groups: new Map(groups) }]
    }),
  )
  const groupsOf = new Map<string, string[]>()
  for (const { groups } of partners.values())
    for (const group of groups.values())
      for (const { address, inForce } of group.members)
        if (inForce) groupsOf.set(address, [...(groupsOf.get(address) ?? []), group.name])
  const people = new Map(
    [...policy.people].map(([address, person]): [string, Person] => [
      address,
      { ...person, groups: groupsOf.get(address) ?? [] },
    ]),
  )
  return { ...policy, partners, people, grants: policy.grants.map(stays) }
}
