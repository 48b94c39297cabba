// How we know our own. Every mark lies in the directories themselves and names what it marks, so that no state file is
// needed, and one that somebody copies or removes shows in the next plan.

import { createHash } from 'node:crypto'

/** `uniqueName` of the group whose members are the guests that guestlist looks after (Graph: immutable once set). */
export const managedGuestsMark = 'guestlist.guests'

/** `uniqueName` of the group that is there while somebody applies. */
export const leaseMark = 'guestlist.apply'

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

const crossTenantPrefix = 'guestlist.cross-tenant.'

/**
 * `uniqueName` of a group without members that says that a partner's cross-tenant settings are ours: made by us, or taken
 * over (then they stay when the partner leaves). The settings themselves have no place for a mark.
 */
export function crossTenantMark({ partner, tenantId, made }: CrossTenantMark): string {
  return `${crossTenantPrefix}${partner}.${tenantId}${made ? '' : '.adopted'}`
}

export interface CrossTenantMark {
  readonly partner: string
  /** In lower case. */
  readonly tenantId: string
  readonly made: boolean
}

export function readCrossTenantMark(uniqueName: string): CrossTenantMark | undefined {
  if (!uniqueName.startsWith(crossTenantPrefix)) return undefined
  const [partner, tenantId, form, ...rest] = uniqueName.slice(crossTenantPrefix.length).split('.')
  if (!partner || !tenantId || rest.length > 0 || (form !== undefined && form !== 'adopted')) return undefined
  return { partner, tenantId, made: form === undefined }
}

const conditionsPrefix = 'guestlist: guests need '
const longestPolicyName = 256
const demandPattern =
  /^(mfa|phishing-resistant-mfa|compliant-device|terms-of-use:[0-9a-f-]{36}|sign-in-frequency:\d+[hd])$/

/** `displayName` of the conditional access policy for a set of demands; such a policy has no other place for a mark. */
export function conditionsMark(demandsKey: string): string {
  return fitted(`${conditionsPrefix}${demandsKey.replaceAll('+', ', ')}`, longestPolicyName)
}

/** The key of the demands; of a name that was cut, what is left of it. */
export function readConditionsMark(displayName: string): string | undefined {
  if (!displayName.startsWith(conditionsPrefix)) return undefined
  const text = displayName.slice(conditionsPrefix.length)
  if (displayName.length === longestPolicyName && /-[0-9a-f]{8}$/.test(text)) return text
  const demands = text.split(', ')
  const isOurs = demands.every(demand => demandPattern.test(demand)) && [...demands].sort().join(', ') === text
  return isOurs ? demands.join('+') : undefined
}

const publishedPrefix = 'guestlist.published.'

/** A tag on an application: it was not published before we published it. */
export function publishedMark(app: string): string {
  return `${publishedPrefix}${app}`
}

export function readPublishedMark(text: string): string | undefined {
  return text.startsWith(publishedPrefix) ? text.slice(publishedPrefix.length) : undefined
}

const samlPrefix = 'guestlist.saml.'

/** A tag on an application: we look after its sign-on by SAML. */
export function samlMark(app: string): string {
  return `${samlPrefix}${app}`
}

export function readSamlMark(text: string): string | undefined {
  return text.startsWith(samlPrefix) ? text.slice(samlPrefix.length) : undefined
}

const addedPrefix = 'guestlist.added.'

/** A tag on an application: this value was not there before, and publishing or SAML had it added. */
export function addedMark(part: 'proxy' | 'saml', what: string, value: string): string {
  const hash = createHash('sha256').update(value.toLowerCase()).digest('hex').slice(0, 16)
  return `${addedPrefix}${part}.${what}.${hash}`
}

/** Whether a tag of an application says what of it is ours. */
export function isAddressMark(text: string): boolean {
  return [publishedPrefix, samlPrefix, addedPrefix].some(prefix => text.startsWith(prefix))
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
