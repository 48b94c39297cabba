// What an id stands for, for a person who knows no Graph. One of a kind that is not here stands for itself.

import { type Id, keyOf, kindOf } from '../model/id.ts'
import { demandsNamed } from './demand-names.ts'
import { count } from './layout.ts'
import { safeText } from './safe-text.ts'

export const roleOf = (role: string): string => (role === 'default-access' || role === 'user' ? '' : `, as ${role}`)
/** A group that no role of the policy has (any more) is known by its name alone. */
export const adGroupOf = (app: string, role: string): string =>
  app === '(no app)' ? `AD group ${role}` : `AD group of ${app}${roleOf(role)}`

export function groupNamed(partner: string, group: string): string {
  return group === '' ? 'the group of all guests that guestlist looks after' : `group ${partner}/${group}`
}

const plurals: Readonly<Record<string, readonly [one: string, many: string]>> = {
  'entra/guest': ['guest', 'guests'],
  'entra/group': ['group', 'groups'],
  'entra/application': ['application', 'applications'],
  'entra/synced-user': ['cloud user', 'cloud users'],
  'active-directory/shadow-account': ['shadow account', 'shadow accounts'],
  'active-directory/group': ['AD group', 'AD groups'],
}

/** `7 guests` */
export function countOf(id: Id, number: number): string {
  const [one, many] = plurals[kindOf(id)] ?? [kindOf(id), kindOf(id)]
  return count(number, one, many)
}

/** What an id stands for, where no change says more. */
export function nounOf(id: Id): string {
  const [first = '', second = '', third = '', fourth = ''] = keyOf(id)
  switch (kindOf(id)) {
    case 'entra/guest':
      return safeText(`guest ${first}`)
    case 'entra/group':
      return safeText(groupNamed(first, second))
    case 'entra/group-member':
      return safeText(`${third} in ${first}/${second}`)
    case 'entra/application':
      return safeText(`application ${first}`)
    case 'entra/app-role-assignment':
      return safeText(`${first} open to ${third}/${fourth}`)
    case 'entra/app-role-group':
      return safeText(`group of ${first}${roleOf(second)}`)
    case 'entra/app-role-group-assignment':
      return safeText(`group of ${first}${roleOf(second)} assigned`)
    case 'entra/app-role-group-member':
      return safeText(`${third} in the group of ${first}${roleOf(second)}`)
    case 'entra/unmanaged-access':
      return safeText(`unnamed way of ${third} into ${first}`)
    case 'entra/conditional-access-policy':
      return safeText(`${demandsNamed(first)} of guests`)
    case 'entra/cross-tenant-partner':
      return safeText(`settings for the tenant of ${first}`)
    case 'entra/guest-settings':
      return 'what guests may be'
    case 'entra/app-proxy':
      return safeText(`${first} published`)
    case 'entra/saml-sign-on':
      return safeText(`sign-on by SAML of ${first}`)
    case 'entra/connector-group':
      return safeText(`connector group of ${first}`)
    case 'entra/synced-user':
      return safeText(`cloud user of ${first}`)
    case 'active-directory/shadow-account':
      return safeText(`shadow account of ${first}`)
    case 'active-directory/partner-account':
      return safeText(`account ${first}`)
    case 'active-directory/group':
      return safeText(`AD group of ${first}${roleOf(second)}`)
    case 'active-directory/group-member':
      return safeText(`account of ${third} in ${adGroupOf(first, second)}`)
    case 'active-directory/connector':
      return safeText(`connector ${first}`)
    case 'active-directory/kerberos-delegation':
      return safeText(`${second} signing guests in to ${first}`)
    case 'active-directory/service-account':
      return safeText(`account of the service of ${first}`)
    case 'active-directory/resource-delegation':
      return safeText(`service of ${first} accepting guests from ${second}`)
    default:
      return safeText(id)
  }
}
