// The list of accesses as text, CSV and JSON, from rows made by hand: hostile names do no harm in any of them.

import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import { type AccessView, accessesAsCsv, accessesAsJson, renderAccesses } from '../../src/render/access.ts'
import { plain } from '../../src/render/paint.ts'
import { aGround, aRow, listedPolicy } from './a-listing.ts'

const view: AccessView = { policy: listedPolicy, folder: 'policies/', paint: plain, when: 'as of 2026-12-01' }

const byHand = aRow({
  person: 'intern@adatum.com',
  groups: [],
  unmanaged: ['direct assignment'],
  basis: 'none',
  until: null,
  because: [],
})

test('text: a table for each app', () => {
  const ended = aRow({ app: 'gone', basis: 'ended', until: '2026-11-30' })
  expect(renderAccesses([aRow(), byHand, ended], view)).toBe(`Contoso Ltd. · 3 accesses of 2 people · as of 2026-12-01

Payroll · 2 people
  lee@fabrikam.com    user   until 2027-06-30   fabrikam/engineers   SOW-4711             policies/access/fabrikam.yaml:7
  intern@adatum.com   user   no end             direct assignment    no policy names it

gone (no policy names it any more) · 1 person
  lee@fabrikam.com   user   ended 2026-11-30   fabrikam/engineers   SOW-4711 (not taken away yet)   policies/access/fabrikam.yaml:7
`)
})

test('text: where a person watches, lines fit the terminal', () => {
  const lines = renderAccesses([aRow(), byHand], { ...view, width: 60 }).split('\n')
  expect(Math.max(...lines.map(line => line.length))).toBe(60)
  expect(lines[3]).toMatch(/^ {2}lee@fabrikam\.com .*…$/)
})

test('CSV: what a spreadsheet would take for a formula is text, and control characters are shown', () => {
  const evil = ['=HYPERLINK("http://x")', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1']
  const rows = evil.map(displayName => aRow({ displayName, because: [aGround(displayName)] }))
  const text = accessesAsCsv(rows, 'policies/')
  const parsed = parse(text, { columns: true }) as readonly Record<string, string>[]
  expect(parsed).toHaveLength(evil.length)
  for (const record of parsed) for (const value of Object.values(record)) expect(value).not.toMatch(/^[=+\-@\t\r\n＝]/)
  expect(parsed[0]?.displayName).toBe('\'=HYPERLINK("http://x")')
  expect(parsed[4]?.displayName).toBe('<U+0009>=1')
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
})

test('CSV: commas and quotes stay within their field', () => {
  const [record] = parse(accessesAsCsv([aRow({ displayName: 'Kim, "CPA"' })], 'policies/'), {
    columns: true,
  }) as readonly Record<string, string>[]
  expect(record).toEqual({
    person: 'lee@fabrikam.com',
    displayName: 'Kim, "CPA"',
    partner: 'fabrikam',
    app: 'payroll',
    role: 'user',
    until: '2027-06-30',
    basis: 'policy',
    groups: 'fabrikam/engineers',
    unmanaged: '',
    access: 'fabrikam-payroll',
    reason: 'SOW-4711',
    policyLine: 'policies/access/fabrikam.yaml:7',
  })
})

test('CSV: without rows there is still a header', () => {
  expect(accessesAsCsv([], 'policies/')).toMatch(/^person,displayName,.*,policyLine\r\n$/)
})

test('JSON: the documented shape, and nothing left out', () => {
  expect(JSON.parse(accessesAsJson([aRow(), byHand], 'policies/'))).toEqual([
    {
      person: 'lee@fabrikam.com',
      displayName: null,
      partner: 'fabrikam',
      app: 'payroll',
      role: 'user',
      until: '2027-06-30',
      basis: 'policy',
      groups: ['fabrikam/engineers'],
      unmanaged: [],
      because: [
        {
          access: 'fabrikam-payroll',
          group: 'fabrikam/engineers',
          from: null,
          until: '2027-06-30',
          reason: 'SOW-4711',
          file: 'policies/access/fabrikam.yaml',
          line: 7,
        },
      ],
    },
    expect.objectContaining({
      person: 'intern@adatum.com',
      until: null,
      basis: 'none',
      unmanaged: ['direct assignment'],
      because: [],
    }),
  ])
})

test('names from outside cannot move the cursor', () => {
  const evil = aRow({ person: 'x\u001b[2J@y', groups: ['a\u202eb'], because: [aGround('c\nd')] })
  const text = renderAccesses([evil], view)
  expect(text).toContain('x<U+001B>[2J@y')
  expect(text).toContain('a<U+202E>b')
  expect(text).toContain('c<U+000A>d')
})
