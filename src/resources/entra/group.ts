// The groups that we keep in the tenant: one for each group of a partner, and one that holds every guest we look
// after. Known by `uniqueName`, which Graph never changes; made by upsert, so that a repeated creation finds the first.

import { allGroups } from '../../model/groups.ts'
import { ids } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { isPreAssigned } from '../../model/sign-on.ts'
import type { ResourceKind } from '../kind.ts'
import { cut, groupMark, managedGuestsMark, readGroupMark } from '../mark.ts'
import { type OwnGroupSpec, observedOwnGroup, performOwnGroup } from './own-group.ts'
import { readProtected } from './protected-groups.ts'
import { readOwnGroups } from './tenant.ts'

export const group: ResourceKind<OwnGroupSpec> = {
  plane: 'entra',
  name: 'group',
  desire,

  async observe(from, policy) {
    const [groups, protectedBelow] = await Promise.all([readOwnGroups(from), readProtected(from, policy)])
    const resources = groups.map((own): Observed<OwnGroupSpec> => {
      const names = readGroupMark(own.uniqueName)
      const there = observedOwnGroup(own, protectedBelow)
      if (names === undefined) return { ...there, id: ids.managedGuests() }
      return { ...there, id: ids.group(names.partner, names.group), partner: names.partner }
    })
    return { resources, findings: protectedBelow.missing }
  },

  normalize: spec => spec,
  risk: change => (change.action === 'delete' ? 'revoke' : 'neutral'),
  perform: performOwnGroup,
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<OwnGroupSpec>> {
  yield {
    id: ids.managedGuests(),
    needs: [],
    because: [policy.organization.origin],
    spec: {
      uniqueName: managedGuestsMark,
      displayName: 'guestlist: guests it looks after',
      description: 'Only who is in here is ever signed off or deleted by guestlist.',
    },
  }
  // Then apps' own groups hold the people.
  if (isPreAssigned(policy)) return
  for (const { partner, name, description, origin } of allGroups(policy)) {
    const company = policy.partners.get(partner)?.spec.displayName ?? partner
    yield {
      id: ids.group(partner, name),
      partner,
      needs: [],
      because: [origin],
      spec: {
        uniqueName: groupMark(partner, name),
        displayName: cut(`guestlist: ${partner}/${name}`, 256),
        description: cut(description ?? `${company}: ${name}`, 1024),
      },
    }
  }
}
