// What a handler gets and gives. A request is the same whether it came alone or inside a $batch.

import { malformed } from './errors.ts'

export type Version = 'v1.0' | 'beta'

/** A key in a path: `/users/{value}`, `/users('value')`, `/groups(uniqueName='value')`. */
export interface Key {
  /** The alternate key's property. */
  readonly name?: string
  readonly value: string
}

export interface GraphRequest {
  readonly method: string
  readonly version: Version
  /** Path below the version, as sent. */
  readonly path: string
  /** Query options as sent, percent-decoded. */
  readonly options: ReadonlyMap<string, string>
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: unknown
  /** `http://host:port/v1.0`: where links lead. */
  readonly root: string
  readonly inBatch?: true
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type Handler = (request: GraphRequest, ...keys: readonly Key[]) => Answer

export interface Route {
  readonly method: string
  /** `/users/{}/sponsors/$ref`: `{}` takes a key. */
  readonly pattern: string
  readonly handle: Handler
  readonly betaOnly?: true
}

export function ok(body: unknown): Answer {
  return { status: 200, body }
}

export const noContent: Answer = { status: 204 }

/** An error as an answer: unlike one that is thrown, it leaves alone what the request has done. */
export function refused(request: GraphRequest, status: number, code: string, message: string, inner?: object): Answer {
  const id = request.headers['client-request-id'] ?? ''
  const innerError = { ...inner, 'request-id': id, 'client-request-id': id }
  return { status, body: { error: { code, message, innerError } } }
}

export function contextOf(request: GraphRequest, of: string): Record<string, string> {
  return { '@odata.context': `${request.root}/$metadata#${of}` }
}

export function isEventual(request: GraphRequest): boolean {
  return request.headers.consistencylevel?.toLowerCase() === 'eventual'
}

/** The body as an object, or Graph's complaint. */
export function bodyOf(request: GraphRequest): Readonly<Record<string, unknown>> {
  const { body } = request
  if (body === undefined) throw malformed('Empty Payload. JSON content expected.')
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw malformed(
      "An unexpected node was found when reading from the JSON reader. A 'StartObject' node was expected.",
    )
  }
  return body as Readonly<Record<string, unknown>>
}

/** The id that an `@odata.id` or an `@odata.bind` names: its last path segment, whatever the host. */
export function referencedId(reference: unknown): string {
  if (typeof reference !== 'string') throw malformed('An entity reference link must be a string.')
  const path = (reference.split(/[?#]/)[0] ?? '').replace(/\/+$/, '')
  const last = path.slice(path.lastIndexOf('/') + 1).replaceAll('%27', "'")
  return (/^[\w.]+\('?([^']*)'?\)$/.exec(last)?.[1] ?? last).toLowerCase()
}

/** The id in the body of a `$ref` write. */
export function referenceOf(request: GraphRequest): string {
  const body = bodyOf(request)
  const reference = body['@odata.id']
  if (reference === undefined || Object.keys(body).length > 1) {
    throw malformed("The request body must contain exactly one entity reference, '@odata.id'.")
  }
  return referencedId(reference)
}

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function isGuid(value: unknown): value is string {
  return typeof value === 'string' && guid.test(value)
}
