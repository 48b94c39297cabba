// Whether a guest may be taken out of a group of somebody else's: not where others decide who is in it, not where it would
// change what the policy itself is read from, and never where it could hold a directory role.

import type { Directories } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { allGroups } from '../../model/groups.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { managedGuestsMark } from '../mark.ts'
import { type Group, readGroups } from './tenant.ts'

/** Why nobody is taken out of a group here, and what a person does instead. */
export interface Obstacle {
  readonly why: string
  readonly step: string
}

/** By the group's object id; a group without is one that guests can be taken out of. */
export async function obstaclesOf(
  ways: readonly { readonly group?: Group }[],
  from: Directories,
  policy: ResolvedPolicy,
): Promise<ReadonlyMap<string, Obstacle>> {
  const groups = [...new Map(ways.flatMap(({ group }) => (group === undefined ? [] : [[group.id, group]]))).values()]
  const [sources, listed] = await Promise.all([readSources(groups, from, policy), readGroups(from)])
  const known = new Set(listed.map(({ id }) => id))
  return new Map(
    groups.flatMap(group => {
      const obstacle = obstacleOf(group, sources, known)
      return obstacle === undefined ? [] : [[group.id, obstacle]]
    }),
  )
}

const unassign = "take the group's assignment to the app away"

function obstacleOf(
  group: Group,
  sources: ReadonlyMap<string, string>,
  known: ReadonlySet<string>,
): Obstacle | undefined {
  const source = sources.get(group.id)
  if (!known.has(group.id)) return { why: 'the list of groups does not show it yet', step: 'plan again later' }
  if (group.uniqueName === managedGuestsMark)
    return { why: 'it holds every guest that guestlist looks after', step: unassign }
  if (source !== undefined) {
    return {
      why: `the policy reads the members of ${source} from it`,
      step: `${unassign}, or name the access in a policy`,
    }
  }
  if (group.isAssignableToRole === true)
    return { why: 'it can hold directory roles and is never touched', step: `take them out by hand, or ${unassign}` }
  if (group.onPremisesSyncEnabled === true)
    return { why: 'Active Directory keeps its members', step: `take them out there, or ${unassign}` }
  if (group.groupTypes?.includes('DynamicMembership') === true)
    return { why: 'a rule decides who is in it', step: `leave guests out of the rule, or ${unassign}` }
  if (group.mailEnabled === true && group.groupTypes?.includes('Unified') !== true)
    return { why: 'Exchange keeps its members', step: `take them out there, or ${unassign}` }
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
