// A disk that fills up in the middle of an apply: exit code 5 and a plain message; with room again, the next apply finishes.

import { spawn } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collect, emptyFolder, guestlist, type Result, repository } from './guestlist.ts'

/** `apply --sandbox` in a process whose files grow to `blocks` and no further. */
async function applyWithin(blocks: number, cwd: string): Promise<Result> {
  const script = `ulimit -f ${blocks}; exec "$0" "$@"`
  const args = ['-c', script, process.execPath, join(repository, 'src/main.ts'), 'apply', '--sandbox']
  const child = spawn('sh', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const code = await new Promise<number | null>(done => child.once('close', done))
  return { code, stdout: stdout(), stderr: stderr() }
}

test('a full disk', async () => {
  const cwd = emptyFolder()
  cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
  expect((await guestlist(['sandbox', 'reset'], { cwd })).code).toBe(0)
  const small = await applyWithin(200, cwd)
  expect(small.code).toBe(5)
  expect(small.stdout).toMatch(/Applied \d+ of \d+ changes: \d+ failed/)
  expect(small.stdout).toContain("cannot write the sandbox's state")
  expect(small.stderr).not.toContain('internal error')
  expect((await guestlist(['apply', '--sandbox'], { cwd })).code).toBe(0)
  expect((await guestlist(['plan', '--sandbox', '--detailed-exitcode'], { cwd })).code).toBe(0)
})
