// What deserves a second look, what waits, and what was found, as cards.

import type { Plan } from '../../model/plan.ts'
import { count } from '../layout.ts'
import { risksOf } from '../risks.ts'
import { waitsOf } from '../waits.ts'
import { cardOf, cardsOf, namesOf, placesOf, sectionOf } from './cards.ts'
import { type Html, html, nothing } from './escape.ts'

export function risksSection(plan: Plan): Html {
  const cards = risksOf(plan).map(({ title, text, names, cause, at }) =>
    cardOf({
      tone: title === 'refused' ? 'lose' : 'warn',
      sign: '!',
      title: html`<span class="tag ${title === 'refused' ? 'refused-tag' : 'warn'}">${title}</span> ${text}`,
      facts: plan.base !== undefined && cause === 'drift' ? [html`not from this change`] : [],
      more: namesOf(names.map(name => ({ name }))),
      because: at === undefined ? nothing : placesOf([at]),
    }),
  )
  return sectionOf('risks', 'Look twice', cards.length === 0 ? [] : [cardsOf(cards)])
}

export function waitingSection({ waiting }: Plan): Html {
  const cards = waitsOf(waiting).map(({ what, message, names, behind }) =>
    cardOf({
      tone: 'later',
      sign: '~',
      title: html`<b>${what}</b> ${message}`,
      more: namesOf(names.map(name => ({ name }))),
      because:
        behind === 0 ? nothing : html`${count(behind, 'more change')} ${behind === 1 ? 'waits' : 'wait'} with it`,
    }),
  )
  return sectionOf(
    'waiting',
    'Waiting',
    cards.length === 0 ? [] : [cardsOf(cards)],
    'Whoever gains something only after that is not counted above.',
  )
}

export function findingsSection({ findings }: Plan): Html {
  const cards = findings.map(({ severity, code, message, hint, cause, at }) =>
    cardOf({
      tone: severity,
      sign: severity === 'error' ? '✗' : '!',
      title: html`<span class="hidden">${severity}: </span>${message} <code class="quiet">${code}</code>`,
      facts: [
        ...(hint === undefined ? [] : [html`${hint}`]),
        ...(cause === 'drift' ? [html`not from this change`] : []),
      ],
      because: at === undefined ? nothing : placesOf([at]),
    }),
  )
  return sectionOf('findings', 'Found', cards.length === 0 ? [] : [cardsOf(cards)])
}
