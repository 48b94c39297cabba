// One line of the journal: JSON, whose last property is the SHA-256 of all the line before it. `previous` is the hash of the
// line before, so that no line can be taken out, put in or moved without the next one telling.

import { createHash } from 'node:crypto'
import type { AuditRecord, JournalLink } from '../model/journal.ts'

export interface JournalLine {
  readonly link: JournalLink
  readonly record: AuditRecord
  /** As it stands in the line. */
  readonly hash: string
  /** The hash is that of what the line says. */
  readonly isIntact: boolean
}

const ending = /^,"hash":"([0-9a-f]{64})"\}$/
const endingLength = ',"hash":""}'.length + 64

/** Without the line break. */
export function lineOf(link: JournalLink, record: AuditRecord): { readonly text: string; readonly hash: string } {
  const body = JSON.stringify({ ...link, ...record }).slice(0, -1)
  const hash = sha256(body)
  return { text: `${body},"hash":"${hash}"}`, hash }
}

/** Undefined: it is none, or not a whole one. */
export function readLine(bytes: Buffer): JournalLine | undefined {
  const hash = ending.exec(bytes.subarray(-endingLength).toString('latin1'))?.[1]
  const value = hash === undefined ? undefined : parsed(bytes.toString('utf8'))
  if (hash === undefined || !isLine(value)) return undefined
  return { link: value, record: value, hash, isIntact: sha256(bytes.subarray(0, -endingLength)) === hash }
}

/** Whether a crash can have left it of line `seq`: the beginning of one of ours, and nothing else. */
export function isTornLine(seq: number, bytes: Buffer): boolean {
  const beginning = Buffer.from(`{"seq":${seq},"time":"`)
  const isBegun = beginning.subarray(0, bytes.length).equals(bytes.subarray(0, beginning.length))
  // JSON writes control characters as escapes.
  return isBegun && bytes.length > 0 && bytes.every(byte => byte >= 0x20)
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Who changed a line can have written anything: what is looked at must have its shape. */
function isLine(value: unknown): value is JournalLink & AuditRecord {
  if (typeof value !== 'object' || value === null) return false
  const { seq, time, previous, record, torn, id } = value as Readonly<Record<string, unknown>>
  return (
    Number.isSafeInteger(seq) &&
    typeof time === 'string' &&
    (previous === null || typeof previous === 'string') &&
    typeof record === 'string' &&
    (id === undefined || typeof id === 'string') &&
    (torn === undefined || (typeof torn === 'object' && torn !== null))
  )
}
