// The sandbox's Microsoft Graph: an HTTP server on loopback. Every request, alone or in a $batch, passes `dispatch`.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { Failure } from '../../model/problem.ts'
import type { Store } from '../store.ts'
import { applicationRoutes } from './applications.ts'
import { assignmentRoutes } from './assignments.ts'
import { answerBatch } from './batch.ts'
import { conditionalAccessRoutes } from './conditional-access.ts'
import { deletedItemRoutes } from './deleted-items.ts'
import { deltaRoutes } from './delta.ts'
import { directoryRoutes } from './directory.ts'
import { GraphError, malformed } from './errors.ts'
import { groupRoutes } from './groups.ts'
import { uuidOf } from './ids.ts'
import { invitationRoutes } from './invitations.ts'
import { withPermissions } from './permissions.ts'
import { policyRoutes } from './policies.ts'
import { publishingRoutes } from './publishing.ts'
import type { Answer, GraphRequest, Route, Version } from './request.ts'
import { type Router, routerOf } from './router.ts'
import { servicePrincipalRoutes } from './service-principals.ts'
import { openTenant, type Tenant } from './tenant.ts'
import { userRoutes } from './users.ts'

export interface GraphServerOptions {
  /** Seeded by `seedGraph`. */
  readonly store: Store
  readonly clock: () => number
  /** Any free one if left out. */
  readonly port?: number
  /** Every answer comes this many milliseconds late. */
  readonly latency?: number
  /** How the service waits; by real time if left out. `signal` is aborted when nobody wants the answer any more. */
  readonly hold?: (ms: number, signal: AbortSignal) => Promise<void>
  /** What stands between a request, alone or inside a $batch, and the tenant; the first hears it first. */
  readonly layers?: readonly Layer[]
  /** What becomes of each HTTP request on its way here and back. */
  readonly delivery?: Delivery
}

/** Answers by itself, or lets the next one answer. */
export type Layer = (request: GraphRequest, next: Router) => Answer

/** How an answer is delivered: whole, or not. */
export type Delivered =
  | { readonly answer: Answer }
  /** The connection ends without an answer. */
  | { readonly reset: true }
  /** The connection ends after this part of the answer. */
  | { readonly answer: Answer; readonly cutAt: number }

/** `answer` carries the request out; called once at the most, or not at all. */
export type Delivery = (request: GraphRequest, answer: () => Answer, unwanted: AbortSignal) => Promise<Delivered>

export interface GraphServer {
  /** `http://127.0.0.1:PORT`, without a version. */
  readonly url: string
  close(): Promise<void>
}

/** Bodies larger than this are refused. */
const largestBody = 4 * 1024 * 1024

/** Waits by real time. */
export async function holdFor(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined)
}

const atOnce: Delivery = async (_request, answer) => ({ answer: answer() })

export async function serveGraph(options: GraphServerOptions): Promise<GraphServer> {
  const { store, clock, port = 0, latency = 0, hold = holdFor, layers = [], delivery = atOnce } = options
  const tenant = openTenant(store, clock)
  const router = layers.reduceRight<Router>(
    (next, layer) => request => layer(request, next),
    withPermissions(tenant, routerOf(routesOf(tenant))),
  )
  let requests = 0
  const server = createServer((incoming, outgoing) => {
    requests += 1
    const requestId = uuidOf('request', String(clock()), String(requests))
    const ids = { requestId, clientRequestId: oneOf(incoming.headers['client-request-id']) ?? requestId, now: clock() }
    const unwanted = new AbortController()
    outgoing.once('close', () => unwanted.abort())
    readBody(incoming).then(
      async text => {
        if (latency > 0) await hold(latency, unwanted.signal)
        const delivered = await respond({ store, router, delivery, unwanted: unwanted.signal }, incoming, text, ids)
        if ('reset' in delivered) outgoing.destroy()
        else send(outgoing, delivered, ids)
      },
      () => outgoing.destroy(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close(error => (error === undefined ? resolve() : reject(error)))
        server.closeAllConnections()
      }),
  }
}

export function routesOf(tenant: Tenant): readonly Route[] {
  return [
    ...userRoutes(tenant),
    ...invitationRoutes(tenant),
    ...groupRoutes(tenant),
    ...applicationRoutes(tenant),
    ...publishingRoutes(tenant),
    ...servicePrincipalRoutes(tenant),
    ...assignmentRoutes(tenant),
    ...deletedItemRoutes(tenant),
    ...directoryRoutes(tenant),
    ...deltaRoutes(tenant),
    ...conditionalAccessRoutes(tenant),
    ...policyRoutes(tenant),
  ]
}

interface RequestIds {
  readonly requestId: string
  readonly clientRequestId: string
  readonly now: number
}

interface Serving {
  readonly store: Store
  readonly router: Router
  readonly delivery: Delivery
  readonly unwanted: AbortSignal
}

async function respond(
  { store, router, delivery, unwanted }: Serving,
  incoming: IncomingMessage,
  text: string | undefined,
  ids: RequestIds,
): Promise<Delivered> {
  // What a request writes is written whole, or not at all.
  const dispatch = (request: GraphRequest) => guarded(() => store.atomically(() => router(request)), ids)
  let request: GraphRequest
  try {
    request = requestOf(incoming, text)
  } catch (error) {
    return { answer: refusal(error, ids) }
  }
  const carryOut = (): Answer =>
    guarded(() => {
      if (request.path.toLowerCase() !== '/$batch') return dispatch(request)
      if (request.method !== 'POST')
        throw new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.')
      return answerBatch(request, dispatch)
    }, ids)
  return await delivery(request, carryOut, unwanted)
}

/** The answer, or the error as Graph's envelope. */
function guarded(answer: () => Answer, ids: RequestIds): Answer {
  try {
    return answer()
  } catch (error) {
    return refusal(error, ids)
  }
}

function refusal(error: unknown, ids: RequestIds): Answer {
  const failure =
    error instanceof GraphError
      ? error
      : error instanceof Failure
        ? new GraphError(507, 'InsufficientStorage', error.message)
        : new GraphError(500, 'InternalServerError', `The sandbox failed: ${(error as Error).message}`)
  const { status, code, message, details } = failure
  const innerError = {
    date: new Date(ids.now).toISOString().slice(0, 19),
    'request-id': ids.requestId,
    'client-request-id': ids.clientRequestId,
  }
  return { status, body: { error: { code, message, ...(details === undefined ? {} : { details }), innerError } } }
}

function requestOf(incoming: IncomingMessage, text: string | undefined): GraphRequest {
  const token = /^Bearer\s+(\S+)\s*$/i.exec(incoming.headers.authorization ?? '')?.[1]
  if (token === undefined) throw new GraphError(401, 'InvalidAuthenticationToken', 'Access token is empty.')
  const [target = '', search = ''] = splitAt(incoming.url ?? '/', '?')
  const [, version = '', ...rest] = target.split('/')
  if (version !== 'v1.0' && version !== 'beta') throw malformed(`Invalid version: ${version}`)
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, oneOf(value)]))
  return {
    method: incoming.method ?? 'GET',
    version: version satisfies Version,
    path: `/${rest.join('/')}`,
    options: new Map(new URLSearchParams(search)),
    headers,
    body: parsedBody(incoming, text),
    root: `http://${incoming.headers.host ?? '127.0.0.1'}/${version}`,
  }
}

function parsedBody(incoming: IncomingMessage, text: string | undefined): unknown {
  if (text === undefined) throw new GraphError(413, 'RequestEntityTooLarge', 'The request body is too large.')
  if (text === '' || incoming.method === 'GET' || incoming.method === 'DELETE') return undefined
  if (!/^application\/json\b/i.test(incoming.headers['content-type'] ?? '')) {
    throw malformed('Write requests (excluding DELETE) must contain the Content-Type header declaration.')
  }
  try {
    return JSON.parse(text)
  } catch {
    throw malformed(
      'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
    )
  }
}

/** The body, undefined if it is too large. */
async function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length
    if (size <= largestBody) chunks.push(chunk as Buffer)
  }
  return size > largestBody ? undefined : Buffer.concat(chunks).toString('utf8')
}

function send(outgoing: ServerResponse, delivered: Exclude<Delivered, { reset: true }>, ids: RequestIds): void {
  const { status, body, headers } = delivered.answer
  const type = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8'
  outgoing.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': type }),
    'request-id': ids.requestId,
    'client-request-id': ids.clientRequestId,
    date: new Date(ids.now).toUTCString(),
    'odata-version': '4.0',
    ...headers,
  })
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  if ('cutAt' in delivered && text !== undefined)
    outgoing.write(text.slice(0, delivered.cutAt), () => outgoing.destroy())
  else outgoing.end(text)
}

function oneOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value[0]
}

function splitAt(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
