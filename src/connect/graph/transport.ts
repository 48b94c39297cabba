// The last link of the SDK's chain: one HTTP request, its answer read to the end, one line of trace. It speaks to one
// origin only, so the token that it carries cannot go anywhere else, neither by a link nor by a redirect.

import {
  type Context,
  GraphClientError,
  type Middleware,
  type MiddlewareOptions,
} from '@microsoft/microsoft-graph-client'
import type { Trace } from '../trace.ts'
import type { Clock } from './clock.ts'

export interface TransportOptions {
  readonly root: string
  readonly clock: Clock
  readonly fetch: typeof fetch
  readonly timeout: number
  readonly trace?: Trace | undefined
  readonly signal?: AbortSignal | undefined
}

/** No answer, or half of one. */
export interface NoAnswer {
  readonly code: string
  readonly message: string
  /** False if the request surely never got to the service. */
  readonly reached: boolean
}

/** A next link must be followed to the letter; the SDK would take it apart, and cannot read `http://` at all. */
export class ExactUrl implements MiddlewareOptions {
  readonly url: string

  constructor(url: string) {
    this.url = url
  }
}

export function transport(options: TransportOptions): Middleware {
  return {
    execute: async context => {
      try {
        await exchange(context, options)
      } catch (error) {
        // The SDK lets nothing but its own error through with what it carries.
        const carrier = new GraphClientError()
        carrier.customError = error
        throw carrier
      }
    },
  }
}

async function exchange(context: Context, options: TransportOptions): Promise<void> {
  const { href: url, origin } = new URL(urlOf(context))
  if (origin !== options.root) throw new TypeError(`${url} is not at ${options.root}`)
  const { method = 'GET', headers = {}, body = null } = context.options ?? {}
  const timeout = options.clock.timeout?.(options.timeout)
  const signals = [timeout?.signal ?? AbortSignal.timeout(options.timeout)]
  // A write that is under way is waited for: it is better to know what became of it.
  if (method === 'GET' && options.signal !== undefined) signals.push(options.signal)
  const started = options.clock.now()
  let status = 0
  try {
    const signal = AbortSignal.any(signals)
    const answer = await options.fetch(url, { method, headers, body, redirect: 'manual', signal })
    // Read here, so that an answer that is cut is a lost answer and not a short list.
    const text = await answer.text()
    status = answer.status
    context.response = new Response(text === '' ? null : text, { status, headers: answer.headers })
  } catch (error) {
    throw lost(error, options.signal)
  } finally {
    timeout?.end()
    const ms = Math.round(options.clock.now() - started)
    options.trace?.write({ to: 'graph', method, url, body: parsed(body), status, ms })
  }
}

function urlOf(context: Context): string {
  const exact = context.middlewareControl?.getMiddlewareOptions(ExactUrl)
  if (exact instanceof ExactUrl) return exact.url
  return typeof context.request === 'string' ? context.request : context.request.url
}

function parsed(body: unknown): unknown {
  return typeof body === 'string' ? JSON.parse(body) : null
}

const neverConnected: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

function lost(error: unknown, signal: AbortSignal | undefined): NoAnswer {
  if (signal?.aborted && error === signal.reason) return { code: 'interrupted', message: 'interrupted', reached: true }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return { code: 'timeout', message: 'no answer in time', reached: true }
  }
  const causes = causesOf(error)
  const code = causes.map(cause => cause.code).find(value => typeof value === 'string') ?? 'connection-lost'
  const connecting = causes.some(cause => cause.syscall === 'connect')
  const message = causes.at(-1)?.message ?? String(error)
  return { code, message, reached: !connecting && !neverConnected.has(code) }
}

interface SystemError extends Error {
  readonly code?: string
  readonly syscall?: string
}

function causesOf(error: unknown): readonly SystemError[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : []
}
