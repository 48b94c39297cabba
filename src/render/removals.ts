// Apps and partners that lose everybody, or half of their people and more: what a wrong line does, or a right one. Plain text,
// not escaped for anything.

import type { Cause, Cell, Effect, Line, Plan } from '../model/plan.ts'
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

/** Told by partner where a partner loses most of all it had, by app otherwise. */
export function bigRemovals(plan: Plan): readonly Removal[] {
  const lost = plan.effects.filter(({ effect }) => effect === 'lose')
  const gained = new Set(
    plan.effects.filter(({ effect }) => effect === 'gain').map(({ person, app }) => `${person}\n${app}`),
  )
  // Another role of the same app is no loss of the app.
  const losses = lost.filter(({ person, app }) => !gained.has(`${person}\n${app}`))
  const byApp = sides(losses, plan.map, 'app').map(side => ({
    ...side,
    title: plan.apps[side.name]?.displayName ?? side.name,
  }))
  const byPartner = sides(losses, plan.map, 'partner').map(side => ({ ...side, title: `partner ${side.name}` }))
  return [...byPartner, ...byApp].flatMap(({ title, losses, before, after }) => {
    const people = new Set(losses.map(({ person }) => person)).size
    const isAll = after === 0 && people >= leastOfAll
    const isHalf = losses.length * 2 >= before && people >= leastOfHalf
    if (!isAll && !isHalf) return []
    const text = isAll
      ? `${title} loses everybody: ${count(people, 'person', 'people')}`
      : `${title} loses ${count(losses.length, 'access', 'accesses')} of ${before}`
    return [{ text, cause: causeOf(losses), at: placeOf(losses) }]
  })
}

interface Side {
  readonly name: string
  readonly losses: readonly Effect[]
  readonly before: number
  readonly after: number
}

function sides(losses: readonly Effect[], map: readonly Cell[], by: 'app' | 'partner'): readonly Side[] {
  const cells = Map.groupBy(map, cell => cell[by])
  return [...Map.groupBy(losses, effect => effect[by])].flatMap(([name, losses]) => {
    const own = cells.get(name)
    if (own === undefined) return []
    const sum = (key: 'before' | 'after'): number => own.reduce((total, cell) => total + cell[key], 0)
    return [{ name, losses, before: sum('before'), after: sum('after') }]
  })
}

function causeOf(losses: readonly Effect[]): Cause | undefined {
  return losses.some(({ cause }) => cause === 'intended') ? 'intended' : losses[0]?.cause
}

function placeOf(losses: readonly Effect[]): Line | undefined {
  const [first] = losses[0]?.because ?? []
  const isShared = losses.every(({ because: [line] }) => line?.file === first?.file && line?.line === first?.line)
  return isShared ? first : undefined
}
