// One process writes to a file. The lock holds its id; the lock of a process that is gone is taken over.

import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Failure } from '../model/problem.ts'

/** Who writes: the lock names the process, and a lock whose process is gone is taken over. */
export interface Writer {
  readonly pid: number
  readonly isAlive: (pid: number) => boolean
}

// The lock appears with its content in it, by a hard link: nobody ever reads a lock that does not yet say whose it is.
export function takeLock(lock: string, writer: Writer, inUse: (holder?: number) => Failure): void {
  const mine = `${lock}.${writer.pid}`
  writeFileSync(mine, String(writer.pid))
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        linkSync(mine, lock)
        return
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error
      }
      const holder = holderOf(lock)
      // In a container every run may have the same id: a lock in our own name is a former run's.
      if (holder > 0 && holder !== writer.pid && writer.isAlive(holder)) {
        throw inUse(holder)
      }
      rmSync(lock, { force: true })
    }
    throw inUse()
  } finally {
    rmSync(mine, { force: true })
  }
}

/** 0 if the lock is gone, or says nothing. */
function holderOf(lock: string): number {
  try {
    const holder = Number(readFileSync(lock, 'utf8'))
    return Number.isSafeInteger(holder) ? holder : 0
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0
    throw error
  }
}

export function freeLock(lock: string): void {
  rmSync(lock, { force: true })
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code
}
