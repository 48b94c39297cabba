import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openTrace, redact, traceDirectory } from '../../src/connect/trace.ts'
import { type DirectoryWriter, RequestFailure } from '../../src/model/directories.ts'
import { Failure } from '../../src/model/problem.ts'
import { answerBatch, startFake } from './fake-graph.ts'

function traceFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'guestlist-trace-')), 'trace.jsonl')
}

function linesOf(file: string): readonly Record<string, unknown>[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)
}

it('writes each HTTP request as one line, a batch and a repetition too, and no token', async () => {
  const file = traceFile()
  const { graph, root } = await startFake(
    (question, before) => {
      if (before === 0) return { cut: 'before' }
      if (question.url === '/v1.0/$batch') return answerBatch(question, () => ({ body: { value: [] } }))
      return question.method === 'POST'
        ? { status: 201, body: { id: 'i', inviteRedeemUrl: 'https://redeem.example' } }
        : { body: { value: [] } }
    },
    { trace: openTrace(file, () => 0), getToken: async () => 'very-secret' },
  )
  const writer = graph.writer()
  await writer.list('/users', { filter: "mail eq 'a'" })
  await writer.listEach(['/groups/a/members', '/groups/b/members'])
  await writer.post('/invitations', {
    invitedUserEmailAddress: 'lee@fabrikam.com',
    passwordProfile: { password: 'p4ss' },
  })
  const url = `${root}/v1.0/users?$filter=mail%20eq%20%27a%27&$top=999`
  expect(linesOf(file)).toEqual([
    { to: 'graph', method: 'GET', url, body: null, status: 0, ms: expect.any(Number) },
    { to: 'graph', method: 'GET', url, body: null, status: 200, ms: expect.any(Number) },
    {
      to: 'graph',
      method: 'POST',
      url: `${root}/v1.0/$batch`,
      body: {
        requests: [
          { id: '0', method: 'GET', url: '/groups/a/members?$top=999', headers: {} },
          { id: '1', method: 'GET', url: '/groups/b/members?$top=999', headers: {} },
        ],
      },
      status: 200,
      ms: expect.any(Number),
    },
    {
      to: 'graph',
      method: 'POST',
      url: `${root}/v1.0/invitations`,
      body: { invitedUserEmailAddress: 'lee@fabrikam.com', passwordProfile: '[redacted]' },
      status: 201,
      ms: expect.any(Number),
    },
  ])
  expect(readFileSync(file, 'utf8')).not.toMatch(/very-secret|p4ss|redeem|Bearer/)
})

it('redacts by name, deeply, and leaves plain settings', () => {
  expect(
    redact({
      displayName: 'Token ring',
      web: { implicitGrantSettings: { enableIdTokenIssuance: true } },
      keyCredentials: [{ key: 'k' }],
      list: [{ unicodePwd: 'x', clientSecret: 's', inviteRedeemUrl: 'u', accessToken: 't', note: 'n' }],
      passwordPolicies: null,
    }),
  ).toEqual({
    displayName: 'Token ring',
    web: { implicitGrantSettings: { enableIdTokenIssuance: true } },
    keyCredentials: '[redacted]',
    list: [
      {
        unicodePwd: '[redacted]',
        clientSecret: '[redacted]',
        inviteRedeemUrl: '[redacted]',
        accessToken: '[redacted]',
        note: 'n',
      },
    ],
    passwordPolicies: null,
  })
})

it('writes each directory operation with its result, and no values', async () => {
  const file = traceFile()
  let now = 0
  const trace = openTrace(file, () => (now += 5))
  const directory: DirectoryWriter = {
    search: async () => [],
    add: async () => 'guid',
    modify: async () => {
      throw new RequestFailure(32, 'noSuchObject', 'no')
    },
    move: async () => {
      throw new Error('socket')
    },
    remove: async () => {},
  }
  const traced = traceDirectory(directory, trace)
  await traced.search({ base: 'DC=x', scope: 'sub', filter: { present: 'cn' }, attributes: [] })
  expect(await traced.add('CN=a,DC=x', { unicodePwd: ['p4ss'] })).toBe('guid')
  await expect(traced.modify('<GUID=1>', [])).rejects.toThrow('no')
  await expect(traced.move('CN=a,DC=x', 'CN=b', 'DC=x')).rejects.toThrow('socket')
  await traced.remove('CN=a,DC=x')
  expect(linesOf(file)).toEqual([
    { to: 'ldap', operation: 'search', dn: 'DC=x', result: 0, ms: 5 },
    { to: 'ldap', operation: 'add', dn: 'CN=a,DC=x', result: 0, ms: 5 },
    { to: 'ldap', operation: 'modify', dn: '<GUID=1>', result: 32, ms: 5 },
    { to: 'ldap', operation: 'modifyDN', dn: 'CN=a,DC=x', result: 80, ms: 5 },
    { to: 'ldap', operation: 'delete', dn: 'CN=a,DC=x', result: 0, ms: 5 },
  ])
  expect(readFileSync(file, 'utf8')).not.toContain('p4ss')
})

it('gives no writer where there was only a reader', () => {
  const traced = traceDirectory(
    { search: async () => [] },
    openTrace(traceFile(), () => 0),
  )
  expect(Object.keys(traced)).toEqual(['search'])
})

it('appends, and says clearly when it cannot', () => {
  const file = traceFile()
  const line = { to: 'ldap', operation: 'search', dn: 'DC=x', result: 0, ms: 0 } as const
  openTrace(file, () => 0).write(line)
  openTrace(file, () => 0).write(line)
  expect(linesOf(file).length).toBe(2)
  expect(() => openTrace(join(file, 'below'), () => 0)).toThrow(Failure)
  expect(() => openTrace(tmpdir(), () => 0)).toThrow(/cannot open the trace file/)
})
