// The sandbox by itself: served to any Graph client, with a state that outlives the server.

import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collect, emptyFolder, guestlist, repository, start } from './guestlist.ts'

interface Served {
  readonly url: string
  readonly stop: (signal: NodeJS.Signals) => Promise<{ readonly code: number | null; readonly stdout: string }>
}

async function serve(cwd: string, ...args: readonly string[]): Promise<Served> {
  const child = start(['sandbox', 'serve', ...args], { cwd })
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const closed = new Promise<number | null>(done => child.once('close', done))
  await new Promise<void>((ready, fail) => {
    child.stdout?.on('data', () => stdout().includes('\n') && ready())
    child.once('close', () => fail(new Error(stderr())))
  })
  const [url = ''] = stdout().split('\n')
  return {
    url,
    stop: async signal => {
      child.kill(signal)
      return { code: await closed, stdout: stdout() }
    },
  }
}

async function graph<Answer>(url: string, method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${url}/v1.0${path}`, {
    method,
    headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(response.status).toBeLessThan(300)
  return (response.status === 204 ? undefined : await response.json()) as Answer
}

test('serves until it is told to stop, and keeps what clients changed', async () => {
  const cwd = emptyFolder()
  cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
  expect((await guestlist(['apply', '--sandbox'], { cwd })).code).toBe(0)

  const served = await serve(cwd)
  expect(served.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  const { value } = await graph<{ value: { id: string }[] }>(
    served.url,
    'GET',
    `/users?$filter=${encodeURIComponent("mail eq 'lee@fabrikam.com'")}`,
  )
  const lee = value[0]?.id ?? ''
  const group = await graph<{ id: string }>(
    served.url,
    'GET',
    "/groups(uniqueName='guestlist.partner-group.fabrikam.engineers')",
  )
  await graph(served.url, 'DELETE', `/groups/${group.id}/members/${lee}/$ref`)

  // While it serves, others may read its state but not write to it.
  const planned = await guestlist(['plan', '--sandbox', '--detailed-exitcode'], { cwd })
  expect(planned.code).toBe(2)
  expect(planned.stdout).toContain('put lee@fabrikam.com into fabrikam/engineers')
  const locked = await guestlist(['apply', '--sandbox'], { cwd })
  expect(locked.code).toBe(1)
  expect(locked.stderr).toMatch(/error\[sandbox-in-use\]: .*in use by process \d+/)

  expect(await served.stop('SIGINT')).toEqual({ code: 0, stdout: `${served.url}\n` })
  const applied = await guestlist(['apply', '--sandbox'], { cwd })
  expect(applied).toMatchObject({ code: 0 })
  expect(applied.stdout).toMatch(/^Applied 1 change\. \d accesses gained\.\n$/)
})

test('ends with 0 on SIGTERM too, and on a port of one’s choice', async () => {
  const first = await serve(emptyFolder())
  const port = new URL(first.url).port
  const taken = await guestlist(['sandbox', 'serve', '--port', port], { cwd: emptyFolder() })
  expect(taken.code).toBe(1)
  expect(taken.stderr).toContain(`error[port-in-use]: port ${port} is in use`)
  expect((await first.stop('SIGTERM')).code).toBe(0)
  const second = await serve(emptyFolder(), '--port', port)
  expect(second.url).toBe(`http://127.0.0.1:${port}`)
  expect((await second.stop('SIGINT')).code).toBe(0)
})

test('a tenant that is made up lives in memory, or in a state of its own', async () => {
  const cwd = emptyFolder()
  const made = await serve(cwd, '--generate', 'guests=30,groups=2,memberships=40')
  const { value } = await graph<{ value: unknown[] }>(made.url, 'GET', '/users')
  expect(value).toHaveLength(30)
  await made.stop('SIGINT')
  expect(existsSync(join(cwd, '.guestlist'))).toBe(false)

  const kept = await serve(cwd, '--generate', 'guests=30,groups=2,memberships=40', '--state', 'big')
  await kept.stop('SIGINT')
  const dumped = await guestlist(['sandbox', 'dump', '--state', 'big'], { cwd })
  expect((JSON.parse(dumped.stdout) as { graph: { users: unknown[] } }).graph.users).toHaveLength(30)
  const other = await guestlist(['sandbox', 'serve', '--generate', 'guests=31', '--state', 'big'], { cwd })
  expect(other.code).toBe(1)
  expect(other.stderr).toContain('error[other-seed]')
  const wrong = await guestlist(['sandbox', 'serve', '--generate', 'gests=31'], { cwd })
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toContain('--generate does not know `gests=31`')
})
