// What one policy needs of Graph's permissions: the table's rows of the features that it uses.

import { demandsKey } from './demands.ts'
import { allGroups, invitedGroups, isInvitedPartner, keptGroups } from './groups.ts'
import { type Feature, type Need, needs, type Phase } from './permissions.ts'
import type { ResolvedApp, ResolvedPolicy } from './policy.ts'
import { isPreAssigned, isPublished, samlOf } from './sign-on.ts'

/** What this policy needs; to apply is to plan first. */
export function needsOf(policy: ResolvedPolicy, phase: Phase): readonly Need[] {
  const used = featuresOf(policy)
  return needs.filter(need => (phase === 'apply' || need.phase === 'plan') && (need.always || used.has(need.feature)))
}

function featuresOf(policy: ResolvedPolicy): ReadonlySet<Feature> {
  const apps = [...policy.apps.values()]
  const partners = [...policy.partners.values()]
  const some = (is: (app: ResolvedApp) => boolean): boolean => apps.some(is)
  const preAssigned = isPreAssigned(policy)
  const { guests } = policy.organization.spec.entra
  const uses: Readonly<Record<Feature, boolean>> = {
    guests: invitedGroups(policy).length > 0,
    sponsors: partners.some(({ name, spec }) => isInvitedPartner(policy, name) && (spec.sponsors ?? []).length > 0),
    leaving: invitedGroups(policy).length > 0,
    groups: allGroups(policy).length > 0,
    'apps-made': some(app => app.spec.entra === undefined),
    'apps-adopted': some(app => app.spec.entra !== undefined),
    assignments: !preAssigned,
    'pre-assigned': preAssigned,
    publishing: some(isPublished),
    'connector-group': some(isPublished),
    saml: some(app => samlOf(app) !== undefined),
    'cross-tenant': partners.some(({ spec }) => spec.tenantId !== undefined),
    'guest-settings': guests !== undefined,
    'conditional-access': some(app => demandsKey(app) !== undefined),
    'own-accounts': keptGroups(policy).length > 0,
    sources: allGroups(policy).some(({ source }) => source !== undefined && 'entraGroup' in source),
    'unnamed-ways': some(app => app.spec.unmanagedGuests === 'remove'),
    doctor: true,
  }
  return new Set((Object.keys(uses) as Feature[]).filter(feature => uses[feature]))
}
