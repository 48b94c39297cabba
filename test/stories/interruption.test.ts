// Ctrl-C in the middle of an apply, a kill in the middle of an apply: the next apply finishes.

import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder, guestlist, repository } from './guestlist.ts'

function contoso(): string {
  const cwd = emptyFolder()
  cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
  return cwd
}

/** Applies one change at a time and sends the signal when a tenth is done. */
function applyAndSend(signal: NodeJS.Signals, cwd: string) {
  return guestlist(['apply', '--sandbox', '--concurrency', '1'], {
    cwd,
    during: child => {
      child.stderr?.on('data', (chunk: Buffer) => {
        if (/\[ *[2-4]\d\/\d+\]/.test(chunk.toString())) child.kill(signal)
      })
    },
  })
}

test('Ctrl-C finishes what is under way and exits with 130; running again continues', async () => {
  const cwd = contoso()
  const { code, stdout, stderr } = await applyAndSend('SIGINT', cwd)
  expect(code).toBe(130)
  expect(stderr).toContain('Interrupted: what is under way is finished')
  const [, done, all] = /^Applied (\d+) of (\d+) changes: 0 failed, \d+ not attempted\.$/m.exec(stdout) ?? []
  expect(Number(done)).toBeGreaterThan(10)
  expect(Number(done)).toBeLessThan(Number(all))
  expect(stdout).toContain('Running the same command again continues from here.')

  const rest = await guestlist(['apply', '--sandbox'], { cwd })
  expect(rest.code).toBe(0)
  expect(rest.stdout).toContain(`Applied ${Number(all) - Number(done)} changes.`)
  expect((await guestlist(['plan', '--sandbox', '--detailed-exitcode'], { cwd })).code).toBe(0)
})

test('a killed apply leaves a state that the next one takes over and finishes', async () => {
  const cwd = contoso()
  const killed = await applyAndSend('SIGKILL', cwd)
  expect(killed.code).toBe(null)
  expect(readdirSync(join(cwd, '.guestlist/sandbox')).some(name => name.endsWith('.lock'))).toBe(true)
  expect((await guestlist(['apply', '--sandbox'], { cwd })).code).toBe(0)
  expect((await guestlist(['plan', '--sandbox', '--detailed-exitcode'], { cwd })).code).toBe(0)
})
