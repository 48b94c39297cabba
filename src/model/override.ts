// Overrides: the reviewed lines that set a guardrail aside. Each says why and until when, and ends by itself on its day.

import type { OrganizationOverride } from './policy.generated.ts'
import { endOf, type Instant } from './time.ts'

export type Override = OrganizationOverride

/** Those of a guardrail on that day, also those that are for one app or partner only. */
export function overridesOf(
  written: readonly Override[] | undefined,
  guardrail: Override['guardrail'],
  at: Instant,
): readonly Override[] {
  return inForce(written, at).filter(override => override.guardrail === guardrail)
}

export function inForce(written: readonly Override[] | undefined, at: Instant): readonly Override[] {
  return (written ?? []).filter(({ until }) => at <= (endOf(until) ?? 0))
}

/** Whether it is meant for this: one that names an app or a partner is for no other. */
export function covers({ app, partner }: Override, of: { readonly app?: string; readonly partner: string }): boolean {
  return (app === undefined || app === of.app) && (partner === undefined || partner === of.partner)
}

/** `allowed by anna@contoso.com until 2026-12-05, CHG-812` */
export function allowance(overrides: readonly Override[]): string {
  return overrides
    .map(({ by, until, reason }) => `allowed${by === undefined ? '' : ` by ${by}`} until ${until}, ${reason}`)
    .join('; ')
}
