// What an auditor is left with when an apply is killed: a journal that is whole up to there, says what was under way, and
// goes on with the next apply.

import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder, guestlist, repository } from './guestlist.ts'

const journal = '.guestlist/sandbox/journal.jsonl'

interface Entry {
  readonly record: string
  readonly id?: string
  readonly status?: string
  readonly changes?: number
}

test('an apply that is killed, and the next one', async () => {
  const cwd = emptyFolder()
  cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
  const killed = await guestlist(['apply', '--sandbox'], {
    cwd,
    during: child => {
      child.stderr?.on('data', (chunk: Buffer) => {
        if (/\[ ?70\/\d+\]/.test(chunk.toString())) child.kill('SIGKILL')
      })
    },
  })
  expect(killed.code).toBe(null)
  const cut = await guestlist(['audit', 'verify', journal], { cwd })
  expect(cut.code).toBe(0)
  expect(cut.stdout).toContain(`${journal}:1: warning[unfinished]: this apply has no end: it was killed, or still runs`)

  expect((await guestlist(['apply', '--sandbox'], { cwd })).code).toBe(0)
  const whole = await guestlist(['audit', 'verify', journal], { cwd })
  expect(whole.code).toBe(0)
  expect(whole.stdout).toContain('as it was written')
  expect(whole.stdout).toContain('2 applies')

  // Nothing was done that is not written down: what the second apply had left is what the first may not have done.
  const entries: readonly Entry[] = readFileSync(join(cwd, journal), 'utf8')
    .split('\n')
    .filter(line => line.endsWith('}'))
    .map(line => JSON.parse(line))
  const second = entries.findLastIndex(({ record }) => record === 'apply-begun')
  const idsOf = (record: string, from: number, to: number): readonly (string | undefined)[] =>
    entries.slice(from, to).flatMap(entry => (entry.record === record ? [entry.id] : []))
  const [begun, done] = [idsOf('change-begun', 0, second), idsOf('change-ended', 0, second)]
  const left = idsOf('change-ended', second, entries.length)
  const all = entries[0]?.changes ?? 0
  expect(done.length).toBeGreaterThanOrEqual(60)
  expect(done.filter(id => left.includes(id))).toEqual([])
  expect(left.length).toBeLessThanOrEqual(all - done.length)
  expect(left.length).toBeGreaterThanOrEqual(all - begun.length)
})
