// What an apply changed and must not have: the two contents of the directories side by side, object by object.

import { authorizationPolicyDefaults } from '../../src/sandbox/graph/policies.ts'
import { addressesOf, inForce, personOf } from './oracle.ts'
import { type AppDoc, type Documents, sources } from './policies.ts'
import type { Item, Snapshot } from './tenant.ts'
import { handMadeDescriptor } from './world.ts'

type Entry = Snapshot['directory'][number]

export function touched(before: Snapshot, after: Snapshot, documents: Documents, at: number): readonly string[] {
  return [...touchedInEntra(before.graph, after.graph, documents, at), ...touchedInDomain(before, after, documents)]
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function isMarked(text: unknown): boolean {
  return String(text).startsWith('guestlist.')
}

/** Both as text without some properties; equal if nothing else changed. */
function isSame(a: Item | undefined, b: Item | undefined, without: readonly string[] = []): boolean {
  const rest = (item: Item | undefined): string =>
    JSON.stringify(
      Object.entries(item ?? {})
        .filter(([name]) => !without.includes(name))
        .sort(([one], [two]) => (one < two ? -1 : 1)),
    )
  return rest(a) === rest(b)
}

function byId(items: readonly Item[] = []): ReadonlyMap<string, Item> {
  return new Map(items.map(item => [String(item.id), item]))
}

function touchedInEntra(
  before: Snapshot['graph'],
  after: Snapshot['graph'],
  documents: Documents,
  at: number,
): readonly string[] {
  const wrong: string[] = []
  const isManaged = managedIn(before)
  const people = inForce(documents, at)
  const addresses = addressesOf(documents)
  const isWanted = (user: Item): boolean => people.has(personOf(user, addresses))

  const users = byId(after.users)
  for (const user of before.users ?? []) {
    const now = users.get(String(user.id))
    const isOurs =
      isManaged(user) || ((user.userType === 'Guest' || user.creationType === 'Invitation') && isWanted(user))
    if (!isOurs && !isSame(user, now)) wrong.push(`user ${user.userPrincipalName}`)
    if (now === undefined) continue
    const ours = ['displayName', 'companyName', 'accountEnabled', 'employeeLeaveDateTime', 'sponsors', 'userType']
    if (!isSame(user, now, [...ours, 'signInSessionsValidFromDateTime']))
      wrong.push(`names of user ${user.userPrincipalName}`)
  }
  const deletedAfter = byId(after.deletedItems)
  for (const item of before.deletedItems ?? []) {
    const isRestored = !deletedAfter.has(String(item.id))
    const mayBe = item['@odata.type'] === '#microsoft.graph.user' && isWanted(withoutPrefix(item))
    // Of a deleted object, links to what we delete go.
    const isAsBefore = isSame(item, deletedAfter.get(String(item.id)), ['appRoleAssignedTo', 'members', 'sponsors'])
    if (isRestored ? !mayBe : !isAsBefore) wrong.push(`deleted ${item.displayName}`)
  }
  const groups = byId(after.groups)
  for (const group of before.groups ?? []) {
    if (isMarked(group.uniqueName)) continue
    const now = groups.get(String(group.id))
    if (!isSame(group, now, ['members'])) wrong.push(`group ${group.displayName}`)
    const gone = texts(group.members).filter(id => !texts(now?.members).includes(id) && users.has(id))
    if (texts(now?.members).some(id => !texts(group.members).includes(id))) wrong.push(`put into ${group.displayName}`)
    const mayLose = !isSource(group, documents) && isLeft(group, before, documents)
    for (const id of gone) {
      const isGuest = users.get(id)?.userType === 'Guest' || users.get(id)?.creationType === 'Invitation'
      if (!mayLose || !isGuest) wrong.push(`taken out of ${group.displayName}: ${users.get(id)?.userPrincipalName}`)
    }
  }
  wrong.push(...touchedApps(before, after, documents), ...touchedSettings(before, after, documents))
  for (const name of ['connectorGroups', 'connectors']) {
    if (JSON.stringify(before[name]) !== JSON.stringify(after[name])) wrong.push(name)
  }
  return wrong
}

/** Read by the policy, and never written. */
function isSource(group: Item, { partners }: Documents): boolean {
  return partners.some(partner =>
    Object.values(partner.groups).some(
      each =>
        'membersFrom' in each && 'entraGroup' in each.membersFrom && each.membersFrom.entraGroup === group.displayName,
    ),
  )
}

/** Assigned to an app from which unnamed guests are removed. */
function isLeft(
  group: Item,
  { servicePrincipals = [], applications = [] }: Snapshot['graph'],
  { apps }: Documents,
): boolean {
  return servicePrincipals.some(principal => {
    const made = applications.find(each => each.appId === principal.appId)?.uniqueName
    const app = apps.find(each => isOf(each, principal, made))
    const assigned = (principal.appRoleAssignedTo ?? []) as readonly Item[]
    return app?.unmanagedGuests === 'remove' && assigned.some(each => each.principal === group.id)
  })
}

function isOf({ name, entra }: AppDoc, principal: Item, uniqueName: unknown): boolean {
  if (entra === undefined) return uniqueName === `guestlist.app.${name}`
  return 'appId' in entra
    ? entra.appId.toLowerCase() === String(principal.appId)
    : entra.servicePrincipalId === principal.id
}

/** Others' conditions, the trust in tenants that the policy does not name, and what it does not say of guests. */
function touchedSettings(
  before: Snapshot['graph'],
  after: Snapshot['graph'],
  { partners, organization }: Documents,
): readonly string[] {
  const wrong: string[] = []
  const conditions = byId(after.conditionalAccessPolicies)
  for (const each of before.conditionalAccessPolicies ?? []) {
    const isOurs = String(each.displayName).startsWith('guestlist: guests need ')
    if (!isOurs && !isSame(each, conditions.get(String(each.id)))) wrong.push(`conditions ${each.displayName}`)
  }
  const made = (after.conditionalAccessPolicies ?? []).filter(
    each => !(before.conditionalAccessPolicies ?? []).some(({ id }) => id === each.id),
  )
  for (const { displayName } of made)
    if (!String(displayName).startsWith('guestlist: guests need ')) wrong.push(`made conditions ${displayName}`)

  const ours = ['inboundTrust', 'automaticUserConsentSettings', 'b2bCollaborationInbound']
  for (const entry of before.crossTenantAccessPartners ?? []) {
    const tenantId = String(entry.tenantId)
    const now = after.crossTenantAccessPartners?.find(each => each.tenantId === tenantId)
    const isNamed =
      partners.some(each => each.tenantId === tenantId) ||
      (before.groups ?? []).some(
        ({ uniqueName }) => isMarked(uniqueName) && String(uniqueName).includes(`.${tenantId}`),
      )
    if (!isSame(entry, now, isNamed ? ours : []) && (now !== undefined || !isNamed)) wrong.push(`trust in ${tenantId}`)
  }
  const { role, invitedBy } = organization.entra.guests ?? {}
  const named = [
    ...(role === undefined ? [] : ['guestUserRoleId']),
    ...(invitedBy === undefined ? [] : ['allowInvitesFrom']),
  ]
  const settings = (graph: Snapshot['graph']): Item => ({
    ...authorizationPolicyDefaults,
    ...(graph.authorizationPolicy as unknown as Item | undefined),
  })
  if (!isSame(settings(before), settings(after), named)) wrong.push('what guests may be')
  return wrong
}

/** A deleted user's principal name has the object id in front. */
function withoutPrefix(item: Item): Item {
  const prefix = String(item.id).replaceAll('-', '')
  return { ...item, userPrincipalName: String(item.userPrincipalName).replace(prefix, '') }
}

function managedIn(graph: Snapshot['graph']): (user: Item) => boolean {
  const members = texts(graph.groups?.find(group => group.uniqueName === 'guestlist.guests')?.members)
  return user => members.includes(String(user.id))
}

function touchedApps(before: Snapshot['graph'], after: Snapshot['graph'], { apps }: Documents): readonly string[] {
  const wrong: string[] = []
  const appOf = (principal: Item): AppDoc | undefined =>
    apps.find(({ entra }) =>
      entra === undefined
        ? false
        : 'appId' in entra
          ? entra.appId.toLowerCase() === String(principal.appId)
          : entra.servicePrincipalId === principal.id,
    )
  const principals = byId(after.servicePrincipals)
  const partnerGroups = (graph: Snapshot['graph']): ReadonlySet<string> =>
    new Set(
      [...(graph.groups ?? []), ...(graph.deletedItems ?? [])]
        .filter(group => isMarked(group.uniqueName))
        .map(group => String(group.id)),
    )
  const ours = new Set([...partnerGroups(before), ...partnerGroups(after)])
  const byHand = (principal: Item | undefined): string =>
    JSON.stringify(
      ((principal?.appRoleAssignedTo ?? []) as readonly Item[]).filter(each => !ours.has(String(each.principal))),
    )
  const made = new Set(
    (before.applications ?? []).filter(each => isMarked(each.uniqueName)).map(each => String(each.appId)),
  )

  for (const principal of before.servicePrincipals ?? []) {
    const now = principals.get(String(principal.id))
    const name = `application ${principal.displayName}`
    if (made.has(String(principal.appId))) continue
    const isNamed = appOf(principal) !== undefined || texts(principal.tags).some(isMarked)
    const may = isNamed ? ['appRoleAssignmentRequired', 'tags', 'preferredSingleSignOnMode'] : []
    if (!isSame(principal, now, [...may, 'appRoleAssignedTo'])) wrong.push(name)
    const removes = appOf(principal)?.unmanagedGuests === 'remove'
    if (removes ? !isLessGuests(principal, now, before) : byHand(principal) !== byHand(now))
      wrong.push(`assignments by hand of ${name}`)
    const foreign = (item: Item | undefined): string => JSON.stringify(texts(item?.tags).filter(tag => !isMarked(tag)))
    if (foreign(principal) !== foreign(now)) wrong.push(`tags of ${name}`)
    if (principal.appRoleAssignmentRequired === true && now?.appRoleAssignmentRequired !== true)
      wrong.push(`${name} was opened`)
  }
  const applications = byId(after.applications)
  for (const application of before.applications ?? []) {
    if (isMarked(application.uniqueName)) continue
    const now = applications.get(String(application.id))
    const app = appOf(application)
    const isNamed =
      app?.hosting === 'on-premises' || app?.signOn !== undefined || texts(application.tags).some(isMarked)
    const may = isNamed ? ['identifierUris', 'web', 'onPremisesPublishing', 'connectorGroup', 'tags'] : []
    if (!isSame(application, now, may)) wrong.push(`registration of ${application.displayName}`)
    // An address of ours gives way to the next; all others stay.
    const own = (item: Item | undefined): string => {
      const web = item?.web as Item | undefined
      const addresses = [...texts(item?.identifierUris), ...texts(web?.redirectUris)]
      return JSON.stringify(addresses.filter(address => !/msappproxy\.net|\.corp\.contoso\.com/.test(address)))
    }
    if (own(application) !== own(now)) wrong.push(`addresses of ${application.displayName}`)
  }
  return wrong
}

/** The same assignments by hand, but for guests' own. */
function isLessGuests(principal: Item, now: Item | undefined, { users = [] }: Snapshot['graph']): boolean {
  const guests = new Set(
    users.filter(user => user.userType === 'Guest' || user.creationType === 'Invitation').map(({ id }) => id),
  )
  const assigned = (item: Item | undefined) => (item?.appRoleAssignedTo ?? []) as readonly Item[]
  const left = new Set(assigned(now).map(({ id }) => id))
  const marked = (each: Item): boolean => guests.has(each.principal) || left.has(each.id)
  return assigned(principal).every(each => marked(each) || !users.some(({ id }) => id === each.principal))
}

/** An account that the domain keeps for a partner. */
function isKept(dn: string): boolean {
  return /,OU=Accounts,/i.test(dn)
}

const stamps = ['whenChanged', 'uSNChanged']

function touchedInDomain(
  { directory: before }: Snapshot,
  { directory: after }: Snapshot,
  documents: Documents,
): readonly string[] {
  const wrong: string[] = []
  const guidOf = (entry: Entry): string => entry.attributes.objectGUID?.[0] ?? entry.dn
  const now = new Map(after.map(entry => [guidOf(entry), entry]))
  const guids = (entries: readonly Entry[]): ReadonlyMap<string, string> =>
    new Map(entries.map(entry => [entry.dn.toLowerCase(), guidOf(entry)]))
  const [guidBefore, guidAfter] = [guids(before), guids(after)]
  const ours = new Set(
    [...before, ...after]
      .filter(({ dn, attributes }) => attributes.adminDescription?.[0] === 'User_guestlist' || isKept(dn))
      .map(guidOf),
  )
  const strangers = (entry: Entry | undefined, names: ReadonlyMap<string, string>): string =>
    JSON.stringify(
      (entry?.attributes.member ?? [])
        .map(dn => names.get(dn.toLowerCase()) ?? dn)
        .filter(guid => !ours.has(guid))
        .sort(),
    )

  for (const entry of before) {
    const there = now.get(guidOf(entry))
    const mark = entry.attributes.adminDescription?.[0] ?? ''
    const isProtected =
      entry.attributes.adminCount?.[0] === '1' || entry.attributes.isCriticalSystemObject?.[0] === 'TRUE'
    const same = (without: readonly string[]): boolean =>
      there !== undefined && entry.dn === there.dn && isSame(entry.attributes, there.attributes, without)
    const classes = entry.attributes.objectClass ?? []
    // What lists an object by name follows it when it is moved; that is the directory's work.
    const links = ['member', 'memberOf', 'distinguishedName']
    if (isProtected) {
      if (!same(links)) wrong.push(`protected ${entry.dn}`)
      if (strangers(entry, guidBefore) !== strangers(there, guidAfter)) wrong.push(`members of protected ${entry.dn}`)
    } else if (classes.includes('computer')) {
      wrong.push(...touchedComputer(entry, there, same, documents))
    } else if (classes.includes('group') && !mark.startsWith('Group_guestlist.')) {
      const isAdopted = there?.attributes.adminDescription?.[0]?.startsWith('Group_guestlist.') === true
      if (isAdopted) continue
      if (entry.dn === sources.domain) {
        const kept = (each: Entry | undefined) => JSON.stringify((each?.attributes.member ?? []).filter(isKept).sort())
        if (kept(entry) !== kept(there)) wrong.push(`members of the source ${entry.dn}`)
      }
      if (!same([...links, ...stamps])) wrong.push(`group ${entry.dn}`)
      if (strangers(entry, guidBefore) !== strangers(there, guidAfter)) wrong.push(`members of ${entry.dn}`)
    } else if (classes.includes('user') && mark !== 'User_guestlist') {
      const isAdopted = there !== undefined && ours.has(guidOf(there)) && !isKept(entry.dn)
      const may = isKept(entry.dn) ? ['extensionAttribute1', 'accountExpires', ...stamps] : []
      if (!isAdopted && !same([...links, ...may])) wrong.push(`account ${entry.dn}`)
    } else if (!classes.includes('group') && !classes.includes('user') && !same(links)) {
      wrong.push(entry.dn)
    }
  }
  return wrong
}

const allowedToAct = 'msDS-AllowedToActOnBehalfOfOtherIdentity'

/** Of an app with resource-based delegation, now or before. */
function runsService({ attributes }: Entry, apps: Documents['apps']): boolean {
  const services = apps
    .filter(app => app.signOn?.kerberos?.delegation === 'resource-based')
    .flatMap(app => app.signOn?.kerberos?.servicePrincipalName.toLowerCase() ?? [])
  return (
    (attributes.servicePrincipalName ?? []).some(name => services.includes(name.toLowerCase())) ||
    (attributes.extensionName ?? []).some(text => text.startsWith('guestlist.resource-delegation.'))
  )
}

function touchedService(
  name: string,
  entry: Entry,
  there: Entry | undefined,
  same: (without: readonly string[]) => boolean,
): readonly string[] {
  const wrong = same([allowedToAct, 'extensionName', ...stamps, 'memberOf']) ? [] : [`computer ${name}`]
  const descriptor = (each: Entry | undefined): Buffer =>
    Buffer.from(each?.attributes[allowedToAct]?.[0] ?? '', 'base64')
  // The SID at its end.
  const stranger = Buffer.from(handMadeDescriptor, 'base64').subarray(-28)
  if (descriptor(entry).includes(stranger) && !descriptor(there).includes(stranger))
    wrong.push(`who may sign in to ${name}`)
  for (const text of (entry.attributes.extensionName ?? []).filter(each => !isMarked(each))) {
    if (!there?.attributes.extensionName?.includes(text)) wrong.push(`extensionName of ${name}: ${text}`)
  }
  return wrong
}

function runs(entry: Entry, service: string | undefined): boolean {
  return (entry.attributes.servicePrincipalName ?? []).some(text => text.toLowerCase() === service?.toLowerCase())
}

function touchedComputer(
  entry: Entry,
  there: Entry | undefined,
  same: (without: readonly string[]) => boolean,
  { apps, organization }: Documents,
): readonly string[] {
  const ours = ['msDS-AllowedToDelegateTo', 'extensionName', 'userAccountControl']
  const name = entry.attributes.sAMAccountName?.[0]?.replace(/\$$/, '').toUpperCase() ?? ''
  const isConnector = organization.applicationProxy.connectorGroups.some(group =>
    group.connectors.some(each => each.toUpperCase() === name),
  )
  const marks = (entry.attributes.extensionName ?? []).filter(isMarked)
  if (!isConnector && runsService(entry, apps)) return touchedService(name, entry, there, same)
  const isService = apps.some(({ signOn }) => runs(entry, signOn?.kerberos?.servicePrincipalName))
  const allowedToAct = 'msDS-AllowedToActOnBehalfOfOtherIdentity'
  if (!isConnector && !isService && marks.length === 0) return same(['memberOf']) ? [] : [`computer ${name}`]
  const wrong = same([...ours, allowedToAct, ...stamps, 'memberOf']) ? [] : [`computer ${name}`]
  if (!isService && marks.length === 0 && !same([...ours, ...stamps, 'memberOf'])) wrong.push(`who may act on ${name}`)
  const services = apps.flatMap(app => app.signOn?.kerberos?.servicePrincipalName.toLowerCase() ?? [])
  const marked = marks.map(text => text.slice(text.indexOf(':') + 1).toLowerCase())
  const stays = (entry.attributes['msDS-AllowedToDelegateTo'] ?? []).filter(
    text => !services.includes(text.toLowerCase()) && !marked.includes(text.toLowerCase()),
  )
  for (const text of stays) {
    if (!there?.attributes['msDS-AllowedToDelegateTo']?.includes(text)) wrong.push(`delegation of ${name} to ${text}`)
  }
  for (const text of (entry.attributes.extensionName ?? []).filter(each => !isMarked(each))) {
    if (!there?.attributes.extensionName?.includes(text)) wrong.push(`extensionName of ${name}: ${text}`)
  }
  const flags = (each: Entry | undefined): number => Number(each?.attributes.userAccountControl?.[0]) & ~0x1000000
  if (flags(entry) !== flags(there)) wrong.push(`userAccountControl of ${name}`)
  return wrong
}
