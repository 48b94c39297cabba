// Values as they are stored (text in one form per syntax) and as they are compared (Windows folds case, diacritics and
// width).

import { createHash } from 'node:crypto'
import type { AttributeValue } from '../../model/directories.ts'
import { canonicalDn, parseDn } from '../../model/escape.ts'
import type { Instant } from '../../model/time.ts'
import { refusal } from './refusal.ts'
import type { Attribute } from './schema.ts'

/** What the domain controller makes of a value that a client sent; refuses what the attribute cannot hold. */
export function storedValue(attribute: Attribute, value: AttributeValue): string {
  if (value.length === 0) throw malformed(attribute, 'is empty')
  switch (attribute.syntax) {
    case 'octets':
      return limited(attribute, Buffer.from(value)).toString('base64')
    case 'integer':
      return storedInteger(attribute, textOf(attribute, value))
    case 'largeInteger':
      return storedLargeInteger(attribute, textOf(attribute, value))
    case 'boolean':
      return matching(attribute, textOf(attribute, value), /^(TRUE|FALSE)$/)
    case 'time':
      return matching(attribute, textOf(attribute, value), /^\d{14}\.0Z$/)
    case 'guid':
      return typeof value === 'string' && guidPattern.test(value.toLowerCase())
        ? value.toLowerCase()
        : guidOfBytes(value)
    case 'sid':
      return typeof value === 'string' && sidPattern.test(value) ? value.toUpperCase() : sidOfBytes(value)
    case 'name': {
      const text = textOf(attribute, value)
      if (parseDn(text) === undefined && identityIn(text) === undefined) throw malformed(attribute, 'is no DN')
      return text
    }
    default:
      return limited(attribute, textOf(attribute, value))
  }
}

/** Two stored values of an attribute are the same value if they have the same form. */
export function comparable(attribute: Attribute, value: string): string {
  if (attribute.syntax === 'string' || attribute.syntax === 'class') return fold(value)
  if (attribute.syntax === 'name') return canonicalDn(value)
  return attribute.syntax === 'octets' ? value : value.toUpperCase()
}

/** The form in which Windows compares names: without case, diacritics and width. */
export function fold(text: string): string {
  if (/^[\u0000-\u007f]*$/.test(text)) return text.toLowerCase()
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
}

export const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

const sidPattern = /^S-1-\d+(-\d+)+$/i

/** What stands between `<GUID=` or `<SID=` and `>`. */
export function identityIn(target: string): { readonly guid: string } | { readonly sid: string } | undefined {
  const guid = /^<GUID=\{?([0-9a-f-]{36})\}?>$/i.exec(target)?.[1]?.toLowerCase()
  if (guid !== undefined && guidPattern.test(guid)) return { guid }
  const sid = /^<SID=(S-[0-9-]+)>$/i.exec(target)?.[1]?.toUpperCase()
  return sid === undefined ? undefined : { sid }
}

function textOf(attribute: Attribute, value: AttributeValue): string {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw malformed(attribute, 'is no Unicode text')
    return value
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
  } catch {
    throw malformed(attribute, 'is no UTF-8 text')
  }
}

function limited<Value extends { readonly length: number }>(attribute: Attribute, value: Value): Value {
  if (value.length > attribute.max) {
    throw refusal(19, `00002082: ${attribute.name} is ${value.length} long, the most is ${attribute.max}`)
  }
  return value
}

function matching(attribute: Attribute, text: string, pattern: RegExp): string {
  if (!pattern.test(text)) throw malformed(attribute, `cannot be ${JSON.stringify(text)}`)
  return text
}

// Leading zeros are refused because servers disagree about them: Samba reads them as octal.
const integerPattern = /^-?(0|[1-9]\d{0,18})$/

function storedInteger(attribute: Attribute, text: string): string {
  const value = Number(matching(attribute, text, integerPattern))
  if (value < -(2 ** 31) || value >= 2 ** 32) throw malformed(attribute, `cannot be ${text}`)
  if (value > attribute.max) throw refusal(19, `00002082: ${attribute.name} is ${text}, the most is ${attribute.max}`)
  return String(value | 0)
}

function storedLargeInteger(attribute: Attribute, text: string): string {
  const value = BigInt(matching(attribute, text, integerPattern))
  if (BigInt.asIntN(64, value) !== value) throw malformed(attribute, `cannot be ${text}`)
  return String(value)
}

function malformed(attribute: Attribute, what: string): Error {
  return refusal(21, `0000200B: ${attribute.name} ${what}`)
}

function guidOfBytes(value: AttributeValue): string {
  const bytes = Buffer.from(value)
  if (bytes.length !== 16) throw refusal(21, '0000200B: objectGUID is no GUID')
  const hex = bytes.toString('hex')
  const swapped = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
    .map(at => hex.slice(2 * at, 2 * at + 2))
    .join('')
  return dashed(swapped)
}

function dashed(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

function sidOfBytes(value: AttributeValue): string {
  const view = Buffer.from(value)
  if (view.length < 8 || view.length !== 8 + 4 * (view[1] ?? 0)) throw refusal(21, '0000200B: objectSid is no SID')
  const parts = Array.from({ length: view[1] ?? 0 }, (_, index) => view.readUInt32LE(8 + 4 * index))
  return ['S', view[0], view.readUIntBE(2, 6), ...parts].join('-')
}

/** A GUID that is always the same for the same seed. */
export function guidFrom(seed: string): string {
  const bytes = createHash('sha256').update(seed).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return dashed(bytes.toString('hex'))
}

/** The security identifier of a domain, always the same for the same name. */
export function domainSid(domain: string): string {
  const bytes = createHash('sha256').update(domain.toLowerCase()).digest()
  return `S-1-5-21-${[0, 4, 8].map(at => bytes.readUInt32LE(at)).join('-')}`
}

/** `20261122103500.0Z`: the seconds of an instant in LDAP's form. */
export function generalizedTime(instant: Instant): string {
  return `${new Date(instant).toISOString().slice(0, 19).replace(/[-T:]/g, '')}.0Z`
}

/** 100-nanosecond steps since 1601, in decimal. */
export function fileTime(instant: Instant): string {
  return String(BigInt(Math.floor(instant)) * 10_000n + 116_444_736_000_000_000n)
}

/** The last part of a security identifier. */
export function ridOf(sid: string): string {
  return sid.slice(sid.lastIndexOf('-') + 1)
}
