// The groups of ours in which a guest was when it was deleted: it comes back from the recycle bin with them, and the plan saw
// none of it. What the service does not show yet, the next plan sees.

import type { GraphWriter } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { invitedGroups } from '../../model/groups.ts'
import type { Address, ResolvedPolicy } from '../../model/policy.ts'
import { isPreAssigned } from '../../model/sign-on.ts'
import { appRoleGroupMark, groupMark, readAppRoleGroupMark, readGroupMark } from '../mark.ts'
import { grantedAppRoles } from './app-role-groups.ts'
import type { Group } from './tenant.ts'

export async function leaveForgottenGroups(
  entra: GraphWriter,
  objectId: string,
  address: Address,
  policy: ResolvedPolicy,
): Promise<void> {
  const path = graphPath`/users/${objectId}/memberOf/microsoft.graph.group`
  const groups = await entra.agreed(
    async from => (await from.listEach<Group>([path], { select: ['id', 'uniqueName'] }))[0],
  )
  const wanted = wantedMarks(address, policy)
  for (const { id, uniqueName } of groups) {
    const ours = uniqueName && (readGroupMark(uniqueName) ?? readAppRoleGroupMark(uniqueName)) !== undefined
    if (ours && !wanted.has(uniqueName)) await entra.removeMember(id, objectId)
  }
}

function wantedMarks(address: Address, policy: ResolvedPolicy): ReadonlySet<string> {
  const own = invitedGroups(policy).filter(({ members }) =>
    members.some(member => member.inForce && member.address === address),
  )
  if (!isPreAssigned(policy)) return new Set(own.map(({ partner, name }) => groupMark(partner, name)))
  const roles = grantedAppRoles(policy).filter(({ grants }) =>
    grants.some(
      grant => grant.inForce && own.some(({ partner, name }) => partner === grant.partner && name === grant.group),
    ),
  )
  return new Set(roles.map(({ app, appRole }) => appRoleGroupMark(app.name, appRole)))
}
