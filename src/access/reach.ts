// Who reaches what: a person's access to an app is a path of links, and all of them must hold. Computed from the names of
// the links alone, so that it is the same function for what is there, what is planned, and every moment in between.

import { defaultAccess, type Id, ids, keyOf, kindOf } from '../model/id.ts'
import type { ResolvedApp, ResolvedPolicy } from '../model/policy.ts'
import { isApplied, isKerberos, kerberosOf } from '../model/supported.ts'

export interface Links {
  /** Every resource that is there, whether access passes through it or not. */
  readonly present: ReadonlySet<Id>
  /** Those through which access passes. */
  readonly working: ReadonlySet<Id>
}

export interface Access {
  readonly person: string
  readonly partner: string
  readonly app: string
  readonly role: string
  /** The groups by which the person has it. */
  readonly groups: readonly string[]
  /** Every link of every path to it. */
  readonly links: readonly Id[]
}

/** A way into an app, for one person: the role it leads to, and its links beyond the group and the application. */
interface Way {
  readonly role: string
  readonly links: readonly Id[]
}

type Entrance = (appRole: string, person: string) => readonly Way[]

/** Accesses by a key of person, app and role. */
export function reach(links: Links, policy: ResolvedPolicy): ReadonlyMap<string, Access> {
  const index = indexOf(links)
  const found = new Map<string, Access>()
  for (const [app, appRole, partner, group, assignment] of index.assignments) {
    const entrance = entranceOf(app, links, policy, index)
    if (entrance === undefined) continue
    for (const person of index.members.get(`${partner}/${group}`) ?? []) {
      // A member whom no policy knows as a guest (an employee, say) needs no invitation.
      const guest = ids.guest(person)
      if (links.present.has(guest) && !links.working.has(guest)) continue
      const shared = [ids.application(app), assignment, ids.groupMember(partner, group, person), guest]
      for (const { role, links: own } of entrance(appRole, person)) {
        const key = accessKey(person, app, role)
        const before = found.get(key)
        found.set(key, {
          person,
          partner,
          app,
          role,
          groups: [...(before?.groups ?? []), `${partner}/${group}`].sort(),
          links: [...(before?.links ?? []), ...shared, ...own],
        })
      }
    }
  }
  return found
}

export function accessKey(person: string, app: string, role: string): string {
  return `${app}\n${role}\n${person}`
}

interface Index {
  readonly assignments: readonly (readonly [app: string, appRole: string, partner: string, group: string, id: Id])[]
  readonly members: ReadonlyMap<string, readonly string[]>
  /** Roles in Active Directory by app and person. */
  readonly adRoles: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>
  readonly adMemberships: ReadonlyMap<string, readonly Id[]>
  /** Links by which connectors may sign people in, of either kind of delegation. */
  readonly delegations: ReadonlyMap<string, readonly Id[]>
  /** Apps with a connector that is meant to delegate, whether it works or not. */
  readonly delegated: ReadonlySet<string>
}

/** One is as good as the other. */
const delegationKinds: readonly string[] = [
  'active-directory/kerberos-delegation',
  'active-directory/resource-delegation',
]

function indexOf({ present, working }: Links): Index {
  const assignments: [string, string, string, string, Id][] = []
  const members = new Map<string, string[]>()
  const adRoles = new Map<string, Map<string, string[]>>()
  const adMemberships = new Map<string, Id[]>()
  const delegations = new Map<string, Id[]>()
  const delegated = new Set<string>()
  for (const id of present) if (delegationKinds.includes(kindOf(id))) delegated.add(keyOf(id)[0] ?? '')
  for (const id of working) {
    const [first = '', second = '', third = '', fourth = ''] = keyOf(id)
    switch (kindOf(id)) {
      case 'entra/app-role-assignment':
        assignments.push([first, second, third, fourth, id])
        break
      case 'entra/group-member':
        append(members, `${first}/${second}`, third)
        break
      case 'active-directory/group-member': {
        const ofApp = adRoles.get(first) ?? new Map<string, string[]>()
        adRoles.set(first, ofApp)
        append(ofApp, third, second)
        append(adMemberships, third, id)
        break
      }
      case 'active-directory/kerberos-delegation':
      case 'active-directory/resource-delegation':
        append(delegations, first, id)
        break
    }
  }
  return { assignments, members, adRoles, adMemberships, delegations, delegated }
}

function append<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}

/** Undefined: nobody passes, whoever is assigned. */
function entranceOf(name: string, links: Links, policy: ResolvedPolicy, index: Index): Entrance | undefined {
  const app = policy.apps.get(name)
  if (app === undefined) return (appRole, person) => formerWays(name, appRole, person, links, index)
  if (!isApplied(app) || !links.working.has(ids.application(name))) return undefined
  const kerberos = isKerberos(app)
  if (kerberos && !links.working.has(ids.appProxy(name))) return undefined
  if (!kerberos) return appRole => rolesOf(app, appRole, false).map(role => ({ role, links: [] }))
  return (appRole, person) =>
    rolesOf(app, appRole, true).flatMap(role => kerberosWay(app, role, person, links, index) ?? [])
}

function rolesOf(app: ResolvedApp, appRole: string, kerberos: boolean): readonly string[] {
  const named = [...app.roles.values()]
    .filter(role => (role.appRole ?? defaultAccess) === appRole)
    .map(role => role.name)
  // An app role that the policy does not name is still access.
  if (named.length === 0) return kerberos ? [...app.roles.keys()] : [appRole]
  return kerberos ? named : named.slice(0, 1)
}

/** Undefined if one of the links does not hold. */
function kerberosWay(app: ResolvedApp, role: string, person: string, links: Links, index: Index): Way | undefined {
  const { name } = app
  const needed = [ids.appProxy(name), ids.shadowAccount(person), ids.adGroupMember(name, role, person)]
  if (!needed.every(id => links.working.has(id))) return undefined
  // Somebody else sees to delegation.
  if (kerberosOf(app)?.delegation === 'unmanaged') return { role, links: needed }
  // One connector that may delegate is enough to get in.
  const delegations = index.delegations.get(name) ?? []
  if (delegations.length === 0) return undefined
  return { role, links: [...needed, ids.adGroup(name, role), ...delegations] }
}

/**
 * An app that has left the policy: what is still there of it tells what it was. Where that does not tell (whether somebody
 * else saw to delegation, say), it is taken for open: a loss too many is told rather than one too few.
 */
function formerWays(name: string, appRole: string, person: string, links: Links, index: Index): readonly Way[] {
  const unnamed = appRole === defaultAccess ? 'user' : appRole
  const adRoles = index.adRoles.get(name)
  const kerberos = links.present.has(ids.appProxy(name)) && (adRoles !== undefined || index.delegated.has(name))
  if (!kerberos) return [{ role: unnamed, links: [] }]
  const account = ids.shadowAccount(person)
  if (!links.working.has(account)) return []
  const shared = [ids.appProxy(name), account, ...(index.delegations.get(name) ?? [])]
  const own = (adRoles?.get(person) ?? []).map(role => ({
    role,
    links: [...shared, ids.adGroup(name, role), ids.adGroupMember(name, role, person)],
  }))
  if (own.length > 0) return own
  // Its role may have had a group that only the policy knew.
  const others = index.adMemberships.get(person) ?? []
  return others.length === 0 ? [] : [{ role: unnamed, links: [...shared, ...others] }]
}
