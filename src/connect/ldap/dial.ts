// From an address to a session that is encrypted, with a server whose certificate proves its name, and signed in. The
// password is sent at no earlier moment, and why it failed is told apart as far as anybody can.

import { connect, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { BindRequest, ExtendedRequest } from 'ldapts'
import { tags } from './answers.ts'
import { Garbled } from './frames.ts'
import { resultName, told } from './results.ts'
import type { Server } from './server.ts'
import { Lost, Session, type Timer } from './session.ts'

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
  /** Left out: real time. */
  readonly timer?: Timer
  readonly signal?: AbortSignal
}

/** Why a server cannot be used. */
export class DialFailure extends Error {
  readonly code: string
  /** The password was refused: it is the same at every server, and trying on would lock the account. */
  readonly isFinal: boolean
  readonly hint: string | undefined

  constructor(code: string, message: string, hint?: string, isFinal = false) {
    super(message)
    this.code = code
    this.hint = hint
    this.isFinal = isFinal
  }
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
    await signIn(session, options)
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
    ...(over === undefined ? { port } : { socket: over }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    // An IP address is no server name, but is compared with the certificate all the same.
    ...(isIP(host) === 0 ? { servername: host } : {}),
  }
  return await opened(() => connectTls(settings), 'secureConnect', server, options)
}

async function upgraded(server: Server, options: DialOptions): Promise<Socket> {
  const plain = await opened(() => connect({ host: server.host, port: server.port }), 'connect', server, options)
  const session = new Session(plain, server.url)
  try {
    const build = (messageId: number) => new ExtendedRequest({ messageId, oid: startTlsName })
    const { result } = await session.request(build, tags.extendedResponse, options.timeout)
    if (result.code !== 0) {
      const said = `it refuses StartTLS: ${told(result.code, result.diagnostic)}`
      throw new DialFailure('no-starttls', said, 'use an ldaps:// address, or give the server a certificate')
    }
    return await secure(server, options, session.release())
  } catch (error) {
    plain.destroy()
    throw asDialFailure(error, server)
  }
}

function opened<S extends Socket>(
  open: () => S,
  event: 'connect' | 'secureConnect',
  server: Server,
  { timeout, signal }: DialOptions,
): Promise<S> {
  return new Promise((resolve, reject) => {
    const socket = open()
    const late = new DialFailure(
      'no-answer',
      `no answer within ${timeout / 1000} seconds`,
      `is port ${server.port} open in the firewalls on the way?`,
    )
    const timer = setTimeout(() => socket.destroy(late), timeout)
    const interrupt = (): void => void socket.destroy(new DialFailure('interrupted', 'interrupted'))
    const settle = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', interrupt)
    }
    signal?.addEventListener('abort', interrupt)
    socket.once('error', error => {
      settle()
      reject(asDialFailure(error, server))
    })
    socket.once('close', () => {
      settle()
      reject(new DialFailure('connection-lost', 'it closed the connection', noCertificate))
    })
    socket.once(event, () => {
      settle()
      socket.removeAllListeners('error').removeAllListeners('close').setNoDelay(true).setKeepAlive(true, 30_000)
      resolve(socket)
    })
  })
}

async function signIn(session: Session, { bind, timeout }: DialOptions): Promise<void> {
  const build = (messageId: number) => new BindRequest({ messageId, dn: bind.dn, password: bind.password })
  const { result } = await session.request(build, tags.bindResponse, timeout)
  if (result.code === 0) return
  if (result.code !== 49) {
    throw new DialFailure('sign-in-refused', `it refuses the sign-in: ${told(result.code, result.diagnostic)}`)
  }
  const data = /data ([0-9a-f]+)/i.exec(result.diagnostic)?.[1]?.toLowerCase() ?? ''
  const [code, why, hint] = refusedSignIns[data] ?? ['wrong-password', 'it refuses name and password', passwordHint]
  throw new DialFailure(code, `${why} (${resultName(49)}${data === '' ? '' : `, data ${data}`})`, hint, true)
}

const passwordHint =
  'compare GUESTLIST_LDAP_BIND_DN (a distinguished name, a user principal name or DOMAIN\\name) and the password'

const refusedSignIns: Readonly<Record<string, readonly [code: string, why: string, hint: string]>> = {
  '525': ['wrong-password', 'there is no such account', passwordHint],
  '52e': ['wrong-password', 'the password is wrong, or there is no such account', passwordHint],
  '530': ['account-restricted', 'the account may not sign in at this hour', "change the account's logon hours"],
  '531': ['account-restricted', 'the account may not sign in from here', "change the account's logon workstations"],
  '532': ['password-expired', "the account's password has expired", 'set a new one, and let it not expire'],
  '533': ['account-disabled', 'the account is disabled', 'enable it'],
  '569': ['account-restricted', 'the account may not sign in over the network', 'grant it the logon type'],
  '701': ['account-expired', 'the account has expired', 'extend it (accountExpires)'],
  '773': ['password-expired', "the account's password must be changed first", 'set a new one, and let it not expire'],
  '775': ['account-locked', 'the account is locked out', 'unlock it, and find what uses an old password'],
}

const noCertificate = 'a domain controller without a certificate for LDAPS does this, and so do firewalls'
const caHint = "activeDirectory.caFile must hold the certificate of the authority that issued the servers' certificates"

const systemErrors: Readonly<Record<string, readonly [code: string, why: string, hint?: string]>> = {
  ECONNREFUSED: ['refused', 'nothing answers at this port', 'is the domain controller up, and LDAPS on?'],
  ECONNRESET: ['connection-lost', 'it closed the connection', noCertificate],
  ENOTFOUND: ['name-not-found', 'its name is not found', 'ask a DNS server that knows the domain'],
  EAI_AGAIN: ['name-not-found', 'its name cannot be looked up', 'DNS does not answer'],
  EHOSTUNREACH: ['no-route', 'there is no route to it', 'is the network or VPN up?'],
  ENETUNREACH: ['no-route', 'there is no route to it', 'is the network or VPN up?'],
  ETIMEDOUT: ['no-answer', 'no answer', 'is the port open in the firewalls on the way?'],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'certificate-name',
    'its certificate is for another name',
    'name the server as its certificate does',
  ],
  CERT_HAS_EXPIRED: ['certificate-expired', 'its certificate, or the one of its authority, has expired', 'renew it'],
  CERT_NOT_YET_VALID: ['certificate-expired', 'its certificate is not valid yet', "check this machine's clock"],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['untrusted-ca', 'its certificate is of an authority that is not trusted', caHint],
  UNABLE_TO_GET_ISSUER_CERT: ['untrusted-ca', 'its certificate is of an authority that is not trusted', caHint],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['untrusted-ca', 'its certificate is of an authority that is not trusted', caHint],
  SELF_SIGNED_CERT_IN_CHAIN: ['untrusted-ca', 'its certificate is of an authority that is not trusted', caHint],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['untrusted-ca', 'its certificate is signed by itself only', caHint],
  CERT_SIGNATURE_FAILURE: ['untrusted-ca', 'its certificate is not signed by the authority it names', caHint],
}

function asDialFailure(error: unknown, { port, startTls }: Pick<Server, 'port' | 'startTls'>): DialFailure {
  if (error instanceof DialFailure) return error
  if (error instanceof Lost) return new DialFailure(error.code, error.message)
  if (error instanceof Garbled) return new DialFailure('bad-answer', error.message)
  const { code = '', message } = error as { code?: string; message: string }
  const known = systemErrors[code]
  if (known !== undefined) return new DialFailure(...known)
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    const other = startTls ? '' : ': ldaps:// is port 636 as a rule, ldap:// (StartTLS) port 389'
    return new DialFailure('no-tls', `it speaks no TLS that we do at port ${port}`, `check the port${other}`)
  }
  return new DialFailure('connection-lost', message)
}
