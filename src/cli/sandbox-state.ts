// The sandbox's state: two stores in one folder, and a note of which seed they came from. Opened for reading, nothing is
// written: without state the seed is held in memory. A state that was not seeded to its end is seeded anew.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseDn } from '../model/escape.ts'
import { Failure } from '../model/problem.ts'
import type { Instant } from '../model/time.ts'
import { createDirectory, type SandboxDirectory } from '../sandbox/directory/directory.ts'
import { parseLdif } from '../sandbox/directory/ldif.ts'
import { seedGraph } from '../sandbox/graph/seed.ts'
import { openStore, type Store } from '../sandbox/store.ts'
import { asFailure, readWhole } from './files.ts'
import type { Host } from './host.ts'
import { exampleNow, exampleSeed } from './installed.ts'
import { type Options, pathOf } from './options.ts'

export interface SandboxState {
  readonly graph: Store
  readonly directory: SandboxDirectory
  close(): void
}

export interface Opening {
  /** `fresh` forgets what was there. */
  readonly use: 'read' | 'write' | 'fresh'
  /** The sandbox's time: what objects are stamped with. */
  readonly clock: () => Instant
}

type Place = Pick<Options, 'seed' | 'state'>

interface Seed {
  readonly graph: string
  readonly directory: string
  readonly digest: string
  readonly domain: string
}

interface Note {
  readonly digest: string
  readonly domain: string
}

const noteName = 'seed'

export function openSandbox(host: Host, options: Place, { use, clock }: Opening): SandboxState {
  const folder = stateFolder(host, options)
  const readOnly = use === 'read'
  const stores: Store[] = []
  const open = (name: string): Store => {
    const store = openStore(folder, name, readOnly ? { readOnly } : { writer: host.writer })
    stores.push(store)
    return store
  }
  const close = (): void => {
    for (const store of stores.reverse()) store.close()
  }
  try {
    const notes = open('seed').collection<Note>('notes')
    const [graph, directory] = [open('graph'), open('directory')]
    const note = use === 'fresh' ? undefined : notes.get(noteName)
    if (note !== undefined) {
      checkSeed(host, options, note)
      return { graph, directory: createDirectory({ store: directory, domain: note.domain, clock }), close }
    }
    const seed = readSeed(host, options)
    notes.delete(noteName)
    graph.clear()
    directory.clear()
    const file = seedName(options, 'graph.json')
    seedGraph(graph, parsed(seed.graph, file), file)
    const domain = createDirectory({ store: directory, domain: seed.domain, clock })
    domain.seed(seed.directory, seedName(options, 'directory.ldif'))
    notes.put(noteName, { digest: seed.digest, domain: seed.domain })
    return { graph, directory: domain, close }
  } catch (error) {
    close()
    throw asFailure(error, `cannot use the sandbox's state in ${folder}`)
  }
}

/** What the example's clock shows, if the state or the seed is the example that ships with the program. */
export function exampleClock(host: Host, options: Place): Instant | undefined {
  const folder = stateFolder(host, options)
  const note = existsSync(folder)
    ? openStore(folder, 'seed', { readOnly: true }).collection<Note>('notes').get(noteName)
    : undefined
  const digest = note?.digest ?? readSeed(host, options).digest
  return digest === readSeed(host, {}).digest ? exampleNow : undefined
}

function stateFolder(host: Host, options: Place): string {
  return pathOf(host, options.state ?? join('.guestlist', 'sandbox'))
}

/** A seed that is named on top of a state from another one is a mistake: it would be ignored. */
function checkSeed(host: Host, options: Place, note: Note): void {
  if (options.seed === undefined || readSeed(host, options).digest === note.digest) return
  const state = options.state === undefined ? '' : ` --state ${options.state}`
  throw new Failure(
    'other-seed',
    `the sandbox's state comes from another seed than ${options.seed} (or that one has changed since)`,
    `start over with \`guestlist sandbox reset --seed ${options.seed}${state}\`, or leave --seed out`,
  )
}

function seedName(options: Place, file: string): string {
  return options.seed === undefined ? `the example's ${file}` : join(options.seed, file)
}

function readSeed(host: Host, options: Place): Seed {
  const folder = options.seed === undefined ? exampleSeed : pathOf(host, options.seed)
  const graph = readWhole(join(folder, 'graph.json'))
  const directory = readWhole(join(folder, 'directory.ldif'))
  const digest = createHash('sha256').update(graph).update('\0').update(directory).digest('hex')
  return { graph, directory, digest, domain: domainIn(directory, seedName(options, 'directory.ldif')) }
}

function parsed(json: string, file: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new Failure('bad-seed', `${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The domain that the records lie in. */
function domainIn(ldif: string, file: string): string {
  const labels = parseLdif(ldif, file).map(record =>
    (parseDn(record.dn) ?? []).filter(part => part.attribute === 'dc').map(part => part.value),
  )
  const [shortest] = labels.filter(label => label.length > 0).sort((a, b) => a.length - b.length)
  if (shortest === undefined)
    throw new Failure('bad-seed', `${file} holds no record of any domain`, 'its names end in DC=…,DC=…')
  return shortest.join('.').toLowerCase()
}
