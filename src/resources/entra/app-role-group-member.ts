// Who is in the group of an app role (`assignments: pre-assigned`). The group is ours: a member whom the policy does not
// name goes. Nobody is put in before the group is assigned, so that the plan that opens the app is the one that says so.

import { demandsKey } from '../../model/demands.ts'
import { graphPath } from '../../model/escape.ts'
import { isKept } from '../../model/groups.ts'
import { ids } from '../../model/id.ts'
import type { Address, ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import type { ResourceKind } from '../kind.ts'
import { grantedAppRoles, readAppRoleGroups } from './app-role-groups.ts'
import { readNames } from './synced-users.ts'
import type { GroupMember } from './tenant.ts'

type AppRoleGroupMemberSpec = Readonly<Record<string, never>>

export const appRoleGroupMember: ResourceKind<AppRoleGroupMemberSpec> = {
  plane: 'entra',
  name: 'app-role-group-member',
  desire,

  async observe(from, policy) {
    const groups = await readAppRoleGroups(from)
    if (groups.length === 0) return { resources: [] }
    const [members, nameOf] = await Promise.all([
      from.entra.listEach<GroupMember>(
        groups.map(({ group }) => graphPath`/groups/${group.id}/members`),
        { select: ['id', 'userPrincipalName', 'displayName'] },
      ),
      readNames(from, policy),
    ])
    const resources = groups.flatMap(({ app, appRole }, index) =>
      (members[index] ?? []).map((member): Observed<AppRoleGroupMemberSpec> => {
        return { ...common(app, appRole, nameOf(member), policy), objectId: member.id, owned: true, spec: {} }
      }),
    )
    return { resources }
  },

  normalize: spec => spec,
  risk: change => (change.action === 'delete' ? 'revoke' : 'grant'),
  writes: ({ action, needs: [group] }) =>
    action === 'delete' || group === undefined ? { directory: 1 } : { joins: [group] },

  async perform({ needs: [group, account], before }, { entra }, assigned) {
    if (group === undefined || account === undefined) throw new Error('a membership without its group or account')
    const groupId = assigned(group).objectId
    if (before !== undefined) {
      await entra.removeMember(groupId, before.objectId)
      return before
    }
    const { objectId } = assigned(account)
    await entra.addMember(groupId, objectId)
    return { objectId }
  },
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<AppRoleGroupMemberSpec>> {
  for (const { app, appRole, grants } of grantedAppRoles(policy)) {
    const demands = demandsKey(app)
    const conditions = demands === undefined ? [] : [ids.conditionalAccessPolicy(demands)]
    for (const grant of grants) {
      if (!grant.inForce) continue
      for (const member of policy.partners.get(grant.partner)?.groups.get(grant.group)?.members ?? []) {
        if (!member.inForce) continue
        const link = common(app.name, appRole, member.address, policy)
        yield {
          ...link,
          needs: [...link.needs, ids.appRoleGroupAssignment(app.name, appRole), ...conditions],
          partner: grant.partner,
          because: [grant.origin, member.origin],
          spec: {},
        }
      }
    }
  }
}

function common(
  app: string,
  appRole: string,
  person: Address,
  policy: ResolvedPolicy,
): Pick<Observed, 'id' | 'app' | 'needs' | 'through'> {
  const container = ids.appRoleGroup(app, appRole)
  const account = isKept(person, policy) ? [ids.syncedUser(person), ids.partnerAccount(person)] : [ids.guest(person)]
  return {
    id: ids.appRoleGroupMember(app, appRole, person),
    app,
    needs: [container, ...account, ids.application(app)],
    through: container,
  }
}
