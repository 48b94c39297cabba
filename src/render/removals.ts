// Apps and partners that lose everybody, or half of their people and more, now or by ends that come nearer: what a wrong line
// does, or a right one. Plain text, not escaped for anything.

import type { AccessOf, Cause, Cell, Line, Plan } from '../model/plan.ts'
import { dateOf, dayMs, endOf } from '../model/time.ts'
import { titleOf } from './app-title.ts'
import { count } from './layout.ts'

export interface Removal {
  readonly text: string
  readonly cause: Cause | undefined
  /** Where all of them have one. */
  readonly at: Line | undefined
}

/** Fewer are told by name among the effects. */
const leastOfAll = 2
const leastOfHalf = 3

/** What is lost, at once or on a day to come. */
interface Loss extends AccessOf {
  readonly cause?: Cause
  readonly because: readonly Line[]
}

export function bigRemovals(plan: Plan): readonly Removal[] {
  return [...lostNow(plan), ...lostSoon(plan)]
}

function lostNow(plan: Plan): readonly Removal[] {
  const lost = plan.effects.filter(({ effect }) => effect === 'lose')
  const gained = new Set(
    plan.effects.filter(({ effect }) => effect === 'gain').map(({ person, app }) => `${person}\n${app}`),
  )
  // Another role of the same app is no loss of the app.
  const losses = lost.filter(({ person, app }) => !gained.has(`${person}\n${app}`))
  return removalsOf(losses, plan, 'before', '')
}

/** As far as a plan looks ahead. */
const soon = 30 * dayMs

/** Ends that the change of policy brings so near that they are no different from taking away. */
function lostSoon(plan: Plan): readonly Removal[] {
  const last = Date.parse(plan.at) + soon
  const losses = plan.moved.flatMap(({ was, until, ...moved }): readonly Loss[] => {
    const [end, before] = [endOf(until ?? ''), endOf(was ?? '') ?? Number.POSITIVE_INFINITY]
    return end !== undefined && end <= last && end < before ? [{ ...moved, cause: 'intended' }] : []
  })
  return removalsOf(losses, plan, 'after', ` by ${dateOf(last)}`)
}

/** Told by partner where a partner loses most of all it has, by app otherwise. */
function removalsOf(losses: readonly Loss[], plan: Plan, of: 'before' | 'after', when: string): readonly Removal[] {
  const byApp = sides(losses, plan.map, 'app').map(side => ({
    ...side,
    title: titleOf(side.name, plan),
  }))
  const byPartner = sides(losses, plan.map, 'partner').map(side => ({ ...side, title: `partner ${side.name}` }))
  return [...byPartner, ...byApp].flatMap(({ title, losses, ...side }) => {
    const people = new Set(losses.map(({ person }) => person)).size
    const isAll = (of === 'before' ? side.after === 0 : losses.length >= side.after) && people >= leastOfAll
    const isHalf = losses.length * 2 >= side[of] && people >= leastOfHalf
    if (!isAll && !isHalf) return []
    const text = isAll
      ? `${title} loses everybody${when}: ${count(people, 'person', 'people')}`
      : `${title} loses ${count(losses.length, 'access', 'accesses')} of ${side[of]}${when}`
    return [{ text, cause: causeOf(losses), at: placeOf(losses) }]
  })
}

interface Side {
  readonly name: string
  readonly losses: readonly Loss[]
  readonly before: number
  readonly after: number
}

function sides(losses: readonly Loss[], map: readonly Cell[], by: 'app' | 'partner'): readonly Side[] {
  const cells = Map.groupBy(map, cell => cell[by])
  return [...Map.groupBy(losses, effect => effect[by])].flatMap(([name, losses]) => {
    const own = cells.get(name)
    if (own === undefined) return []
    const sum = (key: 'before' | 'after'): number => own.reduce((total, cell) => total + cell[key], 0)
    return [{ name, losses, before: sum('before'), after: sum('after') }]
  })
}

function causeOf(losses: readonly Loss[]): Cause | undefined {
  return losses.some(({ cause }) => cause === 'intended') ? 'intended' : losses[0]?.cause
}

function placeOf(losses: readonly Loss[]): Line | undefined {
  const [first] = losses[0]?.because ?? []
  const isShared = losses.every(({ because: [line] }) => line?.file === first?.file && line?.line === first?.line)
  return isShared ? first : undefined
}
