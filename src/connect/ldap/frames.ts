// The bytes of a connection, cut into whole LDAP messages. A message that is none, or larger than any domain controller
// sends, is refused by its first bytes: what a stranger announces is never waited for.

/** The server does not speak LDAP as it should. The connection it came on is of no further use. */
export class Garbled extends Error {}

const mostBytes = 64 * 1024 * 1024

/** What each chunk completes. Throws Garbled. */
export function createFramer(): {
  readonly push: (chunk: Buffer) => readonly Buffer[]
  readonly isIdle: () => boolean
} {
  let held: Buffer[] = []
  let size = 0
  let needed = 1
  const push = (chunk: Buffer): readonly Buffer[] => {
    held.push(chunk)
    size += chunk.length
    // A large message comes in thousands of chunks: they are joined once.
    if (size < needed) return []
    const bytes = held.length === 1 ? chunk : Buffer.concat(held, size)
    const messages: Buffer[] = []
    let at = 0
    for (;;) {
      const length = messageLength(bytes, at)
      needed = length ?? bytes.length - at + 1
      if (length === undefined || bytes.length - at < length) break
      messages.push(bytes.subarray(at, at + length))
      at += length
    }
    size = bytes.length - at
    held = size === 0 ? [] : [bytes.subarray(at)]
    return messages
  }
  return { push, isIdle: () => size === 0 }
}

/** Undefined: the head is not here yet. */
function messageLength(bytes: Buffer, at: number): number | undefined {
  if (at >= bytes.length) return undefined
  if (bytes[at] !== 0x30) throw new Garbled('what came is no LDAP message')
  const first = bytes[at + 1]
  if (first === undefined) return undefined
  if (first < 0x80) return 2 + first
  const count = first - 0x80
  if (count === 0 || count > 4) throw new Garbled('a message of unknown length came')
  if (at + 2 + count > bytes.length) return undefined
  const length = bytes.readUIntBE(at + 2, count)
  if (length > mostBytes) throw new Garbled(`a message of ${length} bytes is announced`)
  return 2 + count + length
}
