// A server that answers as its script says, and remembers what it was asked. It knows nothing of Graph.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { connectGraph, type GraphConnection, type GraphOptions } from '../../src/connect/graph/client.ts'
import type { Clock } from '../../src/connect/graph/clock.ts'

export interface Asked {
  /** The server's origin, for the links of its answers. */
  readonly root: string
  readonly method: string
  /** As it came, without the origin. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

export interface Scripted {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON, text as it is. */
  readonly body?: unknown
  /** Breaks the connection: before the answer, or in the middle of it. */
  readonly cut?: 'before' | 'within'
}

/** The answer to a request, given how many came before. */
export type Script = (asked: Asked, before: number) => Scripted | Promise<Scripted>

export interface Fake {
  readonly root: string
  readonly asked: Asked[]
  /** What the clock was told to sleep, in milliseconds. */
  readonly slept: number[]
  readonly graph: GraphConnection
}

export function instantClock(slept: number[] = []): Clock {
  let now = Date.UTC(2026, 10, 1)
  return {
    now: () => now,
    random: () => 0,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      slept.push(ms)
      now += ms
    },
  }
}

export async function startFake(script: Script, more: Partial<GraphOptions> = {}): Promise<Fake> {
  const asked: Asked[] = []
  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request) text += chunk
    const { method = '', url = '', headers } = request
    const question: Asked = { root, method, url, headers, body: text === '' ? undefined : JSON.parse(text) }
    const before = asked.push(question) - 1
    const { status = 200, headers: own, body, cut } = await script(question, before)
    if (cut === 'before') return void request.socket.destroy()
    const isText = typeof body === 'string'
    const bytes = Buffer.from(body === undefined ? '' : isText ? body : JSON.stringify(body))
    response.writeHead(status, {
      ...(body === undefined ? {} : { 'content-type': isText ? 'text/html' : 'application/json' }),
      ...(status === 204 ? {} : { 'content-length': String(bytes.length) }),
      ...own,
    })
    if (cut === undefined) return void response.end(bytes)
    response.write(bytes.subarray(0, bytes.length >> 1), () => request.socket.destroy())
  }

  const slept: number[] = []
  const graph = connectGraph({ root, getToken: async () => 'fake-token', clock: instantClock(slept), ...more })
  return { root, asked, slept, graph }
}

export function refusal(code: string, message: string, requestId = 'req-1'): { readonly error: object } {
  return { error: { code, message, innerError: { 'request-id': requestId } } }
}

interface BatchRequest {
  readonly id: string
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

export function batchOf(asked: Asked): readonly BatchRequest[] {
  return (asked.body as { readonly requests: readonly BatchRequest[] }).requests
}

/** A whole batch answered item by item. */
export function answerBatch(asked: Asked, answer: (item: BatchRequest) => Scripted): Scripted {
  return {
    body: {
      responses: batchOf(asked).map(item => {
        const { status = 200, headers = {}, body } = answer(item)
        return { id: item.id, status, headers, ...(body === undefined ? {} : { body }) }
      }),
    },
  }
}
