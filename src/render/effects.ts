// Who gains and who loses what, now and later, as text.

import type { Line } from '../model/plan.ts'
import { placeOf } from './changes.ts'
import { type EffectGroup, reasonOf } from './effect-groups.ts'
import { type LaterGroup, turnOf, verbOf } from './later.ts'
import { columns, count, wrapped } from './layout.ts'
import type { Paint } from './paint.ts'
import { safeText } from './safe-text.ts'

export interface TextView {
  /** Names and changes, however many. */
  readonly all: boolean
  readonly paint: Paint
}

/** How many names of a group are shown before the rest is counted. */
const shownPeople = 24

interface Shown {
  readonly sign: string
  readonly head: readonly string[]
  readonly people: readonly string[]
  readonly because: string
}

/** All heads stand in the same columns. */
export function renderEffects(
  groups: readonly EffectGroup[],
  later: readonly LaterGroup[],
  { all, paint }: TextView,
  indent: string,
): readonly string[] {
  const items = [...groups.map(group => effectShown(group, paint)), ...later.map(group => laterShown(group, paint))]
  const heads = columns(items.map(({ head }) => head.map(safeText)))
  return items.flatMap(({ sign, people, because }, index) => {
    return [
      `${indent}${sign} ${paint('bold', heads[index] ?? '')}`,
      ...wrapped(firstOf(people, shownPeople, all), `${indent}    `),
      paint('dim', `${indent}    ${because}`),
    ]
  })
}

/** Names, safe to show; what is beyond `most` is counted. */
export function firstOf(names: readonly string[], most: number, all: boolean): readonly string[] {
  if (all || names.length <= most) return names.map(safeText)
  const shown = names.slice(0, most - 1).map(safeText)
  return [...shown, `and ${names.length - shown.length} more (--changes lists all)`]
}

function effectShown(group: EffectGroup, paint: Paint): Shown {
  const { effect, people, app, role, until, hasEnded, partner, through, because } = group
  const number = people.length
  const verb = effect === 'gain' ? (number === 1 ? 'gains' : 'gain') : number === 1 ? 'loses' : 'lose'
  const end = until === null ? '' : `${hasEnded ? 'ended' : 'until'} ${until}`
  const by = through.length === 0 ? partner : `${partner}/${through.join(', ')}`
  return {
    sign: effect === 'gain' ? paint('green', '+') : paint('red', '-'),
    head: [`${count(number, 'person', 'people')} ${verb}`, app, role, end, by],
    people: people.map(({ person, until: own }) =>
      own === until ? person : `${person} (${own === null ? 'no end' : `${hasEnded ? 'ended' : 'until'} ${own}`})`,
    ),
    because: because.length === 0 ? reasonOf(group) : placesOf(because),
  }
}

function laterShown(group: LaterGroup, paint: Paint): Shown {
  const { app, role, partner, people, because } = group
  return {
    sign: paint('yellow', '>'),
    head: [`${count(people.length, 'person', 'people')} ${verbOf(group)}`, app, role, turnOf(group), partner],
    people,
    because: placesOf(because),
  }
}

function placesOf(lines: readonly Line[]): string {
  return lines.map(placeOf).join(', ')
}
