// What would only be refused is not asked for ten thousand times. Once a row of changes of one sort was refused, with none
// done in between, the others are held back; some of them, at growing distances, and the last one are still tried: a refusal
// may be about the first ones alone. One that gets through lets all of them follow. Revocations are always tried.

import { RequestFailure } from '../model/directories.ts'
import type { Step } from './plan.ts'

/** Thrown before anything of a change was sent. */
export class HeldBack extends Error {}

/** That many in a row are no accident. */
const inARow = 20
/** Between two that are tried, at the most. */
const longestGap = 50

interface Sort {
  refused: number
  /** How many are held back before one is tried, and how many of these were. */
  gap: number
  passed: number
  readonly held: Step[]
  isLastTried: boolean
}

export interface Refusals {
  /** Asked once for each step that is about to begin; false: it is held back. */
  readonly mayBegin: (step: Step) => boolean
  /** What was held back, and may be tried now. */
  readonly done: (step: Step) => readonly Step[]
  readonly failed: (step: Step, error: unknown) => void
  /** Once nothing else is left: the last one of each sort, if it has not been tried. */
  readonly last: () => readonly Step[]
}

export function watchRefusals(): Refusals {
  const sorts = new Map<string, Sort>()
  const released = new Set<Step>()
  const sortOf = ({ planned: { plane, kind, action } }: Step): Sort => {
    const name = `${plane}/${kind}/${action}`
    const sort = sorts.get(name) ?? { refused: 0, gap: 1, passed: 0, held: [], isLastTried: false }
    sorts.set(name, sort)
    return sort
  }
  const release = (steps: readonly Step[]): readonly Step[] => {
    for (const step of steps) released.add(step)
    return steps
  }
  return {
    mayBegin(step) {
      const sort = sortOf(step)
      if (sort.refused < inARow || step.planned.risk === 'revoke' || released.has(step)) return true
      if (sort.passed === sort.gap) {
        sort.passed = 0
        sort.gap = Math.min(2 * sort.gap, longestGap)
        return true
      }
      sort.passed += 1
      sort.held.push(step)
      return false
    },
    done(step) {
      const sort = sortOf(step)
      Object.assign(sort, { refused: 0, gap: 1, passed: 0 })
      return release(sort.held.splice(0))
    },
    failed(step, error) {
      if (isRefusal(error)) sortOf(step).refused += 1
    },
    last() {
      const open = [...sorts.values()].filter(({ isLastTried }) => !isLastTried)
      for (const sort of open) sort.isLastTried = sort.held.length > 0
      return release(open.flatMap(({ held }) => held.splice(-1)))
    },
  }
}

/** Not allowed, or no room: HTTP 401 and 403, LDAP 50. Nothing that is about one object's values alone. */
function isRefusal(error: unknown): boolean {
  return error instanceof RequestFailure && [401, 403, 50].includes(error.status)
}
