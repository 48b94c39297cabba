// The two directories behind their interfaces: real ones, or the sandbox's. The sandbox's Graph is a real HTTP server on
// loopback, so that the client that speaks to it is the client that speaks to Microsoft.

import { connectGraph, type GraphConnection } from '../connect/graph/client.ts'
import { type Clock, sleep } from '../connect/graph/clock.ts'
import { clouds } from '../connect/graph/clouds.ts'
import { createTokenSource } from '../connect/graph/credentials.ts'
import { readClaims } from '../connect/graph/token.ts'
import type { GetToken } from '../connect/graph/tokens.ts'
import { connectDirectory, type DirectoryConnection } from '../connect/ldap/connection.ts'
import { bindFrom } from '../connect/ldap/credentials.ts'
import { openTrace, type Trace, traceDirectory } from '../connect/trace.ts'
import type {
  Directories,
  DirectoryReader,
  DirectoryWriter,
  DirectoryWriters,
  GraphWriter,
  Turn,
} from '../model/directories.ts'
import type { Identity } from '../model/journal.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { readAuthority } from '../policy/authority.ts'
import { safeText } from '../render/safe-text.ts'
import { conditionsAfter } from '../sandbox/conditions.ts'
import { serveGraph } from '../sandbox/graph/server.ts'
import { createVirtualClock } from '../sandbox/virtual-clock.ts'
import { conditionsOf } from './conditions.ts'
import type { Host } from './host.ts'
import { type Options, pathOf } from './options.ts'
import { checkDomain, openSandbox } from './sandbox-state.ts'
import { simulate } from './simulation.ts'

export interface Connection {
  readonly from: Directories
  /** Only for whoever applies: a plan is made with readers alone. */
  readonly writers: () => DirectoryWriters
  /** Fresh readers, which remember nothing. */
  readonly again: () => Directories
  /** Beside all this, as another run: what this one wrote, it does not know. `signal` gives up what is asked for. */
  readonly beside: (signal?: AbortSignal) => Beside
  /** For how long at the most what is written may stay unseen, in milliseconds. 0: it never does, and nobody else writes. */
  readonly lag: number
  /** By which the directories' time passes. */
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  /** Milliseconds from any fixed point: how long something takes, or would take. */
  readonly elapsed: () => number
  /** Who hears, from now on, for how many milliseconds Microsoft Graph wants to be left alone. */
  readonly onPause: (listener: (ms: number) => void) => void
  /** New objects that Entra does not show yet, and that are waited for. */
  readonly unseen: GraphConnection['unseen']
  /** As whom the directories know us, for the journal. */
  readonly identity: () => Promise<Identity>
  /** The domain controller that was spoken to last. */
  readonly server: () => string | undefined
  readonly close: () => Promise<void>
}

type Unheard = Omit<Connection, 'onPause'>

interface Beside {
  readonly from: Directories
  readonly entra: GraphWriter
}

// App-only reads of new objects have been seen to give 404 for about 20 minutes (terraform-provider-azuread #1802, #1811).
const longestLag = 20 * 60_000

/** What a connection gets besides: `signal` gives up, before anything is changed, what is asked for. */
interface Around {
  readonly trace: Trace | undefined
  readonly signal?: AbortSignal | undefined
  readonly fetch?: typeof fetch
  readonly inFlight?: number | undefined
  readonly onPause?: (ms: number) => void
  readonly clock?: Clock
  readonly paced?: boolean
}

export async function connect(
  host: Host,
  options: Options,
  policy: ResolvedPolicy,
  use: 'read' | 'write',
  signal?: AbortSignal,
): Promise<Connection> {
  let listener = (_ms: number): void => undefined
  const around: Around = {
    trace: traceOf(host, options),
    signal,
    inFlight: options.concurrency,
    onPause: ms => listener(ms),
  }
  const connection =
    options.sandbox === true
      ? await connectSandbox(host, options, policy, use, around)
      : await connectServices(host, options, policy, around)
  return {
    ...connection,
    onPause: given => {
      listener = given
    },
  }
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
): Promise<Unheard> {
  const { trace } = around
  const conditions = await conditionsOf(host, options)
  const time = conditions === undefined ? undefined : createVirtualClock(policy.at)
  const clock = time?.now ?? ((): number => policy.at)
  const state = openSandbox(host, options, { use, clock })
  try {
    checkDomain(state, policy)
    const { signal } = around
    const simulation =
      conditions === undefined || time === undefined
        ? undefined
        : simulate({
            conditions: conditionsAfter(state.meetConditions(), conditions),
            time,
            state,
            domain: host.domain,
            signal,
          })
    const server = await serveGraph({ store: state.graph, clock, ...simulation?.service })
    const token: GetToken = async () => host.graphToken ?? 'sandbox'
    const within = { ...around, ...simulation?.client }
    const graph = graphAt(server.url, token, host, within)
    const domain = (turn?: Turn): DirectoryWriter => {
      const writer = simulation?.directory?.writer(turn) ?? host.domain ?? state.directory
      return trace === undefined ? writer : traceDirectory(writer, trace)
    }
    const directory = domain()
    return {
      from: { entra: graph.reader(), activeDirectory: directory },
      again: () => ({ entra: graph.reader(), activeDirectory: directory }),
      beside: signal => besideOf(graphAt(server.url, token, host, { ...within, signal }), directory),
      lag: simulation?.lag ?? 0,
      clock: { now: clock, sleep: time?.sleep ?? sleep },
      elapsed: time?.now ?? host.elapsed,
      unseen: graph.unseen,
      writers: () => writersOf(graph, domain, { randomBytes: host.randomBytes, now: policy.at }),
      identity: async () => ({ entra: applicationOf(host.graphToken ?? ''), activeDirectory: null }),
      server: () => simulation?.directory?.server(),
      close: async () => {
        await simulation?.close()
        await server.close()
        state.close()
        if (simulation !== undefined) host.stderr.write(simulation.told())
      },
    }
  } catch (error) {
    state.close()
    throw error
  }
}

async function connectServices(host: Host, options: Options, policy: ResolvedPolicy, around: Around): Promise<Unheard> {
  const getToken: GetToken =
    host.graph === undefined ? graphTokens(host, policy) : async () => host.graphToken ?? 'none'
  const graph = openGraph(host, policy, getToken, around)
  const { servers } = policy.organization.spec.activeDirectory ?? {}
  const directory = servers === undefined ? undefined : await openDirectory(host, options, policy, servers, around)
  return {
    from: directoriesOf(graph, directory?.reader()),
    again: () => directoriesOf(graph, directory?.reader()),
    beside: signal => besideOf(openGraph(host, policy, getToken, { ...around, signal }), directory?.reader()),
    lag: longestLag,
    clock: { now: host.now, sleep: host.graph?.sleep ?? sleep },
    elapsed: host.elapsed,
    unseen: graph.unseen,
    writers: () => writersOf(graph, directory?.writer, { randomBytes: host.randomBytes, now: host.now() }),
    identity: async () => ({
      entra: applicationOf(await getToken()),
      activeDirectory: directory === undefined ? null : bindFrom(host.env).dn,
    }),
    server: () => directory?.server(),
    close: async () => await directory?.close(),
  }
}

function directoriesOf(graph: GraphConnection, activeDirectory: DirectoryReader | undefined): Directories {
  return { entra: graph.reader(), ...(activeDirectory === undefined ? {} : { activeDirectory }) }
}

function besideOf(graph: GraphConnection, activeDirectory: DirectoryReader | undefined): Beside {
  return { from: directoriesOf(graph, activeDirectory), entra: graph.writer() }
}

function writersOf(
  graph: GraphConnection,
  directory: ((turn?: Turn) => DirectoryWriter) | undefined,
  rest: Pick<DirectoryWriters, 'randomBytes' | 'now'>,
): DirectoryWriters {
  const writers = (turn?: Turn): DirectoryWriters => ({
    ...rest,
    entra: graph.writer(turn),
    ...(directory === undefined ? {} : { activeDirectory: directory(turn) }),
  })
  return { ...writers(), forChange: writers }
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
  isPatient = true,
): Promise<DirectoryConnection> {
  const ca = await readAuthority(pathOf(host, options.policies), policy.organization)
  const connection = connectDirectory({
    servers,
    bind: bindFrom(host.env),
    clock: { sleep, random: host.random },
    isPatient,
    tell: message => host.stderr.write(`${safeText(message)}\n`),
    ...(ca === undefined ? {} : { ca }),
    ...(signal === undefined ? {} : { signal }),
  })
  if (trace === undefined) return connection
  return {
    reader: () => traceDirectory(connection.reader(), trace),
    writer: turn => traceDirectory(connection.writer(turn), trace),
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
  return graphAt(host.graph?.root ?? clouds[organization.spec.entra.cloud ?? 'global'].graph, getToken, host, around)
}

/** Throws if the environment has no credentials; asks nobody for anything. */
export function graphTokens(host: Host, { organization }: ResolvedPolicy): GetToken {
  const { cloud = 'global', tenantId } = organization.spec.entra
  return createTokenSource({ environment: host.env, cloud, tenantId })
}

function graphAt(root: string, getToken: GetToken, host: Host, around: Around): GraphConnection {
  const { trace, signal, fetch = host.graph?.fetch, clock, paced, inFlight, onPause } = around
  return connectGraph({
    root,
    getToken,
    clock: clock ?? { now: host.now, sleep: host.graph?.sleep ?? sleep, random: host.random },
    ...(paced === undefined ? {} : { paced }),
    ...(trace === undefined ? {} : { trace }),
    ...(signal === undefined ? {} : { signal }),
    ...(fetch === undefined ? {} : { fetch }),
    ...(inFlight === undefined ? {} : { inFlight }),
    ...(onPause === undefined ? {} : { onPause }),
  })
}
