// What a command gets from the world outside: all of it enters here, so that any command can run in any folder, at any
// time, and be listened to.

import type { Clock } from '../connect/graph/clock.ts'
import type { DirectoryWriter } from '../model/directories.ts'
import { coloured, type Paint, plain } from '../render/paint.ts'
import type { Writer } from '../sandbox/store.ts'

export interface Sink {
  write(text: string): void
  readonly color: boolean
  /** A person watches: lines may be overwritten. */
  readonly live: boolean
  /** Characters in a line of the terminal. */
  readonly columns: number
}

export interface Host {
  /** What relative paths start from. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Results, and nothing else. */
  readonly stdout: Sink
  /** Progress and messages. */
  readonly stderr: Sink
  readonly now: () => number
  /** Milliseconds from any fixed point. */
  readonly elapsed: () => number
  /** At least 0, below 1; for waiting times, never for secrets. */
  readonly random: () => number
  readonly randomBytes: (count: number) => Uint8Array
  /** Whom this process runs for and where, as the operating system says; absent where it does not. */
  readonly user?: { readonly name: string; readonly machine: string }
  /** This process, as the holder of locks. */
  readonly writer: Writer
  /** Asks the person at the terminal, and rejects at Ctrl-C; absent where there is nobody. */
  readonly ask?: (question: string) => Promise<string>
  /** Takes the place of the sandbox's simulated domain. */
  readonly domain?: DirectoryWriter
  /** Takes the place of the sandbox's access token, which may do everything. */
  readonly graphToken?: string
  /** Takes the place of Microsoft Graph, and of waiting for it; whoever answers there takes any token. */
  readonly graph?: { readonly root: string; readonly fetch: typeof fetch; readonly sleep: Clock['sleep'] }
  /** From here on something is changed: no ending may say that nothing was. */
  readonly changes: () => void
  /** Calls `handler` at the first interrupt instead of ending the process. Returns how to stop listening. */
  readonly onInterrupt: (handler: () => void) => () => void
}

export function paintFor(sink: Sink): Paint {
  return sink.color ? coloured : plain
}
