// Values that attack whatever shows them, each in every place of a report where a value can stand, in a real browser: nothing
// runs, nothing is asked for, and each is seen as its text.

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { renderPlanAsHtml } from '../../src/render/html/plan.ts'
import { safeText } from '../../src/render/safe-text.ts'
import { corpus } from '../hostile/corpus.ts'
import { aCell, aChange, aComing, aGain, aMove, aPlan } from '../render/a-plan.ts'
import { describeInChromium } from './browser.ts'

const places = [
  'person',
  'partner',
  'app',
  'role',
  'group',
  'file',
  'before',
  'after',
  'message',
  'code',
  'hint',
] as const

/** Says where it stands, so that it can be found there. */
const at = (place: string, value: string): string => `${place}:${value}:${place}`

/** Each value in every place of a list; what a plan has one of is all of them. */
function hostilePlan(values: readonly string[]): Plan {
  const all = values.join(' ')
  const plans = values.map(partsOf)
  return aPlan({
    organization: { name: all, displayName: at('organization', all), tenantId: all, domain: all },
    base: { revision: all, commit: all },
    commit: all,
    scope: { partners: [all], apps: [all], only: null },
    digest: all,
    policyDigest: all,
    guestlist: all,
    apps: Object.fromEntries(
      values.map(value => [at('app', value), { displayName: at('app', value), hosting: 'cloud' }]),
    ),
    effects: plans.flatMap(({ effects }) => effects),
    coming: plans.flatMap(({ coming }) => coming),
    moved: plans.flatMap(({ moved }) => moved),
    map: plans.flatMap(({ map }) => map),
    changes: plans.flatMap(({ changes }) => changes),
    waiting: plans.flatMap(({ waiting }) => waiting),
    findings: plans.flatMap(({ findings }) => findings),
  })
}

type Parts = Pick<Plan, 'effects' | 'coming' | 'moved' | 'map' | 'changes' | 'waiting' | 'findings'>

function partsOf(value: string): Parts {
  const because = [{ file: at('file', value), line: 1 }]
  const access = { partner: at('partner', value), app: at('app', value), role: at('role', value), because }
  const person = at('person', value)
  const key = person.replaceAll('%', '%25').replaceAll('/', '%2F')
  return {
    effects: [
      aGain(person, { ...access, cause: 'intended', through: [at('group', value)], until: value }),
      aGain(value, { ...access, cause: 'drift', effect: 'lose', through: [] }),
    ],
    coming: [
      aComing(person, { ...access, on: value, cause: 'intended' }),
      aComing(value, { ...access, effect: 'lose', on: value }),
    ],
    moved: [aMove(person, { ...access, was: value, until: value })],
    map: [
      aCell({ ...access, group: at('group', value), until: value, before: 1, after: 2, gains: 1 }),
      aCell({ ...access, group: value, from: value, until: value, before: 1, after: 1 }),
    ],
    changes: [
      aChange({
        id: `entra/guest/${key}`,
        action: 'update',
        risk: 'privileged',
        because,
        before: { [value]: at('before', value), next: 1 },
        after: { [value]: 1, next: at('after', value) },
      }),
      aChange({ id: `entra/no-such-kind/${value}`, because }),
    ],
    waiting: [{ id: `entra/guest/${key}`, for: value, message: at('message', value) }],
    findings: [
      {
        severity: 'error',
        code: `rule/${at('code', value)}`,
        message: at('message', value),
        hint: at('hint', value),
        at: { file: value, line: 1 },
      },
    ],
  }
}

const unblanked = (text: string): string => text.replace(/[\s\u00a0]+/g, ' ').trim()

/** What a page is made of: each element with its attributes, but for the texts that they hold. Rows are ordered by value. */
const shapeOf = (): readonly string[] =>
  [...document.querySelectorAll('*')]
    .map(({ tagName, attributes }) =>
      [tagName, ...[...attributes].map(({ name, value }) => (name === 'content' ? name : `${name}=${value}`))].join(
        ' ',
      ),
    )
    .sort()

/** As many as one page shows unfolded and quickly. */
const atOnce = 20

describeInChromium('hostile values in a browser', show => {
  test('what a page does besides being read would be heard', async () => {
    const { page, heard } = await show(
      '<!doctype html><title>x</title><script>console.log("ran");alert(1)</script><img src="https://evil.example/x.png">' +
        '<style>body{background:url(https://evil.example/y.png)}</style>',
    )
    await expect.poll(() => heard.length).toBeGreaterThanOrEqual(4)
    expect(heard).toContain('console: ran')
    expect(heard).toContain('dialog: 1')
    expect(heard).toContain('request: https://evil.example/x.png')
    expect(heard).toContain('request: https://evil.example/y.png')
    await page.close()
  })

  test('the page forbids scripts and foreign styles, even if one got in', async () => {
    const source = renderPlanAsHtml(aPlan(), { next: '' })
    const { page, heard } = await show(
      source.replace('<main>', '<main><script>document.title = "owned"</script><p style="color: red" id="p">x</p>'),
    )
    expect(await page.title()).not.toBe('owned')
    expect(await page.evaluate(() => getComputedStyle(document.getElementById('p') as Element).color)).not.toBe(
      'rgb(255, 0, 0)',
    )
    // Chromium says why it refuses them.
    expect(heard.filter(text => text.includes('Content Security Policy'))).toHaveLength(2)
    await page.close()
  })

  test.each(
    Array.from(
      { length: Math.ceil(corpus.length / atOnce) },
      (_, part) => [part * atOnce, corpus.slice(part * atOnce, (part + 1) * atOnce)] as const,
    ),
  )('each value from number %i on is seen as its text, wherever it stands, and does nothing', async (_, values) => {
    const shape = async (plan: Plan): Promise<readonly string[]> => {
      const { page } = await show(renderPlanAsHtml(plan, { next: 'sound' }))
      const shape = await page.evaluate(shapeOf)
      await page.close()
      return shape
    }
    const sound = await shape(hostilePlan(values.map((_, index) => `sound${index}`)))
    const plan = hostilePlan(values.map(({ value }) => value))
    expect(await shape(plan)).toEqual(sound)

    const all = values.map(({ value }) => value).join(' ')
    const { page, heard } = await show(renderPlanAsHtml(plan, { next: all }))
    const { text, title } = await page.evaluate(() => {
      for (const fold of document.querySelectorAll('details')) fold.open = true
      return { text: document.body.innerText, title: document.title }
    })
    const seen = unblanked(text)
    const unseen = values.flatMap(({ name, value }) =>
      places.filter(place => !seen.includes(unblanked(safeText(at(place, value))))).map(place => `${name} as ${place}`),
    )
    expect(unseen).toEqual([])
    expect(unblanked(title)).toContain(unblanked(safeText(at('organization', all))))
    // Whoever moves over it or follows its links starts nothing either.
    await page.evaluate(() => {
      for (const element of document.querySelectorAll('body *')) {
        element.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }))
        element.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))
      }
    })
    expect(heard).toEqual([])
    await page.close()
  })
})
