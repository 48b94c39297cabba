// Graph may refuse a reference to what it has just made. Such a refusal is believed only when the object is not of this
// run's making, or has had its time to appear.

import { RequestFailure } from '../../model/directories.ts'
import { field } from './explain-failure.ts'
import type { Wire } from './wire.ts'

export interface Lag {
  /** Remembers the objects that an answer to a write speaks of. */
  readonly note: (body: unknown) => void
  /** True if the failure may be no more than lag behind one of the objects that `text` mentions. */
  readonly explains: (error: unknown, text: string) => boolean
  /** Does `action` until it succeeds, fails for another reason, or the deadline has passed. */
  readonly outlast: <Result>(text: string, action: () => Promise<Result>) => Promise<Result>
}

const lagMessages: readonly (readonly [status: number, pattern: RegExp])[] = [
  [400, /not a valid reference update/i],
  [400, /one or more property values specified are invalid/i],
  [400, /does not reference a valid application object/i],
  [400, /does not exist or one of its queried reference-property objects are not present/i],
  [403, /backing application of the service principal being created must in the local tenant/i],
]

const firstPause = 1000
const longestPause = 30_000

export function createLag(wire: Wire, deadline: number): Lag {
  const created = new Set<string>()
  const note = (body: unknown): void => {
    for (const object of [body, ...Object.values(typeof body === 'object' && body !== null ? body : {})]) {
      for (const name of ['id', 'appId']) {
        const id = field(object, name)
        if (typeof id === 'string') created.add(id)
      }
    }
  }
  const explains = (error: unknown, text: string): boolean =>
    error instanceof RequestFailure && looksLikeLag(error) && created.values().some(id => text.includes(id))
  const outlast = async <Result>(text: string, action: () => Promise<Result>): Promise<Result> => {
    let waited = 0
    for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
      try {
        return await action()
      } catch (error) {
        if (waited >= deadline || !explains(error, text)) throw error
      }
      await wire.pause(pause)
      waited += pause
    }
  }
  return { note, explains, outlast }
}

function looksLikeLag({ status, code, message }: RequestFailure): boolean {
  if (status === 404) return code !== ''
  return lagMessages.some(([when, pattern]) => status === when && pattern.test(message))
}
