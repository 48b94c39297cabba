// A value that can, or should, belong to one document only: the second that claims it is told, and the first is named.

import type { Origin, Problem } from '../model/problem.ts'
import { faultAt, originAt, type SourceDocument } from './document.ts'

export type Claim = (value: string, owner: string, document: SourceDocument, pointer: string) => void

export function onlyOnce(
  code: string,
  wording: (value: string, owner: string) => string,
  report: (problem: Problem) => void,
  severity: Problem['severity'] = 'error',
): Claim {
  const claimed = new Map<string, { readonly owner: string; readonly origin: Origin }>()
  return (value, owner, document, pointer) => {
    const key = value.toLowerCase()
    const first = claimed.get(key)
    if (first === undefined) {
      claimed.set(key, { owner, origin: originAt(document, pointer) })
      return
    }
    const fault = { code, message: wording(value, first.owner), hint: 'the first is here:', see: first.origin } as const
    report(faultAt(document, pointer, 'value', { severity, ...fault }))
  }
}
