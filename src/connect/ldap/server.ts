// The address of a domain controller. `ldaps://` is encrypted from the first byte, `ldap://` by StartTLS before anything
// else is said: there is no third way.

import { Failure } from '../../model/problem.ts'

export interface Server {
  /** As the policy names it. */
  readonly url: string
  readonly host: string
  readonly port: number
  readonly startTls: boolean
}

export function serverOf(url: string): Server {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const startTls = parsed?.protocol === 'ldap:'
  const bare = parsed !== undefined && parsed.username === '' && parsed.password === '' && parsed.search === ''
  if (!bare || !(startTls || parsed.protocol === 'ldaps:') || parsed.hostname === '' || /[^/]/.test(parsed.pathname)) {
    throw new Failure(
      'bad-server',
      `${JSON.stringify(url)} is no address of a domain controller`,
      'such as ldaps://dc1.corp.contoso.com, or ldap://dc1.corp.contoso.com for StartTLS on port 389',
    )
  }
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1')
  return { url, host, port: parsed.port === '' ? (startTls ? 389 : 636) : Number(parsed.port), startTls }
}
