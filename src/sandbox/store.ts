// Named collections of plain objects that survive a kill: a snapshot, and a journal to which every change is appended
// before the write returns. A line of the journal is one change set, all of it or nothing. Only one process writes.
// Opened for reading only (or in memory), changes stay in memory and no file is touched.

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../model/problem.ts'
import { type Entry, filesOf, type Journal, read, removeState, type State, writable } from './store-files.ts'
import { freeLock, takeLock, type Writer } from './store-lock.ts'

export type { Writer } from './store-lock.ts'

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

export interface StoreOptions {
  readonly readOnly?: boolean
  /** Needed to write to a folder. */
  readonly writer?: Writer
  /** Forgets what was there without reading it: the way out of a damaged state. */
  readonly fresh?: boolean
}

/** A store in `folder`, or in memory if that is undefined. `name` tells the stores of one folder apart. */
export function openStore(folder: string | undefined, name: string, options: StoreOptions = {}): Store {
  if (folder === undefined) return storeOf(new Map(), undefined)
  const files = filesOf(folder, name)
  if (options.readOnly === true) return storeOf(read(files).state, undefined)
  if (options.writer === undefined) throw new Error('a store in a folder is written by a process: name it')
  mkdirSync(folder, { recursive: true })
  takeLock(files.lock, options.writer, holder => inUse(files.lock, holder))
  try {
    if (options.fresh === true) removeState(files)
    return storeOf(...writable(files, options.writer.pid))
  } catch (error) {
    freeLock(files.lock)
    throw error
  }
}

function inUse(lock: string, holder: number | undefined): Failure {
  const state = `the sandbox's state in ${dirname(lock)}`
  if (holder === undefined) return new Failure('sandbox-in-use', `${state} is being opened by another process`)
  return new Failure(
    'sandbox-in-use',
    `${state} is in use by process ${holder}`,
    `wait for it to end, use another --state, or remove ${lock} if that process is not guestlist`,
  )
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
