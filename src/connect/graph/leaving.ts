// What leaves: its request is made in the last moment, and tried once, with whatever else leaves.

import { tryBatch } from './batch.ts'
import { requestIdOf } from './explain-failure.ts'
import type { Waiting } from './waiting.ts'
import type { Answer, Request, Tried, Wire } from './wire.ts'

export interface Leaving {
  readonly waiting: Waiting
  readonly request: Request
  /** Of the last answer. */
  headers: Headers
}

/** Undefined: it has nothing to send any more, or may not. */
export function leavingOf(waiting: Waiting): Leaving | undefined {
  const { departure, resolve, reject } = waiting
  try {
    const request = departure.request()
    if (request !== undefined) return heard(waiting, request)
    resolve(undefined)
  } catch (error) {
    reject(error)
  }
  return undefined
}

function heard(waiting: Waiting, request: Request): Leaving {
  const onAnswer = (answer: Answer): void => {
    request.onAnswer?.(answer)
    leaving.headers = answer.headers
    const id = requestIdOf(answer)
    if (id !== undefined) waiting.departure.tell(id)
  }
  const leaving: Leaving = { waiting, request: { ...request, onAnswer }, headers: new Headers() }
  return leaving
}

/** What became of each. Undefined: it must go by itself; an error: not even that is known. */
export async function tryTogether(
  wire: Wire,
  leaving: readonly Leaving[],
): Promise<readonly (Tried | Error | undefined)[]> {
  const requests = leaving.map(({ request }) => request)
  const [only] = requests
  try {
    return only !== undefined && requests.length === 1 ? [await wire.tryOnce(only)] : await tryBatch(wire, requests)
  } catch (error) {
    // No credentials, or a mistake of ours.
    return leaving.map(() => error as Error)
  }
}
