// Which unnamed ways go, and how. Nobody is taken out of a group of somebody else's where others decide who is in it, where it
// would change what the policy itself is read from, or where it could hold a directory role.

import type { Directories, GraphWriter } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { allGroups } from '../../model/groups.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { isPreAssigned } from '../../model/sign-on.ts'
import { managedGuestsMark } from '../mark.ts'
import { type Group, readGroups } from './tenant.ts'
import { readWays, type Way } from './unmanaged-ways.ts'

/** By a group's object id; direct assignments are under this name. */
export type Obstacles = ReadonlyMap<string, Obstacle>

export const directly = 'direct'

/** Why a way is not taken away here, and what a person does instead. */
export interface Obstacle {
  readonly why: string
  readonly step: string
}

/** Whether the app wants such guests gone. */
export function isAsked({ app }: Way): boolean {
  return app.spec.unmanagedGuests === 'remove'
}

/** Whether a way goes: for its own app's sake, or with the group that another app wants them out of. */
export function goingBy(ways: readonly Way[], obstacles: Obstacles): (way: Way) => boolean {
  const asked = ways.filter(isAsked).flatMap(({ group }) => (group === undefined ? [] : [group.id]))
  const emptied = new Set(asked.filter(id => !obstacles.has(id)))
  return way => (way.group === undefined ? isAsked(way) && !obstacles.has(directly) : emptied.has(way.group.id))
}

export async function unassign(entra: GraphWriter, resource: string, assignments: readonly string[]): Promise<void> {
  for (const assignment of assignments)
    await entra.delete(graphPath`/servicePrincipals/${resource}/appRoleAssignedTo/${assignment}`)
}

/**
 * A guest comes back from the recycle bin with the ways of then, which no plan could see. What the service does not show yet,
 * the next plan sees.
 */
export async function leaveForgottenWays(
  entra: GraphWriter,
  objectId: string,
  from: Directories,
  policy: ResolvedPolicy,
): Promise<void> {
  if (![...policy.apps.values()].some(({ spec }) => spec.unmanagedGuests === 'remove')) return
  const going = await entra.agreed(async now => {
    const ways = await readWays({ ...from, entra: now }, policy)
    const goes = goingBy(ways, await obstaclesOf(ways, { ...from, entra: now }, policy))
    const own = ways.filter(way => way.user.id === objectId && goes(way))
    return own.map(({ group, resource, assignments }) => ({
      group: group?.id,
      resource,
      assignments: assignments.map(({ id }) => id),
    }))
  })
  for (const { group, resource, assignments } of going) {
    if (group !== undefined) await entra.removeMember(group, objectId)
    else await unassign(entra, resource, assignments)
  }
}

/** A group that is not in it is one that guests can be taken out of. */
export async function obstaclesOf(ways: readonly Way[], from: Directories, policy: ResolvedPolicy): Promise<Obstacles> {
  const groups = [...new Map(ways.flatMap(({ group }) => (group === undefined ? [] : [[group.id, group]]))).values()]
  const [sources, listed] = await Promise.all([readSources(groups, from, policy), readGroups(from)])
  const known = new Set(listed.map(({ id }) => id))
  const preAssigned = {
    why: '`assignments: pre-assigned` leaves assignments to people',
    step: 'take it away in the Entra admin center: Enterprise applications, the app, Users and groups',
  }
  return new Map([
    ...(isPreAssigned(policy) ? [[directly, preAssigned] as const] : []),
    ...groups.flatMap(group => {
      const obstacle = obstacleOf(group, sources, known)
      return obstacle === undefined ? [] : [[group.id, obstacle] as const]
    }),
  ])
}

const byAssignment = "take the group's assignment to the app away"

function obstacleOf(
  group: Group,
  sources: ReadonlyMap<string, string>,
  known: ReadonlySet<string>,
): Obstacle | undefined {
  const source = sources.get(group.id)
  if (!known.has(group.id)) return { why: 'the list of groups does not show it yet', step: 'plan again later' }
  if (group.uniqueName === managedGuestsMark)
    return { why: 'it holds every guest that guestlist looks after', step: byAssignment }
  if (source !== undefined) {
    return {
      why: `the policy reads the members of ${source} from it`,
      step: `${byAssignment}, or name the access in a policy`,
    }
  }
  if (group.isAssignableToRole === true)
    return {
      why: 'it can hold directory roles and is never touched',
      step: `take them out by hand, or ${byAssignment}`,
    }
  if (group.onPremisesSyncEnabled === true)
    return { why: 'Active Directory keeps its members', step: `take them out there, or ${byAssignment}` }
  if (group.groupTypes?.includes('DynamicMembership') === true)
    return { why: 'a rule decides who is in it', step: `leave guests out of the rule, or ${byAssignment}` }
  if (group.mailEnabled === true && group.groupTypes?.includes('Unified') !== true)
    return { why: 'Exchange keeps its members', step: `take them out there, or ${byAssignment}` }
  return undefined
}

/** The groups that partner groups of the policy are read from, and those nested in them, by object id. */
async function readSources(
  groups: readonly Group[],
  from: Directories,
  policy: ResolvedPolicy,
): Promise<ReadonlyMap<string, string>> {
  const named = new Map(
    allGroups(policy).flatMap(({ source, partner, name }) =>
      source !== undefined && 'entraGroup' in source ? [[source.entraGroup.toLowerCase(), `${partner}/${name}`]] : [],
    ),
  )
  if (named.size === 0 || groups.length === 0) return new Map()
  const sources = (await readGroups(from)).flatMap(({ id, displayName }) => {
    const reader = named.get(id.toLowerCase()) ?? named.get(displayName?.toLowerCase() ?? '')
    return reader === undefined ? [] : [{ id, reader }]
  })
  const nested = await from.entra.listEach<{ id: string }>(
    sources.map(({ id }) => graphPath`/groups/${id}/transitiveMembers/microsoft.graph.group`),
    { select: ['id'] },
  )
  return new Map(
    sources.flatMap(({ id, reader }, index) =>
      [{ id }, ...(nested[index] ?? [])].map(group => [group.id, reader] as const),
    ),
  )
}
