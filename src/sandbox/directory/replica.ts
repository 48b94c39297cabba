// A second domain controller's copy of the domain, and what keeps the two alike: each object's changes arrive at the other
// side some time later, in the state that the object has by then, attribute by attribute, as Active Directory replicates.
// An object waits for the one above it, and a link for both of its ends. Two objects that were given one name at the two
// sides both stay; one of them gets a name that says so, as on Windows.

import { openStore, type Store } from '../store.ts'
import type { Entry, Link, Tombstone } from './database.ts'
import { fractions } from './faults.ts'
import { fold } from './values.ts'

export interface Replication {
  /** The second side. */
  readonly store: Store
  /** What is due arrives, on both sides. */
  readonly refresh: () => void
  /** All arrives, due or not. */
  readonly settle: () => void
}

export interface ReplicationOptions {
  readonly store: Store
  /** Milliseconds: each change takes between a half and one and a half of it. */
  readonly lag: number
  readonly seed: number
  readonly now: () => number
}

const replicated = ['entries', 'tombstones', 'links'] as const

/** Relative identifiers that the second side hands out: far from the first one's. */
const secondPool = 500_000

export function replicate({ store, lag, seed, now }: ReplicationOptions): Replication {
  const second = openStore(undefined, 'directory')
  for (const name of store.names()) {
    const from = store.collection(name)
    for (const id of from.keys()) second.collection(name).put(id, from.get(id) ?? {})
  }
  const rid = second.collection<{ readonly value: number }>('counters').get('rid')?.value ?? 0
  second.collection('counters').put('rid', { value: Math.max(rid, secondPool) })

  const delayOf = (key: string): number => lag * (0.5 + fractions(`${seed}|${key}`)[0])
  let isArriving = false
  const ways = [way(store, second), way(second, store)]

  function way(from: Store, to: Store) {
    const queue = new Map<string, Pending>()
    let count = 0
    from.watch(({ collection, id, before, after }) => {
      if (isArriving || !replicated.some(name => name === collection)) return
      const key = `${collection}|${id}`
      count += 1
      const due = now() + delayOf(`${key}|${count}`)
      const waiting = queue.get(key) ?? { collection, id, due, changed: new Set() }
      if (collection === 'entries')
        noteChanges(waiting.changed, before as Entry | undefined, after as Entry | undefined)
      queue.set(key, waiting)
    })
    const arrive = (until: number): boolean => {
      let moved = false
      for (const [key, pending] of queue) {
        if (pending.due > until || !arrives(pending, from, to)) continue
        queue.delete(key)
        moved = true
      }
      return moved
    }
    return { arrive }
  }

  const bring = (until: number): void => {
    isArriving = true
    try {
      let moved = true
      while (moved) moved = ways.map(({ arrive }) => arrive(until)).includes(true)
    } finally {
      isArriving = false
    }
  }
  return {
    store: second,
    refresh: () => bring(now()),
    settle: () => bring(Number.POSITIVE_INFINITY),
  }
}

interface Pending {
  readonly collection: string
  readonly id: string
  readonly due: number
  /** Of an object: what of it was written. */
  readonly changed: Set<string>
}

const place = '(place)'

function noteChanges(changed: Set<string>, before: Entry | undefined, after: Entry | undefined): void {
  if (before?.parent !== after?.parent || before?.name !== after?.name) changed.add(place)
  for (const key of Object.keys({ ...before?.attributes, ...after?.attributes })) {
    if (before?.attributes[key] !== after?.attributes[key]) changed.add(key)
  }
}

/** False if it has to wait. */
function arrives({ collection, id, changed }: Pending, from: Store, to: Store): boolean {
  if (collection === 'entries') return entryArrives(id, changed, from, to)
  if (collection === 'links') return linkArrives(id, from, to)
  const tombstone = from.collection<Tombstone>('tombstones').get(id)
  if (tombstone !== undefined) to.collection<Tombstone>('tombstones').put(id, tombstone)
  return true
}

function entryArrives(id: string, changed: ReadonlySet<string>, from: Store, to: Store): boolean {
  const entries = to.collection<Entry>('entries')
  const there = entries.get(id)
  const source = from.collection<Entry>('entries').get(id)
  if (source === undefined) {
    for (const key of linksOf(to, id)) to.collection('links').delete(key)
    entries.delete(id)
    return true
  }
  // Deleted on the other side meanwhile: it stays deleted.
  if (there === undefined && to.collection('tombstones').has(id)) return true
  const merged = there === undefined ? source : mergedEntry(there, source, changed)
  if (merged.parent !== '' && !entries.has(merged.parent)) return false
  const holder = [...entries.values()].find(each => each.id !== id && isSamePlace(each, merged))
  if (holder === undefined) {
    entries.put(id, merged)
    return true
  }
  const theirs = from.collection<Entry>('entries').get(holder.id) ?? holder
  // It has gone elsewhere, which is still to come; or it had to give way there already, and does so here.
  if (!isSamePlace(theirs, merged) && theirs.name !== renamed(holder).name) return false
  if (holder.id < id) entries.put(id, renamed(merged))
  else {
    entries.put(holder.id, renamed(holder))
    entries.put(id, merged)
  }
  return true
}

function mergedEntry(there: Entry, source: Entry, changed: ReadonlySet<string>): Entry {
  const attributes = { ...there.attributes }
  for (const key of changed) {
    const values = source.attributes[key]
    if (values === undefined) delete attributes[key]
    else attributes[key] = values
  }
  const { parent, name } = changed.has(place) ? source : there
  return { ...there, parent, name, attributes, hasPassword: there.hasPassword || source.hasPassword }
}

function isSamePlace(a: Entry, b: Entry): boolean {
  return a.parent === b.parent && a.rdnAttribute === b.rdnAttribute && fold(a.name) === fold(b.name)
}

/** As Windows names the one of two that has to give way, but for the line break that Windows puts before `CNF`. */
function renamed(entry: Entry): Entry {
  return { ...entry, name: `${entry.name} CNF:${entry.id}` }
}

function linkArrives(id: string, from: Store, to: Store): boolean {
  const link = from.collection<Link>('links').get(id)
  const links = to.collection<Link>('links')
  if (link === undefined) {
    links.delete(id)
    return true
  }
  const ends = [link.from, link.to]
  if (ends.some(end => to.collection('tombstones').has(end))) return true
  if (!ends.every(end => to.collection('entries').has(end))) return false
  links.put(id, link)
  return true
}

function linksOf(store: Store, id: string): readonly string[] {
  return [...store.collection('links').keys()].filter(key => key.includes(id))
}
