// Against real directories (the sandbox's Graph behind Microsoft's address): nothing is changed that nobody approved.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { seedGraph } from '../../src/sandbox/graph/seed.ts'
import { type GraphServer, type Layer, serveGraph } from '../../src/sandbox/graph/server.ts'
import { openStore } from '../../src/sandbox/store.ts'
import { accessTo, expensesWith, fabrikamWith, small, smallAppId, smallOrganization } from '../policy/documents.ts'
import { emptyFolder } from '../stories/guestlist.ts'
import { command } from './fake-host.ts'

const now = Date.parse('2026-12-01T09:00:00Z')

const cwd = emptyFolder()
mkdirSync(join(cwd, 'policies'))
writeFileSync(
  join(cwd, 'policies/all.yaml'),
  [
    smallOrganization,
    fabrikamWith(),
    expensesWith('', smallAppId),
    accessTo('expenses', 'engineers', 'until: 2027-06-30\n'),
  ].join('---\n'),
)

const realFetch = globalThis.fetch
let graph: GraphServer
let signIn: Server
let identity: Record<string, string>
const written: string[] = []
/** Requests to this path are refused. */
let failing: string | undefined

beforeAll(async () => {
  const store = openStore(undefined, 'graph')
  seedGraph(store, {
    tenant: small,
    servicePrincipals: [{ appId: smallAppId, displayName: 'Expenses', appRoleAssignmentRequired: true }],
  })
  // Alone or in a batch.
  const listening: Layer = (request, next) => {
    if (request.method !== 'GET') written.push(`${request.method} ${request.path}`)
    if (request.path !== failing) return next(request)
    return { status: 403, body: { error: { code: 'Forbidden', message: 'Guests are not welcome.' } } }
  }
  graph = await serveGraph({ store, clock: () => now, layers: [listening] })
  signIn = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({
        access_token: 'a-secret-token',
        token_type: 'Bearer',
        resource: 'https://graph.microsoft.com',
        expires_on: String(Math.floor(Date.now() / 1000) + 3600),
      }),
    )
  })
  await new Promise<void>(ready => signIn.listen(0, '127.0.0.1', ready))
  const { port } = signIn.address() as AddressInfo
  identity = { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`, IDENTITY_HEADER: 'header' }
  for (const [name, value] of Object.entries(identity)) vi.stubEnv(name, value)
  vi.stubGlobal('fetch', (input: string | URL, init?: RequestInit) => {
    const url = String(input)
    if (!url.startsWith('https://graph.microsoft.com/')) throw new Error(`${url} is not Graph`)
    return realFetch(url.replace('https://graph.microsoft.com', graph.url), init)
  })
})

afterEach(() => written.splice(0))

afterAll(async () => {
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
  await graph.close()
  await new Promise(closed => signIn.close(closed))
})

describe('apply to real directories', () => {
  test('without credentials says what is missing', async () => {
    const { code, stderr } = await command(['plan'], { cwd })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error\[no-credentials\].*\n.*AZURE_CLIENT_ID.*--sandbox/)
  })

  test('is refused where nobody can be asked', async () => {
    const { code, stdout, stderr } = await command(['apply'], { cwd, env: identity })
    expect(stderr).toContain('error[not-approved]')
    expect(stderr).toContain('--auto-approve')
    expect({ code, stdout, written }).toEqual({ code: 1, stdout: '', written: [] })
  })

  test.for(['', 'y', 'no', 'YES'])('an answer of "%s" changes nothing', async answer => {
    const questions: string[] = []
    const ask = async (question: string) => {
      questions.push(question)
      return answer
    }
    const { code, stderr } = await command(['apply'], { cwd, env: identity, ask })
    expect(questions).toHaveLength(1)
    expect(questions[0]).toMatch(/Apply \d+ changes\? Only "yes"/)
    expect(stderr).toContain('+ 1 person gains   Expenses')
    expect(stderr).toMatch(/Nothing was changed\.\n$/)
    expect({ code, written }).toEqual({ code: 1, written: [] })
  })

  test('a plan of a day to come is a preview', async () => {
    const { code, stdout } = await command(['plan', '--at', '2027-08-01'], { cwd, env: identity })
    expect(stdout).toMatch(/Plan [0-9a-f]{8}\. A preview: it can be applied on its day\n$/)
    expect({ code, written }).toEqual({ code: 0, written: [] })
  })

  test('a day in the future is never applied', async () => {
    const { code, stderr } = await command(['apply', '--at', '2026-12-02', '--auto-approve'], { cwd, env: identity })
    expect(stderr).toContain('error[future]')
    expect({ code, written }).toEqual({ code: 1, written: [] })
  })

  test('what fails is listed with what it held up, with exit code 5; running again continues', async () => {
    failing = '/invitations'
    const { code, stdout, stderr } = await command(['apply', '--auto-approve'], { cwd, env: identity })
    failing = undefined
    expect(code).toBe(5)
    expect(stderr).toMatch(/\] failed: invite lee@fabrikam\.com\n.*403.*Guests are not welcome\..*\[Forbidden\]/)
    expect(stdout).toMatch(
      /^Applied \d+ of \d+ changes: 1 failed, 1 not attempted\.\n\n {2}Failed\n {4}✗ invite lee@fabrikam\.com\n/,
    )
    expect(stdout).toContain(
      'put lee@fabrikam.com into fabrikam/engineers   needs guest lee@fabrikam.com, which failed',
    )
    expect(stdout).toContain('Running the same command again continues from here.')
  })

  test('Ctrl-C at the question changes nothing', async () => {
    const ask = () => Promise.reject(new Error('interrupted'))
    const { code, stdout, stderr } = await command(['apply'], { cwd, env: identity, ask })
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' })
    expect(stderr).toMatch(/^Interrupted: nothing was changed\.$/m)
    expect(written).toEqual([])
  })

  test('"yes" applies, and then there is nothing to ask', async () => {
    const { code, stdout } = await command(['apply', '--trace', 'trace.jsonl'], {
      cwd,
      env: identity,
      ask: async () => 'yes',
    })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Applied \d+ changes\. 1 access gained\.\n$/)
    expect(written.some(request => request.endsWith('/invitations'))).toBe(true)
    const again = await command(['apply'], { cwd, env: identity })
    expect(again).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' })
    expect(readFileSync(join(cwd, 'trace.jsonl'), 'utf8')).not.toContain('a-secret-token')
  })
})
