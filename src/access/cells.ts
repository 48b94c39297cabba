// The map of access: for each partner group and each role of an app, how many people have it by this group, before and
// after. Ways that no group tells have a cell of their own, whose group is ''.

import type { Cell, PlanScope } from '../model/plan.ts'
import type { Grant, ResolvedPolicy } from '../model/policy.ts'
import { endOf, startOf } from '../model/time.ts'
import type { EffectAt } from './effects.ts'
import { countedRole } from './grounds.ts'
import type { Access } from './reach.ts'

type Counted = 'before' | 'after' | 'gains' | 'losses'

type Counting = Pick<Cell, 'partner' | 'group' | 'app' | 'role'> &
  Record<Counted, number> & {
    readonly current: Grant[]
    /** They tell the end of what somebody has still. */
    readonly over: Grant[]
  }

/**
 * A cell for what the policy gives or will give, and for what somebody has or loses. Gains and losses are those of the
 * effects: who has the same by another group loses nothing. What lies outside the scope is left out unless somebody
 * gains or loses it.
 */
export function cellsOf({
  before,
  after,
  effects,
  policy,
  scope,
}: {
  readonly before: ReadonlyMap<string, Access>
  readonly after: ReadonlyMap<string, Access>
  readonly effects: readonly EffectAt[]
  readonly policy: ResolvedPolicy
  readonly scope: Pick<PlanScope, 'partners' | 'apps'>
}): readonly Cell[] {
  const cells = new Map<string, Counting>()
  const cellAt = (partner: string, group: string, app: string, role: string): Counting => {
    const key = keyOf(partner, group, app, role)
    const known = cells.get(key)
    if (known !== undefined) return known
    const cell = { partner, group, app, role, before: 0, after: 0, gains: 0, losses: 0, current: [], over: [] }
    cells.set(key, cell)
    return cell
  }
  const count = (what: Counted, { partner, app, role, groups }: Access): void => {
    if (groups.length === 0) cellAt(partner, '', app, role)[what] += 1
    for (const path of groups) {
      const [owner = partner, group = ''] = path.split('/')
      cellAt(owner, group, app, role)[what] += 1
    }
  }
  for (const access of before.values()) count('before', access)
  for (const access of after.values()) count('after', access)
  for (const { effect, access } of effects) count(effect === 'gain' ? 'gains' : 'losses', access)
  for (const grant of policy.grants)
    if (!isOver(grant, policy))
      cellAt(grant.partner, grant.group, grant.app, countedRole(grant, policy)).current.push(grant)
  for (const grant of policy.grants)
    if (isOver(grant, policy))
      cells.get(keyOf(grant.partner, grant.group, grant.app, countedRole(grant, policy)))?.over.push(grant)
  return [...cells.entries()]
    .filter(([, cell]) => cell.gains + cell.losses > 0 || isIn(scope, cell))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, { current, over, ...cell }]) => ({ ...cell, ...spanOf(current.length > 0 ? current : over) }))
}

function keyOf(...names: readonly [partner: string, group: string, app: string, role: string]): string {
  return names.join('\n')
}

function isIn({ partners, apps }: Pick<PlanScope, 'partners' | 'apps'>, { partner, app }: Counting): boolean {
  return (partners.length === 0 || partners.includes(partner)) && (apps.length === 0 || apps.includes(app))
}

function isOver({ until }: Grant, { at }: ResolvedPolicy): boolean {
  return until !== undefined && (endOf(until) ?? at) < at
}

/** From the first beginning to the last end; null where one of them has none, and where the policy gives nothing. */
function spanOf(grants: readonly Grant[]): Pick<Cell, 'from' | 'until'> {
  return {
    from: extreme(
      grants.map(({ from }) => from),
      (one, other) => (startOf(one) ?? 0) < (startOf(other) ?? 0),
    ),
    until: extreme(
      grants.map(({ until }) => until),
      (one, other) => (endOf(one) ?? 0) > (endOf(other) ?? 0),
    ),
  }
}

function extreme(
  dates: readonly (string | undefined)[],
  isBeyond: (one: string, other: string) => boolean,
): string | null {
  const written = dates.filter(date => date !== undefined)
  if (written.length < dates.length) return null
  return written.reduce<string | null>((far, date) => (far === null || isBeyond(date, far) ? date : far), null)
}
