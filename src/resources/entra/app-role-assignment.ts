// A partner group assigned to an app role. Every assignment of a partner group is ours, since the group is: one that the
// policy does not name goes, whatever app it is to.

import { demandsKey } from '../../model/demands.ts'
import type { GraphReader } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { defaultAccess, ids, keyOf } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { isPreAssigned } from '../../model/sign-on.ts'
import type { ResourceKind } from '../kind.ts'
import { relatedRoles, roleName } from './app-roles.ts'
import { managedApps } from './managed-apps.ts'
import { readApplications, readPartnerGroups, readServicePrincipals } from './tenant.ts'

type AppRoleAssignmentSpec = Readonly<Record<string, never>>

interface Assignment {
  readonly id: string
  readonly appRoleId: string
  readonly resourceId: string
  readonly resourceDisplayName?: string | null
}

export const appRoleAssignment: ResourceKind<AppRoleAssignmentSpec> = {
  plane: 'entra',
  name: 'app-role-assignment',
  desire,

  async observe(from, policy) {
    const [groups, servicePrincipals, applications] = await Promise.all([
      readPartnerGroups(from),
      readServicePrincipals(from),
      readApplications(from),
    ])
    const assignments = await from.entra.listEach<Assignment>(
      groups.map(({ id }) => graphPath`/groups/${id}/appRoleAssignments`),
    )
    const apps = managedApps(policy, servicePrincipals, new Map(applications.map(found => [found.appId, found])))
    const names = new Map(apps.map(({ name, found }) => [found.id, name]))
    const rolesOf = new Map(servicePrincipals.map(found => [found.id, found.appRoles ?? []]))
    const foundFor = new Map(apps.map(({ name, found }) => [name, found]))
    const resources = groups.flatMap(({ partner, group }, index) =>
      (assignments[index] ?? []).map((assignment): Observed<AppRoleAssignmentSpec> => {
        const roles = rolesOf.get(assignment.resourceId) ?? []
        // An app that no policy names is told by its own name and id.
        const app =
          names.get(assignment.resourceId) ?? `${assignment.resourceDisplayName ?? 'app'} (${assignment.resourceId})`
        return {
          ...common(app, roleName(roles, assignment.appRoleId, policy.apps.get(app)), partner, group),
          objectId: assignment.id,
          related: { resource: assignment.resourceId },
          // What was assigned before ends with its group: there is no right to take it away.
          owned: !isPreAssigned(policy),
          spec: {},
        }
      }),
    )
    const blocked = [...desire(policy)].flatMap(({ id, app = '' }) => {
      const found = policy.apps.get(app)?.spec.entra === undefined ? undefined : foundFor.get(app)
      const [, appRole = defaultAccess] = keyOf(id)
      if (found === undefined || relatedRoles(found.appRoles ?? [])[`role:${appRole}`] !== undefined) return []
      const message = `${app} has no app role \`${appRole}\` in the tenant: add it there, or correct \`appRole\` in the policy`
      return [{ id, for: 'person', message }]
    })
    return { resources, blocked }
  },

  normalize: spec => spec,
  risk: change => (change.action === 'delete' ? 'revoke' : 'grant'),

  async perform({ id, app = '', needs, before }, { entra }, assigned) {
    if (before !== undefined) {
      await entra.delete(
        graphPath`/servicePrincipals/${before.related?.resource ?? ''}/appRoleAssignedTo/${before.objectId}`,
      )
      return before
    }
    const [group, application] = needs
    if (group === undefined || application === undefined) throw new Error(`${id} lacks what it needs`)
    const { objectId: resourceId, related } = assigned(application)
    const [, appRole = defaultAccess] = keyOf(id)
    const appRoleId = related?.[`role:${appRole}`]
    if (appRoleId === undefined) {
      throw new Failure(
        'unknown-app-role',
        `${app} has no app role \`${appRole}\` in the tenant`,
        'correct `appRole` in the app, or add the role to it',
      )
    }
    const principalId = assigned(group).objectId
    const find = async (from: GraphReader): Promise<{ readonly id: string } | undefined> => {
      const [there = []] = await from.listEach<Assignment>([graphPath`/groups/${principalId}/appRoleAssignments`])
      return there.find(found => found.resourceId === resourceId && found.appRoleId === appRoleId)
    }
    const path = graphPath`/servicePrincipals/${resourceId}/appRoleAssignedTo`
    // The same assignment has no second one: if somebody was quicker, what is there is what was wanted.
    const assignment = await entra.post(path, { principalId, resourceId, appRoleId }, { find, unique: true })
    return { objectId: assignment.id, related: { resource: resourceId } }
  },
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<AppRoleAssignmentSpec>> {
  if (isPreAssigned(policy)) return
  for (const grant of policy.grants) {
    const app = policy.apps.get(grant.app)
    if (!grant.inForce || app === undefined) continue
    const appRole = app.roles.get(grant.role)?.appRole ?? defaultAccess
    const assignment = common(grant.app, appRole, grant.partner, grant.group)
    const demands = demandsKey(app)
    // An app opens only after what it asks of guests is in place.
    const needs = demands === undefined ? assignment.needs : [...assignment.needs, ids.conditionalAccessPolicy(demands)]
    yield { ...assignment, needs, because: [grant.origin], spec: {} }
  }
}

function common(
  app: string,
  appRole: string,
  partner: string,
  group: string,
): Pick<Observed, 'id' | 'partner' | 'app' | 'needs' | 'through'> {
  const container = ids.group(partner, group)
  return {
    id: ids.appRoleAssignment(app, appRole, partner, group),
    partner,
    app,
    needs: [container, ids.application(app)],
    through: container,
  }
}
