// What apps ask of guests at sign-in: one conditional access policy for each distinct set of demands, over the apps that make
// them. Known by its name, since such a policy has no other place for a mark; one without that name is never touched.

import { appsByDemands, includesDemand } from '../../model/demands.ts'
import type { Directories, GraphReader } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { type Id, ids } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import type { Assigned, Change, Desired, Risk } from '../../model/resource.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { conditionsMark } from '../mark.ts'
import { appeared } from './appeared.ts'
import {
  bodyOf,
  type Conditions,
  conditionsOf,
  guestTypes,
  type Policy,
  policiesPath,
  readPolicies,
} from './conditional-access.ts'
import {
  blocks,
  excludedGroups,
  hasStrength,
  readExcluded,
  roomFor,
  shutOut,
  unmeetable,
} from './conditional-access-findings.ts'
import { type ConditionalAccessSpec, observed, ownPolicies, type Surroundings } from './conditional-access-own.ts'
import { managedApps } from './managed-apps.ts'
import { readApplications, readServicePrincipals } from './tenant.ts'

export const conditionalAccessPolicy: ResourceKind<ConditionalAccessSpec> = {
  plane: 'entra',
  name: 'conditional-access-policy',
  desire,
  observe,

  normalize: ({ apps, demands, guests, tenants, excludeGroups, state, furtherConditions }) => ({
    apps: [...apps].sort(),
    demands: [...demands].sort(),
    guests: [...guests].sort(),
    tenants: [...tenants].sort(),
    excludeGroups: [...excludeGroups].sort(),
    state,
    furtherConditions: [...furtherConditions].sort(),
  }),

  risk,
  shields: ({ apps = [] }) => apps.map(app => ids.application(app)),
  writes: () => ({ conditionalAccess: 1 }),
  perform,
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<ConditionalAccessSpec>> {
  const { state = 'report-only' } = policy.organization.spec.entra.conditionalAccess ?? {}
  for (const [key, apps] of appsByDemands(policy)) {
    yield {
      id: ids.conditionalAccessPolicy(key),
      // What is there already has its id: one application that is missing does not hold up the conditions of the others.
      needs: apps.filter(app => app.spec.entra === undefined).map(app => ids.application(app.name)),
      because: apps.map(app => app.origins.requires),
      spec: {
        apps: apps.map(app => app.name),
        demands: key.split('+'),
        guests: guestTypes,
        tenants: ['all'],
        excludeGroups: excludedGroups(policy),
        state,
        furtherConditions: [],
      },
    }
  }
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<ConditionalAccessSpec>> {
  const [policies, servicePrincipals, applications, excluded, strong] = await Promise.all([
    readPolicies(from),
    readServicePrincipals(from),
    readApplications(from),
    readExcluded(from, policy),
    hasStrength(from, policy),
  ])
  const apps = managedApps(policy, servicePrincipals, new Map(applications.map(found => [found.appId, found])))
  const wanted = appsByDemands(policy)
  const { ours, findings } = ownPolicies(policies, wanted)
  const missing = [...wanted.keys()].filter(key => !ours.some(own => own.key === key))
  const blocked = blocks(missing, excluded.missing, strong)
  const held = new Set(
    missing
      .filter(key => blocked.some(({ id }) => id === ids.conditionalAccessPolicy(key)))
      .flatMap(key => (wanted.get(key) ?? []).map(app => app.name)),
  )
  const around: Surroundings = { policy, apps, missing: excluded.missing, wanted, held }
  return {
    resources: ours.map(own => observed(own, around)),
    blocked,
    findings: [
      ...findings,
      ...roomFor(policy, policies.length, missing.length),
      ...excluded.findings,
      ...unmeetable(policy),
      ...shutOut(policy, policies, apps),
    ],
  }
}

/** Whoever asks less of guests than now needs a second look. */
function risk({ before, after }: Change<ConditionalAccessSpec>): Risk {
  if (before === undefined) return 'neutral'
  const { spec: was } = before
  const weaker = was.weaker ?? []
  if (after === undefined) return was.state !== 'disabled' && weaker.length > 0 ? 'privileged' : 'neutral'
  const now = after.spec
  const isWeakened =
    rankOf(now.state) < rankOf(was.state) ||
    was.apps.some(app => !now.apps.includes(app) && weaker.includes(app)) ||
    now.excludeGroups.some(group => !was.excludeGroups.includes(group)) ||
    was.demands.some(demand => !includesDemand(now.demands, demand)) ||
    was.guests.some(guest => !now.guests.includes(guest)) ||
    was.furtherConditions.some(name => /^(conditions\.users\.include|sessionControls\.\w+$)/.test(name))
  return isWeakened ? 'privileged' : 'neutral'
}

function rankOf(state: string): number {
  return ['disabled', 'report-only', 'enabled'].indexOf(state)
}

async function perform(
  { id, before, after }: Change<ConditionalAccessSpec>,
  { entra }: Parameters<ResourceKind['perform']>[1],
  assigned: (id: Id) => Assigned,
): Promise<Assigned> {
  if (after === undefined) {
    if (before === undefined) throw new Error(`${id} has neither side`)
    await entra.delete(graphPath`/identity/conditionalAccess/policies/${before.objectId}`)
    return before
  }
  const { apps, excludeGroups, ...rest } = after.spec
  const missing = before?.spec.missingGroups ?? []
  const conditions: Conditions = {
    ...rest,
    applications: [...apps.flatMap(app => appIdOf(app, assigned) ?? []), ...(before?.spec.kept ?? [])].sort(),
    excludeGroups: excludeGroups.filter(group => !missing.includes(group)),
  }
  const body = bodyOf(conditions, before?.spec.found)
  if (before !== undefined) {
    await entra.patch(graphPath`/identity/conditionalAccess/policies/${before.objectId}`, body)
    return before
  }
  // Nothing but its name tells that it is there: the service would make a second one.
  const displayName = conditionsMark(after.spec.demands.join('+'))
  const find = async (from: GraphReader): Promise<{ readonly id: string } | undefined> => {
    const found = (await from.list<Policy>(policiesPath)).find(policy => policy.displayName === displayName)
    if (found !== undefined && !isSameAs(conditions, found)) throw appeared(`the policy "${displayName}"`)
    return found
  }
  const made = await entra.post(policiesPath, { displayName, ...body }, { find, first: true, again: true })
  return { objectId: made.id }
}

function isSameAs(wanted: Conditions, found: Policy): boolean {
  const there = conditionsOf(found)
  const names = ['demands', 'applications', 'guests', 'tenants', 'excludeGroups', 'state', 'furtherConditions'] as const
  const text = (value: string | readonly string[]): string => [value].flat().toSorted().join()
  return names.every(name => text(there[name]) === text(wanted[name]))
}

/** Undefined for an application that nobody has added to the tenant yet. */
function appIdOf(app: string, assigned: (id: Id) => Assigned): string | undefined {
  try {
    return assigned(ids.application(app)).name
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-there') return undefined
    throw error
  }
}
