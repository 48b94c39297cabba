// The one gate through which every request that writes leaves.

import type { Turn } from '../../model/directories.ts'
import { RequestFailure } from '../../model/directories.ts'
import { requestIdOf } from './explain-failure.ts'
import type { Answer, Request, Wire } from './wire.ts'

export interface Dispatch {
  /** Rejects with a RequestFailure. */
  readonly send: (request: Request, turn: Turn) => Promise<Answer>
}

/** Of whoever writes without others beside. */
export const alone: Turn = { rank: 0, begin: () => undefined, tell: () => undefined }

export function createDispatch(wire: Wire): Dispatch {
  const send: Dispatch['send'] = async (request, turn) => {
    if (turn.signal?.aborted) throw new RequestFailure(0, 'interrupted', 'interrupted before it was sent')
    turn.begin()
    return await wire.send({
      ...request,
      onAnswer: answer => {
        request.onAnswer?.(answer)
        const id = requestIdOf(answer)
        if (id !== undefined) turn.tell(id)
      },
    })
  }
  return { send }
}
