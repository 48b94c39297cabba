// Law 10: whatever form a plan is shown in, it says the same: the same numbers, every risk and every finding; and what is saved
// is what was made.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checksumOf, digestOfContent } from '../../src/engine/plan.ts'
import type { Effect, Plan, PlannedChange } from '../../src/model/plan.ts'
import { renderPlanAsHtml } from '../../src/render/html/plan.ts'
import { safeJson } from '../../src/render/json.ts'
import { renderMarkdown } from '../../src/render/markdown/plan.ts'
import { paceOf } from '../../src/render/pace.ts'
import { renderPlan } from '../../src/render/plan.ts'
import { risksOf } from '../../src/render/risks.ts'
import { readText } from '../render/reading.ts'
import { firstDay } from './policies.ts'
import { planAgainst } from './review.ts'
import { patience, runs } from './runs.ts'
import { arrival } from './story.ts'
import { tamper } from './tampering.ts'
import { openTenant, resolve } from './tenant.ts'

const isPlan = new Ajv2020({ strict: false, validateFormats: false }).compile(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../schemas/plan.schema.json'), 'utf8')) as object,
)

interface Forms {
  readonly text: string
  readonly markdown: string
  readonly page: string
}

const next = 'Apply it: guestlist apply'

function formsOf(plan: Plan): Forms {
  return {
    text: renderPlan(plan, { all: true, paint: (_color, text) => text, next }),
    markdown: renderMarkdown(plan, { next }),
    page: renderPlanAsHtml(plan, { next }),
  }
}

function sum(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0)
}

interface Totals {
  readonly gains: number
  readonly losses: number
  readonly changes: number
  readonly entra: number
  readonly domain: number
  readonly risks: number
}

function totalsOf(plan: Plan): Totals {
  const on = (plane: PlannedChange['plane']): number => plan.changes.filter(change => change.plane === plane).length
  return {
    gains: plan.effects.filter(({ effect }) => effect === 'gain').length,
    losses: plan.effects.filter(({ effect }) => effect === 'lose').length,
    changes: plan.changes.length,
    entra: on('entra'),
    domain: on('active-directory'),
    risks: risksOf(plan).length,
  }
}

function ofText(text: string): Totals {
  const counts = [...text.matchAll(/^ {4}(?:create|update|delete|restore|adopt) +(\d+) +(\d+)$/gm)]
  const inColumn = (column: 1 | 2): number => counts.reduce((total, row) => total + Number(row[column]), 0)
  return {
    gains: sum(text, /^ +\+ (\d+) (?:person gains|people gain) /gm),
    losses: sum(text, /^ +- (\d+) (?:person loses|people lose) /gm),
    // Each in a line of its own.
    changes: [...(text.split(/^ {2}Waiting/m)[0] ?? '').matchAll(/^ {4}[+~^=-] (?!\d+ (?:person|people) )/gm)].length,
    entra: inColumn(1),
    domain: inColumn(2),
    risks: [
      ...text.matchAll(/^ {4}! (?:refused|weakened|privileged|sets|big removal|closes|not ours yet|ends soon) /gm),
    ].length,
  }
}

function ofMarkdown(text: string): Totals {
  const heads = [...text.matchAll(/^(?:<details><summary><b>|\*\*)(\d+ changes? in [^:*<]+)/gm)].map(
    ([, head = '']) => head,
  )
  const entra = heads.reduce((total, head) => total + sum(head, /(\d+)(?: changes?)? in Entra ID/g), 0)
  const domain = heads.reduce((total, head) => total + sum(head, /(\d+)(?: changes?)? in Active Directory/g), 0)
  return {
    gains: sum(text, /^\| ➕ \*\*(\d+)\*\*/gm),
    losses: sum(text, /^\| ➖ \*\*(\d+)\*\*/gm),
    changes: entra + domain,
    entra,
    domain,
    risks: [...text.matchAll(/^> - (?:\*\*[A-Z]|and (\d+) more)/gm)].reduce(
      (total, [, more = '1']) => total + Number(more),
      0,
    ),
  }
}

function ofPage(page: string): Totals {
  const section = (id: string): string => page.split('<section ').find(part => part.startsWith(`id="${id}"`)) ?? ''
  const cards = `${section('effects')}${section('drift')}`
  const people = (tone: string): number =>
    [...cards.matchAll(new RegExp(`<li class="card ${tone}">.*?<p class="title">(.*?)</p>`, 'gs'))].reduce(
      (total, [, title = '']) => total + Number(/^(\d+) people /.exec(readText(title))?.[1] ?? 1),
      0,
    )
  const fold = (title: string): number =>
    Number(new RegExp(`<summary>${title} <span class="quiet">· (\\d+) change`).exec(page)?.[1] ?? 0)
  return {
    gains: people('gain'),
    losses: people('lose'),
    changes: [...section('changes').matchAll(/<li class="change /g)].length,
    entra: fold('Entra ID'),
    domain: fold('Active Directory'),
    risks: [...section('risks').matchAll(/<li class="card /g)].length,
  }
}

/** The same world, planned alone and against a base. */
async function plansOf(parts: Parameters<Parameters<typeof arrival.map>[0]>[0]): Promise<readonly Plan[]> {
  const tenant = await openTenant(parts.start, firstDay)
  try {
    const former = await resolve(parts.first, firstDay)
    await tenant.apply(await tenant.plan(former))
    await tamper(tenant, parts.tampering)
    const policy = await resolve(parts.second, firstDay)
    const { plan } = await tenant.plan(policy)
    return [plan, (await planAgainst(tenant, policy, former)).plan]
  } finally {
    await tenant.close()
  }
}

const most = 65_536

/** What a report does not say of a plan that it shows. */
function untold(plan: Plan, { text, markdown, page }: Forms): readonly string[] {
  const isRefusal = /^(?:rule|guardrail)\//
  const findings = plan.findings.filter(({ severity, code }) => severity !== 'error' || !isRefusal.test(code))
  const people = [...new Set(plan.effects.map(({ person }) => person))]
  const forms = { text, markdown: markdown.replace(/<\/?span>/g, '').replace(/\\/g, ''), page: readText(page) }
  return Object.entries(forms).flatMap(([form, shown]) => [
    ...(form === 'text'
      ? []
      : findings.filter(({ code }) => !shown.includes(code)).map(({ code }) => `${form}: ${code}`)),
    ...people.filter(person => !shown.includes(person)).map(person => `${form}: ${person}`),
    ...(shown.includes(plan.digest.slice(7, 15)) ? [] : [`${form}: the digest`]),
    ...(shown.includes(paceOf(plan)) ? [] : [`${form}: how long it takes`]),
  ])
}

test(
  'law 10: text, Markdown and HTML tell the same numbers, and the whole of a plan is saved',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, async parts => {
        for (const plan of await plansOf(parts)) {
          expect({ isPlan: isPlan(plan), errors: isPlan.errors }).toEqual({ isPlan: true, errors: null })
          const saved = JSON.parse(safeJson(plan)) as Plan
          expect(saved).toEqual(plan)
          expect([saved.digest, saved.checksum]).toEqual([digestOfContent(saved), checksumOf(saved)])

          const forms = formsOf(plan)
          const totals = totalsOf(plan)
          expect(ofMarkdown(forms.markdown)).toEqual(totals)
          expect(ofPage(forms.page)).toEqual(totals)
          expect(ofText(forms.text)).toEqual(totals)
          expect(untold(plan, forms)).toEqual([])
          expect(formsOf(saved)).toEqual(forms)
        }
      }),
      runs(25),
    )
  },
  patience,
)

/** The same plan for many more people, with more of everything. */
function larger(plan: Plan, times: number): Plan {
  const copies = Array.from({ length: times }, (_, index) => index)
  const effects = copies.flatMap(index =>
    plan.effects.map(
      (effect): Effect => ({ ...effect, person: `${index}.${effect.person}`, role: `${effect.role}-${index % 97}` }),
    ),
  )
  const changes = copies.flatMap(index =>
    plan.changes.map((change): PlannedChange => ({ ...change, id: `${change.id}.${index}` as typeof change.id })),
  )
  const waiting = copies.flatMap(index =>
    plan.waiting.map(wait => ({ ...wait, id: `${wait.id}.${index}` as typeof wait.id })),
  )
  const findings = copies.flatMap(index =>
    plan.findings.map(finding => ({ ...finding, message: `${finding.message} (${index})` })),
  )
  return { ...plan, effects, changes, waiting, findings }
}

test(
  'law 10: a comment has room for any plan, with exact numbers',
  async () => {
    await fc.assert(
      fc.asyncProperty(arrival, fc.constantFrom(40, 400), async (parts, times) => {
        for (const plan of await plansOf(parts)) {
          const large = larger(plan, times)
          const markdown = renderMarkdown(large, { next })
          expect(new TextEncoder().encode(markdown).length).toBeLessThan(most)
          const { risks: _risks, ...told } = ofMarkdown(markdown)
          const { risks: _all, ...totals } = totalsOf(large)
          expect(told).toEqual(totals)
        }
      }),
      runs(6),
    )
  },
  patience,
)
