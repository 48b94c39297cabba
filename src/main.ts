#!/usr/bin/env node
// Arguments in, exit code out. The one file that touches the process: everything else gets it as a host.

import { randomBytes } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { styleText } from 'node:util'
import type { Host, Sink } from './cli/host.ts'
import { run } from './cli/run.ts'
import { unwritten } from './cli/unwritten.ts'

function sinkOf(stream: NodeJS.WriteStream, onLost: (error: Error) => void = () => {}): Sink {
  // A reader who has seen enough (`| head`) is no error. Whatever cannot be written, what is being applied goes on.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') onLost(error)
  })
  return {
    write: text => void stream.write(text),
    // Node knows the conventions (NO_COLOR, FORCE_COLOR, terminals): it is asked by example.
    color: styleText('bold', '.', { stream }) !== '.',
    live: stream.isTTY === true,
    // 0 where a terminal does not tell its width.
    columns: stream.columns || 80,
  }
}

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await new Promise<string>((answer, reject) => {
      lines.once('SIGINT', () => reject(new Error('interrupted')))
      // Ctrl-D: no answer is an answer, too.
      lines.once('close', () => answer(''))
      lines.question(question).then(answer, reject)
    })
  } finally {
    lines.close()
  }
}

const handlers: (() => void)[] = []
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    const handler = handlers.pop()
    if (handler === undefined) process.exit(130)
    handler()
  })
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** In a container the user may have no name. */
function userOf(): Pick<Host, 'user'> {
  try {
    return { user: { name: userInfo().username, machine: hostname() } }
  } catch {
    return {}
  }
}

let lost: Error | undefined
let isChanged = false

const host: Host = {
  cwd: process.cwd(),
  env: process.env,
  stdout: sinkOf(process.stdout, error => {
    lost ??= error
  }),
  stderr: sinkOf(process.stderr),
  now: Date.now,
  elapsed: () => performance.now(),
  random: Math.random,
  randomBytes: count => new Uint8Array(randomBytes(count)),
  writer: { pid: process.pid, isAlive },
  ...userOf(),
  ...(process.stdin.isTTY === true && process.stderr.isTTY === true ? { ask } : {}),
  changes: () => {
    isChanged = true
  },
  onInterrupt: handler => {
    handlers.push(handler)
    return () => {
      const index = handlers.indexOf(handler)
      if (index >= 0) handlers.splice(index, 1)
    }
  },
}

const code = await run(process.argv.slice(2), host)
// Nothing that is still open (a kept-alive socket) holds up the end; what was written goes out first.
process.stdout.write('', () => {
  // By the next turn all that could not be written is known.
  setImmediate(() => {
    const end = lost === undefined ? { code, message: '' } : unwritten(lost, code, isChanged)
    process.stderr.write(end.message, () => process.exit(end.code))
  })
})
