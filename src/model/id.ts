// Names of resources: `plane/kind/key…`, the same in code, plan, progress and report. Built here only, so that every
// kind and the access paths agree on them. A person's key is the address; a thing no policy names has a key of its own.

export type Plane = 'entra' | 'active-directory'
export type Id = `${Plane}/${string}`

/** The service's immutable name of an object: Graph's `id`, or an entry's objectGUID. */
export type ObjectId = string

function id(plane: Plane, kind: string, ...key: readonly string[]): Id {
  return `${plane}/${kind}/${key.map(part => part.replaceAll('%', '%25').replaceAll('/', '%2F')).join('/')}`
}

/** The parts of an id behind its plane and kind. */
export function keyOf(id: Id): readonly string[] {
  return id
    .split('/')
    .slice(2)
    .map(part => part.replaceAll('%2F', '/').replaceAll('%25', '%'))
}

/** `entra/group-member`, for comparing with what an id names. */
export function kindOf(id: Id): string {
  return id.split('/', 2).join('/')
}

/** The role of an app's Entra side: the app role's value, or this for its default access. */
export const defaultAccess = 'default-access'

export const ids = {
  guest: (address: string): Id => id('entra', 'guest', address),
  /** The group whose members are the guests that guestlist looks after. */
  managedGuests: (): Id => id('entra', 'group', 'guests'),
  group: (partner: string, group: string): Id => id('entra', 'group', partner, group),
  groupMember: (partner: string, group: string, person: string): Id =>
    id('entra', 'group-member', partner, group, person),
  application: (app: string): Id => id('entra', 'application', app),
  appProxy: (app: string): Id => id('entra', 'app-proxy', app),
  appRoleAssignment: (app: string, appRole: string, partner: string, group: string): Id =>
    id('entra', 'app-role-assignment', app, appRole, partner, group),
  /** How a partner's tenant is trusted. */
  crossTenantPartner: (partner: string): Id => id('entra', 'cross-tenant-partner', partner),
  guestSettings: (): Id => id('entra', 'guest-settings', 'tenant'),
  /** By its set of demands, as model/demands.ts names it. */
  conditionalAccessPolicy: (demands: string): Id => id('entra', 'conditional-access-policy', demands),
  samlSignOn: (app: string): Id => id('entra', 'saml-sign-on', app),
  connectorGroup: (app: string): Id => id('entra', 'connector-group', app),
  /** The group of an app role that a person assigns once (`assignments: pre-assigned`). */
  appRoleGroup: (app: string, appRole: string): Id => id('entra', 'app-role-group', app, appRole),
  appRoleGroupAssignment: (app: string, appRole: string): Id => id('entra', 'app-role-group-assignment', app, appRole),
  appRoleGroupMember: (app: string, appRole: string, person: string): Id =>
    id('entra', 'app-role-group-member', app, appRole, person),
  /** A guest's way into an app that no policy names; `via` is `direct`, or the group's object id. */
  unmanagedAccess: (app: string, appRole: string, person: string, via: string): Id =>
    id('entra', 'unmanaged-access', app, appRole, person, via),
  /** The cloud user that Entra Connect makes of a partner's account in our own Active Directory. */
  syncedUser: (person: string): Id => id('entra', 'synced-user', person),
  shadowAccount: (address: string): Id => id('active-directory', 'shadow-account', address),
  /** An account of a partner that our own Active Directory keeps. */
  partnerAccount: (person: string): Id => id('active-directory', 'partner-account', person),
  adGroup: (app: string, role: string): Id => id('active-directory', 'group', app, role),
  adGroupMember: (app: string, role: string, person: string): Id =>
    id('active-directory', 'group-member', app, role, person),
  connector: (name: string): Id => id('active-directory', 'connector', name),
  kerberosDelegation: (app: string, connector: string): Id =>
    id('active-directory', 'kerberos-delegation', app, connector),
  serviceAccount: (app: string): Id => id('active-directory', 'service-account', app),
  resourceDelegation: (app: string, connector: string): Id =>
    id('active-directory', 'resource-delegation', app, connector),
} as const
