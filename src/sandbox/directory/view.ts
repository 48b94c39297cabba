// An object as a client reads it: stored, computed and linked attributes in one place, and the objects that a
// distinguished name or `<GUID=…>` stands for.

import type { DirectoryEntry } from '../../model/directories.ts'
import { type Database, dnOf, type Entry, type Resolution, resolveDn } from './database.ts'
import { refusal } from './refusal.ts'
import { type Attribute, attributeOf, classOf, computedAttributes, forwardLinks, type ObjectClass } from './schema.ts'
import { identityIn } from './values.ts'

/** What `<GUID=…>` or `<SID=…>` stands for; undefined for a name, null if there is no such object. */
function entryByIdentity(database: Database, target: string): Entry | null | undefined {
  const identity = identityIn(target)
  if (identity === undefined) return undefined
  return ('guid' in identity ? database.get(identity.guid) : database.find('objectSid', identity.sid)[0]) ?? null
}

export function entryNamed(database: Database, target: string): Entry | undefined {
  const identified = entryByIdentity(database, target)
  if (identified !== undefined) return identified ?? undefined
  const resolution = resolveDn(database, target)
  return typeof resolution === 'object' && 'entry' in resolution ? resolution.entry : undefined
}

/** The object that a client means, or the refusal that a domain controller answers with. */
export function targetOf(database: Database, target: string): Entry {
  const identified = entryByIdentity(database, target)
  if (identified === null) throw refusal(32, `00002030: NameErr: no object ${target}`)
  if (identified !== undefined) return identified
  return found(database, resolveDn(database, target), target)
}

export function found(database: Database, resolution: Resolution, target: string): Entry {
  if (resolution === 'malformed') throw refusal(34, `00002081: NameErr: ${JSON.stringify(target)} is no DN`)
  if (resolution === 'elsewhere') throw refusal(10, `0000202B: RefErr: ${target} is not in ${database.rootDn}`)
  if ('lastFound' in resolution) {
    const best = dnOf(database, resolution.lastFound)
    throw refusal(32, `0000208D: NameErr: no object ${target}, best match of: '${best}'`)
  }
  return resolution.entry
}

export function classOfEntry(entry: Entry): ObjectClass {
  const found = classOf(entry.attributes.objectclass?.at(-1) ?? '')
  if (found === undefined) throw new Error(`${entry.name} is of no known class`)
  return found
}

/** `is(entry, 'user')` holds for computers as well: they are users. */
export function is(entry: Entry, className: string): boolean {
  return entry.attributes.objectclass?.includes(className) === true
}

export function firstValue(entry: Entry, key: string): string | undefined {
  return entry.attributes[key]?.[0]
}

export function numberOf(entry: Entry, key: string): number {
  return Number(firstValue(entry, key) ?? 0)
}

export function valuesOf(database: Database, entry: Entry, attribute: Attribute): readonly string[] {
  if (attribute.link !== undefined) {
    const { forward, isBack } = attribute.link
    const ids = isBack ? database.sources(forward, entry.id) : database.targets(forward, entry.id)
    return [...ids].flatMap(id => {
      const other = database.get(id)
      return other === undefined ? [] : [dnOf(database, other)]
    })
  }
  return attribute.computed ? computedValues(database, entry, attribute.key) : (entry.attributes[attribute.key] ?? [])
}

function computedValues(database: Database, entry: Entry, key: string): readonly string[] {
  switch (key) {
    case 'objectguid':
      return [entry.id]
    case 'distinguishedname':
      return [dnOf(database, entry)]
    case 'name':
    case entry.rdnAttribute.toLowerCase():
      return [entry.name]
    case 'objectcategory':
      return [categoryDn(database, classOfEntry(entry).category)]
    case 'instancetype':
      return [entry.parent === '' ? '5' : '4']
    case 'samaccounttype':
      return accountType(entry)
    default:
      return []
  }
}

/** The value of objectCategory: the class of that common name in the schema. */
export function categoryDn(database: Database, category: string): string {
  return `CN=${category},CN=Schema,CN=Configuration,${database.rootDn}`
}

function accountType(entry: Entry): readonly string[] {
  if (is(entry, 'user')) return [(numberOf(entry, 'useraccountcontrol') & 0x3000) === 0 ? '805306368' : '805306369']
  if (!is(entry, 'group')) return []
  const type = numberOf(entry, 'grouptype')
  const base = (type & 4) === 0 ? 0x10000000 : 0x20000000
  return [String(type < 0 ? base : base + 1)]
}

/** `wanted` as in LDAP: names in any case; none or `*` for all. */
export function read(database: Database, entry: Entry, wanted: readonly Attribute[]): DirectoryEntry {
  const attributes: Record<string, readonly string[]> = {}
  for (const attribute of wanted) {
    const values = valuesOf(database, entry, attribute)
    if (values.length > 0) attributes[attribute.key] = values
  }
  return { dn: dnOf(database, entry), attributes }
}

/** Attributes that this object has a value of, and some that it may have. */
export function attributesOf(entry: Entry): readonly Attribute[] {
  const keys = [...Object.keys(entry.attributes), ...forwardLinks]
  return [...keys.flatMap(key => attributeOf(key) ?? []), ...computedAttributes]
}
