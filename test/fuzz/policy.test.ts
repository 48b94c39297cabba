// Policies with anything done to them: bytes, tokens, lines, whole files, rosters and rules. Every problem has its place in a
// file that is there, and reading ends.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, test } from 'vitest'
import type { Problem } from '../../src/model/problem.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { renderProblems } from '../../src/render/problem.ts'
import { fabrikam, organization, payroll, today } from '../policy/folder.ts'
import { type ContentEdit, editContent, inBytes, inText } from './edits.ts'
import { fuzz, wrongWords } from './harness.ts'
import { patience } from './runs.ts'

type Files = ReadonlyMap<string, string>

const scratch = mkdtempSync(join(tmpdir(), 'guestlist-fuzz-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const contosoFolder = new URL('../../policies', import.meta.url).pathname
const contoso: Files = new Map(
  readdirSync(contosoFolder, { recursive: true, encoding: 'utf8' })
    .filter(file => /\.(yaml|csv|pem)$/.test(file))
    .map(file => [file, readFileSync(join(contosoFolder, file), 'utf8')]),
)

const rule = `apiVersion: guestlist/v1
kind: Rule
name: restricted
each: access
deny: '"restricted" in access.app.tags && !("mfa" in access.app.requires)'
message: Restricted apps must ask guests for MFA.
`
const small: Files = new Map([
  ['organization.yaml', organization],
  ['fabrikam.yaml', `${fabrikam}  auditors:\n    membersFrom: {csv: people.csv}\n`],
  ['payroll.yaml', payroll],
  ['rule.yaml', rule],
  [
    'access.yaml',
    'apiVersion: guestlist/v1\nkind: Access\nname: fabrikam-payroll\npartner: fabrikam\ngroups: [engineers, auditors]\napp: payroll\nuntil: 2027-06-30\n',
  ],
  ['people.csv', 'address,displayName,until\nkim@fabrikam.com,"Lo, Kim",2027-01-31\nada@fabrikam.com,,\n'],
])

/** Both folders stay on disk; an input changes some files and puts them back. */
const folders = [small, contoso].map((files, index) => {
  const root = join(scratch, String(index))
  for (const [file, text] of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return { root, files }
})

const words = [
  ...[
    '&a ',
    '*a',
    '<<: *a\n',
    '<<: ',
    '!!str ',
    '!!binary ',
    '!<tag:x> ',
    '%YAML 1.1\n---\n',
    '---\n',
    '...\n',
    '? ',
    '- ',
    ': ',
  ],
  ...[
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '|\n',
    '>-\n',
    '#',
    ',',
    '\n',
    '\n  ',
    '\n    ',
    '\t',
    '@',
    '`',
    '{a: &a [*a]}',
    '&a [*a, *a]',
  ],
  ...[
    'kind: Access\n',
    'kind: Partner\n',
    'name: fabrikam\n',
    'name: ',
    'groups: ',
    'members: ',
    'members: []',
    'until: 2026-11-30\n',
  ],
  ...[
    'x0: &x0 [a,a,a,a,a,a,a,a,a]\nx1: &x1 [*x0,*x0,*x0,*x0,*x0,*x0,*x0]\nx2: &x2 [*x1,*x1,*x1,*x1,*x1,*x1,*x1]\nx3: &x3 [*x2,*x2,*x2,*x2,*x2]\n',
  ],
  ...[
    'membersFrom: {csv: ../../../etc/passwd}',
    'membersFrom: {csv: people.csv}',
    'membersFrom: {entraGroup: "*"}',
    'lee@fabrikam.com',
  ],
  ...[
    'deny: \'person.address.matches("(a+)+$")\'\n',
    'deny: \'person.address.matches("^(([a-z])+.)+[A-Z]([a-z])+$")\'\n',
  ],
  ...['each: person\n', 'each: partner\n', 'each: app\n', '"\n"', '""', ',,,,', 'address', 'until', ';'],
]

/** Pieces of CEL: few of what comes out means anything, and all of it is read. */
const cel = fc
  .array(
    fc.constantFrom(
      ...[
        'access',
        'access.app.tags',
        'access.partner',
        'person',
        'person.address',
        'app',
        'true',
        'null',
        '1',
        '-1',
        '0.0',
        '"a"',
      ],
      ...[
        '9223372036854775807',
        '1u',
        "b'a'",
        '[1, 2]',
        '{"a": 1}',
        ' && ',
        ' || ',
        ' + ',
        ' * ',
        ' / ',
        ' % ',
        ' in ',
        ' == ',
        ' < ',
      ],
      ...[
        '!',
        '-',
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        '.',
        ',',
        ' ? ',
        ' : ',
        'size(',
        'matches(',
        '.all(x, ',
        '.exists(x, ',
        '.map(x, x',
      ],
      ...[
        '.filter(x, ',
        'has(',
        'duration("1h")',
        'timestamp("2026-12-01T00:00:00Z")',
        '"(a+)+$"',
        'int(',
        'string(',
        'type(',
        'dyn(',
      ],
      ...[
        'access.app.tags.all(a, access.app.tags.all(b, ',
        'constructor',
        '__proto__',
        'x',
        'cel.bind(x, ',
        '/* */',
        '\\',
      ],
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map(parts => parts.join(''))

type FileEdit =
  | (Exclude<ContentEdit, { how: 'json' }> & { readonly file: number })
  | { readonly how: 'encoding'; readonly file: number; readonly as: 'bom' | 'crlf' | 'latin1' | 'utf16le' | 'cr' }
  | { readonly how: 'rule'; readonly deny: string; readonly each: string }
  | { readonly how: 'over'; readonly file: number; readonly other: number }
  | { readonly how: 'again'; readonly file: number }

interface Input {
  readonly folder: number
  readonly edits: readonly FileEdit[]
}

const file = fc.nat(100)
const fileEdit: fc.Arbitrary<FileEdit> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ ...inText(words), file }) },
  { weight: 3, arbitrary: fc.record({ ...inBytes, file }) },
  {
    weight: 1,
    arbitrary: fc.record({
      how: fc.constant('encoding' as const),
      file,
      as: fc.constantFrom('bom' as const, 'crlf' as const, 'latin1' as const, 'utf16le' as const, 'cr' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      how: fc.constant('rule' as const),
      deny: cel,
      each: fc.constantFrom('access', 'person', 'app', 'partner'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ how: fc.constant('over' as const), file, other: file }) },
  { weight: 1, arbitrary: fc.record({ how: fc.constant('again' as const), file }) },
)

const inputs: fc.Arbitrary<Input> = fc.record({
  // The small folder mostly: it has all that a file can hold, and is read in a fraction of the time.
  folder: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) }),
  edits: fc.array(fileEdit, { minLength: 1, maxLength: 2 }),
})

/** The files that differ from the sound ones. */
function changed({ folder, edits }: Input): ReadonlyMap<string, Buffer> {
  const { files } = folders[folder] as (typeof folders)[number]
  const names = [...files.keys()]
  const result = new Map<string, Buffer>()
  const nameAt = (index: number): string => names[index % names.length] as string
  const now = (name: string): Buffer => result.get(name) ?? Buffer.from(files.get(name) ?? '')
  for (const edit of edits) {
    if (edit.how === 'rule') {
      const deny = JSON.stringify(edit.deny)
      result.set(
        'rule.yaml',
        Buffer.from(
          `apiVersion: guestlist/v1\nkind: Rule\nname: fuzzed\neach: ${edit.each}\ndeny: ${deny}\nmessage: no\n`,
        ),
      )
      continue
    }
    const name = nameAt(edit.file)
    if (edit.how === 'text' || edit.how === 'bytes') result.set(name, editContent(now(name), edit))
    else if (edit.how === 'over') result.set(name, now(nameAt(edit.other)))
    else if (edit.how === 'again') result.set(`again-${name.replaceAll('/', '-')}`, now(name))
    else result.set(name, encoded(now(name).toString(), edit.as))
  }
  return result
}

function encoded(text: string, as: 'bom' | 'crlf' | 'latin1' | 'utf16le' | 'cr'): Buffer {
  if (as === 'bom') return Buffer.from(`\ufeff${text}`)
  if (as === 'crlf') return Buffer.from(text.replaceAll('\n', '\r\n'))
  if (as === 'cr') return Buffer.from(text.replaceAll('\n', '\r'))
  return Buffer.from(`${text}# é\n`, as)
}

function shown(input: Input): string {
  return [...changed(input)].map(([name, bytes]) => `${name}: ${JSON.stringify(bytes.toString())}`).join('\n')
}

async function read(input: Input): Promise<readonly string[]> {
  const { root, files } = folders[input.folder] as (typeof folders)[number]
  const edited = changed(input)
  for (const [name, bytes] of edited) writeFileSync(join(root, name), bytes)
  try {
    const { problems, policy } = await loadPolicy(root, today)
    const told = renderProblems(problems, { prefix: 'policies', color: false })
    const split = new Map<string, readonly string[]>()
    const linesOf = (name: string): readonly string[] | undefined => {
      const text = edited.get(name)?.toString() ?? files.get(name)
      if (text !== undefined && !split.has(name)) split.set(name, text.split('\n'))
      return split.get(name)
    }
    return [
      ...problems.flatMap(problem => wrongPlace(problem, linesOf)),
      ...problems.flatMap(({ message, hint = '' }) => [...wrongWords(message), ...wrongWords(hint)]),
      ...(hasControls(told) ? [`a control character is shown: ${JSON.stringify(told)}`] : []),
      ...(policy === undefined && !problems.some(({ severity }) => severity === 'error')
        ? ['no policy, and no error']
        : []),
    ]
  } finally {
    for (const name of edited.keys()) {
      const before = files.get(name)
      if (before === undefined) rmSync(join(root, name))
      else writeFileSync(join(root, name), before)
    }
  }
}

function wrongPlace(
  { code, at }: Problem,
  linesOf: (name: string) => readonly string[] | undefined,
): readonly string[] {
  if (!/^[a-z0-9/-]+$/.test(code)) return [`the code ${JSON.stringify(code)}`]
  if (at === undefined) return []
  const where = `${code} at ${at.file}:${at.line}:${at.column}`
  const lines = linesOf(at.file)
  if (lines === undefined) return [`${where}: there is no such file`]
  const line = lines[at.line - 1]
  if (line === undefined) return [`${where}: the file has ${lines.length} lines`]
  return at.column < 1 || at.column > line.length + 1 ? [`${where}: the line has ${line.length} characters`] : []
}

function hasControls(text: string): boolean {
  return /[\0-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]/.test(text)
}

test('policies, rosters and rules', () => fuzz({ share: 1800, inputs, shown, read }), patience)
