// The sandbox's state: two stores in one folder, and a note of which seed they came from. Opened for reading, nothing is
// written: without state the seed is held in memory. A state that was not seeded to its end is seeded anew.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseDn } from '../model/escape.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { Failure } from '../model/problem.ts'
import type { Instant } from '../model/time.ts'
import { createDirectory, type SandboxDirectory } from '../sandbox/directory/directory.ts'
import { parseLdif } from '../sandbox/directory/ldif.ts'
import { seedGraph } from '../sandbox/graph/seed.ts'
import { openStore, type Store } from '../sandbox/store.ts'
import { asFailure, readIfThere, readWhole } from './files.ts'
import type { Host } from './host.ts'
import { exampleNow, exampleSeed } from './installed.ts'
import { type Options, pathOf } from './options.ts'

export interface SandboxState {
  readonly graph: Store
  readonly directory: SandboxDirectory
  /** What `directory` keeps its objects in: a second domain controller copies it. */
  readonly directoryStore: Store
  /** `corp.contoso.com` */
  readonly domain: string
  /** How many commands that write have met conditions here before this one, which is counted. */
  readonly meetConditions: () => number
  close(): void
}

export interface Opening {
  /** `fresh` forgets what was there. */
  readonly use: 'read' | 'write' | 'fresh'
  /** The sandbox's time: what objects are stamped with. */
  readonly clock: () => Instant
  /** A tenant that is made up, instead of the seed's; in memory unless --state names a folder. */
  readonly generated?: object
}

type Place = Pick<Options, 'seed' | 'state'>

interface Seed {
  readonly graph: object
  readonly directory: string
  readonly digest: string
  readonly domain: string
  /** What the two files are called in messages. */
  readonly names: { readonly graph: string; readonly directory: string }
}

interface Note {
  readonly digest: string
  readonly domain: string
}

const noteName = 'seed'
const countName = 'commands'

export function openSandbox(host: Host, options: Place, { use, clock, generated }: Opening): SandboxState {
  const inMemory = generated !== undefined && options.state === undefined
  const folder = inMemory ? undefined : stateFolder(host, options)
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
    const about = open('seed')
    const notes = about.collection<Note>('notes')
    const met = about.collection<{ readonly count: number }>('conditions')
    const meetConditions = (): number => {
      const count = met.get(countName)?.count ?? 0
      met.put(countName, { count: count + 1 })
      return count
    }
    const [graph, directory] = [open('graph'), open('directory')]
    const note = use === 'fresh' ? undefined : notes.get(noteName)
    if (note !== undefined) {
      if (options.seed !== undefined || generated !== undefined)
        checkSeed(readSeed(host, options, generated), options, note)
      const { domain } = note
      const known = asLeft(folder, () => createDirectory({ store: directory, domain, clock }))
      return { graph, directory: known, directoryStore: directory, domain, meetConditions, close }
    }
    const seed = readSeed(host, options, generated)
    // Tried in memory first: a seed with a mistake must not cost what was there.
    if (!readOnly && !inMemory) plant(seed, openStore(undefined, 'graph'), openStore(undefined, 'directory'), clock)
    notes.delete(noteName)
    met.delete(countName)
    graph.clear()
    directory.clear()
    const planted = plant(seed, graph, directory, clock)
    notes.put(noteName, { digest: seed.digest, domain: seed.domain })
    return { graph, directory: planted, directoryStore: directory, domain: seed.domain, meetConditions, close }
  } catch (error) {
    close()
    throw asFailure(error, `cannot use the sandbox's state in ${folder}`)
  }
}

/** Items that no apply of ours has left: somebody was at the files. */
function asLeft<Result>(folder: string | undefined, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error
    const hint = 'start over with `guestlist sandbox reset`, and the same --state and --seed'
    throw new Failure('sandbox-corrupt', `the sandbox's state in ${folder} is damaged`, hint, { cause: error })
  }
}

/** A policy about another domain than the sandbox's would find nothing there. */
export function checkDomain({ domain }: SandboxState, policy: ResolvedPolicy): void {
  const wanted = policy.organization.spec.activeDirectory?.domain
  if (wanted === undefined || wanted.toLowerCase() === domain) return
  throw new Failure(
    'other-domain',
    `the policy is about the domain ${wanted}, but the sandbox's domain is ${domain}`,
    "correct activeDirectory.domain, or start over from a seed whose directory.ldif holds that domain's units",
  )
}

function plant(seed: Seed, graph: Store, directory: Store, clock: () => Instant): SandboxDirectory {
  seedGraph(graph, seed.graph, seed.names.graph)
  const domain = createDirectory({ store: directory, domain: seed.domain, clock })
  domain.seed(seed.directory, seed.names.directory)
  return domain
}

/** Beside the state whose changes it tells of, and gone with it. */
export function sandboxJournal(host: Host, options: Place): string {
  return join(stateFolder(host, options), 'journal.jsonl')
}

/** Starts over, also from a state that nobody can read any more. */
export function resetSandbox(host: Host, options: Place, clock: () => Instant): void {
  try {
    openSandbox(host, options, { use: 'fresh', clock }).close()
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'sandbox-corrupt') throw error
    const folder = stateFolder(host, options)
    const ours = readdirSync(folder).filter(name => /^(seed|graph|directory)\.(snapshot|journal)\.jsonl$/.test(name))
    for (const name of ours) rmSync(join(folder, name))
    openSandbox(host, options, { use: 'fresh', clock }).close()
  }
  rmSync(sandboxJournal(host, options), { force: true })
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
function checkSeed(seed: Seed, options: Place, note: Note): void {
  if (seed.digest === note.digest) return
  const words = [
    ...(options.seed === undefined ? [] : ['--seed', options.seed]),
    ...(options.state === undefined ? [] : ['--state', options.state]),
  ]
  throw new Failure(
    'other-seed',
    `the sandbox's state comes from another seed than ${seed.names.graph} (or that one has changed since)`,
    `start over with \`${['guestlist sandbox reset', ...words].join(' ')}\`, or use another --state`,
  )
}

function readSeed(host: Host, options: Place, generated?: object): Seed {
  const folder = options.seed === undefined ? exampleSeed : pathOf(host, options.seed)
  const graph = generated === undefined ? readWhole(join(folder, 'graph.json')) : JSON.stringify(generated)
  const directory = readIfThere(join(folder, 'directory.ldif')) ?? ''
  const named = (file: string): string =>
    options.seed === undefined ? `the example's ${file}` : join(options.seed, file)
  const names = {
    graph: generated === undefined ? named('graph.json') : 'what --generate makes',
    directory: named('directory.ldif'),
  }
  return {
    graph: parsed(graph, names.graph),
    directory,
    digest: createHash('sha256').update(graph).update('\0').update(directory).digest('hex'),
    domain: domainIn(directory, names.directory),
    names,
  }
}

function parsed(json: string, file: string): object {
  try {
    return JSON.parse(json.replace(/^\uFEFF/, '')) as object
  } catch (error) {
    throw new Failure('bad-seed', `${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

// A tenant without a directory of its own: a seed that holds no record has an empty domain, which needs some name.
const nameless = 'corp.example.com'

/** The domain that the records lie in. */
function domainIn(ldif: string, file: string): string {
  const records = parseLdif(ldif, file)
  if (records.length === 0) return nameless
  const labels = records.map(record =>
    (parseDn(record.dn) ?? []).filter(part => part.attribute === 'dc').map(part => part.value),
  )
  const [shortest] = labels.filter(label => label.length > 0).sort((a, b) => a.length - b.length)
  if (shortest === undefined)
    throw new Failure('bad-seed', `${file} holds no record of any domain`, 'its names end in DC=…,DC=…')
  return shortest.join('.').toLowerCase()
}
