// Why somebody reaches an app, or does not: with hostile words in the policy, in both directories, in what waits, and as the
// person who was asked about.

import { beforeAll, expect, test } from 'vitest'
import { explain } from '../../src/access/explain.ts'
import { reach } from '../../src/access/reach.ts'
import type { Waiting } from '../../src/model/plan.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { renderExplanation } from '../../src/render/explain.ts'
import { coloured, type Paint, plain } from '../../src/render/paint.ts'
import { safeText } from '../../src/render/safe-text.ts'
import { allLinks, appNames, type How, lee, linksOf, maeve, matrix, observed, situation } from '../access/matrix.ts'
import { corpus } from './corpus.ts'
import { expectInertText } from './inert.ts'
import { samplePlan, substituted } from './sample-plan.ts'

let policy: ResolvedPolicy

beforeAll(async () => {
  policy = await matrix()
})

const words = new Set(['displayName', 'description', 'reason', 'connectorGroup', 'externalUrl', 'internalUrl', 'file'])

/** The policy with the value in all places that are somebody's words. */
function withWords(part: unknown, value: string): unknown {
  if (part instanceof Map) return new Map([...part].map(([key, item]) => [key, withWords(item, value)]))
  if (part instanceof Set) return part
  if (Array.isArray(part)) return part.map(item => withWords(item, value))
  if (typeof part !== 'object' || part === null) return part
  return Object.fromEntries(
    Object.entries(part).map(([key, item]) => [
      key,
      words.has(key) && typeof item === 'string' ? value : withWords(item, value),
    ]),
  )
}

function expectInertExplanations(value: string, how: How): void {
  const hostile = withWords(policy, value) as ResolvedPolicy
  const all = allLinks()
  const links = linksOf(all, () => how)
  const spec = Object.fromEntries(
    ['displayName', 'externalUrl', 'internalUrl', 'expires', 'leftAt', 'userType', 'way', 'group', 'unit'].map(key => [
      key,
      value,
    ]),
  )
  const known = new Map(how === 'absent' ? [] : all.map(id => observed(id, spec)))
  const waiting = new Map(all.map((id): [typeof id, Waiting] => [id, { id, for: 'person', message: value }]))
  const state = situation(hostile, links, { observed: known, ...(how === 'present' ? { waiting } : {}) })
  const { findings, changes } = substituted(samplePlan(), () => value)
  const shown = (person: string, app: string, paint: Paint): string =>
    renderExplanation(explain(person, app, reach(links, hostile).values(), state), {
      policy: hostile,
      observed: known,
      folder: `${value}/`,
      paint,
      meant: value,
      repairOf: () => ({ command: 'guestlist plan', changes }),
      findings,
      refused: true,
    })
  for (const app of appNames) {
    for (const person of [lee, maeve, `${value}@fabrikam.com`, `${value}@evil.example`]) {
      expectInertText(shown(person, app, plain))
    }
    expectInertText(shown(lee, app, coloured), { colour: true })
  }
  expect(shown(lee, 'kerberos', plain)).toContain(safeText(value).trim())
}

test.each(corpus)('$name', ({ value }) => {
  for (const how of ['absent', 'present', 'working'] as const) expectInertExplanations(value, how)
})
