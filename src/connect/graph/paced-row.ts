// The row of Conditional Access, which keeps a pace of its own: one write after the other, the wire puts reads in between.

import { RequestFailure } from '../../model/directories.ts'
import { leavingOf } from './leaving.ts'
import type { Queue } from './queue.ts'
import type { Wire } from './wire.ts'

export interface PacedRow {
  /** The next one leaves, unless one is under way. */
  readonly leave: () => void
}

export function createPacedRow(wire: Wire, queue: Queue, onEnd: () => void): PacedRow {
  let isBusy = false
  const leave = (): void => {
    if (isBusy) return
    const next = queue.nextPaced()
    if (next === undefined) return
    queue.delete(next)
    const leaving = leavingOf(next)
    if (leaving === undefined) {
      onEnd()
      return
    }
    isBusy = true
    const { departure, resolve, reject } = next
    const mayRepeat = (): void => void departure.request()
    wire
      .send({ ...leaving.request, mayRepeat })
      .then(resolve, (failure: unknown) => {
        const isExcused = failure instanceof RequestFailure && departure.excuses?.(failure) === true
        if (isExcused) queue.add(next)
        else reject(failure)
      })
      .finally(() => {
        isBusy = false
        onEnd()
      })
  }
  return { leave }
}
