// What a request failed with; another error is thrown on, and success is one.

import { RequestFailure } from '../../src/model/directories.ts'

export async function failureOf(work: Promise<unknown>): Promise<RequestFailure> {
  const error = await work.then(
    value => new Error(`succeeded with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  if (error instanceof RequestFailure) return error
  throw error
}
