// What the policy alone can say of guardrails: every access that is not over ends, and soon enough; no role puts people into a
// protected group; and what is written without effect is told: limits that never refuse, overrides that set nothing aside.

import { canonicalDn } from '../model/escape.ts'
import { allowance, covers, type Override, overridesOf } from '../model/override.ts'
import type { Problem, Severity } from '../model/problem.ts'
import { isProtected, protectedGroupCode } from '../model/protected-groups.ts'
import { dayMs, durationOf, endOf, type Instant, startOf } from '../model/time.ts'
import type { ResolvedAccess } from './accesses.ts'
import type { Checked, Draft } from './check.ts'
import { faultAt, originAt, step } from './document.ts'
import { nearest } from './hint.ts'
import type { Named } from './names.ts'

export function checkLongestAccess(
  { spec, document: ours }: Checked<'Organization'>,
  accesses: readonly ResolvedAccess[],
  at: Instant,
  report: (problem: Problem) => void,
): void {
  const longest = spec.guardrails?.longestAccess
  const limit = longest === undefined ? undefined : durationOf(longest)
  if (limit === undefined) return
  const overrides = overridesOf(spec.guardrails?.overrides?.filter(isWhole), 'longestAccess', at)
  const see = originAt(ours, '/guardrails/longestAccess')
  for (const { app, partner, until, end, checked } of accesses) {
    if (!checked.sound || end < at || (until !== undefined && (startOf(until) ?? 0) <= at + limit)) continue
    const allowing = overrides.filter(override => covers(override, { app, partner }))
    const what = until === undefined ? 'this access has no end' : `this access ends more than ${longest} from now`
    const message = allowing.length === 0 ? what : `${what}: ${allowance(allowing)}`
    const severity: Severity = allowing.length === 0 ? 'error' : 'warning'
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

function isWhole(override: Draft<Override> | undefined): override is Override {
  return override?.guardrail !== undefined && override.until !== undefined && override.reason !== undefined
}

/** That a group lies in a protected one, only the directory can say. */
export function checkProtectedGroups(
  { spec, document: ours }: Checked<'Organization'>,
  apps: Iterable<Checked<'App'>>,
  report: (problem: Problem) => void,
): void {
  const named = new Map<string, number>()
  spec.guardrails?.protectedGroups?.forEach((group, index) => {
    if (group !== undefined) named.set(canonicalDn(group), index)
  })
  for (const { spec, document } of apps) {
    for (const [role, parts] of Object.entries(spec.roles ?? {})) {
      const group = parts?.adGroup
      const index = group === undefined ? undefined : named.get(canonicalDn(group))
      if (group === undefined || index === undefined) continue
      const fault = {
        severity: 'error',
        code: protectedGroupCode,
        message: isProtected(group),
        hint: 'name another group; this one is protected here:',
        see: originAt(ours, `/guardrails/protectedGroups/${index}`),
      } as const
      report(faultAt(document, `/roles${step(role)}/adGroup`, 'value', fault))
    }
  }
}

/** Nobody can take away more than all. */
export function checkRemovals({ spec, document }: Checked<'Organization'>, report: (problem: Problem) => void): void {
  const removals = spec.guardrails?.removals
  const limits = { '': removals, '/perApp': removals?.perApp, '/perPartner': removals?.perPartner }
  for (const [place, limit] of Object.entries(limits)) {
    if (limit?.percent === undefined || limit.percent < 100) continue
    const fault = {
      severity: 'warning',
      code: 'guardrail-off',
      message: 'this guardrail is off: nothing takes away more than 100 %',
      hint: 'give the share from which on a plan is to be refused',
    } as const
    report(faultAt(document, `/guardrails/removals${place}/percent`, 'value', fault))
  }
}

/** A year, whichever it is. */
const longestOverride = 366 * dayMs

export function checkOverrides(
  { spec, document }: Checked<'Organization'>,
  named: Named,
  at: Instant,
  report: (problem: Problem) => void,
): void {
  spec.guardrails?.overrides?.forEach((override, index) => {
    if (override === undefined) return
    const { guardrail, until, app, partner } = override
    const place = `/guardrails/overrides/${index}`
    const end = until === undefined ? undefined : endOf(until)
    if (guardrail === 'sources' && app !== undefined) {
      const message = '`app` has no meaning for the guardrail sources'
      const fault = {
        code: 'misplaced-key',
        message,
        hint: 'a group that others keep is of one partner: name that',
      } as const
      report(faultAt(document, `${place}/app`, 'key', { severity: 'error', ...fault }))
    }
    if (end !== undefined && end < at) {
      const fault = { code: 'override-over', message: `this override ended on ${until}`, hint: 'remove it' } as const
      report(faultAt(document, `${place}/until`, 'value', { severity: 'warning', ...fault }))
      return
    }
    if (end !== undefined && end > at + longestOverride) {
      const message = 'this override sets its guardrail aside for more than a year'
      const fault = { code: 'override-long', message, hint: 'end it sooner, and renew it then' } as const
      report(faultAt(document, `${place}/until`, 'value', { severity: 'warning', ...fault }))
    }
    if (guardrail !== undefined && guardrail !== 'sources' && spec.guardrails?.[guardrail] === undefined) {
      const fault = {
        code: 'no-effect',
        message: `there is no guardrail \`${guardrail}\` to override`,
        hint: 'remove the override',
      } as const
      report(faultAt(document, `${place}/guardrail`, 'value', { severity: 'warning', ...fault }))
    }
    // What has left the policies may be named: only what looks misspelt is told.
    for (const [key, name, names] of [
      ['app', app, named.apps],
      ['partner', partner, named.partners],
    ] as const) {
      const meant = name === undefined || names.has(name) ? undefined : nearest(name, names.keys())
      if (meant === undefined) continue
      const fault = {
        code: 'override-of-nothing',
        message: `no policy names ${key} \`${name}\`: this override sets nothing aside`,
        hint: `did you mean \`${meant}\`?`,
      } as const
      report(faultAt(document, `${place}/${key}`, 'value', { severity: 'warning', ...fault }))
    }
  })
}
