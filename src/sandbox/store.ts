// Named collections of plain objects that survive a kill: a snapshot, and a journal to which every change is appended
// before the write returns. A line of the journal is one change set, all of it or nothing. Only one process writes.
// Opened for reading only (or in memory), changes stay in memory and no file is touched.

import {
  appendFileSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../model/problem.ts'

export interface Collection<Item extends object> {
  readonly size: number
  get(id: string): Item | undefined
  has(id: string): boolean
  put(id: string, item: Item): void
  /** True if it was there. */
  delete(id: string): boolean
  keys(): IterableIterator<string>
  values(): IterableIterator<Item>
}

export interface Change {
  readonly collection: string
  readonly id: string
  readonly before: object | undefined
  readonly after: object | undefined
}

export interface Store {
  /** Items are never changed in place: a change is a `put` of a new object. */
  collection<Item extends object>(name: string): Collection<Item>
  names(): readonly string[]
  /** All changes of `action` reach the journal as one line, at its end; nothing is written if it throws. */
  atomically<Result>(action: () => Result): Result
  /** Told of every change after it is made: what indexes are built from. */
  watch(listener: (change: Change) => void): void
  /** Forgets everything, on disk as well. */
  clear(): void
  /** Compacts the journal into the snapshot and frees the lock. */
  close(): void
}

/** Who writes: the lock names the process, and a lock whose process is gone is taken over. */
export interface Writer {
  readonly pid: number
  readonly isAlive: (pid: number) => boolean
}

export interface StoreOptions {
  readonly readOnly?: boolean
  /** Needed to write to a folder. */
  readonly writer?: Writer
  /** Forgets what was there without reading it: the way out of a damaged state. */
  readonly fresh?: boolean
}

/** `[collection, id, item]`, or without item: deleted. */
type Entry = readonly [collection: string, id: string, item?: object]

/** A store in `folder`, or in memory if that is undefined. `name` tells the stores of one folder apart. */
export function openStore(folder: string | undefined, name: string, options: StoreOptions = {}): Store {
  if (folder === undefined) return storeOf(new Map(), undefined)
  const files = filesOf(folder, name)
  if (options.readOnly === true) return storeOf(read(files).state, undefined)
  if (options.writer === undefined) throw new Error('a store in a folder is written by a process: name it')
  mkdirSync(folder, { recursive: true })
  takeLock(files, options.writer)
  try {
    if (options.fresh === true) removeState(files)
    return storeOf(...writable(files, options.writer.pid))
  } catch (error) {
    rmSync(files.lock, { force: true })
    throw error
  }
}

type State = Map<string, Map<string, object>>

/** Where change sets go. */
interface Journal {
  append(entries: readonly Entry[]): void
  clear(): void
  close(state: State): void
}

/** Changes of an `atomically` that has not ended. */
interface Pending {
  readonly entries: Entry[]
  readonly undo: (() => void)[]
}

function storeOf(state: State, journal: Journal | undefined): Store {
  const listeners: ((change: Change) => void)[] = []
  const collections = new Map<string, Collection<object>>()
  let pending: Pending | undefined

  function itemsOf(collection: string): Map<string, object> {
    let items = state.get(collection)
    if (items === undefined) {
      items = new Map()
      state.set(collection, items)
    }
    return items
  }

  function set(collection: string, id: string, after: object | undefined): boolean {
    const items = itemsOf(collection)
    const before = items.get(id)
    if (before === undefined && after === undefined) return false
    const entry: Entry = after === undefined ? [collection, id] : [collection, id, after]
    if (pending === undefined) journal?.append([entry])
    else {
      pending.entries.push(entry)
      pending.undo.push(() => apply(items, { collection, id, before: after, after: before }))
    }
    apply(items, { collection, id, before, after })
    return true
  }

  function apply(items: Map<string, object>, change: Change): void {
    if (change.after === undefined) items.delete(change.id)
    else items.set(change.id, change.after)
    for (const listener of listeners) listener(change)
  }

  function collectionOf(name: string): Collection<object> {
    return {
      get size() {
        return itemsOf(name).size
      },
      get: id => itemsOf(name).get(id),
      has: id => itemsOf(name).has(id),
      put: (id, item) => void set(name, id, item),
      delete: id => set(name, id, undefined),
      keys: () => itemsOf(name).keys(),
      values: () => itemsOf(name).values(),
    }
  }

  return {
    collection: <Item extends object>(name: string) => {
      let collection = collections.get(name)
      if (collection === undefined) {
        collection = collectionOf(name)
        collections.set(name, collection)
      }
      // A collection holds what its owner puts there; the store looks into no item.
      return collection as Collection<Item>
    },
    names: () => [...state.keys()].filter(name => itemsOf(name).size > 0),
    atomically: action => {
      if (pending !== undefined) return action()
      const mine: Pending = { entries: [], undo: [] }
      pending = mine
      try {
        const result = action()
        if (mine.entries.length > 0) journal?.append(mine.entries)
        return result
      } catch (error) {
        for (const undo of mine.undo.reverse()) undo()
        throw error
      } finally {
        pending = undefined
      }
    },
    watch: listener => void listeners.push(listener),
    clear: () => {
      for (const [collection, items] of state) {
        for (const id of [...items.keys()]) apply(items, { collection, id, before: items.get(id), after: undefined })
      }
      journal?.clear()
    },
    close: () => journal?.close(state),
  }
}

interface Files {
  readonly folder: string
  readonly snapshot: string
  readonly journal: string
  readonly lock: string
}

function filesOf(folder: string, name: string): Files {
  const file = (suffix: string) => join(folder, `${name}.${suffix}`)
  return { folder, snapshot: file('snapshot.jsonl'), journal: file('journal.jsonl'), lock: file('lock') }
}

function writable(files: Files, pid: number): [State, Journal] {
  let { state, generation, journalIsCurrent, journalLength } = read(files)
  let descriptor: number | undefined
  let dirty = journalIsCurrent

  function open(): number {
    if (!journalIsCurrent) {
      writeFileSync(files.journal, `${JSON.stringify({ generation })}\n`)
      journalIsCurrent = true
    } else if (journalLength !== undefined) {
      // A torn last line goes, so that what is appended starts on a line of its own.
      const whole = readFileSync(files.journal).subarray(0, journalLength)
      writeFileSync(files.journal, whole)
    }
    journalLength = undefined
    return openSync(files.journal, 'a')
  }

  function closeJournal(): void {
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = undefined
  }

  return [
    state,
    {
      append(entries) {
        descriptor ??= open()
        dirty = true
        writeSync(descriptor, `${JSON.stringify(entries)}\n`)
      },
      clear() {
        closeJournal()
        removeState(files)
        generation = 0
        journalIsCurrent = false
        dirty = false
      },
      close(current) {
        closeJournal()
        if (dirty) {
          writeSnapshot(files, pid, generation + 1, current)
          rmSync(files.journal, { force: true })
        }
        rmSync(files.lock, { force: true })
      },
    },
  ]
}

// The journal goes first: cut short, this leaves an older state, never a journal without what it continues.
function removeState(files: Files): void {
  rmSync(files.journal, { force: true })
  rmSync(files.snapshot, { force: true })
}

function writeSnapshot(files: Files, pid: number, generation: number, state: State): void {
  const temporary = `${files.snapshot}.${pid}.tmp`
  const items = [...state].flatMap(([collection, entries]) =>
    [...entries].map(([id, item]): Entry => [collection, id, item]),
  )
  writeFileSync(temporary, `${JSON.stringify({ generation, items: items.length })}\n`)
  const chunk = 1000
  for (let from = 0; from < items.length; from += chunk) {
    appendFileSync(
      temporary,
      items
        .slice(from, from + chunk)
        .map(item => `${JSON.stringify(item)}\n`)
        .join(''),
    )
  }
  renameSync(temporary, files.snapshot)
}

interface Reading {
  readonly state: State
  readonly generation: number
  /** The journal continues this snapshot; otherwise it is a rest from before the snapshot, which holds it already. */
  readonly journalIsCurrent: boolean
  /** Bytes of the journal's whole lines. */
  readonly journalLength: number | undefined
}

function read(files: Files): Reading {
  // A writer may compact between the two reads: then the journal is newer than the snapshot, and both are read again.
  for (let attempt = 0; attempt < 10; attempt++) {
    const { state, generation } = readSnapshot(files)
    const text = readIfThere(files.journal)
    const whole = text?.slice(0, text.lastIndexOf('\n') + 1)
    if (whole === undefined || whole === '')
      return { state, generation, journalIsCurrent: false, journalLength: undefined }
    const [first, ...lines] = whole.slice(0, -1).split('\n')
    const journalGeneration = (parse(files.journal, first) as { generation?: unknown } | null)?.generation
    if (typeof journalGeneration !== 'number') throw corrupt(files.journal)
    if (journalGeneration > generation) continue
    if (journalGeneration < generation) return { state, generation, journalIsCurrent: false, journalLength: undefined }
    for (const line of lines)
      for (const entry of entriesOf(files.journal, parse(files.journal, line))) replay(state, entry)
    return { state, generation, journalIsCurrent: true, journalLength: Buffer.byteLength(whole) }
  }
  throw corrupt(files.journal)
}

function readSnapshot(files: Files): { state: State; generation: number } {
  const state: State = new Map()
  const text = readIfThere(files.snapshot)
  if (text === undefined) return { state, generation: 0 }
  const [first, ...lines] = text.split('\n')
  const head = parse(files.snapshot, first) as { generation?: unknown; items?: unknown } | null
  if (typeof head?.generation !== 'number' || lines.pop() !== '' || head.items !== lines.length)
    throw corrupt(files.snapshot)
  for (const line of lines) {
    for (const entry of entriesOf(files.snapshot, [parse(files.snapshot, line)])) replay(state, entry)
  }
  return { state, generation: head.generation }
}

function replay(state: State, [collection, id, item]: Entry): void {
  const items = state.get(collection) ?? new Map<string, object>()
  state.set(collection, items)
  if (item === undefined) items.delete(id)
  else items.set(id, item)
}

function entriesOf(file: string, value: unknown): readonly Entry[] {
  if (!Array.isArray(value)) throw corrupt(file)
  return value.map((entry): Entry => {
    if (!Array.isArray(entry)) throw corrupt(file)
    const [collection, id, item] = entry as unknown[]
    const isItem = typeof item === 'object' && item !== null
    if (typeof collection !== 'string' || typeof id !== 'string' || !(isItem || item === undefined)) throw corrupt(file)
    return item === undefined ? [collection, id] : [collection, id, item as object]
  })
}

function parse(file: string, line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? '')
  } catch {
    throw corrupt(file)
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new Failure('sandbox-unreadable', `cannot read the sandbox's state ${file}: ${(error as Error).message}`)
  }
}

function corrupt(file: string): Failure {
  return new Failure(
    'sandbox-corrupt',
    `the sandbox's state ${file} is damaged`,
    'start over with `guestlist sandbox reset`',
  )
}

// The lock appears with its content in it, by a hard link: nobody ever reads a lock that does not yet say whose it is.
function takeLock(files: Files, writer: Writer): void {
  const mine = `${files.lock}.${writer.pid}`
  writeFileSync(mine, String(writer.pid))
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        linkSync(mine, files.lock)
        return
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error
      }
      const holder = Number(readIfThere(files.lock))
      if (Number.isSafeInteger(holder) && holder > 0 && holder !== writer.pid && writer.isAlive(holder)) {
        throw new Failure(
          'sandbox-in-use',
          `the sandbox's state in ${files.folder} is in use by process ${holder}`,
          `wait for it to end, use another --state, or remove ${files.lock} if that process is not guestlist`,
        )
      }
      rmSync(files.lock, { force: true })
    }
    throw new Failure('sandbox-in-use', `the sandbox's state in ${files.folder} is being opened by another process`)
  } finally {
    rmSync(mine, { force: true })
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code
}
