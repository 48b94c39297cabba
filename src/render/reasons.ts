// Why changes failed or were not attempted: which of them have the same reason, whatever each of them is about.

import { type Id, keyOf } from '../model/id.ts'
import type { Outcome } from '../model/outcome.ts'
import type { PlannedChange } from '../model/plan.ts'
import { nounOf } from './nouns.ts'

export type Failed = Outcome & { readonly status: 'failed' }
export type NotAttempted = Outcome & { readonly status: 'not-attempted' }

/** A message without what it says of this one change: its names, and ids. */
export function failureReason({ change, trouble: { code, message, hint = '' } }: Failed): string {
  const names = keyOf(change.id).filter(name => name.length > 2)
  const rest = names.reduce(
    (text, name) => text.replaceAll(name, '…'),
    message
      .replace(/\b(?:GET|POST|PATCH|PUT|DELETE) \/[^\s)]*/g, requestLike)
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, '…')
      .replace(/\bCN=.*?,DC=[\w-]+(?:,DC=[\w-]+)*/gi, '…'),
  )
  return JSON.stringify([code, rest, hint])
}

/** `PATCH /v1.0/groups/…`: another kind of request failed for another reason. */
function requestLike(request: string): string {
  return request.replace(/[?(].*$/s, '').replace(/\/(?!v1\.0|beta|\$?[a-z]+(?:\/|$))[^/]*/gi, '/…')
}

/** By all that became of the plan: a change may need one that failed, or one that was itself not attempted. */
export function reasonsNotTo(
  outcomes: readonly Outcome[],
  ended: string,
): {
  readonly keyOf: (outcome: NotAttempted) => string
  readonly wordsOf: (outcome: NotAttempted) => string
} {
  const known = new Map<Id, Outcome>(outcomes.map(outcome => [outcome.change.id, outcome]))
  const reason = ({ change, because }: NotAttempted): string => {
    if (because === 'interrupted') return because
    if (because === 'refused') return `${because} ${sortOf(change)}`
    const cause = known.get(because)
    if (cause?.status === 'failed') return `needs ${failureReason(cause)}`
    return `needs ${cause === undefined ? because : sortOf(cause.change)}`
  }
  return {
    keyOf: reason,
    wordsOf: ({ change, because }) => {
      if (because === 'interrupted') return ended
      if (because === 'refused') return heldBack(change)
      const { status } = known.get(because) ?? {}
      return `needs ${nounOf(because)}, which ${status === 'not-attempted' ? 'was not attempted' : 'failed'}`
    },
  }
}

function sortOf({ plane, kind, action }: PlannedChange): string {
  return `${plane}/${kind}/${action}`
}

function heldBack({ plane }: PlannedChange): string {
  const what = plane === 'entra' ? 'were refused' : 'were refused or not answered'
  return `held back: too many like it ${what} in a row`
}
