// The guardrail that the policy alone can answer: every access that is not over ends, and soon enough.

import type { Problem, Severity } from '../model/problem.ts'
import { durationOf, endOf, type Instant, startOf } from '../model/time.ts'
import type { ResolvedAccess } from './accesses.ts'
import type { Checked } from './check.ts'
import { faultAt, originAt } from './document.ts'

export function checkLongestAccess(
  { spec, document: ours }: Checked<'Organization'>,
  accesses: readonly ResolvedAccess[],
  at: Instant,
  report: (problem: Problem) => void,
): void {
  const longest = spec.guardrails?.longestAccess
  const limit = longest === undefined ? undefined : durationOf(longest)
  if (limit === undefined) return
  const overridden = spec.guardrails?.overrides?.some(
    override =>
      override?.guardrail === 'longestAccess' && override.until !== undefined && at <= (endOf(override.until) ?? 0),
  )
  const severity: Severity = overridden === true ? 'warning' : 'error'
  const see = originAt(ours, '/guardrails/longestAccess')
  for (const { until, end, checked } of accesses) {
    if (!checked.sound || end < at || (until !== undefined && (startOf(until) ?? 0) <= at + limit)) continue
    const message = until === undefined ? 'this access has no end' : `this access ends more than ${longest} from now`
    const hint =
      until === undefined ? `give it an \`until\`, at most ${longest} away` : 'end it sooner, and renew it then'
    report(
      faultAt(checked.document, until === undefined ? '/name' : '/until', 'value', {
        severity,
        code: 'guardrail/longest-access',
        message,
        hint,
        see,
      }),
    )
  }
}
