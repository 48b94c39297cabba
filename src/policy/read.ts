// The file system, as far as a policy may see it: files below the policies folder and nothing else. A link that leads
// out of the folder is an error even if nothing would be read through it.

import { isUtf8 } from 'node:buffer'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Problem } from '../model/problem.ts'
import { type Fault, originOf, type Source, sourceOf } from './source.ts'

const largestFile = 4 * 1024 * 1024
const deepestFolder = 32

export interface Folder {
  /** The folder itself, links resolved. */
  readonly root: string
  readonly sources: readonly Source[]
  readonly problems: readonly Problem[]
}

type Reading = { readonly source: Source } | { readonly problem: Problem }

const fault = (code: string, message: string, hint?: string): Fault => ({
  severity: 'error',
  code,
  message,
  ...(hint === undefined ? {} : { hint }),
})

/** Every *.yaml and *.yml below the folder, by path, each file once. Names that begin with a dot are not looked at. */
export async function readFolder(folder: string): Promise<Folder> {
  const root = await realpath(folder).catch(() => folder)
  const found = await stat(root).catch(() => undefined)
  if (found === undefined || !found.isDirectory()) {
    const message = found === undefined ? 'there is no such folder' : 'this is not a folder'
    return {
      root,
      sources: [],
      problems: [fault('no-folder', message, 'name the folder that holds the policies with --policies')],
    }
  }
  const sources: Source[] = []
  const problems: Problem[] = []
  const seen = new Set([root])
  await walk(root, '')
  return { root, sources, problems }

  async function walk(directory: string, prefix: string): Promise<void> {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined)
    if (entries === undefined)
      return refuse(prefix, fault('unreadable', 'this folder cannot be read', 'check its permissions'))
    if (prefix.split('/').length > deepestFolder)
      return refuse(prefix, fault('too-deep', 'folders are nested too deeply here'))
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      if (!entry.name.startsWith('.')) await visit(path.join(directory, entry.name), prefix + entry.name)
    }
  }

  async function visit(entry: string, file: string): Promise<void> {
    const isPolicy = /\.ya?ml$/i.test(file)
    const real = await realpath(entry).catch(() => undefined)
    const kind = real === undefined ? undefined : await stat(real).catch(() => undefined)
    if (real === undefined || kind === undefined) {
      if (isPolicy)
        refuse(file, fault('unreadable', 'this file cannot be found or read', 'is it a link that leads nowhere?'))
      return
    }
    if (!isPolicy && !kind.isDirectory()) return
    if (!isInside(root, real)) return refuse(file, outside)
    if (seen.has(real)) return
    seen.add(real)
    if (kind.isDirectory()) return walk(real, `${file}/`)
    const reading = await readSource(real, file)
    if ('source' in reading) sources.push(reading.source)
    else problems.push(reading.problem)
  }

  function refuse(file: string, why: Fault): void {
    problems.push({ ...why, at: { file: file.replace(/\/$/, '') || '.', line: 1, column: 1 } })
  }
}

const outside = fault('outside-folder', 'this leads out of the policies folder', 'keep the file itself in the folder')

const isInside = (root: string, real: string) =>
  real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep)

/** The file that a policy names, relative to the file `from`. Both names are relative to the root. */
export async function locate(
  root: string,
  from: string,
  named: string,
): Promise<{ readonly real: string; readonly file: string } | Fault> {
  const file = path.posix.join(path.posix.dirname(from), named)
  if (file.startsWith('../')) return outside
  const real = await realpath(path.join(root, file)).catch(() => undefined)
  const kind = real === undefined ? undefined : await stat(real).catch(() => undefined)
  if (real === undefined || kind === undefined)
    return fault('missing-file', `there is no file \`${named}\` beside this one`)
  if (!isInside(root, real)) return outside
  return kind.isFile() ? { real, file } : fault('missing-file', `\`${named}\` is not a file`)
}

/** A file as text. What cannot be read is a problem at the place where it stops being text. */
export async function readSource(real: string, file: string): Promise<Reading> {
  const start = { file, line: 1, column: 1 }
  const kind = await stat(real).catch(() => undefined)
  if (kind?.isFile() !== true) return { problem: { ...fault('unreadable', 'this is not a file'), at: start } }
  if (kind.size > largestFile) {
    const message = `this file has ${Math.ceil(kind.size / 1024 / 1024)} MiB; ${largestFile / 1024 / 1024} MiB is the most`
    return { problem: { ...fault('too-large', message, 'split it, or keep people in a roster'), at: start } }
  }
  const bytes = await readFile(real).catch(() => undefined)
  if (bytes === undefined)
    return { problem: { ...fault('unreadable', 'this file cannot be read', 'check its permissions'), at: start } }
  if (
    (bytes[0] === 0xff && bytes[1] === 0xfe) ||
    (bytes[0] === 0xfe && bytes[1] === 0xff) ||
    bytes.subarray(0, 4).includes(0)
  ) {
    return {
      problem: { ...fault('wrong-encoding', 'this file is in UTF-16 or is no text', 'save it as UTF-8'), at: start },
    }
  }
  const text = bytes.toString('utf8')
  const source = sourceOf(file, text.startsWith('\ufeff') ? text.slice(1) : text)
  if (isUtf8(bytes)) return { source }
  const at = originOf(source, firstBroken(bytes, text) - (text.startsWith('\ufeff') ? 1 : 0))
  return { problem: { ...fault('wrong-encoding', 'this file is not in UTF-8 from here on', 'save it as UTF-8'), at } }
}

/** The index in `text` of the first character that stands for bytes which are no UTF-8. */
function firstBroken(bytes: Buffer, text: string): number {
  const again = Buffer.from(text, 'utf8')
  let same = 0
  while (same < again.length && again[same] === bytes[same]) same += 1
  return bytes.toString('utf8', 0, same).replace(/\ufffd+$/, '').length
}
