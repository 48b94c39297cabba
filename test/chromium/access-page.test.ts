// The list of accesses as a page, in a real browser: it says what the other forms say, fits every screen, and no value in it is
// more than text.

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { expect, test } from 'vitest'
import type { Listed } from '../../src/model/explanation.ts'
import { renderAccessesAsHtml } from '../../src/render/html/access.ts'
import { safeText } from '../../src/render/safe-text.ts'
import { corpus } from '../hostile/corpus.ts'
import { aGround, aRow, listedPolicy } from '../render/a-listing.ts'
import { describeInChromium } from './browser.ts'

const pageOf = (rows: readonly Listed[]): string =>
  renderAccessesAsHtml(rows, { policy: listedPolicy, folder: 'policies/', when: 'as of 2026-12-01' })

const rows = [
  aRow({ displayName: 'Lee' }),
  aRow({ person: 'kim@fabrikam.com', groups: ['fabrikam/engineers', 'fabrikam/site-leads'], until: null }),
  aRow({ person: 'old@fabrikam.com', basis: 'ended', until: '2026-10-31' }),
  aRow({
    person: 'intern@adatum.com',
    partner: '',
    groups: [],
    unmanaged: ['direct assignment'],
    basis: 'none',
    because: [],
  }),
  aRow({ app: 'retired', role: 'x'.repeat(300), because: [aGround('y'.repeat(300))] }),
]

const unblanked = (text: string): string => text.replace(/[\s\u00a0]+/g, ' ').trim()

describeInChromium('the list of accesses in a browser', show => {
  test('says who reaches what, until when, by what and why', async () => {
    const { page, heard } = await show(pageOf(rows))
    const text = unblanked(await page.evaluate(() => document.body.innerText))
    expect(text).toContain('4 people have 5 accesses. as of 2026-12-01')
    expect(text).toContain('fabrikam/engineers 3 1 fabrikam/site-leads 1 ')
    expect(text).toContain('Payroll · 4 people')
    expect(text).toContain(
      'lee@fabrikam.com Lee user until 2027-06-30 fabrikam/engineers SOW-4711 policies/access/fabrikam.yaml:7',
    )
    expect(text).toContain('kim@fabrikam.com user no end fabrikam/engineers, fabrikam/site-leads')
    expect(text).toContain('ended 2026-10-31')
    expect(text).toContain('direct assignment no policy names it')
    expect(text).toContain('retired (no policy names it any more) · 1 person')
    expect(heard).toEqual([])
    await page.close()
  })

  test.each([320, 768, 1280])('never scrolls sideways at %i pixels', async width => {
    const { page } = await show(pageOf(rows), { width })
    const [whole, seen] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ])
    expect(whole).toBe(seen)
    await page.close()
  })

  test('of many is folded, and has nothing folded on paper', async () => {
    const { page } = await show(
      pageOf(Array.from({ length: 61 }, (_, index) => aRow({ person: `p${index}@fabrikam.com` }))),
    )
    const unseen = () =>
      page.evaluate(() => [...document.querySelectorAll('details td')].filter(cell => !cell.checkVisibility()).length)
    expect(await unseen()).toBe(61 * 4)
    await page.emulateMediaType('print')
    await expect.poll(unseen, { timeout: 20_000 }).toBe(0)
    await page.close()
  })

  test('shows hostile values as their text, and does nothing', async () => {
    const hostile = corpus.map(({ value }) =>
      aRow({
        person: `person:${value}:person`,
        displayName: `name:${value}:name`,
        role: `role:${value}:role`,
        groups: [`${value}/${value}`],
        unmanaged: [`way:${value}:way`],
        until: value,
        because: [aGround(`reason:${value}:reason`, `file:${value}:file`)],
      }),
    )
    const { page, heard } = await show(pageOf(hostile))
    const { text, foreign } = await page.evaluate(() => {
      for (const fold of document.querySelectorAll('details')) fold.open = true
      const known =
        /^(HTML|HEAD|META|TITLE|STYLE|BODY|HEADER|MAIN|SECTION|H1|H2|P|DIV|SPAN|BDI|SMALL|CODE|DETAILS|SUMMARY)$/
      const ofTables = /^(TABLE|THEAD|TBODY|TR|TH|TD)$/
      return {
        text: document.body.innerText,
        foreign: [...document.querySelectorAll('*')]
          .map(({ tagName }) => tagName)
          .filter(name => !known.test(name) && !ofTables.test(name)),
      }
    })
    expect(foreign).toEqual([])
    const seen = unblanked(text)
    const unseen = corpus.flatMap(({ name, value }) =>
      ['person', 'name', 'role', 'way', 'reason', 'file']
        .filter(place => !seen.includes(unblanked(safeText(`${place}:${value}:${place}`))))
        .map(place => `${name} as ${place}`),
    )
    expect(unseen).toEqual([])
    expect(heard).toEqual([])
    await page.close()
  })
})
