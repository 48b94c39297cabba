// Files that a command writes for the person who asked for them, and what the file system says when it cannot.

import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { Failure } from '../model/problem.ts'

/** All of it or nothing: a reader never sees half a plan. What is no file (/dev/stdout, a pipe) is written to, not replaced. */
export function writeWhole(path: string, text: string, pid: number): void {
  const there = statSync(path, { throwIfNoEntry: false })
  const isPlain = there === undefined || there.isFile()
  const temporary = `${path}.${pid}.tmp`
  try {
    writeFileSync(isPlain ? temporary : path, text)
    if (isPlain) renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw asFailure(error, `cannot write ${path}`)
  }
}

export function readWhole(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw asFailure(error, `cannot read ${path}`)
  }
}

/** Undefined: it has more than `most` bytes. What has no size of its own (a pipe, a device) is read no further than that. */
export function readAtMost(path: string, most: number): Buffer | undefined {
  try {
    const file = openSync(path, 'r')
    try {
      if (fstatSync(file).size > most) return undefined
      const pieces: Buffer[] = []
      for (let total = 0; total <= most; ) {
        const piece = Buffer.allocUnsafe(Math.min(pieceSize, most + 1 - total))
        const length = readSync(file, piece)
        if (length === 0) return Buffer.concat(pieces, total)
        pieces.push(piece.subarray(0, length))
        total += length
      }
      return undefined
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw asFailure(error, `cannot read ${path}`)
  }
}

const pieceSize = 2 ** 20

/** Undefined: there is no such file. */
export function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readWhole(path) : undefined
}

/** The file system's refusals are the user's to mend; anything else stays what it is. */
export function asFailure(error: unknown, what: string): unknown {
  const code = (error as { code?: unknown } | null)?.code
  if (error instanceof Failure || typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return error
  return new Failure('file', `${what}: ${reasons[code] ?? code}`, undefined, { cause: error })
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder',
  EEXIST: 'a file is in the way',
  ELOOP: 'its symbolic links go in a circle',
  ENOSPC: 'the disk is full',
  EFBIG: 'the file may not grow any more',
}
