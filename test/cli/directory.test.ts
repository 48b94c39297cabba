// A real Active Directory as the commands connect to it: servers and authority from the policy, credentials from the
// environment, requests in the trace.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Connection, connect } from '../../src/cli/connect.ts'
import type { Host } from '../../src/cli/host.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { authority, entry, readUnit, type Script, startFake, unit } from '../connect/ldap/fake-ldap.ts'
import { folderOf, organization, today } from '../policy/folder.ts'
import { sink } from './fake-host.ts'

const answering: Script = asked => {
  if (asked.operation === 'search') asked.answer(0, { entries: [entry(asked.id, unit, { cn: ['Shadow'] })] })
  if (asked.operation === 'modify') asked.answer(50)
}

const azure = { AZURE_CLIENT_ID: '00000000-0000-4000-8000-000000000001', AZURE_CLIENT_SECRET: 'x' }
const ldap = { GUESTLIST_LDAP_BIND_DN: 'svc', GUESTLIST_LDAP_PASSWORD: 'correct horse' }

async function connected(
  servers: readonly string[],
  env: Host['env'],
  {
    caFile = 'certs/ca.pem',
    ca = authority.cert,
    trace,
    stderr = sink(),
  }: { caFile?: string; ca?: string; trace?: string; stderr?: Host['stderr'] } = {},
): Promise<Connection> {
  const text = organization.replace(/servers: .*/, `servers: ${JSON.stringify(servers)}\n  caFile: ${caFile}`)
  const policies = folderOf({ 'org/organization.yaml': text, 'org/certs/ca.pem': ca })
  const { policy, problems } = await loadPolicy(policies, today)
  if (policy === undefined) throw new Error(JSON.stringify(problems))
  const host: Host = {
    cwd: policies,
    env,
    stdout: sink(),
    stderr,
    now: () => today,
    elapsed: () => 0,
    random: () => 0,
    randomBytes: count => new Uint8Array(count),
    writer: { pid: process.pid, isAlive: () => true },
    changes: () => {},
    onInterrupt: () => () => {},
  }
  const connection = await connect(host, { policies, ...(trace === undefined ? {} : { trace }) }, policy, 'write')
  onTestFinished(connection.close)
  return connection
}

test('servers, authority and credentials come together, and requests are traced', async () => {
  const fake = await startFake(answering)
  const trace = join(folderOf({ '.keep': '' }), 'requests.jsonl')
  const connection = await connected([fake.url], { ...azure, ...ldap }, { trace })
  expect(await connection.from.activeDirectory?.search(readUnit)).toEqual([
    { dn: unit, attributes: { cn: ['Shadow'] } },
  ])
  const title = [{ operation: 'replace', attribute: 'title', values: ['x'] }] as const
  const modifying = connection.writers().activeDirectory?.modify(unit, title)
  await expect(modifying).rejects.toMatchObject({ status: 50, code: 'insufficientAccessRights' })
  const lines = readFileSync(trace, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(lines).toEqual([
    { to: 'ldap', operation: 'search', dn: unit, result: 0, ms: 0 },
    { to: 'ldap', operation: 'modify', dn: unit, result: 50, ms: 0 },
  ])
  expect(fake.of('bind')[0]?.dn).toBe('svc')
})

test('waiting for a domain controller is told', async () => {
  const fake = await startFake(asked => {
    if (asked.operation === 'bind' && asked.before === 0) asked.answer(51)
    else answering(asked)
  })
  const stderr = sink()
  const { from } = await connected([fake.url], { ...azure, ...ldap }, { stderr })
  expect(await from.activeDirectory?.search(readUnit)).toHaveLength(1)
  expect(stderr.heard()).toBe(
    `Waiting for Active Directory, 45 s at most: ${fake.url}: it refuses the sign-in: busy (LDAP 51).\n`,
  )
})

test('a reader cannot write', async () => {
  const fake = await startFake(answering)
  const { from } = await connected([fake.url], { ...azure, ...ldap })
  expect(Object.keys(from.activeDirectory ?? {})).toEqual(['search'])
})

test('nothing is connected without credentials, or with an authority that is none', async () => {
  await expect(connected(['ldaps://127.0.0.1:1'], azure)).rejects.toMatchObject({
    code: 'no-credentials',
    message: expect.stringContaining('GUESTLIST_LDAP_BIND_DN'),
  })
  const noCertificate = connected(['ldaps://127.0.0.1:1'], { ...azure, ...ldap }, { ca: 'not a certificate' })
  await expect(noCertificate).rejects.toMatchObject({ code: 'bad-ca' })
})
