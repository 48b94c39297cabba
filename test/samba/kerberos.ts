// Asks the domain controller's KDC, as a connector, for a ticket to a service on somebody's behalf, as Application Proxy's
// connector does; and opens an issued ticket as the service would, to see what it says of the person.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, run } from './command.ts'
import type { DomainController } from './domain-controller.ts'

export interface TicketRequest {
  /** Name of the connector's computer, and its account's password. */
  readonly connector: string
  readonly password: string
  /** Whom the connector signs in. */
  readonly userPrincipalName: string
  readonly service: Service
}

/** A service with an account of its own. */
export interface Service {
  readonly servicePrincipalName: string
  readonly accountName: string
  readonly password: string
}

export type TicketAnswer =
  | { readonly issued: true; readonly ticket: Ticket }
  /** In the KDC's words. */
  | { readonly issued: false; readonly message: string }

export interface Ticket {
  readonly account: string
  readonly rid: number
  readonly userPrincipalName: string
  /** Relative identifiers of the person's groups, in the ticket's signed certificate. */
  readonly groups: readonly number[]
  readonly target: string
  readonly delegatedBy: readonly string[]
}

export async function ticketFor(dc: DomainController, request: TicketRequest): Promise<TicketAnswer> {
  const { connector, password, userPrincipalName, service } = request
  const folder = mkdtempSync(join(dc.folder, 'kerberos-'))
  try {
    const own = `FILE:${join(folder, 'own')}`
    const env = { KRB5_CONFIG: dc.krb5Conf, KRB5CCNAME: own }
    await run('kinit', [`${connector}$@${dc.realm}`], { env, input: `${password}\n` })
    const issued = join(folder, 'issued')
    const { servicePrincipalName, accountName } = service
    // -U: the person's name is a user principal name. -P: by protocol transition, then delegation.
    const answer = await attempt(
      'kvno',
      ['--out-cache', `FILE:${issued}`, '-U', userPrincipalName, '-P', servicePrincipalName],
      { env },
    )
    if (answer.code !== 0) return { issued: false, message: answer.stderr.trim() }
    const reader = join(import.meta.dirname, 'ticket.py')
    const salt = `${dc.realm}${accountName}`
    const opened = await run('/usr/bin/python3', [reader, issued, servicePrincipalName, service.password, salt])
    return { issued: true, ticket: JSON.parse(opened) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
