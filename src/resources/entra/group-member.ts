// Who is in a partner group. The group is ours, so every member in it is: one whom the policy does not name goes.

import { graphPath } from '../../model/escape.ts'
import { invitedGroups } from '../../model/groups.ts'
import { ids } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { isPreAssigned } from '../../model/sign-on.ts'
import type { ResourceKind } from '../kind.ts'
import { addressBook, readGuests, readPartnerGroups } from './tenant.ts'

type GroupMemberSpec = Readonly<Record<string, never>>

interface DirectoryObject {
  readonly id: string
  readonly userPrincipalName?: string | null
  readonly displayName?: string | null
}

export const groupMember: ResourceKind<GroupMemberSpec> = {
  plane: 'entra',
  name: 'group-member',
  desire,

  async observe(from, policy) {
    const groups = await readPartnerGroups(from)
    const [members, guests] = await Promise.all([
      from.entra.listEach<DirectoryObject>(
        groups.map(({ id }) => graphPath`/groups/${id}/members`),
        { select: ['id', 'userPrincipalName', 'displayName'] },
      ),
      readGuests(from),
    ])
    const book = addressBook(guests, policy)
    const resources = groups.flatMap(({ partner, group }, index) =>
      (members[index] ?? []).map((member): Observed<GroupMemberSpec> => {
        const person = book.get(member.id) ?? member.userPrincipalName?.toLowerCase() ?? member.id
        return { ...common(partner, group, person), objectId: member.id, owned: true, spec: {} }
      }),
    )
    return { resources }
  },

  normalize: spec => spec,
  risk: change => (change.action === 'delete' ? 'revoke' : 'grant'),

  async perform({ needs: [group], before, after }, { entra }, assigned) {
    if (group === undefined) throw new Error('a membership without its group')
    const groupId = assigned(group).objectId
    if (before !== undefined) {
      await entra.removeMember(groupId, before.objectId)
      return before
    }
    const [, guest] = after?.needs ?? []
    if (guest === undefined) throw new Error('a membership without its guest')
    const { objectId } = assigned(guest)
    await entra.addMember(groupId, objectId)
    return { objectId }
  },
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<GroupMemberSpec>> {
  // Then apps' own groups hold the people.
  if (isPreAssigned(policy)) return
  for (const group of invitedGroups(policy)) {
    for (const member of group.members) {
      if (!member.inForce) continue
      yield { ...common(group.partner, group.name, member.address), because: [member.origin], spec: {} }
    }
  }
}

function common(
  partner: string,
  group: string,
  person: string,
): Pick<Observed, 'id' | 'partner' | 'needs' | 'through'> {
  const container = ids.group(partner, group)
  return {
    id: ids.groupMember(partner, group, person),
    partner,
    needs: [container, ids.guest(person)],
    through: container,
  }
}
