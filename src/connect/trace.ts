// One JSON line for every request that leaves us, appended as it ends, so that an interrupted run leaves a whole file.
// No secret reaches it: headers are never written, and values under names that promise a secret are replaced.

import { openSync, writeSync } from 'node:fs'
import { type DirectoryReader, type DirectoryWriter, RequestFailure } from '../model/directories.ts'
import { Failure } from '../model/problem.ts'

export interface GraphLine {
  readonly to: 'graph'
  readonly method: string
  readonly url: string
  /** As sent, parsed; null without one. */
  readonly body: unknown
  /** 0: no answer came. */
  readonly status: number
  readonly ms: number
}

export interface LdapLine {
  readonly to: 'ldap'
  readonly operation: 'search' | 'add' | 'modify' | 'modifyDN' | 'delete'
  readonly dn: string
  /** LDAP result code; 0 is success. */
  readonly result: number
  readonly ms: number
}

export interface Trace {
  /** The clock that `ms` is measured with. */
  readonly now: () => number
  readonly write: (line: GraphLine | LdapLine) => void
}

/** Appends to `file`, made for its owner only if it is new. */
export function openTrace(file: string, now: () => number): Trace {
  const descriptor = open(file)
  return {
    now,
    write: line => {
      try {
        writeSync(descriptor, `${JSON.stringify(line.to === 'graph' ? { ...line, body: redact(line.body) } : line)}\n`)
      } catch (error) {
        throw new Failure('trace-unwritable', `cannot write to the trace file ${file}: ${reasonOf(error)}`)
      }
    },
  }
}

function open(file: string): number {
  try {
    return openSync(file, 'a', 0o600)
  } catch (error) {
    const hint = 'name a file in a folder that exists and that you may write to'
    throw new Failure('trace-unwritable', `cannot open the trace file ${file}: ${reasonOf(error)}`, hint)
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const secretName = /password|passwd|pwd|secret|token|assertion|redeemurl|keycredential|authorization/i

/** Booleans, numbers and null stay: `enableIdTokenIssuance: true` is no secret, and a trace without it would mislead. */
export function redact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redact)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, secretName.test(name) ? hide(inner) : redact(inner)]),
  )
}

function hide(value: unknown): unknown {
  return typeof value === 'string' || (typeof value === 'object' && value !== null) ? '[redacted]' : value
}

export function traceDirectory(directory: DirectoryWriter, trace: Trace): DirectoryWriter
export function traceDirectory(directory: DirectoryReader, trace: Trace): DirectoryReader
export function traceDirectory(directory: DirectoryReader | DirectoryWriter, trace: Trace): DirectoryReader {
  const traced = async <T>(operation: LdapLine['operation'], dn: string, work: () => Promise<T>): Promise<T> => {
    const started = trace.now()
    let result = 0
    try {
      return await work()
    } catch (error) {
      result = error instanceof RequestFailure ? error.status : ldapOther
      throw error
    } finally {
      trace.write({ to: 'ldap', operation, dn, result, ms: Math.round(trace.now() - started) })
    }
  }
  const reader: DirectoryReader = {
    search: request => traced('search', request.base, () => directory.search(request)),
  }
  if (!isWriter(directory)) return reader
  const writer: DirectoryWriter = {
    ...reader,
    add: (dn, attributes) => traced('add', dn, () => directory.add(dn, attributes)),
    modify: (target, modifications) => traced('modify', target, () => directory.modify(target, modifications)),
    move: (target, newRdn, newParent) => traced('modifyDN', target, () => directory.move(target, newRdn, newParent)),
    remove: target => traced('delete', target, () => directory.remove(target)),
  }
  return writer
}

/** LDAP's code for a failure that has no code of its own. */
const ldapOther = 80

function isWriter(directory: DirectoryReader | DirectoryWriter): directory is DirectoryWriter {
  return 'add' in directory
}
