// Edits as values: what is done to a sound text, its lines, its bytes, or a JSON value. An edit fits any input, whatever its
// length, so that a failure can be made smaller by leaving edits out.

import fc from 'fast-check'

/** What somebody, or something, may have put anywhere. */
const oddText: readonly string[] = [
  ...['', ' ', '\n', '\r\n', '\r', '\t', '\0', '\u001b[31m', '\ufeff', '\u202e', '\u200b', '\ufffd', '\ud800', '😀'],
  ...['__proto__', 'constructor', 'toString', 'null', 'true', '~', '-1', '0', '1e999', '0x1F', '.inf', '.nan'],
  ...['9007199254740993', '99999999999999999999999999', '2026-02-30', '2026-12-01', '9999-99-99T99:99:99Z', '30d'],
  ...['999999999999d', '<script>', '../../etc/passwd', '/', '\\', '"', "'", '`', '%', '%00', '$(x)', '@', 'a@b'],
  ...['*', 'CN=a,DC=b', ',', ';', '=', ':', '|', 'file:///etc/passwd', 'http://[', 'https://evil.example/', '\u0130'],
]

/** Text that says how often it is repeated, so that a failure prints it short. */
export type Put = string | { readonly part: string; readonly times: number }

function textOf(put: Put): string {
  return typeof put === 'string' ? put : put.part.repeat(put.times)
}

const token: fc.Arbitrary<Put> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...oddText) },
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
  // Long, or repeated until something gives.
  {
    weight: 1,
    arbitrary: fc.record({
      part: fc.constantFrom('a', '[', '{', '(', '- ', '"', '\\', ' ', 'é', '{"a":', '*', 'a,', '\n'),
      times: fc.constantFrom(100, 3000, 60_000),
    }),
  },
)

export interface TextEdit {
  readonly at: number
  /** How many characters go. */
  readonly cut: number
  readonly put: Put
  /** Or whole lines: one goes, comes twice, or changes places with the next. */
  readonly line?: 'gone' | 'twice' | 'moved'
}

const place = fc.nat(1_000_000)

/** `words`: what means something in this kind of text. */
export function textEdits(words: readonly string[]): fc.Arbitrary<readonly TextEdit[]> {
  const one = fc.record({
    at: place,
    cut: fc.oneof(fc.constant(0), fc.constant(1), fc.nat(12), fc.nat(300)),
    put: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...words) }, { weight: 2, arbitrary: token }),
  })
  const line = fc.record({
    at: place,
    cut: fc.constant(0),
    put: fc.constant(''),
    line: fc.constantFrom('gone' as const, 'twice' as const, 'moved' as const),
  })
  return fc.array(fc.oneof({ weight: 3, arbitrary: one }, { weight: 1, arbitrary: line }), {
    minLength: 1,
    maxLength: 4,
  })
}

export function editText(text: string, edits: readonly TextEdit[]): string {
  return edits.reduce((before, { at, cut, put, line }) => {
    if (line !== undefined) return editLine(before, at, line)
    const start = at % (before.length + 1)
    return before.slice(0, start) + textOf(put) + before.slice(start + cut)
  }, text)
}

function editLine(text: string, at: number, what: 'gone' | 'twice' | 'moved'): string {
  const lines = text.split('\n')
  const index = at % lines.length
  const line = lines[index] ?? ''
  lines.splice(index, 1, ...(what === 'twice' ? [line, line] : []))
  if (what === 'moved') lines.splice(index + 1, 0, line)
  return lines.join('\n')
}

export interface ByteEdit {
  readonly at: number
  readonly cut: number
  readonly put: Uint8Array
}

export const byteEdits: fc.Arbitrary<readonly ByteEdit[]> = fc.array(
  fc.record({
    at: place,
    cut: fc.oneof(fc.constant(1), fc.nat(4), fc.nat(100)),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.constantFrom(
        Uint8Array.of(0),
        Uint8Array.of(0xff),
        Uint8Array.of(0x80),
        Uint8Array.of(0x30, 0x84, 0x7f, 255, 255, 255),
      ),
    ),
  }),
  { minLength: 1, maxLength: 5 },
)

export function editBytes(bytes: Buffer, edits: readonly ByteEdit[]): Buffer {
  return edits.reduce((before, { at, cut, put }) => {
    const start = at % (before.length + 1)
    return Buffer.concat([before.subarray(0, start), put, before.subarray(start + cut)])
  }, bytes)
}

/** A value as JSON text, since `__proto__` as a key of its own survives in no literal. */
const oddJson: readonly string[] = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '-1',
    '1.5',
    '1e308',
    '9007199254740993',
    '[]',
    '{}',
    '""',
    '[null]',
    '[[]]',
    '{"a":null}',
  ],
  ...[
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"toString":1}',
    '{"length":3}',
  ],
]

export interface JsonEdit {
  /** Which of all values within, the whole included. */
  readonly node: number
  readonly does: 'replace' | 'text' | 'remove' | 'twice' | 'rename' | 'copy' | 'wrap' | 'nest' | 'edit'
  /** Of a replacement, JSON; of a new name or an edit of text, text. */
  readonly with: Put
  /** Where a copy is from. */
  readonly other: number
}

export function jsonEdits(most = 3): fc.Arbitrary<readonly JsonEdit[]> {
  const one = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        node: place,
        does: fc.constant('replace' as const),
        with: fc.constantFrom(...oddJson),
        other: fc.constant(0),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        node: place,
        does: fc.constantFrom('text', 'remove', 'twice', 'rename', 'copy', 'wrap', 'nest', 'edit'),
        with: token,
        other: place,
      }),
    },
  )
  return fc.array(one, { minLength: 1, maxLength: most })
}

/** Stands for what is nested too deeply to be held as a value. */
const nested = '\u0001nested'

export function jsonText(value: unknown): string {
  const deep = `${'{"a":['.repeat(10_000)}1${']}'.repeat(10_000)}`
  return (JSON.stringify(value) ?? '').replaceAll(JSON.stringify(nested), deep)
}

/** What is done to a file: to its text, to its bytes, or to the JSON that it holds. */
export type ContentEdit =
  | { readonly how: 'text'; readonly edits: readonly TextEdit[] }
  | { readonly how: 'bytes'; readonly edits: readonly ByteEdit[] }
  | { readonly how: 'json'; readonly edits: readonly JsonEdit[] }

export const inText = (words: readonly string[]) => ({ how: fc.constant('text' as const), edits: textEdits(words) })
export const inBytes = { how: fc.constant('bytes' as const), edits: byteEdits }
export const inJson = (most?: number) => ({ how: fc.constant('json' as const), edits: jsonEdits(most) })

export function editContent(before: Buffer, edit: ContentEdit): Buffer {
  if (edit.how === 'text') return Buffer.from(editText(before.toString(), edit.edits))
  if (edit.how === 'bytes') return editBytes(before, edit.edits)
  return Buffer.from(jsonText(editJson(JSON.parse(before.toString()), edit.edits)))
}

interface Node {
  readonly holder: Record<string, unknown> | unknown[]
  readonly key: string
}

/** Changes a copy. */
export function editJson(value: unknown, edits: readonly JsonEdit[]): unknown {
  const root = [structuredClone(value)]
  for (const edit of edits) {
    const nodes = nodesOf(root)
    const node = nodes[edit.node % nodes.length]
    if (node !== undefined) change(node, edit, nodes[edit.other % nodes.length] ?? node)
  }
  return root[0]
}

/** What kind of value an edit is about. */
export function kindAt(value: unknown, node: number): string {
  const nodes = nodesOf([value])
  const { holder, key } = nodes[node % nodes.length] as Node
  return kindOf((holder as Record<string, unknown>)[key])
}

export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}

/** Parents first; without recursion, for an edit may have nested deeply. */
function nodesOf(root: unknown[]): readonly Node[] {
  const nodes: Node[] = [{ holder: root, key: '0' }]
  for (let index = 0; index < nodes.length && nodes.length < 20_000; index += 1) {
    const { holder, key } = nodes[index] as Node
    const value = (holder as Record<string, unknown>)[key]
    if (typeof value !== 'object' || value === null) continue
    for (const inner of Object.keys(value)) nodes.push({ holder: value as Node['holder'], key: inner })
  }
  return nodes
}

function change({ holder, key }: Node, { does, with: given }: JsonEdit, from: Node): void {
  const text = textOf(given)
  const object = holder as Record<string, unknown>
  const value = object[key]
  const put = (name: string, what: unknown): void => {
    Object.defineProperty(holder, name, { value: what, enumerable: true, configurable: true, writable: true })
  }
  if (does === 'replace') put(key, JSON.parse(text))
  else if (does === 'text') put(key, text)
  else if (does === 'wrap') put(key, [value])
  else if (does === 'nest') put(key, nested)
  else if (does === 'edit') put(key, typeof value === 'string' ? text + value : text)
  else if (does === 'copy') put(key, structuredClone((from.holder as Record<string, unknown>)[from.key]))
  else if (does === 'twice') {
    if (Array.isArray(holder)) holder.splice(Number(key), 0, structuredClone(value))
    else put(`${key}${key}`, structuredClone(value))
  } else {
    if (does === 'rename') put(Array.isArray(holder) ? String(holder.length) : text, value)
    if (Array.isArray(holder)) holder.splice(Number(key), 1)
    else delete object[key]
  }
}
