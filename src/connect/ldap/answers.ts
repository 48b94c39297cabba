// What a domain controller says, read from whole messages. Every length is checked against what holds it, so that no
// message, however it was made, reads beyond itself or for ever.

import { Garbled } from './frames.ts'

export interface RawEntry {
  readonly dn: string
  readonly attributes: readonly { readonly type: string; readonly values: readonly Buffer[] }[]
}

export interface Result {
  readonly code: number
  readonly diagnostic: string
  readonly referrals: readonly string[]
  /** Of a page; empty after the last one. */
  readonly cookie: Buffer
  /** Of an extended response; empty without one. */
  readonly name: string
}

export type Answer =
  | { readonly id: number; readonly tag: number; readonly entry: RawEntry }
  | { readonly id: number; readonly tag: number; readonly result: Result }
  /** A reference to another naming context, or an intermediate response. */
  | { readonly id: number; readonly tag: number }

export const tags = {
  bindResponse: 0x61,
  entry: 0x64,
  searchDone: 0x65,
  modifyResponse: 0x67,
  addResponse: 0x69,
  deleteResponse: 0x6b,
  modifyDnResponse: 0x6d,
  reference: 0x73,
  extendedResponse: 0x78,
  intermediate: 0x79,
} as const

const results: ReadonlySet<number> = new Set([
  tags.bindResponse,
  tags.searchDone,
  tags.modifyResponse,
  tags.addResponse,
  tags.deleteResponse,
  tags.modifyDnResponse,
  tags.extendedResponse,
])

const integer = 0x02
const octets = 0x04
const enumeration = 0x0a
const sequence = 0x30
const set = 0x31
const controlsTag = 0xa0
const referralTag = 0xa3
const nameTag = 0x8a
const pagedResults = '1.2.840.113556.1.4.319'

/** Throws Garbled. */
export function readAnswer(message: Buffer): Answer {
  const [envelope] = childrenOf(message)
  const [idPart, operation, controls] = inside(envelope, sequence)
  const id = numberIn(idPart, integer)
  const tag = operation?.tag
  if (operation === undefined || tag === undefined) throw new Garbled('a message without an operation came')
  if (tag === tags.entry) return { id, tag, entry: entryIn(operation) }
  if (results.has(tag)) return { id, tag, result: resultIn(operation, controls) }
  if (tag === tags.reference || tag === tags.intermediate) return { id, tag }
  throw new Garbled(`an answer of unknown kind 0x${tag.toString(16)} came`)
}

function entryIn(operation: Element): RawEntry {
  const [name, list] = childrenOf(operation.bytes)
  const attributes = inside(list, sequence).map(part => {
    const [type, values] = inside(part, sequence)
    return { type: textIn(type), values: inside(values, set).map(value => bytesIn(value, octets)) }
  })
  return { dn: textIn(name), attributes }
}

function resultIn(operation: Element, controls: Element | undefined): Result {
  const [code, matched, diagnostic, ...more] = childrenOf(operation.bytes)
  textIn(matched)
  const referrals = more.filter(part => part.tag === referralTag).flatMap(part => childrenOf(part.bytes).map(textIn))
  const name = operation.tag === tags.extendedResponse ? more.find(part => part.tag === nameTag) : undefined
  return {
    code: numberIn(code, enumeration),
    diagnostic: textIn(diagnostic),
    referrals,
    cookie: cookieIn(controls),
    name: name?.bytes.toString('latin1') ?? '',
  }
}

function cookieIn(controls: Element | undefined): Buffer {
  if (controls?.tag !== controlsTag) return Buffer.alloc(0)
  for (const control of childrenOf(controls.bytes)) {
    const [type, ...rest] = inside(control, sequence)
    if (textIn(type) !== pagedResults) continue
    const [value] = childrenOf(bytesIn(rest.at(-1), octets))
    const [, cookie] = inside(value, sequence)
    return bytesIn(cookie, octets)
  }
  return Buffer.alloc(0)
}

interface Element {
  readonly tag: number
  readonly bytes: Buffer
}

function childrenOf(bytes: Buffer): readonly Element[] {
  const children: Element[] = []
  let at = 0
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0
    let length = bytes[at + 1]
    at += 2
    if (length !== undefined && length >= 0x80) {
      const count = length - 0x80
      if (count === 0 || count > 4 || at + count > bytes.length) throw new Garbled('a value of unknown length came')
      length = bytes.readUIntBE(at, count)
      at += count
    }
    if (length === undefined || at + length > bytes.length) throw new Garbled('a value longer than its message came')
    children.push({ tag, bytes: bytes.subarray(at, at + length) })
    at += length
  }
  return children
}

function inside(element: Element | undefined, tag: number): readonly Element[] {
  return childrenOf(bytesIn(element, tag))
}

function bytesIn(element: Element | undefined, tag: number): Buffer {
  if (element?.tag !== tag) throw new Garbled('a message that is no LDAP came')
  return element.bytes
}

function textIn(element: Element | undefined): string {
  return bytesIn(element, octets).toString('utf8')
}

function numberIn(element: Element | undefined, tag: number): number {
  const bytes = bytesIn(element, tag)
  if (bytes.length === 0 || bytes.length > 4) throw new Garbled('a number of unknown size came')
  return bytes.readIntBE(0, bytes.length)
}
