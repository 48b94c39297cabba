// Answers of a directory with anything done to their bytes: lengths, tags, nesting, ranges, referrals, cookies. A search ends with
// entries or with a failure, in time; so does the connection's next one.

import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { SearchRequest } from 'ldapts'
import { describe, test } from 'vitest'
import { tags } from '../../src/connect/ldap/answers.ts'
import { readEntry } from '../../src/connect/ldap/entries.ts'
import { filterOf } from '../../src/connect/ldap/filters.ts'
import { Lost, Session } from '../../src/connect/ldap/session.ts'
import type { DirectorySearch } from '../../src/model/directories.ts'
import { type Asked, connectTo, entry, reference, result, startFake, unit } from '../connect/ldap/fake-ldap.ts'
import { type ByteEdit, byteEdits, editBytes } from './edits.ts'
import { fuzz, wrongFailure, wrongWords } from './harness.ts'
import { patience } from './runs.ts'

const guid = Buffer.from('b1a9708d4e0c0a4f9a410f2c3d4e5f60', 'hex')
const sid = Buffer.from('010500000000000515000000a065cf7e784b9b5fe77c8770091c0100', 'hex')

/** Sound answers to a search, as a server sends them. */
const sound: readonly ((id: number) => Buffer)[] = [
  id => Buffer.concat([entry(id, unit, { cn: ['Shadow'], objectGUID: [guid], objectSid: [sid] }), result(id, 0x65)]),
  id =>
    Buffer.concat([
      reference(id, 'ldap://x/DC=y'),
      entry(id, `CN=Müller\\, Lee,${unit}`, { mail: ['a@b.c'] }),
      result(id, 0x65),
    ]),
  id => Buffer.concat([entry(id, unit, { 'member;range=0-1': ['CN=a', 'CN=b'], uSNChanged: ['7'] }), result(id, 0x65)]),
  id => Buffer.concat([entry(id, unit, { cn: ['x'] }), result(id, 0x65, 0, { cookie: 'more' })]),
  id => result(id, 0x65, 10, { referrals: ['ldap://dc2.corp.contoso.com/DC=corp'], diagnostic: '0000202B: RefErr' }),
  id => result(id, 0x65, 32, { diagnostic: '0000208D: NameErr: DSID-03100245, problem 2001 (NO_OBJECT)' }),
  id => result(id, 0x65, 53, { diagnostic: 'x'.repeat(5000) }),
  id => result(0, 0x78, 52, { diagnostic: `${id}` }),
]

const attributes: fc.Arbitrary<Readonly<Record<string, readonly string[]>>> = fc.dictionary(
  fc.constantFrom(
    'cn',
    'member',
    'member;range=0-*',
    'member;range=0-0',
    'member;range=5-2',
    'member;range=0-99999999999999999999',
    '__proto__',
    'constructor',
    'objectGUID',
    'objectSid',
    ';',
    '',
  ),
  fc.array(fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.constant('x'.repeat(3000))), { maxLength: 3 }),
)

interface Input {
  readonly answer: number
  readonly edits: readonly ByteEdit[]
  /** In the place of the answer's own entries. */
  readonly entries?: Readonly<Record<string, readonly string[]>>
  /** How many bytes come at once. */
  readonly pieces: number
}

const inputs: fc.Arbitrary<Input> = fc.record(
  {
    answer: fc.nat(sound.length - 1),
    edits: fc.oneof(
      { weight: 5, arbitrary: byteEdits },
      { weight: 1, arbitrary: fc.constant<readonly ByteEdit[]>([]) },
    ),
    entries: attributes,
    pieces: fc.constantFrom(1, 3, 17, 100_000),
  },
  { requiredKeys: ['answer', 'edits', 'pieces'] },
)

function bytesOf({ answer, edits, entries }: Input, id: number): Buffer {
  const own = entries === undefined ? sound[answer]?.(id) : Buffer.concat([entry(id, unit, entries), result(id, 0x65)])
  return editBytes(own ?? Buffer.alloc(0), edits)
}

function shown(input: Input): string {
  const edits = input.edits.map(({ put, ...edit }) => ({ ...edit, put: Buffer.from(put).toString('hex') }))
  return `${JSON.stringify({ ...input, edits })}\n${bytesOf(input, 1).toString('hex')}`
}

function inPieces(bytes: Buffer, size: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
}

/** One session over a pipe in place of a socket: after the answer the server hangs up. */
async function readFromSession(input: Input): Promise<readonly string[]> {
  const stream = new Duplex({
    read: () => undefined,
    write(_chunk, _encoding, done) {
      done()
      for (const piece of inPieces(bytesOf(input, 1), input.pieces)) this.push(piece)
      this.push(null)
    },
  })
  const socket = Object.assign(stream, { destroySoon: () => stream.destroy() }) as unknown as Socket
  const session = new Session(socket, 'dc1')
  try {
    const reply = await session.request(
      messageId => new SearchRequest({ messageId, baseDN: unit, scope: 'sub', filter: filterOf({ present: 'cn' }) }),
      tags.searchDone,
      4000,
    )
    return reply.entries
      .map(readEntry)
      .flatMap(({ dn, attributes: read }) => [...wrongWords(dn), ...Object.keys(read).flatMap(wrongWords)])
  } catch (error) {
    // What a session throws stays within; the wire makes a failure of it.
    return error instanceof Lost ? wrongWords(error.message) : wrongFailure(error)
  } finally {
    stream.destroy()
  }
}

const search: DirectorySearch = {
  base: unit,
  scope: 'sub',
  filter: { present: 'objectClass' },
  attributes: ['cn', 'member'],
}

describe('a domain controller', () => {
  test('answers, as a session reads them', () => fuzz({ share: 3600, inputs, shown, read: readFromSession }), patience)

  test(
    'answers, through the whole client',
    async () => {
      let now: Input | undefined
      const fake = await startFake((asked: Asked) => {
        if (asked.operation !== 'search' || now === undefined) return
        asked.send(...inPieces(bytesOf(now, asked.id), Math.max(now.pieces, 17)))
        // Else half a message would be waited for.
        setTimeout(asked.cut, 20)
      })
      const read = async (input: Input): Promise<readonly string[]> => {
        now = input
        const connection = connectTo([fake.url], { timeout: 1000 })
        try {
          const found = await connection.reader().search(search)
          return found.flatMap(({ dn }) => wrongWords(dn))
        } finally {
          await connection.close()
        }
      }
      await fuzz({ share: 60, inputs, shown, read })
    },
    patience,
  )
})
