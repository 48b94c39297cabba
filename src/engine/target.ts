// What a change really touches, where its id and its properties do not say it: the objects that are there by now, itself and
// those that it needs, and what the policy names besides, such as the page that an invitation leads to. Two changes of one id
// that touch other things are two changes.

import type { Id, ObjectId } from '../model/id.ts'
import type { Target, TargetObject } from '../model/plan.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import type { Change, Observed } from '../model/resource.ts'
import type { AnyKind } from '../resources/kind.ts'
import { isSame } from './canonical.ts'

/** A policy, and what was there when it was looked at. */
export interface Scene {
  readonly policy: ResolvedPolicy
  readonly observed: { readonly resources: ReadonlyMap<Id, Observed> }
}

export function targetOf(change: Change, kind: AnyKind | undefined, { policy, observed }: Scene): Target {
  const { before, after, needs } = change
  const shielded = after === undefined ? [] : (kind?.shields?.(after.spec) ?? [])
  const around = [...needs, ...shielded].map(id => observed.resources.get(id))
  const objects = [before, ...around].flatMap(there =>
    there === undefined || lastingIdOf(there) === '' ? [] : [[there.id, objectOf(there)] as const],
  )
  return { objects: Object.fromEntries(objects), named: kind?.named?.(change, policy) ?? {} }
}

export function lastingIdOf({ objectId, lasting }: Observed): ObjectId {
  return lasting ?? objectId
}

/** Somebody else's has a name that people know it by; ours is told by its id. */
function objectOf(there: Observed): TargetObject {
  const { name, owned } = there
  return { objectId: lastingIdOf(there), ...(owned || name === undefined ? {} : { name }) }
}

/** Whether `now` touches nothing but what was reviewed. What the plan itself makes has no object id before. */
export function isSameTarget(reviewed: Target, now: Target, isMade: (id: Id) => boolean): boolean {
  return (
    Object.entries(now.objects).every(([id, { objectId }]) => {
      const known = reviewed.objects[id as Id]
      return known === undefined ? isMade(id as Id) : known.objectId === objectId
    }) && Object.entries(now.named).every(([key, value]) => isSame(value, reviewed.named[key]))
  )
}
