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

export function kindOfApp(app: AppDoc): 'cloud' | 'kerberos' | 'not supported yet' {
  if (app.hosting === 'cloud') return 'cloud'
  return app.signOn?.kerberos === undefined ? 'not supported yet' : 'kerberos'
}

/** Roles that open the same doors are one: the first by name stands for them. */
export function standIn(app: AppDoc, name: string): string {
  const roles = rolesOf(app)
  const own = roles.find(role => role.name === name)
  const door = (role: { readonly name: string; readonly appRole?: string; readonly adGroup?: string }): string =>
    kindOfApp(app) === 'cloud' ? (role.appRole ?? '') : `${role.appRole ?? ''} ${role.adGroup ?? role.name}`
  return roles.find(role => own !== undefined && door(role) === door(own))?.name ?? name
}

/** What the policy grants on a day, of what is supported. */
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
    // The cloud half of accounts kept in our own domain is not supported yet.
    if (partner?.accounts !== 'entra-b2b') continue
    if (app === undefined || kindOfApp(app) === 'not supported yet') continue
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
      const isCloud = kindOfApp(app) === 'cloud'
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
 * nothing any more; given for the time before an apply, when connectors are still those of the earlier policy.
 */
export function working(
  snapshot: Snapshot,
  documents: Documents,
  at: number,
  former?: ReadonlyMap<string, AppDoc>,
): ReadonlySet<Way> {
  const { graph, directory } = snapshot
  const users = list(graph.users)
  const servicePrincipals = list(graph.servicePrincipals)
  const applications = list(graph.applications)
  const addresses = addressesOf(documents)
  const managed = texts(list(graph.groups).find(group => group.uniqueName === 'guestlist.guests')?.members)
  const ways = new Set<Way>()
  for (const principal of servicePrincipals) {
    const application = applications.find(each => each.appId === principal.appId)
    const claimed = documents.apps.find(each => isApp(each, principal, application))
    const app = claimed !== undefined && kindOfApp(claimed) === 'not supported yet' ? undefined : claimed
    const tagged = [application?.uniqueName, ...texts(principal.tags)]
      .map(String)
      .find(tag => tag.startsWith('guestlist.app.'))
      ?.slice('guestlist.app.'.length)
    // An application that is none of the policy's goes by its id; what opens it besides, nobody here knows.
    const isStranger = app === undefined && (tagged === undefined || documents.apps.some(each => each.name === tagged))
    const name = app?.name ?? (isStranger ? principal.id : (tagged ?? ''))
    for (const assignment of list(principal.appRoleAssignedTo)) {
      const group = list(graph.groups).find(each => each.id === assignment.principal)
      if (group === undefined || !String(group.uniqueName).startsWith('guestlist.partner-group.')) continue
      for (const member of texts(group.members)) {
        const user = users.find(each => each.id === member)
        if (user === undefined) continue
        const person = personOf(user, addresses)
        const ours = managed.includes(user.id) || addresses.has(person)
        if (user.userType === 'Guest' && ours && user.accountEnabled === false) continue
        const was = app ?? (isStranger ? undefined : former?.get(name))
        for (const role of doors(was, principal, application, String(assignment.appRole))) {
          const cloud = was === undefined || kindOfApp(was) !== 'kerberos'
          const serving = former === undefined ? connectorsOf(was ?? noApp, documents) : undefined
          const isFormer = app === undefined
          if (cloud || signsOn({ app: was, isFormer, serving, application, role, user, directory, at })) {
            ways.add(wayOf(person, name, app === undefined ? '*' : standIn(app, role)))
          }
        }
      }
    }
  }
  return ways
}

function isApp(app: AppDoc, principal: Found, application: Found | undefined): boolean {
  if (app.entra === undefined) return application?.uniqueName === `guestlist.app.${app.name}`
  return 'appId' in app.entra
    ? lower(principal.appId) === app.entra.appId.toLowerCase()
    : principal.id === app.entra.servicePrincipalId
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
  readonly directory: Snapshot['directory']
  readonly at: number
}

/** Published, with a ticket for an account of the guest's name, through a connector that may ask for it, into the group. */
function signsOn({ app, isFormer, serving, application, role, user, directory, at }: SignOn): boolean {
  const publishing = application?.onPremisesPublishing as Item | null | undefined
  const settings = publishing?.singleSignOnSettings as Item | undefined
  const service = lower((settings?.kerberosSignOnSettings as Item | undefined)?.kerberosServicePrincipalName)
  if (!publishing?.externalUrl || settings?.singleSignOnMode !== 'onPremisesKerberos') return false

  const accounts = directory.filter(
    ({ attributes }) =>
      lower(attributes.userPrincipalName?.[0]) === lower(user.userPrincipalName) &&
      attributes.adminDescription?.[0] === 'User_guestlist' &&
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
