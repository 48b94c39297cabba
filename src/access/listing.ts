// Who reaches what, until when, and why: accesses with the lines of the policy that stand behind them.

import type { Ground, Listed } from '../model/explanation.ts'
import { type Id, keyOf, kindOf } from '../model/id.ts'
import type { Address, ResolvedPolicy } from '../model/policy.ts'
import type { Observed } from '../model/resource.ts'
import { endOf, type Instant } from '../model/time.ts'
import { countedRole, groundsOf, lastEnd } from './grounds.ts'
import { type Access, accessKey } from './reach.ts'

export interface Filter {
  readonly partners: readonly string[]
  readonly apps: readonly string[]
  readonly person?: Address
  /** Only what ends from then on until then. */
  readonly ending?: { readonly from: Instant; readonly to: Instant }
}

/** By app, role and person. */
export function listAccesses(
  accesses: Iterable<Access>,
  policy: ResolvedPolicy,
  observed: ReadonlyMap<Id, Observed>,
  filter: Filter,
): readonly Listed[] {
  const grounds = groundsOf(policy)
  return [...accesses]
    .filter(access => isMeant(access, filter))
    .map(access => listed(access, grounds(access.person, access.app), policy, observed))
    .filter(({ basis, until }) => filter.ending === undefined || (basis === 'policy' && isWithin(until, filter.ending)))
    .map(item => ({ item, key: accessKey(item.person, item.app, item.role) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ item }) => item)
}

/** How many accesses the policy gives that are not among these. */
export function countPending(accesses: Iterable<Access>, policy: ResolvedPolicy, filter: Filter): number {
  const missing = new Set<string>()
  for (const grant of policy.grants) {
    if (!grant.inForce) continue
    const { partner, group, app } = grant
    const role = countedRole(grant, policy)
    for (const { inForce: isMember, address } of policy.partners.get(partner)?.groups.get(group)?.members ?? [])
      if (isMember && isMeant({ partner, app, person: address }, filter)) missing.add(accessKey(address, app, role))
  }
  for (const { person, app, role } of accesses) missing.delete(accessKey(person, app, role))
  return missing.size
}

function isMeant({ person, partner, app }: Pick<Access, 'person' | 'partner' | 'app'>, filter: Filter): boolean {
  return (
    (filter.person === undefined || filter.person === person) &&
    (filter.apps.length === 0 || filter.apps.includes(app)) &&
    (filter.partners.length === 0 || filter.partners.includes(partner))
  )
}

function listed(
  access: Access,
  grounds: readonly Ground[],
  policy: ResolvedPolicy,
  observed: ReadonlyMap<Id, Observed>,
): Listed {
  const { person, partner, app, role, groups } = access
  const unmanaged = access.links.flatMap(id => unmanagedWay(id, observed))
  const displayName = policy.people.get(person)?.displayName
  const ofRole = grounds.filter(ground => ground.role === role)
  const inForce = ofRole.filter(({ standing }) => standing === 'in force')
  const ended = ofRole.filter(({ standing }) => standing === 'ended')
  const because = inForce.length > 0 ? inForce : unmanaged.length > 0 ? [] : ended
  return {
    person,
    ...(displayName === undefined ? {} : { displayName }),
    partner,
    app,
    role,
    groups,
    unmanaged,
    basis: inForce.length > 0 ? 'policy' : because.length > 0 ? 'ended' : 'none',
    // A way that no policy names has no end.
    until: unmanaged.length > 0 ? null : lastEnd(because),
    because,
  }
}

function unmanagedWay(id: Id, observed: ReadonlyMap<Id, Observed>): readonly string[] {
  if (kindOf(id) !== 'entra/unmanaged-access') return []
  const [, , , via = ''] = keyOf(id)
  const way = observed.get(id)?.spec.way
  return [typeof way === 'string' ? way : via]
}

function isWithin(until: string | null, { from, to }: { readonly from: Instant; readonly to: Instant }): boolean {
  const end = until === null ? undefined : endOf(until)
  return end !== undefined && end >= from && end <= to
}
