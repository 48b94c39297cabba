// Active Directory as the rest of the program knows it: readers, and writers. Nothing is opened before the first request;
// nothing is sent that is not encrypted. A server is kept while it can be reached. After another one took over, reads may
// lag behind what was written before, by as long as the domain replicates: what they show was true once. So they prove
// nothing about a write whose answer was lost, which is never sent again then, and never taken for done.

import type { Duplex } from 'node:stream'
import type { DirectoryReader, DirectoryWriter, Turn } from '../../model/directories.ts'
import { Failure } from '../../model/problem.ts'
import type { Clock } from '../graph/clock.ts'
import { type Bind, type DialOptions, dial, join } from './dial.ts'
import type { Reachable } from './finding.ts'
import { createSearch } from './search.ts'
import { serverOf } from './server.ts'
import { timerOf } from './timer.ts'
import { createWire } from './wire.ts'
import { createWriter } from './writer.ts'

interface Common {
  readonly bind: Bind
  readonly clock: Pick<Clock, 'sleep' | 'random' | 'timeout'>
  /** Milliseconds for one request. */
  readonly timeout?: number
  /** False: that a server cannot be reached is told at once, also where it may pass. */
  readonly isPatient?: boolean
  /** Hears that the first sign-in takes longer, and why. */
  readonly tell?: (message: string) => void
  /** Aborted: reads and waits fail as `interrupted`, and nothing more is sent; a write under way gets its answer. */
  readonly signal?: AbortSignal
}

export interface DirectoryOptions extends Common {
  /** Tried in order: `ldaps://dc1.corp.contoso.com`, or `ldap://…` for StartTLS. */
  readonly servers: readonly string[]
  /** Certificates in PEM that servers' certificates must lead to; the ones that Node trusts if left out. */
  readonly ca?: string
}

export interface StreamOptions extends Common {
  /** Inside this process, tried in order. */
  readonly servers: readonly { readonly url: string; readonly open: () => Duplex }[]
}

export interface DirectoryConnection {
  readonly reader: () => DirectoryReader
  readonly writer: (turn?: Turn) => DirectoryWriter
  /** The domain controller that was spoken to last. */
  readonly server: () => string | undefined
  readonly close: () => Promise<void>
}

/** Throws at once for what cannot be meant. */
export function connectDirectory(options: DirectoryOptions): DirectoryConnection {
  const { bind, ca } = options
  const servers = options.servers.map(serverOf)
  if (servers.length === 0) throw new Failure('bad-server', 'no domain controller is named')
  // Many servers take a name without a password, or neither, for an anonymous sign-in, and say yes to it.
  if (bind.dn.trim() === '' || bind.password === '') {
    throw new Failure('no-credentials', 'name and password for Active Directory must not be empty')
  }
  if (ca !== undefined && !/-----BEGIN (TRUSTED )?CERTIFICATE-----/.test(ca)) {
    throw new Failure('bad-ca', 'the certificate authority of Active Directory is no certificate in PEM', caHint)
  }
  const settings = { ...stepsOf(options), ...(ca === undefined ? {} : { ca }) }
  return connectionOver(
    servers.map(server => ({ url: server.url, open: signal => dial(server, { ...settings, signal }) })),
    options,
  )
}

/** The sandbox's domain controllers: nothing is dialled, so nothing has to be encrypted. */
export function connectStreams(options: StreamOptions): DirectoryConnection {
  const settings = stepsOf(options)
  return connectionOver(
    options.servers.map(server => ({
      url: server.url,
      open: signal => join(server, server.open(), { ...settings, signal }),
    })),
    options,
  )
}

const usualTimeout = 60_000
/** For each step of connecting: a server that takes longer is better asked again, or another one is. */
const mostForStep = 15_000

function stepsOf({ bind, clock, timeout = usualTimeout }: Common): Omit<DialOptions, 'ca' | 'signal'> {
  return { bind, timeout: Math.min(timeout, mostForStep), timer: timerOf(clock) }
}

function connectionOver(servers: readonly Reachable[], options: Common): DirectoryConnection {
  const { clock, signal, timeout = usualTimeout, isPatient = true, tell = () => {} } = options
  const wire = createWire({ servers, clock, timer: timerOf(clock), timeout, signal, isPatient, tell })
  const search = createSearch(wire)
  return {
    reader: () => ({ search }),
    writer: turn => createWriter(wire, search, turn),
    server: wire.server,
    close: wire.close,
  }
}

const caHint = 'the file begins with -----BEGIN CERTIFICATE-----; Windows calls the format Base-64 encoded X.509'
