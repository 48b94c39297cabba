// Whatever a plan holds of somebody's words, in whatever place, comes out as text in every format.

import type { Log } from 'sarif'
import { describe, expect, test } from 'vitest'
import { formatted, type PlanFormat } from '../../src/cli/plan-formats.ts'
import type { Plan } from '../../src/model/plan.ts'
import { safeText } from '../../src/render/safe-text.ts'
import { hostOf, sink } from '../cli/fake-host.ts'
import { commandsIn } from './build-agent.ts'
import { corpus, everything } from './corpus.ts'
import { expectInertHtml, expectInertMarkdown, expectInertText, markdownMarkup } from './inert.ts'
import { markupOf, textOf } from './markup.ts'
import { placesOf, samplePlan, substituted } from './sample-plan.ts'

const env = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'contoso/partners', GITHUB_RUN_ID: '1' }

function shown(plan: Plan, format: PlanFormat, color = false): string {
  const host = hostOf({ cwd: '/', stdout: sink({ color }), env })
  return formatted(plan, format, host, { all: true, next: 'Apply it: guestlist apply', folder: 'policies' })
}

/** A word as long as the value is when it is shown, so that both fill the same lines. */
function harmless(value: string): string {
  return 'x'.repeat([...safeText(value)].length)
}

/** Text as a reader sees it: how much room is between words does not matter. */
function read(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function expectInert(hostile: Plan, plain: Plan): void {
  expectInertText(shown(hostile, 'text'))
  expectInertText(shown(hostile, 'text', true), { colour: true })
  expectInertMarkdown(shown(hostile, 'markdown'), shown(plain, 'markdown'))
  expectInertText(shown(hostile, 'markdown'))
  expectInertHtml(shown(hostile, 'html'), shown(plain, 'html'))
  expectInertText(shown(hostile, 'html'))

  const json = shown(hostile, 'json')
  expectInertText(json)
  expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(hostile)))

  const annotations = shown(hostile, 'github')
  expect(commandsIn(annotations).map(({ name }) => name)).toEqual(['error', 'error', 'warning'])
  expect(annotations.split('\n')).toHaveLength(4)

  const sarif = shown(hostile, 'sarif')
  expectInertText(sarif)
  const results = (JSON.parse(sarif) as Log).runs[0]?.results ?? []
  expect(results.map(({ level }) => level)).toEqual(['error', 'error', 'warning'])
  for (const { message } of results) expect(message.text).not.toMatch(/(?<!\\)\]\(|(?<!\{)\{\d+\}/)
}

const sample = samplePlan()

describe('everywhere at once', () => {
  test.each(corpus)('$name', ({ value }) => {
    const plain = harmless(value)
    expectInert(
      substituted(sample, () => value),
      substituted(sample, () => plain),
    )
  })
})

describe('in one place', () => {
  // Everything dangerous at once, in each place that a plan has.
  test.each(placesOf(sample))('%s', place => {
    const plain = harmless(everything)
    expectInert(
      substituted(sample, (text, at) => (at === place ? everything : text)),
      substituted(sample, (text, at) => (at === place ? plain : text)),
    )
  })
})

const shortOnes = corpus.filter(({ value }) => value.trim() !== '' && safeText(value).length < 100)

test.each(shortOnes)('$name shows as itself', ({ value }) => {
  const hostile = { ...sample, apps: { payroll: { displayName: value, hosting: 'cloud' } } } as const
  const expected = read(safeText(value))
  expect(read(shown(hostile, 'text'))).toContain(expected)
  expect(read(textOf(markdownMarkup(shown(hostile, 'markdown'))))).toContain(expected)
  expect(read(textOf(markupOf(shown(hostile, 'html'))))).toContain(expected)
})
