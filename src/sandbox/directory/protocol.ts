// LDAP's messages (RFC 4511) as a server sees them: requests read, answers written. Values stay bytes: what they mean is
// known by the schema, not by the protocol.

import type { DirectorySearch, Modification } from '../../model/directories.ts'
import {
  bytesIn,
  type Element,
  element,
  elementsIn,
  inside,
  Malformed,
  number,
  numberIn,
  sizeOf,
  tags,
  text,
  textIn,
} from './ber.ts'

interface Page {
  readonly size: number
  readonly cookie: string
}

type Values = Readonly<Record<string, readonly Buffer[]>>

export type Operation =
  | { readonly name: 'bind'; readonly dn: string; readonly password: string }
  | {
      readonly name: 'search'
      readonly dn: string
      readonly scope: DirectorySearch['scope']
      readonly filter: Element
      readonly attributes: readonly string[]
    }
  | { readonly name: 'add'; readonly dn: string; readonly attributes: Values }
  | { readonly name: 'modify'; readonly dn: string; readonly modifications: readonly Modification[] }
  | { readonly name: 'move'; readonly dn: string; readonly newRdn: string; readonly newParent: string }
  | { readonly name: 'delete'; readonly dn: string }

export type Request =
  | (Operation & {
      readonly id: number
      readonly page: Page | undefined
      /** A control that must be honoured, and is none that we know. */
      readonly unknownControl: string | undefined
    })
  | { readonly name: 'abandon'; readonly id: number; readonly abandoned: number }
  | { readonly name: 'unbind'; readonly id: number }
  | { readonly name: 'unknown'; readonly id: number }

export const answers = { bind: 0x61, search: 0x65, modify: 0x67, add: 0x69, delete: 0x6b, move: 0x6d } as const

const pagedResults = '1.2.840.113556.1.4.319'
const scopes = ['base', 'one', 'sub'] as const
const changes = ['add', 'delete', 'replace'] as const

/** MaxReceiveBuffer of Active Directory's LDAP policy. */
const mostBytes = 10 * 1024 * 1024

/** Cuts what comes into whole messages. Throws Malformed. */
export function createReader(): (chunk: Buffer) => readonly Buffer[] {
  let held: Buffer = Buffer.alloc(0)
  return chunk => {
    held = Buffer.concat([held, chunk])
    const messages: Buffer[] = []
    for (;;) {
      const size = sizeOf(held, 0)
      const isNone = held.length > 0 && held[0] !== tags.sequence
      if (isNone || (size?.length ?? 0) > mostBytes) throw new Malformed('what came is no LDAP message')
      if (size === undefined || held.length < size.head + size.length) return messages
      messages.push(held.subarray(0, size.head + size.length))
      held = held.subarray(size.head + size.length)
    }
  }
}

/** Throws Malformed. */
export function readRequest(message: Buffer): Request {
  const [idPart, operation, controls] = inside(elementsIn(message)[0])
  const id = numberIn(idPart)
  if (operation === undefined) throw new Malformed('a message without an operation came')
  if (operation.tag === 0x50) return { name: 'abandon', id, abandoned: numberIn(operation, 0x50) }
  if (operation.tag === 0x42) return { name: 'unbind', id }
  const asked = operationIn(operation)
  return asked === undefined ? { name: 'unknown', id } : { ...asked, id, ...controlsIn(controls) }
}

function operationIn({ tag, bytes }: Element): Operation | undefined {
  if (tag === 0x4a) return { name: 'delete', dn: bytes.toString('utf8') }
  const parts = elementsIn(bytes)
  const [first, second, third, fourth] = parts
  switch (tag) {
    case 0x60:
      return { name: 'bind', dn: textIn(second), password: textIn(third, 0x80) }
    case 0x63: {
      const scope = scopes[numberIn(second, tags.enumeration)]
      const filter = parts[6]
      if (scope === undefined || filter === undefined) throw new Malformed('a search without scope or filter came')
      return {
        name: 'search',
        dn: textIn(first),
        scope,
        filter,
        attributes: inside(parts[7]).map(part => textIn(part)),
      }
    }
    case 0x66:
      return { name: 'modify', dn: textIn(first), modifications: inside(second).map(modificationIn) }
    case 0x68:
      return { name: 'add', dn: textIn(first), attributes: Object.fromEntries(inside(second).map(attributeIn)) }
    case 0x6c:
      return { name: 'move', dn: textIn(first), newRdn: textIn(second), newParent: textIn(fourth, 0x80) }
    default:
      return undefined
  }
}

function modificationIn(part: Element): Modification {
  const [kind, modification] = inside(part)
  const operation = changes[numberIn(kind, tags.enumeration)]
  if (operation === undefined) throw new Malformed('a change of unknown kind came')
  const [attribute, values] = attributeIn(modification)
  return { operation, attribute, values }
}

function attributeIn(part: Element | undefined): readonly [name: string, values: readonly Buffer[]] {
  const [name, values] = inside(part)
  return [textIn(name), inside(values, tags.set).map(value => bytesIn(value, tags.text))]
}

function controlsIn(list: Element | undefined): {
  readonly page: Page | undefined
  readonly unknownControl: string | undefined
} {
  let page: Page | undefined
  let unknownControl: string | undefined
  for (const control of list === undefined ? [] : inside(list, 0xa0)) {
    const [type, ...rest] = inside(control)
    const name = textIn(type)
    if (name === pagedResults) {
      const [size, cookie] = inside(elementsIn(bytesIn(rest.at(-1), tags.text))[0])
      page = { size: numberIn(size), cookie: bytesIn(cookie, tags.text).toString('latin1') }
    } else if (rest[0]?.tag === tags.boolean && rest[0].bytes[0] !== 0) unknownControl = name
  }
  return { page, unknownControl }
}

/** `cookie`: of a page; empty after the last one. */
export function resultMessage(id: number, tag: number, code: number, diagnostic = '', cookie?: string): Buffer {
  const operation = element(tag, number(code, tags.enumeration), text(''), text(diagnostic))
  return cookie === undefined ? message(id, operation) : message(id, operation, pageControl(cookie))
}

function pageControl(cookie: string): Buffer {
  const value = element(tags.sequence, number(0), text(Buffer.from(cookie, 'latin1')))
  return element(0xa0, element(tags.sequence, text(pagedResults), text(value)))
}

export function entryMessage(
  id: number,
  dn: string,
  attributes: readonly (readonly [name: string, values: readonly Buffer[]])[],
): Buffer {
  const list = attributes.map(([name, values]) =>
    element(tags.sequence, text(name), element(tags.set, ...values.map(value => text(value)))),
  )
  return message(id, element(0x64, text(dn), element(tags.sequence, ...list)))
}

/** RFC 4511, 4.4.1. */
export function noticeOfDisconnection(code: number, diagnostic: string): Buffer {
  const name = text('1.3.6.1.4.1.1466.20036', 0x8a)
  return message(0, element(0x78, number(code, tags.enumeration), text(''), text(diagnostic), name))
}

function message(id: number, ...parts: readonly Buffer[]): Buffer {
  return element(tags.sequence, number(id), ...parts)
}
