// Ids that are always the same for the same name, so that a seed without ids is the same tenant every time.

import { createHash } from 'node:crypto'

/** A UUID from words. */
export function uuidOf(...words: readonly string[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(words)).digest()
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The id of the object that was the `sequence`-th to be created in a tenant. */
export function newId(tenantId: string, sequence: number): string {
  return uuidOf(tenantId, 'created', String(sequence))
}

/** An app-role assignment's id: the principal's GUID in .NET's byte order and 16 bytes that nobody should read. */
export function assignmentId(principalId: string, ...words: readonly string[]): string {
  const hex = principalId.replaceAll('-', '')
  const bytes = Buffer.from(hex, 'hex')
  bytes.subarray(0, 4).reverse()
  bytes.subarray(4, 6).reverse()
  bytes.subarray(6, 8).reverse()
  const opaque = createHash('sha256').update(JSON.stringify(words)).digest().subarray(0, 16)
  return Buffer.concat([bytes, opaque]).toString('base64url')
}
