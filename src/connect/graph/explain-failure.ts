// What a refused request means, in plain words with what to do. Graph's own code and message always come first; what
// follows is our knowledge, and silence where there is none.

import { type GraphVersion, RequestFailure } from '../../model/directories.ts'
import type { Method } from './address.ts'

export interface Refusal {
  readonly method: Method
  readonly version: GraphVersion
  readonly path: string
  readonly status: number
  /** The answer's body, parsed; undefined if it was none that Graph writes. */
  readonly body: unknown
  readonly headers: Headers
}

export function explainFailure(refusal: Refusal): RequestFailure {
  const { code, message } = readEnvelope(refusal.body)
  const id = requestIdOf(refusal)
  const said = [code === '' ? httpMeaning(refusal.status) : code, message].filter(part => part !== '').join(': ')
  const where = `${refusal.method} /${refusal.version}${refusal.path}${id === undefined ? '' : `, request-id ${id}`}`
  const advice = adviceFor(refusal, code, message)
  const text = `Microsoft Graph answered ${refusal.status} ${said} (${where})${advice === undefined ? '' : `. ${advice}`}`
  return new RequestFailure(refusal.status, code, text, id)
}

interface Envelope {
  readonly code: string
  readonly message: string
  readonly requestId: string | undefined
}

/** Graph's error, leniently: backends differ in `innererror`, and in messages that are objects. Empty code: not Graph's. */
export function readEnvelope(body: unknown): Envelope {
  const error = field(body, 'error')
  const inner = field(error, 'innerError') ?? field(error, 'innererror')
  const message = field(error, 'message')
  return {
    code: text(field(error, 'code')) ?? '',
    message: text(message) ?? text(field(message, 'value')) ?? '',
    requestId: text(field(inner, 'request-id')),
  }
}

/** The service's own id of the request that this answers. */
export function requestIdOf({ body, headers }: Pick<Refusal, 'body' | 'headers'>): string | undefined {
  return readEnvelope(body).requestId ?? headers.get('request-id') ?? undefined
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function httpMeaning(status: number): string {
  if (status >= 300 && status < 400) return 'a redirect, which Graph does not give: is there a proxy in between?'
  return 'without an error of Graph: the answer may come from a gateway in between'
}

const knownMessages: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    // With 403, too (lag.ts): not for want of a permission.
    /does not reference a valid application object|backing application of the service principal being created/i,
    'Entra does not show the application everywhere yet, if it is new: run again in some minutes.',
  ],
  [
    /guest invitations not allowed/i,
    'The tenant does not let this application invite: grant it User.Invite.All, and see that allowInvitesFrom (External collaboration settings) is not "none". A change takes up to an hour.',
  ],
  [
    /account is blocked from signing in/i,
    'The guest is there, with sign-in off: enable the account before inviting again.',
  ],
  [
    /non-external user already exists/i,
    'The address belongs to an account of your own tenant, which cannot be invited: correct the address, or keep the partner with accounts: active-directory.',
  ],
  [
    /already exists in the directory/i,
    'Somebody has this address already, perhaps a deleted guest: restore the guest (Entra keeps deleted ones for 30 days), or find who holds the address.',
  ],
  [
    /blocked by cross-tenant access settings/i,
    "The cross-tenant access settings block this partner: allow B2B collaboration with the partner's tenant.",
  ],
  [
    /verified domain of this directory/i,
    'The address is in a domain of your own tenant: name the person by the address at home.',
  ],
  [
    /domain.*(not allowed|isn't allowed|blocked)|(not allowed|isn't allowed|blocked).*domain/i,
    'External collaboration settings say which domains may be invited: let this one in there, or take the people out of the policy.',
  ],
  [
    /on-premises user principal name/i,
    "The account is kept by Active Directory: take it out of Entra Connect's scope and restore it from the deleted users, so that it becomes a cloud user.",
  ],
  [
    /doesn't match any emails on the user object/i,
    'The account must have the address as its mail (or, before its redemption is reset, among its otherMails).',
  ],
  [/object quota limit/i, 'The tenant may not hold more objects: delete some, or ask Microsoft for a higher quota.'],
  [/failure to update policy due to object limit/i, 'The cross-tenant access policy may hold 25 KB in all.'],
]

function adviceFor(refusal: Refusal, code: string, message: string): string | undefined {
  const known = knownMessages.find(([pattern]) => pattern.test(message))
  if (known !== undefined) return known[1]
  if (refusal.status === 401) {
    return refusal.path.startsWith('/invitations')
      ? 'The token was refused; for invitations this is also the answer when User.Invite.All is missing'
      : 'The token was refused: check that the credentials belong to this tenant and this cloud, and the clock'
  }
  if (refusal.status === 403 && (code === 'Authorization_RequestDenied' || /insufficient privileges/i.test(message))) {
    const permission = permissionFor(refusal.method, refusal.path)
    return permission === undefined
      ? 'The application lacks a permission for this'
      : `The application probably lacks ${permission}; after granting it (with admin consent) a new token is needed`
  }
  if (refusal.status === 404 && code === 'Application_NotFound') {
    return 'The application must be published through Application Proxy before it gets a connector group'
  }
  if (refusal.status === 404 && code !== '') {
    return 'It is not there, or not visible yet: what was written a moment ago may take minutes to appear; run again'
  }
  if (refusal.status === 429)
    return 'The service is throttling, also after waiting as long as it asked: run again later'
  return undefined
}

interface Need {
  readonly path: RegExp
  readonly read: string
  readonly write: string
  /** Where deleting needs another one. */
  readonly remove?: string
}

const readGuests = 'User.Read.All or User-LifeCycleInfo.Read.All (both are needed)'
const deleteUser = 'User.ReadWrite.All or User.DeleteRestore.All'
const writeUser = 'User.ReadWrite.All or User-LifeCycleInfo.ReadWrite.All (both are needed when somebody leaves)'
const readGroups = 'GroupMember.Read.All or Directory.Read.All'
const readApps = 'Application.Read.All or Directory.Read.All'
const assignmentWrite = 'AppRoleAssignment.ReadWrite.All or Application.Read.All (both are needed)'

// The least permission for each family of paths, the more particular family first: microsoftgraph/microsoft-graph-devx-content,
// permissions/new/permissions.json, August 2026, and Microsoft Learn's pages of the requests.
const needs: readonly Need[] = [
  { path: /^\/invitations/, read: 'User.Invite.All', write: 'User.Invite.All' },
  {
    path: /^\/directory\/deletedItems\/microsoft\.graph\.group/i,
    read: 'Group.Read.All',
    write: 'Group.ReadWrite.All',
  },
  { path: /^\/directory\/deletedItems/i, read: readGuests, write: deleteUser },
  { path: /^\/directoryObjects/i, read: 'Directory.Read.All', write: 'Directory.Read.All' },
  {
    path: /^\/users\/[^/]+\/revokeSignInSessions/i,
    read: 'User.Read.All',
    write: 'User.ReadWrite.All or User.RevokeSessions.All',
  },
  { path: /^\/(users|groups)\/[^/]+\/appRoleAssignments/, read: 'Directory.Read.All', write: assignmentWrite },
  { path: /^\/users\/[^/]+\/memberOf/, read: 'Directory.Read.All', write: 'Directory.Read.All' },
  { path: /^\/users\/[^/]+\//, read: 'User.Read.All', write: 'User.ReadWrite.All' },
  { path: /^\/users\/[^/]+$/, read: readGuests, write: writeUser, remove: deleteUser },
  { path: /^\/users/, read: readGuests, write: 'User.ReadWrite.All' },
  {
    path: /^\/groups\/[^/]+\/(transitiveM|m)embers/,
    read: readGroups,
    write: 'GroupMember.ReadWrite.All or Group.ReadWrite.All',
  },
  { path: /^\/groups/, read: readGroups, write: 'Group.ReadWrite.All' },
  { path: /appRoleAssign(edTo|ments)/, read: readApps, write: assignmentWrite },
  {
    path: /^\/applications\/[^/]+\/connectorGroup/,
    read: 'a permission that Graph gives to people only',
    write: 'a permission that Graph gives to people only: assign the connector group by hand',
  },
  {
    path: /^\/(applications|servicePrincipals|applicationTemplates)/,
    read: readApps,
    write: 'Application.ReadWrite.OwnedBy (and must be an owner of the object)',
  },
  {
    path: /^\/onPremisesPublishingProfiles/,
    read: 'a permission that Graph gives to people only',
    write: 'Directory.ReadWrite.All',
  },
  {
    path: /^\/policies\/crossTenantAccessPolicy/,
    read: 'Policy.Read.All',
    write: 'Policy.ReadWrite.CrossTenantAccess',
  },
  { path: /^\/policies\/authorizationPolicy/, read: 'Policy.Read.All', write: 'Policy.ReadWrite.Authorization' },
  {
    path: /^\/identity\/conditionalAccess/,
    read: 'Policy.Read.All',
    write: 'Policy.ReadWrite.ConditionalAccess, Policy.Read.All or Application.Read.All (all three are needed)',
  },
  {
    path: /^\/tenantRelationships/,
    read: 'CrossTenantInformation.ReadBasic.All',
    write: 'CrossTenantInformation.ReadBasic.All',
  },
  { path: /^\/organization/, read: 'Organization.Read.All', write: 'Organization.ReadWrite.All' },
  { path: /^\/domains/, read: 'Domain.Read.All', write: 'Domain.ReadWrite.All' },
]

/** The permission that a request most likely lacks when it is refused. */
export function permissionFor(method: Method, path: string): string | undefined {
  const need = needs.find(candidate => candidate.path.test(path))
  if (need === undefined || method === 'GET') return need?.read
  return method === 'DELETE' ? (need.remove ?? need.write) : need.write
}
