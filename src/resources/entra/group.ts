// The groups that we keep in the tenant: one for each group of a partner, and one that holds every guest we look
// after. Known by `uniqueName`, which Graph never changes; made by upsert, so that a repeated creation finds the first.

import { graphPath, odataString } from '../../model/escape.ts'
import { allGroups } from '../../model/groups.ts'
import { ids } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import type { Desired, Observed } from '../../model/resource.ts'
import { isPreAssigned } from '../../model/sign-on.ts'
import type { ResourceKind } from '../kind.ts'
import { cut, fitted, groupMark, managedGuestsMark, readGroupMark } from '../mark.ts'
import { readOwnGroups } from './tenant.ts'

type GroupSpec = {
  readonly uniqueName: string
  readonly displayName?: string
  readonly description?: string
}

export const group: ResourceKind<GroupSpec> = {
  plane: 'entra',
  name: 'group',
  desire,

  async observe(from) {
    const groups = await readOwnGroups(from)
    const resources = groups.map((own): Observed<GroupSpec> => {
      const names = readGroupMark(own.uniqueName)
      const id = names === undefined ? ids.managedGuests() : ids.group(names.partner, names.group)
      return {
        id,
        objectId: own.id,
        owned: true,
        needs: [],
        ...(names === undefined ? {} : { partner: names.partner }),
        spec: {
          uniqueName: own.uniqueName,
          ...(own.displayName ? { displayName: own.displayName } : {}),
          ...(own.description ? { description: own.description } : {}),
        },
        ...(own.isAssignableToRole === true
          ? {
              refused: {
                code: 'protected-group',
                message: `the group ${own.uniqueName} can hold directory roles: it is never touched`,
              },
            }
          : {}),
      }
    })
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
      const body = Object.fromEntries(
        Object.entries({ displayName, description }).filter(([key]) => differs.includes(key)),
      )
      await entra.patch(graphPath`/groups/${before.objectId}`, body)
      return before
    }
    const { id } = await entra.upsert(graphPath`/groups(uniqueName=${odataString(uniqueName)})`, {
      displayName,
      description,
      mailEnabled: false,
      mailNickname: fitted(uniqueName.replaceAll('.', '-'), 64),
      securityEnabled: true,
    })
    return { objectId: id }
  },
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<GroupSpec>> {
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
