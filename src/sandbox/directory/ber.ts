// The few forms of BER (X.690) that LDAP is made of, read and written. Its own, so that the client and the sandbox do not
// agree on a mistake; ldapts reads filters of requests wrongly (a presence filter from the message's first byte).

/** What came is no LDAP. */
export class Malformed extends Error {}

export interface Element {
  readonly tag: number
  readonly bytes: Buffer
}

export const tags = { boolean: 0x01, integer: 0x02, text: 0x04, enumeration: 0x0a, sequence: 0x30, set: 0x31 } as const

export function elementsIn(bytes: Buffer): readonly Element[] {
  const elements: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = sizeOf(bytes, at)
    if (size === undefined || at + size.head + size.length > bytes.length) throw new Malformed('a value is cut off')
    const start = at + size.head
    elements.push({ tag: bytes[at] ?? 0, bytes: bytes.subarray(start, start + size.length) })
    at = start + size.length
  }
  return elements
}

/** Of the element that begins at `at`; undefined while its head is not all there. */
export function sizeOf(bytes: Buffer, at: number): { readonly head: number; readonly length: number } | undefined {
  const first = bytes[at + 1]
  if (first === undefined) return undefined
  if (first < 0x80) return { head: 2, length: first }
  const count = first - 0x80
  if (count === 0 || count > 4) throw new Malformed('a value has no length')
  return at + 2 + count > bytes.length ? undefined : { head: 2 + count, length: bytes.readUIntBE(at + 2, count) }
}

export function bytesIn(element: Element | undefined, tag: number): Buffer {
  if (element?.tag !== tag) throw new Malformed(`0x${tag.toString(16)} was to come`)
  return element.bytes
}

export function inside(element: Element | undefined, tag: number = tags.sequence): readonly Element[] {
  return elementsIn(bytesIn(element, tag))
}

export function textIn(element: Element | undefined, tag: number = tags.text): string {
  return bytesIn(element, tag).toString('utf8')
}

export function numberIn(element: Element | undefined, tag: number = tags.integer): number {
  const bytes = bytesIn(element, tag)
  if (bytes.length === 0 || bytes.length > 4) throw new Malformed('a number has no usual size')
  return bytes.readIntBE(0, bytes.length)
}

export function element(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content])
  const head = Buffer.alloc(6)
  head.writeUInt8(tag, 0)
  head.writeUInt8(0x84, 1)
  head.writeUInt32BE(content.length, 2)
  return Buffer.concat([head, content])
}

export function text(value: string | Uint8Array, tag: number = tags.text): Buffer {
  return element(tag, Buffer.from(value as string))
}

export function number(value: number, tag: number = tags.integer): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  // The shortest form is the only one: a byte that only repeats the sign is left out.
  let first = 0
  while (first < 3 && bytes.readInt32BE() === bytes.subarray(first + 1).readIntBE(0, 3 - first)) first += 1
  return element(tag, bytes.subarray(first))
}
