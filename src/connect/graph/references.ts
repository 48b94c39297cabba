// References between objects: put in and taken out, never the object itself. What is there already, or gone already, is done.

import { RequestFailure, type Turn } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { takeAway } from './absence.ts'
import type { Dispatch } from './dispatch.ts'
import { isMissing } from './many.ts'
import { isThere, type Members } from './members.ts'
import type { Wire } from './wire.ts'

export interface References {
  readonly add: (path: string, objectId: string, turn: Turn) => Promise<void>
  readonly addMember: (groupId: string, objectId: string, turn: Turn) => Promise<void>
  readonly removeMember: (groupId: string, objectId: string, turn: Turn) => Promise<void>
}

export interface ReferenceParts {
  readonly wire: Wire
  readonly dispatch: Dispatch
  readonly members: Members
}

export function createReferences({ wire, dispatch, members }: ReferenceParts): References {
  const tails = new Map<string, Promise<unknown>>()

  /** The same object may come and go: one after the other. */
  const inOrder = async (groupId: string, objectId: string, work: () => Promise<void>): Promise<void> => {
    const key = `${groupId} ${objectId}`
    const before = tails.get(key)
    const mine = before === undefined ? work() : before.then(work, work)
    tails.set(key, mine)
    try {
      await mine
    } finally {
      if (tails.get(key) === mine) tails.delete(key)
    }
  }

  const add = async (path: string, objectId: string, turn: Turn): Promise<void> => {
    const kind = path.endsWith('/sponsors') ? 'users' : 'directoryObjects'
    const body = { '@odata.id': `${wire.root}/v1.0/${kind}/${encodeURIComponent(objectId)}` }
    try {
      await dispatch.send({ method: 'POST', version: 'v1.0', path: `${path}/$ref`, body, repeat: 'freely' }, turn)
    } catch (error) {
      if (!isThere(error)) throw error
    }
  }

  const remove = (groupId: string, objectId: string, turn: Turn): Promise<void> => {
    const path = graphPath`/groups/${groupId}/members/${objectId}/$ref`
    const request = { method: 'DELETE', version: 'v1.0', path, repeat: 'freely' } as const
    return takeAway(wire, () => dispatch.send(request, turn), isGone)
  }

  return {
    add,
    addMember: (groupId, objectId, turn) => inOrder(groupId, objectId, () => members.add(groupId, objectId, turn)),
    removeMember: (groupId, objectId, turn) => inOrder(groupId, objectId, () => remove(groupId, objectId, turn)),
  }
}

function isGone(error: unknown): boolean {
  if (!(error instanceof RequestFailure)) return false
  return isMissing(error) || (error.status === 400 && /removed object references do not exist/i.test(error.message))
}
