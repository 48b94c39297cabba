// Changes to one entry, one after the other: several apps share an account, and no condition of a write says that another
// app's mark has not come.

import { type DirectoryWriter, RequestFailure } from '../../model/directories.ts'
import type { ObjectId } from '../../model/id.ts'

const turns = new WeakMap<DirectoryWriter, Map<ObjectId, Promise<unknown>>>()

export async function inTurn<Result>(
  directory: DirectoryWriter,
  objectId: ObjectId,
  work: () => Promise<Result>,
): Promise<Result> {
  const last = turns.get(directory) ?? new Map<ObjectId, Promise<unknown>>()
  turns.set(directory, last)
  const result = (last.get(objectId) ?? Promise.resolve()).then(work, work)
  last.set(objectId, result)
  return result
}

/** 16 and 20: a value that was read has gone or come. */
export function isStale(error: unknown): boolean {
  return error instanceof RequestFailure && (error.status === 16 || error.status === 20)
}
