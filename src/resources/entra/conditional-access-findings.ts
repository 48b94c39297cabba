// What defeats the demands of apps, or keeps them from becoming conditions: groups that are excluded, policies of others that
// let no guest in, an authentication strength that the tenant does not show, and the room that it has.

import { appsByDemands, demandsOf } from '../../model/demands.ts'
import type { Directories } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { ids } from '../../model/id.ts'
import type { FindingAt, Waiting } from '../../model/plan.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { blockedFor, mostPolicies, type Policy, phishingResistantStrength } from './conditional-access.ts'
import type { ManagedApp } from './managed-apps.ts'
import { addressBook, readGuests } from './tenant.ts'

export function excludedGroups(policy: ResolvedPolicy): readonly string[] {
  return (policy.organization.spec.entra.conditionalAccess?.excludeGroups ?? []).map(id => id.toLowerCase())
}

interface Excluded {
  readonly missing: readonly string[]
  readonly findings: readonly FindingAt[]
}

/** The groups that no condition holds for: they must be there, and guests in them are held to nothing. */
export async function readExcluded(from: Directories, policy: ResolvedPolicy): Promise<Excluded> {
  const groups = appsByDemands(policy).size === 0 ? [] : excludedGroups(policy)
  if (groups.length === 0) return { missing: [], findings: [] }
  const [members, guests] = await Promise.all([
    from.entra.listEach<{ readonly id: string }>(
      groups.map(id => graphPath`/groups/${id}/transitiveMembers`),
      { select: ['id'] },
    ),
    readGuests(from),
  ])
  const book = addressBook(guests, policy)
  const guestIds = new Set(guests.filter(guest => guest.userType === 'Guest').map(guest => guest.id))
  const at = policy.organization.origin
  const findings = groups.flatMap((group, index): FindingAt[] => {
    const found = members[index]
    if (found === undefined) {
      const message = `\`excludeGroups\` names ${group}, and there is no such group: it is left out, and no new conditions are made`
      const hint = 'correct the id: the accounts that it was to keep in may be locked out'
      return [{ severity: 'error', code: 'unknown-excluded-group', message, hint, at }]
    }
    const inside = found.filter(({ id }) => guestIds.has(id)).map(({ id }) => book.get(id) ?? id)
    if (inside.length === 0) return []
    const who = inside.length > 3 ? `${inside.slice(0, 3).join(', ')} and ${inside.length - 3} more` : inside.join(', ')
    const message = `guests are in group ${group}, which \`excludeGroups\` keeps out of all conditions: ${who}`
    const hint = 'take them out of the group: what apps require does not hold for them'
    return [{ severity: 'warning', code: 'guests-excluded', message, hint, at }]
  })
  return { missing: groups.filter((_, index) => members[index] === undefined), findings }
}

/** The built-in authentication strength, where an app asks for it. */
export async function hasStrength(from: Directories, policy: ResolvedPolicy): Promise<boolean> {
  const isAsked = [...policy.apps.values()].some(app => demandsOf(app).includes('phishing-resistant-mfa'))
  if (!isAsked) return true
  const strengths = await from.entra.list<{ readonly id: string }>('/policies/authenticationStrengthPolicies')
  return strengths.some(({ id }) => id === phishingResistantStrength)
}

/** Of the policies that are to be made, those that cannot be. */
export function blocks(keys: readonly string[], missing: readonly string[], hasStrong: boolean): readonly Waiting[] {
  return keys.flatMap(key => {
    const id = ids.conditionalAccessPolicy(key)
    if (missing.length > 0) {
      const message = `\`excludeGroups\` names ${missing.join(', ')}, which is not there: correct it first`
      return [{ id, for: 'policy', message }]
    }
    if (hasStrong || !key.split('+').includes('phishing-resistant-mfa')) return []
    const message =
      'the tenant does not show the built-in authentication strength `Phishing-resistant MFA`: see Authentication strengths in the Entra admin center'
    return [{ id, for: 'person', message }]
  })
}

/** New ones are made before old ones go, so that both must fit. */
export function roomFor(policy: ResolvedPolicy, there: number, needed: number): readonly FindingAt[] {
  if (needed === 0 || there + needed <= mostPolicies) return []
  const message = `the tenant has ${there} conditional access policies of at most ${mostPolicies}, and the apps' demands need ${needed} more`
  const hint = `delete ${there + needed - mostPolicies}, or let more apps ask the same: each distinct set in \`requires\` is one policy`
  return [
    { severity: 'error', code: 'guardrail/conditional-access-limit', message, hint, at: policy.organization.origin },
  ]
}

/** Others' policies by which no guest gets in, whatever is met. */
export function shutOut(
  policy: ResolvedPolicy,
  policies: readonly Policy[],
  apps: readonly ManagedApp[],
): readonly FindingAt[] {
  const nameOf = new Map(
    apps.filter(app => policy.apps.has(app.name)).map(app => [app.found.appId.toLowerCase(), app.name]),
  )
  return policies.flatMap((found): FindingAt[] => {
    const names = blockedFor(found, [...nameOf.keys()])
      .map(appId => nameOf.get(appId) ?? appId)
      .sort()
    const first = policy.apps.get(names[0] ?? '')
    if (first === undefined) return []
    const message = `the conditional access policy \`${found.displayName}\` blocks all guests from ${names.join(', ')}`
    const hint = 'nobody gets in while it is enabled, whatever is granted here: exclude the apps or the guests from it'
    return [{ severity: 'warning', code: 'guests-blocked', message, hint, at: first.origin }]
  })
}

/** What guests can only show with the word of their own tenant, and the trust that takes it. */
const shownAtHome = { 'compliant-device': 'compliantDevice', 'phishing-resistant-mfa': 'mfa' } as const

/** Demands that a partner's guests can never meet as the policy stands: once the conditions are enabled, none gets in. */
export function unmeetable(policy: ResolvedPolicy): readonly FindingAt[] {
  if (policy.organization.spec.entra.conditionalAccess?.state === 'disabled') return []
  return [...policy.apps.values()].flatMap(app => {
    const partners = new Set(
      policy.grants.filter(grant => grant.app === app.name && grant.inForce).map(each => each.partner),
    )
    return demandsOf(app).flatMap(demand => {
      const trust = shownAtHome[demand as keyof typeof shownAtHome]
      return [...partners].flatMap((name): FindingAt[] => {
        const partner = policy.partners.get(name)?.spec
        if (trust === undefined || partner?.accounts !== 'entra-b2b' || partner.trust?.[trust] === true) return []
        const message = `${name}'s guests cannot meet \`${demand}\` at ${app.name}: only their own tenant could vouch for it, and the policy does not trust it to`
        const hint = `say \`tenantId\` and \`trust: {${trust}: true}\` of ${name}, or let ${app.name} ask something else`
        return [{ severity: 'warning', code: 'demand-cannot-be-met', message, hint, at: app.origins.requires }]
      })
    })
  })
}
