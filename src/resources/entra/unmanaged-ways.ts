// The ways by which guests get into the policy's apps and that no policy names: assigned directly, or as direct members of an
// assigned group that is none of ours. Assignments do not cascade to nested groups.

import type { Directories } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import type { Address, ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import { managedGuestsMark } from '../mark.ts'
import { roleName } from './app-roles.ts'
import { managedApps } from './managed-apps.ts'
import { readNames } from './synced-users.ts'
import {
  type Group,
  isInvited,
  readApplications,
  readGroups,
  readGuestMembers,
  readGuests,
  readServicePrincipals,
  type User,
} from './tenant.ts'

/** One guest's way into one role of one app. */
export interface Way {
  readonly app: ResolvedApp
  readonly appRole: string
  readonly person: Address
  readonly user: User
  /** Absent: assigned directly. */
  readonly group?: Group
  /** The service principal. */
  readonly resource: string
  /** More than one where two of the app's role ids stand for default access. */
  readonly assignments: readonly Assignment[]
}

interface Assignment {
  readonly id: string
  readonly appRoleId: string
  readonly principalId: string
  readonly principalType?: string | null
  readonly principalDisplayName?: string | null
  readonly createdDateTime?: string | null
}

/** What an assignment opens. */
type Opening = Pick<Way, 'app' | 'appRole' | 'resource'> & { readonly assignment: Assignment }

export async function readWays(from: Directories, policy: ResolvedPolicy): Promise<readonly Way[]> {
  const [openings, users, personOf] = await Promise.all([
    readOpenings(from, policy),
    readGuests(from),
    readNames(from, policy),
  ])
  const guests = new Map(users.filter(isGuest).map(user => [user.id, user]))
  const groups = await readStrangeGroups(from, openings)
  const lists = await readGuestMembers(from, [...groups.keys()])
  const membersOf = new Map([...groups.keys()].map((id, index) => [id, lists[index] ?? []]))
  const ways = new Map<string, Way>()
  for (const { assignment, ...opening } of openings) {
    const group = groups.get(assignment.principalId)
    const members = group === undefined ? [{ id: assignment.principalId }] : (membersOf.get(group.id) ?? [])
    for (const { id } of members) {
      const user = guests.get(id)
      if (user === undefined) continue
      const key = JSON.stringify([opening.app.name, opening.appRole, id, group?.id])
      const assignments = [...(ways.get(key)?.assignments ?? []), assignment]
      const by = group === undefined ? {} : { group }
      ways.set(key, { ...opening, ...by, user, person: personOf(user), assignments: assignments.sort(byId) })
    }
  }
  return [...ways.values()]
}

/** `direct assignment`, `group "Turbine Programme 2024"` */
export function nameOf(group: Group | undefined): string {
  return group === undefined ? 'direct assignment' : `group "${group.displayName ?? group.id}"`
}

/** The earliest, as `2026-12-01`. */
export function dayOf({ assignments }: Pick<Way, 'assignments'>): string {
  const [first] = assignments.flatMap(({ createdDateTime }) => createdDateTime ?? []).sort()
  return first?.slice(0, 10) ?? 'an unknown day'
}

function byId(a: Assignment, b: Assignment): number {
  return a.id < b.id ? -1 : 1
}

async function readOpenings(from: Directories, policy: ResolvedPolicy): Promise<readonly Opening[]> {
  const [servicePrincipals, applications] = await Promise.all([readServicePrincipals(from), readApplications(from)])
  const registered = new Map(applications.map(found => [found.appId, found]))
  const apps = managedApps(policy, servicePrincipals, registered).flatMap(({ name, found }) => {
    const app = policy.apps.get(name)
    return app === undefined ? [] : [{ app, found }]
  })
  const assigned = await from.entra.listEach<Assignment>(
    apps.map(({ found }) => graphPath`/servicePrincipals/${found.id}/appRoleAssignedTo`),
  )
  return apps.flatMap(({ app, found }, index) =>
    (assigned[index] ?? []).map(assignment => ({
      assignment,
      app,
      resource: found.id,
      appRole: roleName(found.appRoles ?? [], assignment.appRoleId, app),
    })),
  )
}

/** Not an employee whom somebody put into a partner group. */
function isGuest(user: User): boolean {
  return user.userType === 'Guest' || isInvited(user)
}

/** Assigned groups that are none of the named ways, by object id. */
async function readStrangeGroups(from: Directories, openings: readonly Opening[]): Promise<ReadonlyMap<string, Group>> {
  const known = new Map((await readGroups(from)).map(group => [group.id, group]))
  const groups = openings.flatMap(({ assignment: { principalType, principalId: id, principalDisplayName } }) =>
    principalType === 'Group' ? [known.get(id) ?? { id, displayName: principalDisplayName ?? null }] : [],
  )
  return new Map(groups.filter(group => !isNamedWay(group)).map(group => [group.id, group]))
}

/** Groups of ours are the named ways; but for the one that holds every guest, which is meant to open nothing. */
function isNamedWay({ uniqueName }: Group): boolean {
  return uniqueName?.startsWith('guestlist.') === true && uniqueName !== managedGuestsMark
}
