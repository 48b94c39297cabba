// A plan as one page: what it comes to in a sentence, who gains and loses what, what deserves a second look, and then, for who
// wants to know more, all the rest. It says what text and Markdown say, from the same selection.

import type { Plan } from '../../model/plan.ts'
import { effectsBy } from '../effect-groups.ts'
import { besidesOf, headlineOf } from '../headline.ts'
import { count } from '../layout.ts'
import { moment, scopeWords, shortCommit, shortDigest } from '../plan.ts'
import { risksOf } from '../risks.ts'
import { isolated, type SectionId } from './cards.ts'
import { changesSection } from './changes.ts'
import { effectSections } from './effects.ts'
import { type Html, html, nothing } from './escape.ts'
import { mapSection } from './map.ts'
import { findingsSection, risksSection, waitingSection } from './notes.ts'
import { pageOf } from './page.ts'
import { timelineSection } from './timeline.ts'

export interface HtmlView {
  /** What comes next. */
  readonly next: string
}

export function renderPlanAsHtml(plan: Plan, view: HtmlView): string {
  const sections = [
    effectSections(plan),
    risksSection(plan),
    mapSection(
      plan,
      'How many people reach each app by each group once this is applied: +n gain it, −n lose it by this plan.',
    ),
    timelineSection(plan),
    changesSection(plan),
    waitingSection(plan),
    findingsSection(plan),
  ]
  return pageOf(
    `${plan.organization.displayName}: ${headlineOf(plan)}`,
    html`${headerOf(plan)}<main>
${sections}</main>
${footerOf(plan, view)}`,
  )
}

function headerOf(plan: Plan): Html {
  const { organization, counts, at, base, scope, sandbox, commit } = plan
  const refused = risksOf(plan).filter(({ title }) => title === 'refused').length
  const facts = [
    [count(counts.partners, 'partner'), count(counts.people, 'person', 'people'), count(counts.apps, 'app')].join(', '),
    ...(sandbox === true ? ['in the sandbox'] : []),
    ...scopeWords(scope),
    ...(commit === null ? [] : [`policies at ${shortCommit(commit)}`]),
    ...(base === undefined ? [] : [`compared with ${base.revision}`]),
    `as of ${moment(at)}`,
  ]
  const besides = besidesOf(plan)
  return html`<header>
<p class="kicker">${isolated(organization.displayName)} · partner access</p>
<h1>${headlineOf(plan)}</h1>
${besides === '' ? nothing : html`<p class="besides">${besides}</p>\n`}<p class="facts">${facts.map(fact => html`<span>${fact}</span> `)}</p>
${refused === 0 ? nothing : html`<p class="refused">Refused as it is, for ${count(refused, 'reason')}: nothing of it will be applied.</p>\n`}${tilesOf(plan)}</header>
`
}

/** Numbers that lead to their part of the page. */
function tilesOf(plan: Plan): Html {
  const { base, changes, coming, waiting, findings } = plan
  const effects = base === undefined ? plan.effects : effectsBy(plan, 'intended')
  const gains = effects.filter(({ effect }) => effect === 'gain').length
  const losses = effects.length - gains
  const drifted = base === undefined ? [] : effectsBy(plan, 'drift')
  const ends = coming.filter(({ effect }) => effect === 'lose').length
  const tiles = [
    tileOf('effects', 'gain', gains, `${gains === 1 ? 'access' : 'accesses'} gained`),
    tileOf('effects', 'lose', losses, `${losses === 1 ? 'access' : 'accesses'} lost`),
    tileOf('drift', '', drifted.length, 'not from this change'),
    tileOf('risks', 'warn', risksOf(plan).length, 'to look at twice'),
    tileOf('timeline', '', ends, 'over in 30 days'),
    tileOf('changes', '', changes.length, changes.length === 1 ? 'change' : 'changes'),
    tileOf('waiting', '', waiting.length, 'waiting'),
    tileOf('findings', '', findings.length, 'found'),
  ]
  const shown = tiles.filter(tile => tile !== nothing)
  return shown.length === 0 ? nothing : html`<nav aria-label="In this report"><ul class="tiles">${shown}</ul></nav>\n`
}

function tileOf(to: SectionId, tone: 'gain' | 'lose' | 'warn' | '', number: number, words: string): Html {
  if (number === 0) return nothing
  return html`<li><a href="#${to}" class="${tone}"><strong>${number}</strong><span>${words}</span></a></li>`
}

function footerOf(plan: Plan, { next }: HtmlView): Html {
  const { digest, policyDigest, commit, guestlist, formatVersion, createdAt } = plan
  return html`<footer>
<p>Plan <code>${shortDigest(digest)}</code>. ${plan.changes.length === 0 ? 'Nothing to do.' : next}</p>
<p>Policies <code>${shortDigest(policyDigest)}</code>${commit === null ? ', not as committed' : html` at commit <code>${shortCommit(commit)}</code>`}. Made ${moment(createdAt)} by guestlist ${guestlist}, plan format ${formatVersion}.</p>
<p>Digest <code>${digest}</code></p>
</footer>`
}
