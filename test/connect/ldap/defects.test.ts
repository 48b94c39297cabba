// What the LDAP library does, and what this program does instead: each defect is shown on the bare library first, so that a
// version that mends it is noticed.

import { spawn } from 'node:child_process'
import { AddRequest, Attribute, BerReader, Client, DN } from 'ldapts'
import { expect, onTestFinished, test } from 'vitest'
import { RequestFailure } from '../../../src/model/directories.ts'
import {
  authority,
  bind,
  connectTo,
  entry,
  type Fake,
  readUnit,
  result,
  type Script,
  searchUnit,
  startFake,
  unit,
  until,
  within,
} from './fake-ldap.ts'

function bare({ plainUrl }: Fake, options: { timeout?: number } = {}): Client {
  const client = new Client({ url: plainUrl, ...options })
  onTestFinished(async () => {
    await within(200, client.unbind())
  })
  return client
}

const times = (count: number, work: () => Promise<unknown>) => Promise.all(Array.from({ length: count }, work))

/** Answers everything; what is asked before signing in goes to `strangers`. */
const answering: Script = asked => {
  if (asked.operation === 'search') asked.answer(0, { entries: [entry(asked.id, unit, { cn: ['Shadow'] })] })
}

test('1: many calls on a client that is not connected yet, or no longer', async () => {
  const fake = await startFake(answering)
  const client = bare(fake)
  const raw = await times(10, () => within(300, client.search(unit, { scope: 'base' })))
  expect(raw).toContain('hangs')
  expect(fake.connections()).toBe(10)

  const own = await startFake(answering)
  const reader = connectTo([own.url]).reader()
  await times(10, () => reader.search(readUnit))
  expect(own.connections()).toBe(1)
  own.drop()
  expect((await times(10, () => reader.search(readUnit))).flat()).toHaveLength(10)
  expect(own.connections()).toBe(2)
})

test('2: after a loss the library goes on without signing in', async () => {
  const fake = await startFake(answering)
  const client = bare(fake)
  await client.bind(bind.dn, bind.password)
  fake.drop()
  await new Promise(done => setTimeout(done, 50))
  await client.search(unit, { scope: 'base' })
  expect(fake.of('search').map(asked => asked.isSignedIn)).toEqual([false])

  const own = await startFake(answering)
  const reader = connectTo([own.url]).reader()
  await reader.search(readUnit)
  own.drop()
  await reader.search(readUnit)
  expect(own.of('search').map(asked => asked.isSignedIn)).toEqual([true, true])
  expect(own.of('bind')).toHaveLength(2)
})

test('3: a page without entries is not the last page', async () => {
  const pages = [['a'], [], ['b']]
  const script: Script = asked => {
    if (asked.operation !== 'search') return
    const at = Number(asked.page?.cookie || 0)
    const entries = (pages[at] ?? []).map(cn => entry(asked.id, `CN=${cn},${unit}`, { cn: [cn] }))
    asked.answer(0, { entries, cookie: at + 1 < pages.length ? String(at + 1) : '' })
  }
  const fake = await startFake(script)
  const { searchEntries } = await bare(fake).search(unit, { paged: true })
  expect(searchEntries.map(found => found.cn)).toEqual(['a'])

  const own = await startFake(script)
  const found = await connectTo([own.url]).reader().search(searchUnit)
  expect(found.map(each => each.attributes.cn)).toEqual([['a'], ['b']])
})

test('4: a large group does not look empty', async () => {
  const members = Array.from({ length: 4000 }, (_, index) => `CN=m${index},${unit}`)
  const script: Script = asked => {
    if (asked.operation !== 'search') return
    const range = /^member;range=(\d+)-/.exec(asked.attributes[0] ?? '')
    const first = Number(range?.[1] ?? 0)
    const last = first + 1500 < members.length ? first + 1499 : '*'
    const values = members.slice(first, first + 1500)
    const plain = range === null ? { member: [] } : {}
    asked.answer(0, { entries: [entry(asked.id, asked.dn, { ...plain, [`member;range=${first}-${last}`]: values })] })
  }
  const group = `CN=Payroll,${unit}`
  const fake = await startFake(script)
  const raw = await bare(fake).search(group, { scope: 'base', attributes: ['member'] })
  expect(raw.searchEntries[0]?.member).toEqual([])

  const own = await startFake(script)
  const reader = connectTo([own.url]).reader()
  const [found] = await reader.search({ ...readUnit, base: group, attributes: ['member'] })
  expect(found?.attributes).toEqual({ member: members })
})

test('5: a trace of the library shows new passwords', async () => {
  const fake = await startFake(asked => {
    if (asked.operation === 'add') asked.answer()
    if (asked.operation === 'search') {
      asked.answer(0, { entries: [entry(asked.id, asked.dn, { objectGUID: [Buffer.alloc(16, 7)] })] })
    }
  })
  // As JSON the password is a list of its bytes.
  const password = Buffer.from('"Secret-4711"', 'utf16le')
  const shown = [...password].join(',')
  const library = `
    import { Attribute, Client } from 'ldapts'
    const client = new Client({ url: '${fake.plainUrl}' })
    const values = [Buffer.from('${password.toString('hex')}', 'hex')]
    await client.add('CN=x,${unit}', [new Attribute({ type: 'unicodePwd', values })])
    await client.unbind()`
  const connection = new URL('../../../src/connect/ldap/connection.ts', import.meta.url)
  const ours = `
    import { connectDirectory } from '${connection}'
    const connection = connectDirectory({
      servers: ['${fake.url}'], ca: ${JSON.stringify(authority.cert)}, bind: { dn: 'svc', password: 'bind-4712' },
      clock: { sleep: async () => {}, random: () => 0 },
    })
    const unicodePwd = [Buffer.from('${password.toString('hex')}', 'hex')]
    await connection.writer().add('CN=x,${unit}', { unicodePwd })
    await connection.close()`
  expect(await debugged(library)).toContain(shown)
  const output = await debugged(ours)
  expect(fake.of('add')).toHaveLength(2)
  for (const secret of [shown, 'Secret-4711', 'bind-4712']) expect(output).not.toContain(secret)
})

async function debugged(source: string): Promise<string> {
  const env = { ...process.env, NODE_DEBUG: 'ldapts' }
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  const code = await new Promise(done => child.on('close', done))
  expect(code, output).toBe(0)
  return output
}

test('6: bytes and umlauts in filters', async () => {
  const fake = await startFake(answering)
  const client = bare(fake)
  const guid = '8d70a9b1-0c4e-4f0a-9a41-0f2c3d4e5f60'
  const bytes = Buffer.from('b1a9708d4e0c0a4f9a410f2c3d4e5f60', 'hex')
  const escaped = [...bytes].map(byte => `\\${byte.toString(16).padStart(2, '0')}`).join('')
  await client.search(unit, { filter: `(objectGUID=${escaped})` })
  await client.search(unit, { filter: '(mail=m\\c3\\bcller)' })
  const [asGuid, asText] = fake.of('search').map(asked => asked.wire)
  expect(asGuid).not.toContain(bytes.toString('latin1'))
  expect(asText).not.toContain(Buffer.from('müller').toString('latin1'))

  const own = await startFake(answering)
  const reader = connectTo([own.url]).reader()
  await reader.search({ ...searchUnit, filter: { equals: ['objectGUID', guid] } })
  await reader.search({ ...searchUnit, filter: { equals: ['mail', 'müller'] } })
  const [byGuid, byText] = own.of('search').map(asked => asked.wire)
  expect(byGuid).toContain(bytes.toString('latin1'))
  expect(byText).toContain(Buffer.from('müller').toString('latin1'))
})

test('7: a new name that ends in a backslash', async () => {
  const script: Script = asked => asked.operation === 'move' && asked.answer()
  const fake = await startFake(script)
  const client = bare(fake)
  await client.modifyDN(`CN=x,${unit}`, `CN=ends in \\\\,${unit}`)
  await client.modifyDN(`CN=x,${unit}`, new DN({ CN: 'y', OU: 'Archive' }))
  expect(fake.of('move').map(asked => asked.move?.newRdn)).toEqual(['CN=ends in \\\\,OU=Shadow', 'CN=y,OU=Archive'])

  const own = await startFake(script)
  await connectTo([own.url]).writer().move(`CN=x,${unit}`, 'CN=ends in \\5C', unit)
  expect(own.of('move').map(asked => asked.move)).toEqual([{ newRdn: 'CN=ends in \\5C', newSuperior: unit }])
})

test('8: control characters in names', async () => {
  expect(new DN({ CN: 'cut\0here' }).toString()).toContain('\0')

  const own = await startFake(answering)
  const writer = connectTo([own.url]).writer()
  for (const name of [`CN=cut\0here,${unit}`, `CN=cut\\00here,${unit}`]) {
    await expect(writer.remove(name)).rejects.toMatchObject({ status: 34, code: 'invalidDNSyntax' })
    await expect(writer.search({ ...readUnit, base: name })).rejects.toMatchObject({ status: 34 })
    await expect(writer.move(`CN=x,${unit}`, name.split(',', 1).join(), unit)).rejects.toMatchObject({ status: 34 })
  }
  expect(own.asked).toEqual([])
})

test('9: more entries in one answer than a stack holds', async () => {
  const script: Script = asked => {
    if (asked.operation !== 'search') return
    const one = entry(asked.id, `CN=000000,${unit}`, { cn: ['x'] }).toString('latin1')
    const named = (index: number): Buffer => Buffer.from(one.replace('000000', String(100_000 + index)), 'latin1')
    for (let sent = 0; sent < 200_000; sent += 1000) {
      asked.send(...Array.from({ length: 1000 }, (_, index) => named(sent + index)))
    }
    asked.answer()
  }
  const fake = await startFake(script)
  // Thrown where the socket is read, out of reach of whoever waits.
  const thrown: string[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException').on('uncaughtException', error => void thrown.push(error.message))
  const raw = await within(15_000, Promise.race([bare(fake).search(unit), until(() => thrown.length > 0)]))
  process.removeAllListeners('uncaughtException')
  for (const listener of listeners) process.on('uncaughtException', listener)
  expect(`${raw} ${thrown}`).toContain('Maximum call stack size exceeded')

  const own = await startFake(script)
  expect(await connectTo([own.url]).reader().search(searchUnit)).toHaveLength(200_000)
})

test('10: a message that cannot be read takes those behind it with it', async () => {
  const broken = (id: number): Buffer => {
    const bytes = entry(id, unit, { cn: ['x'] })
    // The name is announced as a number.
    bytes[bytes.indexOf(unit) - 2] = 0x02
    return bytes
  }
  let held: { id: number; send: (...bytes: Buffer[]) => void }[] = []
  const script: Script = asked => {
    if (asked.operation !== 'search') return
    held.push(asked)
    if (held.length < 2) return
    const [first, second] = held.map(({ id }) => id)
    held = []
    asked.send(broken(first ?? 0), result(second ?? 0, 0x65))
  }
  const fake = await startFake(script)
  const client = bare(fake)
  await client.bind(bind.dn, bind.password)
  const raw = await times(2, () => within(300, client.search(unit, { scope: 'base' })))
  expect(raw).toContain('hangs')

  held = []
  const own = await startFake(script)
  const reader = connectTo([own.url]).reader()
  for (const outcome of await times(2, () => within(3000, reader.search(readUnit)))) {
    expect(outcome).toMatchObject({ code: 'bad-answer', status: 0 })
    expect(outcome).toBeInstanceOf(RequestFailure)
  }
})

test('and: one slow answer does not end the others', async () => {
  const script: Script = asked => {
    if (asked.operation !== 'search' || asked.dn.startsWith('CN=slow')) return
    setTimeout(() => asked.answer(), 300)
  }
  const slow = `CN=slow,${unit}`
  const fake = await startFake(script)
  const client = bare(fake, { timeout: 400 })
  await client.bind(bind.dn, bind.password)
  const first = client.search(slow, { scope: 'base' }).catch((error: Error) => error.message)
  await new Promise(done => setTimeout(done, 200))
  const [, raw] = await Promise.all([
    first,
    client.search(unit, { scope: 'base' }).catch((error: Error) => error.message),
  ])
  expect(raw).toContain('Connection closed')

  const own = await startFake(script)
  const reader = connectTo([own.url], { timeout: 400 }).reader()
  await reader.search(readUnit)
  const waiting = reader.search({ ...readUnit, base: slow })
  const refused = expect(waiting).rejects.toMatchObject({ status: 0, code: 'timeout' })
  const quick = reader.search(readUnit)
  await new Promise(done => setTimeout(done, 200))
  expect(await Promise.all([quick, reader.search(readUnit)])).toEqual([[], []])
  await until(() => own.of('abandon').length === 1)
  expect(own.connections()).toBe(1)
  await refused
})

test('and: a request that just fills a buffer of the library loses its end', async () => {
  const values = Array.from({ length: 5139 }, (_, index) => String(index).padStart(100, 'x'))
  const names = Array.from({ length: 20 }, (_, index) => `CN=${'n'.repeat(62 + index)}`)
  const attributes = [new Attribute({ type: 'info', values })]
  const broken = names.filter(dn => {
    const reader = new BerReader(new AddRequest({ messageId: 5, dn, attributes }).write())
    reader.readSequence()
    return reader.length !== reader.remain
  })
  expect(broken).toHaveLength(5)

  const own = await startFake(asked => asked.operation === 'modify' && asked.answer())
  const writer = connectTo([own.url]).writer()
  const modification = { operation: 'add', attribute: 'info', values } as const
  for (const name of names) await writer.modify(name, [modification])
  expect(own.of('modify').map(asked => asked.dn)).toEqual(names)
})
