// The report of a plan in a real browser: it fits every screen, unfolds on paper, can be read by day and by night, and by who
// cannot see it.

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { renderPlanAsHtml } from '../../src/render/html/plan.ts'
import { aCell, aChange, aComing, aGain, aLoss, aMove, aPlan } from '../render/a-plan.ts'
import { describeInChromium } from './browser.ts'

const page = (over: Partial<Plan>): string => renderPlanAsHtml(aPlan(over), { next: 'Apply it: guestlist apply' })

const names = Array.from({ length: 60 }, (_, index) => `person-${index}@fabrikam.com`)

/** Something of everything that a report can show. */
const full = page({
  base: { revision: 'origin/main', commit: 'a'.repeat(40) },
  effects: [
    ...names.map(name => aGain(name, { cause: 'intended' })),
    aGain('x'.repeat(300), { cause: 'intended', app: 'y'.repeat(300) }),
    aLoss('intern@adatum.com', { cause: 'drift' }),
  ],
  changes: [
    ...names.map(name => aChange({ id: `entra/guest/${name}`, cause: 'drift' })),
    aChange({
      id: 'active-directory/shadow-account/lee@fabrikam.com',
      action: 'update',
      risk: 'privileged',
      before: { unit: 'OU=Archive', enabled: false },
      after: { unit: `OU=${'z'.repeat(300)}`, enabled: true },
    }),
    aChange({ id: 'active-directory/group/payroll/user', action: 'delete' }),
  ],
  waiting: [{ id: 'entra/guest/kim@fabrikam.com', for: 'person', message: 'waits for a person' }],
  findings: [
    { severity: 'error', code: 'rule/mfa', message: 'Restricted apps ask for MFA', hint: 'add it' },
    { severity: 'warning', code: 'late', message: 'w'.repeat(300) },
  ],
  coming: [aComing('dana@fabrikam.com'), aComing('ada@fabrikam.com', { effect: 'lose', on: '2026-12-20' })],
  moved: [aMove('lee@fabrikam.com')],
  map: [
    aCell({ before: 2, after: 3, gains: 1 }),
    aCell({ group: 'auditors', before: 9, after: 8, losses: 1, until: '2026-12-15' }),
    aCell({ group: 'g'.repeat(63), before: 9, after: 9, gains: 1, losses: 1 }),
    ...Array.from({ length: 12 }, (_, index) =>
      aCell({ app: `an-app-${index}`, role: 'approver', before: 1, after: 1, until: null }),
    ),
  ],
})

const square = page({
  map: Array.from({ length: 10_000 }, (_, index) => {
    const cell = aCell({ group: `group-${Math.floor(index / 100)}`, app: `app-${index % 100}`, before: 5, after: 5 })
    return index % 97 === 0 ? { ...cell, after: 6, gains: 1 } : cell
  }),
})

/** Less its margins, in pixels. */
const a4 = 680

/** What hangs over the right edge, but for boxes that scroll on a screen. */
const outside = (): readonly string[] =>
  [...document.querySelectorAll('body *')]
    .filter(element => matchMedia('print').matches || element.closest('.scroll') === null)
    .filter(element => element.closest('.hidden, svg') === null)
    .filter(element => element.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
    .map(element => element.outerHTML.slice(0, 120))

describeInChromium('the report in a browser', show => {
  test.each([320, 768, 1280])('never scrolls sideways at %i pixels, folded or unfolded', async width => {
    for (const html of [full, square]) {
      const { page } = await show(html, { width })
      for (const open of [false, true]) {
        await page.evaluate(open => {
          for (const fold of document.querySelectorAll('details')) fold.open = open
        }, open)
        expect(await page.evaluate(outside)).toEqual([])
        const [whole, seen] = await page.evaluate(() => [
          document.documentElement.scrollWidth,
          document.documentElement.clientWidth,
        ])
        expect(whole).toBe(seen)
      }
      await page.close()
    }
  })

  test('fits a sheet of A4, with a map of a few apps and of many', async () => {
    for (const columns of [16, 17]) {
      const map = Array.from({ length: columns * 3 }, (_, index) =>
        aCell({
          group: `${'group-'.repeat(10)}${index % 3}`,
          app: `app-${index % columns}`,
          before: 99,
          after: 99,
          gains: 11,
          losses: 11,
        }),
      )
      const { page } = await show(renderPlanAsHtml(aPlan({ map }), { next: '' }), { width: a4 })
      await page.emulateMediaType('print')
      await expect.poll(() => page.evaluate(outside), { timeout: 20_000 }).toEqual([])
      expect(await page.evaluate(() => document.querySelector('.map td')?.checkVisibility())).toBe(true)
      expect(await page.evaluate(() => getComputedStyle(document.querySelector('.map thead') as Element).display)).toBe(
        columns === 16 ? 'table-header-group' : 'none',
      )
      await page.close()
    }
  })

  test('keeps the heads of a big map in sight while it scrolls', async () => {
    const { page } = await show(square)
    const places = await page.evaluate(() => {
      for (const fold of document.querySelectorAll('details')) fold.open = true
      const box = [...document.querySelectorAll('.scroll')].at(-1)
      if (box === undefined) return undefined
      box.scrollTo(600, 900)
      const edge = box.getBoundingClientRect()
      const top = (selector: string) => box.querySelector(selector)?.getBoundingClientRect()
      return {
        scrolled: [box.scrollLeft, box.scrollTop],
        head: Math.round((top('thead th:nth-child(30)')?.top ?? 0) - edge.top),
        side: Math.round((top('tbody tr:nth-child(50) th')?.left ?? 0) - edge.left),
      }
    })
    expect(places?.scrolled).toEqual([600, 900])
    expect(places?.head).toBeLessThanOrEqual(1)
    expect(places?.side).toBeLessThanOrEqual(1)
    await page.close()
  })

  test('has nothing folded on paper', async () => {
    const { page } = await show(full)
    const unseen = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('details li, details tr, details dd')]
          .filter(element => !element.checkVisibility({ contentVisibilityAuto: true }))
          .map(element => element.textContent),
      )
    expect((await unseen()).length).toBeGreaterThan(100)
    await page.emulateMediaType('print')
    await expect.poll(unseen, { timeout: 20_000 }).toEqual([])
    await page.close()
  })

  test('has as many sheets folded as unfolded', async () => {
    const { page } = await show(full)
    const sheets = async () => {
      const pdf = Buffer.from(await page.pdf({ format: 'A4' })).toString('latin1')
      return Number(/\/Type \/Pages[^>]*?\/Count (\d+)/.exec(pdf)?.[1])
    }
    const folded = await sheets()
    expect(folded).toBeGreaterThan(3)
    await page.evaluate(() => {
      for (const fold of document.querySelectorAll('details')) fold.open = true
    })
    expect(await sheets()).toBe(folded)
    await page.close()
  })

  test.each([
    ['day', false],
    ['night', true],
  ])('can be read by %s: every text has a contrast of 4.5 or more', async (_, dark) => {
    const { page } = await show(full, { dark })
    const weak = await page.evaluate(() => {
      for (const fold of document.querySelectorAll('details')) fold.open = true
      const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
      if (canvas === null) return ['no canvas']
      /** Layers from the page up, as the eye gets them. */
      const seen = (colours: readonly string[]): readonly number[] => {
        canvas.clearRect(0, 0, 1, 1)
        for (const colour of colours) {
          canvas.fillStyle = colour
          canvas.fillRect(0, 0, 1, 1)
        }
        return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)]
      }
      const light = (rgb: readonly number[]): number => {
        const [r = 0, g = 0, b = 0] = rgb.map(value => {
          const part = value / 255
          return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
        })
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
      }
      return [...document.querySelectorAll('body *')]
        .filter(element => [...element.childNodes].some(node => node.nodeType === 3 && node.textContent?.trim() !== ''))
        .flatMap(element => {
          const layers: string[] = []
          for (let at: Element | null = element; at !== null; at = at.parentElement)
            layers.unshift(getComputedStyle(at).backgroundColor)
          const [text, ground] = [light(seen([...layers, getComputedStyle(element).color])), light(seen(layers))]
          const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05)
          return contrast >= 4.5 ? [] : [`${contrast.toFixed(2)} ${element.outerHTML.slice(0, 100)}`]
        })
    })
    expect(weak).toEqual([])
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    expect(ground).toBe(dark ? 'rgb(15, 19, 24)' : 'rgb(250, 250, 248)')
    await page.close()
  })

  test('can be read by who cannot see it', async () => {
    const { page } = await show(full)
    const found = await page.evaluate(() => {
      const all = (selector: string) => [...document.querySelectorAll(selector)]
      return {
        lang: document.documentElement.lang,
        title: document.title,
        headings: all('h1, h2, h3, h4').map(({ tagName }) => tagName),
        landmarks: all('header, nav, main, footer').length,
        unscoped: all('th:not([scope])').length,
        tablesWithoutHead: all('table').filter(table => table.querySelector('thead th[scope="col"]') === null).length,
        unnamedSections: all('section').filter(
          section => document.getElementById(section.getAttribute('aria-labelledby') ?? '')?.tagName !== 'H2',
        ).length,
        // A sign is decoration: the words beside it say the same.
        signs: all('.sign').filter(sign => sign.getAttribute('aria-hidden') !== 'true').length,
        // What scrolls can be reached by keyboard, and has a name.
        boxes: all('.scroll').filter(box => box.getAttribute('tabindex') !== '0' || !box.hasAttribute('aria-label'))
          .length,
        strayItems: all('li').filter(({ parentElement }) => !/^(UL|OL)$/.test(parentElement?.tagName ?? '')).length,
      }
    })
    expect(found).toMatchObject({ lang: 'en', landmarks: 4, unscoped: 0, tablesWithoutHead: 0 })
    expect(found).toMatchObject({ unnamedSections: 0, signs: 0, boxes: 0, strayItems: 0 })
    expect(found.title).toMatch(/^Contoso Ltd\.: 61 people gain access/)
    expect(found.headings[0]).toBe('H1')
    expect(new Set(found.headings.slice(1))).toEqual(new Set(['H2']))
    await page.close()
  })
})
