// Getting to a domain controller: what is told apart when it fails, what is never sent in the clear, and that a password
// which was refused is not tried again.

import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { DirectoryOptions } from '../../../src/connect/ldap/connection.ts'
import type { Failure } from '../../../src/model/problem.ts'
import { createAuthority } from './certificates.ts'
import { authority, bind, connectTo, entry, readUnit, type Script, startFake, unit, until } from './fake-ldap.ts'

const answering: Script = asked => {
  if (asked.operation === 'search') asked.answer(0, { entries: [entry(asked.id, unit, { cn: ['Shadow'] })] })
}

async function failureOf(servers: readonly string[], more: Partial<DirectoryOptions> = {}): Promise<Failure> {
  const error = await connectTo(servers, more)
    .reader()
    .search(readUnit)
    .then(
      () => undefined,
      (reason: unknown) => reason,
    )
  expect(error).toMatchObject({ name: 'Failure' })
  return error as Failure
}

/** A port at which nothing answers. */
async function silentPort(): Promise<number> {
  const server = createServer(() => {})
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise(done => server.close(done))
  return port
}

test('by LDAPS and by StartTLS, signed in as we are', async () => {
  const fake = await startFake(answering)
  for (const server of [fake.url, fake.plainUrl]) {
    expect(await connectTo([server]).reader().search(readUnit)).toEqual([{ dn: unit, attributes: { cn: ['Shadow'] } }])
  }
  expect(fake.of('bind').map(asked => [asked.dn, asked.isEncrypted])).toEqual([
    [bind.dn, true],
    [bind.dn, true],
  ])
})

test('nothing is opened before the first request, and nothing stays open after the last', async () => {
  const fake = await startFake(answering)
  const connection = connectTo([fake.url])
  const reader = connection.reader()
  expect(fake.connections()).toBe(0)
  await reader.search(readUnit)
  await connection.close()
  await expect(reader.search(readUnit)).rejects.toMatchObject({ code: 'connection-closed' })
  await until(() => fake.of('unbind').length === 1 && fake.open() === 0)
})

test.each([
  ['http://dc1.corp.contoso.com'],
  ['dc1.corp.contoso.com'],
  ['ldaps://'],
  ['ldaps://dc1/DC=corp'],
  ['ldaps://user:password@dc1'],
])('%s is no server', server => {
  expect(() => connectTo([server])).toThrow(/no address of a domain controller/)
})

test('nobody signs in without a name or without a password', () => {
  for (const nobody of [
    { dn: '', password: 'x' },
    { dn: ' ', password: 'x' },
    { dn: 'svc', password: '' },
  ]) {
    expect(() => connectTo(['ldaps://dc1'], { bind: nobody })).toThrow(/must not be empty/)
  }
  expect(() => connectTo(['ldaps://dc1'], { ca: 'certs/corp-ca.pem' })).toThrow(/no certificate in PEM/)
  expect(() => connectTo([])).toThrow(/no domain controller/)
})

test('where StartTLS is refused the password stays here', async () => {
  const fake = await startFake(asked => asked.operation === 'extended' && asked.answer(52, { diagnostic: 'no cert' }))
  expect(await failureOf([fake.plainUrl])).toMatchObject({ code: 'no-starttls' })
  expect(fake.asked.map(asked => asked.operation)).not.toContain('bind')
})

test('what comes in the clear behind the consent to StartTLS is not taken for an answer', async () => {
  const fake = await startFake(asked => {
    if (asked.operation === 'extended') asked.send(Buffer.from('300c02010178070a010004000400', 'hex'), Buffer.of(0x30))
  })
  expect(await failureOf([fake.plainUrl])).toMatchObject({ code: 'bad-answer' })
  expect(fake.of('bind')).toEqual([])
})

test.each([
  ['an authority that we do not know', 'untrusted-ca', () => createAuthority('Other CA').issue()],
  ['another name', 'certificate-name', () => authority.issue({ names: ['dc2.corp.contoso.com', 'IP:127.0.0.2'] })],
  ['another time', 'certificate-expired', () => authority.issue({ validTo: new Date('2021-01-01T00:00:00Z') })],
])('a certificate of %s', async (_, code, identity) => {
  const fake = await startFake(answering, identity())
  for (const server of [fake.url, fake.plainUrl]) {
    expect(await failureOf([server])).toMatchObject({ code, hint: expect.any(String) })
  }
  expect(fake.of('bind')).toEqual([])
})

test('an authority that only the machine trusts is not ours', async () => {
  const fake = await startFake(answering)
  expect(await failureOf([fake.url], { ca: createAuthority('Other CA').cert })).toMatchObject({ code: 'untrusted-ca' })
})

test('a host name is compared with the certificate', async () => {
  const fake = await startFake(answering, authority.issue({ names: ['localhost'] }))
  const named = fake.url.replace('127.0.0.1', 'localhost')
  expect(await connectTo([named]).reader().search(readUnit)).toHaveLength(1)
  expect(await failureOf([fake.url])).toMatchObject({ code: 'certificate-name' })
})

test('no route, no name, no TLS and no answer', async () => {
  const silent = createServer(() => {})
  await new Promise<void>(done => silent.listen(0, '127.0.0.1', done))
  onTestFinished(() => void silent.close())
  const { port } = silent.address() as { port: number }
  expect(await failureOf([`ldaps://127.0.0.1:${await silentPort()}`])).toMatchObject({ code: 'refused' })
  expect(await failureOf(['ldaps://dc1.no-such-domain.invalid'])).toMatchObject({ code: 'name-not-found' })
  for (const scheme of ['ldaps', 'ldap']) {
    const failure = await failureOf([`${scheme}://127.0.0.1:${port}`], { timeout: 200 })
    expect(failure.message).toMatch(/no answer|no longer answers/)
  }
  const talkative = createServer(socket => socket.on('error', () => {}).write('220 mail.contoso.com ESMTP\r\n'))
  await new Promise<void>(done => talkative.listen(0, '127.0.0.1', done))
  onTestFinished(() => void talkative.close())
  const mail = (talkative.address() as { port: number }).port
  expect(await failureOf([`ldaps://127.0.0.1:${mail}`])).toMatchObject({ code: 'no-tls' })
  expect(await failureOf([`ldap://127.0.0.1:${mail}`])).toMatchObject({ code: 'bad-answer' })
})

test('servers are tried in order, and each is told of', async () => {
  const fake = await startFake(answering)
  const other = await startFake(answering, createAuthority('Other CA').issue())
  const refused = `ldaps://127.0.0.1:${await silentPort()}`
  const reader = connectTo([refused, other.url, fake.url]).reader()
  expect(await reader.search(readUnit)).toHaveLength(1)
  const failure = await failureOf([refused, other.url])
  expect(failure.code).toBe('unreachable')
  expect(failure.message).toContain(`${refused}: nothing answers`)
  expect(failure.message).toContain(`${other.url}: its certificate is of an authority that is not trusted`)
})

test.each([
  ['52e', 'wrong-password'],
  ['525', 'wrong-password'],
  ['532', 'password-expired'],
  ['533', 'account-disabled'],
  ['701', 'account-expired'],
  ['773', 'password-expired'],
  ['775', 'account-locked'],
  ['530', 'account-restricted'],
])('a sign-in refused with data %s is tried once', async (data, code) => {
  const diagnostic = `80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data ${data}, v4563\0`
  const fake = await startFake(asked => asked.operation === 'bind' && asked.answer(49, { diagnostic }))
  const reader = connectTo([fake.url, fake.plainUrl]).reader()
  const results = await Promise.allSettled([1, 2, 3].map(() => reader.search(readUnit)))
  results.push(...(await Promise.allSettled([reader.search(readUnit)])))
  for (const result of results) {
    expect(result).toMatchObject({
      reason: { name: 'Failure', code, message: expect.stringContaining(`data ${data}`) },
    })
    expect(JSON.stringify(result)).not.toContain(bind.password)
  }
  expect(fake.of('bind')).toHaveLength(1)
})

test('a busy server is left for the next one', async () => {
  const busy = await startFake(asked => asked.operation === 'bind' && asked.answer(51))
  const fake = await startFake(answering)
  expect(await connectTo([busy.url, fake.url]).reader().search(readUnit)).toHaveLength(1)
})

test('a server that is gone is waited for, and then not for each request again', async () => {
  const fake = await startFake(answering)
  const connection = connectTo([fake.url])
  const reader = connection.reader()
  await reader.search(readUnit)
  await fake.stop()
  const results = await Promise.allSettled([1, 2, 3].map(() => reader.search(readUnit)))
  expect(results).toMatchObject([1, 2, 3].map(() => ({ reason: { name: 'Failure', code: 'refused' } })))
  expect(connection.slept).toEqual([1000, 3000, 9000, 20_000])
  await expect(reader.search(readUnit)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('a moment ago'),
  })
  expect(connection.slept).toHaveLength(4)
})

test('a lost server is tried before the others', async () => {
  const [first, second] = [await startFake(answering), await startFake(answering)]
  const reader = connectTo([first.url, second.url]).reader()
  await reader.search(readUnit)
  first.drop()
  await reader.search(readUnit)
  expect([first.connections(), second.connections()]).toEqual([2, 0])
  await first.stop()
  await reader.search(readUnit)
  second.drop()
  await reader.search(readUnit)
  expect(second.connections()).toBe(2)
})

test('an interrupt ends waiting, also for a server', async () => {
  const silent = createServer(() => {})
  await new Promise<void>(done => silent.listen(0, '127.0.0.1', done))
  onTestFinished(() => void silent.close())
  const { port } = silent.address() as { port: number }
  const interrupt = new AbortController()
  const connection = connectTo([`ldaps://127.0.0.1:${port}`], { signal: interrupt.signal, timeout: 20_000 })
  const waiting = connection.reader().search(readUnit)
  setTimeout(() => interrupt.abort(), 50)
  await expect(waiting).rejects.toMatchObject({ code: 'interrupted' })
})
