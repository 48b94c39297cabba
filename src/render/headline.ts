// A plan in one sentence, with exact numbers. Plain text, not escaped for anything.

import type { Effect, Plan } from '../model/plan.ts'
import { effectsBy } from './effect-groups.ts'
import { type LaterGroup, laterGroups } from './later.ts'
import { count } from './layout.ts'
import { settingNotes } from './settings.ts'

/** With a base, of what the change of policy intends: `besidesOf` tells the rest. */
export function headlineOf(plan: Plan): string {
  const effects = plan.base === undefined ? plan.effects : effectsBy(plan, 'intended')
  const later = turnsOf(plan.base === undefined ? laterGroups(plan) : laterGroups(plan, 'intended'))
  const settings = settingNotes(plan).length
  const sets = settings === 0 ? [] : [count(settings, 'setting changes', 'settings change')]
  const when = besidesOf(plan) !== '' ? ' by this change' : later.length > 0 ? ' today' : ''
  return `${[gainsAndLosses(effects) || `Nobody gains or loses access${when}`, ...later, ...sets].join('; ')}.`
}

/** With a base, who gains or loses access all the same when the plan is applied; empty where nobody does. */
export function besidesOf(plan: Plan): string {
  const effects = plan.base === undefined ? '' : gainsAndLosses(effectsBy(plan, 'drift'))
  return effects === '' ? '' : `Applying it also does what the policies asked for before: ${effects}.`
}

function turnsOf(groups: readonly LaterGroup[]): readonly string[] {
  const number = (kind: LaterGroup['kind']): number =>
    groups.reduce((sum, group) => sum + (group.kind === kind ? group.people.length : 0), 0)
  const [begins, shorter, longer] = [number('begins'), number('shorter'), number('longer')]
  const days = new Set(groups.flatMap(({ kind, on }) => (kind === 'shorter' && on !== null ? [on.slice(0, 10)] : [])))
  const [first] = [...days].sort()
  return [
    ...(begins === 0 ? [] : [`${count(begins, 'access begins', 'accesses begin')} later`]),
    ...(shorter === 0
      ? []
      : [
          `${count(shorter, 'access ends', 'accesses end')} earlier, ${days.size === 1 ? '' : 'the first '}on ${first}`,
        ]),
    ...(longer === 0 ? [] : [`${count(longer, 'access lasts', 'accesses last')} longer`]),
  ]
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
