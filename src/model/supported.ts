// Which constructs of the policy language are applied already. The rest is validated and shown as `not supported yet`:
// never half applied, never silently ignored.

import type { FindingAt } from './plan.ts'
import type { ResolvedApp, ResolvedGroup, ResolvedPartner, ResolvedPolicy } from './policy.ts'
import type { Origin } from './problem.ts'

/** The groups whose people are invited and looked after. */
export function appliedGroups(policy: ResolvedPolicy): readonly ResolvedGroup[] {
  return [...policy.partners.values()]
    .filter(isInvited)
    .flatMap(partner => [...partner.groups.values()])
    .filter(group => group.source === undefined)
}

export function isAppliedGroup(policy: ResolvedPolicy, partner: string, group: string): boolean {
  const found = policy.partners.get(partner)
  return found !== undefined && isInvited(found) && found.groups.get(group)?.source === undefined
}

/** The groups of partners whose accounts our own Active Directory keeps. */
export function keptGroups(policy: ResolvedPolicy): readonly ResolvedGroup[] {
  return [...policy.partners.values()]
    .filter(partner => !isInvited(partner))
    .flatMap(partner => [...partner.groups.values()])
    .filter(group => group.source === undefined)
}

export function isKeptGroup(policy: ResolvedPolicy, partner: string, group: string): boolean {
  const found = policy.partners.get(partner)
  return found !== undefined && !isInvited(found) && found.groups.get(group)?.source === undefined
}

export function isInvited(partner: ResolvedPartner): boolean {
  return partner.spec.accounts === 'entra-b2b'
}

export function appliedApps(policy: ResolvedPolicy): readonly ResolvedApp[] {
  return [...policy.apps.values()].filter(isApplied)
}

export function isApplied(app: ResolvedApp): boolean {
  return app.spec.hosting === 'cloud' || isKerberos(app)
}

/** On premises, signed on to by Kerberos. */
export function isKerberos(app: ResolvedApp): boolean {
  return kerberosOf(app) !== undefined
}

export function kerberosOf(
  app: ResolvedApp,
): { servicePrincipalName: string; loginIdentity?: string; delegation?: string } | undefined {
  const signOn = app.spec.signOn
  return typeof signOn === 'object' && 'kerberos' in signOn ? signOn.kerberos : undefined
}

/** How connectors come to sign people in to a Kerberos app. */
export function delegationOf(app: ResolvedApp): string | undefined {
  const kerberos = kerberosOf(app)
  return kerberos === undefined ? undefined : (kerberos.delegation ?? 'constrained')
}

/** Whether app roles' groups are assigned by us. */
export function assignsAppRoles(policy: ResolvedPolicy): boolean {
  return policy.organization.spec.entra.assignments !== 'pre-assigned'
}

export function unsupported(policy: ResolvedPolicy): readonly FindingAt[] {
  const findings: FindingAt[] = []
  const notYet = (what: string, at: Origin): void => {
    findings.push({ severity: 'warning', code: 'not-supported-yet', message: `not supported yet: ${what}`, at })
  }
  const { spec: organization, origin } = policy.organization
  if (organization.entra.guests !== undefined)
    notYet('what guests may be and who may invite (entra.guests) is left as it is', origin)
  if (organization.entra.conditionalAccess !== undefined)
    notYet('conditional access for guests (entra.conditionalAccess) is left as it is', origin)
  if (!assignsAppRoles(policy)) notYet('assignments: pre-assigned. No group is assigned to an app role', origin)
  for (const partner of policy.partners.values()) {
    const { spec } = partner
    if (!isInvited(partner))
      notYet(
        `the cloud half of accounts kept in our own Active Directory. Only Active Directory is done for ${partner.name}`,
        partner.origin,
      )
    if (spec.tenantId !== undefined || spec.trust !== undefined)
      notYet(`cross-tenant access settings for ${partner.name} are left as they are`, partner.origin)
    for (const group of partner.groups.values()) {
      if (group.source === undefined) continue
      const kept = 'entraGroup' in group.source ? 'an Entra group' : 'an Active Directory group'
      notYet(`members kept in ${kept}. Nothing is done for ${partner.name}/${group.name}`, group.origin)
    }
  }
  for (const app of policy.apps.values()) {
    if (app.spec.hosting === 'on-premises' && !isApplied(app)) {
      notYet(`sign-on other than Kerberos. Nothing is done for ${app.name}`, app.origins.signOn)
    }
    if ((app.spec.requires ?? []).length > 0)
      notYet(`conditions of access. Nothing enforces what ${app.name} requires of guests`, app.origins.requires)
    if (app.spec.unmanagedGuests !== undefined) {
      const becomes = app.spec.unmanagedGuests === 'remove' ? 'keep it' : 'are not shown'
      notYet(
        `unmanagedGuests: ${app.spec.unmanagedGuests}. Guests who reach ${app.name} another way ${becomes}`,
        app.origin,
      )
    }
  }
  return findings
}
