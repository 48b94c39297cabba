// The files of the policies folder, on disk and in a commit: whether they are the same, and those of a commit laid out in a
// folder of their own for as long as somebody reads them.

import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Failure } from '../model/problem.ts'
import {
  commitsAhead,
  contentsOf,
  entriesOf,
  type GitPlace,
  openRepository,
  resolveRevision,
  type TreeEntry,
} from './git.ts'

const link = '120000'
const isFile = ({ mode }: TreeEntry): boolean => mode.startsWith('100')

/** The commit that the policies folder is just as it is; undefined where it is none, and where there is no Git. */
export async function commitOf(place: GitPlace): Promise<string | undefined> {
  try {
    const repository = await openRepository(place)
    const { head } = repository
    const entries = head === undefined ? undefined : await entriesOf(place, repository, head)
    return entries !== undefined && (await isOnDisk(entries, place.folder)) ? head : undefined
  } catch (error) {
    if (error instanceof Failure || isOfTheSystem(error)) return undefined
    throw error
  }
}

/** A file that cannot be read, or that goes while it is looked at; or that nobody waits any more. */
function isOfTheSystem(error: unknown): boolean {
  return typeof (error as { readonly code?: unknown } | null)?.code === 'string'
}

/** Nothing changed, nothing missing, and nothing that a policy may be read from besides. */
async function isOnDisk(entries: readonly TreeEntry[], folder: string): Promise<boolean> {
  const there = new Map<string, 'file' | 'link' | 'other'>()
  await walk('')
  for (const { mode, path: file, object } of entries) {
    const kind = there.get(file)
    if (kind !== (mode === link ? 'link' : 'file')) return false
    const real = path.join(folder, file)
    const bytes = kind === 'link' ? Buffer.from(await readlink(real)) : await readFile(real)
    // A checkout may have written other line ends.
    if (nameOf(bytes, object) !== object && nameOf(withoutReturns(bytes), object) !== object) return false
  }
  const known = new Set(entries.map(entry => entry.path))
  return [...there.keys()].every(file => known.has(file) || /(^|\/)\./.test(file))

  async function walk(prefix: string): Promise<void> {
    for (const entry of await readdir(path.join(folder, prefix), { withFileTypes: true })) {
      const file = prefix + entry.name
      if (entry.name === '.git') continue
      if (entry.isDirectory()) await walk(`${file}/`)
      else there.set(file, entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'link' : 'other')
    }
  }
}

function withoutReturns(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
}

/** As Git names a file's content, in the way of hashing that `object` has. */
function nameOf(bytes: Buffer, object: string): string {
  const hash = createHash(object.length === 64 ? 'sha256' : 'sha1')
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}

export interface PoliciesAt {
  readonly commit: string
  /** How many commits that touch the policies it has, and HEAD lacks. */
  readonly ahead: number
  /** Where the files are while the work lasts; absent: the commit has no such folder. */
  readonly folder?: string
  /** Why its files cannot be laid out. */
  readonly fault?: string
}

/** The files are gone when the work is done, has failed, or is given up. */
export async function withPoliciesAt<Result>(
  place: GitPlace,
  revision: string,
  work: (policies: PoliciesAt) => Promise<Result>,
): Promise<Result> {
  const repository = await openRepository(place)
  const commit = await resolveRevision(place, repository, revision)
  const ahead = await commitsAhead(place, repository, commit, revision)
  const entries = await entriesOf(place, repository, commit)
  const known = { commit, ahead }
  if (entries === undefined) return await work(known)
  const fault = faultOf(entries)
  if (fault !== undefined) return await work({ ...known, fault })
  const contents = await contentsOf(
    place,
    entries.map(entry => entry.object),
  )
  place.signal?.throwIfAborted()
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'guestlist-base-')))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  place.signal?.addEventListener('abort', remove)
  try {
    layOut(entries, contents, folder)
    return await work({ ...known, folder })
  } finally {
    place.signal?.removeEventListener('abort', remove)
    remove()
  }
}

const mostBytes = 256 * 1024 * 1024

/** A tree is whatever somebody committed: names that lead elsewhere, or twice the same, are refused. */
function faultOf(entries: readonly TreeEntry[]): string | undefined {
  const files = new Set<string>()
  for (const entry of entries) {
    const parts = entry.path.split('/')
    if (parts.some(part => part === '' || part === '.' || part === '..' || part.includes('\\')))
      return 'it holds a file whose name leads elsewhere'
    if (!isFile(entry) && entry.mode !== link) return `\`${entry.path}\` is a submodule`
    if (files.has(entry.path)) return `it holds \`${entry.path}\` twice`
    files.add(entry.path)
  }
  const isInside = entries.find(({ path: file }) => ancestorsOf(file).some(ancestor => files.has(ancestor)))
  if (isInside !== undefined) return `\`${isInside.path}\` lies in a file`
  const bytes = entries.reduce((sum, { size = 0 }) => sum + size, 0)
  return bytes > mostBytes ? 'its files are too large' : undefined
}

function ancestorsOf(file: string): readonly string[] {
  const parts = file.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

/** Links last: nothing is written through one. Where they lead is the reader's to judge, as with any policies. */
function layOut(entries: readonly TreeEntry[], contents: ReadonlyMap<string, Buffer>, folder: string): void {
  for (const entry of [...entries.filter(isFile), ...entries.filter(each => !isFile(each))]) {
    const real = path.join(folder, entry.path)
    const content = contents.get(entry.object) ?? Buffer.alloc(0)
    mkdirSync(path.dirname(real), { recursive: true })
    if (isFile(entry)) writeFileSync(real, content, { flag: 'wx' })
    else symlinkSync(content.toString('utf8'), real)
  }
}
