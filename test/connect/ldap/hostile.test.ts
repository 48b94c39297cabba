// Whatever a server sends, and wherever it stops: a request ends, in time, with its answer or with a failure.

import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { DeleteRequest } from 'ldapts'
import { expect, test } from 'vitest'
import { readAnswer } from '../../../src/connect/ldap/answers.ts'
import { createFramer, Garbled } from '../../../src/connect/ldap/frames.ts'
import { Session } from '../../../src/connect/ldap/session.ts'
import { RequestFailure } from '../../../src/model/directories.ts'
import { type Asked, connectTo, entry, readUnit, result, startFake, unit, within } from './fake-ldap.ts'

/** The outcome of one search whose answer is these bytes. */
async function searching(answer: (asked: Asked) => readonly Buffer[], timeout = 400): Promise<unknown> {
  const fake = await startFake(asked => asked.operation === 'search' && asked.send(...answer(asked)))
  const connection = connectTo([fake.url], { timeout })
  const outcome = await within(5000, connection.reader().search(readUnit))
  await connection.close()
  await fake.stop()
  return outcome
}

const answerTo = ({ id }: Asked): Buffer => Buffer.concat([entry(id, unit, { cn: ['Shadow'] }), result(id, 0x65)])

test.each<[string, (asked: Asked) => readonly Buffer[], string]>([
  ['garbage', () => [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], 'bad-answer'],
  ['a message of 4 GB', () => [Buffer.from('3084ffffffff', 'hex')], 'bad-answer'],
  ['a message of 2 GB', () => [Buffer.from('30847fffffff', 'hex')], 'bad-answer'],
  ['a length of nine bytes', () => [Buffer.from('3089ffffffffffffffffff', 'hex')], 'bad-answer'],
  ['a message without a length', () => [Buffer.from('3080', 'hex')], 'bad-answer'],
  ['an empty message', () => [Buffer.from('3000', 'hex')], 'bad-answer'],
  ['an answer to no question', ({ id }) => [result(id + 1, 0x65)], 'bad-answer'],
  ['an answer to another kind of question', ({ id }) => [result(id, 0x69)], 'bad-answer'],
  ['a request', ({ id }) => [result(id, 0x63)], 'bad-answer'],
  ['a value longer than its message', ({ id }) => [Buffer.of(0x30, 6, 2, 1, id, 0x65, 0x7f, 0)], 'bad-answer'],
  ['a number without digits', () => [Buffer.from('300702006503040000', 'hex')], 'bad-answer'],
  ['half a message', asked => [answerTo(asked).subarray(0, -3)], 'timeout'],
  ['nothing', () => [], 'timeout'],
])('%s', async (_, answer, code) => {
  const outcome = await searching(answer)
  expect(outcome).toBeInstanceOf(RequestFailure)
  expect(outcome).toMatchObject({ status: 0, code })
})

test('an answer that ends at any of its bytes is asked for again, and fails if that goes on', async () => {
  const length = answerTo({ id: 2 } as Asked).length
  for (let end = 0; end < length; end += 1) {
    let times = 1
    const fake = await startFake(asked => {
      if (asked.operation !== 'search') return
      if (times === 0) return asked.send(answerTo(asked))
      times -= 1
      asked.send(answerTo(asked).subarray(0, end))
      return setTimeout(asked.cut, 5)
    })
    const reader = connectTo([fake.url]).reader()
    expect(await within(5000, reader.search(readUnit))).toEqual([{ dn: unit, attributes: { cn: ['Shadow'] } }])
    if (end % 7 === 0) {
      times = 9
      expect(await within(5000, reader.search(readUnit))).toMatchObject({ status: 0, code: 'connection-lost' })
    }
    await fake.stop()
  }
})

test('an answer to a sign-in that ends at any of its bytes', async () => {
  const length = result(1, 0x61).length
  for (let end = 0; end < length; end += 1) {
    const fake = await startFake(asked => {
      asked.send(result(1, 0x61).subarray(0, end))
      setTimeout(asked.cut, 5)
    })
    const outcome = await within(5000, connectTo([fake.url]).reader().search(readUnit))
    expect(outcome).toMatchObject({ name: 'Failure', code: 'connection-lost' })
  }
})

test('an answer in pieces of any size is an answer', async () => {
  for (const size of [1, 2, 3, 7, 50]) {
    const outcome = await searching(asked => {
      const bytes = answerTo(asked)
      for (let at = 0; at < bytes.length; at += size) asked.send(bytes.subarray(at, at + size))
      return []
    })
    expect(outcome).toEqual([{ dn: unit, attributes: { cn: ['Shadow'] } }])
  }
})

test('messages survive any division into chunks', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 })
  const property = fc.property(
    messages,
    fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
    (bodies, sizes) => {
      const sent = bodies.map(body => {
        const { length } = body
        const head = length < 128 ? [0x30, length] : [0x30, 0x82, length >> 8, length & 255]
        return Buffer.concat([Buffer.from(head), body])
      })
      const whole = Buffer.concat(sent)
      const framer = createFramer()
      const got: Buffer[] = []
      for (let at = 0, turn = 0; at < whole.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1
        got.push(...framer.push(whole.subarray(at, at + size)))
        at += size
      }
      expect(Buffer.concat(got)).toEqual(whole)
      expect(got).toHaveLength(sent.length)
      expect(framer.isIdle()).toBe(true)
    },
  )
  fc.assert(property)
})

test('bytes of any kind are read or refused, in no time', () => {
  const good = Buffer.concat([entry(7, unit, { cn: ['a', 'b'] })])
  const mutated = fc.record({
    base: fc.constantFrom(good, result(7, 0x65, 0, { cookie: 'more', referrals: ['ldap://x'] })),
    changes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 }),
  })
  const property = fc.property(mutated, ({ base, changes }) => {
    const bytes = Buffer.from(base)
    for (const [at, value] of changes) bytes[at % bytes.length] = value
    try {
      readAnswer(bytes)
    } catch (error) {
      expect(error).toBeInstanceOf(Garbled)
    }
  })
  fc.assert(property, { numRuns: 3000 })
})

test('a connection that ended before anybody listened is lost, and nothing is sent on it', async () => {
  const stream = new PassThrough().destroy()
  const session = new Session(stream, 'ldaps://dc1')
  const asking = session.request(messageId => new DeleteRequest({ messageId, dn: 'CN=x' }), 0x6b, 10 ** 9)
  await expect(asking).rejects.toMatchObject({ code: 'connection-lost', sent: false })
  // Nor is it TLS's to take over.
  expect(() => session.release()).toThrow(/closed the connection/)
})
