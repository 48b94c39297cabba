// Which application permissions each request needs, as Microsoft's permission map and pages say. A bearer token that is a
// JWT with `roles` may do what its roles cover, any other token everything. An application that is made belongs to the
// service principal that made it (`oid` of the token, if the tenant has it), and Application.ReadWrite.OwnedBy reaches no other.

import { deletedType } from './deletion.ts'
import { forbidden, type GraphError } from './errors.ts'
import type { Item } from './match.ts'
import { idOf } from './objects.ts'
import type { Answer, GraphRequest, Key } from './request.ts'
import { type Router, tokensOf } from './router.ts'
import type { DirectoryType, Tenant } from './tenant.ts'

interface Caller {
  readonly roles: ReadonlySet<string>
  readonly id: string
}

/** `A | B + C`: A, or B and C together. */
type Needed = string

interface Rule {
  readonly methods: readonly string[]
  /** `{}` is any key, `*` at the end whatever follows. */
  readonly pattern: readonly string[]
  readonly needed: Needed
}

const owned = 'Application.ReadWrite.OwnedBy'
const writeUsers = 'User.ReadWrite.All | Directory.ReadWrite.All'
const readUsers = 'User.Read.All | User.ReadWrite.All | Directory.Read.All | Directory.ReadWrite.All'
const deleteUsers = 'User.DeleteRestore.All | User.ReadWrite.All'
const readOrganization =
  'User.Read.All | Organization.Read.All | Organization.ReadWrite.All | Directory.Read.All | Directory.ReadWrite.All'
const sponsors = 'User.Read.All | User.ReadWrite.All'
const readGroups =
  'GroupMember.Read.All | Group.ReadBasic.All | Group.Read.All | Group.ReadWrite.All | Directory.Read.All | Directory.ReadWrite.All'
const readMembers =
  'GroupMember.ReadBasic.All | GroupMember.Read.All | GroupMember.ReadWrite.All | Group.ReadBasic.All | Group.Read.All | Group.ReadWrite.All | Directory.Read.All'
const readOwners =
  'GroupMember.Read.All | GroupMember.ReadWrite.All | Group.Read.All | Group.ReadWrite.All | Directory.Read.All'
const writeMembers = 'GroupMember.ReadWrite.All | Group.ReadWrite.All | Directory.ReadWrite.All'
const readDirect = 'GroupMember.ReadBasic.All | Group.ReadBasic.All | Directory.Read.All | Directory.ReadWrite.All'
const readApplications = `Application.Read.All | ${owned} | Application.ReadWrite.All | Directory.Read.All | Directory.ReadWrite.All`
const writeApplications = `${owned} | Application.ReadWrite.All`
const readAssignments = 'AppRoleAssignment.ReadWrite.All | Directory.Read.All | Directory.ReadWrite.All'
const assign =
  'AppRoleAssignment.ReadWrite.All + Application.Read.All | AppRoleAssignment.ReadWrite.All + Directory.Read.All'
const readCrossTenant = 'Policy.Read.All | Policy.ReadWrite.CrossTenantAccess'
const conditionalAccess = 'Policy.Read.All + Policy.ReadWrite.ConditionalAccess'
const leave = 'User-LifeCycleInfo.ReadWrite.All'
/** What Graph's map leaves to people. */
const nobody = 'nobody'
/** The same; a directory role may or may not do, so the tenant's settings decide. */
const administrators = 'administrators'

// The more particular first. One line for each family of requests, least permission first.
const rules: readonly Rule[] = [
  ['POST /invitations', `User.Invite.All | ${writeUsers}`],

  ['POST /users/{}/revokeSignInSessions', `User.RevokeSessions.All | ${writeUsers}`],
  ['GET /users/{}/sponsors/*', sponsors],
  ['POST,DELETE /users/{}/sponsors/*', writeUsers],
  ['GET /users/{}/manager', readUsers],
  ['PUT,DELETE /users/{}/manager/*', writeUsers],
  ['GET /users/{}/memberOf/*', readDirect],
  ['GET /users/{}/transitiveMemberOf/*', `User.Read.All | GroupMember.Read.All | Group.Read.All | ${readDirect}`],
  ['GET /users/{}/ownedObjects/*', readUsers],
  ['GET /users/{}/appRoleAssignments/*', readAssignments],
  ['POST,DELETE /users/{}/appRoleAssignments/*', 'AppRoleAssignment.ReadWrite.All'],
  ['DELETE /users/{}', deleteUsers],
  // PATCH by property, below.
  ['POST,PATCH /users/*', writeUsers],
  ['GET /users/*', readUsers],

  ['GET /groups/{}/appRoleAssignments/*', readAssignments],
  ['POST,DELETE /groups/{}/appRoleAssignments/*', 'AppRoleAssignment.ReadWrite.All'],
  ['GET /groups/{}/members/*', readMembers],
  ['GET /groups/{}/transitiveMembers/*', readMembers],
  ['POST /groups/{}/members/$ref', writeMembers],
  ['DELETE /groups/{}/members/{}/$ref', writeMembers],
  // Without `/$ref` it deletes the member itself.
  ['DELETE /groups/{}/members/{}', deleteUsers],
  ['POST,DELETE /groups/{}/owners/*', 'Group.ReadWrite.All | Directory.ReadWrite.All'],
  ['POST /groups', 'Group.Create | Group.ReadWrite.All | Directory.ReadWrite.All'],
  ['PATCH /groups/{}', 'Group.ReadWrite.All | Directory.ReadWrite.All'],
  ['DELETE /groups/{}', 'Group.ReadWrite.All'],
  ['GET /groups/{}/owners/*', readOwners],
  ['GET /groups/{}/memberOf/*', `GroupMember.Read.All | Group.Read.All | ${readDirect}`],
  ['GET /groups/{}/transitiveMemberOf/*', readDirect],
  ['GET /groups/*', readGroups],

  ['GET,PUT,DELETE /applications/{}/connectorGroup/*', administrators],
  ['POST,DELETE /applications/{}/owners/*', `${owned} + Directory.Read.All | Application.ReadWrite.All`],
  ['POST,PATCH,PUT,DELETE /applications/*', writeApplications],
  ['GET /applications/{}/onPremisesPublishing', `Application.Read.All | ${owned} | Application.ReadWrite.All`],
  ['GET /applications/*', readApplications],
  ['POST /applicationTemplates/{}/instantiate', `${writeApplications} | Directory.ReadWrite.All`],

  ['POST /servicePrincipals/{}/appRoleAssignedTo', assign],
  ['DELETE /servicePrincipals/{}/appRoleAssignedTo/{}', 'AppRoleAssignment.ReadWrite.All'],
  ['POST /servicePrincipals/{}/appRoleAssignments', assign],
  ['DELETE /servicePrincipals/{}/appRoleAssignments/{}', 'AppRoleAssignment.ReadWrite.All'],
  ['POST,DELETE /servicePrincipals/{}/owners/*', `${owned} + Directory.Read.All | Application.ReadWrite.All`],
  ['POST,PATCH,DELETE /servicePrincipals/*', `${writeApplications} | Directory.ReadWrite.All`],
  ['GET /servicePrincipals/*', readApplications],

  ['GET /directory/deletedItems/microsoft.graph.user/*', sponsors],
  ['GET /directory/deletedItems/microsoft.graph.group/*', 'Group.Read.All | Group.ReadWrite.All'],
  ['GET /directory/deletedItems/*', `Application.Read.All | Application.ReadWrite.All | ${sponsors}`],
  // POST …/restore and DELETE by the type of what was deleted, below.
  ['POST,DELETE /directory/deletedItems/*', nobody],
  ['GET /directoryObjects/{}', 'Directory.Read.All | Directory.ReadWrite.All'],
  ['POST /directoryObjects/getByIds', 'Directory.Read.All | Directory.ReadWrite.All'],
  ['GET /organization/*', readOrganization],
  ['GET /domains/*', 'Domain.Read.All | Domain.ReadWrite.All | Directory.Read.All'],

  ['GET /policies/authorizationPolicy', 'Policy.Read.All | Policy.ReadWrite.Authorization'],
  ['PATCH /policies/authorizationPolicy', 'Policy.ReadWrite.Authorization'],
  ['GET /policies/crossTenantAccessPolicy/*', readCrossTenant],
  ['POST,PATCH,PUT,DELETE /policies/crossTenantAccessPolicy/*', 'Policy.ReadWrite.CrossTenantAccess'],
  [
    'GET /policies/authenticationStrengthPolicies/*',
    'Policy.Read.AuthenticationMethod | Policy.Read.All | Policy.ReadWrite.ConditionalAccess',
  ],
  ['GET /identity/conditionalAccess/*', 'Policy.Read.All'],
  ['DELETE /identity/conditionalAccess/*', conditionalAccess],
  ['POST,PATCH /identity/conditionalAccess/*', `${conditionalAccess} + Application.Read.All`],
  ['GET,POST,PATCH,DELETE /identityGovernance/termsOfUse/*', nobody],

  ['POST /onPremisesPublishingProfiles/applicationProxy/connectorGroups', 'Directory.ReadWrite.All'],
  ['GET,POST,PATCH,PUT,DELETE /onPremisesPublishingProfiles/*', administrators],
].map(([request = '', needed = '']) => {
  const [methods = '', pattern = ''] = request.split(' ')
  return { methods: methods.split(','), pattern: pattern.toLowerCase().split('/').slice(1), needed }
})

/** The router, for callers whose token has roles. */
export function withPermissions(tenant: Tenant, router: Router): Router {
  return request => {
    const caller = callerOf(request.headers.authorization)
    if (caller === undefined) return router(request)
    for (const needed of neededFor(tenant, request)) {
      if (needed === administrators && tenant.settings.connectorGroupAssignment === 'allowed') continue
      if (!covers(caller, needed, () => isOwner(tenant, caller, request))) throw refusal(needed)
    }
    if (isUninvited(tenant, caller, request)) throw forbidden('Forbidden', uninvited)
    const answer = router(request)
    if (answer.status === 201) own(tenant, caller, request, answer)
    return answer
  }
}

/** Undefined: a token that may do everything. */
function callerOf(authorization: string | undefined): Caller | undefined {
  const [, claims] = /^Bearer\s+[^.\s]+\.([^.\s]+)\.\S*\s*$/i.exec(authorization ?? '') ?? []
  if (claims === undefined) return undefined
  try {
    const { roles, oid } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Item
    if (!Array.isArray(roles)) return undefined
    return { roles: new Set(roles.map(String)), id: String(oid).toLowerCase() }
  } catch {
    return undefined
  }
}

/** All of these are needed. Undefined rules refuse: a request that nobody has looked up is nobody's. */
function neededFor(tenant: Tenant, request: GraphRequest): readonly Needed[] {
  const [collection] = segments(request)
  const rule = ruleFor(request)?.needed ?? nobody
  if (request.method === 'GET') return [rule, ...readProperties(request)]
  if (request.method === 'PATCH' && collection === 'users') return writtenProperties(request)
  if (request.method === 'PATCH' && collection === 'groups') return [groupWrite(tenant, request, rule)]
  if (collection === 'directory' && request.method === 'POST') return [restoring(tenant, request)]
  if (collection === 'invitations' && (request.body as Item | undefined)?.resetRedemption === true) return [writeUsers]
  const guarded = collection === 'groups' && holdsRoles(tenant, request)
  return guarded ? [rule, 'RoleManagement.ReadWrite.Directory'] : [rule]
}

export function ruleFor(request: Pick<GraphRequest, 'method' | 'path'>): { readonly needed: Needed } | undefined {
  const path = segments(request)
  return rules.find(({ methods, pattern }) => methods.includes(request.method) && matches(pattern, path))
}

function segments({ path }: Pick<GraphRequest, 'path'>): readonly string[] {
  return tokensOf(path).map(token => (typeof token === 'string' ? token.toLowerCase() : '{}'))
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const open = pattern.at(-1) === '*'
  const fixed = open ? pattern.slice(0, -1) : pattern
  if (open ? path.length < fixed.length : path.length !== fixed.length) return false
  return fixed.every((part, index) => part === '{}' || part === path[index])
}

function readProperties({ options, path }: GraphRequest): readonly Needed[] {
  const asked = new Set((options.get('$select') ?? '').split(',').map(property => property.trim()))
  return [
    ...(asked.has('employeeLeaveDateTime') ? [`User-LifeCycleInfo.Read.All | ${leave}`] : []),
    ...(asked.has('signInActivity') ? ['AuditLog.Read.All'] : []),
    ...(/^\/users(\/[^/]+)?$/i.test(path) && /\bsponsors\b/.test(options.get('$expand') ?? '') ? [sponsors] : []),
  ]
}

function writtenProperties({ body }: GraphRequest): readonly Needed[] {
  const needed = Object.keys((body ?? {}) as Item).map(property => {
    if (property === 'employeeLeaveDateTime') return leave
    if (property === 'accountEnabled') return `User.EnableDisableAccount.All + User.Read.All | ${writeUsers}`
    return writeUsers
  })
  return needed.length === 0 ? [writeUsers] : [...new Set(needed)]
}

function groupWrite(tenant: Tenant, request: GraphRequest, rule: Needed): Needed {
  const properties = Object.keys((request.body ?? {}) as Item)
  if (properties.length === 1 && properties[0] === 'members@odata.bind') return writeMembers
  return targetOf(tenant, request) === undefined ? `Group.Create | ${rule}` : rule
}

function holdsRoles(tenant: Tenant, request: GraphRequest): boolean {
  const id = targetOf(tenant, request)
  return id !== undefined && tenant.objects.group.get(id)?.isAssignableToRole === true
}

function restoring(tenant: Tenant, request: GraphRequest): Needed {
  const [, , key] = tokensOf(request.path)
  const item = tenant.deleted.get(String(key).toLowerCase())
  switch (item === undefined ? undefined : deletedType(item)) {
    case 'application':
    case 'servicePrincipal':
      return writeApplications
    case 'group':
      return 'Group.ReadWrite.All'
    default:
      return deleteUsers
  }
}

function covers({ roles }: Caller, needed: Needed, isOwner: () => boolean): boolean {
  return needed.split(' | ').some(together => {
    const all = together.split(' + ')
    return all.every(role => roles.has(role)) && (!all.includes(owned) || isOwner())
  })
}

/** Whether the caller owns what it is about to change, or makes it; to read, nobody needs to. */
function isOwner(tenant: Tenant, { id }: Caller, request: GraphRequest): boolean {
  const target = request.method === 'GET' ? undefined : targetOf(tenant, request)
  return target === undefined || tenant.owners.has(target, id)
}

const types: Readonly<Record<string, DirectoryType>> = {
  users: 'user',
  groups: 'group',
  applications: 'application',
  serviceprincipals: 'servicePrincipal',
}

/** The id of the object whose path it is, if it is there. */
function targetOf(tenant: Tenant, request: GraphRequest): string | undefined {
  const [collection, token] = tokensOf(request.path)
  const type = types[String(collection).toLowerCase()]
  if (type === undefined || token === undefined) return undefined
  const key: Key = typeof token === 'string' ? { value: token } : token
  const id = idOf(tenant, type, key)
  return id !== undefined && tenant.objects[type].has(id) ? id : undefined
}

function own(tenant: Tenant, { id }: Caller, request: GraphRequest, { body }: Answer): void {
  if (!tenant.objects.servicePrincipal.has(id)) return
  const [collection] = segments(request)
  const made = body as Item
  if (collection === 'applicationtemplates') {
    for (const part of [made.application, made.servicePrincipal]) tenant.owners.add(String((part as Item).id), id)
  } else if (segments(request).length <= 2 && (collection === 'applications' || collection === 'serviceprincipals')) {
    tenant.owners.add(String(made.id), id)
  }
}

const uninvited = 'Guest invitations not allowed for your company. Contact your company administrator for more details.'

/** Where not everyone may invite, the right to write users is none to invite. */
function isUninvited(tenant: Tenant, { roles }: Caller, { path }: GraphRequest): boolean {
  if (path.toLowerCase() !== '/invitations' || roles.has('User.Invite.All')) return false
  const policy = tenant.store.collection<Item>('policies').get('authorizationPolicy')
  return policy !== undefined && policy.allowInvitesFrom !== 'everyone'
}

function refusal(needed: Needed): GraphError {
  return needed === administrators
    ? forbidden(
        'NotAdminRoleNoEnoughCustomPermission_UnauthorizedAccess',
        'The caller has no directory role that permits this operation.',
      )
    : forbidden('Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')
}
