// Which of the tenant's conditional access policies are ours, and what each covers in the policy's words.

import { demandsOf, includesDemand } from '../../model/demands.ts'
import { type Id, ids } from '../../model/id.ts'
import type { FindingAt } from '../../model/plan.ts'
import type { ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import type { Observed } from '../../model/resource.ts'
import { conditionsMark, readConditionsMark } from '../mark.ts'
import { conditionsOf, type Policy } from './conditional-access.ts'
import type { ManagedApp } from './managed-apps.ts'

export type ConditionalAccessSpec = {
  /** By name; an application that is none of the policy's by its id. */
  readonly apps: readonly string[]
  readonly demands: readonly string[]
  readonly guests: readonly string[]
  readonly tenants: readonly string[]
  readonly excludeGroups: readonly string[]
  readonly state: string
  /** What somebody added to it: nothing of that is wanted. */
  readonly furtherConditions: readonly string[]
  /** Apps in it of which the policy asks less now, or that it does not know; never compared. */
  readonly weaker?: readonly string[]
  /** Groups that the policy excludes and that are not there; never compared. */
  readonly missingGroups?: readonly string[]
  /** Application ids that stay in it until they have conditions of their own; never compared. */
  readonly kept?: readonly string[]
  /** As Graph has it; never compared. */
  readonly found?: Policy
}

interface Own {
  readonly id: Id
  /** Of its demands. */
  readonly key: string
  readonly found: Policy
}

/** Those that carry our name. Of two with one name the first id counts; the others go once nobody needs the conditions. */
export function ownPolicies(
  policies: readonly Policy[],
  wanted: ReadonlyMap<string, readonly ResolvedApp[]>,
): { readonly ours: readonly Own[]; readonly findings: readonly FindingAt[] } {
  const keyNamed = new Map([...wanted.keys()].map(key => [conditionsMark(key), key]))
  const ours = new Map<Id, Own>()
  const findings: FindingAt[] = []
  for (const found of policies.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const key = keyNamed.get(found.displayName) ?? readConditionsMark(found.displayName)
    if (key === undefined) continue
    const id = ids.conditionalAccessPolicy(key)
    const first = ours.get(id)
    if (first === undefined) ours.set(id, { id, key, found })
    else if (wanted.has(key)) {
      const [app] = wanted.get(key) ?? []
      findings.push({
        severity: 'warning',
        code: 'conditions-twice',
        message: `two conditional access policies are called \`${found.displayName}\`: ${first.found.id} is kept as the policy says, ${found.id} is left alone`,
        hint: 'delete the second one in the Entra admin center, or give it another name',
        ...(app === undefined ? {} : { at: app.origins.requires }),
      })
    } else {
      const own = ids.conditionalAccessPolicy(`${key} (${found.id})`)
      ours.set(own, { id: own, key, found })
    }
  }
  return { ours: [...ours.values()], findings }
}

export interface Surroundings {
  readonly policy: ResolvedPolicy
  readonly apps: readonly ManagedApp[]
  readonly missing: readonly string[]
  readonly wanted: ReadonlyMap<string, readonly ResolvedApp[]>
  /** Apps whose own conditions cannot be made yet: they keep what they have. */
  readonly held: ReadonlySet<string>
}

export function observed({ id, key, found }: Own, around: Surroundings): Observed<ConditionalAccessSpec> {
  const { policy, apps, missing, wanted, held } = around
  const conditions = conditionsOf(found)
  const names = new Map(apps.map(app => [app.found.appId.toLowerCase(), app.name]))
  const keeps = (appId: string): boolean => held.has(names.get(appId) ?? '')
  const kept = conditions.applications.filter(keeps)
  const covered = conditions.applications.filter(appId => !keeps(appId)).map(appId => names.get(appId) ?? appId)
  // An app that nobody has added to the tenant needs no conditions: it is not missed here.
  const absent = (wanted.get(key) ?? [])
    .map(app => app.name)
    .filter(name => policy.apps.get(name)?.spec.entra !== undefined && !apps.some(app => app.name === name))
  return {
    id,
    objectId: found.id,
    owned: true,
    needs: [],
    spec: {
      apps: [...covered, ...absent],
      demands: conditions.demands,
      guests: conditions.guests,
      tenants: conditions.tenants,
      excludeGroups: [
        ...conditions.excludeGroups,
        ...missing.filter(group => !conditions.excludeGroups.includes(group)),
      ],
      state: conditions.state,
      furtherConditions: conditions.furtherConditions,
      weaker: covered.filter(app => isWeaker(policy, app, conditions.demands)),
      missingGroups: missing,
      kept,
      found,
    },
    // Nobody asks for it any more but those who wait for their own.
    ...(kept.length === 0 || wanted.has(key)
      ? {}
      : { refused: { code: 'conditions-kept', message: `apps keep these conditions until their own can be made` } }),
  }
}

/** Whether an app that is covered now is asked less once it is not. One that has left the policy lets no guest in. */
function isWeaker(policy: ResolvedPolicy, name: string, demands: readonly string[]): boolean {
  const app = policy.apps.get(name)
  if (app === undefined) return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$|^(all|office365)/.test(name)
  const asked = demandsOf(app)
  return demands.some(demand => !includesDemand(asked, demand))
}
