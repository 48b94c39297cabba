// `assignments: pre-assigned`: one group for each app role that is granted, assigned to it once by a person, so that
// guestlist needs no right to assign. Three kinds ask.

import type { Directories } from '../../model/directories.ts'
import { defaultAccess } from '../../model/id.ts'
import type { Grant, ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import { isPreAssigned } from '../../model/sign-on.ts'
import { readAppRoleGroupMark } from '../mark.ts'
import { type Group, readGroups } from './tenant.ts'

export interface GrantedAppRole {
  readonly app: ResolvedApp
  readonly appRole: string
  /** Those in force and those to come: the group stays between two of them, and with it the person's assignment. */
  readonly grants: readonly Grant[]
}

/** Empty where guestlist assigns partner groups itself. */
export function grantedAppRoles(policy: ResolvedPolicy): readonly GrantedAppRole[] {
  if (!isPreAssigned(policy)) return []
  return [...policy.apps.values()].flatMap(app => {
    const grants = policy.grants.filter(grant => grant.app === app.name)
    const byRole = Map.groupBy(grants, grant => app.roles.get(grant.role)?.appRole ?? defaultAccess)
    return [...byRole].map(([appRole, granted]) => ({ app, appRole, grants: granted }))
  })
}

export interface AppRoleGroup {
  readonly group: Group & { readonly uniqueName: string }
  readonly app: string
  readonly appRole: string
}

/** The groups that carry the mark of an app role. */
export async function readAppRoleGroups(from: Directories): Promise<readonly AppRoleGroup[]> {
  return (await readGroups(from)).flatMap(group => {
    const { uniqueName } = group
    const names = uniqueName ? readAppRoleGroupMark(uniqueName) : undefined
    return !uniqueName || names === undefined ? [] : [{ group: { ...group, uniqueName }, ...names }]
  })
}

/** What people see in the admin center, and look for when they assign it. */
export function appRoleGroupName(app: string, appRole: string): string {
  return `guestlist: ${app}${appRole === defaultAccess ? '' : ` as ${appRole}`}`
}
