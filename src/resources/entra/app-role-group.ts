// The group of an app role, with `assignments: pre-assigned`. Known by `uniqueName`; a person assigns it to the role once.

import { graphPath, odataString } from '../../model/escape.ts'
import { ids } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import type { ResourceKind } from '../kind.ts'
import { appRoleGroupMark, cut, fitted } from '../mark.ts'
import { appRoleGroupName, grantedAppRoles, readAppRoleGroups } from './app-role-groups.ts'

type AppRoleGroupSpec = {
  readonly uniqueName: string
  readonly displayName?: string
  readonly description?: string
}

export const appRoleGroup: ResourceKind<AppRoleGroupSpec> = {
  plane: 'entra',
  name: 'app-role-group',
  desire,

  async observe(from) {
    const groups = await readAppRoleGroups(from)
    const resources = groups.map(
      ({ group, app, appRole }): Observed<AppRoleGroupSpec> => ({
        id: ids.appRoleGroup(app, appRole),
        app,
        objectId: group.id,
        owned: true,
        needs: [],
        spec: {
          uniqueName: group.uniqueName,
          ...(group.displayName ? { displayName: group.displayName } : {}),
          ...(group.description ? { description: group.description } : {}),
        },
        ...(group.isAssignableToRole === true
          ? {
              refused: {
                code: 'protected-group',
                message: `the group ${group.uniqueName} can hold directory roles: it is never touched`,
              },
            }
          : {}),
      }),
    )
    return { resources }
  },

  normalize: spec => spec,
  risk: change => (change.action === 'delete' ? 'revoke' : 'neutral'),

  async perform({ before, after, differs }, { entra }) {
    if (after === undefined) {
      if (before === undefined) throw new Error('a change has neither side')
      await entra.delete(graphPath`/groups/${before.objectId}`)
      return before
    }
    const { uniqueName, displayName, description } = after.spec
    if (before !== undefined) {
      const named = Object.entries({ displayName, description }).filter(([key]) => differs.includes(key))
      await entra.patch(graphPath`/groups/${before.objectId}`, Object.fromEntries(named))
      return before
    }
    const { id } = await entra.upsert(graphPath`/groups(uniqueName=${odataString(uniqueName)})`, {
      displayName,
      description,
      mailEnabled: false,
      mailNickname: fitted(uniqueName.replaceAll(/[^A-Za-z0-9-]/g, '-'), 64),
      securityEnabled: true,
    })
    return { objectId: id }
  },
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<AppRoleGroupSpec>> {
  for (const { app, appRole, grants } of grantedAppRoles(policy)) {
    yield {
      id: ids.appRoleGroup(app.name, appRole),
      app: app.name,
      needs: [],
      because: grants.map(grant => grant.origin),
      spec: {
        uniqueName: appRoleGroupMark(app.name, appRole),
        displayName: cut(appRoleGroupName(app.name, appRole), 256),
        description: cut(
          `Partners who reach ${app.spec.displayName}. Kept by guestlist; assign it to the app once.`,
          1024,
        ),
      },
    }
  }
}
