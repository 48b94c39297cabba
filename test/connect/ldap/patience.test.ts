// The first sign-in, and every later one: what may pass is waited for, at all servers in turn and for a bounded time; what will
// not is asked once, and a password never once more than is safe. Ctrl-C and the end of the run end the waiting.

import { createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { DirectoryOptions } from '../../../src/connect/ldap/connection.ts'
import { createAuthority } from './certificates.ts'
import {
  type Asked,
  authority,
  bind,
  connectTo,
  entry,
  readUnit,
  type Script,
  startFake,
  unit,
  until,
  within,
} from './fake-ldap.ts'

const answering: Script = asked => {
  if (asked.operation === 'search') asked.answer(0, { entries: [entry(asked.id, unit, { cn: ['Shadow'] })] })
}

/** Answers as `bound` says to the first `times` sign-ins. */
const troubled =
  (times: number, bound: (asked: Asked) => unknown): Script =>
  asked => {
    if (asked.operation === 'bind' && asked.before < times) bound(asked)
    else answering(asked)
  }

const says =
  (code: number) =>
  (asked: Asked): void =>
    asked.answer(code)

const cuts = (asked: Asked): void => asked.cut()

/** What becomes of a first search, and for how long it waited. */
async function searched(servers: readonly string[], more: Partial<DirectoryOptions> = {}) {
  const connection = connectTo(servers, more)
  const outcome = await within(10_000, connection.reader().search(readUnit))
  return { outcome, slept: connection.slept, connection }
}

/** A deadline that does not come: the test does not end by it. */
const never = () => ({ signal: new AbortController().signal, end: () => {} })
const timeless = { random: () => 0, sleep: async () => {}, timeout: never }

/** Takes connections, and says nothing. */
async function startMute(): Promise<{ readonly port: number; readonly open: () => number }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket
      .on('error', () => {})
      .on('close', () => sockets.delete(socket))
      .resume()
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, open: () => sockets.size }
}

test.each<[string, number, (asked: Asked) => unknown, readonly number[]]>([
  ['busy', 4, says(51), [1000, 3000, 9000, 20_000]],
  ['unavailable', 2, says(52), [1000, 3000]],
  ['cutting the connection', 2, cuts, [10_000, 10_000]],
])('a first sign-in at a server that is %s for a moment', async (_, times, bound, slept) => {
  const fake = await startFake(troubled(times, bound))
  const search = await searched([fake.url])
  expect(search.outcome).toHaveLength(1)
  expect(search.slept).toEqual(slept)
  expect(fake.of('bind')).toHaveLength(times + 1)
})

test.each([51, 52])('StartTLS that is refused with %i may pass', async code => {
  const fake = await startFake(asked =>
    asked.operation === 'extended' && asked.before < 2 ? asked.answer(code) : answering(asked),
  )
  expect((await searched([fake.plainUrl])).outcome).toHaveLength(1)
  expect(fake.of('extended')).toHaveLength(3)
})

test('a connection that ends after the consent to StartTLS may pass', async () => {
  const fake = await startFake(asked => {
    if (asked.operation !== 'extended' || asked.before > 0) return answering(asked)
    asked.answer()
    asked.cut()
  })
  const search = await searched([fake.plainUrl])
  expect(search.outcome).toHaveLength(1)
  expect(search.slept).toEqual([1000])
})

test('one that never passes is given up after half a minute, and told of at its beginning', async () => {
  const fake = await startFake(troubled(1000, says(51)))
  const heard: string[] = []
  const search = await searched([fake.url], { tell: message => heard.push(message) })
  expect(search.outcome).toMatchObject({ code: 'sign-in-refused', message: expect.stringContaining('busy (LDAP 51)') })
  expect(search.slept).toEqual([1000, 3000, 9000, 20_000])
  expect(heard).toEqual([
    `Waiting for Active Directory, 45 s at most: ${fake.url}: it refuses the sign-in: busy (LDAP 51).`,
  ])
  const impatient = await searched([fake.url], { isPatient: false })
  expect(impatient.outcome).toMatchObject({ code: 'sign-in-refused' })
  expect(impatient.slept).toEqual([])
})

test('what does not pass is asked once, and the other servers go on being asked', async () => {
  const strict = await startFake(troubled(1000, says(8)))
  const foreign = await startFake(answering, createAuthority('Other CA').issue())
  expect(await searched([strict.url])).toMatchObject({ outcome: { code: 'sign-in-refused' }, slept: [] })
  expect(await searched([foreign.url])).toMatchObject({ outcome: { code: 'untrusted-ca' }, slept: [] })
  expect(await searched(['ldaps://dc1.invalid'])).toMatchObject({ outcome: { code: 'name-not-found' }, slept: [] })

  const [strictBefore, foreignBefore] = [strict.connections(), foreign.of('extended').length]
  const busy = await startFake(troubled(3, says(51)))
  const search = await searched([strict.url, foreign.plainUrl, busy.url])
  expect(search.outcome).toHaveLength(1)
  expect(search.slept).toEqual([1000, 3000, 9000])
  expect(strict.connections() - strictBefore).toBe(1)
  expect(foreign.of('extended').length - foreignBefore).toBe(1)
})

test('a password that was refused is tried at no server again, also while another one may come back', async () => {
  const busy = await startFake(troubled(1000, says(51)))
  const refusing = await startFake(troubled(1000, says(49)))
  const other = await startFake(answering)
  const { outcome, slept, connection } = await searched([busy.url, refusing.url, other.url])
  expect(outcome).toMatchObject({ code: expect.stringMatching(/wrong-password|unreachable/) })
  await expect(connection.reader().search(readUnit)).rejects.toThrow()
  expect(slept).toEqual([])
  expect([busy, refusing, other].map(fake => fake.of('bind').length)).toEqual([1, 1, 0])
})

test('a password of which nobody says anything is sent three times', async () => {
  const [first, second] = [await startFake(troubled(1000, cuts)), await startFake(troubled(1000, cuts))]
  const { outcome, connection } = await searched([first.url, second.url])
  expect(outcome).toMatchObject({ code: 'connection-lost' })
  await expect(connection.reader().search(readUnit)).rejects.toThrow()
  expect(first.of('bind').length + second.of('bind').length).toBe(3)
})

test('once it was accepted it is known to be right', async () => {
  const fake = await startFake(asked => {
    if (asked.operation === 'bind' && asked.before > 0 && asked.before < 5) return asked.cut()
    answering(asked)
  })
  const { connection } = await searched([fake.url])
  fake.drop()
  expect(await connection.reader().search(readUnit)).toHaveLength(1)
  expect(fake.of('bind')).toHaveLength(6)
})

test('a certificate is asked for, whatever Node is told', async () => {
  const fake = await startFake(answering, createAuthority('Other CA').issue())
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  onTestFinished(() => {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
  })
  expect((await searched([fake.url])).outcome).toMatchObject({ code: 'untrusted-ca' })
  expect((await searched([fake.plainUrl])).outcome).toMatchObject({ code: 'untrusted-ca' })
  expect(fake.of('bind')).toEqual([])
})

test.each(['in TLS', 'at StartTLS', 'at the sign-in', 'between two rounds'])(
  'an interrupt %s is heeded',
  async where => {
    const interrupt = new AbortController()
    const mute = await startMute()
    const fake = await startFake(asked => {
      if (where === 'between two rounds') return asked.answer(51)
      // An empty answer keeps the fake from answering by itself.
      asked.send()
      interrupt.abort()
    })
    const servers: Readonly<Record<string, string>> = {
      'in TLS': `ldaps://127.0.0.1:${mute.port}`,
      'at StartTLS': `ldap://127.0.0.1:${mute.port}`,
    }
    const clock = {
      ...timeless,
      sleep: (_: number, signal?: AbortSignal) =>
        new Promise<void>((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason))
          interrupt.abort()
        }),
    }
    const waiting = connectTo([servers[where] ?? fake.url], { signal: interrupt.signal, clock })
      .reader()
      .search(readUnit)
    if (servers[where] !== undefined) void until(() => mute.open() > 0).then(() => interrupt.abort())
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' })
    await until(() => fake.open() + mute.open() === 0)
  },
)

test('an interrupt ends a search that nobody answers', async () => {
  const interrupt = new AbortController()
  const fake = await startFake(asked => asked.operation === 'search' && interrupt.abort())
  const reader = connectTo([fake.url], { signal: interrupt.signal, clock: timeless }).reader()
  await expect(reader.search(readUnit)).rejects.toMatchObject({ code: 'interrupted' })
})

test('closing waits for nobody, and leaves nothing open', async () => {
  const mute = await startMute()
  const connection = connectTo([`ldaps://127.0.0.1:${mute.port}`], { clock: timeless })
  const search = connection.reader().search(readUnit)
  const closed = expect(search).rejects.toMatchObject({ code: 'connection-closed' })
  await until(() => mute.open() > 0)
  await connection.close()
  await closed
  await until(() => mute.open() === 0)

  const silent = await startFake(() => {})
  const open = connectTo([silent.url], { clock: timeless })
  const lost = expect(open.reader().search(readUnit)).rejects.toMatchObject({ code: 'connection-closed' })
  const written = expect(
    open.writer().modify(unit, [{ operation: 'replace', attribute: 'title', values: ['x'] }]),
  ).rejects.toMatchObject({ code: 'outcome-unknown' })
  await until(() => silent.of('search').length + silent.of('modify').length === 2)
  await open.close()
  await Promise.all([lost, written])
  await until(() => silent.open() === 0)
})

test('what comes behind the handshake of TLS ends the connection, and not the process', async () => {
  const { connect: dial } = await import('node:net')
  const fake = await startFake(answering)
  const target = Number(new URL(fake.url).port)
  let junk = 1
  const relay = createServer(near => {
    const far = dial({ host: '127.0.0.1', port: target })
    for (const socket of [near, far]) socket.on('error', () => {})
    near.pipe(far)
    far.on('data', chunk => {
      // In one piece with the server's part of the handshake.
      near.write(junk > 0 ? Buffer.concat([chunk, Buffer.from('1703030005ffffffffff', 'hex')]) : chunk)
      junk -= 1
    })
    far.on('close', () => near.destroy())
    near.on('close', () => far.destroy())
  })
  await new Promise<void>(done => relay.listen(0, '127.0.0.1', done))
  onTestFinished(() => void relay.close())
  const { port } = relay.address() as { port: number }
  const { outcome } = await searched([`ldaps://127.0.0.1:${port}`], { ca: authority.cert, bind })
  expect(outcome).toHaveLength(1)
})
