// The demo with a real domain controller: start to end, and taken away by Ctrl-C, with nothing left behind.

import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeOnSamba } from '../samba/required.ts'
import { emptyFolder, guestlist, type Result } from './guestlist.ts'

/** A folder of its own for what is temporary; Samba's templates are shared, its runs carry the process's number. */
async function demo(during?: (write: string, interrupt: () => void) => void): Promise<Result & { left: string[] }> {
  const cwd = emptyFolder()
  const temporary = join(cwd, 'tmp')
  mkdirSync(temporary)
  let pid = 0
  const result = await guestlist(['demo', '--real-ad'], {
    cwd,
    env: { TMPDIR: temporary },
    during: child => {
      pid = child.pid ?? 0
      child.stdout?.on('data', (chunk: Buffer) => during?.(chunk.toString(), () => void child.kill('SIGINT')))
    },
  })
  expect(pid).toBeGreaterThan(0)
  const folder = join(temporary, `guestlist-samba-${userInfo().uid}`)
  const runs = existsSync(folder) ? readdirSync(folder).filter(name => !name.startsWith('template-')) : []
  return { ...result, left: [...runs, ...readdirSync(temporary).filter(name => !name.startsWith('guestlist-samba-'))] }
}

/** The domain controller that it named is gone. */
async function isGone(stdout: string): Promise<boolean> {
  const [, host = '', port = ''] = /ldaps:\/\/([\d.]+):(\d+)/.exec(stdout) ?? []
  expect(host).not.toBe('')
  const { connect } = await import('node:net')
  return new Promise(done => {
    const socket = connect(Number(port), host, () => {
      socket.destroy()
      done(false)
    })
    socket.once('error', () => done(true))
  })
}

describeOnSamba('the demo with a real domain controller', () => {
  test('runs from start to end', async () => {
    const { code, stdout, stderr, left } = await demo()
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toContain('The domain is a real one: Samba 4.')
    expect(stdout).toMatch(/create shadow account of lee@fabrikam\.com|Applied \d+ changes\. \d+ accesses gained\./)
    expect(stdout).toMatch(/disable and archive shadow account of lee@fabrikam\.com/)
    expect(stdout).toMatch(/That was \d+ accesses given/)
    expect(left).toEqual([])
    expect(await isGone(stdout)).toBe(true)
  })

  test('ends at Ctrl-C and leaves nothing behind', async () => {
    const { code, stdout, stderr, left } = await demo((text, interrupt) => {
      if (text.includes('── 3.')) interrupt()
    })
    expect(code).toBe(130)
    expect(stderr).toContain('Interrupted: what the demo made is taken away.')
    expect(stdout).not.toContain('── 5.')
    expect(left).toEqual([])
    expect(await isGone(stdout)).toBe(true)
  })
})
