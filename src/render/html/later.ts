// What comes on its day and changes nothing today, as cards: accesses that begin, ends that move, and ends that are near.

import type { Coming, Plan } from '../../model/plan.ts'
import { titleOf } from '../app-title.ts'
import { type LaterGroup, turnOf, verbOf } from '../later.ts'
import { cardOf, cardsOf, isolated, othersOf, placesOf, whoOf } from './cards.ts'
import { type Html, html } from './escape.ts'

export function laterCard(group: LaterGroup): Html {
  const { kind, app, role, partner, people, hosting, because } = group
  return cardOf({
    tone: 'later',
    sign: kind === 'begins' ? '+' : kind === 'longer' ? '→' : '←',
    title: html`${whoOf(people)} ${verbOf(group)} <b>${isolated(app)}</b> as ${isolated(role)}`,
    facts: [
      html`${turnOf(group)}`,
      html`by ${isolated(partner)}`,
      ...(hosting === undefined ? [] : [html`${hosting}`]),
    ],
    more: othersOf(people.map(name => ({ name }))),
    because: placesOf(because),
  })
}

/** The next first. */
export function endings(plan: Plan): Html {
  const ends = plan.coming.filter(({ effect }) => effect === 'lose')
  const alike = ({ on, partner, app, role, because }: Coming): string =>
    JSON.stringify([on, partner, app, role, because[0] ?? null])
  const groups = [...Map.groupBy(ends, alike).values()].sort(([a], [b]) => ((a?.on ?? '') < (b?.on ?? '') ? -1 : 1))
  return cardsOf(groups.flatMap(group => endingCard(group, plan)))
}

function endingCard(group: readonly Coming[], plan: Plan): readonly Html[] {
  const [first] = group
  if (first === undefined) return []
  const { on, partner, app, role, because } = first
  const people = group.map(({ person }) => person)
  return [
    cardOf({
      tone: 'later',
      sign: '−',
      title: html`${whoOf(people)} ${people.length === 1 ? 'has' : 'have'} <b>${isolated(titleOf(app, plan))}</b> as ${isolated(role)} until ${isolated(on)}`,
      facts: [html`by ${isolated(partner)}`],
      more: othersOf(people.map(name => ({ name }))),
      because: placesOf(because.slice(0, 1)),
    }),
  ]
}
