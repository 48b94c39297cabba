// Adding, modifying, moving and removing as a domain controller does them. Runs inside the store's `atomically`: a
// refusal anywhere leaves everything as it was.

import type { AttributeValue, Modification } from '../../model/directories.ts'
import { parseDn } from '../../model/escape.ts'
import { settled, withValue } from './account.ts'
import { type Attributes, type Database, dnOf, type Entry, isBelow } from './database.ts'
import { changeValues, draftOf, known, nonEmpty } from './draft.ts'
import { changeLinks } from './links.ts'
import { placeOf, requirePlace, structuralClass } from './place.ts'
import { refusal } from './refusal.ts'
import type { Attribute, ObjectClass } from './schema.ts'
import { generalizedTime, storedValue } from './values.ts'
import { classOfEntry, firstValue, is, numberOf, targetOf } from './view.ts'

export function add(
  database: Database,
  dn: string,
  attributes: Readonly<Record<string, readonly AttributeValue[]>>,
): string {
  const { leaf, parent } = placeOf(database, dn)
  const given = Object.entries(attributes).map(([name, values]) => ({ attribute: known(name), values }))
  const classNames = given.find(each => each.attribute.key === 'objectclass')?.values ?? []
  const objectClass = structuralClass(classNames)
  requirePlace(database, objectClass, leaf, parent)

  const usn = database.next('usn')
  const id = database.newGuid(dn)
  const draft = draftOf({
    id,
    parent: parent.id,
    rdnAttribute: objectClass.rdn,
    name: leaf.value,
    attributes: { objectclass: objectClass.chain, ...stamps(database, usn) },
    hasPassword: false,
  })
  const plain = given.filter(each => each.attribute.key !== 'objectclass' && each.attribute.link?.isBack !== false)
  for (const { attribute, values } of plain) {
    if (attribute.key === objectClass.rdn.toLowerCase()) {
      requireSameName(attribute, values, leaf.value)
      continue
    }
    requireWritable(attribute, objectClass)
    changeValues(draft, 'add', attribute, nonEmpty(attribute, values))
  }
  const entry = settled(database, undefined, { ...draft.entry, attributes: draft.attributes }, draft.password)
  database.put(withSid(database, entry))
  for (const { attribute, values } of given.filter(each => each.attribute.link?.isBack === false)) {
    requireWritable(attribute, objectClass)
    changeLinks(database, entry, 'add', attribute, nonEmpty(attribute, values))
  }
  return id
}

export function modify(database: Database, target: string, modifications: readonly Modification[]): void {
  const entry = targetOf(database, target)
  const objectClass = classOfEntry(entry)
  const draft = draftOf(entry)
  for (const { operation, attribute: name, values } of modifications) {
    const attribute = known(name)
    requireWritable(attribute, objectClass)
    const given = operation === 'add' ? nonEmpty(attribute, values) : values
    if (attribute.link !== undefined) {
      if (changeLinks(database, entry, operation, attribute, given)) draft.hasNewLinks = true
    } else changeValues(draft, operation, attribute, given)
  }
  const after = settled(database, entry, { ...entry, attributes: draft.attributes }, draft.password)
  if (
    draft.hasNewLinks ||
    !sameAttributes(entry.attributes, after.attributes) ||
    entry.hasPassword !== after.hasPassword
  )
    database.put(touched(database, after))
}

export function move(database: Database, target: string, newRdn: string, newParent: string): void {
  const entry = targetOf(database, target)
  const leaf = parseDn(newRdn)
  if (leaf?.length !== 1 || leaf[0] === undefined) throw refusal(34, `00002081: NameErr: ${newRdn} is no RDN`)
  const parent = targetOf(database, newParent)
  const systemFlags = numberOf(entry, 'systemflags')
  const isMove = parent.id !== entry.parent
  const isRename = leaf[0].value !== entry.name
  if (
    entry.parent === '' ||
    (isMove && (systemFlags & 0x4000000) !== 0) ||
    (isRename && (systemFlags & 0x8000000) !== 0)
  ) {
    throw refusal(53, `00002016: SvcErr: ${dnOf(database, entry)} belongs to the domain and stays where it is`)
  }
  if (isBelow(database, parent, entry)) throw refusal(53, '00002089: SvcErr: an object cannot be moved below itself')
  const objectClass = classOfEntry(entry)
  requirePlace(database, objectClass, leaf[0], parent, entry)
  if (isMove || isRename) database.put(touched(database, { ...entry, parent: parent.id, name: leaf[0].value }))
}

/** What Windows keeps of a deleted object; its names, anchors, mail and memberships are gone. */
const keptInTombstone = [
  'objectclass',
  'objectsid',
  'samaccountname',
  'useraccountcontrol',
  'grouptype',
  'whencreated',
  'usncreated',
]

export function remove(database: Database, target: string): void {
  const entry = targetOf(database, target)
  const isCritical = firstValue(entry, 'iscriticalsystemobject') === 'TRUE'
  if (entry.parent === '' || isCritical || numberOf(entry, 'systemflags') < 0) {
    throw refusal(53, `000020CE: SvcErr: ${dnOf(database, entry)} belongs to the domain and cannot be deleted`)
  }
  if (database.hasChildren(entry.id)) throw refusal(66, `00002015: UpdErr: ${dnOf(database, entry)} is not empty`)
  const parent = database.get(entry.parent)
  const kept = Object.fromEntries(
    keptInTombstone.flatMap(key => {
      const values = entry.attributes[key]
      return values === undefined ? [] : [[key, values]]
    }),
  )
  const { whenchanged, usnchanged } = stamps(database, database.next('usn'))
  database.bury(entry, {
    id: entry.id,
    name: entry.name,
    lastKnownParent: parent === undefined ? '' : dnOf(database, parent),
    attributes: { ...kept, whenchanged, usnchanged },
  })
}

function requireWritable(attribute: Attribute, objectClass: ObjectClass): void {
  if (!objectClass.may.has(attribute.key)) {
    throw refusal(65, `00002079: UpdErr: a ${objectClass.name} has no ${attribute.name}`)
  }
  if (attribute.key === 'name' || attribute.key === objectClass.rdn.toLowerCase()) {
    throw refusal(67, `000020B1: UpdErr: ${attribute.name} is changed by renaming the object`)
  }
  if (attribute.key === 'objectclass' || attribute.link?.isBack === true) {
    throw refusal(53, `000020B1: SvcErr: ${attribute.name} cannot be written`)
  }
  if (attribute.system) throw refusal(19, `000020B1: AtrErr: ${attribute.name} is written by the system only`)
}

function requireSameName(attribute: Attribute, values: readonly AttributeValue[], name: string): void {
  const same = values.length === 1 && values.every(value => storedValue(attribute, value) === name)
  if (!same) throw refusal(64, `00002099: NameErr: ${attribute.name} is not the name in the DN`)
}

export function withSid(database: Database, entry: Entry): Entry {
  const needsSid = (is(entry, 'user') || is(entry, 'group')) && firstValue(entry, 'objectsid') === undefined
  return needsSid ? withValue(entry, 'objectsid', `${database.sid}-${database.next('rid')}`) : entry
}

export function stamps(
  database: Database,
  usn: number,
): Record<'whencreated' | 'whenchanged' | 'usncreated' | 'usnchanged', readonly string[]> {
  const now = [generalizedTime(database.now())]
  return { whencreated: now, whenchanged: now, usncreated: [String(usn)], usnchanged: [String(usn)] }
}

function touched(database: Database, entry: Entry): Entry {
  const { whenchanged, usnchanged } = stamps(database, database.next('usn'))
  return { ...entry, attributes: { ...entry.attributes, whenchanged, usnchanged } }
}

function sameAttributes(before: Attributes, after: Attributes): boolean {
  const keys = Object.keys({ ...before, ...after })
  return keys.every(key => {
    const old = before[key]
    const fresh = after[key]
    return (
      old === fresh ||
      (old?.length === fresh?.length && old?.every((value, index) => value === fresh?.[index]) === true)
    )
  })
}
