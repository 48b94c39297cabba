// What a seed may leave out of an object, filled in: always the same for the same object. A null in the seed says "not even
// the default"; dump.ts writes such nulls, by asking here what it would get without them.

import { applicationDefaults } from './applications.ts'
import { uuidOf } from './ids.ts'
import type { Item } from './match.ts'
import { publishingDefaults } from './publishing.ts'
import { servicePrincipalDefaults } from './service-principals.ts'
import { type DirectoryType, listOf, type TenantSettings } from './tenant.ts'

/** When everything was created that does not say. */
export const seededAt = '2026-01-01T00:00:00Z'

export interface Surroundings {
  readonly settings: TenantSettings
  /** The application with an appId, a unique name or a display name. */
  readonly applicationNamed: (name: string) => Item | undefined
}

export interface Completed {
  /** What the id is derived from. */
  readonly natural: string
  readonly item: Item
}

/** What is missing: shown to the writer of the seed. */
export interface Missing {
  readonly missing: string
  readonly hint: string
}

export function complete(type: DirectoryType, item: Item, around: Surroundings): Completed | Missing {
  switch (type) {
    case 'user':
      return completeUser(item, around.settings)
    case 'group':
      return completeGroup(item)
    case 'application':
      return completeApplication(item, around.settings)
    case 'servicePrincipal':
      return completeServicePrincipal(item, around)
  }
}

function completeUser(item: Item, { initialDomain }: TenantSettings): Completed | Missing {
  const isGuest = item.userType === 'Guest'
  const mail = typeof item.mail === 'string' ? item.mail : undefined
  const derived = isGuest && mail !== undefined ? `${mail.replace('@', '_')}#EXT#@${initialDomain}` : undefined
  const name = item.userPrincipalName ?? derived
  if (typeof name !== 'string')
    return { missing: 'userPrincipalName', hint: 'only a guest with a mail may leave it out' }
  const own = { signInType: 'userPrincipalName', issuer: initialDomain, issuerAssignedId: name }
  const ofGuest = {
    creationType: 'Invitation',
    externalUserState: 'Accepted',
    externalUserStateChangeDateTime: seededAt,
    ...(mail === undefined ? {} : { otherMails: [mail] }),
    identities: [{ signInType: 'federated', issuer: 'ExternalAzureAD', issuerAssignedId: null }, own],
  }
  return {
    natural: name,
    item: {
      userPrincipalName: name,
      displayName: (mail ?? name).split('@')[0],
      mailNickname: name.slice(0, name.lastIndexOf('@')),
      accountEnabled: true,
      userType: 'Member',
      createdDateTime: seededAt,
      identities: [own],
      ...(isGuest ? ofGuest : {}),
      ...item,
    },
  }
}

function completeGroup(item: Item): Completed | Missing {
  const { displayName, uniqueName } = item
  if (typeof displayName !== 'string') return { missing: 'displayName', hint: 'every group has a display name' }
  const name = typeof uniqueName === 'string' ? uniqueName : displayName
  const mailNickname = name.replace(/[^\w.-]+/g, '-')
  const defaults = {
    mailEnabled: false,
    securityEnabled: true,
    mailNickname,
    groupTypes: [],
    createdDateTime: seededAt,
  }
  return { natural: name, item: { ...defaults, ...item } }
}

function completeApplication(item: Item, settings: TenantSettings): Completed | Missing {
  const { displayName, uniqueName, onPremisesPublishing } = item
  if (typeof displayName !== 'string') return { missing: 'displayName', hint: 'every application has a display name' }
  const name = typeof uniqueName === 'string' ? uniqueName : displayName
  const isPublished = typeof onPremisesPublishing === 'object' && onPremisesPublishing !== null
  return {
    natural: name,
    item: {
      appId: uuidOf(settings.tenantId, 'appId', name.toLowerCase()),
      ...applicationDefaults(settings.initialDomain),
      createdDateTime: seededAt,
      ...item,
      ...(isPublished ? { onPremisesPublishing: { ...publishingDefaults, ...onPremisesPublishing } } : {}),
      ...completeRoles(item, name, settings),
    },
  }
}

function completeServicePrincipal(item: Item, { settings, applicationNamed }: Surroundings): Completed | Missing {
  const { displayName, appId } = item
  const given = typeof appId === 'string' ? appId : displayName
  if (typeof given !== 'string') return { missing: 'appId', hint: 'name the application by appId or by displayName' }
  const application = applicationNamed(given)
  const id =
    typeof appId === 'string' ? appId : (application?.appId ?? uuidOf(settings.tenantId, 'appId', given.toLowerCase()))
  // Without a registration in this tenant, it is another organization's application.
  const owner = application === undefined ? uuidOf(settings.tenantId, 'owner', given.toLowerCase()) : settings.tenantId
  return {
    natural: String(id),
    item: {
      displayName: application?.displayName ?? given,
      appId: id,
      ...servicePrincipalDefaults(owner),
      ...item,
      ...completeRoles(item, given, settings),
    },
  }
}

function completeRoles(item: Item, name: string, { tenantId }: TenantSettings): Item {
  const roles = listOf(item.appRoles) as readonly Item[]
  if (roles.length === 0) return {}
  const appRoles = roles.map(role => {
    const label = String(role.value ?? role.displayName)
    const id = uuidOf(tenantId, 'appRole', name.toLowerCase(), label)
    return { id, allowedMemberTypes: ['User'], displayName: label, description: label, isEnabled: true, ...role }
  })
  return { appRoles }
}
