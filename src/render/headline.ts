// A plan in one sentence, with exact numbers. Plain text, not escaped for anything.

import type { Effect, Plan } from '../model/plan.ts'
import { effectsBy } from './effect-groups.ts'
import { count } from './layout.ts'

/** With a base, of what the change of policy intends: the rest is told beside it. */
export function headlineOf(plan: Plan): string {
  const effects = plan.base === undefined ? plan.effects : effectsBy(plan, 'intended')
  const begins = plan.coming.filter(
    ({ effect, cause }) => effect === 'gain' && (plan.base === undefined || cause === 'intended'),
  ).length
  const later = [
    ...(begins === 0 ? [] : [`${count(begins, 'access begins', 'accesses begin')} later`]),
    ...(plan.moved.length === 0
      ? []
      : [`${count(plan.moved.length, 'access ends', 'accesses end')} on another day than so far`]),
  ]
  const now = gainsAndLosses(effects) || `Nobody gains or loses access${later.length === 0 ? '' : ' today'}`
  return `${[now, ...later].join('; ')}.`
}

/** `3 people gain access, 1 loses it`; empty where nobody does. */
export function gainsAndLosses(effects: readonly Effect[]): string {
  const gains = side(effects, 'gain')
  const losses = side(effects, 'lose')
  if (losses.accesses === 0) return gains.text
  if (gains.accesses === 0) return losses.text
  // One access for each: then people are all there is to count.
  const isPlain = gains.accesses === gains.people && losses.accesses === losses.people
  return `${gains.text}, ${isPlain ? `${losses.people} ${losses.people === 1 ? 'loses' : 'lose'} it` : losses.text}`
}

function side(
  effects: readonly Effect[],
  effect: Effect['effect'],
): { readonly accesses: number; readonly people: number; readonly text: string } {
  const meant = effects.filter(each => each.effect === effect)
  const people = new Set(meant.map(({ person }) => person)).size
  const who =
    effect === 'gain' ? count(people, 'person gains', 'people gain') : count(people, 'person loses', 'people lose')
  const what = meant.length === people ? 'access' : count(meant.length, 'access', 'accesses')
  return { accesses: meant.length, people, text: meant.length === 0 ? '' : `${who} ${what}` }
}
