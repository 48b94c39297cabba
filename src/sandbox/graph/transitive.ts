// Membership through nested groups. Groups may be members of each other in a circle; every object is met once.

import type { Tenant } from './tenant.ts'

/** Every member of a group, and of the groups within it. */
export function membersBelow(tenant: Tenant, groupId: string): ReadonlySet<string> {
  return closure(groupId, id => (tenant.objects.group.has(id) ? tenant.members.from(id) : []))
}

/** Every group that holds an object, by itself or through another group. */
export function groupsAbove(tenant: Tenant, objectId: string): ReadonlySet<string> {
  return closure(objectId, id => [...tenant.members.to(id)].filter(group => tenant.objects.group.has(group)))
}

function closure(start: string, next: (id: string) => Iterable<string>): ReadonlySet<string> {
  const met = new Set<string>()
  const open = [start]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const further of next(id)) {
      if (met.has(further)) continue
      met.add(further)
      open.push(further)
    }
  }
  return met
}
