// A domain built from records: an administrator's data, taken as it is (an enabled account without a password, times and
// identifiers of long ago), as long as it holds together. Parents and links may come in any order.

import { type AttributeValue, RequestFailure } from '../../model/directories.ts'
import { canonicalDn, childDn, parseDn } from '../../model/escape.ts'
import { Failure } from '../../model/problem.ts'
import { flags, requireUniqueNames, withDefaults, withValue } from './account.ts'
import { type Database, dnOf, type Entry, resolveParts } from './database.ts'
import { changeValues, draftOf, known } from './draft.ts'
import { type LdifRecord, type LdifValue, parseLdif, problem } from './ldif.ts'
import { changeLinks } from './links.ts'
import { requirePlace, structuralClass } from './place.ts'
import { refusal } from './refusal.ts'
import type { Attribute } from './schema.ts'
import { skeleton } from './skeleton.ts'
import { comparable, fileTime, ridOf, storedValue } from './values.ts'
import { classOfEntry, firstValue, is, numberOf, valuesOf } from './view.ts'
import { stamps, withSid } from './write.ts'

/** Replaces all there is by a fresh domain. */
export function seedFresh(database: Database): void {
  build(database, skeleton(database.domain), 'skeleton')
}

/**
 * Replaces all there is by what the LDIF says, on top of a fresh domain; what it says of a built-in object replaces that
 * attribute. LDIF that holds the domain's own CN=Builtin is a dump of a whole domain: then nothing is added to it.
 */
export function seedFrom(database: Database, text: string, file: string): void {
  const records = new Map<string, LdifRecord>()
  for (const record of parseLdif(text, file)) {
    const key = canonicalDn(record.dn)
    const other = records.get(key)
    if (other !== undefined) throw problem(file, record.line, `${record.dn} is in line ${other.line} already`)
    records.set(key, record)
  }
  const isWhole = records.has(canonicalDn(childDn('CN', 'Builtin', database.rootDn)))
  const basics = isWhole ? [] : skeleton(database.domain)
  const builtIn = basics.map(basic => {
    const record = records.get(canonicalDn(basic.dn))
    return record === undefined ? basic : merged(basic, record)
  })
  const names = new Set(builtIn.map(each => canonicalDn(each.dn)))
  const own = [...records].flatMap(([name, record]) => (names.has(name) ? [] : [record]))
  // Built-in objects first: of two that claim the same name or number, the file's is the one at fault.
  build(database, [...builtIn, ...own], file)
}

function merged(basic: LdifRecord, record: LdifRecord): LdifRecord {
  const said = new Set(record.values.map(each => each.name.toLowerCase()))
  const left = basic.values.filter(each => !said.has(each.name.toLowerCase()))
  return { ...record, values: [...left.map(each => ({ ...each, line: record.line })), ...record.values] }
}

interface Planted {
  readonly id: string
  readonly record: LdifRecord
}

function build(database: Database, records: readonly LdifRecord[], file: string): void {
  const depth = (record: LdifRecord) => parseDn(record.dn)?.length ?? 0
  const parentsFirst = records.toSorted((a, b) => depth(a) - depth(b))
  database.atomically(() => {
    database.wipe()
    reserve(database, records, file)
    const planted = parentsFirst.map(record => ({
      id: atLine(file, record.line, () => plant(database, record, file)),
      record,
    }))
    for (const each of planted) plantLinks(database, each, file)
    for (const each of planted) checkComputed(database, each, file)
  })
}

/** A problem of the record as a failure that names its line. */
function atLine<Result>(file: string, line: number, action: () => Result): Result {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error
    throw problem(file, line, error.message.replace(/^[0-9A-F]{8}: (?:[A-Z]\w+Err: )?/, ''))
  }
}

/** Numbers that records bring along are not given to others. */
function reserve(database: Database, records: readonly LdifRecord[], file: string): void {
  for (const { name, value, line } of records.flatMap(record => record.values)) {
    const key = name.toLowerCase()
    if ((key === 'usncreated' || key === 'usnchanged') && /^\d{1,15}$/.test(String(value))) {
      database.raise('usn', Number(value))
    } else if (key === 'objectsid') {
      const sid = atLine(file, line, () => storedValue(known(key), value))
      if (/^S-1-5-21(-\d+){4}$/.test(sid)) database.raise('rid', Number(ridOf(sid)))
    }
  }
}

function plant(database: Database, record: LdifRecord, file: string): string {
  const [leaf, ...above] = parseDn(record.dn) ?? []
  if (leaf === undefined) throw refusal(34, `${JSON.stringify(record.dn)} is no distinguished name`)
  const objectClass = structuralClass(valuesNamed(record, 'objectclass'))
  const isRoot = canonicalDn(record.dn) === canonicalDn(database.rootDn)
  const parent = isRoot ? undefined : parentOf(database, record, above, file)
  if (parent !== undefined) requirePlace(database, objectClass, leaf, parent)
  else if (objectClass.rdn !== 'DC') throw refusal(65, `${record.dn} must be a domainDNS`)

  const given = valuesNamed(record, 'objectguid')[0]
  const id = given === undefined ? database.newGuid(record.dn) : storedValue(known('objectguid'), given)
  if (database.get(id) !== undefined) throw refusal(68, `objectGUID ${id} is in use`)
  const draft = draftOf({
    id,
    parent: parent?.id ?? '',
    rdnAttribute: objectClass.rdn,
    name: leaf.value,
    attributes: { objectclass: objectClass.chain },
    hasPassword: false,
  })
  for (const each of record.values) {
    atLine(file, each.line, () => {
      const attribute = known(each.name)
      if (!objectClass.may.has(attribute.key)) throw refusal(65, `a ${objectClass.name} has no ${attribute.name}`)
      if (attribute.syntax === 'password') throw refusal(53, 'passwords do not belong in a seed')
      if (isPlain(attribute)) changeValues(draft, 'add', attribute, [each.value])
    })
  }
  database.put(complete(database, { ...draft.entry, attributes: draft.attributes }))
  return id
}

function parentOf(
  database: Database,
  record: LdifRecord,
  above: NonNullable<ReturnType<typeof parseDn>>,
  file: string,
): Entry {
  const resolution = resolveParts(database, above)
  if (resolution === 'malformed' || resolution === 'elsewhere') {
    throw problem(file, record.line, `${record.dn} is not in the domain ${database.rootDn}`)
  }
  if ('entry' in resolution) return resolution.entry
  throw problem(
    file,
    record.line,
    `${record.dn} has no parent: nothing is there below ${dnOf(database, resolution.lastFound)}`,
    'add a record for the parent',
  )
}

function valuesNamed(record: LdifRecord, key: string): readonly AttributeValue[] {
  return record.values.flatMap(each => (each.name.toLowerCase() === key ? [each.value] : []))
}

function isPlain(attribute: Attribute): boolean {
  return attribute.link === undefined && !attribute.computed && attribute.key !== 'objectclass'
}

/** With what the record leaves to the domain controller. */
function complete(database: Database, entry: Entry): Entry {
  const isAccount = is(entry, 'user') || is(entry, 'group')
  const filled = isAccount ? withSid(database, withDefaults(withPasswordTime(database, entry))) : entry
  const { usncreated, usnchanged } = filled.attributes
  const usn = usncreated === undefined || usnchanged === undefined ? database.next('usn') : 0
  const whole = { ...filled, attributes: { ...stamps(database, usn), ...filled.attributes } }
  if (isAccount) requireUniqueNames(database, undefined, whole)
  const sid = firstValue(whole, 'objectsid')
  if (sid !== undefined && database.find('objectSid', sid).length > 0) throw refusal(68, `objectSid ${sid} is in use`)
  return { ...whole, hasPassword: is(whole, 'user') && firstValue(whole, 'pwdlastset') !== '0' }
}

/** An account of a seed has a password unless it says `pwdLastSet: 0` or that it needs none. */
function withPasswordTime(database: Database, entry: Entry): Entry {
  const needsNone = (numberOf(entry, 'useraccountcontrol') & flags.passwordNotRequired) !== 0
  const isSaid = entry.attributes.pwdlastset !== undefined || entry.attributes.useraccountcontrol === undefined
  return !is(entry, 'user') || isSaid || needsNone ? entry : withValue(entry, 'pwdlastset', fileTime(database.now()))
}

function plantLinks(database: Database, { id, record }: Planted, file: string): void {
  for (const { attribute, value, line } of valuesOfKind(record, each => each.link?.isBack === false)) {
    const entry = database.get(id)
    if (entry !== undefined) atLine(file, line, () => changeLinks(database, entry, 'add', attribute, [value]))
  }
}

/** What a domain controller computes may stand in a seed (a dump has it) but must be what it would be anyway. */
function checkComputed(database: Database, { id, record }: Planted, file: string): void {
  const entry = database.get(id)
  if (entry === undefined) return
  for (const { attribute, value, line } of valuesOfKind(record, each => each.computed)) {
    const wanted = atLine(file, line, () => comparable(attribute, storedValue(attribute, value)))
    const isTrue = valuesOf(database, entry, attribute).some(each => comparable(attribute, each) === wanted)
    if (isTrue) continue
    throw new Failure(
      'bad-ldif',
      `${file}:${line}: ${attribute.name} of this ${classOfEntry(entry).name} is computed, and is not ${value}`,
      attribute.link === undefined ? 'leave it out' : `write ${known(attribute.link.forward).name} on the other object`,
    )
  }
}

function valuesOfKind(
  record: LdifRecord,
  isWanted: (attribute: Attribute) => boolean,
): readonly (LdifValue & { readonly attribute: Attribute })[] {
  return record.values.map(each => ({ ...each, attribute: known(each.name) })).filter(each => isWanted(each.attribute))
}
