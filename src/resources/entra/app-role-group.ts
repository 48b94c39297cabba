// The group of an app role, with `assignments: pre-assigned`. Known by `uniqueName`; a person assigns it to the role once.

import { ids } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import type { ResourceKind } from '../kind.ts'
import { appRoleGroupMark, cut } from '../mark.ts'
import { appRoleGroupName, grantedAppRoles, readAppRoleGroups } from './app-role-groups.ts'
import { type OwnGroupSpec, observedOwnGroup, performOwnGroup } from './own-group.ts'
import { readProtected } from './protected-groups.ts'

export const appRoleGroup: ResourceKind<OwnGroupSpec> = {
  plane: 'entra',
  name: 'app-role-group',
  desire,

  async observe(from, policy) {
    const [groups, protectedBelow] = await Promise.all([readAppRoleGroups(from), readProtected(from, policy)])
    const resources = groups.map(
      ({ group, app, appRole }): Observed<OwnGroupSpec> => ({
        ...observedOwnGroup(group, protectedBelow),
        id: ids.appRoleGroup(app, appRole),
        app,
      }),
    )
    return { resources }
  },

  normalize: spec => spec,
  risk: change => (change.action === 'delete' ? 'revoke' : 'neutral'),
  perform: performOwnGroup,
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<OwnGroupSpec>> {
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
