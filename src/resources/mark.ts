// How we know our own. Every mark lies in the directories themselves and names what it marks, so that no state file is
// needed, and one that somebody copies or removes shows in the next plan.

import { createHash } from 'node:crypto'

/** `uniqueName` of the group whose members are the guests that guestlist looks after (Graph: immutable once set). */
export const managedGuestsMark = 'guestlist.guests'

const groupPrefix = 'guestlist.partner-group.'

/** `uniqueName` of a partner group. Names hold no dots, so that the parts can be told apart. */
export function groupMark(partner: string, group: string): string {
  return `${groupPrefix}${partner}.${group}`
}

export function readGroupMark(uniqueName: string): { partner: string; group: string } | undefined {
  if (!uniqueName.startsWith(groupPrefix)) return undefined
  const [partner, group, ...rest] = uniqueName.slice(groupPrefix.length).split('.')
  return partner && group && rest.length === 0 ? { partner, group } : undefined
}

const appRoleGroupPrefix = 'guestlist.app-role-group.'

/** `uniqueName` of the group that a person assigns to an app role once. An app's name holds no dot; a role's may. */
export function appRoleGroupMark(app: string, appRole: string): string {
  return `${appRoleGroupPrefix}${app}.${appRole}`
}

export function readAppRoleGroupMark(uniqueName: string): { app: string; appRole: string } | undefined {
  if (!uniqueName.startsWith(appRoleGroupPrefix)) return undefined
  const [app, ...rest] = uniqueName.slice(appRoleGroupPrefix.length).split('.')
  const appRole = rest.join('.')
  return app && appRole ? { app, appRole } : undefined
}

const appPrefix = 'guestlist.app.'

/** `uniqueName` of an application that we created, and a tag on the service principal of every app that we look after. */
export function appMark(app: string): string {
  return `${appPrefix}${app}`
}

export function readAppMark(text: string): string | undefined {
  return text.startsWith(appPrefix) ? text.slice(appPrefix.length) : undefined
}

/** `adminDescription` of a shadow account; its prefix keeps Entra Connect's default rule from taking the account up. */
export const shadowAccountMark = 'User_guestlist'

const adGroupPrefix = 'Group_guestlist.'

/** `adminDescription` of a group of ours in Active Directory; its prefix keeps Entra Connect's default rule away. */
export function adGroupMark(app: string, role: string): string {
  return `${adGroupPrefix}${app}.${role}`
}

export function readAdGroupMark(text: string): { app: string; role: string } | undefined {
  if (!text.startsWith(adGroupPrefix)) return undefined
  const [app, role, ...rest] = text.slice(adGroupPrefix.length).split('.')
  return app && role && rest.length === 0 ? { app, role } : undefined
}

const delegationPrefix = 'guestlist.delegation.'

/** A value of `extensionName` on a connector's computer account: this entry of its delegation list is ours. */
export function delegationMark(app: string, servicePrincipalName: string): string {
  return `${delegationPrefix}${app}:${servicePrincipalName}`
}

export function readDelegationMark(text: string): { app: string; servicePrincipalName: string } | undefined {
  if (!text.startsWith(delegationPrefix)) return undefined
  const rest = text.slice(delegationPrefix.length)
  const colon = rest.indexOf(':')
  return colon < 1 ? undefined : { app: rest.slice(0, colon), servicePrincipalName: rest.slice(colon + 1) }
}

export const resourceDelegationPrefix = 'guestlist.resource-delegation.'

/** A value of `extensionName` on a service's account: its entry for this connector is ours. */
export function resourceDelegationMark(app: string, connectorSid: string): string {
  return `${resourceDelegationPrefix}${app}:${connectorSid}`
}

export function readResourceDelegationMark(text: string): { app: string; sid: string } | undefined {
  if (!text.startsWith(resourceDelegationPrefix)) return undefined
  const [app, sid, ...rest] = text.slice(resourceDelegationPrefix.length).split(':')
  return app && sid && rest.length === 0 ? { app, sid } : undefined
}

/** A value of `extensionName`: protocol transition on this connector was switched on by us. */
export const protocolTransitionMark = 'guestlist.protocol-transition'

const anchorPrefix = 'User_'

/** Value of the anchor attribute: the guest's object id in the form of Entra Cloud Sync. */
export function anchorOf(guestObjectId: string): string {
  return `${anchorPrefix}${guestObjectId}`
}

export function readAnchor(text: string | undefined): string | undefined {
  return text?.startsWith(anchorPrefix) ? text.slice(anchorPrefix.length).toLowerCase() : undefined
}

/** The beginning of a text, of at most `length` UTF-16 units, without half a character at its end. */
export function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')
}

/** A name of at most `length` characters: as it is, or cut and made unique again by a hash of the whole. */
export function fitted(name: string, length: number): string {
  if (name.length <= length) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return `${name.slice(0, length - 9)}-${hash}`
}
