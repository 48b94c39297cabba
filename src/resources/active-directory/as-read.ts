// Nothing of others' is overwritten. What a modify overwrites it names, so that it is refused where somebody has changed that
// since it was read; a move or a deletion has no such condition, so that the object is read again right before. What
// somebody changes between that reading and the write is not noticed.

import {
  type DirectoryEntry,
  type DirectoryReader,
  type DirectoryWriter,
  type Modification,
  RequestFailure,
} from '../../model/directories.ts'
import { canonicalDn } from '../../model/escape.ts'
import { Failure } from '../../model/problem.ts'
import { byGuid, isMissing, value, values } from './domain.ts'

export interface ObjectAsRead {
  readonly objectId: string
  /** Its distinguished name. */
  readonly name?: string
}

/** Throws `stale` unless it is where it was, and these attributes are as they were read; undefined: without a value. */
export async function requireAsRead(
  directory: DirectoryReader,
  object: ObjectAsRead,
  attributes: Readonly<Record<string, string | undefined>>,
  kept: string,
): Promise<void> {
  const entry = await readThere(directory, object, Object.keys(attributes))
  if (object.name !== undefined && canonicalDn(entry.dn) !== canonicalDn(object.name)) {
    throw stale(`${object.name} was moved or renamed by somebody since it was read: it is ${entry.dn} now; ${kept}`)
  }
  for (const [name, before] of Object.entries(attributes)) {
    const after = value(entry, name)
    if (before !== after) {
      const what = difference(name, before, after)
      throw stale(`${entry.dn} was changed by somebody since it was read: ${what}; ${kept}`)
    }
  }
}

/** Throws `stale` where the object, or what would be overwritten, is not as it was read: then nothing is written. */
export async function modifyAsRead(
  directory: DirectoryWriter,
  object: ObjectAsRead,
  modifications: readonly Modification[],
): Promise<void> {
  try {
    await directory.modify(byGuid(object.objectId), modifications)
  } catch (error) {
    if (!isStale(error) && !isMissing(error)) throw error
    const names = [...new Set(modifications.map(({ attribute }) => attribute))]
    const entry = await readThere(directory, object, names)
    // A member, or the like, that is not there.
    if (isMissing(error)) throw error
    const found = modifications.flatMap(modification => differenceFrom(entry, modification))
    const what = found[0] ?? `${names.join(', ')} is not as it was`
    throw stale(`${entry.dn} was changed by somebody since it was read: ${what}; nothing was overwritten`)
  }
}

/** Why the part of a modify is refused, as far as the object tells. */
function differenceFrom(entry: DirectoryEntry, { operation, attribute, values: given }: Modification): string[] {
  const now = values(entry, attribute)
  const [first] = given
  if (typeof first !== 'string' || operation === 'replace') return []
  const holds = given.every(each => now.some(text => text.toLowerCase() === String(each).toLowerCase()))
  if (operation === 'delete') return holds ? [] : [difference(attribute, first, now[0])]
  return holds ? [`${attribute} is ${shown(first)} already`] : []
}

/** The object, by its identity; throws `stale` where it is not there. */
export async function readThere(
  directory: DirectoryReader,
  object: ObjectAsRead,
  attributes: readonly string[],
): Promise<DirectoryEntry> {
  const [base, filter] = [byGuid(object.objectId), { present: 'objectClass' }]
  const [entry] = await directory.search({ base, scope: 'base', filter, attributes }).catch(error => {
    if (isMissing(error)) return []
    throw error
  })
  if (entry !== undefined) return entry
  const why = 'somebody deleted it since it was read, or the domain controller that answers now does not know it yet'
  throw stale(`${object.name ?? base} is not there: ${why}; nothing was done`)
}

/** Also as a server says it: 16 and 20, a value that was read has gone or come. */
export function isStale(error: unknown): boolean {
  if (error instanceof Failure) return error.code === 'stale'
  return error instanceof RequestFailure && (error.status === 16 || error.status === 20)
}

function difference(attribute: string, before: string | undefined, after: string | undefined): string {
  return `${attribute} was ${shown(before)} and is ${shown(after)} now`
}

function shown(text: string | undefined): string {
  if (text === undefined) return 'without a value'
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)
}

export function stale(message: string): Failure {
  return new Failure('stale', message, 'plan again, which shows what would be done about it now')
}
