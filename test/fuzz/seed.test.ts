// What the sandbox reads of others' making, and the journal: seeds, its own state files after somebody was at them, and journals
// with lines changed, moved and forged.

import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { checkJournal } from '../../src/cli/journal-check.ts'
import { lineOf } from '../../src/cli/journal-line.ts'
import { openSandbox } from '../../src/cli/sandbox-state.ts'
import { renderVerdict } from '../../src/render/audit.ts'
import { plain } from '../../src/render/paint.ts'
import { command, hostOf } from '../cli/fake-host.ts'
import { morning } from '../stories/contoso-tenant.ts'
import { type ContentEdit, editContent, inBytes, inJson, inText } from './edits.ts'
import { fuzz, wrongWords } from './harness.ts'
import { patience } from './runs.ts'

const scratch = mkdtempSync(join(tmpdir(), 'guestlist-fuzz-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
const host = hostOf({ cwd: scratch })
const example = new URL('../../src/sandbox/contoso/', import.meta.url).pathname
const policies = new URL('../../policies', import.meta.url).pathname

type SeedInput = ContentEdit & { readonly file: string }

function shown(input: unknown): string {
  return JSON.stringify(input)
}

/** Opens the sandbox as a command that only reads does. */
function open(options: { readonly seed?: string; readonly state: string }): readonly string[] {
  const state = openSandbox(host, options, { use: 'read', clock: () => morning })
  try {
    return [state.domain, ...state.graph.names()].flatMap(wrongWords)
  } finally {
    state.close()
  }
}

describe('seeds', () => {
  const seed = join(scratch, 'seed')
  cpSync(example, seed, { recursive: true })
  const original = new Map(['graph.json', 'directory.ldif'].map(file => [file, readFileSync(join(example, file))]))
  const ldif = [
    ...[
      'dn: ',
      '\ndn: CN=x,DC=corp,DC=contoso,DC=com\n',
      '\n\n',
      ': ',
      ':: ',
      ':< file:///etc/passwd\n',
      '\n ',
      'changetype: delete\n',
    ],
    ...[
      'objectClass: user\n',
      'objectClass: top\n',
      'member: CN=x\n',
      'objectGUID:: AAAA\n',
      'userAccountControl: -1\n',
      'version: 2\n',
      '#',
    ],
    ...[
      'objectSid: S-1-5-21\n',
      'accountExpires: 99999999999999999999\n',
      '\\2c',
      '\\',
      '+',
      '=',
      ',',
      'DC=com',
      'OU=',
      '<',
      '"',
    ],
  ]
  const json = ['"', ',', ':', '{', '}', '[', ']', 'null', '"id":"x",', '"members":["x"],', '"users":[],', '1e999']
  const inputs: fc.Arbitrary<SeedInput> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ file: fc.constant('graph.json'), ...inJson() }) },
    { weight: 1, arbitrary: fc.record({ file: fc.constant('graph.json'), ...inText(json) }) },
    { weight: 4, arbitrary: fc.record({ file: fc.constant('directory.ldif'), ...inText(ldif) }) },
    { weight: 1, arbitrary: fc.record({ file: fc.constantFrom(...original.keys()), ...inBytes }) },
  )
  const read = (input: SeedInput): readonly string[] => {
    const before = original.get(input.file) ?? Buffer.alloc(0)
    writeFileSync(join(seed, input.file), editContent(before, input))
    try {
      return open({ seed: 'seed', state: 'none' })
    } finally {
      writeFileSync(join(seed, input.file), before)
    }
  }
  test('graph.json and directory.ldif', () => fuzz({ share: 1300, inputs, shown, read }), patience)
})

describe('what an apply leaves', () => {
  const state = join(scratch, 'state')
  const copy = join(scratch, 'copy')
  let files: readonly (readonly [string, Buffer])[] = []
  let journal = Buffer.alloc(0)
  beforeAll(async () => {
    const only = ['--policies', policies, '--sandbox', '--state', state, '--partner', 'adatum']
    const { code, stderr } = await command(['apply', ...only], { cwd: scratch })
    if (code !== 0) throw new Error(stderr)
    journal = readFileSync(join(state, 'journal.jsonl'))
    mkdirSync(copy)
    files = readdirSync(state)
      .filter(name => /^(seed|graph|directory)\./.test(name))
      .map(name => [name, readFileSync(join(state, name))] as const)
    for (const [name, bytes] of files) {
      // As a run leaves it that was killed: a journal beside the snapshot.
      const [head = '', ...lines] = bytes.toString().split('\n')
      const whole = name.replace('.snapshot.', '.journal.')
      const { generation = 1 } = JSON.parse(head) as { generation?: number }
      const items = lines.filter(line => line !== '').map(line => `[${line}]\n`)
      files = [...files, [whole, Buffer.from(`${JSON.stringify({ generation })}\n${items.slice(-20).join('')}`)]]
    }
    for (const [name, bytes] of files) writeFileSync(join(copy, name), bytes)
  })

  type StateInput = ContentEdit & { readonly number: number; readonly line: number }
  const at = { number: fc.nat(20), line: fc.nat(10_000) }
  const stateInputs: fc.Arbitrary<StateInput> = fc.oneof(
    { weight: 3, arbitrary: fc.record({ ...at, ...inJson() }) },
    {
      weight: 1,
      arbitrary: fc.record({ ...at, ...inText(['\n', '[', ']', ',', '"', '{}', 'null', '{"generation":2}\n']) }),
    },
    { weight: 1, arbitrary: fc.record({ ...at, ...inBytes }) },
  )
  /** Of JSON one line is edited, of text and bytes the whole. */
  const editedLine = (original: Buffer, input: StateInput): Buffer => {
    if (input.how !== 'json') return editContent(original, input)
    const lines = original.toString().split('\n')
    const index = input.line % Math.max(1, lines.length - 1)
    lines[index] = editContent(Buffer.from(lines[index] ?? 'null'), input).toString()
    return Buffer.from(lines.join('\n'))
  }
  const readState = (input: StateInput): readonly string[] => {
    const [name, before] = files[input.number % files.length] ?? ['', Buffer.alloc(0)]
    writeFileSync(join(copy, name), editedLine(before, input))
    try {
      return open({ state: 'copy' })
    } finally {
      writeFileSync(join(copy, name), before)
    }
  }
  test("the sandbox's state", () => fuzz({ share: 400, inputs: stateInputs, shown, read: readState }), patience)

  /** `forged`: by somebody who knows how lines are made. */
  type JournalInput = StateInput & { readonly forged: boolean }
  const journalInputs: fc.Arbitrary<JournalInput> = fc
    .tuple(stateInputs, fc.boolean())
    .map(([input, forged]) => ({ ...input, forged }))
  const readJournal = (input: JournalInput): readonly string[] => {
    const bytes = editedLine(journal, input)
    const { code } = verdictOf(input.forged ? forgedFrom(bytes) : bytes)
    return code
  }
  const verdictOf = (bytes: Buffer): { readonly code: readonly string[] } => {
    const verdict = checkJournal(bytes, undefined)
    const told = verdict.lines === 0 ? '' : renderVerdict(verdict, 'journal.jsonl', plain)
    return { code: wrongWords(told) }
  }
  /** Every line that is JSON gets its hash, and that of the one before. */
  const forgedFrom = (bytes: Buffer): Buffer => {
    let previous: string | null = null
    const lines = bytes
      .toString()
      .split('\n')
      .map(line => {
        // What is nested too deeply cannot be written here, either.
        const value = line.length > 50_000 ? undefined : parsed(line)
        if (typeof value !== 'object' || value === null) return line
        const { hash: _hash, ...rest } = value as Record<string, unknown>
        const { text, hash } = lineOf(
          { ...rest, previous } as unknown as Parameters<typeof lineOf>[0],
          {} as Parameters<typeof lineOf>[1],
        )
        previous = hash
        return text
      })
    return Buffer.from(lines.join('\n'))
  }
  test('the journal', () => fuzz({ share: 700, inputs: journalInputs, shown, read: readJournal }), patience)
})

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
