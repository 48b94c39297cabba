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

export async function command(args: readonly string[], over: Partial<Host> & Pick<Host, 'cwd'>): Promise<Heard> {
  const [stdout, stderr] = [sink(), sink()]
  let bytes = 0
  const host: Host = {
    env: {},
    stdout,
    stderr,
    now: () => Date.parse('2026-12-01T09:00:00Z'),
    elapsed: () => 0,
    random: () => 0.5,
    randomBytes: count => Uint8Array.from({ length: count }, () => bytes++ % 256),
    writer: { pid: process.pid, isAlive: () => true },
    onInterrupt: () => () => {},
    ...over,
  }
  const code = await run(args, host)
  return { code, stdout: stdout.heard(), stderr: stderr.heard() }
}
