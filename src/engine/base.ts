// Intent and drift apart. What the policy before the change under review would do as well is drift: the directories have
// become so without it. The rest is what the change intends.

import type { EffectAt } from '../access/effects.ts'
import { accessKey } from '../access/reach.ts'
import type { Directories } from '../model/directories.ts'
import type { AccessOf, Base, Cause, FindingAt, Waiting } from '../model/plan.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { Failure } from '../model/problem.ts'
import type { Change } from '../model/resource.ts'
import type { AnyKind } from '../resources/kind.ts'
import { canonical } from './canonical.ts'
import { effectsUntil, type Gap, gapBetween } from './gap.ts'
import type { Scope } from './scope.ts'
import { shownSides } from './shown.ts'

export interface BasePolicy extends Base {
  /** As of the same day. Absent: nothing is known of it, and everything counts as intended. */
  readonly policy?: ResolvedPolicy
  /** Of the policy itself, as of the one under review. */
  readonly findings?: readonly FindingAt[]
}

export interface AgainstBase {
  /** Of one person and role of an app, whatever the end. */
  readonly causeOf: (effect: EffectAt) => Cause
  /** The same change of the same values. Of an update that only partly drifted, the whole is intended. */
  readonly causeOfChange: (change: Change) => Cause
  /** What was found, or waits, in the base as well is none of the change's doing. */
  readonly causeOfFinding: (finding: FindingAt) => Cause
  readonly causeOfWaiting: (waiting: Waiting) => Cause
  readonly findings: readonly FindingAt[]
}

interface Question {
  readonly kinds: readonly AnyKind[]
  readonly from: Directories
  readonly base: BasePolicy
  /** Of the policy under review. */
  readonly gap: Gap
  readonly scope: Scope
}

/** The whole of the base, whatever the scope: a part is compared with all that would happen anyway. */
export async function compareWithBase({ kinds, from, base, gap, scope }: Question): Promise<AgainstBase> {
  if (base.policy === undefined) return allIntended([])
  if (!hasSameDirectories(base.policy, gap.policy))
    return allIntended([unreadable(base, 'it is about another tenant or domain')])
  let former: Gap
  try {
    former = await gapBetween(kinds, base.policy, from)
  } catch (error) {
    if (error instanceof Failure) return allIntended([unreadable(base, error.message)])
    throw error
  }
  const { effects } = effectsUntil(former, former.whole)
  const drifted = new Set(effects.map(nameOf))
  const done = new Set(former.difference.changes.map(change => nameOfChange(change, kinds, former)))
  const found = new Set(
    [...(base.findings ?? []), ...former.observed.findings, ...former.difference.findings].map(nameOfFinding),
  )
  const waited = new Set(former.difference.waiting.map(nameOfWaiting))
  const causeIn = (names: ReadonlySet<string>, name: string): Cause => (names.has(name) ? 'drift' : 'intended')
  return {
    causeOf: effect => causeIn(drifted, nameOf(effect)),
    causeOfChange: change => causeIn(done, nameOfChange(change, kinds, gap)),
    causeOfFinding: finding => causeIn(found, nameOfFinding(finding)),
    causeOfWaiting: waiting => causeIn(waited, nameOfWaiting(waiting)),
    findings: accepted(effects, gap, base, scope),
  }
}

function allIntended(findings: readonly FindingAt[]): AgainstBase {
  const intended = (): Cause => 'intended'
  return {
    causeOf: intended,
    causeOfChange: intended,
    causeOfFinding: intended,
    causeOfWaiting: intended,
    findings,
  }
}

function hasSameDirectories({ organization: base }: ResolvedPolicy, { organization }: ResolvedPolicy): boolean {
  const domain = base.spec.activeDirectory?.domain
  return (
    base.spec.entra.tenantId === organization.spec.entra.tenantId &&
    (domain === undefined || domain === organization.spec.activeDirectory?.domain)
  )
}

function nameOf({ effect, access: { person, app, role } }: EffectAt): string {
  return `${effect}\n${accessKey(person, app, role)}`
}

/** Lines move. */
function nameOfFinding({ code, message, at }: FindingAt): string {
  return [code, message, at?.file].join('\n')
}

function nameOfWaiting({ id, for: whom, message }: Waiting): string {
  return [id, whom, message].join('\n')
}

function nameOfChange(change: Change, kinds: readonly AnyKind[], scene: Gap): string {
  return canonical([change.id, change.action, shownSides(change, kinds, scene)])
}

/** What only the base would do needs nothing done, and must not pass unseen: the policy takes up what has drifted. */
function accepted(effects: readonly EffectAt[], gap: Gap, { revision }: Base, scope: Scope): readonly FindingAt[] {
  const { inAnyWay } = effectsUntil(gap, gap.whole)
  const meant = effects.filter(
    ({ access }) =>
      (scope.partners.length === 0 || scope.partners.includes(access.partner)) &&
      (scope.apps.length === 0 || scope.apps.includes(access.app)),
  )
  const keyOf = ({ access: { person, app, role } }: EffectAt): string => accessKey(person, app, role)
  const kept = meant.filter(each => each.effect === 'lose' && inAnyWay.after.has(keyOf(each)))
  const left = meant.filter(each => each.effect === 'gain' && !gap.whole.after.has(keyOf(each)))
  const parts = [
    ...(kept.length === 0
      ? []
      : [`${accesses(kept.length, 'stays', 'stay')} that ${revision} takes away: ${named(kept)}`]),
    ...(left.length === 0
      ? []
      : [`${accesses(left.length, 'stays', 'stay')} away that ${revision} gives: ${named(left)}`]),
  ]
  if (parts.length === 0) return []
  return [
    {
      severity: 'warning',
      code: 'drift/accepted',
      message: `this change of policy accepts what has drifted: ${parts.join('; ')}`,
      hint: 'nothing is to be done for them; check that the change means it',
    },
  ]

  function named(list: readonly EffectAt[]): string {
    return few(list.map(({ access }) => access))
  }
}

/** What the base would bring later and nothing brings any more shows nowhere else. */
export function calledOff(list: readonly AccessOf[], { revision }: Base): readonly FindingAt[] {
  if (list.length === 0) return []
  const message = `${accesses(list.length, 'does', 'do')} not begin any more that ${revision} begins later: ${few(list)}`
  return [{ severity: 'warning', code: 'called-off', message }]
}

/** Everything counts as intended then. */
export function unreadable({ revision }: Pick<Base, 'revision'>, why: string): FindingAt {
  return {
    severity: 'warning',
    code: 'base-unreadable',
    message: `${revision} cannot be planned, so that drift is not told apart: ${why}`,
    hint: 'everything is shown as if this change of policy intended it',
  }
}

const mostNamed = 5

function few(list: readonly AccessOf[]): string {
  const names = list.slice(0, mostNamed).map(({ person, app, role }) => `${person} ${app} (${role})`)
  return `${names.join(', ')}${list.length > mostNamed ? `, and ${list.length - mostNamed} more` : ''}`
}

function accesses(number: number, one: string, many: string): string {
  return number === 1 ? `1 access ${one}` : `${number} accesses ${many}`
}
