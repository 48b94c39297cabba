// From an address to a session that is encrypted, with a server whose certificate proves its name, and signed in. The
// password is sent at no earlier moment, and why it failed is told apart as far as anybody can.

import { connect, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { BindRequest, ExtendedRequest } from 'ldapts'
import { tags } from './answers.ts'
import {
  asDialFailure,
  DialFailure,
  noCertificate,
  refusedSignIn,
  refusedStartTls,
  UnansweredSignIn,
} from './dial-failure.ts'
import type { Server } from './server.ts'
import { Lost, Session } from './session.ts'
import type { Timer } from './timer.ts'

export interface Bind {
  /** Distinguished name, user principal name or `DOMAIN\name`. */
  readonly dn: string
  readonly password: string
}

export interface DialOptions {
  readonly ca?: string
  readonly bind: Bind
  /** Milliseconds for each step. */
  readonly timeout: number
  readonly timer: Timer
  /** Aborted: it is given up at once. */
  readonly signal: AbortSignal
}

const startTlsName = '1.3.6.1.4.1.1466.20037'

export async function dial(server: Server, options: DialOptions): Promise<Session> {
  const socket = server.startTls ? await upgraded(server, options) : await secure(server, options)
  return await signedIn(socket, server, options)
}

/** Over a stream that stays inside this process: there is nobody to hide anything from. */
export async function join(server: Pick<Server, 'url'>, stream: Duplex, options: DialOptions): Promise<Session> {
  return await signedIn(stream, { ...server, port: 0, startTls: false }, options)
}

async function signedIn(stream: Duplex, server: Omit<Server, 'host'>, options: DialOptions): Promise<Session> {
  const session = new Session(stream, server.url, options.timer)
  try {
    await unlessAborted(session, options.signal, () => signIn(session, options))
    return session
  } catch (error) {
    session.close()
    throw asDialFailure(error, server)
  }
}

async function secure(server: Server, options: DialOptions, over?: Duplex): Promise<Socket> {
  const { host, port } = server
  const settings: ConnectionOptions = {
    host,
    minVersion: 'TLSv1.2',
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says: a password follows.
    rejectUnauthorized: true,
    ...(over === undefined ? { port } : { socket: over }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    // An IP address is no server name, but is compared with the certificate all the same.
    ...(isIP(host) === 0 ? { servername: host } : {}),
  }
  return await opened(() => connectTls(settings), 'secureConnect', server, options)
}

async function upgraded(server: Server, options: DialOptions): Promise<Socket> {
  const plain = await opened(() => connect({ host: server.host, port: server.port }), 'connect', server, options)
  const session = new Session(plain, server.url, options.timer)
  try {
    const build = (messageId: number) => new ExtendedRequest({ messageId, oid: startTlsName })
    const { result } = await unlessAborted(session, options.signal, () =>
      session.request(build, tags.extendedResponse, options.timeout),
    )
    if (result.code !== 0) throw refusedStartTls(result.code, result.diagnostic)
    return await secure(server, options, session.release())
  } catch (error) {
    session.close()
    plain.destroy()
    throw asDialFailure(error, server)
  }
}

async function unlessAborted<Result>(
  session: Session,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  const end = (): void => session.close()
  if (signal.aborted) end()
  signal.addEventListener('abort', end)
  try {
    return await work()
  } finally {
    signal.removeEventListener('abort', end)
  }
}

function opened<S extends Socket>(
  open: () => S,
  event: 'connect' | 'secureConnect',
  server: Server,
  { timeout, timer, signal }: DialOptions,
): Promise<S> {
  return new Promise((resolve, reject) => {
    const socket = open()
    const late = new DialFailure(
      'no-answer',
      `no answer within ${timeout / 1000} seconds`,
      `is port ${server.port} open in the firewalls on the way?`,
      'moment',
    )
    const stopTimer = timer(timeout, () => socket.destroy(late))
    const interrupt = (): void => void socket.destroy(new DialFailure('interrupted', 'interrupted'))
    const failed = (error: Error): void => {
      settle()
      reject(asDialFailure(error, server))
    }
    const closed = (): void =>
      failed(new DialFailure('connection-lost', 'it closed the connection', noCertificate, 'moment'))
    const settle = (): void => {
      stopTimer()
      signal.removeEventListener('abort', interrupt)
      socket.off('error', failed).off('close', closed)
    }
    // What goes wrong before the session listens shows when the session asks.
    socket
      .on('error', () => {})
      .on('error', failed)
      .on('close', closed)
    if (signal.aborted) interrupt()
    signal.addEventListener('abort', interrupt)
    socket.once(event, () => {
      settle()
      resolve(socket.setNoDelay(true).setKeepAlive(true, 30_000))
    })
  })
}

async function signIn(session: Session, { bind, timeout }: DialOptions): Promise<void> {
  const build = (messageId: number) => new BindRequest({ messageId, dn: bind.dn, password: bind.password })
  try {
    const { result } = await session.request(build, tags.bindResponse, timeout)
    if (result.code !== 0) throw refusedSignIn(result.code, result.diagnostic)
  } catch (error) {
    if (!(error instanceof Lost) || !error.sent || error.code === 'bad-answer') throw error
    throw new UnansweredSignIn(error.code, error.message, undefined, 'moment')
  }
}
