// A host that listens: the command line in this process, with what it wrote.

import type { ExitCode } from '../../src/cli/exit.ts'
import type { Host, Sink } from '../../src/cli/host.ts'
import { run } from '../../src/cli/run.ts'

export interface Heard {
  readonly code: ExitCode
  readonly stdout: string
  readonly stderr: string
}

export function sink(over: Partial<Sink> = {}): Sink & { readonly heard: () => string } {
  const chunks: string[] = []
  return {
    write: text => void chunks.push(text),
    color: false,
    live: false,
    columns: 80,
    heard: () => chunks.join(''),
    ...over,
  }
}

export function hostOf(over: Partial<Host> & Pick<Host, 'cwd'>): Host {
  let bytes = 0
  return {
    env: {},
    stdout: sink(),
    stderr: sink(),
    now: () => Date.parse('2026-12-01T09:00:00Z'),
    elapsed: () => 0,
    random: () => 0.5,
    randomBytes: count => Uint8Array.from({ length: count }, () => bytes++ % 256),
    writer: { pid: process.pid, isAlive: () => true },
    changes: () => {},
    onInterrupt: () => () => {},
    ...over,
  }
}

export async function command(args: readonly string[], over: Partial<Host> & Pick<Host, 'cwd'>): Promise<Heard> {
  const [stdout, stderr] = [sink(), sink()]
  const code = await run(args, hostOf({ stdout, stderr, ...over }))
  return { code, stdout: stdout.heard(), stderr: stderr.heard() }
}
