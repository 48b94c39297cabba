// Groups that others keep, and that give fewer people than before: what happened there is asked about before anything is
// done here. Whatever the scope of the plan.

import type { Links } from '../access/links.ts'
import type { Access } from '../access/reach.ts'
import { allGroups } from '../model/groups.ts'
import { ids, keyOf, kindOf } from '../model/id.ts'
import { allowance, covers, overridesOf } from '../model/override.ts'
import type { FindingAt } from '../model/plan.ts'
import type { ResolvedGroup, ResolvedPolicy } from '../model/policy.ts'
import { isPreAssigned } from '../model/sign-on.ts'
import { exceeds } from './limit.ts'

/**
 * Findings with code `guardrail/source-shrunk`: a group that others keep, and that holds none or too few of the people whom
 * it holds here today.
 */
export function guardSources(
  policy: ResolvedPolicy,
  links: Links,
  accesses: ReadonlyMap<string, Access>,
  found: readonly FindingAt[] = [],
): readonly FindingAt[] {
  const { guardrails } = policy.organization.spec
  const limit = guardrails?.removals
  const overrides = overridesOf(guardrails?.overrides, 'sources', policy.at)
  const groups = allGroups(policy).filter(group => group.source !== undefined && !isRefused(group, found))
  const today = peopleToday(groups, policy, links, accesses)
  return groups.flatMap((group): readonly FindingAt[] => {
    const held = today.get(nameOf(group)) ?? new Set()
    const stay = new Set(group.members.map(member => member.address))
    const lost = [...held].filter(person => !stay.has(person)).length
    const isTooMuch = limit !== undefined && exceeds(lost, held.size, limit)
    const isEmptied = stay.size === 0 && lost > 0
    if (!isEmptied && !isTooMuch) return []
    const what = isEmptied
      ? `holds nobody of ${group.partner} any more: all ${held.size} in ${nameOf(group)} would go`
      : `does not hold ${lost} of ${held.size} in ${nameOf(group)} any more; the limit is ${limit?.percent} % from ${limit?.atLeast} on`
    const message = `${sourceOf(group)} ${what}`
    const finding = { code: 'guardrail/source-shrunk', at: group.origin }
    const allowing = overrides.filter(override => covers(override, { partner: group.partner }))
    if (allowing.length > 0) return [{ ...finding, severity: 'warning', message: `${message}: ${allowance(allowing)}` }]
    const hint =
      'ask those who keep it; if this is meant, add an override to the organization: {guardrail: sources, reason: …, until: …}'
    return [{ ...finding, severity: 'error', message, hint }]
  })
}

/** That the source cannot be used at all is said already. */
function isRefused({ origin }: ResolvedGroup, found: readonly FindingAt[]): boolean {
  return found.some(({ severity, code, at }) => severity === 'error' && code.startsWith('guardrail/') && at === origin)
}

const nameOf = ({ partner, name }: ResolvedGroup): string => `${partner}/${name}`

function sourceOf({ source }: ResolvedGroup): string {
  return source === undefined ? '' : 'entraGroup' in source ? source.entraGroup : source.adGroup
}

/** Who is in each of the groups now, by `<partner>/<group>`. */
function peopleToday(
  groups: readonly ResolvedGroup[],
  policy: ResolvedPolicy,
  { present }: Links,
  accesses: ReadonlyMap<string, Access>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const people = new Map(groups.map(group => [nameOf(group), new Set<string>()]))
  const membership = kindOf(ids.groupMember('', '', ''))
  const inGroups = new Set<string>()
  for (const id of present) {
    if (kindOf(id) !== membership) continue
    const [partner, group, person = ''] = keyOf(id)
    inGroups.add(person)
    people.get(`${partner}/${group}`)?.add(person)
  }
  if (!isPreAssigned(policy)) return people
  // An app role's group does not tell by which group of the partner somebody came: of whom the policy does not know (any
  // more), any that grants the role may be it.
  const granted = Map.groupBy(
    policy.grants.filter(grant => grant.inForce && people.has(`${grant.partner}/${grant.group}`)),
    grant => `${grant.partner}/${grant.app}/${grant.role}`,
  )
  for (const { person, partner, app, role, unmanaged } of accesses.values()) {
    if (inGroups.has(person) || unmanaged.length > 0) continue
    const known = policy.people.get(person)?.groups
    for (const { group } of granted.get(`${partner}/${app}/${role}`) ?? [])
      if (known === undefined || known.includes(group)) people.get(`${partner}/${group}`)?.add(person)
  }
  return people
}
