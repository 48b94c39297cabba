// What pieces of a report have in common: a card with its sign, people of whom the first are shown, places of policies.

import type { Line } from '../../model/plan.ts'
import { count } from '../layout.ts'
import { type Html, html, nothing } from './escape.ts'

export interface Card {
  /** How the sign is coloured. */
  readonly tone: 'gain' | 'lose' | 'warn' | 'later' | 'error' | 'warning'
  readonly sign: string
  readonly title: Html
  readonly facts?: readonly Html[]
  readonly more?: Html
  readonly because?: Html
}

export function cardOf({ tone, sign, title, facts = [], more = nothing, because = nothing }: Card): Html {
  const below =
    facts.length === 0 ? nothing : html`<p class="facts">${facts.map(fact => html`<span>${fact}</span> `)}</p>`
  const names = more === nothing ? nothing : html`<div class="more">${more}</div>`
  const why = because === nothing ? nothing : html`<p class="because">${because}</p>`
  return html`<li class="card ${tone}"><span class="sign" aria-hidden="true">${sign}</span><div><p class="title">${title}</p>${below}</div>${why}${names}</li>\n`
}

/** How many cards stand open before the rest is folded. */
const openCards = 40

export function cardsOf(cards: readonly Html[]): Html {
  const [open, folded] = [cards.slice(0, openCards), cards.slice(openCards)]
  const rest =
    folded.length === 0
      ? nothing
      : html`<details><summary>${folded.length} more like these</summary><ul class="cards">${folded}</ul></details>`
  return html`<ul class="cards">${open}</ul>${rest}`
}

export interface Named {
  readonly name: string
  /** Of this one alone. */
  readonly note?: string
}

/** How many names stand open before the rest is folded. */
const openNames = 12

export function namesOf(names: readonly Named[]): Html {
  if (names.length === 0) return nothing
  const items = names.map(({ name, note }) =>
    note === undefined ? html`<li>${name}</li>` : html`<li>${name} <small>${note}</small></li>`,
  )
  // One more than is open is not worth a fold.
  const open = items.length <= openNames + 1 ? items : items.slice(0, openNames)
  const folded = items.slice(open.length)
  const rest =
    folded.length === 0
      ? nothing
      : html`<details><summary>${folded.length} more</summary><ul class="people">${folded}</ul></details>`
  return html`<ul class="people">${open}</ul>${rest}`
}

/** One person by name, more by number: then `othersOf` names them. */
export function whoOf(people: readonly string[]): Html {
  const [only] = people
  return people.length === 1 && only !== undefined ? isolated(only) : html`${count(people.length, 'person', 'people')}`
}

/** Whom `whoOf` has not named. */
export function othersOf(names: readonly Named[]): Html {
  return names.length === 1 ? nothing : namesOf(names)
}

export function verbOf(effect: 'gain' | 'lose', people: number): string {
  return people === 1 ? `${effect}s` : effect
}

/** A value that stands alone: whatever its writing direction, what is around it stays in place. */
export function isolated(value: string): Html {
  return html`<bdi>${value}</bdi>`
}

export function placesOf(lines: readonly Line[]): Html {
  if (lines.length === 0) return nothing
  return html`${lines.map(line => html`<code>${line.file}:${line.line}</code>${line.removed === true ? ' removed ' : ' '}`)}`
}

/** A part of the page; nothing where it has nothing to say. */
export function sectionOf(id: SectionId, title: string, body: readonly Html[], lead?: string): Html {
  if (body.length === 0) return nothing
  const under = lead === undefined ? nothing : html`<p class="lead">${lead}</p>`
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${under}\n${body}</section>\n`
}

/** Places to go to are ours, never made of values. */
export type SectionId =
  | 'effects'
  | 'drift'
  | 'later'
  | 'risks'
  | 'map'
  | 'timeline'
  | 'changes'
  | 'waiting'
  | 'findings'
  | 'people'
