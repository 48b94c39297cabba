// Ctrl-C before anything is changed: nothing was. Ctrl-C at any moment of an apply: what is under way gets its answer, the
// journal is written to its end, and the next run goes on from there.

import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chance } from '../laws/interleaving.ts'
import { emptyFolder, guestlist, repository } from '../stories/guestlist.ts'
import { command } from './fake-host.ts'

test.for(['plan', 'apply'])('%s, while it is planning', async name => {
  const cwd = emptyFolder()
  cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
  let handlers = 0
  const onInterrupt = (handler: () => void): (() => void) => {
    handlers += 1
    const timer = setTimeout(handler, 5)
    return () => {
      handlers -= 1
      clearTimeout(timer)
    }
  }
  const { code, stdout, stderr } = await command([name, '--sandbox'], { cwd, onInterrupt })
  expect({ code, stdout }).toEqual({ code: 130, stdout: '' })
  expect(stderr).toMatch(/^Interrupted: nothing was changed\.$/m)
  expect(handlers).toBe(0)
  expect(existsSync(join(cwd, '.guestlist/sandbox/graph.snapshot.jsonl'))).toBe(false)
})

/** Up to thirty interruptions in a night. */
const rounds = Math.min(5, Math.ceil(Number(process.env.GUESTLIST_LAW_RUNS ?? 1)))
const seed = Number(process.env.GUESTLIST_LAW_SEED ?? 20261201)

/** Sends Ctrl-C so many milliseconds after the first change has begun; again a moment later, if `twice`. */
function interrupt(cwd: string, after: number, twice: boolean) {
  let isTimed = false
  return guestlist(['apply', '--sandbox'], {
    cwd,
    during: child => {
      child.stderr?.on('data', (chunk: Buffer) => {
        if (isTimed || !chunk.toString().includes('Plan ')) return
        isTimed = true
        setTimeout(() => child.kill('SIGINT'), after)
        if (twice) setTimeout(() => child.kill('SIGINT'), after + 3)
      })
    },
  })
}

test('an apply, at any moment: the journal is whole each time, and runs after it finish', {
  timeout: 300_000 * rounds,
}, async () => {
  const next = chance(seed)
  let interrupted = 0
  for (let round = 0; round < rounds; round++) {
    const cwd = emptyFolder()
    cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
    for (let time = 0; time < 6; time++) {
      const [after, twice] = [next(250), next(4) === 0]
      const told = `seed ${seed}, round ${round}, time ${time}: ${after} ms${twice ? ', twice' : ''}`
      const { code, stdout } = await interrupt(cwd, after, twice)
      // What was cut short is no failure; it may also have been through before.
      expect({ told, stdout, isInterrupted: [0, 130].includes(code ?? -1) }).toMatchObject({ isInterrupted: true })
      if (code === 130) interrupted += 1
      if (code === 130 && !twice)
        expect(stdout, told).toMatch(/changes: 0 failed,(?: \d+ cut short,)? \d+ not attempted\.$/m)
      const verified = await guestlist(['audit', 'verify', '.guestlist/sandbox/journal.jsonl'], { cwd })
      expect(verified, told).toMatchObject({ code: 0 })
      if (code === 0) break
    }
    expect((await guestlist(['apply', '--sandbox'], { cwd })).code).toBe(0)
    expect((await guestlist(['plan', '--sandbox', '--detailed-exitcode'], { cwd })).code).toBe(0)
  }
  expect(interrupted).toBeGreaterThan(0)
})
