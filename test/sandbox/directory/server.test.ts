// What the sandbox's domain controller says on the wire, asked with bytes and with the production client.

import type { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { childDn } from '../../../src/model/escape.ts'
import {
  element,
  elementsIn,
  inside,
  number,
  numberIn,
  tags,
  text,
  textIn,
} from '../../../src/sandbox/directory/ber.ts'
import type { Controllers } from '../../../src/sandbox/directory/controllers.ts'
import { accountOf, anything, bind, startControllers, unit } from './controllers.ts'

interface Said {
  readonly id: number
  readonly tag: number
  readonly code: number
  readonly text: string
}

/** Sends messages on a new connection, and reads until the server has nothing more to say. */
async function said(stream: Duplex, ...messages: readonly Buffer[]): Promise<{ said: Said[]; isOpen: boolean }> {
  let bytes = Buffer.alloc(0)
  let isOpen = true
  stream.on('data', chunk => {
    bytes = Buffer.concat([bytes, chunk])
  })
  stream.on('end', () => {
    isOpen = false
  })
  for (const each of messages) stream.write(each)
  for (let turn = 0; turn < 5; turn += 1) await new Promise(resolve => setImmediate(resolve))
  const answers = elementsIn(bytes).map(whole => {
    const [id, operation] = inside(whole)
    const [code, , diagnostic] = elementsIn(operation?.bytes ?? Buffer.alloc(0))
    const isResult = operation?.tag !== 0x64
    return {
      id: numberIn(id),
      tag: operation?.tag ?? 0,
      code: isResult ? numberIn(code, tags.enumeration) : 0,
      text: isResult ? textIn(diagnostic) : '',
    }
  })
  return { said: answers, isOpen }
}

function first(servers: Controllers['servers']): Controllers['servers'][number] {
  const [server] = servers
  if (server === undefined) throw new Error('no server')
  return server
}

function message(id: number, operation: Buffer, controls?: Buffer): Buffer {
  return element(tags.sequence, number(id), operation, ...(controls === undefined ? [] : [element(0xa0, controls)]))
}

const signIn = message(1, element(0x60, number(3), text(bind.dn), text(bind.password, 0x80)))
const removal = element(0x4a, Buffer.from(unit))

test('nobody is answered without a sign-in', async () => {
  const { servers, directory } = await startControllers()
  const { said: answers } = await said(first(servers).open(), message(7, removal))
  expect(answers).toEqual([{ id: 7, tag: 0x6b, code: 1, text: expect.stringContaining('000004DC') }])
  expect(await directory.search({ base: unit, scope: 'base', filter: anything, attributes: [] })).toHaveLength(1)
})

test('a sign-in without a name or a password is refused', async () => {
  const { servers } = await startControllers()
  const empty = message(1, element(0x60, number(3), text(bind.dn), text('', 0x80)))
  const { said: answers } = await said(first(servers).open(), empty)
  expect(answers).toMatchObject([{ code: 49, text: expect.stringContaining('data 52e') }])
})

test('a control that must be honoured and is not known is refused, and nothing is done', async () => {
  const { servers, directory } = await startControllers()
  const control = element(tags.sequence, text('1.2.840.113556.1.4.805'), element(tags.boolean, Buffer.of(0xff)))
  const { said: answers } = await said(first(servers).open(), signIn, message(2, removal, control))
  expect(answers[1]).toMatchObject({ id: 2, code: 12 })
  expect(await directory.search({ base: unit, scope: 'base', filter: anything, attributes: [] })).toHaveLength(1)
})

test.each([
  ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['a value that ends behind its message', Buffer.of(0x30, 0x03, 0x02, 0x05, 0x01)],
  ['a message of two gigabytes', Buffer.of(0x30, 0x84, 0x7f, 0xff, 0xff, 0xff)],
  ['a message without an operation', message(3, Buffer.alloc(0))],
])('what is no LDAP ends the connection with a notice: %s', async (_, bytes) => {
  const { servers } = await startControllers()
  const { said: answers, isOpen } = await said(first(servers).open(), bytes)
  expect(answers).toMatchObject([{ id: 0, code: 2 }])
  expect(isOpen).toBe(false)
})

test('a request in two pieces, and two in one', async () => {
  const { servers } = await startControllers()
  const { said: answers } = await said(
    first(servers).open(),
    signIn.subarray(0, 9),
    Buffer.concat([signIn.subarray(9), message(2, element(0x4a, Buffer.from('OU=No,DC=corp,DC=contoso,DC=com')))]),
  )
  expect(answers).toMatchObject([
    { id: 1, code: 0 },
    { id: 2, code: 32 },
  ])
})

test('pages come until the last one, and more than a page without paging is cut and says so', async () => {
  const { connect, servers, directory } = await startControllers({}, { pageSize: 3 })
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(letter => `g-${letter}`)
  for (const name of names) await directory.add(childDn('CN', name, unit), accountOf(name))
  const found = await connect()
    .reader()
    .search({ base: unit, scope: 'one', filter: { startsWith: ['cn', 'g-'] }, attributes: ['cn'] })
  expect(found.map(entry => entry.attributes.cn?.[0])).toEqual(names)
  const filter = element(0x87, Buffer.from('objectClass'))
  const plain = element(
    0x63,
    ...[text(unit), number(1, tags.enumeration), number(0, tags.enumeration), number(0), number(0)],
    ...[element(tags.boolean, Buffer.of(0)), filter, element(tags.sequence, text('cn'))],
  )
  const { said: answers } = await said(first(servers).open(), signIn, message(2, plain))
  expect(answers.map(({ tag, code }) => [tag, code])).toEqual([
    [0x61, 0],
    [0x64, 0],
    [0x64, 0],
    [0x64, 0],
    [0x65, 4],
  ])
})

test('many values come in ranges, and are put together', async () => {
  const { connect, directory } = await startControllers({}, { valueRange: 4 })
  const group = childDn('CN', 'all', unit)
  await directory.add(group, { objectClass: ['group'], sAMAccountName: ['all'] })
  const members: string[] = []
  for (let index = 0; index < 10; index += 1) {
    const dn = childDn('CN', `g-${index}`, unit)
    await directory.add(dn, accountOf(`g-${index}`))
    members.push(dn)
  }
  await directory.modify(group, [{ operation: 'add', attribute: 'member', values: members }])
  const [entry] = await connect()
    .reader()
    .search({ base: group, scope: 'base', filter: anything, attributes: ['member'] })
  expect(entry?.attributes.member?.toSorted()).toEqual(members.toSorted())
})

test('the root of the directory says which server it is', async () => {
  const { connect } = await startControllers()
  const connection = connect()
  const [root] = await connection
    .reader()
    .search({ base: '', scope: 'base', filter: anything, attributes: ['dnsHostName'] })
  expect(root?.attributes.dnshostname).toEqual(['dc1.corp.contoso.com'])
  expect(connection.server()).toBe('ldap://dc1.corp.contoso.com')
})
