// What a reviewer must know of cross-tenant access settings: where they let in only some, what cannot be deleted, and whether
// the tenant has room for all of them.

import type { Id } from '../../model/id.ts'
import type { FindingAt } from '../../model/plan.ts'
import type { ResolvedPartner, ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { changesTo, type Entry, largestPolicy, type Settings, sizeOf } from './cross-tenant.ts'
import type { Mark } from './cross-tenant-marks.ts'
import { type CrossTenantSpec, targetOf } from './cross-tenant-target.ts'

export function limitedTo({ name, origin }: ResolvedPartner): FindingAt {
  const message = `cross-tenant access settings let in only some of ${name}'s people, or to some apps: whoever is not among them gets no further`
  const hint = 'it is left as it is: see inbound B2B collaboration of the partner in the Entra admin center'
  return { severity: 'warning', code: 'collaboration-limited', message, hint, at: origin }
}

export function notDeleted({ partner, tenantId }: Mark): FindingAt {
  const message = `the cross-tenant access settings of ${partner} (${tenantId}) cannot be deleted while cross-tenant synchronisation with it is configured: they go back to the default`
  return { severity: 'warning', code: 'partner-synchronised', message }
}

/** Whether the whole policy, with what is to become of it, is small enough. */
export function roomFor(
  desired: Iterable<Desired<CrossTenantSpec>>,
  policy: ResolvedPolicy,
  entries: ReadonlyMap<string, Entry>,
  defaults: Settings,
  resources: ReadonlyMap<Id, Observed<CrossTenantSpec>>,
): readonly FindingAt[] {
  const after = new Map<string, Settings>(entries)
  for (const { spec } of resources.values()) if (spec.removable && !spec.handedOver) after.delete(spec.tenantId)
  for (const wanted of desired) {
    const before = resources.get(wanted.id)?.spec
    const { tenantId } = wanted.spec
    const entry = entries.get(tenantId)
    const changes = changesTo(entry, defaults, targetOf(before, wanted.spec))
    if (entry !== undefined || Object.keys(changes).length > 0) after.set(tenantId, { tenantId, ...entry, ...changes })
  }
  const [now, then] = [sizeOf(entries.values(), defaults), sizeOf(after.values(), defaults)]
  const isTooLarge = then > largestPolicy && then > now
  if (!isTooLarge && then < largestPolicy * 0.8) return []
  const message = `the cross-tenant access policy would take ${then} bytes of the ${largestPolicy} that a tenant has (now ${now})`
  const hint = 'each partner with settings of its own takes room: let the default policy say what holds for most'
  const at = policy.organization.origin
  return [{ severity: isTooLarge ? 'error' : 'warning', code: 'guardrail/cross-tenant-size', message, hint, at }]
}
