// App roles by name: the value of a role, or default access.

import { defaultAccess } from '../../model/id.ts'
import type { ResolvedApp } from '../../model/policy.ts'
import type { AppRole } from './tenant.ts'

/** Graph's id of default access; legal only for an app that declares no roles. */
const noRole = '00000000-0000-0000-0000-000000000000'

/** The roles that people can have. */
export function usableRoles(roles: readonly AppRole[]): readonly AppRole[] {
  return roles.filter(role => role.isEnabled !== false && (role.allowedMemberTypes ?? ['User']).includes('User'))
}

/** The id that stands for default access: the role without a value, or `User`; undefined if the app offers none. */
export function defaultRoleId(roles: readonly AppRole[]): string | undefined {
  const usable = usableRoles(roles)
  if (usable.length === 0) return noRole
  return (usable.find(role => !role.value) ?? usable.find(role => role.displayName === 'User' || role.value === 'User'))
    ?.id
}

/** Role ids by name, as `related` of an application holds them. */
export function relatedRoles(roles: readonly AppRole[]): Record<string, string> {
  const named = usableRoles(roles).flatMap(role => (role.value ? [[`role:${role.value}`, role.id]] : []))
  const standard = defaultRoleId(roles)
  return Object.fromEntries([...named, ...(standard === undefined ? [] : [[`role:${defaultAccess}`, standard]])])
}

/** The name of a role that is assigned; a value that the policy names goes before default access. */
export function roleName(roles: readonly AppRole[], appRoleId: string, app: ResolvedApp | undefined): string {
  if (appRoleId === noRole) return defaultAccess
  const value = roles.find(role => role.id === appRoleId)?.value ?? undefined
  const named = value !== undefined && [...(app?.roles.values() ?? [])].some(role => role.appRole === value)
  if (named) return value
  return appRoleId === defaultRoleId(roles) ? defaultAccess : (value ?? appRoleId)
}
