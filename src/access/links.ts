// Links, and what reach asks of them, read off their names once.

import { type Id, keyOf, kindOf } from '../model/id.ts'

export interface Links {
  /** Every resource that is there, whether access passes through it or not. */
  readonly present: ReadonlySet<Id>
  /** Those through which access passes. */
  readonly working: ReadonlySet<Id>
  /** Those through which access passes in another way than the policy describes: an app with another sign-on, say. */
  readonly otherwise?: ReadonlySet<Id>
}

/** Links that access passes through, by what reach asks for. */
export interface LinkIndex {
  readonly assignments: readonly (readonly [app: string, appRole: string, partner: string, group: string, id: Id])[]
  readonly members: ReadonlyMap<string, readonly string[]>
  readonly assignedRoleGroups: readonly (readonly [app: string, appRole: string, id: Id])[]
  readonly roleGroupMembers: ReadonlyMap<string, readonly string[]>
  readonly unmanaged: readonly (readonly [app: string, appRole: string, person: string, via: string, id: Id])[]
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

export function indexOf({ present, working }: Links): LinkIndex {
  const assignments: [string, string, string, string, Id][] = []
  const members = new Map<string, string[]>()
  const assignedRoleGroups: [string, string, Id][] = []
  const roleGroupMembers = new Map<string, string[]>()
  const unmanaged: [string, string, string, string, Id][] = []
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
      case 'entra/app-role-group-assignment':
        assignedRoleGroups.push([first, second, id])
        break
      case 'entra/app-role-group-member':
        append(roleGroupMembers, `${first}/${second}`, third)
        break
      case 'entra/unmanaged-access':
        unmanaged.push([first, second, third, fourth, id])
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
  return {
    assignments,
    members,
    assignedRoleGroups,
    roleGroupMembers,
    unmanaged,
    adRoles,
    adMemberships,
    delegations,
    delegated,
  }
}

function append<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
