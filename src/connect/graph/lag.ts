// Graph may refuse a request that mentions what this run has just made. Such a refusal is believed only when nothing of this
// run's making is mentioned, or has had its time to appear.

import type { RequestFailure } from '../../model/directories.ts'
import { field } from './explain-failure.ts'
import type { Visible } from './visible.ts'

export interface Lag {
  /** Remembers what a request to `path` made, by what it answers. */
  readonly note: (path: string, body: unknown) => void
  /** Of this run's making, as far as a request mentions them. */
  readonly mentioned: (path: string, body: unknown) => readonly string[]
  /** True: the refusal of a request that mentions them may be lag, and they are waited for from now on. */
  readonly excuses: (failure: RequestFailure, mentioned: readonly string[]) => boolean
}

const lagMessages: readonly (readonly [status: number, pattern: RegExp])[] = [
  [400, /not a valid reference update/i],
  [400, /one or more property values specified are invalid/i],
  [400, /does not reference a valid application object/i],
  [400, /does not exist or one of its queried reference-property objects are not present/i],
  [403, /backing application of the service principal being created must in the local tenant/i],
]

export function createLag(visible: Visible): Lag {
  const note: Lag['note'] = (path, body) => {
    const { id, appId, invitedUser } = (body ?? {}) as Record<string, unknown>
    const collection = /^\/(groups|applications|servicePrincipals)(\([^/]*\))?$/.exec(path)?.[1]
    if (typeof id === 'string') visible.made(id, collection && `/${collection}/${encodeURIComponent(id)}`)
    if (typeof appId === 'string') visible.made(appId, undefined)
    const guest = field(invitedUser, 'id')
    if (typeof guest === 'string') visible.made(guest, `/users/${encodeURIComponent(guest)}`)
  }

  return {
    note,
    mentioned: (path, body) => {
      const words = (decodeURIComponent(path) + (body === undefined ? '' : JSON.stringify(body))).match(/[\w-]+/g) ?? []
      return [...new Set(words.filter(word => visible.isMade(word)))]
    },
    excuses: (failure, mentioned) => {
      if (!looksLikeLag(failure)) return false
      const named = namedIn(failure, mentioned)
      return visible.doubt(named === undefined ? mentioned : [named])
    },
  }
}

/** The refusal may name one of them. */
export function namedIn({ message }: RequestFailure, ids: readonly string[]): string | undefined {
  const name = /Resource '([^']+)' does not exist/i.exec(message)?.[1]
  return ids.find(id => id === name)
}

/** As the refusal of a request that mentions what is not there, or not there yet. */
function looksLikeLag({ status, code, message }: RequestFailure): boolean {
  if (status === 404) return code !== ''
  return lagMessages.some(([when, pattern]) => status === when && pattern.test(message))
}
