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

/** What a way into an app looks like. */
interface Entrance {
  readonly kerberos: boolean
  /** AD roles that go with an app role of the Entra side; for a cloud app its one role. */
  readonly rolesOf: (appRole: string) => readonly string[]
  /** Whether somebody else sees to delegation. */
  readonly delegated: boolean
}

/** Accesses by a key of person, app and role. */
export function reach(links: Links, policy: ResolvedPolicy): ReadonlyMap<string, Access> {
  const index = indexOf(links.working)
  const found = new Map<string, Access>()
  for (const [app, appRole, partner, group, assignment] of index.assignments) {
    const entrance = entranceOf(app, links, policy, index)
    if (entrance === undefined) continue
    for (const person of index.members.get(`${partner}/${group}`) ?? []) {
      // A member whom no policy knows as a guest (an employee, say) needs no invitation.
      const guest = ids.guest(person)
      if (links.present.has(guest) && !links.working.has(guest)) continue
      const shared = [ids.application(app), assignment, ids.groupMember(partner, group, person), guest]
      for (const role of entrance.rolesOf(appRole)) {
        const own = entrance.kerberos ? kerberosLinks(app, role, person, entrance, links, index) : []
        if (own === undefined) continue
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
  readonly adRoles: ReadonlyMap<string, ReadonlySet<string>>
  readonly connectors: ReadonlyMap<string, readonly string[]>
}

function indexOf(working: ReadonlySet<Id>): Index {
  const assignments: [string, string, string, string, Id][] = []
  const members = new Map<string, string[]>()
  const adRoles = new Map<string, Set<string>>()
  const connectors = new Map<string, string[]>()
  for (const id of working) {
    const [first = '', second = '', third = '', fourth = ''] = keyOf(id)
    switch (kindOf(id)) {
      case 'entra/app-role-assignment':
        assignments.push([first, second, third, fourth, id])
        break
      case 'entra/group-member':
        append(members, `${first}/${second}`, third)
        break
      case 'active-directory/group-member':
        adRoles.set(first, (adRoles.get(first) ?? new Set()).add(second))
        break
      case 'active-directory/kerberos-delegation':
        append(connectors, first, second)
        break
    }
  }
  return { assignments, members, adRoles, connectors }
}

function append(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}

/** Undefined: nobody passes, whoever is assigned. */
function entranceOf(name: string, links: Links, policy: ResolvedPolicy, index: Index): Entrance | undefined {
  const app = policy.apps.get(name)
  const proxied = links.present.has(ids.appProxy(name))
  if (app === undefined) {
    // It has left the policy: what is still there tells what it was.
    const adRoles = [...(index.adRoles.get(name) ?? [])]
    const kerberos = proxied && (adRoles.length > 0 || index.connectors.has(name))
    return {
      kerberos,
      delegated: false,
      rolesOf: appRole => (kerberos ? adRoles : [appRole === defaultAccess ? 'user' : appRole]),
    }
  }
  if (!isApplied(app) || !links.working.has(ids.application(name))) return undefined
  const kerberos = isKerberos(app)
  if (kerberos && !links.working.has(ids.appProxy(name))) return undefined
  return {
    kerberos,
    delegated: kerberosOf(app)?.delegation === 'unmanaged',
    rolesOf: appRole => rolesOf(app, appRole, kerberos),
  }
}

function rolesOf(app: ResolvedApp, appRole: string, kerberos: boolean): readonly string[] {
  const named = [...app.roles.values()]
    .filter(role => (role.appRole ?? defaultAccess) === appRole)
    .map(role => role.name)
  // An app role that the policy does not name is still access.
  if (named.length === 0) return kerberos ? [...app.roles.keys()] : [appRole]
  return kerberos ? named : named.slice(0, 1)
}

/** The links on premises, or undefined if one of them does not hold. */
function kerberosLinks(
  app: string,
  role: string,
  person: string,
  entrance: Entrance,
  links: Links,
  index: Index,
): readonly Id[] | undefined {
  const needed = [ids.appProxy(app), ids.shadowAccount(person), ids.adGroupMember(app, role, person)]
  if (!needed.every(id => links.working.has(id))) return undefined
  if (entrance.delegated) return needed
  // One connector that may delegate is enough to get in.
  const connectors = index.connectors.get(app) ?? []
  if (connectors.length === 0) return undefined
  return [...needed, ids.adGroup(app, role), ...connectors.map(connector => ids.kerberosDelegation(app, connector))]
}
