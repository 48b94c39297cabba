// LDIF content records (RFC 2849), read and written. Values are text, or bytes where they were given in base64 and are no
// UTF-8 text; every record and value knows its line.

import type { AttributeValue } from '../../model/directories.ts'
import { Failure } from '../../model/problem.ts'

export interface LdifValue {
  readonly name: string
  readonly value: AttributeValue
  readonly line: number
}

export interface LdifRecord {
  readonly dn: string
  readonly line: number
  readonly values: readonly LdifValue[]
}

export function parseLdif(text: string, file: string): readonly LdifRecord[] {
  const records: LdifRecord[] = []
  let current: { dn: string; line: number; values: LdifValue[] } | undefined
  for (const { line, text: content } of unfolded(text, file)) {
    if (content === '') {
      current = undefined
      continue
    }
    const { name, value } = parseLine(content, file, line)
    const key = name.toLowerCase()
    if (current !== undefined) {
      if (key === 'dn') throw problem(file, line, 'a record begins without an empty line before it')
      if (key === 'changetype' || key === 'control') throw problem(file, line, 'change records are not read here')
      current.values.push({ name, value, line })
    } else if (key === 'dn') {
      if (typeof value !== 'string') throw problem(file, line, 'the dn is no UTF-8 text')
      current = { dn: value, line, values: [] }
      records.push(current)
    } else if (key !== 'version' || records.length > 0) {
      throw problem(file, line, `a record begins with dn:, not with ${name}:`)
    } else if (value !== '1') throw problem(file, line, 'only version: 1 is read')
  }
  return records
}

export function problem(file: string, line: number, message: string, hint?: string): Failure {
  return new Failure('bad-ldif', `${file}:${line}: ${message}`, hint)
}

/** Lines with their continuations, without comments; empty lines stay. */
function unfolded(text: string, file: string): { line: number; text: string }[] {
  const lines: { line: number; parts: string[] }[] = []
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const last = lines.at(-1)
    if (!raw.startsWith(' ')) lines.push({ line: index + 1, parts: [raw] })
    else if (last === undefined || last.parts[0] === '') throw problem(file, index + 1, 'this line continues no other')
    else last.parts.push(raw.slice(1))
  }
  return lines.map(({ line, parts }) => ({ line, text: parts.join('') })).filter(each => !each.text.startsWith('#'))
}

function parseLine(content: string, file: string, line: number): { name: string; value: AttributeValue } {
  const match = /^([A-Za-z0-9.;-]+):([:<]?) *(.*)$/s.exec(content)
  const [, name, kind, rest] = match ?? []
  if (name === undefined || rest === undefined) throw problem(file, line, 'expected `attribute: value`')
  if (kind === '<') throw problem(file, line, `${name} is to be read from a URL, which a seed may not`)
  if (kind !== ':') return { name, value: rest }
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(rest)) {
    throw problem(file, line, `${name} is not in base64`)
  }
  const bytes = Buffer.from(rest, 'base64')
  return { name, value: asText(bytes) ?? bytes }
}

function asText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Records without the lines they came from. */
export interface LdifEntry {
  readonly dn: string
  readonly values: readonly { readonly name: string; readonly value: AttributeValue }[]
}

export function writeLdif(entries: Iterable<LdifEntry>): string {
  let text = 'version: 1\n'
  for (const { dn, values } of entries) {
    text += `\n${writeLine('dn', dn)}`
    for (const { name, value } of values) text += writeLine(name, value)
  }
  return text
}

function writeLine(name: string, value: AttributeValue): string {
  const isSafe = typeof value === 'string' && /^(?![ :<])[\u0001-\u0009\u000b\u000c\u000e-\u007f]*(?<! )$/.test(value)
  const line = isSafe ? `${name}: ${value}` : `${name}:: ${Buffer.from(value).toString('base64')}`
  const pieces = [line.slice(0, 76)]
  for (let at = 76; at < line.length; at += 75) pieces.push(line.slice(at, at + 75))
  return `${pieces.join('\n ')}\n`
}
