// The two directories behind their interfaces: real ones, or the sandbox's. The sandbox's Graph is a real HTTP server on
// loopback, so that the client that speaks to it is the client that speaks to Microsoft.

import { connectGraph, type GraphConnection } from '../connect/graph/client.ts'
import { sleep } from '../connect/graph/clock.ts'
import { clouds } from '../connect/graph/clouds.ts'
import { createTokenSource } from '../connect/graph/credentials.ts'
import { readClaims } from '../connect/graph/token.ts'
import type { GetToken } from '../connect/graph/wire.ts'
import { connectDirectory, type DirectoryConnection } from '../connect/ldap/connection.ts'
import { bindFrom } from '../connect/ldap/credentials.ts'
import { openTrace, type Trace, traceDirectory } from '../connect/trace.ts'
import type { Directories, DirectoryWriters } from '../model/directories.ts'
import type { Identity } from '../model/journal.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { readAuthority } from '../policy/authority.ts'
import { serveGraph } from '../sandbox/graph/server.ts'
import type { Host } from './host.ts'
import { type Options, pathOf } from './options.ts'
import { checkDomain, openSandbox } from './sandbox-state.ts'

export interface Connection {
  readonly from: Directories
  /** Only for whoever applies: a plan is made with readers alone. */
  readonly writers: () => DirectoryWriters
  /** As whom the directories know us, for the journal. */
  readonly identity: () => Promise<Identity>
  /** The domain controller that was spoken to last. */
  readonly server: () => string | undefined
  readonly close: () => Promise<void>
}

/** What a connection gets besides: `signal` gives up, before anything is changed, what is asked for. */
interface Around {
  readonly trace: Trace | undefined
  readonly signal?: AbortSignal | undefined
  readonly fetch?: typeof fetch
}

export async function connect(
  host: Host,
  options: Options,
  policy: ResolvedPolicy,
  use: 'read' | 'write',
  signal?: AbortSignal,
): Promise<Connection> {
  const trace = traceOf(host, options)
  return options.sandbox === true
    ? await connectSandbox(host, options, policy, use, { trace, signal })
    : await connectServices(host, options, policy, { trace, signal })
}

export function traceOf(host: Host, options: Options): Trace | undefined {
  return options.trace === undefined ? undefined : openTrace(pathOf(host, options.trace), host.elapsed)
}

async function connectSandbox(
  host: Host,
  options: Options,
  policy: ResolvedPolicy,
  use: 'read' | 'write',
  around: Around,
): Promise<Connection> {
  const { trace } = around
  const clock = (): number => policy.at
  const state = openSandbox(host, options, { use, clock })
  try {
    checkDomain(state, policy)
    const server = await serveGraph({ store: state.graph, clock })
    const graph = graphAt(server.url, async () => host.graphToken ?? 'sandbox', host, around)
    const domain = host.domain ?? state.directory
    const directory = trace === undefined ? domain : traceDirectory(domain, trace)
    return {
      from: { entra: graph.reader(), activeDirectory: directory },
      writers: () => writersOf(graph, { activeDirectory: directory, randomBytes: host.randomBytes, now: policy.at }),
      identity: async () => ({ entra: applicationOf(host.graphToken ?? ''), activeDirectory: null }),
      server: () => undefined,
      close: async () => {
        await server.close()
        state.close()
      },
    }
  } catch (error) {
    state.close()
    throw error
  }
}

async function connectServices(
  host: Host,
  options: Options,
  policy: ResolvedPolicy,
  around: Around,
): Promise<Connection> {
  const getToken = graphTokens(host, policy)
  const graph = openGraph(host, policy, getToken, around)
  const { servers } = policy.organization.spec.activeDirectory ?? {}
  const directory = servers === undefined ? undefined : await openDirectory(host, options, policy, servers, around)
  return {
    from: { entra: graph.reader(), ...(directory === undefined ? {} : { activeDirectory: directory.reader() }) },
    writers: () =>
      writersOf(graph, {
        ...(directory === undefined ? {} : { activeDirectory: directory.writer() }),
        randomBytes: host.randomBytes,
        now: host.now(),
      }),
    identity: async () => ({
      entra: applicationOf(await getToken()),
      activeDirectory: directory === undefined ? null : bindFrom(host.env).dn,
    }),
    server: () => directory?.server(),
    close: async () => await directory?.close(),
  }
}

/** Only Graph has requests wait for each other: whoever writes to the domain is the same for all changes. */
function writersOf(graph: GraphConnection, rest: Omit<DirectoryWriters, 'entra' | 'forChange'>): DirectoryWriters {
  return { ...rest, entra: graph.writer(), forChange: turn => ({ ...rest, entra: graph.writer(turn) }) }
}

/** Null: the token does not say. */
function applicationOf(token: string): Identity['entra'] {
  const claims = readClaims(token)
  if (claims === undefined) return null
  const { tenantId = null, appId = null, objectId = null } = claims
  return { tenantId, appId, objectId }
}

export async function openDirectory(
  host: Host,
  options: Options,
  policy: ResolvedPolicy,
  servers: readonly string[],
  { trace, signal }: Around,
): Promise<DirectoryConnection> {
  const ca = await readAuthority(pathOf(host, options.policies), policy.organization)
  const connection = connectDirectory({
    servers,
    bind: bindFrom(host.env),
    clock: { sleep, random: host.random },
    ...(ca === undefined ? {} : { ca }),
    ...(signal === undefined ? {} : { signal }),
  })
  if (trace === undefined) return connection
  return {
    reader: () => traceDirectory(connection.reader(), trace),
    writer: () => traceDirectory(connection.writer(), trace),
    server: connection.server,
    close: connection.close,
  }
}

export function openGraph(
  host: Host,
  { organization }: ResolvedPolicy,
  getToken: GetToken,
  around: Around,
): GraphConnection {
  return graphAt(clouds[organization.spec.entra.cloud ?? 'global'].graph, getToken, host, around)
}

/** Throws if the environment has no credentials; asks nobody for anything. */
export function graphTokens(host: Host, { organization }: ResolvedPolicy): GetToken {
  const { cloud = 'global', tenantId } = organization.spec.entra
  return createTokenSource({ environment: host.env, cloud, tenantId })
}

function graphAt(root: string, getToken: GetToken, host: Host, { trace, signal, fetch }: Around): GraphConnection {
  return connectGraph({
    root,
    getToken,
    clock: { now: host.now, sleep, random: host.random },
    ...(trace === undefined ? {} : { trace }),
    ...(signal === undefined ? {} : { signal }),
    ...(fetch === undefined ? {} : { fetch }),
  })
}
