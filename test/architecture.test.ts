// The import rules of the house (docs/architecture.md): which room may look into which. A rule that nobody checks is a wish.

import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { kinds } from '../src/resources/registry.ts'

interface Source {
  /** From src/, with forward slashes. */
  readonly file: string
  readonly text: string
  readonly imports: readonly string[]
}

const sources: readonly Source[] = globSync('src/**/*.ts').map(path => {
  const file = path.replaceAll('\\', '/').replace(/^src\//, '')
  const text = readFileSync(path, 'utf8')
  const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name = '']) =>
    name.startsWith('.') ? join(dirname(file), name).replaceAll('\\', '/') : name,
  )
  return { file, text, imports }
})

const own = (name: string): boolean => sources.some(source => source.file === name)
const roomOf = (file: string): string => (file.includes('/') ? file.slice(0, file.indexOf('/')) : file)

/** For each room, what of ours it may import besides itself: rooms, or single files. */
const may: Readonly<Record<string, readonly string[]>> = {
  model: [],
  policy: ['model'],
  access: ['model'],
  render: ['model'],
  connect: ['model'],
  sandbox: ['model'],
  resources: ['model'],
  engine: ['model', 'access', 'resources/kind.ts'],
  cli: ['model', 'policy', 'access', 'render', 'connect', 'sandbox', 'resources', 'engine'],
  'main.ts': ['cli'],
}

test('the sources are read', () => {
  expect(sources.length).toBeGreaterThan(50)
  expect(sources.find(source => source.file === 'main.ts')?.imports).toContain('cli/run.ts')
})

test('every import of ours leads to a file of ours', () => {
  const lost = sources.flatMap(({ file, imports }) =>
    imports
      .filter(name => /^(\.\.?\/)?[\w-]+(\/|\.ts$)/.test(name) && name.endsWith('.ts') && !own(name))
      .map(name => `${file}: ${name}`),
  )
  expect(lost).toEqual([])
})

test('a room looks only into the rooms that it may', () => {
  const wrong = sources.flatMap(({ file, imports }) => {
    const room = roomOf(file)
    const allowed = may[room]
    if (allowed === undefined) return [`${file}: src/${room} is no room of the house`]
    return imports
      .filter(own)
      .filter(name => roomOf(name) !== room && !allowed.includes(roomOf(name)) && !allowed.includes(name))
      .map(name => `${file} must not import ${name}`)
  })
  expect(wrong).toEqual([])
})

/** A file beside the kinds that is none holds what kinds read in common. */
const isKind = ({ file, text }: Source): boolean =>
  /^resources\/[^/]+\//.test(file) && /^export const \w+: ResourceKind</m.test(text)

test('a kind never imports another kind: kinds meet through ids', () => {
  const kindFiles = sources.filter(isKind).map(source => source.file)
  const wrong = sources
    .filter(({ file }) => /^resources\/[^/]+\//.test(file))
    .flatMap(({ file, imports }) =>
      imports
        .filter(name => kindFiles.includes(name) || name === 'resources/registry.ts')
        .map(name => `${file} must not import ${name}`),
    )
  expect(wrong).toEqual([])
})

test('the registry lists exactly the kinds of the folder, each under its own name', () => {
  const files = sources.filter(isKind).map(({ file }) => file.replace(/^resources\/(.*)\.ts$/, '$1'))
  expect(files.length).toBeGreaterThan(5)
  expect(kinds.map(kind => `${kind.plane}/${kind.name}`).sort()).toEqual(files.sort())
})

test('the engine never names a kind', () => {
  const names = kinds.map(kind => `${kind.plane}/${kind.name}`)
  const wrong = sources
    .filter(({ file }) => roomOf(file) === 'engine')
    .flatMap(({ file, text }) => names.filter(name => text.includes(name)).map(name => `${file} names ${name}`))
  expect(wrong).toEqual([])
})

// The script that generates the types from the schemas is run by hand, not by the program.
const scripts = ['model/generate.ts']

test('only main.ts touches the process, its clock and its randomness', () => {
  const forbidden = [/\bprocess\./, /\bDate\.now\(/, /\bnew Date\(\)/, /\bMath\.random\(/, /\bperformance\.now\(/]
  const wrong = sources
    .filter(({ file }) => file !== 'main.ts' && !scripts.includes(file))
    .flatMap(({ file, text, imports }) => [
      ...forbidden.filter(pattern => pattern.test(code(text))).map(pattern => `${file}: ${pattern}`),
      ...imports.filter(name => name === 'node:process').map(name => `${file} must not import ${name}`),
    ])
  expect(wrong).toEqual([])
})

test('nobody writes to the console', () => {
  const wrong = sources.filter(({ file, text }) => !scripts.includes(file) && /\bconsole\./.test(code(text)))
  expect(wrong.map(source => source.file)).toEqual([])
})

test('there are no barrels', () => {
  const wrong = sources.filter(
    ({ file, text }) => file.endsWith('index.ts') || /^export\s+(\*|\{[^}]*\})\s+from\b/m.test(text),
  )
  expect(wrong.map(source => source.file)).toEqual([])
})

test('sockets are opened in connect, and listened on in the sandbox', () => {
  const network = ['node:http', 'node:https', 'node:net', 'node:tls', 'node:dns']
  const wrong = sources.flatMap(({ file, imports }) =>
    imports
      .filter(name => network.includes(name) && !['connect', 'sandbox'].includes(roomOf(file)))
      .map(name => `${file} must not import ${name}`),
  )
  expect(wrong).toEqual([])
})

/** Without comments and the insides of strings, where a word is only a word. */
function code(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''")
}
