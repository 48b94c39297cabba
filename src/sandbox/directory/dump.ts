// All objects of the domain in one canonical order (parents first, then by name), as a client would read them.

import { canonicalDn } from '../../model/escape.ts'
import { type Database, dnOf, type Entry } from './database.ts'
import { writeLdif } from './ldif.ts'
import type { Attribute } from './schema.ts'
import { fold } from './values.ts'
import { attributesOf, valuesOf } from './view.ts'

export interface DumpedObject {
  readonly dn: string
  /** Under the names that the schema gives them, in the order of the alphabet; values as a reader gets them. */
  readonly attributes: Readonly<Record<string, readonly string[]>>
}

export function dumpDirectory(database: Database): readonly DumpedObject[] {
  return inOrder(database).map(entry => ({
    dn: dnOf(database, entry),
    attributes: Object.fromEntries(
      valuesInOrder(database, entry).map(({ attribute, values }) => [attribute.name, values]),
    ),
  }))
}

/** The same as a seed that builds the same domain. */
export function dumpLdif(database: Database): string {
  return writeLdif(
    inOrder(database).map(entry => ({
      dn: dnOf(database, entry),
      values: valuesInOrder(database, entry).flatMap(({ attribute, values }) =>
        values.map(value => ({
          name: attribute.name,
          value: attribute.syntax === 'octets' ? Buffer.from(value, 'base64') : value,
        })),
      ),
    })),
  )
}

function inOrder(database: Database): readonly Entry[] {
  const root = database.root()
  return root === undefined ? [] : [root, ...below(database, root)]
}

function below(database: Database, entry: Entry): readonly Entry[] {
  const key = (child: Entry) => `${fold(child.name)}=${child.rdnAttribute}`
  const children = [...database.childrenOf(entry.id)].map(child => ({ child, key: key(child) }))
  return children.toSorted((a, b) => order(a.key, b.key)).flatMap(({ child }) => [child, ...below(database, child)])
}

function valuesInOrder(
  database: Database,
  entry: Entry,
): readonly { readonly attribute: Attribute; readonly values: readonly string[] }[] {
  return attributesOf(entry)
    .toSorted((a, b) => order(a.key, b.key))
    .map(attribute => {
      const values = valuesOf(database, entry, attribute)
      return { attribute, values: attribute.link === undefined ? values : inNameOrder(values) }
    })
    .filter(each => each.values.length > 0)
}

function inNameOrder(names: readonly string[]): readonly string[] {
  return names
    .map(name => ({ name, key: canonicalDn(name) }))
    .toSorted((a, b) => order(a.key, b.key))
    .map(each => each.name)
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
