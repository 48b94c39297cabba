// The HTML report as text: what it says, and that nothing in it is anything but what we wrote.

import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Cell, Plan } from '../../src/model/plan.ts'
import { escapeHtml, html } from '../../src/render/html/escape.ts'
import { renderPlanAsHtml } from '../../src/render/html/plan.ts'
import { aCell, aChange, aComing, aGain, aLoss, aMove, aPlan } from './a-plan.ts'
import { readText } from './reading.ts'

const page = (over: Partial<Plan> = {}): string => renderPlanAsHtml(aPlan(over), { next: 'Apply it: guestlist apply' })

const textOf = (source: string): string => readText(source.slice(source.indexOf('<body>')))

function sectionIn(source: string, id: string): string {
  return source.split('<section ').find(part => part.startsWith(`id="${id}"`)) ?? ''
}

describe('escaping', () => {
  test('means nothing to a browser, neither in text nor in an attribute', () => {
    expect(escapeHtml(`<b title="x" id='y'>&amp;</b>`)).toBe(
      '&lt;b title=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;&lt;/b&gt;',
    )
  })

  test('shows what cannot be seen as its code point', () => {
    expect(escapeHtml('a\u0000b\u202ec\nd')).toBe('a&lt;U+0000&gt;b&lt;U+202E&gt;c&lt;U+000A&gt;d')
  })

  test('a template escapes every value once, and takes what is HTML as it is', () => {
    const inner = html`<b>${'<&>'}</b>`
    expect(html`<p title="${'"'}">${inner}${[inner, inner]}${3}</p>`.source).toBe(
      '<p title="&quot;"><b>&lt;&amp;&gt;</b><b>&lt;&amp;&gt;</b><b>&lt;&amp;&gt;</b>3</p>',
    )
  })
})

describe('the page', () => {
  const full = page({
    base: { revision: 'origin/main', commit: 'a'.repeat(40) },
    commit: 'b'.repeat(40),
    effects: [aGain('lee@fabrikam.com', { cause: 'intended' }), aLoss('intern@adatum.com', { cause: 'drift' })],
    changes: [aChange({ id: 'entra/guest/lee@fabrikam.com', cause: 'intended' })],
    waiting: [{ id: 'entra/guest/kim@fabrikam.com', for: 'person', message: 'waits for a person' }],
    findings: [{ severity: 'error', code: 'rule/mfa', message: 'Restricted apps ask for MFA', hint: 'add it' }],
    coming: [aComing('dana@fabrikam.com', { cause: 'intended' }), aComing('ada@fabrikam.com', { effect: 'lose' })],
    moved: [aMove('lee@fabrikam.com')],
    map: [aCell({ before: 2, after: 3, gains: 1 })],
  })

  test('lets the browser load and run nothing, and use no style but ours', () => {
    const style = /<style>([\s\S]*)<\/style>/.exec(full)?.[1] ?? ''
    const hash = createHash('sha256').update(style).digest('base64')
    expect(full).toContain(
      `content="default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`,
    )
    expect(style).not.toMatch(/url\(|@import|@font-face|expression/)
    expect(full).not.toMatch(/<(script|link|img|iframe|object|form|base)\b/)
    expect(full).not.toMatch(/ (style|src|on\w+)=/)
  })

  test('leads to places of its own only, each of which is there once', () => {
    const targets = [...full.matchAll(/href="([^"]*)"/g)].map(([, target = '']) => target)
    expect(targets.length).toBeGreaterThan(5)
    for (const target of targets) expect(full.split(`id="${target.slice(1)}"`)).toHaveLength(2)
    const ids = [...full.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('tells in this order who gains, what comes later, what to look at twice, the map, ends, changes, and the rest', () => {
    const titles = [...full.matchAll(/<h2 id="[a-z]+-title">([^<]*)/g)].map(([, title]) => title)
    expect(titles).toEqual([
      'This change intends',
      'Not from this change',
      'Look twice',
      'Access map',
      'When it ends',
      '1 change',
      'Waiting',
      'Found',
    ])
    expect(textOf(full)).toContain('Applying it also does what the policies asked for before: 1 person loses access.')
    expect(sectionIn(full, 'effects')).not.toContain('intern@adatum.com')
    expect(sectionIn(full, 'drift')).toContain('intern@adatum.com')
  })

  test('says at its end what it is, from what, and what comes next', () => {
    const text = textOf(full)
    expect(text).toContain('Plan 9d0e77a1. Apply it: guestlist apply')
    expect(text).toContain('Policies 00 at commit bbbbbbb. Made 2026-12-01 by guestlist 0.1.0, plan format 1.')
    expect(text).toContain('Digest sha256:9d0e77a1ffff')
    expect(text).toContain('compared with origin/main')
  })

  test('says first that a plan is refused', () => {
    expect(textOf(full)).toContain('Refused as it is, for 1 reason: nothing of it will be applied.')
    expect(page()).not.toContain('Refused')
  })

  test('a plan that changes nothing has no sections and says so', () => {
    const source = page()
    expect(source).not.toContain('<section')
    expect(textOf(source)).toContain('Plan 9d0e77a1. Nothing to do.')
  })
})

describe('people', () => {
  test('one is named, more are counted and then named, each with an end of their own', () => {
    const one = textOf(page({ effects: [aGain('lee@fabrikam.com')] }))
    expect(one).toContain('lee@fabrikam.com gains Payroll as useruntil 2027-06-30 by fabrikam/engineers on-premises')
    const three = textOf(
      page({
        effects: [aGain('lee@fabrikam.com'), aGain('kim@fabrikam.com'), aGain('dana@fabrikam.com', { until: null })],
      }),
    )
    expect(three).toContain('3 people gain Payroll as user')
    expect(three).toContain('lee@fabrikam.comkim@fabrikam.comdana@fabrikam.com no end')
  })

  test('whom the page does not show at once it folds, and leaves out nobody', () => {
    const names = Array.from({ length: 500 }, (_, index) => `p${index}@fabrikam.com`)
    const source = page({ effects: names.map(name => aGain(name)) })
    expect(textOf(source)).toContain('488 more')
    for (const name of names) expect(source).toContain(`<li>${name}</li>`)
  })
})

describe('the map', () => {
  test('has how many reach what, and what changes, with a sign', () => {
    const source = page({
      map: [
        aCell({ before: 2, after: 3, gains: 2, losses: 1 }),
        aCell({ group: 'auditors', before: 9, after: 9 }),
        aCell({ group: '', before: 1, after: 0, losses: 1 }),
        aCell({ group: 'later', before: 0, after: 0, from: '2027-01-01' }),
      ],
    })
    const map = sectionIn(source, 'map')
    expect(map.match(/<th scope="row">/g)).toHaveLength(3)
    expect(textOf(`<body>${map}`)).toContain('fabrikam, by no groupPayroll: 0 −1')
    expect(textOf(`<body>${map}`)).toContain('fabrikam/auditorsPayroll: 9 ')
    expect(textOf(`<body>${map}`)).toContain('fabrikam/engineersPayroll: 3 +2 −1')
  })

  const square = (size: number, changed: (row: number, column: number) => boolean): readonly Cell[] =>
    Array.from({ length: size * size }, (_, index) => {
      const [row, column] = [Math.floor(index / size), index % size]
      const isChanged = changed(row, column)
      return aCell({
        group: `g${row}`,
        app: `a${column}`,
        before: 5,
        after: isChanged ? 6 : 5,
        gains: isChanged ? 1 : 0,
      })
    })

  test('of a big organisation shows first what changes, and folds the whole', () => {
    const map = sectionIn(page({ map: square(100, (row, column) => row === 7 && column < 3) }), 'map')
    const [first = '', whole = ''] = map.split('<details>')
    expect(first.match(/<th scope="row">/g)).toHaveLength(1)
    expect(first.match(/<td class="changed up">/g)).toHaveLength(3)
    expect(textOf(`<body>${whole}`)).toContain('The whole map: 100 groups, 100 app roles')
    expect(whole.match(/<th scope="row">/g)).toHaveLength(100)
    expect(whole.match(/<td/g)).toHaveLength(10_000)
  })

  test('of a scattered one beyond what a browser lays out is a list', () => {
    const map = Array.from({ length: 400 }, (_, index) =>
      aCell({ group: `g${index}`, app: `a${index}`, before: 1, after: 1 }),
    )
    const source = sectionIn(page({ map }), 'map')
    expect(source).not.toContain('class="map')
    expect(source.match(/<th scope="row">/g)).toHaveLength(400)
  })
})

describe('ends', () => {
  test('are bars over twelve months, ten units each, the next end first', () => {
    const source = sectionIn(
      page({
        map: [
          aCell({ group: 'long', before: 1, after: 1, until: '2030-01-01' }),
          aCell({ group: 'half', before: 1, after: 1, until: '2027-05-31' }),
          aCell({ group: 'soon', before: 1, after: 1, until: '2026-12-31' }),
          aCell({ group: 'planned', from: '2027-01-01', until: '2027-01-31' }),
          aCell({ group: 'begun', before: 1, after: 1, from: '2026-01-01', until: '2027-05-31' }),
          aCell({ group: 'far', from: '2029-01-01', until: '2030-01-02' }),
          aCell({ group: 'over', before: 1, after: 0, until: '2026-11-30' }),
        ],
      }),
      'timeline',
    )
    const bars = [...source.matchAll(/<tr( class="\w+")?>.*?<rect x="([^"]*)" y="7" width="([^"]*)"/g)]
    expect(bars.map(([, tone = '', x, width]) => `${tone} ${x} ${width}`.trim())).toEqual([
      'class="soon" 0.00 10.00',
      'class="planned" 10.00 10.00',
      '0.00 60.00',
      '0.00 120.00',
      'class="planned" 119.40 0.60',
    ])
    expect(textOf(`<body>${source}`)).toContain('fabrikam/begun, half')
    expect(textOf(`<body>${source}`)).toContain('DecJanFebMarAprMayJunJulAugSepOctNov')
  })

  test('of the next thirty days are told with their people, and what has none is named', () => {
    const source = page({
      coming: [aComing('kim@fabrikam.com', { effect: 'lose', on: '2026-12-20' })],
      map: [aCell({ until: null, before: 1, after: 1 })],
    })
    const text = textOf(`<body>${sectionIn(source, 'timeline')}`)
    expect(text).toContain('Who is affected in the next 30 days: 1 access')
    expect(text).toContain('kim@fabrikam.com has Payroll as user until 2026-12-20')
    expect(text).toContain('Without an end: Payroll.')
  })
})

test('changes stand by directory with their number in the whole order, and what they correct before and after', () => {
  const source = page({
    changes: [
      aChange({ id: 'entra/guest/lee@fabrikam.com' }),
      aChange({ id: 'active-directory/shadow-account/lee@fabrikam.com', risk: 'privileged' }),
      aChange({
        id: 'entra/guest/kim@fabrikam.com',
        action: 'update',
        before: { displayName: 'Kim <old>', sponsors: ['a@contoso.com'] },
        after: { displayName: 'Kim', sponsors: ['b@contoso.com'] },
      }),
    ],
  })
  const [, entra = '', domain = ''] = sectionIn(source, 'changes').split('<details')
  expect([...entra.matchAll(/<li class="change (\w+)" value="(\d+)">/g)].map(([, ...rest]) => rest)).toEqual([
    ['create', '1'],
    ['update', '3'],
  ])
  expect(domain).toContain('value="2"')
  expect(domain).toContain('privileged')
  expect(entra).toContain('<dt>display name</dt><dd><del>Kim &lt;old&gt;</del> → <ins>Kim</ins></dd>')
  expect(entra).toContain('<dt>sponsors</dt><dd><del>a@contoso.com</del> <ins>b@contoso.com</ins></dd>')
})

test('5 000 changes and 100 000 effects are a page whose size grows as they do', () => {
  const big = (factor: number): string =>
    page({
      effects: Array.from({ length: 10_000 * factor }, (_, index) =>
        aGain(`person${String(index).padStart(6, '0')}@fabrikam.com`, { app: `app${index % 500}` }),
      ),
      changes: Array.from({ length: 500 * factor }, (_, index) =>
        aChange({ id: `entra/guest/person${String(index).padStart(6, '0')}@fabrikam.com` }),
      ),
    })
  const [small, large] = [big(1), big(10)]
  expect(large.match(/<li>person\d+@fabrikam\.com<\/li>/g)).toHaveLength(100_000)
  expect(large.match(/<li class="change /g)).toHaveLength(5_000)
  expect(large.length).toBeLessThan(8_000_000)
  expect(large.length).toBeLessThan(small.length * 10)
})
