// What would only be refused is not asked for ten thousand times, and nobody is invited whom the next request cannot mark. Of
// each sort of change only a few begin until one of them is done. Once a row of them was refused, or not answered by the
// domain, with none done in between, the others are held back; some of them, at growing distances, and the last one are still
// tried: a refusal may be about the first ones alone. One that gets through lets all of them follow. Revocations are always
// tried, but for those that a silent domain does not even hear: they are kept for when it answers again.

import { RequestFailure } from '../model/directories.ts'
import { Failure } from '../model/problem.ts'
import type { Step } from './plan.ts'

/** Thrown before anything of a change was sent. */
export class HeldBack extends Error {}

/** That many in a row are no accident. */
const inARow = 20
/**
 * That many begin before one of their sort is done, where a change takes several requests: what the last one of them is
 * refused, each would be. Of thousands more, so that the quota is used while the first ones wait to be visible.
 */
const fewest = 20
const portion = 0.05
/** Between two that are tried, at the most. */
const longestGap = 50

interface Sort {
  /** That many begin before one of it is done. */
  readonly first: number
  /** One of it was done. */
  isProven: boolean
  /** Let begin, and not ended. */
  readonly open: Set<Step>
  /** Wait until one of the first is done, or has failed. */
  readonly later: Step[]
  refused: number
  /** Of these, in a row, those that got no answer. */
  unanswered: number
  /** How many are held back before one is tried, and how many of these were. */
  gap: number
  passed: number
  readonly held: Step[]
  isLastTried: boolean
}

export interface Refusals {
  /** Asked of each step that is about to begin, and before it looks whether it need; false: it is held back. */
  readonly mayBegin: (step: Step) => boolean
  /** What was held back, and may be tried now. */
  readonly done: (step: Step) => readonly Step[]
  /** The same. */
  readonly failed: (step: Step) => readonly Step[]
  readonly refused: (step: Step, error: unknown) => void
  /** Once nothing else is left: the last one of each sort, if it has not been tried. */
  readonly last: () => readonly Step[]
}

/** `takesMany`: whether a step takes several requests that write. */
export function watchRefusals(steps: readonly Step[], takesMany: (step: Step) => boolean): Refusals {
  const sorts = new Map<string, Sort>()
  const sizes = Map.groupBy(steps, nameOf)
  const released = new Set<Step>()
  const sortOf = (step: Step): Sort => {
    const name = nameOf(step)
    const known = sorts.get(name)
    if (known !== undefined) return known
    const some = Math.max(fewest, portion * (sizes.get(name)?.length ?? 0))
    const first = takesMany(step) ? some : Number.POSITIVE_INFINITY
    const beginning = { first, isProven: false, open: new Set<Step>(), later: [] }
    const sort = { ...beginning, refused: 0, unanswered: 0, gap: 1, passed: 0, held: [], isLastTried: false }
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
      if (released.has(step) || (step.planned.risk === 'revoke' && sort.unanswered < inARow)) return true
      if (sort.refused < inARow) {
        const isOpen = sort.isProven || sort.open.has(step) || sort.open.size + sort.refused < sort.first
        if (isOpen) sort.open.add(step)
        else sort.later.push(step)
        return isOpen
      }
      sort.open.delete(step)
      if (sort.passed === sort.gap) {
        sort.passed = 0
        sort.gap = Math.min(2 * sort.gap, longestGap)
        released.add(step)
        return true
      }
      sort.passed += 1
      sort.held.push(step)
      return false
    },
    done(step) {
      const sort = sortOf(step)
      sort.open.delete(step)
      Object.assign(sort, { isProven: true, refused: 0, unanswered: 0, gap: 1, passed: 0 })
      return [...sort.later.splice(0), ...release(sort.held.splice(0))]
    },
    failed(step) {
      const { first, open, later, refused } = sortOf(step)
      open.delete(step)
      return later.splice(0, refused < inARow ? Math.max(0, first - refused - open.size) : later.length)
    },
    refused(step, error) {
      const sort = sortOf(step)
      const isSilence = isUnanswered(step, error)
      if (isSilence || isRefusal(error)) sort.refused += 1
      sort.unanswered = isSilence ? sort.unanswered + 1 : 0
    },
    last() {
      const open = [...sorts.values()].filter(({ isLastTried }) => !isLastTried)
      for (const sort of open) sort.isLastTried = sort.held.length > 0
      return release(open.flatMap(({ held }) => held.splice(-1)))
    },
  }
}

function nameOf({ planned: { plane, kind, action } }: Step): string {
  return `${plane}/${kind}/${action}`
}

/** Not allowed, or no room: HTTP 401 and 403, LDAP 50. Nothing that is about one object's values alone. */
function isRefusal(error: unknown): boolean {
  return error instanceof RequestFailure && [401, 403, 50].includes(error.status)
}

/** A domain controller that cannot be reached, or that takes a request and is silent: a minute each, and nobody knows. */
const unanswered: ReadonlySet<string> = new Set([
  ...[
    'unreachable',
    'refused',
    'no-route',
    'name-not-found',
    'no-answer',
    'connection-lost',
    'timeout',
    'outcome-unknown',
  ],
  ...[
    'bad-answer',
    'no-tls',
    'no-starttls',
    'certificate-name',
    'certificate-expired',
    'untrusted-ca',
    'sign-in-refused',
  ],
  ...[
    'wrong-password',
    'password-expired',
    'account-disabled',
    'account-expired',
    'account-locked',
    'account-restricted',
  ],
])

function isUnanswered({ planned: { plane } }: Step, error: unknown): boolean {
  const isTold = error instanceof RequestFailure || error instanceof Failure
  return plane === 'active-directory' && isTold && unanswered.has(error.code)
}
