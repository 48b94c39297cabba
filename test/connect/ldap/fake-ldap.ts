// A server that answers as its script says, byte by byte if need be, and remembers what it was asked. It knows LDAP's
// messages and nothing of Active Directory. It listens twice: with TLS, and in the clear with StartTLS.

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import {
  AddRequest,
  BerReader,
  BerWriter,
  BindRequest,
  DeleteRequest,
  ExtendedRequest,
  ModifyDNRequest,
  ModifyRequest,
  type PagedResultsControl,
  SearchRequest,
} from 'ldapts'
import { onTestFinished } from 'vitest'
import {
  connectDirectory,
  type DirectoryConnection,
  type DirectoryOptions,
} from '../../../src/connect/ldap/connection.ts'
import { createAuthority, type Identity } from './certificates.ts'

export const operations = {
  96: ['bind', 0x61],
  99: ['search', 0x65],
  102: ['modify', 0x67],
  104: ['add', 0x69],
  74: ['remove', 0x6b],
  108: ['move', 0x6d],
  119: ['extended', 0x78],
  80: ['abandon', 0],
  66: ['unbind', 0],
} as const

export type Operation = (typeof operations)[keyof typeof operations][0]

export interface Asked {
  readonly id: number
  readonly operation: Operation
  /** The name that the request is about; of a bind, who signs in. */
  readonly dn: string
  readonly attributes: readonly string[]
  /** Of a search; undefined if it is not paged. */
  readonly page: { readonly size: number; readonly cookie: string } | undefined
  readonly move: { readonly newRdn: string; readonly newSuperior: string } | undefined
  /** The message, as Latin-1. */
  readonly wire: string
  /** Which connection it came on, from 1. */
  readonly connection: number
  readonly isEncrypted: boolean
  readonly isSignedIn: boolean
  /** How many requests of this operation came before, on any connection. */
  readonly before: number
  /** Sends bytes as they are. */
  readonly send: (...bytes: readonly Buffer[]) => void
  /** Answers with a result. */
  readonly answer: (code?: number, more?: More) => void
  readonly cut: () => void
}

export interface More {
  readonly diagnostic?: string
  readonly referrals?: readonly string[]
  readonly cookie?: string
  readonly entries?: readonly Buffer[]
}

export type Script = (asked: Asked) => unknown

export interface Fake {
  /** `ldaps://127.0.0.1:…` */
  readonly url: string
  /** `ldap://127.0.0.1:…` */
  readonly plainUrl: string
  readonly asked: Asked[]
  readonly of: (operation: Operation) => readonly Asked[]
  readonly connections: () => number
  readonly open: () => number
  /** Ends all connections, and takes no new ones. */
  readonly stop: () => Promise<void>
  /** Ends all connections. */
  readonly drop: () => void
}

export const authority = createAuthority('Test CA')

/** Binds are answered with success unless the script answers itself. */
export async function startFake(script: Script, identity: Identity = authority.issue()): Promise<Fake> {
  const asked: Asked[] = []
  const sockets = new Set<Socket>()
  let connections = 0

  const serve = (socket: Socket, isEncrypted: boolean): void => {
    connections += 1
    listen(socket, isEncrypted, connections)
  }
  const listen = (socket: Socket, isEncrypted: boolean, connection: number): void => {
    let held = Buffer.alloc(0)
    let isSignedIn = false
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', chunk => {
      held = Buffer.concat([held, chunk])
      for (let message = next(held); message !== undefined; message = next(held)) {
        held = held.subarray(message.length)
        const request = read(message)
        const code = (value: number): number => {
          if (request.operation === 'bind' && value === 0) isSignedIn = true
          return value
        }
        const question: Asked = {
          ...request,
          connection,
          isEncrypted,
          isSignedIn,
          before: asked.filter(each => each.operation === request.operation).length,
          send: (...bytes) => void socket.write(Buffer.concat(bytes)),
          answer: (value = 0, more = {}) => {
            socket.write(
              Buffer.concat([...(more.entries ?? []), result(request.id, request.answer, code(value), more)]),
            )
          },
          cut: () => void socket.destroy(),
        }
        asked.push(question)
        let isAnswered = false
        const noting = <Parameters extends readonly unknown[]>(does: (...parameters: Parameters) => void) => {
          return (...parameters: Parameters): void => {
            isAnswered = true
            does(...parameters)
          }
        }
        const { send, answer, cut } = question
        script({ ...question, send: noting(send), answer: noting(answer), cut: noting(cut) })
        if (isAnswered) continue
        if (request.operation === 'bind') question.answer()
        if (request.operation === 'extended') {
          question.answer()
          socket.removeAllListeners('data')
          sockets.delete(socket)
          listen(new TLSSocket(socket, { isServer: true, ...identity }), true, connection)
          return
        }
      }
    })
  }

  const encrypted = createTlsServer(identity, socket => serve(socket, true))
  const plain = createServer(socket => serve(socket, false))
  encrypted.on('tlsClientError', () => {})
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await Promise.all([encrypted, plain].map(server => new Promise(done => server.close(done))))
  }
  onTestFinished(close)
  return {
    url: `ldaps://127.0.0.1:${await portOf(encrypted)}`,
    plainUrl: `ldap://127.0.0.1:${await portOf(plain)}`,
    asked,
    of: operation => asked.filter(each => each.operation === operation),
    connections: () => connections,
    open: () => sockets.size,
    stop: close,
    drop: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}

function next(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 2) return undefined
  const reader = new BerReader(bytes)
  if (reader.readSequence() === null || reader.remain < reader.length) return undefined
  return bytes.subarray(0, reader.offset + reader.length)
}

function read(message: Buffer) {
  const reader = new BerReader(message)
  reader.readSequence()
  const id = reader.readInt() ?? 0
  const tag = reader.peek() ?? 0
  const [operation, answer] = operations[tag as keyof typeof operations]
  reader.readSequence()
  const base = { id, operation, answer, wire: message.toString('latin1'), attributes: [], page: undefined }
  const messageId = id
  switch (operation) {
    case 'search': {
      const request = new SearchRequest({ messageId, filter: undefined as never })
      request.parse(reader, [])
      const control = request.controls?.[0] as PagedResultsControl | undefined
      const page =
        control?.value === undefined
          ? undefined
          : { size: control.value.size, cookie: control.value.cookie?.toString('latin1') ?? '' }
      return { ...base, dn: request.baseDN, attributes: request.attributes, page, move: undefined }
    }
    case 'add': {
      const request = new AddRequest({ messageId, dn: '' })
      request.parse(reader, [])
      return { ...base, dn: request.dn, attributes: request.attributes.map(({ type }) => type), move: undefined }
    }
    case 'modify': {
      const request = new ModifyRequest({ messageId })
      request.parse(reader, [])
      const attributes = request.changes.map(({ modification }) => modification.type)
      return { ...base, dn: request.dn, attributes, move: undefined }
    }
    case 'move': {
      const request = new ModifyDNRequest({ messageId })
      request.parse(reader, [])
      return { ...base, dn: request.dn, move: { newRdn: request.newRdn, newSuperior: request.newSuperior } }
    }
    case 'remove':
      return { ...base, dn: message.toString('utf8', reader.offset, reader.offset + reader.length), move: undefined }
    case 'bind': {
      const request = new BindRequest({ messageId })
      request.parse(reader, [])
      return { ...base, dn: request.dn, move: undefined }
    }
    case 'extended': {
      const request = new ExtendedRequest({ messageId })
      request.parse(reader, [])
      return { ...base, dn: request.oid, move: undefined }
    }
    default:
      return { ...base, dn: new DeleteRequest({ messageId }).dn, move: undefined }
  }
}

export function result(id: number, tag: number, code = 0, more: More = {}): Buffer {
  const writer = new BerWriter()
  writer.startSequence()
  writer.writeInt(id)
  writer.startSequence(tag)
  writer.writeEnumeration(code)
  writer.writeString('')
  writer.writeString(more.diagnostic ?? '')
  if (more.referrals !== undefined) {
    writer.startSequence(0xa3)
    for (const uri of more.referrals) writer.writeString(uri)
    writer.endSequence()
  }
  writer.endSequence()
  if (more.cookie !== undefined) {
    const value = new BerWriter()
    value.startSequence()
    value.writeInt(0)
    value.writeString(more.cookie)
    value.endSequence()
    writer.startSequence(0xa0)
    writer.startSequence()
    writer.writeString('1.2.840.113556.1.4.319')
    writer.writeBuffer(value.buffer, 0x04)
    writer.endSequence()
    writer.endSequence()
  }
  writer.endSequence()
  return writer.buffer
}

export function entry(
  id: number,
  dn: string,
  attributes: Readonly<Record<string, readonly (string | Buffer)[]>>,
): Buffer {
  const writer = new BerWriter({ size: 1 << 20 })
  writer.startSequence()
  writer.writeInt(id)
  writer.startSequence(0x64)
  writer.writeString(dn)
  writer.startSequence()
  for (const [type, values] of Object.entries(attributes)) {
    writer.startSequence()
    writer.writeString(type)
    writer.startSequence(0x31)
    for (const value of values) writer.writeBuffer(Buffer.from(value), 0x04)
    writer.endSequence()
    writer.endSequence()
  }
  writer.endSequence()
  writer.endSequence()
  writer.endSequence()
  return writer.buffer
}

export function reference(id: number, uri: string): Buffer {
  const writer = new BerWriter()
  writer.startSequence()
  writer.writeInt(id)
  writer.startSequence(0x73)
  writer.writeString(uri)
  writer.endSequence()
  writer.endSequence()
  return writer.buffer
}

export const bind = { dn: 'svc-guestlist@corp.contoso.com', password: 'correct horse' }

/** A connection that waits for nothing between its attempts. */
export function connectTo(
  servers: readonly string[],
  more: Partial<DirectoryOptions> = {},
): DirectoryConnection & { readonly slept: number[] } {
  const slept: number[] = []
  const clock = {
    random: () => 0,
    sleep: async (ms: number) => {
      slept.push(ms)
    },
  }
  const connection = connectDirectory({ servers, ca: authority.cert, bind, clock, timeout: 5000, ...more })
  onTestFinished(connection.close)
  return { ...connection, slept }
}

export const unit = 'OU=Shadow,DC=corp,DC=contoso,DC=com'

/** What becomes of a promise within the time: its value, its error, or that it hangs. */
export async function within<Result>(ms: number, promise: Promise<Result>): Promise<Result | Error | 'hangs'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'hangs'>(resolve => {
    timer = setTimeout(() => resolve('hangs'), ms)
  })
  try {
    return await Promise.race([promise.catch((error: Error) => error), late])
  } finally {
    clearTimeout(timer)
  }
}

export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(done => setTimeout(done, 10))
}

export const anything = { present: 'objectClass' } as const

export const readUnit = { base: unit, scope: 'base', filter: anything, attributes: ['cn'] } as const
export const searchUnit = { base: unit, scope: 'sub', filter: anything, attributes: ['cn'] } as const
