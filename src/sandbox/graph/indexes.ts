// Ways into a collection other than by id. Each follows the store's changes; keys are compared without case.

import type { Store } from '../store.ts'
import type { Item } from './match.ts'

const none: ReadonlySet<string> = new Set()

/** Ids of the items that have a key. Keys that are no text are left out. */
export function indexOf(store: Store, collection: string, keysOf: (item: Item) => readonly unknown[]) {
  const ids = new Map<string, Set<string>>()

  function texts(item: object | undefined): ReadonlySet<string> {
    if (item === undefined) return none
    return new Set(keysOf(item as Item).flatMap(key => (typeof key === 'string' ? [key.toLowerCase()] : [])))
  }

  const items = store.collection<Item>(collection)
  for (const id of items.keys()) for (const key of texts(items.get(id))) add(ids, key, id)
  store.watch(change => {
    if (change.collection !== collection) return
    for (const key of texts(change.before)) remove(ids, key, change.id)
    for (const key of texts(change.after)) add(ids, key, change.id)
  })
  return {
    all: (key: string): ReadonlySet<string> => ids.get(key.toLowerCase()) ?? none,
    first: (key: string): string | undefined => ids.get(key.toLowerCase())?.values().next().value,
  }
}

/** Links between objects, in the order in which they were made, both ways. */
export function linksOf(store: Store, name: string) {
  const links = store.collection(name)
  const forward = new Map<string, Set<string>>()
  const backward = new Map<string, Set<string>>()

  function split(id: string): readonly [from: string, to: string] {
    const at = id.indexOf('/')
    return [id.slice(0, at), id.slice(at + 1)]
  }

  function note(id: string): void {
    const [from, to] = split(id)
    add(forward, from, to)
    add(backward, to, from)
  }

  for (const id of links.keys()) note(id)
  store.watch(change => {
    if (change.collection !== name) return
    if (change.after !== undefined) {
      note(change.id)
      return
    }
    const [from, to] = split(change.id)
    remove(forward, from, to)
    remove(backward, to, from)
  })
  return {
    from: (id: string): ReadonlySet<string> => forward.get(id) ?? none,
    to: (id: string): ReadonlySet<string> => backward.get(id) ?? none,
    has: (from: string, to: string): boolean => links.has(`${from}/${to}`),
    add: (from: string, to: string): void => links.put(`${from}/${to}`, {}),
    remove: (from: string, to: string): boolean => links.delete(`${from}/${to}`),
    /** All links of an object that is gone for good. */
    forget(id: string): void {
      for (const to of [...(forward.get(id) ?? none)]) links.delete(`${id}/${to}`)
      for (const from of [...(backward.get(id) ?? none)]) links.delete(`${from}/${id}`)
    },
  }
}

export type Links = ReturnType<typeof linksOf>

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([value]))
  else set.add(value)
}

function remove(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key)
  set?.delete(value)
  if (set?.size === 0) sets.delete(key)
}
