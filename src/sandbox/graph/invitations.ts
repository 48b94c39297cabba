// Invitations: how guests come into the tenant. Every accepted POST is recorded, so that a test can count invitations.
// Inviting a guest who is there gives the same guest and a new redeem URL; inviting an account of the tenant's own by its id
// makes it a guest with the same id, name, groups and assignments.

import { checkedBody } from './body.ts'
import { badRequest, forbidden, malformed, notFound } from './errors.ts'
import { uuidOf } from './ids.ts'
import type { Item } from './match.ts'
import { created } from './page.ts'
import { bodyOf, isGuid, type Route } from './request.ts'
import { type Entity, listOf, type Tenant } from './tenant.ts'

const rules = {
  title: 'Invitation',
  type: 'invitation',
  readOnly: new Set(['id', 'inviteRedeemUrl', 'status']),
  annotations: new Set(['invitedUser', 'invitedUserSponsors@odata.bind']),
}

export function invitationRoutes(tenant: Tenant): readonly Route[] {
  return [
    {
      method: 'POST',
      pattern: '/invitations',
      handle: request => {
        const body = bodyOf(request)
        const invitation = invite(tenant, checkedBody(body, rules), invitedId(body))
        const answer = created(request, { type: 'invitation', context: 'invitations' }, invitation)
        return { ...answer, body: { ...(answer.body as Item), invitedUser: invitation.invitedUser } }
      },
    },
  ]
}

function invitedId(body: Item): string | undefined {
  const invited = body.invitedUser
  if (invited === undefined || invited === null) return undefined
  const id = typeof invited === 'object' ? (invited as Item).id : undefined
  if (id === undefined) return undefined
  if (!isGuid(id)) throw badRequest(`Invalid object identifier '${String(id)}'.`)
  return id.toLowerCase()
}

function invite(tenant: Tenant, asked: Item, userId: string | undefined): Entity {
  const address = asked.invitedUserEmailAddress
  if (typeof address !== 'string') throw malformed('The invitedUserEmailAddress property is required.')
  if (!isInvitable(address)) throw malformed(`The invited user email address '${address}' is not valid.`)
  const redirect = asked.inviteRedirectUrl
  if (typeof redirect !== 'string') throw malformed('The inviteRedirectUrl property is required.')
  if (!URL.canParse(redirect)) throw malformed('Invite redirect URL is invalid.')
  const type = asked.invitedUserType ?? 'Guest'
  if (type !== 'Guest' && type !== 'Member') throw malformed(`The invitedUserType '${String(type)}' is not valid.`)
  if (listOf((asked.invitedUserMessageInfo as Item | undefined)?.ccRecipients).length > 1) {
    throw malformed('At most one cc recipient is supported.')
  }
  refuseByPolicy(tenant)

  const user = invitedUser(tenant, asked, address, type, userId)
  const id = tenant.newId()
  const invitation: Entity = {
    id,
    invitedUserDisplayName: asked.invitedUserDisplayName ?? null,
    invitedUserEmailAddress: address,
    invitedUserType: user.userType,
    inviteRedirectUrl: redirect,
    inviteRedeemUrl: redeemUrl(tenant, user.id, id),
    sendInvitationMessage: asked.sendInvitationMessage ?? false,
    resetRedemption: asked.resetRedemption ?? false,
    status: user.externalUserState === 'Accepted' ? 'Completed' : 'PendingAcceptance',
    invitedUserMessageInfo: asked.invitedUserMessageInfo ?? {
      messageLanguage: null,
      customizedMessageBody: null,
      ccRecipients: [{ emailAddress: { name: null, address: null } }],
    },
    invitedUser: { id: user.id, userPrincipalName: user.userPrincipalName },
  }
  tenant.store.collection<Entity>('invitations').put(id, { ...invitation, createdDateTime: tenant.timestamp() })
  return invitation
}

// Graph's list. A plus sign is among them: plus addresses cannot be invited.
const forbiddenCharacters = /[~!#$%^&*()+=[\]{}\\/|;:"<>?,\s]/

function isInvitable(address: string): boolean {
  const at = address.indexOf('@')
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)]
  if (at < 1 || domain.includes('@') || forbiddenCharacters.test(address)) return false
  if (/^[.-]|[.-]$/.test(local)) return false
  return /^[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?(?:\.[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?)+$/u.test(domain)
}

function refuseByPolicy(tenant: Tenant): void {
  const policy = tenant.store.collection<Item>('policies').get('authorizationPolicy')
  // An application with User.Invite.All counts as a guest inviter; only `none` stops it.
  if (policy?.allowInvitesFrom === 'none') {
    throw forbidden(
      'Forbidden',
      'Guest invitations not allowed for your company. Contact your company administrator for more details.',
    )
  }
}

function invitedUser(tenant: Tenant, asked: Item, address: string, type: string, userId: string | undefined): Entity {
  const isReset = asked.resetRedemption === true
  if (isReset && userId === undefined) throw malformed('The invitedUser id is required to reset the redemption status.')
  if (userId !== undefined) return invitedAgain(tenant, address, userId, isReset)

  const [existing] = [...tenant.byAddress.all(address)].flatMap(id => tenant.objects.user.get(id) ?? [])
  if (existing !== undefined) {
    if (!isExternal(existing)) {
      throw malformed("Non-external user already exists with the given mail address and can't be invited.")
    }
    if (existing.accountEnabled === false) throw blockedFromSigningIn(existing.id)
    return existing
  }
  refuseOwnDomain(tenant, address)
  const [deleted] = [...tenant.deletedByAddress.all(address)]
    .flatMap(id => tenant.deleted.get(id) ?? [])
    .filter(user => tenant.isRecoverable(user))
  if (deleted !== undefined) {
    throw malformed(
      `The invited user already exists in the directory as object ID: ${deleted.id}, but it is deleted. Restore it instead.`,
    )
  }
  return newGuest(tenant, address, asked.invitedUserDisplayName, type)
}

function invitedAgain(tenant: Tenant, address: string, userId: string, isReset: boolean): Entity {
  const user = tenant.objects.user.get(userId)
  if (user === undefined) throw notFound(userId)
  const known = isReset ? [user.mail, ...listOf(user.otherMails)] : [user.mail]
  if (!known.some(mail => typeof mail === 'string' && mail.toLowerCase() === address.toLowerCase())) {
    throw malformed(
      "The email you're using to invite this user doesn't match any emails on the user object. Add the email to the user object and try again.",
    )
  }
  if (!isReset && isExternal(user)) return user
  if (!isReset) refuseConversion(tenant, address, user)
  const pending = {
    ...user,
    externalUserState: 'PendingAcceptance',
    externalUserStateChangeDateTime: tenant.timestamp(),
  }
  tenant.objects.user.put(user.id, pending)
  return pending
}

function refuseConversion(tenant: Tenant, address: string, user: Entity): void {
  refuseOwnDomain(tenant, address)
  if (typeof user.onPremisesUserPrincipalName === 'string')
    throw malformed('The user has an on-premises user principal name and cannot be invited.')
  if (user.accountEnabled === false) throw blockedFromSigningIn(user.id)
}

function refuseOwnDomain(tenant: Tenant, address: string): void {
  const domain = address.slice(address.indexOf('@') + 1).toLowerCase()
  if (tenant.domains.includes(domain))
    throw malformed(`The domain '${domain}' is a verified domain of this directory: its users can't be invited.`)
}

function blockedFromSigningIn(id: string): Error {
  return malformed(
    `The invited user already exists in the directory as object ID: ${id}, but the account is blocked from signing in. If the account is unblocked, they can use that account to sign in to shared apps and resources.`,
  )
}

export function isExternal(user: Item): boolean {
  return user.creationType === 'Invitation' || typeof user.externalUserState === 'string'
}

function newGuest(tenant: Tenant, address: string, displayName: unknown, type: string): Entity {
  const id = tenant.newId()
  const name = guestPrincipalName(tenant, address, id)
  const guest: Entity = {
    id,
    userPrincipalName: name,
    mailNickname: name.slice(0, name.lastIndexOf('@')),
    displayName: typeof displayName === 'string' ? displayName : address.slice(0, address.indexOf('@')),
    mail: address,
    otherMails: [address],
    proxyAddresses: [`SMTP:${address}`],
    userType: type,
    creationType: 'Invitation',
    externalUserState: 'PendingAcceptance',
    externalUserStateChangeDateTime: tenant.timestamp(),
    accountEnabled: true,
    createdDateTime: tenant.timestamp(),
    identities: [{ signInType: 'userPrincipalName', issuer: tenant.settings.initialDomain, issuerAssignedId: name }],
  }
  tenant.objects.user.put(id, guest)
  return guest
}

/** `pat.lee_partner.example#EXT#@acme.onmicrosoft.com`; a name that is taken gets digits. */
function guestPrincipalName(tenant: Tenant, address: string, id: string): string {
  const base = address.replace('@', '_')
  const suffix = `#EXT#@${tenant.settings.initialDomain}`
  if (tenant.byPrincipalName.first(`${base}${suffix}`) === undefined) return `${base}${suffix}`
  return `${base}${Number.parseInt(id.slice(0, 4), 16)}${suffix}`
}

function redeemUrl(tenant: Tenant, userId: string, invitationId: string): string {
  const { tenantId } = tenant.settings
  const ticket = uuidOf(tenantId, 'ticket', invitationId)
  const target = `https://invitations.microsoft.com/redeem/?tenant=${tenantId}&user=${userId}&ticket=${ticket}&ver=2.0`
  return `https://login.microsoftonline.com/redeem?rd=${encodeURIComponent(target)}`
}

/** What happens when the person follows the redeem URL. */
export function redeem(tenant: Tenant, userId: string): void {
  const user = tenant.objects.user.get(userId)
  if (user === undefined) throw notFound(userId)
  const identity = { signInType: 'federated', issuer: 'ExternalAzureAD', issuerAssignedId: null }
  tenant.objects.user.put(userId, {
    ...user,
    externalUserState: 'Accepted',
    externalUserStateChangeDateTime: tenant.timestamp(),
    identities: [identity, ...listOf(user.identities)],
  })
}
