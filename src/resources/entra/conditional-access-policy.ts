// What apps ask of guests at sign-in: one conditional access policy for each distinct set of demands, over the apps that make
// them. Known by its name, since such a policy has no other place for a mark; one without that name is never touched.

import { appsByDemands, demandsOf, includesDemand } from '../../model/demands.ts'
import type { Directories, GraphReader } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { type Id, ids } from '../../model/id.ts'
import type { FindingAt, Waiting } from '../../model/plan.ts'
import type { ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import type { Assigned, Change, Desired, Observed, Risk } from '../../model/resource.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { conditionsMark, readConditionsMark } from '../mark.ts'
import { appeared } from './appeared.ts'
import {
  bodyOf,
  type Conditions,
  conditionsOf,
  guestTypes,
  type Policy,
  phishingResistantStrength,
  policiesPath,
  readPolicies,
} from './conditional-access.ts'
import { excludedGroups, readExcluded, roomFor, shutOut, unmeetable } from './conditional-access-findings.ts'
import { type ManagedApp, managedApps } from './managed-apps.ts'
import { readApplications, readServicePrincipals } from './tenant.ts'

type ConditionalAccessSpec = {
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

interface Own {
  readonly id: Id
  /** Of its demands. */
  readonly key: string
  readonly found: Policy
}

/** Those that carry our name. Of two with one name the first id counts; the others go once nobody needs the conditions. */
function ownPolicies(
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

interface Surroundings {
  readonly policy: ResolvedPolicy
  readonly apps: readonly ManagedApp[]
  readonly missing: readonly string[]
  readonly wanted: ReadonlyMap<string, readonly ResolvedApp[]>
  /** Apps whose own conditions cannot be made yet: they keep what they have. */
  readonly held: ReadonlySet<string>
}

function observed({ id, key, found }: Own, around: Surroundings): Observed<ConditionalAccessSpec> {
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

/** The built-in authentication strength, where an app asks for it. */
async function hasStrength(from: Directories, policy: ResolvedPolicy): Promise<boolean> {
  const isAsked = [...policy.apps.values()].some(app => demandsOf(app).includes('phishing-resistant-mfa'))
  if (!isAsked) return true
  const strengths = await from.entra.list<{ readonly id: string }>('/policies/authenticationStrengthPolicies')
  return strengths.some(({ id }) => id === phishingResistantStrength)
}

/** Of the policies that are to be made, those that cannot be. */
function blocks(keys: readonly string[], missing: readonly string[], hasStrong: boolean): readonly Waiting[] {
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
