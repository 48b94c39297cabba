// Why a server cannot be used: in plain words, with what to do, and whether it may pass.

import { Garbled } from './frames.ts'
import { resultName, told } from './results.ts'
import type { Server } from './server.ts'
import { Lost } from './session.ts'

/**
 * `moment`: it may pass, and is worth asking again. `run`: this server is not asked again. `password`: no server is: the
 * password is the same at each, and every further attempt counts towards the account's lock-out.
 */
export type Lasting = 'moment' | 'run' | 'password'

export class DialFailure extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly lasts: Lasting

  constructor(code: string, message: string, hint?: string, lasts: Lasting = 'run') {
    super(message)
    this.code = code
    this.hint = hint
    this.lasts = lasts
  }
}

/** Of a sign-in: the password was sent, and nobody knows what the server thinks of it. */
export class UnansweredSignIn extends DialFailure {}

/** LDAP's busy and unavailable: a server that starts or ends says so, and one that has too much to do. */
const passing: readonly number[] = [51, 52]

export function refusedStartTls(code: number, diagnostic: string): DialFailure {
  const said = `it refuses StartTLS: ${told(code, diagnostic)}`
  const hint = 'use an ldaps:// address, or give the server a certificate'
  return new DialFailure('no-starttls', said, hint, passing.includes(code) ? 'moment' : 'run')
}

export function refusedSignIn(code: number, diagnostic: string): DialFailure {
  if (code !== 49) {
    const said = `it refuses the sign-in: ${told(code, diagnostic)}`
    return new DialFailure('sign-in-refused', said, undefined, passing.includes(code) ? 'moment' : 'run')
  }
  const data = /data ([0-9a-f]+)/i.exec(diagnostic)?.[1]?.toLowerCase() ?? ''
  const [name, why, hint] = refusedSignIns[data] ?? ['wrong-password', 'it refuses name and password', passwordHint]
  const said = `${why} (${resultName(49)}${data === '' ? '' : `, data ${data}`})`
  return new DialFailure(name, said, hint, 'password')
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

export const noCertificate = 'a domain controller without a certificate for LDAPS does this, and so do firewalls'
const caHint = "activeDirectory.caFile must hold the certificate of the authority that issued the servers' certificates"

/** What the network says in passing: while a server starts, or a way to it is being repaired. */
const momentary: ReadonlySet<string> = new Set(
  'ECONNREFUSED ECONNRESET EPIPE EAI_AGAIN EHOSTUNREACH ENETUNREACH ETIMEDOUT'.split(' '),
)

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

/** The other ways in which OpenSSL refuses one. */
const certificateErrors = /^(CERT_|CRL_|INVALID_|UNABLE_TO_|ERROR_IN_|PATH_LENGTH_|ERR_TLS_CERT_)/

export function asDialFailure(error: unknown, { port, startTls }: Pick<Server, 'port' | 'startTls'>): DialFailure {
  if (error instanceof DialFailure) return error
  if (error instanceof Lost) return new DialFailure(error.code, error.message, undefined, lastingOf(error))
  if (error instanceof Garbled) return new DialFailure('bad-answer', error.message)
  const { code = '', message } = error as { code?: string; message: string }
  const [name, why, hint] = systemErrors[code] ?? []
  if (name !== undefined && why !== undefined) {
    return new DialFailure(name, why, hint, momentary.has(code) ? 'moment' : 'run')
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    const other = startTls ? '' : ': ldaps:// is port 636 as a rule, ldap:// (StartTLS) port 389'
    return new DialFailure('no-tls', `it speaks no TLS that we do at port ${port}`, `check the port${other}`)
  }
  if (certificateErrors.test(code)) {
    return new DialFailure('untrusted-ca', `its certificate is not accepted: ${message} (${code})`, caHint)
  }
  // The network's own troubles pass.
  const lasts = 'syscall' in (error as object) ? 'moment' : 'run'
  return new DialFailure('connection-lost', message || code || 'the connection failed', undefined, lasts)
}

function lastingOf({ code }: Lost): Lasting {
  return code === 'bad-answer' ? 'run' : 'moment'
}
