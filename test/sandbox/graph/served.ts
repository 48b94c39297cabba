// A small tenant behind the sandbox's Graph, spoken to over plain HTTP.

import { onTestFinished } from 'vitest'
import { dumpGraph } from '../../../src/sandbox/graph/dump.ts'
import { seedGraph } from '../../../src/sandbox/graph/seed.ts'
import { type GraphServerOptions, serveGraph } from '../../../src/sandbox/graph/server.ts'
import { openStore, type Store } from '../../../src/sandbox/store.ts'

export const now = Date.parse('2026-12-01T08:00:00Z')
export const tenant = { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'acme.onmicrosoft.com' }
export const defaultAccess = '00000000-0000-0000-0000-000000000000'
export const eventual = { ConsistencyLevel: 'eventual' }
export const createIfMissing = { Prefer: 'create-if-missing' }
export const unknownId = 'ffffffff-ffff-4fff-8fff-ffffffffffff'

export interface Reply {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: an answer's body is whatever the test expects it to be
  readonly body: any
}

export interface Served {
  readonly url: string
  readonly store: Store
  readonly clock: { now: number }
  send(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Reply>
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>
  patch(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>
  put(path: string, body: unknown): Promise<Reply>
  delete(path: string): Promise<Reply>
  /** The id of a user, group, application or service principal, by its name. */
  id(collection: string, name: string): string
}

/** What may stand between a request and the tenant. */
export type Between = Pick<GraphServerOptions, 'layers' | 'delivery' | 'hold'>
type BetweenOf = (store: Store, clock: () => number) => Between

/** Serves a seed; paths without a version are v1.0. */
export async function serve(
  seed: object = {},
  settings: object = {},
  between: Between | BetweenOf = {},
): Promise<Served> {
  const store = openStore(undefined, 'graph')
  seedGraph(store, { ...seed, tenant: { ...tenant, ...settings } })
  const clock = { now }
  const server = await serveGraph({
    store,
    clock: () => clock.now,
    ...(typeof between === 'function' ? between(store, () => clock.now) : between),
  })
  onTestFinished(() => server.close())

  async function send(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    const response = await fetch(`${server.url}${/^\/(v1\.0|beta)\//.test(path) ? path : `/v1.0${path}`}`, {
      method,
      headers: {
        authorization: 'Bearer any',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }

  return {
    url: server.url,
    store,
    clock,
    send,
    get: (path, headers) => send('GET', path, undefined, headers),
    post: (path, body, headers) => send('POST', path, body, headers),
    patch: (path, body, headers) => send('PATCH', path, body, headers),
    put: (path, body) => send('PUT', path, body),
    delete: path => send('DELETE', path),
    id: (collection, name) => {
      const items = [...store.collection<Record<string, unknown>>(collection).values()]
      const found = items.find(item =>
        [item.userPrincipalName, item.mail, item.displayName, item.uniqueName, item.name].includes(name),
      )
      if (found === undefined) throw new Error(`the seed has no ${name} in ${collection}`)
      return String(found.id)
    },
  }
}

/** An `@odata.id` that names an object. */
export function reference(id: string): object {
  return { '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${id}` }
}

export function errorOf(reply: Reply): readonly [status: number, code: string, message: string] {
  return [reply.status, reply.body?.error?.code, reply.body?.error?.message]
}

export function dump(served: Served): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(dumpGraph(served.store)))
}

export const lee = { mail: 'lee@fabrikam.com', displayName: 'Lee Gu', userType: 'Guest' }
export const dana = { mail: 'dana@fabrikam.com', displayName: 'Dana Ruiz', userType: 'Guest', companyName: 'Fabrikam' }
export const anna = { userPrincipalName: 'anna@acme.onmicrosoft.com', displayName: 'Anna', mail: 'anna@contoso.com' }

export const people = { users: [anna, lee, dana] }
