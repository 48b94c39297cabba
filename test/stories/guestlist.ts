// Runs the command line as a person does: as a process of its own, in a folder of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll } from 'vitest'

export const repository = resolve(import.meta.dirname, '../..')
const main = join(repository, 'src/main.ts')

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Called with the process as soon as it runs. */
  readonly during?: (child: ChildProcess) => void
}

/** The environment of the test machine must not matter: no colours, no credentials. */
function cleanEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(AZURE_|GUESTLIST_|FORCE_COLOR|NO_COLOR|ACTIONS_)/.test(name),
  )
  return { ...Object.fromEntries(kept), ...more }
}

export function start(args: readonly string[], { cwd, env }: RunOptions): ChildProcess {
  return spawn(process.execPath, [main, ...args], {
    cwd,
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

export async function guestlist(args: readonly string[], options: RunOptions): Promise<Result> {
  const child = start(args, options)
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  options.during?.(child)
  const code = await new Promise<number | null>((done, fail) => {
    child.once('error', fail)
    child.once('close', done)
  })
  return { code, stdout: stdout(), stderr: stderr() }
}

export function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = []
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}

/** A new empty folder, gone after the tests of this file. */
export function emptyFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'guestlist-story-')))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
