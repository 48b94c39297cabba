// Why a reviewed plan is not applied: what came and what went since, people first. A few lines of each, and how many more.

import type { Id } from '../model/id.ts'
import type { Effect, PlannedChange } from '../model/plan.ts'
import type { Difference } from '../model/stale.ts'
import { count } from './layout.ts'
import { nounOf } from './nouns.ts'
import type { Paint } from './paint.ts'
import { safeText } from './safe-text.ts'
import { wordsOf } from './words.ts'

const most = 20

export function renderStale(difference: Difference, paint: Paint): string {
  const { effectsCame, effectsWent, came, went, differ, found, isReordered } = difference
  const plus = (text: string): string => `    ${paint('green', '+')} ${text}`
  const minus = (text: string): string => `    ${paint('red', '-')} ${text}`
  const lines = [
    ...part('Would happen to people, and was not reviewed', effectsCame, effect => [plus(outcomeOf(effect))]),
    ...part('Was reviewed, and would not happen to people any more', effectsWent, effect => [minus(outcomeOf(effect))]),
    ...part('Would be done, and was not reviewed', came, change => [plus(wordsOf(change))]),
    ...part('Was reviewed, and would not be done any more', went, ({ change, why }) => [
      minus(`${wordsOf(change)} (${why})`),
    ]),
    ...part('Would be done otherwise than it was reviewed', differ, ({ reviewed, now }) => [
      `    ${paint('yellow', '~')} ${wordsOf(now)}`,
      ...sidesOf(reviewed, now),
    ]),
    ...part('Was found since, and may change what the review said', found, ({ code, message }) => [
      `    ${paint('yellow', '!')} ${safeText(message)} ${paint('dim', `[${safeText(code)}]`)}`,
    ]),
    ...(isReordered ? ['  The changes are the same, in another order or with another risk.'] : []),
  ]
  return `${lines.join('\n')}\n`
}

function part<Item>(
  heading: string,
  items: readonly Item[],
  show: (item: Item) => readonly string[],
): readonly string[] {
  if (items.length === 0) return []
  const more = items.length - most
  return [
    `  ${heading}`,
    ...items.slice(0, most).flatMap(show),
    ...(more > 0 ? [`    … and ${count(more, 'more', 'more')}`] : []),
  ]
}

function outcomeOf({ effect, person, app, role, until }: Effect): string {
  const what = `${safeText(person)} ${effect === 'gain' ? 'gains' : 'loses'} ${safeText(app)}`
  const as = role === 'user' ? '' : `, as ${safeText(role)}`
  return `${what}${as}${effect === 'gain' && until !== null ? `, until ${safeText(until)}` : ''}`
}

/** The properties in which the two are not the same. */
function sidesOf(reviewed: PlannedChange, now: PlannedChange): readonly string[] {
  const told = (what: string, side: PlannedChange['after'], other: PlannedChange['after']): readonly string[] =>
    Object.entries(side ?? {})
      .filter(([key, value]) => other !== null && JSON.stringify(other[key]) !== JSON.stringify(value))
      .map(([key, value]) => `        ${what} ${safeText(key)}: ${shown(other?.[key])} → ${shown(value)}`)
  const lines = [...told('from', now.before, reviewed.before), ...told('to', now.after, reviewed.after)]
  const action = reviewed.action === now.action ? [] : [`        ${reviewed.action} → ${now.action}`]
  return [...action, ...lines, ...targetsOf(reviewed, now)].slice(0, most)
}

/** The other thing that it would touch, which nobody sees by the change's own name. */
function targetsOf(reviewed: PlannedChange, now: PlannedChange): readonly string[] {
  const [was, is] = [reviewed.target, now.target]
  const objects = (Object.keys(is.objects) as Id[]).flatMap(id => {
    const [before, after] = [was.objects[id], is.objects[id]]
    if (before === undefined || before.objectId === after?.objectId) return []
    const [one, other] = [before, after].map(each => each?.name ?? each?.objectId)
    return [`        ${nounOf(id)}: ${shown(one)} → ${shown(one === other ? after?.objectId : other)}`]
  })
  const named = Object.entries(is.named)
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(was.named[key]))
    .map(([key, value]) => `        ${safeText(key)}: ${shown(was.named[key])} → ${shown(value)}`)
  return [...objects, ...named]
}

function shown(value: unknown): string {
  const characters = [...JSON.stringify(value ?? null)]
  return safeText(characters.length > 100 ? `${characters.slice(0, 100).join('')}…` : characters.join(''))
}
