// Between what the simulated domain holds (text in one form per syntax) and the bytes that go over the wire; and filters,
// whose values are read by the attribute that they are about.

import type { Filter } from '../../model/directories.ts'
import { bytesIn, type Element, elementsIn, inside, Malformed, tags, textIn } from './ber.ts'
import { refusal } from './refusal.ts'
import { attributeOf } from './schema.ts'
import { storedValue } from './values.ts'

export function sentBytes(name: string, value: string): Buffer {
  switch (attributeOf(name)?.syntax) {
    case 'octets':
      return Buffer.from(value, 'base64')
    case 'guid':
      return guidBytes(value)
    case 'sid':
      return sidBytes(value)
    default:
      return Buffer.from(value)
  }
}

const inChainRule = '1.2.840.113556.1.4.1941'

/** Refuses what the sandbox cannot evaluate. */
export function filterIn({ tag, bytes }: Element): Filter {
  switch (tag) {
    case 0xa0:
      return { and: elementsIn(bytes).map(filterIn) }
    case 0xa1:
      return { or: elementsIn(bytes).map(filterIn) }
    case 0xa2: {
      const [inner] = elementsIn(bytes)
      if (inner === undefined) throw new Malformed('a filter that denies nothing came')
      return { not: filterIn(inner) }
    }
    case 0xa3: {
      const [name, value] = elementsIn(bytes)
      const attribute = textIn(name)
      return { equals: [attribute, receivedText(attribute, bytesIn(value, tags.text))] }
    }
    case 0xa4: {
      const [name, parts] = elementsIn(bytes)
      const [initial, ...more] = inside(parts)
      if (initial?.tag === 0x80 && more.length === 0) return { startsWith: [textIn(name), textIn(initial, 0x80)] }
      break
    }
    case 0x87:
      return { present: bytes.toString('utf8') }
    case 0xa9: {
      const [rule, name, value] = elementsIn(bytes)
      if (textIn(rule, 0x81) === inChainRule) return { inChain: [textIn(name, 0x82), textIn(value, 0x83)] }
      break
    }
  }
  throw refusal(53, '00000057: LdapErr: the sandbox does not know this kind of filter')
}

function receivedText(name: string, bytes: Buffer): string {
  const attribute = attributeOf(name)
  const isBinary = attribute !== undefined && ['octets', 'guid', 'sid'].includes(attribute.syntax)
  return isBinary && bytes.length > 0 ? storedValue(attribute, bytes) : bytes.toString('utf8')
}

// The first three parts of a GUID are numbers, lowest byte first.
const guidOrder = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]

function guidBytes(value: string): Buffer {
  const straight = Buffer.from(value.replaceAll('-', ''), 'hex')
  return Buffer.from(guidOrder.map(at => straight[at] ?? 0))
}

function sidBytes(value: string): Buffer {
  const [, revision, authority, ...parts] = value.split('-').map(Number)
  const bytes = Buffer.alloc(8 + 4 * parts.length)
  bytes.writeUInt8(revision ?? 1, 0)
  bytes.writeUInt8(parts.length, 1)
  bytes.writeUIntBE(authority ?? 0, 2, 6)
  for (const [index, part] of parts.entries()) bytes.writeUInt32LE(part, 8 + 4 * index)
  return bytes
}
