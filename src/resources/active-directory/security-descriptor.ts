// The security descriptor of `msDS-AllowedToActOnBehalfOfOtherIdentity`: who may sign in to a service on anyone's behalf.
// Self-relative form of [MS-DTYP] 2.4.6. Entries are kept byte for byte; only ours is added or taken out.

import { Failure } from '../../model/problem.ts'

/** Access that an allowing entry gives, as Windows' own tools write it: full control of a directory object. */
const fullControl = 0x000f01ff
const administrators = 'S-1-5-32-544'
const accessAllowed = 0x00
const selfRelative = 0x8000
const daclPresent = 0x0004
const headerSize = 20
const listHeaderSize = 8
/** Of an entry: type, flags, size, mask. Its SID follows. */
const entryHeaderSize = 8

interface Descriptor {
  readonly control: number
  readonly owner: Uint8Array | undefined
  readonly group: Uint8Array | undefined
  readonly revision: number
  readonly entries: readonly Uint8Array[]
}

/** SIDs that a plain allowing entry names. */
export function allowedSids(descriptor: Uint8Array | undefined): readonly string[] {
  return descriptor === undefined ? [] : parse(descriptor).entries.flatMap(entry => allowedSid(entry) ?? [])
}

/** The descriptor with an entry for `sid`; a new one if there is none yet. */
export function withAllowed(descriptor: Uint8Array | undefined, sid: string): Uint8Array {
  const before = descriptor === undefined ? fresh : parse(descriptor)
  const trustee = bytesOfSid(sid)
  const entry = new Uint8Array(entryHeaderSize + trustee.length)
  const view = new DataView(entry.buffer)
  view.setUint8(0, accessAllowed)
  view.setUint16(2, entry.length, true)
  view.setUint32(4, fullControl, true)
  entry.set(trustee, entryHeaderSize)
  return build({ ...before, entries: [...before.entries, entry] })
}

/** The descriptor without plain allowing entries for `sid`; undefined if nothing is left in it. */
export function withoutAllowed(descriptor: Uint8Array, sid: string): Uint8Array | undefined {
  const before = parse(descriptor)
  const entries = before.entries.filter(entry => allowedSid(entry) !== sid)
  return entries.length === 0 ? undefined : build({ ...before, entries })
}

const fresh: Descriptor = {
  control: selfRelative | daclPresent,
  owner: bytesOfSid(administrators),
  group: undefined,
  revision: 2,
  entries: [],
}

function allowedSid(entry: Uint8Array): string | undefined {
  return entry[0] === accessAllowed ? textOfSid(entry.subarray(entryHeaderSize)) : undefined
}

function parse(bytes: Uint8Array): Descriptor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const control = view.getUint16(2, true)
    const [owner, group, sacl, dacl] = [4, 8, 12, 16].map(offset => view.getUint32(offset, true))
    if (view.getUint8(0) !== 1 || (control & selfRelative) === 0 || sacl !== 0 || !dacl) throw unreadable()
    return {
      control,
      owner: sidAt(bytes, owner),
      group: sidAt(bytes, group),
      revision: view.getUint8(dacl),
      entries: entriesAt(bytes, view, dacl),
    }
  } catch (error) {
    if (error instanceof RangeError) throw unreadable()
    throw error
  }
}

function entriesAt(bytes: Uint8Array, view: DataView, list: number): readonly Uint8Array[] {
  const end = list + view.getUint16(list + 2, true)
  const count = view.getUint16(list + 4, true)
  const entries: Uint8Array[] = []
  let offset = list + listHeaderSize
  for (let index = 0; index < count; index += 1) {
    const size = view.getUint16(offset + 2, true)
    if (size < entryHeaderSize || offset + size > end || end > bytes.length) throw unreadable()
    entries.push(bytes.slice(offset, offset + size))
    offset += size
  }
  return entries
}

function build({ control, owner, group, revision, entries }: Descriptor): Uint8Array {
  const listSize = entries.reduce((sum, entry) => sum + entry.length, listHeaderSize)
  const dacl = headerSize + (owner?.length ?? 0) + (group?.length ?? 0)
  const bytes = new Uint8Array(dacl + listSize)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, 1)
  view.setUint16(2, control | daclPresent, true)
  let offset = headerSize
  for (const [field, sid] of [[4, owner] as const, [8, group] as const]) {
    if (sid === undefined) continue
    view.setUint32(field, offset, true)
    bytes.set(sid, offset)
    offset += sid.length
  }
  view.setUint32(16, dacl, true)
  view.setUint8(dacl, revision)
  view.setUint16(dacl + 2, listSize, true)
  view.setUint16(dacl + 4, entries.length, true)
  offset = dacl + listHeaderSize
  for (const entry of entries) {
    bytes.set(entry, offset)
    offset += entry.length
  }
  return bytes
}

function sidAt(bytes: Uint8Array, offset: number | undefined): Uint8Array | undefined {
  if (!offset) return undefined
  const size = 8 + 4 * (bytes[offset + 1] ?? 0)
  if (offset + size > bytes.length) throw unreadable()
  return bytes.slice(offset, offset + size)
}

/** `S-1-5-21-…`, [MS-DTYP] 2.4.2. */
function textOfSid(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const authority = view.getUint16(2) * 0x1_0000_0000 + view.getUint32(4)
  const parts = Array.from({ length: view.getUint8(1) }, (_, index) => view.getUint32(8 + 4 * index, true))
  return ['S', view.getUint8(0), authority, ...parts].join('-')
}

function bytesOfSid(text: string): Uint8Array {
  const [letter, revision, authority, ...parts] = text.split('-')
  const numbers = [revision, authority, ...parts].map(Number)
  if (
    letter !== 'S' ||
    parts.length === 0 ||
    parts.length > 15 ||
    numbers.some(number => !Number.isSafeInteger(number))
  ) {
    throw new Failure('bad-sid', `${JSON.stringify(text)} is no security identifier`)
  }
  const bytes = new Uint8Array(8 + 4 * parts.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, Number(revision))
  view.setUint8(1, parts.length)
  view.setUint16(2, Math.floor(Number(authority) / 0x1_0000_0000))
  view.setUint32(4, Number(authority) % 0x1_0000_0000)
  for (const [index, part] of parts.entries()) view.setUint32(8 + 4 * index, Number(part), true)
  return bytes
}

function unreadable(): Failure {
  return new Failure(
    'unreadable-descriptor',
    'the security descriptor of the service account is not in a form that can be changed without loss',
    'a person looks at msDS-AllowedToActOnBehalfOfOtherIdentity of the account',
  )
}
