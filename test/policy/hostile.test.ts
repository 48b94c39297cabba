// Input that means harm, or looks like it: a plain error at its place, soon, and nothing else happens.

import { mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadPolicy } from '../../src/policy/load.ts'
import { access, type Files, fabrikam, folderOf, load, places, sound, today } from './folder.ts'

const utf16 = (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])
const withAccess = (text: string): Files => ({ ...sound, 'access.yaml': text })

const bomb = `a: &a [x, x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
f: [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]
`

test.each<[string, Files, string]>([
  ['a duplicate key', withAccess(`${access}partner: litware\n`), 'error[duplicate-key] access.yaml:7:1'],
  ['an alias bomb', { ...sound, 'bomb.yaml': bomb }, 'error[alias-bomb] bomb.yaml:4:36'],
  [
    'an alias to nothing',
    withAccess(access.replace('payroll\n', 'payroll\nreason: *x\n')),
    'error[unknown-anchor] access.yaml:4:9',
  ],
  [
    'an alias to itself',
    withAccess(access.replace('[engineers]', '&a [*a]')),
    'error[unknown-anchor] access.yaml:5:13',
  ],
  ['deep brackets', { ...sound, 'deep.yaml': '['.repeat(100_000) }, 'error[too-deep] deep.yaml:1:49'],
  ['deep dashes', { ...sound, 'deep.yaml': '- '.repeat(100_000) }, 'error[too-deep] deep.yaml:1:97'],
  [
    'deep lines',
    { ...sound, 'deep.yaml': Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('') },
    'error[too-deep] deep.yaml:49:49',
  ],
  ['__proto__', withAccess(`${access}__proto__: {polluted: true}\n`), 'error[forbidden-key] access.yaml:7:1'],
  [
    'a group called toString',
    { ...sound, 'fabrikam.yaml': `${fabrikam}  toString: {members: []}\n` },
    'error[forbidden-key] fabrikam.yaml:12:3',
  ],
  [
    'a tab for indentation',
    { ...sound, 'fabrikam.yaml': fabrikam.replace('  engineers', '\tengineers') },
    'error[tab-indent] fabrikam.yaml:8:1',
  ],
  ['an unclosed quotation mark', withAccess(`${access}reason: "x\n`), 'error[yaml-syntax] access.yaml:7:9'],
  ['a colon in text', withAccess(`${access}reason: see: here\n`), 'error[yaml-syntax] access.yaml:7:9'],
  ['a JavaScript tag', withAccess(`${access}reason: !!js/function x\n`), 'error[unsupported-yaml] access.yaml:7:9'],
  ['a binary tag', withAccess(`${access}reason: !!binary aGk=\n`), 'error[unsupported-yaml] access.yaml:7:9'],
  ['a merge key', withAccess(`${access}<<: {reason: x}\n`), 'error[unsupported-yaml] access.yaml:7:1'],
  ['a directive', withAccess(`%YAML 1.1\n---\n${access}`), 'error[unsupported-yaml] access.yaml:1:1'],
  ['a key that is a list', withAccess(`${access}? [a]\n: b\n`), 'error[bad-key] access.yaml:7:3'],
  ['a bidi override in a comment', withAccess(`${access}# \u202e\n`), 'error[hidden-character] access.yaml:7:3'],
  [
    'a bidi override in an escape',
    withAccess(`${access}reason: "a\\u202eb"\n`),
    'error[hidden-character] access.yaml:7:9',
  ],
  ['an escape character', withAccess(`${access}# \u001b[31m\n`), 'error[hidden-character] access.yaml:7:3'],
  ['a lone carriage return', withAccess(`${access}# good\rreason: bad\n`), 'error[hidden-character] access.yaml:7:7'],
  ['UTF-16', { ...sound, 'wide.yaml': utf16(access) }, 'error[wrong-encoding] wide.yaml:1:1'],
  ['no text', { ...sound, 'zip.yaml': Buffer.from([0x50, 0x4b, 0, 0]) }, 'error[wrong-encoding] zip.yaml:1:1'],
  [
    'broken UTF-8',
    { ...sound, 'latin.yaml': Buffer.from('# one\n# caf\u00e9\n', 'latin1') },
    'error[wrong-encoding] latin.yaml:2:6',
  ],
  ['a very large file', { ...sound, 'large.yaml': '# '.padEnd(5_000_000, 'x') }, 'error[too-large] large.yaml:1:1'],
  ['very many documents', { ...sound, 'many.yaml': '---\na\n'.repeat(20_000) }, 'error[too-large] many.yaml:20001:1'],
])('%s', async (_, files, expected) => {
  const began = performance.now()
  const loaded = await load(files)
  expect(places(loaded)).toContain(expected)
  expect(places(loaded).filter(place => place.startsWith('error'))).toHaveLength(1)
  expect(loaded.policy).toBeUndefined()
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  expect(performance.now() - began).toBeLessThan(5000)
})

test.each<[string, Files]>([
  ['a UTF-8 byte order mark', withAccess(`\ufeff${access}`)],
  ['CRLF', withAccess(access.replaceAll('\n', '\r\n'))],
  ['an empty file', { ...sound, 'empty.yaml': '' }],
  ['a file of comments', { ...sound, 'comment.yaml': '# nothing\n---\n# yet\n' }],
  ['anchors and aliases', withAccess(`${access.replace('name: ', 'name: &name ')}reason: *name\n`)],
  ['a folder with the name of a file', { ...sound, 'more.yaml/deeper/empty.yml': '' }],
  ['files that are no policies', { ...sound, 'README.md': '\u202e', '.git/config.yaml': 'not: ours' }],
])('%s is fine', async (_, files) => {
  const loaded = await load(files)
  expect(places(loaded)).toEqual([])
  expect(loaded.policy?.grants).toHaveLength(1)
})

test('columns do not count the byte order mark, nor carriage returns as lines', async () => {
  const loaded = await load(
    withAccess(
      `\ufeff${access.replace('apiVersion', 'apiversion').replaceAll('\n', '\r\n').replace('payroll\r\n', 'payroll\r\n')}`,
    ),
  )
  expect(places(loaded)).toEqual(['error[unknown-key] access.yaml:1:1'])
  expect(loaded.problems[0]?.excerpt).toBe('apiversion: guestlist/v1')
})

test('links stay inside the folder', async () => {
  const outside = folderOf({ 'secret.yaml': access, 'inner/x.yaml': access })
  const inside = folderOf({ ...sound, 'real/empty.yaml': '' })
  symlinkSync(path.join(outside, 'secret.yaml'), path.join(inside, 'link.yaml'))
  symlinkSync(path.join(outside, 'inner'), path.join(inside, 'folder'))
  symlinkSync(path.join(outside, 'nothing.yaml'), path.join(inside, 'nowhere.yaml'))
  symlinkSync(path.join(inside, 'real'), path.join(inside, 'real', 'circle'))
  symlinkSync(path.join(inside, 'access.yaml'), path.join(inside, 'again.yaml'))
  const loaded = await loadPolicy(inside, today)
  expect(places(loaded)).toEqual([
    'error[outside-folder] folder:1:1',
    'error[outside-folder] link.yaml:1:1',
    'error[unreadable] nowhere.yaml:1:1',
  ])
})

test('the folder itself may be a link, or be missing', async () => {
  const real = folderOf(sound)
  const holder = folderOf({})
  symlinkSync(real, path.join(holder, 'policies'))
  expect(places(await loadPolicy(path.join(holder, 'policies'), today))).toEqual([])
  expect(places(await loadPolicy(path.join(holder, 'none'), today))).toEqual(['error[no-folder] -'])
  expect(places(await loadPolicy(path.join(real, 'access.yaml'), today))).toEqual(['error[no-folder] -'])
  mkdirSync(path.join(holder, 'empty'))
  expect(places(await loadPolicy(path.join(holder, 'empty'), today))).toEqual(['error[no-organization] -'])
})

test('whatever the bytes, loading ends and never throws', async () => {
  const sample = Object.values(sound)
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.string({ unit: 'binary', maxLength: 400 }).map(text => new TextEncoder().encode(text)),
    // A sound document with something unexpected in the middle.
    fc
      .tuple(
        fc.constantFrom(...sample),
        fc.nat(400),
        fc.nat(20),
        fc.constantFrom(
          '\t',
          '[',
          '{',
          '*a',
          '&a ',
          '!!',
          '"',
          "'",
          '? ',
          '- ',
          '\n',
          ': ',
          '<<: ',
          '|',
          '%',
          '\u0000',
          '~',
          '1e9',
        ),
      )
      .map(([text, at, skip, what]) => new TextEncoder().encode(text.slice(0, at) + what + text.slice(at + skip))),
  )
  await fc.assert(
    fc.asyncProperty(bytes, bytes, async (yaml, csv) => {
      const group = fabrikam.slice(0, fabrikam.indexOf('    members')).concat('    membersFrom: {csv: people.csv}\n')
      const began = performance.now()
      const loaded = await load({ ...sound, 'fabrikam.yaml': group, 'any.yaml': yaml, 'people.csv': csv })
      expect(performance.now() - began).toBeLessThan(2000)
      for (const { at, excerpt, code } of loaded.problems) {
        expect(code).toMatch(/^[a-z/-]+$/)
        if (at !== undefined && excerpt !== undefined) expect(at.column).toBeLessThanOrEqual(excerpt.length + 1)
      }
    }),
    { numRuns: 300 },
  )
})

test('more problems than a call has arguments are all told', async () => {
  const { problems } = await load({ ...sound, 'many.yaml': 'a: 1\n'.repeat(150_000) })
  expect(problems.filter(({ code }) => code === 'duplicate-key')).toHaveLength(149_999)
})
