// Ctrl-C before anything is changed: nothing was, and the exit code says that it is safe to run again.

import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder, repository } from '../stories/guestlist.ts'
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
