// Changes to one entry, one after the other: several apps share an account, and no condition of a write says that another
// app's mark has not come.

import type { ObjectId } from '../../model/id.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'

// A run has one policy; the writer is another for each change.
const turns = new WeakMap<ResolvedPolicy, Map<ObjectId, Promise<unknown>>>()

export async function inTurn<Result>(
  policy: ResolvedPolicy,
  objectId: ObjectId,
  work: () => Promise<Result>,
): Promise<Result> {
  const last = turns.get(policy) ?? new Map<ObjectId, Promise<unknown>>()
  turns.set(policy, last)
  const result = (last.get(objectId) ?? Promise.resolve()).then(work, work)
  last.set(objectId, result)
  return result
}
