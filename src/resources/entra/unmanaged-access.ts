// A guest's way into an app that no policy names. Looked at and told; taken away only where the app has `unmanagedGuests:
// remove`, and only where nothing is touched that others keep. Whoever leaves a group for one app's sake loses the other apps
// that it opens: each of these ways goes in the same plan, so that all of it is told.

import type { Directories } from '../../model/directories.ts'
import { isKept } from '../../model/groups.ts'
import { type Id, ids } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import type { Observed } from '../../model/resource.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { invitedPeople, isInvited, readManagedGuests } from './tenant.ts'
import { findingsOf } from './unmanaged-findings.ts'
import { goingBy, isAsked, obstaclesOf, unassign } from './unmanaged-removal.ts'
import { dayOf, nameOf, readWays, type Way } from './unmanaged-ways.ts'

type UnmanagedAccessSpec = {
  /** As a person would say it: `direct assignment`, `group "Turbine Programme 2024"`. */
  readonly way: string
  /** The day of the assignment; since when a guest is in a group, nobody tells. */
  readonly assignedOn: string
  /** Never compared. */
  readonly signIn?: boolean
}

export const unmanagedAccess: ResourceKind<UnmanagedAccessSpec> = {
  plane: 'entra',
  name: 'unmanaged-access',
  desire: () => [],
  observe,
  normalize: ({ way, assignedOn }) => ({ way, assignedOn }),
  risk: () => 'revoke',
  works: ({ signIn }) => signIn !== false,
  writes: ({ before }) => ({ directory: Object.keys(before?.related ?? {}).filter(key => key !== 'resource').length }),

  async perform({ id, before }, { entra }) {
    if (before === undefined) throw new Error(`${id} is only ever taken away`)
    const { group, resource = '', ...assignments } = before.related ?? {}
    if (group !== undefined) await entra.removeMember(group, before.objectId)
    else await unassign(entra, resource, Object.values(assignments))
    return before
  },
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<UnmanagedAccessSpec>> {
  const [ways, managed] = await Promise.all([readWays(from, policy), readManagedGuests(from)])
  const obstacles = await obstaclesOf(ways, from, policy)
  const goes = goingBy(ways, obstacles)
  const earlier = chained(ways.filter(goes))
  const wanted = invitedPeople(policy)
  const resources = ways.map((way): Observed<UnmanagedAccessSpec> => {
    const { app, person, group, user, resource, assignments } = way
    const partner = policy.people.get(person)?.partner
    // What becomes of the sign-in of those whom another kind looks after is told there.
    const isLookedAfter = isKept(person, policy) || (isInvited(user) && (managed.has(user.id) || wanted.has(person)))
    const behind = earlier.get(idOf(way))
    const direct = Object.fromEntries(assignments.map(({ id }) => [`assignment:${id}`, id]))
    return {
      id: idOf(way),
      app: app.name,
      ...(partner === undefined ? {} : { partner }),
      needs: [ids.application(app.name), ids.guest(person), ...(behind === undefined ? [] : [behind])],
      owned: goes(way),
      objectId: group === undefined ? (assignments[0]?.id ?? '') : user.id,
      related: group === undefined ? { resource, ...direct } : { group: group.id },
      spec: {
        way: nameOf(group),
        assignedOn: dayOf(way),
        signIn: isLookedAfter || user.accountEnabled !== false,
      },
    }
  })
  return { resources, findings: findingsOf(ways, obstacles, goes) }
}

/**
 * Of the ways that end with one membership, each by the one before it, those for whose sake it ends at the front: a plan for a
 * part that holds one takes along those behind it.
 */
function chained(ways: readonly Way[]): ReadonlyMap<Id, Id> {
  const shared = ways.filter(({ group }) => group !== undefined)
  const chains = Map.groupBy(shared, ({ group, user }) => `${group?.id} ${user.id}`)
  return new Map(
    [...chains.values()].flatMap(chain => {
      const inOrder = chain.toSorted((a, b) => Number(isAsked(b)) - Number(isAsked(a)) || (idOf(a) < idOf(b) ? -1 : 1))
      return inOrder.slice(1).map((way, index) => [idOf(way), idOf(inOrder[index] ?? way)] as const)
    }),
  )
}

function idOf({ app, appRole, person, group }: Way): Id {
  return ids.unmanagedAccess(app.name, appRole, person, group?.id ?? 'direct')
}
