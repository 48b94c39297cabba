// Who reaches what: a person's access to an app is a path of links, and all of them must hold. Computed from the names of
// the links alone, so that it is the same function for what is there, what is planned, and every moment in between.

import { isKept } from '../model/groups.ts'
import { defaultAccess, type Id, ids } from '../model/id.ts'
import type { Address, ResolvedApp, ResolvedPolicy } from '../model/policy.ts'
import { isKerberos, isPublished, kerberosOf, samlOf } from '../model/sign-on.ts'
import { indexOf, type LinkIndex, type Links } from './links.ts'

export interface Access {
  readonly person: string
  readonly partner: string
  readonly app: string
  readonly role: string
  /** The partner groups by which the person has it. */
  readonly groups: readonly string[]
  /** Ways to it that no policy names: `direct`, or the object id of a group of somebody else's. */
  readonly unmanaged: readonly string[]
  /** Every link of every path to it. */
  readonly links: readonly Id[]
}

/** A way into an app, for one person: the role it leads to, and its links beyond the group and the application. */
interface Way {
  readonly role: string
  readonly links: readonly Id[]
}

type Entrance = (appRole: string, person: string) => readonly Way[]

/**
 * Accesses by a key of person, app and role. `by` groups: as a Kerberos service sees people, which knows their groups in Active
 * Directory and no app role; each group, whatever it is for, counts as a role of its own. `by` tokens: as Entra lets people sign
 * in to the app, whatever is behind it. `asItIs`: an app that signs people on in another way than the policy describes lets
 * them in all the same.
 */
export function reach(
  links: Links,
  policy: ResolvedPolicy,
  { by, asItIs = false }: { readonly by?: 'groups' | 'tokens'; readonly asItIs?: boolean } = {},
): ReadonlyMap<string, Access> {
  const index = indexOf(links)
  const entrances = new Map<string, Entrance | undefined>()
  const entranceTo = (app: string): Entrance | undefined => {
    if (!entrances.has(app))
      entrances.set(
        app,
        by === 'tokens' ? tokenTo(app, links) : entranceOf(app, links, policy, index, by === 'groups', asItIs),
      )
    return entrances.get(app)
  }
  const found = new Map<string, Access>()
  const add = ({ app, appRole, person, partner, group, via, links: way }: Arrival): void => {
    const account = accountLinks(person, links, policy)
    const entrance = account === undefined ? undefined : entranceTo(app)
    if (account === undefined || entrance === undefined) return
    for (const { role, links: own } of entrance(appRole, person)) {
      const key = accessKey(person, app, role)
      const before = found.get(key)
      found.set(key, {
        person,
        partner: before?.partner || partner || partnerOf(person, policy),
        app,
        role,
        groups: [...new Set([...(before?.groups ?? []), ...(group === undefined ? [] : [group])])].sort(),
        unmanaged: [...(before?.unmanaged ?? []), ...(via === undefined ? [] : [via])].sort(),
        links: [...(before?.links ?? []), ids.application(app), ...way, ...account, ...own],
      })
    }
  }
  for (const [app, appRole, partner, group, assignment] of index.assignments) {
    for (const person of index.members.get(`${partner}/${group}`) ?? []) {
      const way = [assignment, ids.groupMember(partner, group, person)]
      add({ app, appRole, person, partner, group: `${partner}/${group}`, links: way })
    }
  }
  for (const [app, appRole, assignment] of index.assignedRoleGroups) {
    for (const person of index.roleGroupMembers.get(`${app}/${appRole}`) ?? []) {
      const way = [assignment, ids.appRoleGroupMember(app, appRole, person)]
      const groups = grantedGroups(person, app, policy)
      if (groups.length === 0) add({ app, appRole, person, partner: '', links: way })
      for (const group of groups) add({ app, appRole, person, partner: '', group, links: way })
    }
  }
  for (const [app, appRole, person, via, id] of index.unmanaged)
    add({ app, appRole, person, partner: '', via, links: [id] })
  return found
}

/** A person let into an app's tenant side, by a group of ours or another way. */
interface Arrival {
  readonly app: string
  readonly appRole: string
  readonly person: Address
  /** Empty: known by the person alone. */
  readonly partner: string
  readonly group?: string
  readonly via?: string
  readonly links: readonly Id[]
}

/** Undefined: the person's account does not let them sign in as a guest. */
function accountLinks(person: Address, { present, working }: Links, policy: ResolvedPolicy): readonly Id[] | undefined {
  if (isKept(person, policy)) {
    const needed = [ids.syncedUser(person), ids.partnerAccount(person)]
    return needed.every(id => working.has(id)) ? needed : undefined
  }
  const guest = ids.guest(person)
  const partner = ids.crossTenantPartner(policy.people.get(person)?.partner ?? '')
  // A member whom no policy knows as a guest (an employee, say) needs no invitation; a partner without settings of its own
  // is let in like all others.
  return [guest, partner].some(id => present.has(id) && !working.has(id)) ? undefined : [guest, partner]
}

/** Of a person whom no group tells: the policy's word, or the partner whose domain it is; else nobody's. */
function partnerOf(person: Address, policy: ResolvedPolicy): string {
  const known = policy.people.get(person)?.partner
  if (known !== undefined) return known
  const domain = person.slice(person.lastIndexOf('@') + 1)
  const owner = [...policy.partners.values()].find(({ spec }) =>
    spec.domains.some(each => each.toLowerCase() === domain),
  )
  return owner?.name ?? ''
}

function grantedGroups(person: Address, app: string, policy: ResolvedPolicy): readonly string[] {
  const groups = policy.people.get(person)?.groups ?? []
  const partner = policy.people.get(person)?.partner
  return policy.grants
    .filter(grant => grant.app === app && grant.partner === partner && groups.includes(grant.group))
    .map(grant => `${grant.partner}/${grant.group}`)
}

export function accessKey(person: string, app: string, role: string): string {
  return `${app}\n${role}\n${person}`
}

function tokenTo(app: string, links: Links): Entrance | undefined {
  return links.working.has(ids.application(app)) ? appRole => [{ role: appRole, links: [] }] : undefined
}

/** Undefined: nobody passes, whoever is assigned. */
function entranceOf(
  name: string,
  links: Links,
  policy: ResolvedPolicy,
  index: LinkIndex,
  byGroups: boolean,
  asItIs: boolean,
): Entrance | undefined {
  const app = policy.apps.get(name)
  if (app === undefined) return (appRole, person) => formerWays(name, appRole, person, links, index, byGroups)
  if (asItIs && hasAnotherSignOn(app, links))
    return (appRole, person) => {
      const [role = appRole] = rolesOf(app, appRole, false)
      return formerWays(name, appRole, person, links, index, byGroups, role)
    }
  const shared = [
    ids.application(name),
    ...(isPublished(app) ? [ids.appProxy(name)] : []),
    ...(samlOf(app) === undefined ? [] : [ids.samlSignOn(name)]),
  ]
  if (!shared.every(id => links.working.has(id))) return undefined
  if (!isKerberos(app)) return appRole => rolesOf(app, appRole, false).map(role => ({ role, links: shared }))
  if (byGroups) return (_, person) => waysByGroups(app, person, links, policy, index)
  return (appRole, person) =>
    [...rolesOf(app, appRole, true), ...formerRoles(app, appRole, person, index)].flatMap(
      role => kerberosWay(app, role, person, links, policy, index) ?? [],
    )
}

function hasAnotherSignOn(app: ResolvedApp, { working, otherwise }: Links): boolean {
  const proxy = ids.appProxy(app.name)
  const isOther = otherwise?.has(proxy) === true || otherwise?.has(ids.samlSignOn(app.name)) === true
  return isOther || (!isPublished(app) && working.has(proxy))
}

function rolesOf(app: ResolvedApp, appRole: string, kerberos: boolean): readonly string[] {
  const named = [...app.roles.values()]
    .filter(role => (role.appRole ?? defaultAccess) === appRole)
    .map(role => role.name)
  // An app role that the policy does not name is still access.
  if (named.length === 0) return kerberos ? [...app.roles.keys()] : [appRole]
  return kerberos ? named : named.slice(0, 1)
}

/** Roles in Active Directory that a person has by an app role, and the policy does not know (any more). */
function formerRoles(app: ResolvedApp, appRole: string, person: string, { adRoles }: LinkIndex): readonly string[] {
  const isNamed = [...app.roles.values()].some(role => (role.appRole ?? defaultAccess) === appRole)
  if (isNamed) return []
  return (adRoles.get(app.name)?.get(person) ?? []).filter(role => !app.roles.has(role))
}

/** Of a person who has left the policy, what is still there tells which sort of account it was. */
function kerberosAccount(person: string, { working }: Links, policy: ResolvedPolicy): Id {
  const kept = ids.partnerAccount(person)
  const hasLeft = !policy.people.has(person) && working.has(kept)
  return isKept(person, policy) || hasLeft ? kept : ids.shadowAccount(person)
}

/** Undefined if one of the links does not hold. */
function kerberosWay(
  app: ResolvedApp,
  role: string,
  person: string,
  links: Links,
  policy: ResolvedPolicy,
  index: LinkIndex,
): Way | undefined {
  const { name } = app
  const ticket = ticketFor(app, person, links, policy, index)
  const membership = ids.adGroupMember(name, role, person)
  if (ticket === undefined || !links.working.has(membership)) return undefined
  return { role, links: [...ticket, ids.adGroup(name, role), membership] }
}

/** The links by which a connector gets a ticket for a person; undefined if it gets none. */
function ticketFor(
  app: ResolvedApp,
  person: string,
  links: Links,
  policy: ResolvedPolicy,
  index: LinkIndex,
): readonly Id[] | undefined {
  const account = kerberosAccount(person, links, policy)
  const needed = [ids.appProxy(app.name), account]
  if (!needed.every(id => links.working.has(id))) return undefined
  // Somebody else sees to delegation.
  if (kerberosOf(app)?.delegation === 'unmanaged') return needed
  // One connector that may delegate is enough to get in.
  const delegations = index.delegations.get(app.name) ?? []
  return delegations.length === 0 ? undefined : [...needed, ...delegations]
}

function waysByGroups(
  app: ResolvedApp,
  person: string,
  links: Links,
  policy: ResolvedPolicy,
  index: LinkIndex,
): readonly Way[] {
  const ticket = ticketFor(app, person, links, policy, index)
  if (ticket === undefined) return []
  return (index.adMemberships.get(person) ?? []).map(id => ({ role: id, links: [...ticket, id] }))
}

/**
 * An app that has left the policy: what is still there of it tells what it was. Where that does not tell (whether somebody
 * else saw to delegation, say), it is taken for open: a loss too many is told rather than one too few.
 */
function formerWays(
  name: string,
  appRole: string,
  person: string,
  links: Links,
  index: LinkIndex,
  byGroups: boolean,
  unnamed: string = appRole === defaultAccess ? 'user' : appRole,
): readonly Way[] {
  const adRoles = index.adRoles.get(name)
  const kerberos = links.present.has(ids.appProxy(name)) && (adRoles !== undefined || index.delegated.has(name))
  if (!kerberos) return [{ role: unnamed, links: [] }]
  const account = [ids.shadowAccount(person), ids.partnerAccount(person)].find(id => links.working.has(id))
  if (account === undefined) return []
  const shared = [ids.appProxy(name), account, ...(index.delegations.get(name) ?? [])]
  const memberships = index.adMemberships.get(person) ?? []
  if (byGroups) return memberships.map(id => ({ role: id, links: [...shared, id] }))
  const own = (adRoles?.get(person) ?? []).map(role => ({
    role,
    links: [...shared, ids.adGroup(name, role), ids.adGroupMember(name, role, person)],
  }))
  if (own.length > 0) return own
  // Its role may have had a group that only the policy knew.
  return memberships.length === 0 ? [] : [{ role: unnamed, links: [...shared, ...memberships] }]
}
