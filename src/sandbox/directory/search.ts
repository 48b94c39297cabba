// Reading: filters as AD evaluates them (unknown attributes make a filter neither true nor false), answered from an
// index where one of its terms has one, otherwise from the subtree below the base.

import type { DirectoryEntry, DirectorySearch, Filter } from '../../model/directories.ts'
import { type Database, type Entry, isBelow } from './database.ts'
import { type Attribute, attributeOf, classOf } from './schema.ts'
import { comparable, fold } from './values.ts'
import { attributesOf, categoryDn, entryNamed, read, targetOf, valuesOf } from './view.ts'

export function search(database: Database, request: DirectorySearch): readonly DirectoryEntry[] {
  const base = targetOf(database, request.base)
  const all = request.attributes.length === 0 || request.attributes.includes('*')
  const wanted = request.attributes.flatMap(name => attributeOf(name) ?? [])
  const found: DirectoryEntry[] = []
  for (const entry of inScope(database, base, request)) {
    if (matches(database, entry, request.filter) !== true) continue
    found.push(read(database, entry, all ? attributesOf(entry) : wanted))
  }
  return found
}

function inScope(database: Database, base: Entry, { scope, filter }: DirectorySearch): Iterable<Entry> {
  if (scope === 'base') return [base]
  const candidates = candidatesOf(database, filter)
  if (candidates === undefined) return scope === 'one' ? database.childrenOf(base.id) : subtree(database, base)
  if (scope === 'one') return candidates.filter(entry => entry.parent === base.id)
  return candidates.filter(entry => isBelow(database, entry, base))
}

function* subtree(database: Database, base: Entry): Iterable<Entry> {
  yield base
  for (const child of database.childrenOf(base.id)) yield* subtree(database, child)
}

/** The only objects that can match, if an index tells. */
function candidatesOf(database: Database, filter: Filter): readonly Entry[] | undefined {
  if ('and' in filter) {
    const sets = filter.and.flatMap(each => {
      const candidates = candidatesOf(database, each)
      return candidates === undefined ? [] : [candidates]
    })
    return sets.toSorted((a, b) => a.length - b.length)[0]
  }
  if ('or' in filter) {
    const sets = filter.or.map(each => candidatesOf(database, each))
    return sets.includes(undefined) ? undefined : [...new Set(sets.flatMap(set => set ?? []))]
  }
  if ('inChain' in filter) return chained(database, filter.inChain)
  if (!('equals' in filter)) return undefined
  const [name, value] = filter.equals
  const attribute = attributeOf(name)
  if (attribute?.link !== undefined) {
    const other = entryNamed(database, value)
    if (other === undefined) return []
    const { forward, isBack } = attribute.link
    const ids = isBack ? database.targets(forward, other.id) : database.sources(forward, other.id)
    return [...ids].flatMap(id => database.get(id) ?? [])
  }
  if (attribute?.key === 'objectguid') return listOf(database.get(value.toLowerCase()))
  if (attribute?.key === 'distinguishedname') return listOf(entryNamed(database, value))
  return attribute?.indexed === true ? database.find(attribute.key, value) : undefined
}

/** The objects from which links of this attribute lead to the object `dn`, over any number of steps. */
function chained(database: Database, [name, dn]: readonly [name: string, dn: string]): readonly Entry[] | undefined {
  const link = attributeOf(name)?.link
  const end = entryNamed(database, dn)
  if (link === undefined || end === undefined) return link && []
  const step = link.isBack ? database.targets : database.sources
  return [...walk(end.id, id => step(link.forward, id))].flatMap(id => database.get(id) ?? [])
}

function isInChain(database: Database, entry: Entry, [name, dn]: readonly [name: string, dn: string]) {
  const link = attributeOf(name)?.link
  const end = entryNamed(database, dn)
  if (link === undefined || end === undefined) return link && false
  // From the member up: nobody is in as many groups as a group has members.
  const [from, to] = link.isBack ? [entry.id, end.id] : [end.id, entry.id]
  return walk(from, id => database.sources(link.forward, id)).some(id => id === to)
}

/** What is reached from `start`, each once; `start` itself only on a way round. */
function* walk(start: string, step: (id: string) => Iterable<string>): IteratorObject<string, undefined> {
  const seen = new Set<string>()
  const open = [start]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const next of step(id)) {
      if (seen.has(next)) continue
      seen.add(next)
      open.push(next)
      yield next
    }
  }
}

function listOf(entry: Entry | undefined): readonly Entry[] {
  return entry === undefined ? [] : [entry]
}

function matches(database: Database, entry: Entry, filter: Filter): boolean | undefined {
  if ('and' in filter) return every(filter.and.map(each => matches(database, entry, each)))
  if ('or' in filter) return not(every(filter.or.map(each => not(matches(database, entry, each)))))
  if ('not' in filter) return not(matches(database, entry, filter.not))
  if ('present' in filter) {
    const attribute = attributeOf(filter.present)
    return attribute && valuesOf(database, entry, attribute).length > 0
  }
  if ('inChain' in filter) return isInChain(database, entry, filter.inChain)
  const [name, value] = 'equals' in filter ? filter.equals : filter.startsWith
  const attribute = attributeOf(name)
  if (attribute === undefined) return undefined
  return 'equals' in filter ? hasValue(database, entry, attribute, value) : hasPrefix(database, entry, attribute, value)
}

function every(results: readonly (boolean | undefined)[]): boolean | undefined {
  if (results.includes(false)) return false
  return results.includes(undefined) ? undefined : true
}

function not(result: boolean | undefined): boolean | undefined {
  return result === undefined ? undefined : !result
}

function hasValue(database: Database, entry: Entry, attribute: Attribute, value: string): boolean {
  if (attribute.link !== undefined) {
    const other = entryNamed(database, value)
    if (other === undefined) return false
    const { forward, isBack } = attribute.link
    return isBack
      ? database.targets(forward, other.id).has(entry.id)
      : database.targets(forward, entry.id).has(other.id)
  }
  const wanted = comparable(attribute, asCategory(database, attribute, value))
  return valuesOf(database, entry, attribute).some(each => comparable(attribute, each) === wanted)
}

/** A client may name a class where objectCategory holds the name of a schema object. */
function asCategory(database: Database, attribute: Attribute, value: string): string {
  if (attribute.key !== 'objectcategory' || value.includes('=')) return value
  return categoryDn(database, classOf(value)?.category ?? value)
}

function hasPrefix(database: Database, entry: Entry, attribute: Attribute, prefix: string): boolean | undefined {
  if (attribute.syntax !== 'string') return undefined
  const wanted = fold(prefix)
  return valuesOf(database, entry, attribute).some(value => fold(value).startsWith(wanted))
}
