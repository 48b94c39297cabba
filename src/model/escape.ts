// The one place where values are made safe for a Graph path, an OData string or a distinguished name.

import { Failure } from './problem.ts'

/** A Graph path with every value percent-encoded, `#` and `/` included: graphPath`/users/${id}/sponsors`. */
export function graphPath(strings: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw({ raw: strings }, ...values.map(encodeSegment))
}

function encodeSegment(value: string): string {
  if (value === '' || value === '.' || value === '..' || !value.isWellFormed())
    throw new Failure('bad-identifier', `${JSON.stringify(value)} cannot name an object in a Graph path`)
  return encodeURIComponent(value).replaceAll("'", '%27')
}

/** An OData string literal, quotes included: `'O''Brien'`. Not percent-encoded. */
export function odataString(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

// Hex for every special character rather than a backslash before it: AD reads both, and the LDAP library splits a name
// at a comma whose backslash is itself escaped.
const special = /[\\,+"<>;=#/\u0000-\u001f\u007f]|^ | $/g

/** `CN=Smith\2C Lee`: a relative distinguished name, its value escaped (RFC 4514). Throws for control characters. */
export function rdn(attribute: string, value: string): string {
  if (value === '' || /[\u0000-\u001f\u007f]/.test(value) || !value.isWellFormed()) {
    throw new Failure('bad-name', `${JSON.stringify(value)} cannot be a name in Active Directory`)
  }
  return `${attribute}=${hexEscape(value)}`
}

function hexEscape(value: string): string {
  return value.replace(special, character => `\\${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`)
}

/** The distinguished name of a child of `parent`. */
export function childDn(attribute: string, value: string, parent: string): string {
  return `${rdn(attribute, value)},${parent}`
}

/** `DC=corp,DC=contoso,DC=com` for `corp.contoso.com`. */
export function domainDn(domain: string): string {
  return domain
    .split('.')
    .map(label => rdn('DC', label))
    .join(',')
}

interface Rdn {
  readonly attribute: string
  readonly value: string
}

// Sticky, and each alternative begins with another character: reading is linear, whatever the input.
const typePattern = / *([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*) *= */y
const valuePattern = /((?:\\[0-9A-Fa-f]{2}|\\[ "#+,;<=>\\/]|[^\\,+"<>;\u0000 ]| +(?=[^ ,]))*) */y

/** The parts of a distinguished name, leaf first, attributes in lower case and values unescaped. Undefined if it is none. */
export function parseDn(dn: string): readonly Rdn[] | undefined {
  const parts: Rdn[] = []
  for (let at = 0; ; at++) {
    typePattern.lastIndex = at
    const attribute = typePattern.exec(dn)?.[1]?.toLowerCase()
    if (attribute === undefined) return undefined
    valuePattern.lastIndex = typePattern.lastIndex
    // A raw # in front would announce a value in BER.
    const escaped = valuePattern.exec(dn)?.[1] ?? ''
    const value = escaped.startsWith('#') ? undefined : withoutEscapes(escaped)
    if (value === undefined || value === '') return undefined
    parts.push({ attribute, value })
    at = valuePattern.lastIndex
    if (at === dn.length) return parts
    if (dn[at] !== ',') return undefined
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function withoutEscapes(value: string): string | undefined {
  try {
    return value.replace(/(?:\\[0-9A-Fa-f]{2})+|\\(.)/g, (run, character?: string) =>
      character === undefined ? utf8.decode(Buffer.from(run.replaceAll('\\', ''), 'hex')) : character,
    )
  } catch {
    return undefined
  }
}

/** One form for every spelling of a distinguished name, to compare by: names of AD are case-insensitive. */
export function canonicalDn(dn: string): string {
  return parseDn(dn)?.map(canonicalPart).join(',') ?? dn.toLowerCase()
}

function canonicalPart(part: Rdn): string {
  return `${part.attribute}=${hexEscape(part.value.toLowerCase())}`
}

/** True if `dn` is `ancestor` or lies below it; false if one of them is no distinguished name. */
export function isWithin(dn: string, ancestor: string): boolean {
  const inner = parseDn(dn)?.map(canonicalPart)
  const outer = parseDn(ancestor)?.map(canonicalPart)
  if (inner === undefined || outer === undefined || inner.length < outer.length) return false
  return inner.slice(-outer.length).join(',') === outer.join(',')
}
