// Limits on what one plan may take away. A plan is always produced; a guardrail that stops it is one of its findings, and
// apply refuses. The way past is a reviewed line in Git that ends by itself.

import type { FindingAt } from '../model/plan.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { endOf } from '../model/time.ts'

/** Findings with code `guardrail/…`; severity error: apply refuses. `today` and `losses` count accesses. */
export function guard(policy: ResolvedPolicy, today: number, losses: number): readonly FindingAt[] {
  const { spec, origin } = policy.organization
  const limit = spec.guardrails?.removals
  if (limit === undefined || losses < limit.atLeast || losses * 100 <= today * limit.percent) return []
  const percent = Math.round((losses * 1000) / today) / 10
  const message = `takes away ${losses} of ${today} accesses (${percent} %); the limit is ${limit.percent} % from ${limit.atLeast} on`
  const override = overrideOf(policy, 'removals')
  if (override !== undefined) {
    return [
      { severity: 'warning', code: 'guardrail/removals', message: `${message}: allowed, ${override}`, at: origin },
    ]
  }
  return [
    {
      severity: 'error',
      code: 'guardrail/removals',
      message,
      hint: 'if this is meant, add an override to the organization: {guardrail: removals, reason: …, until: …}',
      at: origin,
    },
  ]
}

/** The reason of the override in force, if there is one. */
function overrideOf(policy: ResolvedPolicy, guardrail: string): string | undefined {
  return policy.organization.spec.guardrails?.overrides?.find(
    override => override.guardrail === guardrail && (endOf(override.until) ?? 0) >= policy.at,
  )?.reason
}
