// Which objects there can be, and where: classes, the attribute that names them, and what they may be created under.

import type { AttributeValue } from '../../model/directories.ts'
import { parseDn } from '../../model/escape.ts'
import { type Database, dnOf, type Entry, type NamePart, resolveParts } from './database.ts'
import { known } from './draft.ts'
import { refusal } from './refusal.ts'
import { classOf, isClassName, type ObjectClass } from './schema.ts'
import { storedValue } from './values.ts'
import { classOfEntry, found } from './view.ts'

/** Where a new object of that name would be. */
export function placeOf(database: Database, dn: string): { readonly leaf: NamePart; readonly parent: Entry } {
  const [leaf, ...above] = parseDn(dn) ?? []
  if (leaf === undefined) throw refusal(34, `00002081: NameErr: ${JSON.stringify(dn)} is no DN`)
  return { leaf, parent: found(database, resolveParts(database, above), dn) }
}

/** The class that the values of objectClass make an object of. */
export function structuralClass(values: readonly AttributeValue[]): ObjectClass {
  const names = values.map(value => (typeof value === 'string' ? value : Buffer.from(value).toString()))
  const unknown = names.find(name => !isClassName(name))
  if (unknown !== undefined) throw refusal(16, `00000057: LdapErr: objectClass ${unknown} is not in the schema`)
  const classes = names.flatMap(name => classOf(name) ?? [])
  const lowest = classes.toSorted((a, b) => b.chain.length - a.chain.length)[0]
  if (lowest === undefined || names.some(name => !chainHas(lowest, name))) {
    throw refusal(65, `00002093: UpdErr: objectClass ${names.join(', ') || 'is missing'} names no class of its own`)
  }
  return lowest
}

function chainHas(objectClass: ObjectClass, name: string): boolean {
  return objectClass.chain.some(each => each.toLowerCase() === name.toLowerCase())
}

/** Refuses a name or a parent that the class does not allow, and a name that another object has. */
export function requirePlace(
  database: Database,
  objectClass: ObjectClass,
  leaf: NamePart,
  parent: Entry,
  itself?: Entry,
): void {
  if (leaf.attribute.toUpperCase() !== objectClass.rdn) {
    throw refusal(
      64,
      `00002099: NameErr: a ${objectClass.name} is named by ${objectClass.rdn}, not by ${leaf.attribute}`,
    )
  }
  if (/[\u0000-\u001f\u007f]/.test(leaf.value)) throw refusal(34, '00002081: NameErr: a name holds a control character')
  storedValue(known(objectClass.rdn), leaf.value)
  const above = classOfEntry(parent)
  if (!objectClass.superiors.some(name => name === above.name)) {
    throw refusal(
      64,
      `00002099: NameErr: a ${objectClass.name} cannot be under ${dnOf(database, parent)}, a ${above.name}`,
    )
  }
  const holder = database.childNamed(parent, leaf.attribute, leaf.value)
  if (holder !== undefined && holder.id !== itself?.id) {
    throw refusal(68, `00002071: UpdErr: ${dnOf(database, holder)} is there already`)
  }
}
