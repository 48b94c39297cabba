// A plan as a reviewer gets it: saved, with or without the policy that the change starts from; and what is wrong with
// performing another one in its place, in words.

import { makePlan, type Planned } from '../../src/engine/plan.ts'
import type { Plan } from '../../src/model/plan.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import type { Difference } from '../../src/model/stale.ts'
import { safeJson } from '../../src/render/json.ts'
import { gatherMembers } from '../../src/resources/membership-sources.ts'
import { kinds } from '../../src/resources/registry.ts'
import type { Tenant } from './tenant.ts'

/** Through a file and back. */
export function saved({ plan }: Pick<Planned, 'plan'>): Plan {
  return JSON.parse(safeJson(plan)) as Plan
}

export function told(difference: Difference | undefined): readonly string[] {
  if (difference === undefined) return []
  const { effectsCame, effectsWent, came, went, differ, found, isReordered } = difference
  return [
    ...effectsCame.map(({ effect, person, app }) => `came: ${effect} ${person} ${app}`),
    ...effectsWent.map(({ effect, person, app }) => `went: ${effect} ${person} ${app}`),
    ...came.map(({ action, id }) => `came: ${action} ${id}`),
    ...went.map(({ change, why }) => `went: ${change.action} ${change.id}: ${why}`),
    ...differ.map(
      ({ reviewed, now }) => `${reviewed.action} ${now.id} is now ${now.action} ${JSON.stringify(now.after)}`,
    ),
    ...found.map(({ code, message }) => `found: ${code}: ${message}`),
    ...(isReordered ? ['reordered'] : []),
  ]
}

/** With the policy that the change under review starts from. */
export async function planAgainst(tenant: Tenant, written: ResolvedPolicy, base: ResolvedPolicy): Promise<Planned> {
  const from = { entra: tenant.connection().reader(), activeDirectory: tenant.directory }
  const { policy, findings } = await gatherMembers(written, from)
  const { policy: former } = await gatherMembers(base, from)
  return makePlan({
    kinds,
    policy,
    from,
    folder: 'policies/',
    findings,
    version: '0.0.0',
    createdAt: 0,
    base: { revision: 'origin/main', commit: 'c0ffee', policy: former },
  })
}
