// Who gains and who loses what, in groups that a reviewer takes in at a glance: one for each way of having an app. Plain
// text, not escaped for anything.

import type { Cause, Effect, Line, Plan } from '../model/plan.ts'
import { endOf } from '../model/time.ts'
import { titleOf } from './app-title.ts'
import { byApp, compare } from './layout.ts'

export interface EffectGroup {
  readonly effect: 'gain' | 'lose'
  /** As people call it, and as the policy does. */
  readonly app: string
  readonly appName: string
  /** Undefined for an app that has left the policy. */
  readonly hosting: 'cloud' | 'on-premises' | undefined
  readonly role: string
  readonly partner: string
  /** The partner's groups by which they, or some of them, have it; empty where no group tells. */
  readonly through: readonly string[]
  /** The end that most of them have; null: none. */
  readonly until: string | null
  /** That end is over. */
  readonly hasEnded: boolean
  /** With an end of their own where it is not the group's. */
  readonly people: readonly { readonly person: string; readonly until: string | null }[]
  /** Lines that stand behind all of them, or the first of those behind each. */
  readonly because: readonly Line[]
  /** Whether the policy gives it as of now, whatever becomes of it. */
  readonly given: boolean
  readonly cause: Cause | undefined
}

/** Whatever is not intended counts as drift, so that nothing stands in neither. */
export function effectsBy(plan: Plan, cause: Cause): readonly Effect[] {
  return plan.effects.filter(effect => (effect.cause ?? 'drift') === cause)
}

/** Gains, then losses, each by the apps as they are shown. */
export function effectGroups(plan: Plan, cause?: Cause): readonly EffectGroup[] {
  const meant = cause === undefined ? plan.effects : effectsBy(plan, cause)
  const alike = ({ effect, app, role, partner, given, through, because: [first] }: Effect): string =>
    JSON.stringify([effect, app, role, partner, given, first?.removed === true ? through : (first ?? null)])
  const groups = [...Map.groupBy(meant, alike).values()].flatMap(effects => {
    const [first] = effects
    return first === undefined ? [] : [groupOf(first, effects, plan)]
  })
  return groups.sort((one, other) => compare(one.effect, other.effect) || byApp(one, other))
}

function groupOf(first: Effect, effects: readonly Effect[], plan: Plan): EffectGroup {
  const { effect, app, role, partner, given, cause } = first
  const until = mostCommon(effects.map(each => each.until))
  return {
    effect,
    app: titleOf(app, plan),
    appName: app,
    hosting: plan.apps[app]?.hosting,
    role,
    partner,
    through: [...new Set(effects.flatMap(({ through }) => through))].sort(),
    until,
    hasEnded: until !== null && (endOf(until) ?? Number.POSITIVE_INFINITY) < Date.parse(plan.at),
    people: effects.map(({ person, until }) => ({ person, until })),
    because: placesOf(first, effects),
    given,
    cause,
  }
}

const mostPlaces = 3

/** What stands behind all of them; of people who were taken out one by one, the first lines. */
function placesOf(first: Effect, effects: readonly Effect[]): readonly Line[] {
  const shared = first.because.filter(line =>
    effects.every(({ because }) => because.some(other => isSame(line, other))),
  )
  return shared.length > 0 ? shared : effects.flatMap(({ because }) => because).slice(0, mostPlaces)
}

/** Why, where no line of the policy tells. */
export function reasonOf({ effect, given }: EffectGroup): string {
  if (effect === 'gain') return 'as a part of what is there already'
  return given ? 'the policy gives it still: see what is in its way' : 'no policy line gives it any more'
}

function isSame(a: Line, b: Line): boolean {
  return a.file === b.file && a.line === b.line
}

function mostCommon(ends: readonly (string | null)[]): string | null {
  const numbers = [...Map.groupBy(ends, end => end)].map(([end, same]) => ({ end, number: same.length }))
  return numbers.sort((a, b) => b.number - a.number || ((a.end ?? '9') > (b.end ?? '9') ? -1 : 1))[0]?.end ?? null
}
