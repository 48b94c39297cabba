// Who really gets in: computed from the raw contents of both directories, by the rules of the services themselves, and what
// the policy's documents grant. Shares no code with src/access; knows the marks as the contract describes them.

import type { AppDoc, Documents } from './policies.ts'
import type { Item, Snapshot } from './tenant.ts'
import { principalName } from './world.ts'

/** `person app role`; the role is `*` for an app that the policy does not name. */
export type Way = string

type Found = Item & { readonly id: string }

const noRole = '00000000-0000-0000-0000-000000000000'
const trustedToDelegate = 0x1000000

function list(value: unknown): readonly Found[] {
  return Array.isArray(value) ? value : []
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function lower(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : ''
}

export function wayOf(person: string, app: string, role: string): Way {
  return `${person} ${app} ${role}`
}

/** The address by which a user is known, whichever of the user's names is used. */
export function personOf(user: Item, addresses: ReadonlySet<string>): string {
  const own = lower(user.userPrincipalName)
  // One of our own accounts is known by its name.
  if (addresses.has(own) && user.creationType !== 'Invitation') return own
  const mails = [user.mail, ...texts(user.otherMails)].map(lower)
  const known = mails.find(mail => addresses.has(mail))
  const byName = [...addresses].find(address => principalName(address).toLowerCase() === lower(user.userPrincipalName))
  return known ?? byName ?? (mails[0] || lower(user.userPrincipalName))
}

export function addressesOf(documents: Documents): ReadonlySet<string> {
  return new Set(
    documents.partners.flatMap(partner =>
      Object.values(partner.groups).flatMap(group =>
        'members' in group ? group.members.map(member => member.address.toLowerCase()) : [],
      ),
    ),
  )
}

function endOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) + 86_400_000 - 1
}

export function rolesOf(
  app: AppDoc,
): readonly { readonly name: string; readonly appRole?: string; readonly adGroup?: string }[] {
  const roles = Object.entries(app.roles ?? { user: {} }).map(([name, role]) => ({ name, ...role }))
  return roles.sort((a, b) => (a.name < b.name ? -1 : 1))
}

export function kindOfApp(app: AppDoc): 'cloud' | 'published' | 'kerberos' {
  if (app.hosting === 'cloud') return 'cloud'
  return app.signOn?.kerberos === undefined ? 'published' : 'kerberos'
}

/** People whose accounts our own domain keeps. */
export function keptIn({ partners }: Documents): ReadonlySet<string> {
  const kept = partners.filter(partner => partner.accounts === 'active-directory')
  return new Set(
    kept.flatMap(({ groups }) =>
      Object.values(groups).flatMap(group =>
        'members' in group ? group.members.map(({ address }) => address.toLowerCase()) : [],
      ),
    ),
  )
}

/** Roles that open the same doors are one: the first by name stands for them. */
export function standIn(app: AppDoc, name: string): string {
  const roles = rolesOf(app)
  const own = roles.find(role => role.name === name)
  const door = (role: { readonly name: string; readonly appRole?: string; readonly adGroup?: string }): string =>
    kindOfApp(app) !== 'kerberos' ? (role.appRole ?? '') : `${role.appRole ?? ''} ${role.adGroup ?? role.name}`
  return roles.find(role => own !== undefined && door(role) === door(own))?.name ?? name
}

/** What the policy grants on a day. */
export function granted(documents: Documents, at: number): ReadonlySet<Way> {
  const appRoles = new Map<string, Set<string>>()
  const adGroups = new Map<string, Set<string>>()
  const note = (map: Map<string, Set<string>>, key: string, value: string): void => {
    map.set(key, (map.get(key) ?? new Set()).add(value))
  }
  for (const access of documents.accesses) {
    if (access.from !== undefined && at < Date.parse(`${access.from}T00:00:00Z`)) continue
    if (access.until !== undefined && at > endOf(access.until)) continue
    const app = documents.apps.find(each => each.name === access.app)
    const partner = documents.partners.find(each => each.name === access.partner)
    if (app === undefined) continue
    const role = rolesOf(app).find(each => each.name === access.role)
    for (const group of access.groups) {
      for (const address of membersOf(partner?.groups[group], at)) {
        note(appRoles, `${address} ${app.name}`, role?.appRole ?? '')
        note(adGroups, address, groupKey(app, role ?? { name: access.role }))
      }
    }
  }
  // What the roles open together may be more than each by itself: two apps can share a group.
  const ways = new Set<Way>()
  for (const [key, held] of appRoles) {
    const [address = '', name = ''] = key.split(' ')
    const app = documents.apps.find(each => each.name === name)
    if (app === undefined) continue
    for (const role of rolesOf(app)) {
      const isCloud = kindOfApp(app) !== 'kerberos'
      const inGroup = isCloud || adGroups.get(address)?.has(groupKey(app, role)) === true
      if (held.has(role.appRole ?? '') && inGroup) ways.add(wayOf(address, name, standIn(app, role.name)))
    }
  }
  return ways
}

function groupKey(app: AppDoc, role: { readonly name: string; readonly adGroup?: string }): string {
  return role.adGroup?.toLowerCase() ?? `${app.name}/${role.name}`
}

/** People whom any group holds on that day. */
export function inForce(documents: Documents, at: number): ReadonlySet<string> {
  const invited = documents.partners.filter(partner => partner.accounts === 'entra-b2b')
  return new Set(invited.flatMap(partner => Object.values(partner.groups).flatMap(group => membersOf(group, at))))
}

function membersOf(group: Documents['partners'][number]['groups'][string] | undefined, at: number): readonly string[] {
  if (group === undefined || !('members' in group)) return []
  return group.members
    .filter(({ until }) => until === undefined || at <= endOf(until))
    .map(({ address }) => address.toLowerCase())
}

/**
 * What works, through groups of ours, as the directories are. `former`: apps of earlier policies, of which this one knows
 * nothing any more; given for the time before an apply, when connectors are still those of the earlier policy. `unmanaged`:
 * also by ways that no policy names.
 */
export function working(
  snapshot: Snapshot,
  documents: Documents,
  at: number,
  { former, unmanaged = false }: { readonly former?: ReadonlyMap<string, AppDoc>; readonly unmanaged?: boolean } = {},
): ReadonlySet<Way> {
  const { graph, directory } = snapshot
  const users = list(graph.users)
  const servicePrincipals = list(graph.servicePrincipals)
  const applications = list(graph.applications)
  const addresses = addressesOf(documents)
  const managed = texts(list(graph.groups).find(group => group.uniqueName === 'guestlist.guests')?.members)
  const ways = new Set<Way>()
  const kept = keptIn(documents)
  const shutOut = shutOutBy(graph, documents)
  for (const principal of servicePrincipals) {
    const application = applications.find(each => each.appId === principal.appId)
    const app = documents.apps.find(each => isApp(each, principal, application))
    const tagged = [application?.uniqueName, ...texts(principal.tags)]
      .map(String)
      .find(tag => tag.startsWith('guestlist.app.'))
      ?.slice('guestlist.app.'.length)
    // An application that is none of the policy's goes by its id; what opens it besides, nobody here knows.
    const isStranger = app === undefined && (tagged === undefined || documents.apps.some(each => each.name === tagged))
    const name = app?.name ?? (isStranger ? principal.id : (tagged ?? ''))
    for (const assignment of list(principal.appRoleAssignedTo)) {
      const group = list(graph.groups).find(each => each.id === assignment.principal)
      const mark = String(group?.uniqueName)
      const isOurs =
        mark.startsWith(`guestlist.app-role-group.${name}.`) ||
        // With role groups assigned by a person, nobody is left in partner groups.
        mark.startsWith('guestlist.partner-group.')
      const isUnmanaged = !isOurs && (!mark.startsWith('guestlist.') || mark === 'guestlist.guests')
      if (!isOurs && !(isUnmanaged && unmanaged && app !== undefined)) continue
      for (const member of group === undefined ? [String(assignment.principal)] : texts(group.members)) {
        const user = users.find(each => each.id === member)
        if (user === undefined || (isUnmanaged && !isInvited(user))) continue
        const person = personOf(user, addresses)
        const ours = managed.includes(user.id) || addresses.has(person)
        if (shutOut.has(person)) continue
        if (kept.has(person) ? !isKeptGuest(user, person, directory, at) : (ours || isUnmanaged) && isSignedOff(user))
          continue
        const was = app ?? (isStranger ? undefined : former?.get(name))
        for (const role of doors(was, principal, application, String(assignment.appRole))) {
          const isOpen = was === undefined || app === undefined || isOpenAs(was, principal, application)
          if (!isOpen) continue
          const cloud = was === undefined || kindOfApp(was) !== 'kerberos'
          const serving = former === undefined ? connectorsOf(was ?? noApp, documents) : undefined
          const isFormer = app === undefined
          const isKept = kept.has(person)
          if (cloud || signsOn({ app: was, isFormer, serving, application, role, user, isKept, directory, at })) {
            ways.add(wayOf(person, name, app === undefined ? '*' : standIn(app, role)))
          }
        }
      }
    }
  }
  return ways
}

function isInvited(user: Found): boolean {
  return user.userType === 'Guest' || user.creationType === 'Invitation'
}

function isSignedOff(user: Found): boolean {
  return isInvited(user) && user.accountEnabled === false
}

/** Brought to the cloud as a guest, of an account that is there, on, stamped and not over. */
function isKeptGuest(user: Found, person: string, directory: Snapshot['directory'], at: number): boolean {
  const account = directory.find(
    ({ dn, attributes }) =>
      /,OU=Accounts,/i.test(dn) && lower(attributes.userPrincipalName?.[0]) === person && !attributes.adminDescription,
  )
  return (
    user.userType === 'Guest' &&
    user.accountEnabled !== false &&
    account?.attributes.extensionAttribute1?.[0] === 'Guest' &&
    (Number(account.attributes.userAccountControl?.[0]) & 2) === 0 &&
    !hasExpired(account.attributes.accountExpires?.[0], at)
  )
}

/** People of partners from whose tenant nobody is let in. */
function shutOutBy(graph: Snapshot['graph'], { partners }: Documents): ReadonlySet<string> {
  const blocked = list(graph.crossTenantAccessPartners)
    .filter(entry => JSON.stringify(entry.b2bCollaborationInbound ?? '').includes('"blocked"'))
    .map(entry => lower(entry.tenantId))
  // One whose tenant the policy names no more is known by the mark of then.
  const isMarked = (name: string, tenantId: string): boolean =>
    list(graph.groups).some(group => String(group.uniqueName).startsWith(`guestlist.cross-tenant.${name}.${tenantId}`))
  const shut = partners.filter(
    ({ accounts, name, tenantId }) =>
      accounts === 'entra-b2b' && blocked.some(id => (tenantId === undefined ? isMarked(name, id) : id === tenantId)),
  )
  return new Set(
    shut.flatMap(({ groups }) =>
      Object.values(groups).flatMap(group =>
        'members' in group ? group.members.map(({ address }) => address.toLowerCase()) : [],
      ),
    ),
  )
}

const proxyModes = { kerberos: 'onPremisesKerberos', header: 'aadHeaderBased', none: 'none', saml: 'saml' } as const

/** Published with the sign-on that the policy says, and by SAML with its addresses. */
function isOpenAs({ hosting, signOn = {} }: AppDoc, principal: Found, application: Found | undefined): boolean {
  const { saml } = signOn
  const web = application?.web as Item | undefined
  const isSaml =
    saml === undefined ||
    (principal.preferredSingleSignOnMode === 'saml' &&
      texts(application?.identifierUris).map(lower).includes(saml.identifier.toLowerCase()) &&
      texts(web?.redirectUris).map(lower).includes(saml.replyUrl.toLowerCase()))
  if (hosting === 'cloud' || !isSaml) return isSaml
  const publishing = application?.onPremisesPublishing as Item | null | undefined
  const { singleSignOnMode } = (publishing?.singleSignOnSettings ?? {}) as Item
  const [sign = 'none'] = Object.keys(signOn) as (keyof typeof proxyModes)[]
  const isMode = singleSignOnMode === proxyModes[sign] || (saml !== undefined && singleSignOnMode === 'none')
  return Boolean(publishing?.externalUrl) && isMode
}

/** There, and signed on to in another way than the policy says: who gets in so, nobody tells from the policy. */
export function isOpenOtherwise(app: AppDoc, { graph }: Snapshot): boolean {
  return list(graph.servicePrincipals).some(principal => {
    const application = list(graph.applications).find(each => each.appId === principal.appId)
    const isThere =
      Boolean((application?.onPremisesPublishing as Item | null | undefined)?.externalUrl) || app.entra !== undefined
    return isApp(app, principal, application) && isThere && !isOpenAs(app, principal, application)
  })
}

function isApp(app: AppDoc, principal: Found, application: Found | undefined): boolean {
  if (app.entra === undefined) return application?.uniqueName === `guestlist.app.${app.name}`
  return 'appId' in app.entra
    ? lower(principal.appId) === app.entra.appId.toLowerCase()
    : principal.id === app.entra.servicePrincipalId
}

/** The tenant signs people on to the app, and in another way than the policy says. */
export function signsOnOtherwise(app: AppDoc, { graph }: Snapshot): boolean {
  return list(graph.servicePrincipals).some(principal => {
    const application = list(graph.applications).find(each => each.appId === principal.appId)
    const publishing = application?.onPremisesPublishing as Item | null | undefined
    const isPublished = Boolean(publishing?.externalUrl)
    const isSaml = principal.preferredSingleSignOnMode === 'saml'
    if (!isApp(app, principal, application)) return false
    if (app.hosting === 'cloud' && app.signOn?.saml === undefined) return isPublished
    return (isPublished || isSaml) && !isOpenAs(app, principal, application)
  })
}

/** The roles of the app that an assignment's app role stands for. One that no role names opens the app all the same. */
function doors(
  app: AppDoc | undefined,
  principal: Found,
  application: Found | undefined,
  appRoleId: string,
): readonly string[] {
  if (app === undefined) return ['*']
  const declared = list((application ?? principal).appRoles)
  const found = declared.find(role => role.id === appRoleId)
  const isDefault = appRoleId === noRole || (found !== undefined && typeof found.value !== 'string')
  const roles = rolesOf(app)
  const named = roles.filter(role => (role.appRole === undefined ? isDefault : role.appRole === found?.value))
  if (named.length > 0) return named.map(role => role.name)
  if (kindOfApp(app) === 'kerberos') return roles.map(role => role.name)
  return [isDefault ? 'default-access' : String(found?.value ?? appRoleId)]
}

const noApp: AppDoc = { name: '', displayName: '', hosting: 'on-premises' }

interface SignOn {
  readonly app: AppDoc
  readonly isFormer: boolean
  /** The connectors that may sign people in; any if left out. */
  readonly serving: readonly string[] | undefined
  readonly application: Found | undefined
  readonly role: string
  readonly user: Found
  /** Of an account that our own domain keeps. */
  readonly isKept: boolean
  readonly directory: Snapshot['directory']
  readonly at: number
}

/** Published, with a ticket for an account of the guest's name, through a connector that may ask for it, into the group. */
function signsOn({ app, isFormer, serving, application, role, user, isKept, directory, at }: SignOn): boolean {
  const publishing = application?.onPremisesPublishing as Item | null | undefined
  const settings = publishing?.singleSignOnSettings as Item | undefined
  const service = lower((settings?.kerberosSignOnSettings as Item | undefined)?.kerberosServicePrincipalName)
  if (!publishing?.externalUrl || settings?.singleSignOnMode !== 'onPremisesKerberos') return false

  const accounts = directory.filter(
    ({ dn, attributes }) =>
      lower(attributes.userPrincipalName?.[0]) === lower(user.userPrincipalName) &&
      (isKept ? /,OU=Accounts,/i.test(dn) : attributes.adminDescription?.[0] === 'User_guestlist') &&
      // Of an app that has gone, an account with somebody else's link does not tell whose it was.
      (!isFormer || Object.values(attributes).some(values => values.includes(`User_${user.id}`))) &&
      (Number(attributes.userAccountControl?.[0]) & 2) === 0 &&
      !hasExpired(attributes.accountExpires?.[0], at),
  )
  const wanted = rolesOf(app).find(each => each.name === role)
  const open = accounts.some(account =>
    (account.attributes.memberOf ?? []).some(dn => {
      const group = directory.find(entry => entry.dn.toLowerCase() === dn.toLowerCase())
      const mark = group?.attributes.adminDescription?.[0] ?? ''
      // Who is in a protected group, guestlist does not look after.
      if (isFormer && group?.attributes.adminCount?.[0] === '1') return false
      if (wanted?.adGroup !== undefined) return dn.toLowerCase() === wanted.adGroup.toLowerCase()
      return mark === `Group_guestlist.${app.name}.${role}`
    }),
  )
  if (!open) return false

  if (app.signOn?.kerberos?.delegation === 'unmanaged') return true
  // Whether somebody else sees to the delegation of an app that has left the policy, nothing tells.
  const marks = [`guestlist.delegation.${app.name}:`, `guestlist.resource-delegation.${app.name}:`]
  const isMarked = directory.some(({ attributes }) =>
    (attributes.extensionName ?? []).some(text => marks.some(mark => text.startsWith(mark))),
  )
  if (isFormer && !isMarked) return true
  return directory.some(({ attributes }) => {
    const computer = attributes.sAMAccountName?.[0]?.replace(/\$$/, '').toUpperCase() ?? ''
    const constrained =
      (Number(attributes.userAccountControl?.[0]) & trustedToDelegate) !== 0 &&
      (attributes['msDS-AllowedToDelegateTo'] ?? []).some(text => text.toLowerCase() === service)
    return (
      (serving === undefined || serving.includes(computer)) &&
      (constrained || accepts(directory, service, attributes.objectSid?.[0] ?? ''))
    )
  })
}

/** Whether the account that runs a service, and there is one, accepts people from a connector. */
function accepts(directory: Snapshot['directory'], service: string, connectorSid: string): boolean {
  const holders = holdersOf(directory, service)
  const descriptor = holders[0]?.attributes['msDS-AllowedToActOnBehalfOfOtherIdentity']?.[0] ?? ''
  const [, authority = 0, ...parts] = connectorSid.split('-').slice(1).map(Number)
  const sid = Buffer.alloc(8 + 4 * parts.length)
  sid.set([1, parts.length, 0, 0, 0, 0, 0, authority])
  for (const [index, part] of parts.entries()) sid.writeUInt32LE(part, 8 + 4 * index)
  return holders.length === 1 && parts.length > 1 && Buffer.from(descriptor, 'base64').includes(sid)
}

export function holdersOf(directory: Snapshot['directory'], service: string): Snapshot['directory'] {
  return directory.filter(({ attributes }) =>
    (attributes.servicePrincipalName ?? []).some(name => name.toLowerCase() === service.toLowerCase()),
  )
}

/** Accounts of our own domain that a role's group holds on that day: `person app role`. */
export function keptMemberships(documents: Documents, at: number): ReadonlySet<Way> {
  const ways = documents.accesses.flatMap(access => {
    const partner = documents.partners.find(each => each.name === access.partner)
    const app = documents.apps.find(each => each.name === access.app)
    const isOver = access.until !== undefined && at > endOf(access.until)
    const isFuture = access.from !== undefined && at < Date.parse(`${access.from}T00:00:00Z`)
    if (partner?.accounts !== 'active-directory' || app === undefined || isOver || isFuture) return []
    if (kindOfApp(app) !== 'kerberos') return []
    return access.groups.flatMap(group =>
      membersOf(partner.groups[group], at).map(person => wayOf(person, app.name, access.role)),
    )
  })
  return new Set(ways)
}

export function connectorsOf(app: AppDoc, documents: Documents): readonly string[] {
  const groups = documents.organization.applicationProxy.connectorGroups
  const own = groups.find(group => group.name === app.proxy?.connectorGroup)?.connectors ?? []
  return own.map(name => name.toUpperCase())
}

function hasExpired(accountExpires: string | undefined, at: number): boolean {
  if (accountExpires === undefined || accountExpires === '0' || accountExpires === '9223372036854775807') return false
  return Number(BigInt(accountExpires) / 10_000n - 11_644_473_600_000n) <= at
}
