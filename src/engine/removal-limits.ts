// Limits on what one plan may take away: overall, of each app, and of each partner. Counted over the whole plan, whatever
// part of it is asked for, so that nothing passes piece by piece. A plan is always produced; a limit that it passes is one of
// its findings, and apply refuses. The way past is a reviewed line in Git that ends by itself.

import type { EffectAt } from '../access/effects.ts'
import { type Access, accessKey } from '../access/reach.ts'
import { allowance, covers, type Override, overridesOf } from '../model/override.ts'
import type { FindingAt } from '../model/plan.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { exceeds, type Limit, shareOf } from './limit.ts'

/** What a plan takes away, of what is there today in whatever way. */
export interface Removals {
  readonly today: ReadonlyMap<string, Access>
  readonly effects: readonly EffectAt[]
  /** Of the whole plan, where it is asked for in part. */
  readonly whole?: readonly EffectAt[]
}

/** Findings with code `guardrail/removals`; severity error: apply refuses. */
export function guardRemovals(policy: ResolvedPolicy, { today, effects, whole }: Removals): readonly FindingAt[] {
  const { guardrails } = policy.organization.spec
  const limits = guardrails?.removals
  if (limits === undefined) return []
  const lost = lostOf([...effects, ...(whole ?? [])])
  const overrides = overridesOf(guardrails?.overrides, 'removals', policy.at)
  const scopes: readonly Scope[] = [
    { limit: limits, key: {}, now: today.size, lost },
    ...scopesBy('app', limits.perApp, today, lost),
    ...scopesBy('partner', limits.perPartner, today, lost),
  ]
  return scopes.flatMap(scope => judged(scope, overrides, whole !== undefined, policy))
}

/** Each access once. What ends on the day that a reviewed line says is no accident, and does not count. */
function lostOf(effects: readonly EffectAt[]): readonly Access[] {
  const losses = effects.filter(({ effect, onItsDay }) => effect === 'lose' && !onItsDay)
  const lost = losses.map(({ access }) => [accessKey(access.person, access.app, access.role), access] as const)
  return [...new Map(lost).values()]
}

interface Scope {
  readonly limit: Limit
  /** What the limit is about; neither: everything. */
  readonly key: { readonly app?: string; readonly partner?: string }
  readonly now: number
  readonly lost: readonly Access[]
}

/** One for each app or partner that loses anything. By its name of today: under a new one it has lost all the same. */
function scopesBy(
  by: 'app' | 'partner',
  limit: Limit | undefined,
  today: ReadonlyMap<string, Access>,
  lost: readonly Access[],
): readonly Scope[] {
  if (limit === undefined) return []
  const now = Map.groupBy(today.values(), access => access[by])
  return [...Map.groupBy(lost, access => access[by])]
    .map(([name, gone]) => ({ limit, key: { [by]: name }, now: now.get(name)?.length ?? 0, lost: gone }))
    .sort((one, other) => (JSON.stringify(one.key) < JSON.stringify(other.key) ? -1 : 1))
}

/** What an override is for counts in no limit: so it can be as narrow as what it is written for. */
function judged(
  { limit, key, now, lost }: Scope,
  overrides: readonly Override[],
  isPart: boolean,
  policy: ResolvedPolicy,
): readonly FindingAt[] {
  const counted = lost.filter(access => !overrides.some(override => covers(override, access)))
  const isTooMuch = exceeds(counted.length, now, limit)
  if (!isTooMuch && !exceeds(lost.length, now, limit)) return []
  const { app, partner } = key
  const whose = app !== undefined ? `accesses to ${app}` : partner !== undefined ? `accesses of ${partner}` : 'accesses'
  const told = isTooMuch ? counted : lost
  const share = shareOf(told.length, now, whose, limit)
  const besides = isTooMuch && counted.length < lost.length ? `, besides ${lost.length - counted.length} allowed` : ''
  const who = isPart ? 'the whole plan takes away' : 'takes away'
  const message = `${who} ${share}${besides}; the limit is ${limit.percent} % from ${limit.atLeast} on`
  const finding = { code: 'guardrail/removals', at: policy.organization.origin }
  if (!isTooMuch) {
    const used = overrides.filter(override => lost.some(access => covers(override, access)))
    return [{ ...finding, severity: 'warning', message: `${message}: ${allowance(used)}` }]
  }
  const name = app !== undefined ? `app: ${app}, ` : partner !== undefined ? `partner: ${partner}, ` : ''
  const hint = `if this is meant, add an override to the organization: {guardrail: removals, ${name}reason: …, until: …}`
  return [{ ...finding, severity: 'error', message, hint }]
}
