// A store's files: the snapshot, whose first line counts its items, and the journal, whose first line says which snapshot it
// continues. What a crash can leave (a line cut short, a journal older than its snapshot) reads as the state before it.

import {
  appendFileSync,
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../model/problem.ts'
import { freeLock } from './store-lock.ts'

/** `[collection, id, item]`, or without item: deleted. */
export type Entry = readonly [collection: string, id: string, item?: object]

export type State = Map<string, Map<string, object>>

/** Where change sets go. */
export interface Journal {
  append(entries: readonly Entry[]): void
  clear(): void
  close(state: State): void
}

export interface Files {
  readonly snapshot: string
  readonly journal: string
  readonly lock: string
}

export function filesOf(folder: string, name: string): Files {
  const file = (suffix: string) => join(folder, `${name}.${suffix}`)
  return { snapshot: file('snapshot.jsonl'), journal: file('journal.jsonl'), lock: file('lock') }
}

export function writable(files: Files, pid: number): [State, Journal] {
  let { state, generation, journalIsCurrent, journalLength } = read(files)
  let descriptor: number | undefined
  let dirty = journalIsCurrent

  function open(): number {
    if (!journalIsCurrent) {
      writeFileSync(files.journal, `${JSON.stringify({ generation })}\n`)
      journalIsCurrent = true
    } else if (journalLength !== undefined) {
      // A torn last line goes, so that what is appended starts on a line of its own.
      const whole = readFileSync(files.journal).subarray(0, journalLength)
      writeFileSync(files.journal, whole)
    }
    journalLength = undefined
    return openSync(files.journal, 'a')
  }

  function closeJournal(): void {
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = undefined
  }

  return [
    state,
    {
      append(entries) {
        onDisk(files.journal, () => {
          descriptor ??= open()
          dirty = true
          appendLine(descriptor, files.journal, `${JSON.stringify(entries)}\n`)
        })
      },
      clear() {
        closeJournal()
        removeState(files)
        generation = 0
        journalIsCurrent = false
        dirty = false
      },
      close(current) {
        closeJournal()
        try {
          if (dirty) {
            onDisk(files.snapshot, () => writeSnapshot(files, pid, generation + 1, current))
            rmSync(files.journal, { force: true })
          }
        } finally {
          freeLock(files.lock)
        }
      },
    },
  ]
}

/** A line that does not fit goes again as a whole, so that a later one starts on a line of its own. */
function appendLine(descriptor: number, file: string, line: string): void {
  const { size } = fstatSync(descriptor)
  const bytes = Buffer.from(line)
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written)
  } catch (error) {
    truncateSync(file, size)
    throw error
  }
}

function onDisk(file: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    const reason = codeOf(error) === 'ENOSPC' ? 'the disk is full' : (error as Error).message
    const message = `cannot write the sandbox's state ${file}: ${reason}`
    throw new Failure('sandbox-unwritable', message, undefined, { cause: error })
  }
}

// The journal goes first: cut short, this leaves an older state, never a journal without what it continues.
export function removeState(files: Files): void {
  rmSync(files.journal, { force: true })
  rmSync(files.snapshot, { force: true })
}

function writeSnapshot(files: Files, pid: number, generation: number, state: State): void {
  const temporary = `${files.snapshot}.${pid}.tmp`
  try {
    writeItems(temporary, generation, state)
    renameSync(temporary, files.snapshot)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function writeItems(file: string, generation: number, state: State): void {
  const items = [...state].flatMap(([collection, entries]) =>
    [...entries].map(([id, item]): Entry => [collection, id, item]),
  )
  writeFileSync(file, `${JSON.stringify({ generation, items: items.length })}\n`)
  const chunk = 1000
  for (let from = 0; from < items.length; from += chunk) {
    appendFileSync(
      file,
      items
        .slice(from, from + chunk)
        .map(item => `${JSON.stringify(item)}\n`)
        .join(''),
    )
  }
}

interface Reading {
  readonly state: State
  readonly generation: number
  /** The journal continues this snapshot; otherwise it is a rest from before the snapshot, which holds it already. */
  readonly journalIsCurrent: boolean
  /** Bytes of the journal's whole lines. */
  readonly journalLength: number | undefined
}

export function read(files: Files): Reading {
  // A writer may compact between the two reads: then the journal is newer than the snapshot, and both are read again.
  for (let attempt = 0; attempt < 10; attempt++) {
    const { state, generation } = readSnapshot(files)
    const text = readIfThere(files.journal)
    const whole = text?.slice(0, text.lastIndexOf('\n') + 1)
    if (whole === undefined || whole === '')
      return { state, generation, journalIsCurrent: false, journalLength: undefined }
    const [first, ...lines] = whole.slice(0, -1).split('\n')
    const journalGeneration = (parse(files.journal, first) as { generation?: unknown } | null)?.generation
    if (typeof journalGeneration !== 'number') throw corrupt(files.journal)
    if (journalGeneration > generation) continue
    if (journalGeneration < generation) return { state, generation, journalIsCurrent: false, journalLength: undefined }
    for (const line of lines)
      for (const entry of entriesOf(files.journal, parse(files.journal, line))) replay(state, entry)
    return { state, generation, journalIsCurrent: true, journalLength: Buffer.byteLength(whole) }
  }
  throw corrupt(files.journal)
}

function readSnapshot(files: Files): { state: State; generation: number } {
  const state: State = new Map()
  const text = readIfThere(files.snapshot)
  if (text === undefined) return { state, generation: 0 }
  const [first, ...lines] = text.split('\n')
  const head = parse(files.snapshot, first) as { generation?: unknown; items?: unknown } | null
  if (typeof head?.generation !== 'number' || lines.pop() !== '' || head.items !== lines.length)
    throw corrupt(files.snapshot)
  for (const line of lines) {
    for (const entry of entriesOf(files.snapshot, [parse(files.snapshot, line)])) replay(state, entry)
  }
  return { state, generation: head.generation }
}

function replay(state: State, [collection, id, item]: Entry): void {
  const items = state.get(collection) ?? new Map<string, object>()
  state.set(collection, items)
  if (item === undefined) items.delete(id)
  else items.set(id, item)
}

function entriesOf(file: string, value: unknown): readonly Entry[] {
  if (!Array.isArray(value)) throw corrupt(file)
  return value.map((entry): Entry => {
    if (!Array.isArray(entry)) throw corrupt(file)
    const [collection, id, item] = entry as unknown[]
    const isItem = typeof item === 'object' && item !== null
    if (typeof collection !== 'string' || typeof id !== 'string' || !(isItem || item === undefined)) throw corrupt(file)
    return item === undefined ? [collection, id] : [collection, id, item as object]
  })
}

function parse(file: string, line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? '')
  } catch {
    throw corrupt(file)
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new Failure('sandbox-unreadable', `cannot read the sandbox's state ${file}: ${(error as Error).message}`)
  }
}

function corrupt(file: string): Failure {
  return new Failure(
    'sandbox-corrupt',
    `the sandbox's state ${file} is damaged`,
    'start over with `guestlist sandbox reset`, and the same --state and --seed',
  )
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code
}
