// Who goes first among the changes under way: revocations, then changes that have begun, so that few are half done at any
// time, then the others.

import { RequestFailure, type Turn } from '../../model/directories.ts'

/** Of whoever writes without others beside. */
export function aloneTurn(): Turn {
  return { rank: 0, begin: () => undefined, tell: () => undefined }
}

export interface Turns {
  /** Before a request of it leaves; throws what the change itself throws. */
  readonly begin: (turn: Turn) => void
  readonly hasBegun: (turn: Turn) => boolean
  /** Lower goes first; among equals the rank decides. */
  readonly stage: (turn: Turn) => number
}

export function createTurns(): Turns {
  const begun = new WeakSet<Turn>()
  const hasBegun = (turn: Turn): boolean => begun.has(turn)
  return {
    begin: turn => {
      turn.begin()
      begun.add(turn)
    },
    hasBegun,
    stage: turn => (turn.rank < 0 ? 0 : hasBegun(turn) ? 1 : 2),
  }
}

export function interrupted(): RequestFailure {
  return new RequestFailure(0, 'interrupted', 'interrupted before it was sent')
}
