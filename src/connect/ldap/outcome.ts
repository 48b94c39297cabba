// What became of a write whose answer was lost, as far as reading tells: what it asked for holds, or it does not. Values
// that cannot be read back count as not holding.

import {
  type AttributeValue,
  type DirectoryEntry,
  type Filter,
  type Modification,
  RequestFailure,
} from '../../model/directories.ts'
import { canonicalDn, childDn, parseDn } from '../../model/escape.ts'
import { textOf } from './entries.ts'
import type { Search } from './search.ts'

const anything: Filter = { present: 'objectClass' }

/** Undefined if there is no such object. */
export async function readObject(
  search: Search,
  target: string,
  attributes: readonly string[],
): Promise<DirectoryEntry | undefined> {
  try {
    const [entry] = await search({ base: target, scope: 'base', filter: anything, attributes })
    return entry
  } catch (error) {
    if (error instanceof RequestFailure && error.status === 32) return undefined
    throw error
  }
}

/** Never given back by a domain controller, or given back in another form. */
const unreadable: ReadonlySet<string> = new Set(['unicodepwd', 'userpassword', 'objectclass', 'ntsecuritydescriptor'])

/**
 * The objectGUID of the object under this name, if it has the values that it was to be created with; undefined if none is
 * there. Throws for another one: it may have been there before, or be ours with values that the server put into its form.
 */
export async function createdAs(
  search: Search,
  dn: string,
  attributes: Readonly<Record<string, readonly AttributeValue[]>>,
): Promise<string | undefined> {
  const names = Object.keys(attributes).filter(name => !unreadable.has(name.toLowerCase()))
  const entry = await readObject(search, dn, ['objectGUID', ...names])
  if (entry === undefined) return undefined
  for (const name of names) {
    const there = await comparableValues(search, name, entry.attributes[name.toLowerCase()] ?? [])
    const wanted = await comparableValues(search, name, attributes[name] ?? [])
    if (![...wanted].every(value => there.has(value))) throw new Error(`an object of this name has another ${name}`)
  }
  return entry.attributes.objectguid?.[0]
}

/** True if the object is as it would be had these modifications just been made. */
export async function isModifiedAs(
  search: Search,
  target: string,
  modifications: readonly Modification[],
): Promise<boolean> {
  const names = [...new Set(modifications.map(({ attribute }) => attribute.toLowerCase()))]
  if (names.some(name => unreadable.has(name))) return false
  const entry = await readObject(search, target, names)
  if (entry === undefined) return false
  for (const name of names) {
    const there = await comparableValues(search, name, entry.attributes[name] ?? [])
    const wanted = new Map<string, boolean>()
    let isWhole = false
    for (const { operation, attribute, values } of modifications) {
      if (attribute.toLowerCase() !== name) continue
      if (operation === 'replace' || (operation === 'delete' && values.length === 0)) {
        wanted.clear()
        isWhole = true
      }
      for (const value of await comparableValues(search, name, values)) wanted.set(value, operation !== 'delete')
    }
    for (const [value, isThere] of wanted) if (there.has(value) !== isThere) return false
    if (isWhole && there.size !== [...wanted.values()].filter(isThere => isThere).length) return false
  }
  return true
}

/** True if the object lies under its new name. */
export async function isMovedTo(search: Search, target: string, newDn: string): Promise<boolean> {
  const there = await readObject(search, target, ['distinguishedName'])
  // Without an identity that survives, a new name that is taken now and an old one that is free must do.
  if (there === undefined) return !target.startsWith('<') && (await readObject(search, newDn, [])) !== undefined
  return canonicalDn(there.dn) === canonicalDn(newDn)
}

/** The name that an object gets. */
export function movedDn(newRdn: string, newParent: string): string {
  const [leaf] = parseDn(newRdn) ?? []
  return leaf === undefined ? `${newRdn},${newParent}` : childDn(leaf.attribute, leaf.value, newParent)
}

/** Names of objects in one form; all else as it is, since case is what a change may be about. */
async function comparableValues(
  search: Search,
  attribute: string,
  values: readonly AttributeValue[],
): Promise<Set<string>> {
  const name = attribute.toLowerCase()
  const texts = values.map(async value => {
    const text = typeof value === 'string' ? value : textOf(name, Buffer.from(value))
    const isIdentity = /^<(GUID|SID)=/i.test(text)
    const dn = isIdentity ? ((await readObject(search, text, ['distinguishedName']))?.dn ?? text) : text
    return parseDn(dn) === undefined ? dn : canonicalDn(dn)
  })
  return new Set(await Promise.all(texts))
}
