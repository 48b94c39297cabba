// That a person has assigned an app role's group to the role: looked at, waited for, never made or taken away by guestlist,
// which has no right to (`assignments: pre-assigned`).

import type { Directories } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { defaultAccess, ids } from '../../model/id.ts'
import type { FindingAt } from '../../model/plan.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { appRoleGroupName, grantedAppRoles, readAppRoleGroups } from './app-role-groups.ts'
import { roleName } from './app-roles.ts'
import { managedApps } from './managed-apps.ts'
import { readApplications, readServicePrincipals } from './tenant.ts'

type AppRoleGroupAssignmentSpec = Readonly<Record<string, never>>

interface Assignment {
  readonly id: string
  readonly appRoleId: string
  readonly resourceId: string
  readonly resourceDisplayName?: string | null
}

export const appRoleGroupAssignment: ResourceKind<AppRoleGroupAssignmentSpec> = {
  plane: 'entra',
  name: 'app-role-group-assignment',
  desire,
  observe,
  normalize: spec => spec,
  risk: () => 'neutral',
  perform: () => Promise.reject(new Error('a person assigns app roles')),
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<AppRoleGroupAssignmentSpec>> {
  for (const { app, appRole, grants } of grantedAppRoles(policy)) {
    const role = appRole === defaultAccess ? 'the default role' : `the role ${appRole}`
    yield {
      ...common(app.name, appRole),
      because: grants.map(grant => grant.origin),
      spec: {},
      reference: true,
      awaited: {
        for: 'person',
        message:
          `a person assigns the group "${appRoleGroupName(app.name, appRole)}" to ${app.spec.displayName} as ${role}, once: ` +
          `Entra admin center, Enterprise applications, ${app.spec.displayName}, Users and groups, Add user/group`,
      },
    }
  }
}

function common(app: string, appRole: string): Pick<Desired, 'id' | 'app' | 'needs'> {
  return {
    id: ids.appRoleGroupAssignment(app, appRole),
    app,
    needs: [ids.appRoleGroup(app, appRole), ids.application(app)],
  }
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<AppRoleGroupAssignmentSpec>> {
  const groups = await readAppRoleGroups(from)
  if (groups.length === 0) return { resources: [] }
  const [servicePrincipals, applications, assignments] = await Promise.all([
    readServicePrincipals(from),
    readApplications(from),
    from.entra.listEach<Assignment>(groups.map(({ group }) => graphPath`/groups/${group.id}/appRoleAssignments`)),
  ])
  const apps = managedApps(policy, servicePrincipals, new Map(applications.map(found => [found.appId, found])))
  const appOf = new Map(apps.map(({ name, found }) => [found.id, { name, roles: found.appRoles ?? [] }]))
  const resources: Observed<AppRoleGroupAssignmentSpec>[] = []
  const findings: FindingAt[] = []
  for (const [index, { group, app, appRole }] of groups.entries()) {
    for (const assignment of assignments[index] ?? []) {
      const assigned = appOf.get(assignment.resourceId)
      const role = roleName(assigned?.roles ?? [], assignment.appRoleId, policy.apps.get(assigned?.name ?? ''))
      if (assigned?.name === app && role === appRole) {
        resources.push({ ...common(app, appRole), objectId: assignment.id, owned: false, spec: {} })
        continue
      }
      const to = assigned?.name ?? assignment.resourceDisplayName ?? assignment.resourceId
      findings.push({
        severity: 'error',
        code: 'assigned-elsewhere',
        message: `the group "${group.displayName ?? group.id}" is for ${app}, but somebody assigned it to ${to} as ${role}: whoever is in it reaches that, too`,
        hint: `a person takes the assignment away: Entra admin center, Enterprise applications, ${to}, Users and groups`,
      })
    }
  }
  return { resources, findings }
}
