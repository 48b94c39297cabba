// A plan as a comment: what it says, that nothing in it acts, and that it always has room.

import fc from 'fast-check'
import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import { describe, expect, test } from 'vitest'
import { ids } from '../../src/model/id.ts'
import type { Effect, Plan } from '../../src/model/plan.ts'
import { markdownCode, markdownLink, markdownProse, markdownText } from '../../src/render/markdown/escape.ts'
import { type MarkdownView, renderMarkdown } from '../../src/render/markdown/plan.ts'
import { safeText } from '../../src/render/safe-text.ts'
import { aChange, aComing, accessLine, aGain, aLoss, aMove, aPlan } from './a-plan.ts'

const base = { revision: 'origin/main', commit: 'a'.repeat(40) }
const view: MarkdownView = { next: 'Apply it: guestlist apply' }
const shown = (plan: Partial<Plan>, over: Partial<MarkdownView> = {}): string =>
  renderMarkdown(aPlan(plan), { ...view, ...over })

/** As GitHub makes it of Markdown, before it looks for mentions. */
const html = (markdown: string): string =>
  micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true })

/** The text that a reader sees. */
const read = (markup: string): string =>
  markup
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')

describe('a value', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom(
          ...['@contoso/admins', '#12', 'GH-7', '$x$', '$`x`$', ':tada:', 'https://evil.example/a', 'www.evil.example'],
          ...[
            'a@evil.example',
            '|',
            '`',
            '``',
            '\\',
            '<b>',
            '<!--',
            '-->',
            '&lt;',
            '&#64;',
            '*a*',
            '_a_',
            '~~a~~',
            '[a](b)',
          ],
          ...[
            '![a](b)',
            '[^1]',
            '\n',
            '\r\n',
            '\t',
            '    ',
            '# a',
            '- a',
            '+ a',
            '1. a',
            '1) a',
            '> a',
            '---',
            '===',
            '[ ] ',
          ],
          ...['</details>', '```', ' ', 'a', '0', '-', '.', ':', '\u202e', '\u200b'],
        ),
        { maxLength: 8 },
      )
      .map(parts => parts.join('')),
  )
  /** Elements that only a value could have brought. */
  const elements = (markup: string): readonly string[] =>
    [...markup.matchAll(/<(\w+)/g)].map(([, name = '']) => name).filter(name => name !== 'span')

  test('is read as it is, wherever it stands, and brings no element of its own', () => {
    fc.assert(
      fc.property(hostile, value => {
        const whole = safeText(value)
        // What Markdown leaves out at the ends of a line is no part of what is said.
        const told = (markup: string): string => read(markup).trim().replaceAll(/\s+/g, ' ')
        const expected = whole.trim().replaceAll(/ +/g, ' ')
        expect(told(html(`- ${markdownText(value)}`))).toBe(expected)
        expect(told(html(`a **${markdownText(value)}** b`))).toContain(expected)
        expect(elements(html(`x ${markdownText(value)} y`))).toEqual(['p'])
        const row = html(`| a | b |\n| --- | --- |\n| ${markdownText(value)} | ${markdownCode(value)} |\n`)
        expect([...row.matchAll(/<td>/g)]).toHaveLength(2)
        expect(elements(row).filter(name => !/^(table|thead|tbody|tr|th|td|code)$/.test(name))).toEqual([])
        expect(told(row)).toBe(`a b ${expected} ${expected}`.trim().replaceAll(/ +/g, ' '))
      }),
      { numRuns: 300 },
    )
  })

  test.for([
    ['@contoso/admins', /@\w/],
    ['cc @octocat', /@\w/],
    ['see #123', /#\d/],
    ['contoso/repo#123', /#\d/],
    ['GH-123', /GH-\d/],
    [':tada: a', /:tada:/],
    ['a $x$ b', /\$x/],
    ['https://evil.example', /https:\/\//],
    ['www.evil.example', /www\.evil/],
    ['lee@fabrikam.com', /@fabrikam/],
  ] as const)('is nothing that GitHub looks for in the text: %s', ([value, sought]) => {
    expect(value).toMatch(sought)
    const pieces = html(markdownText(value)).split(/<[^>]*>/)
    expect(pieces.filter(piece => sought.test(piece))).toEqual([])
    expect(html(markdownText(value))).not.toContain('href')
  })

  test('in code is nothing that GitHub looks for either', () => {
    expect(markdownCode('lee@fabrikam.com')).toBe('`lee@fabrikam.com`')
    for (const value of ['a`b', 'a|b', 'a\\', '', ' a ', '`', '``a``']) {
      expect(html(`| a |\n| --- |\n| ${markdownCode(value)} |\n`)).toContain('<td><code>')
      expect(read(html(`x${markdownCode(value)}y`)).replaceAll(/<[^>]*>/g, '')).toContain(`x${value}y`)
    }
  })

  test('of a sentence of ours keeps its code, whatever else is in it', () => {
    expect(markdownProse('run `guestlist connect-rule`, *now*')).toBe('run `guestlist connect-rule`, \\*now\\*')
    expect(read(html(markdownProse('a `b` c `d')))).toBe('<p>a b c `d</p>'.replaceAll(/<[^>]*>/g, ''))
  })

  test('is a link only to a page', () => {
    expect(markdownLink('a', 'https://github.com/contoso/x/blob/1/a b|c.yaml#L1')).toBe(
      '[a](<https://github.com/contoso/x/blob/1/a%20b%7Cc.yaml#L1>)',
    )
    for (const url of ['javascript:alert(1)', 'data:text/html,x', '//evil', '', undefined])
      expect(markdownLink('a', url)).toBe('a')
  })
})

test('one sentence, then who gains and who loses, then what is dangerous, then the rest', () => {
  const text = shown({
    commit: '4f1c2ab000000000000000000000000000000000',
    effects: [
      aGain('lee@fabrikam.com'),
      aGain('dana@fabrikam.com', { until: '2027-03-31' }),
      aGain('kim@fabrikam.com'),
      aLoss('sam@proseware.com', { partner: 'proseware' }),
    ],
    changes: [
      aChange({ id: ids.guest('lee@fabrikam.com') }),
      aChange({ id: ids.kerberosDelegation('payroll', 'CONNECTOR01'), risk: 'privileged' }),
      aChange({
        id: ids.guest('kim@fabrikam.com'),
        action: 'update',
        before: { companyName: 'A' },
        after: { companyName: 'B' },
      }),
    ],
  })
  expect(text).toBe(`### guestlist · what this plan does

**3 people gain access, 1 loses it.**

|  | Who | Reaches | As | When | Because |
| --- | --- | --- | --- | --- | --- |
| ➕ **3** | \`lee@fabrikam.com\`, \`dana@fabrikam.com\` (until 2027-03-31), \`kim@fabrikam.com\`<br><sub>fabrikam/engineers</sub> | **Payroll** (on-premises) | user | until 2027-06-30 | \`policies/access/fabrikam.yaml:7\` |
| ➖ **1** | \`sam@proseware.com\`<br><sub>proseware</sub> | **Payroll** (on-premises) | user | now | no policy line gives it any more |

> [!WARNING]
> - **Privileged:** allow CONNECTOR01 to sign guests in to payroll (Kerberos delegation) · \`policies/partners/fabrikam.yaml:9\`

<details><summary><b>2 changes in Entra ID, 1 in Active Directory</b>: 2 create, 1 update</summary>

\`\`\`diff
+ invite lee@fabrikam.com
+ allow CONNECTOR01 to sign guests in to payroll (Kerberos delegation)
! correct guest kim@fabrikam.com
-     company name: A
+     company name: B
\`\`\`

</details>

Plan \`9d0e77a1\` for \`4f1c2ab\` · as of 2026-12-01 · Apply it: guestlist apply
`)
})

test('with a base, the table is what the change intends; the rest is folded away, with its own numbers', () => {
  const text = shown({
    base,
    effects: [
      aGain('lee@fabrikam.com', { cause: 'intended' }),
      aLoss('intern@adatum.com', { cause: 'drift' }),
      aLoss('who@adatum.com'),
    ],
    changes: [aChange({ id: ids.guest('lee@fabrikam.com'), cause: 'drift' })],
  })
  const [top = '', rest = ''] = text.split('<b>Not from this pull request:</b>')
  expect(top).toContain('### guestlist · what merging this does\n\n**1 person gains access.**')
  expect(top).toContain('lee@fabrikam.com')
  expect(top).not.toContain('adatum')
  expect(rest).toMatch(/^ 2 people lose access<\/summary>/)
  expect(rest).toContain('`intern@adatum.com`, `who@adatum.com`')
  expect(rest).toContain('compared with `origin/main`')
  expect(rest).toContain('applied on merge, if nothing else has changed by then')
})

test('a change that moves an end, or gives something later, says so at the top', () => {
  const text = shown({
    base,
    moved: [aMove('lee@fabrikam.com'), aMove('kim@fabrikam.com', { until: '2027-01-31' })],
    coming: [aComing('dana@fabrikam.com', { cause: 'intended' }), aComing('zoe@fabrikam.com')],
  })
  expect(text).toContain(
    '**Nobody gains or loses access today; 1 access begins later; 1 access ends earlier, on 2027-01-31; 1 access lasts longer.**',
  )
  expect(text).toMatch(/\| ⏳ \*\*1\*\* \| `dana@fabrikam.com`.* \| from 2027-01-15 until 2027-06-30 \|/)
  expect(text).toMatch(/\| ⏩ \*\*1\*\* \| `lee@fabrikam.com`.* \| until 2027-12-31, was 2027-06-30 \|/)
  expect(text).toMatch(/\| ⏪ \*\*1\*\* \| `kim@fabrikam.com`.* \| until 2027-01-31, was 2027-06-30 \|/)
  expect(text).toContain('<b>Later, with or without it:</b> 1 access begins on its day')
})

test('a refusal stands in a box of its own, once, and nothing is said to be applied', () => {
  const text = shown({
    base,
    changes: [aChange({ id: ids.guest('lee@fabrikam.com'), cause: 'intended' })],
    findings: [{ severity: 'error', code: 'guardrail/removals', message: 'takes away 20 of 60 accesses' }],
  })
  expect(text).toContain('> [!CAUTION]\n> - **Refused:** takes away 20 of 60 accesses\n')
  expect(text.split('takes away 20')).toHaveLength(2)
  expect(text).not.toContain('applied on merge')
})

test('places are links where there is something to link to', () => {
  const links = {
    file: ({ file, line }: { file: string; line: number }) => `https://github.com/c/p/blob/1/${file}#L${line}`,
    fullPlan: 'https://github.com/c/p/actions/runs/1',
  }
  const text = shown({ effects: [aGain('lee@fabrikam.com')] }, { links })
  expect(text).toContain(
    '[`policies/access/fabrikam.yaml:7`](<https://github.com/c/p/blob/1/policies/access/fabrikam.yaml#L7>)',
  )
  expect(text).toContain('[full plan](<https://github.com/c/p/actions/runs/1>)')
})

describe('room', () => {
  const bytes = (text: string): number => new TextEncoder().encode(text).length
  /** The accesses that the rows of a table add up to. */
  const counted = (text: string, sign: string): number =>
    [...text.matchAll(new RegExp(`^\\| ${sign} \\*\\*(\\d+)\\*\\* \\|`, 'gm'))].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    )

  const effect = fc
    .record({
      effect: fc.constantFrom('gain' as const, 'lose' as const),
      person: fc.integer({ min: 0, max: 4000 }).map(number => `person${number}@fabrikam.com`),
      partner: fc.integer({ min: 0, max: 60 }).map(number => `partner${number}`),
      app: fc.integer({ min: 0, max: 200 }).map(number => `app${number}`),
      role: fc.constantFrom('user', 'approver'),
      line: fc.integer({ min: 1, max: 20 }),
    })
    .map(({ line, ...of }): Effect => aGain(of.person, { ...of, because: [{ ...accessLine, line }] }))

  test('is never overrun, and the numbers stay exact', () => {
    fc.assert(
      fc.property(fc.array(effect, { maxLength: 3000, size: 'max' }), fc.nat(4000), (effects, most) => {
        const changes = effects.slice(0, most).map(({ person }) => aChange({ id: ids.guest(person) }))
        const plan = aPlan({ effects, changes })
        const text = renderMarkdown(plan, view)
        expect(bytes(text)).toBeLessThan(65_000)
        expect(counted(text, '➕')).toBe(plan.summary.gains)
        expect(counted(text, '➖')).toBe(plan.summary.losses)
        for (const app of new Set(effects.map(({ app }) => app))) expect(text).toContain(`**${app}**`)
        if (changes.length > 0)
          expect(text).toContain(`${changes.length} change${changes.length === 1 ? '' : 's'} in Entra ID`)
      }),
      { numRuns: 10, endOnFailure: true },
    )
  })

  test('details go first, and what was left out is said', () => {
    const people = Array.from({ length: 1200 }, (_, index) => `person${index}@fabrikam.com`)
    const update = { action: 'update', before: { companyName: 'A' }, after: { companyName: 'B'.repeat(80) } } as const
    const changes = (number: number) =>
      people.slice(0, number).map(person => aChange({ id: ids.guest(person), ...update }))
    const some = shown({ effects: people.slice(0, 9).map(person => aGain(person)), changes: changes(500) })
    expect(some).toContain('correct guest person499@')
    expect(some).not.toContain('company name')
    expect(some).toContain('Left out here, for want of room: before and after of each change.')
    const more = shown({
      effects: people.slice(0, 9).map(person => aGain(person)),
      changes: changes(3000).concat(changes(1200)),
    })
    expect(more).not.toContain('correct guest')
    expect(more).toContain('person8@')
    expect(more).toContain('the list of changes')
  })

  test.for([
    ['100 000 effects and 5 000 changes', 1, 2500],
    ['of 5 000 apps', 5000, 5000],
  ] as const)('there is always some: %s', ([, apps, partners]) => {
    const effects = Array.from({ length: 100_000 }, (_, index) =>
      aGain(`person${index}@fabrikam.com`, {
        effect: index % 3 === 0 ? 'lose' : 'gain',
        app: `app${index % apps}`,
        partner: `partner${index % partners}`,
      }),
    )
    const changes = effects.slice(0, 5000).map(({ person }) => aChange({ id: ids.guest(person), risk: 'privileged' }))
    const plan = aPlan({ effects, changes })
    const text = renderMarkdown(plan, view)
    expect(bytes(text)).toBeLessThan(65_000)
    expect(counted(text, '➕')).toBe(plan.summary.gains)
    expect(counted(text, '➖')).toBe(plan.summary.losses)
    expect(text).toContain('5000 changes in Entra ID')
    expect(text).toContain('Left out here')
  })

  test.for(['a', '|', '🦄', '<', '@', '\u202e', '`', '&'])('names of 10 000 times %j have some', character => {
    const long = character.repeat(10_000)
    const many = Array.from({ length: 40 }, (_, index) => `${index}${long}`)
    const text = shown({
      base,
      apps: Object.fromEntries(many.map(name => [name, { displayName: name, hosting: 'cloud' }])),
      effects: many.flatMap(name => [
        aGain(name, { app: name, partner: name, role: name, through: [name], cause: 'intended' }),
        aLoss(name, { app: name, because: [{ file: name, line: 1 }] }),
      ]),
      changes: many.map(name =>
        aChange({ id: ids.guest(name), risk: 'privileged', because: [{ file: name, line: 1 }] }),
      ),
      waiting: many.map(name => ({ id: ids.shadowAccount(name), for: name, message: name })),
      findings: many.map(name => ({
        severity: 'warning',
        code: name,
        message: name,
        hint: name,
        at: { file: name, line: 1 },
      })),
      coming: many.map(name => aComing(name, { app: name })),
      moved: many.map(name => aMove(name, { app: name })),
    })
    expect(bytes(text)).toBeLessThan(65_000)
    expect(counted(text, '➕')).toBe(40)
    expect(counted(text, '➖')).toBe(40)
  })
})
