// A request that writes, from one change: when it leaves, the gate decides; what it mentions of this run's making is waited for.

import type { Turn } from '../../model/directories.ts'
import { checkPath } from './address.ts'
import type { Gate } from './gate.ts'
import type { Lag } from './lag.ts'
import type { Turns } from './turns.ts'
import type { Visible } from './visible.ts'
import type { Answer, Request } from './wire.ts'

export interface Dispatch {
  /** Rejects with a RequestFailure. */
  readonly send: (request: Request, turn: Turn) => Promise<Answer>
}

export interface DispatchParts {
  readonly gate: Gate
  readonly lag: Lag
  readonly visible: Visible
  readonly turns: Turns
}

export function createDispatch({ gate, lag, visible, turns }: DispatchParts): Dispatch {
  return {
    send: async (request, turn) => {
      const { method, path, version, body, before } = request
      checkPath(method, path)
      // "Not there" ends a removal, which asks again by itself.
      const mentioned = method === 'DELETE' ? [] : lag.mentioned(path, body)
      const answer = await gate.pass({
        path,
        version,
        turn: () => turn,
        isRemoval: method === 'DELETE' && path.endsWith('/$ref'),
        awaited: () => visible.awaited(mentioned, turn.signal),
        before,
        mayBegin: () => turn.mayBegin?.(),
        request: () => {
          turns.begin(turn)
          return request
        },
        tell: id => turn.tell(id),
        excuses: failure => lag.excuses(failure, mentioned),
      })
      if (answer === undefined) throw new Error(`${method} ${path} did not leave`)
      return answer
    },
  }
}
