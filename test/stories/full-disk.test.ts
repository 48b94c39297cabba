// A disk that fills up in the middle of an apply: exit code 5 and a plain message; with room again, the next apply finishes.

import { spawn } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collect, emptyFolder, guestlist, type Result, repository } from './guestlist.ts'

/** `apply --sandbox` in a process whose files grow to `blocks` and no further. */
async function applyWithin(blocks: number, cwd: string, more: readonly string[] = []): Promise<Result> {
  const script = `ulimit -f ${blocks}; exec "$0" "$@"`
  const args = ['-c', script, process.execPath, join(repository, 'src/main.ts'), 'apply', '--sandbox', ...more]
  const child = spawn('sh', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const code = await new Promise<number | null>(done => child.once('close', done))
  return { code, stdout: stdout(), stderr: stderr() }
}

function contoso(): string {
  const cwd = emptyFolder()
  cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
  return cwd
}

test('no room for the journal: nothing new begins that could not be written down', async () => {
  const cwd = contoso()
  expect((await guestlist(['sandbox', 'reset'], { cwd })).code).toBe(0)
  const small = await applyWithin(200, cwd)
  expect(small.code).toBe(5)
  expect(small.stdout).toMatch(/Applied \d+ of \d+ changes: [01] failed/)
  expect(small.stderr).toContain('cannot write the journal')
  expect(small.stderr).not.toContain('internal error')
  expect((await guestlist(['apply', '--sandbox'], { cwd })).code).toBe(0)
  expect((await guestlist(['plan', '--sandbox', '--detailed-exitcode'], { cwd })).code).toBe(0)
  const verified = await guestlist(['audit', 'verify', '.guestlist/sandbox/journal.jsonl'], { cwd })
  expect(verified.code).toBe(0)
  expect(verified.stdout).toContain('warning[unfinished]')
})

test("no room for the sandbox's state", async () => {
  const cwd = contoso()
  expect((await guestlist(['apply', '--sandbox'], { cwd })).code).toBe(0)
  const later = ['--at', '2027-01-01', '--journal', 'journal.jsonl']
  const small = await applyWithin(250, cwd, later)
  expect(small.code).toBe(5)
  expect(small.stderr).toContain("cannot write the sandbox's state")
  expect(small.stderr).not.toContain('internal error')
  expect(readFileSync(join(cwd, 'journal.jsonl'), 'utf8')).toMatch(/"record":"apply-ended".*"exitCode":5/)
  expect((await guestlist(['apply', '--sandbox', ...later], { cwd })).code).toBe(0)
  const plan = ['plan', '--sandbox', '--at', '2027-01-01', '--detailed-exitcode']
  expect((await guestlist(plan, { cwd })).code).toBe(0)
})
