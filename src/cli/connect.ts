// The two directories behind their interfaces: real ones, or the sandbox's. The sandbox's Graph is a real HTTP server on
// loopback, so that the client that speaks to it is the client that speaks to Microsoft.

import { connectGraph, type GraphConnection } from '../connect/graph/client.ts'
import { sleep } from '../connect/graph/clock.ts'
import { clouds } from '../connect/graph/clouds.ts'
import { createTokenSource } from '../connect/graph/credentials.ts'
import { openTrace, type Trace, traceDirectory } from '../connect/trace.ts'
import type { Directories, DirectoryWriters } from '../model/directories.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { Failure } from '../model/problem.ts'
import { serveGraph } from '../sandbox/graph/server.ts'
import type { Host } from './host.ts'
import { type Options, pathOf } from './options.ts'
import { openSandbox } from './sandbox-state.ts'

export interface Connection {
  readonly from: Directories
  /** Only for whoever applies: a plan is made with readers alone. */
  readonly writers: () => DirectoryWriters
  readonly close: () => Promise<void>
}

export async function connect(
  host: Host,
  options: Options,
  policy: ResolvedPolicy,
  use: 'read' | 'write',
): Promise<Connection> {
  const trace = options.trace === undefined ? undefined : openTrace(pathOf(host, options.trace), host.elapsed)
  return options.sandbox === true
    ? await connectSandbox(host, options, policy, use, trace)
    : connectServices(host, policy, trace)
}

async function connectSandbox(
  host: Host,
  options: Options,
  policy: ResolvedPolicy,
  use: 'read' | 'write',
  trace: Trace | undefined,
): Promise<Connection> {
  const clock = (): number => policy.at
  const state = openSandbox(host, options, { use, clock })
  try {
    const server = await serveGraph({ store: state.graph, clock })
    const graph = graphAt(server.url, async () => 'sandbox', host, trace)
    const directory = trace === undefined ? state.directory : traceDirectory(state.directory, trace)
    return {
      from: { entra: graph.reader(), activeDirectory: directory },
      writers: () => ({
        entra: graph.writer(),
        activeDirectory: directory,
        randomBytes: host.randomBytes,
        now: policy.at,
      }),
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

function connectServices(host: Host, policy: ResolvedPolicy, trace: Trace | undefined): Connection {
  const { entra, activeDirectory } = policy.organization.spec
  if (activeDirectory !== undefined) {
    throw new Failure(
      'not-supported-yet',
      `not supported yet: a real Active Directory (${activeDirectory.domain})`,
      'use --sandbox, or policies without activeDirectory',
    )
  }
  const cloud = entra.cloud ?? 'global'
  const getToken = createTokenSource({ environment: host.env, cloud, tenantId: entra.tenantId })
  const graph = graphAt(clouds[cloud].graph, getToken, host, trace)
  return {
    from: { entra: graph.reader() },
    writers: () => ({ entra: graph.writer(), randomBytes: host.randomBytes, now: host.now() }),
    close: async () => {},
  }
}

function graphAt(
  root: string,
  getToken: Parameters<typeof connectGraph>[0]['getToken'],
  host: Host,
  trace: Trace | undefined,
): GraphConnection {
  return connectGraph({
    root,
    getToken,
    clock: { now: host.now, sleep, random: host.random },
    ...(trace === undefined ? {} : { trace }),
  })
}
