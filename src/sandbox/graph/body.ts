// What a client may write: a body against the table of its type. Unknown, read-only, mistyped and over-long values are refused.

import { badRequest, invalidValue, malformed, readOnlyProperty } from './errors.ts'
import type { Item } from './match.ts'
import { enumerations, type PropertyTable, propertiesOf } from './properties.ts'
import { isGuid } from './request.ts'

export interface BodyRules {
  /** As Graph's messages call the resource. */
  readonly title: string
  readonly type: string
  readonly readOnly: ReadonlySet<string>
  /** Annotations such as `members@odata.bind` that the caller reads itself. */
  readonly annotations?: ReadonlySet<string>
  readonly longest?: Readonly<Record<string, number>>
}

/** The properties to write, null where one is to be cleared. */
export function checkedBody(body: Item, rules: BodyRules): Record<string, unknown> {
  const table = propertiesOf.get(rules.type) ?? new Map()
  const properties: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(body)) {
    if (name === '@odata.type' || name === '@odata.context' || rules.annotations?.has(name)) continue
    const type = table.get(name)
    if (type === undefined) throw unknown(name)
    if (rules.readOnly.has(name)) throw readOnlyProperty(name)
    checkValue(value, type, name, rules.title)
    const longest = rules.longest?.[name]
    if (typeof value === 'string' && (value === '' || (longest !== undefined && value.length > longest))) {
      throw invalidValue(name, rules.title)
    }
    properties[name] = value
  }
  return properties
}

function unknown(name: string): Error {
  return badRequest(`Invalid property '${name}'.`)
}

function checkValue(value: unknown, type: string, property: string, title: string): void {
  if (type.endsWith('[]')) {
    if (value === null) throw invalidValue(property, title)
    if (!Array.isArray(value)) {
      throw malformed(
        "An unexpected node was found when reading from the JSON reader. A 'StartArray' node was expected.",
      )
    }
    for (const element of value) checkOne(element, type.slice(0, -2), property, title)
    return
  }
  const isRequired = type.endsWith('!')
  if (value === null) {
    if (isRequired) throw invalidValue(property, title)
    return
  }
  checkOne(value, isRequired ? type.slice(0, -1) : type, property, title)
}

const primitives: Readonly<Record<string, (value: unknown) => boolean>> = {
  String: value => typeof value === 'string',
  Boolean: value => typeof value === 'boolean',
  Int32: value => Number.isInteger(value),
  DateTimeOffset: isDateTime,
  Guid: isGuid,
}

function checkOne(value: unknown, type: string, property: string, title: string): void {
  const primitive = primitives[type]
  if (primitive !== undefined) {
    if (primitive(value)) return
    throw badRequest(
      typeof value === 'string'
        ? `Cannot convert the literal '${value}' to the expected type 'Edm.${type}'.`
        : `Cannot convert a primitive value to the expected type 'Edm.${type}'. See the inner exception for more details.`,
    )
  }
  const values = enumerations.get(type)
  if (values !== undefined) {
    checkEnumeration(value, type, values, property, title)
    return
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(
      "An unexpected node was found when reading from the JSON reader. A 'StartObject' node was expected.",
    )
  }
  const table: PropertyTable = propertiesOf.get(type) ?? new Map()
  for (const [name, inner] of Object.entries(value)) {
    if (name.startsWith('@odata.')) continue
    const innerType = openTypes.has(type) ? 'String' : table.get(name)
    if (innerType === undefined) throw unknown(name)
    checkValue(inner, innerType, name, title)
  }
}

// Types that name no properties: any name will do, and its value is a text.
const openTypes = new Set(['wafAllowedHeadersDictionary'])

// Several values of one enumeration, as one string with commas.
const flags = new Set([
  'conditionalAccessGuestOrExternalUserTypes',
  'conditionalAccessTransferMethods',
  'conditionalAccessInsiderRiskLevels',
])

function checkEnumeration(
  value: unknown,
  type: string,
  values: readonly string[],
  property: string,
  title: string,
): void {
  const given = typeof value === 'string' ? (flags.has(type) ? value.split(',').map(part => part.trim()) : [value]) : []
  if (given.length === 0 || given.some(one => !values.includes(one))) throw invalidValue(property, title)
}

function isDateTime(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(value))
    return false
  return !Number.isNaN(Date.parse(value))
}

/** An object with a patch laid over it: null clears, complex values are merged part by part, collections are replaced. */
export function merged<Entity extends Item>(item: Entity, patch: Item): Entity {
  const result: Record<string, unknown> = { ...item }
  for (const [name, value] of Object.entries(patch)) {
    const before = result[name]
    if (value === null) delete result[name]
    else result[name] = isComplex(value) && isComplex(before) ? merged(before, value) : value
  }
  return result as Entity
}

function isComplex(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
