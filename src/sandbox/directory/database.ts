// Objects, links and counters in the store, and the indexes over them. The indexes follow the store's own account of
// its changes, so that a refused write, rolled back there, is undone here as well. Knows no rule about what may be written.

import { canonicalDn, domainDn, parseDn, rdn } from '../../model/escape.ts'
import { Failure } from '../../model/problem.ts'
import type { Instant } from '../../model/time.ts'
import type { Store } from '../store.ts'
import { attributeOf, forwardLinks, indexedAttributes } from './schema.ts'
import { comparable, domainSid, fold, guidFrom } from './values.ts'

export type Attributes = Readonly<Record<string, readonly string[]>>

export interface Entry {
  /** The objectGUID. */
  readonly id: string
  /** The parent's objectGUID; empty for the domain itself. */
  readonly parent: string
  readonly rdnAttribute: 'CN' | 'OU' | 'DC'
  readonly name: string
  /** Stored attributes by key; links and computed attributes are not among them. */
  readonly attributes: Attributes
  /** Of the password nothing else is kept. */
  readonly hasPassword: boolean
}

/** What is left of a deleted object. */
export interface Tombstone {
  readonly id: string
  readonly name: string
  readonly lastKnownParent: string
  readonly attributes: Attributes
}

export interface Link {
  readonly attribute: string
  readonly from: string
  readonly to: string
}

interface Counter {
  readonly value: number
}

export interface Database {
  readonly domain: string
  readonly rootDn: string
  readonly sid: string
  readonly now: () => Instant
  get(id: string): Entry | undefined
  root(): Entry | undefined
  childNamed(parent: Entry, rdnAttribute: string, name: string): Entry | undefined
  childrenOf(id: string): Iterable<Entry>
  hasChildren(id: string): boolean
  /** By an indexed attribute; the value in its stored form. */
  find(key: string, value: string): readonly Entry[]
  /** What `id` points at with a link, and what points at `id`. */
  targets(link: string, id: string): ReadonlySet<string>
  sources(link: string, id: string): ReadonlySet<string>
  put(entry: Entry): void
  link(link: string, from: string, to: string): void
  unlink(link: string, from: string, to: string): void
  /** Takes the object and its links away, and keeps what a tombstone keeps. */
  bury(entry: Entry, tombstone: Tombstone): void
  /** An empty domain. */
  wipe(): void
  /** A number that was never given before; counters start where the highest given one ended. */
  next(counter: 'usn' | 'rid'): number
  raise(counter: 'usn' | 'rid', atLeast: number): void
  /** Always the same for the first object of that name, the second, and so on: not by the order of writes. */
  newGuid(dn: string): string
  atomically<Result>(action: () => Result): Result
}

const nothing: ReadonlySet<string> = new Set()

/** `origin` tells the domain's controllers apart: no two of them make the same GUID. */
export function openDatabase(store: Store, domain: string, now: () => Instant, origin = ''): Database {
  const entries = store.collection<Entry>('entries')
  const links = store.collection<Link>('links')
  const tombstones = store.collection<Tombstone>('tombstones')
  const counters = store.collection<Counter>('counters')
  const about = store.collection<{ readonly domain: string }>('about')
  const held = about.get('domain')?.domain
  if (held !== undefined && held !== domain.toLowerCase()) {
    throw new Failure(
      'sandbox-domain',
      `the sandbox holds the domain ${held}, the policy names ${domain}`,
      'start over with `guestlist sandbox reset`',
    )
  }
  const children = new Map<string, Map<string, string>>()
  const values = new Map(indexedAttributes.map(each => [each.key, new Map<string, Set<string>>()]))
  const forward = new Map(forwardLinks.map(key => [key, new Map<string, Set<string>>()]))
  const backward = new Map(forwardLinks.map(key => [key, new Map<string, Set<string>>()]))

  function indexEntry(before: Entry | undefined, after: Entry | undefined): void {
    if (before?.parent !== after?.parent || before?.name !== after?.name) {
      if (before !== undefined) {
        const siblings = children.get(before.parent)
        siblings?.delete(rdnKey(before.rdnAttribute, before.name))
        if (siblings?.size === 0) children.delete(before.parent)
      }
      if (after !== undefined) {
        const siblings = children.get(after.parent) ?? new Map<string, string>()
        children.set(after.parent, siblings.set(rdnKey(after.rdnAttribute, after.name), after.id))
      }
    }
    for (const attribute of indexedAttributes) {
      const old = before?.attributes[attribute.key]
      const fresh = after?.attributes[attribute.key]
      if (old === fresh) continue
      const index = values.get(attribute.key)
      if (index === undefined) continue
      for (const value of old ?? []) dropFrom(index, comparable(attribute, value), before?.id ?? '')
      for (const value of fresh ?? []) addTo(index, comparable(attribute, value), after?.id ?? '')
    }
  }

  function indexLink(before: Link | undefined, after: Link | undefined): void {
    if (before !== undefined) {
      dropFrom(forward.get(before.attribute), before.from, before.to)
      dropFrom(backward.get(before.attribute), before.to, before.from)
    }
    if (after !== undefined) {
      addTo(forward.get(after.attribute), after.from, after.to)
      addTo(backward.get(after.attribute), after.to, after.from)
    }
  }

  for (const entry of entries.values()) indexEntry(undefined, entry)
  for (const link of links.values()) indexLink(undefined, link)
  store.watch(change => {
    if (change.collection === 'entries') {
      indexEntry(change.before as Entry | undefined, change.after as Entry | undefined)
    } else if (change.collection === 'links') {
      indexLink(change.before as Link | undefined, change.after as Link | undefined)
    }
  })

  function unlink(link: string, from: string, to: string): void {
    links.delete(`${link}|${from}|${to}`)
  }

  function childrenOf(id: string): Entry[] {
    return [...(children.get(id)?.values() ?? [])].flatMap(child => entries.get(child) ?? [])
  }

  return {
    domain,
    rootDn: domainDn(domain),
    get sid() {
      return childrenOf('')[0]?.attributes.objectsid?.[0] ?? domainSid(domain)
    },
    now,
    get: id => entries.get(id),
    root: () => childrenOf('')[0],
    childNamed: (parent, rdnAttribute, name) =>
      entries.get(children.get(parent.id)?.get(rdnKey(rdnAttribute, name)) ?? ''),
    childrenOf,
    hasChildren: id => children.has(id),
    find: (key, value) => {
      const attribute = attributeOf(key)
      const ids = attribute === undefined ? undefined : values.get(attribute.key)?.get(comparable(attribute, value))
      return [...(ids ?? [])].flatMap(id => entries.get(id) ?? [])
    },
    targets: (link, id) => forward.get(link)?.get(id) ?? nothing,
    sources: (link, id) => backward.get(link)?.get(id) ?? nothing,
    put: entry => entries.put(entry.id, entry),
    link: (attribute, from, to) => links.put(`${attribute}|${from}|${to}`, { attribute, from, to }),
    unlink,
    bury: (entry, tombstone) => {
      for (const link of forwardLinks) {
        for (const to of [...(forward.get(link)?.get(entry.id) ?? [])]) unlink(link, entry.id, to)
        for (const from of [...(backward.get(link)?.get(entry.id) ?? [])]) unlink(link, from, entry.id)
      }
      entries.delete(entry.id)
      tombstones.put(tombstone.id, tombstone)
    },
    wipe: () => {
      for (const collection of [links, entries, tombstones, counters]) {
        for (const id of [...collection.keys()]) collection.delete(id)
      }
      about.put('domain', { domain: domain.toLowerCase() })
    },
    next: counter => {
      const value = (counters.get(counter)?.value ?? firstOf[counter]) + 1
      counters.put(counter, { value })
      return value
    },
    raise: (counter, atLeast) => {
      if ((counters.get(counter)?.value ?? firstOf[counter]) < atLeast) counters.put(counter, { value: atLeast })
    },
    newGuid: dn => {
      for (let generation = 1; ; generation++) {
        const id = guidFrom(`${domain.toLowerCase()}/${canonicalDn(dn)}/${generation}${origin}`)
        if (!entries.has(id) && !tombstones.has(id)) return id
      }
    },
    atomically: action => store.atomically(action),
  }
}

// The first relative identifier that a domain hands out behind those of its own accounts is 1103.
const firstOf = { usn: 4096, rid: 1102 } as const

function rdnKey(attribute: string, name: string): string {
  return `${attribute.toUpperCase()}=${fold(name)}`
}

function addTo(index: Map<string, Set<string>> | undefined, key: string, id: string): void {
  const ids = index?.get(key)
  if (ids === undefined) index?.set(key, new Set([id]))
  else ids.add(id)
}

function dropFrom(index: Map<string, Set<string>> | undefined, key: string, id: string): void {
  const ids = index?.get(key)
  ids?.delete(id)
  if (ids?.size === 0) index?.delete(key)
}

export function dnOf(database: Database, entry: Entry): string {
  const parent = database.get(entry.parent)
  return parent === undefined ? database.rootDn : `${rdn(entry.rdnAttribute, entry.name)},${dnOf(database, parent)}`
}

export interface NamePart {
  readonly attribute: string
  readonly value: string
}

/** How far a distinguished name leads: to an object, to a gap below the last object, or out of the domain. */
export type Resolution = { readonly entry: Entry } | { readonly lastFound: Entry } | 'malformed' | 'elsewhere'

export function resolveDn(database: Database, dn: string): Resolution {
  const parts = parseDn(dn)
  return parts === undefined ? 'malformed' : resolveParts(database, parts)
}

export function resolveParts(database: Database, parts: readonly NamePart[]): Resolution {
  const rootParts = parseDn(database.rootDn) ?? []
  const root = database.root()
  const isOurs = rootParts.every((part, index) => {
    const theirs = parts[parts.length - rootParts.length + index]
    return theirs?.attribute === part.attribute && fold(theirs.value) === fold(part.value)
  })
  if (!isOurs || root === undefined) return 'elsewhere'
  let entry = root
  for (const part of parts.slice(0, parts.length - rootParts.length).toReversed()) {
    const child = database.childNamed(entry, part.attribute, part.value)
    if (child === undefined) return { lastFound: entry }
    entry = child
  }
  return { entry }
}

/** True if `entry` is `ancestor` or lies below it. */
export function isBelow(database: Database, entry: Entry, ancestor: Entry): boolean {
  let at: Entry | undefined = entry
  while (at !== undefined && at.id !== ancestor.id) at = database.get(at.parent)
  return at !== undefined
}
