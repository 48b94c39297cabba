// Who gains and who loses what, now and on a day to come, as cards: what the change of policy intends stands alone, where the
// plan tells it apart.

import type { Plan } from '../../model/plan.ts'
import { type EffectGroup, effectGroups, reasonOf } from '../effect-groups.ts'
import { type LaterGroup, laterGroups } from '../later.ts'
import { cardOf, cardsOf, isolated, othersOf, placesOf, type SectionId, sectionOf, verbOf, whoOf } from './cards.ts'
import { type Html, html } from './escape.ts'
import { laterCard } from './later.ts'

export function effectSections(plan: Plan): Html {
  const isApart = plan.base !== undefined
  return html`${
    isApart
      ? [
          part('effects', 'This change intends', effectGroups(plan, 'intended'), laterGroups(plan, 'intended')),
          part('drift', 'Not from this change', effectGroups(plan, 'drift'), [], 'Drift, or what was not applied yet.'),
          part('later', 'Later, with or without this change', [], laterGroups(plan, 'drift')),
        ]
      : [
          part('effects', 'Who gains and who loses', effectGroups(plan), []),
          part('later', 'Later', [], laterGroups(plan)),
        ]
  }`
}

function part(
  id: SectionId,
  title: string,
  groups: readonly EffectGroup[],
  later: readonly LaterGroup[],
  lead?: string,
): Html {
  const cards = [...groups.map(effectCard), ...later.map(laterCard)]
  return sectionOf(id, title, cards.length === 0 ? [] : [cardsOf(cards)], lead)
}

function effectCard(group: EffectGroup): Html {
  const { effect, people, because } = group
  return cardOf({
    tone: effect,
    sign: effect === 'gain' ? '+' : '−',
    title: html`${whoOf(people.map(({ person }) => person))} ${verbOf(effect, people.length)} <b>${isolated(group.app)}</b> as ${isolated(group.role)}`,
    facts: factsOf(group),
    more: othersOf(
      people.map(({ person, until }) =>
        until === group.until ? { name: person } : { name: person, note: until === null ? 'no end' : `until ${until}` },
      ),
    ),
    because: because.length === 0 ? html`${reasonOf(group)}` : placesOf(because),
  })
}

function factsOf({ until, hasEnded, partner, through, hosting }: EffectGroup): readonly Html[] {
  const by = through.length === 0 ? partner : `${partner}/${through.join(', ')}`
  return [
    ...(until === null ? [] : [html`${hasEnded ? 'ended' : 'until'} ${isolated(until)}`]),
    html`by ${isolated(by)}`,
    ...(hosting === undefined ? [] : [html`${hosting}`]),
  ]
}
