// A group that we keep, of whatever sort: known by `uniqueName`, which Graph never changes; made by upsert, so that a repeated
// creation finds the first; never touched if it can hold directory roles. Two kinds are made of it.

import type { DirectoryWriters } from '../../model/directories.ts'
import { graphPath, odataString } from '../../model/escape.ts'
import type { Assigned, Change, Observed } from '../../model/resource.ts'
import { fitted } from '../mark.ts'
import type { ProtectedBelow } from './protected-groups.ts'
import type { Group } from './tenant.ts'

export type OwnGroupSpec = {
  readonly uniqueName: string
  readonly displayName?: string
  readonly description?: string
}

/** All of it but its id and whom it concerns. */
export function observedOwnGroup(
  group: Group & { readonly uniqueName: string },
  { refusals }: ProtectedBelow,
): Omit<Observed<OwnGroupSpec>, 'id' | 'partner' | 'app'> {
  const { id, uniqueName, displayName, description, isAssignableToRole } = group
  const privileged = {
    code: 'protected-group',
    message: `the group ${uniqueName} can hold directory roles: it is never touched`,
  }
  const refused = isAssignableToRole === true ? privileged : refusals.get(id)
  return {
    objectId: id,
    owned: true,
    needs: [],
    spec: { uniqueName, ...(displayName ? { displayName } : {}), ...(description ? { description } : {}) },
    ...(refused === undefined ? {} : { refused }),
  }
}

export async function performOwnGroup(
  { before, after, differs }: Change<OwnGroupSpec>,
  { entra }: DirectoryWriters,
): Promise<Assigned> {
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
}
