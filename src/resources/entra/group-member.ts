// Who is in a partner group. The group is ours, so every member in it is: one whom the policy does not name goes.

import { allGroups, isKept, isKeptPartner } from '../../model/groups.ts'
import { ids } from '../../model/id.ts'
import type { Address, ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { isPreAssigned } from '../../model/sign-on.ts'
import type { ResourceKind } from '../kind.ts'
import { readNames } from './synced-users.ts'
import { readPartnerGroupMembers, readPartnerGroups } from './tenant.ts'

type GroupMemberSpec = Readonly<Record<string, never>>

export const groupMember: ResourceKind<GroupMemberSpec> = {
  plane: 'entra',
  name: 'group-member',
  desire,

  async observe(from, policy) {
    const [groups, members, nameOf] = await Promise.all([
      readPartnerGroups(from),
      readPartnerGroupMembers(from),
      readNames(from, policy),
    ])
    const resources = groups.flatMap(({ partner, group }, index) =>
      (members[index] ?? []).map((member): Observed<GroupMemberSpec> => {
        return { ...common(partner, group, nameOf(member), policy), objectId: member.id, owned: true, spec: {} }
      }),
    )
    return { resources }
  },

  normalize: spec => spec,
  risk: change => (change.action === 'delete' ? 'revoke' : 'grant'),
  writes: ({ action, needs: [group] }) =>
    action === 'delete' || group === undefined ? { directory: 1 } : { joins: [group] },

  async perform({ needs: [group], before, after }, { entra }, assigned) {
    if (group === undefined) throw new Error('a membership without its group')
    const groupId = assigned(group).objectId
    if (before !== undefined) {
      await entra.removeMember(groupId, before.objectId)
      return before
    }
    const [, user] = after?.needs ?? []
    if (user === undefined) throw new Error('a membership without its user')
    const { objectId } = assigned(user)
    await entra.addMember(groupId, objectId)
    return { objectId }
  },
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<GroupMemberSpec>> {
  // Then apps' own groups hold the people.
  if (isPreAssigned(policy)) return
  for (const group of allGroups(policy)) {
    for (const member of group.members) {
      if (!member.inForce) continue
      const link = common(group.partner, group.name, member.address, policy)
      yield { ...link, because: [member.origin], spec: {} }
    }
  }
}

function common(
  partner: string,
  group: string,
  person: Address,
  policy: ResolvedPolicy,
): Pick<Observed, 'id' | 'partner' | 'needs' | 'through'> {
  const container = ids.group(partner, group)
  // What opens or bars an account opens or bars its memberships.
  const account = [ids.syncedUser(person), ids.partnerAccount(person)]
  const isOurs = isKeptPartner(policy, partner) || isKept(person, policy)
  return {
    id: ids.groupMember(partner, group, person),
    partner,
    needs: [container, ...(isOurs ? account : [ids.guest(person)])],
    through: container,
  }
}
