// Apps whose guests are asked less at sign-in. An app that leaves one set of conditions may join another: what that asks still
// holds, so that only the rest is told as gone. Plain text, not escaped for anything.

import { includesDemand } from '../model/demands.ts'
import { keyOf, kindOf } from '../model/id.ts'
import type { Line, Plan, PlannedChange } from '../model/plan.ts'
import { demandNamed } from './demand-names.ts'

export interface Fewer {
  readonly text: string
  readonly at: Line | undefined
}

type Properties = PlannedChange['after']

/** Of the apps that leave the conditions of `change`; apps that are asked the same in the same line are told together. */
export function fewerDemands(change: PlannedChange, plan: Plan): readonly Fewer[] {
  const left = appsIn(change.before).filter(app => !appsIn(change.after).includes(app))
  const told = left.flatMap(app => {
    const joined = plan.changes.find(other => isJoinedBy(app, other))
    const asked = joined === undefined ? [] : demandsOf(joined)
    const gone = demandsOf(change).filter(demand => !includesDemand(asked, demand))
    if (gone.length === 0) return []
    return [{ app, words: wordsOf(gone, asked, demandsOf(change)), at: placeOf(app, joined, change, plan) }]
  })
  const alike = Map.groupBy(told, ({ words, at }) => JSON.stringify([words, at]))
  return [...alike.values()].flatMap(same => {
    const [first] = same
    if (first === undefined) return []
    return [{ text: `guests of ${same.map(({ app }) => app).join(', ')}: ${first.words}`, at: first.at }]
  })
}

function isJoinedBy(app: string, { id, before, after }: PlannedChange): boolean {
  const isConditions = kindOf(id) === 'entra/conditional-access-policy'
  return isConditions && appsIn(after).includes(app) && !appsIn(before).includes(app)
}

/** `a compliant device is no longer asked; MFA still is` */
function wordsOf(gone: readonly string[], asked: readonly string[], before: readonly string[]): string {
  const are = (demands: readonly string[]): string => (demands.length === 1 ? 'is' : 'are')
  const lost = `${listed(gone)} ${are(gone)} no longer asked`
  if (asked.length === 0) return lost
  const still = asked.every(demand => before.includes(demand)) ? 'still ' : ''
  return `${lost}; ${listed(asked)} ${still}${are(asked)}`
}

function listed(demands: readonly string[]): string {
  const names = demands.map(demandNamed)
  return [...names.slice(0, -2), names.slice(-2).join(' and ')].join(', ')
}

/** They are the key; what follows in parentheses tells two of one name apart. */
function demandsOf({ id }: PlannedChange): readonly string[] {
  return (keyOf(id)[0] ?? '').replace(/ \([^)]*\)$/, '').split('+')
}

/** What the app asks from now on; where it asks nothing more, the app. */
function placeOf(app: string, joined: PlannedChange | undefined, change: PlannedChange, plan: Plan): Line | undefined {
  const apps = appsIn(joined?.after ?? null)
  const own = joined?.because.length === apps.length ? joined.because[apps.indexOf(app)] : undefined
  const setting = plan.settings.find(({ kind, name }) => kind === 'app' && name === app)
  return own ?? setting?.because[0] ?? change.because[0]
}

function appsIn(side: Properties): readonly string[] {
  const apps = side?.apps
  return Array.isArray(apps) ? apps.filter(app => typeof app === 'string') : []
}
