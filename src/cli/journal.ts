// The journal's file: lines are appended to its chain as things happen, each written whole before what comes after it is
// done. What a crash leaves of a line stays, and the next line tells of it.

import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { AuditRecord, Torn } from '../model/journal.ts'
import { Failure } from '../model/problem.ts'
import { isoOf } from '../model/time.ts'
import { freeLock, takeLock } from '../sandbox/store-lock.ts'
import { asFailure } from './files.ts'
import type { Host } from './host.ts'
import { isTornLine, lineOf, readLine, sha256 } from './journal-line.ts'

export interface Journal {
  /** All of it or nothing; throws if it cannot. */
  readonly write: (record: AuditRecord) => void
  /** Returns when what was written outlives a loss of power. */
  readonly sync: () => void
  readonly head: () => Head
  readonly close: () => void
}

export interface Head {
  /** Of the last line; 0 and null before the first one. */
  readonly seq: number
  readonly hash: string | null
}

/** `makeFolder`: it is our own. Whoever opens it closes it. */
export function openJournal(host: Host, path: string, makeFolder: boolean): Journal {
  const lock = join(dirname(path), `${basename(path)}.lock`)
  try {
    if (makeFolder) mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) {
      throw new Failure('journal', `the journal ${path} is no plain file`, 'name another with --journal')
    }
    takeLock(lock, host.writer, holder => inUse(path, lock, holder))
    try {
      return journalIn(host, path, openSync(path, 'a+', 0o600), lock)
    } catch (error) {
      freeLock(lock)
      throw error
    }
  } catch (error) {
    throw asFailure(error, `cannot write the journal ${path}`)
  }
}

function journalIn(host: Host, path: string, file: number, lock: string): Journal {
  let { head, torn, size, lead } = readEnd(path, file)

  const append = (text: string): void => {
    const bytes = Buffer.from(text)
    if (fstatSync(file).size !== size) {
      throw new Failure('journal', `somebody else writes to the journal ${path}`, 'give each apply its own: --journal')
    }
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
    } catch (error) {
      ftruncateSync(file, size)
      throw error
    }
    size += bytes.length
  }
  return {
    write(record) {
      const seq = head.seq + 1
      const remains = torn === undefined ? {} : { torn }
      const { text, hash } = lineOf({ seq, time: isoOf(host.now()), previous: head.hash, ...remains }, record)
      try {
        append(`${lead}${text}\n`)
      } catch (error) {
        throw asFailure(error, `cannot write the journal ${path}`)
      }
      head = { seq, hash }
      torn = undefined
      lead = ''
    },
    sync() {
      try {
        fsyncSync(file)
      } catch (error) {
        throw asFailure(error, `cannot write the journal ${path}`)
      }
    },
    head: () => head,
    close() {
      closeSync(file)
      freeLock(lock)
    },
  }
}

interface End {
  readonly head: Head
  /** What a crash left after the last whole line. */
  readonly torn: Torn | undefined
  readonly size: number
  /** What ends an unfinished line. */
  readonly lead: '' | '\n'
}

/** Looks at the end only: whether the whole is as it was written is for `audit verify` to say. */
function readEnd(path: string, file: number): End {
  const { size } = fstatSync(file)
  for (let length = 65_536; ; length *= 4) {
    const bytes = lastBytes(file, size, length)
    const lines = linesIn(bytes)
    const index = lines.findLastIndex(line => readLine(line) !== undefined)
    const last = readLine(lines[index] ?? nothing)
    // What looks like a short line may be the end of a longer one.
    if (last === undefined && bytes.length < size) continue
    const rest = bytes.subarray(last === undefined ? 0 : lines.slice(0, index + 1).reduce(lengthWithBreak, 0))
    const isWhole = last?.isIntact ?? true
    if (!isWhole || !isTorn((last?.link.seq ?? 0) + 1, rest)) {
      throw new Failure(
        'journal-broken',
        `the end of the journal ${path} is not as it was written`,
        'see `guestlist audit verify`; keep the file as it is, and go on in another one: --journal',
      )
    }
    const remains = bytes.at(-1) === lineBreak ? rest.subarray(0, -1) : rest
    return {
      head: last === undefined ? { seq: 0, hash: null } : { seq: last.link.seq, hash: last.hash },
      torn: remains.length === 0 ? undefined : { bytes: remains.length, hash: sha256(remains) },
      size,
      lead: size === 0 || bytes.at(-1) === lineBreak ? '' : '\n',
    }
  }
}

const nothing = Buffer.alloc(0)
const lineBreak = 10

function lengthWithBreak(sum: number, line: Buffer): number {
  return sum + line.length + 1
}

/** Nothing, or what crashes can have left of the next line; anything else is no journal, or was put in. */
function isTorn(seq: number, rest: Buffer): boolean {
  const lines = linesIn(rest)
  return (lines.at(-1)?.length === 0 ? lines.slice(0, -1) : lines).every(line => isTornLine(seq, line))
}

function lastBytes(file: number, size: number, length: number): Buffer {
  const start = Math.max(0, size - length)
  const bytes = Buffer.alloc(size - start)
  for (let read = 0; read < bytes.length; ) {
    const more = readSync(file, bytes, read, bytes.length - read, start + read)
    if (more === 0) break
    read += more
  }
  return bytes
}

/** What line breaks separate; the last is what follows the last of them. */
export function linesIn(bytes: Buffer): readonly Buffer[] {
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(lineBreak); end !== -1; end = bytes.indexOf(lineBreak, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  return [...lines, bytes.subarray(start)]
}

function inUse(path: string, lock: string, holder: number | undefined): Failure {
  const by = holder === undefined ? 'another process' : `process ${holder}`
  return new Failure(
    'journal-in-use',
    `the journal ${path} is being written by ${by}`,
    `wait for it to end, or remove ${lock} if that process is not guestlist`,
  )
}
