// One question to Graph until it has an answer: through the SDK, repeated where that is safe, read strictly. What comes
// back is either an answer of 2xx with a body that was parsed whole, or a RequestFailure.

import { Client, GraphClientError, ResponseType, TelemetryHandler } from '@microsoft/microsoft-graph-client'
import { type GraphVersion, RequestFailure } from '../../model/directories.ts'
import { checkPath, type Method } from './address.ts'
import type { Clock } from './clock.ts'
import { explainFailure, requestIdOf } from './explain-failure.ts'
import { createPace, isPaced, pacedBackOff } from './pace.ts'
import { pauseAfter, type Repeat, retryAfterOf, type Setback } from './retry.ts'
import { createTokens, type GetToken } from './tokens.ts'
import { ExactUrl, type NoAnswer, type TransportOptions, transport } from './transport.ts'

export interface WireOptions extends TransportOptions {
  readonly getToken: GetToken
  /** Keeps to the pace of the services that have one of their own. */
  readonly paced: boolean
}

export interface Request {
  readonly method: Method
  readonly version: GraphVersion
  readonly path: string
  /** Encoded values. */
  readonly query?: Readonly<Record<string, string>>
  /** A next link of this path, followed instead of path and query. */
  readonly link?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
  readonly repeat: Repeat
  /** Awaited by the gate that writes leave through, right before: if it rejects, nothing is sent. */
  readonly before?: (() => Promise<void>) | undefined
  /** Asked before it is repeated: what it throws is thrown instead. */
  readonly mayRepeat?: () => void
  /** Takes an answer that is not 2xx for what it says. */
  readonly accept?: (answer: Answer) => boolean
  /** Hears every answer, also of the attempts that are repeated. */
  readonly onAnswer?: OnAnswer | undefined
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** The parsed object; undefined if the answer has no body. */
  readonly body: unknown
}

export type OnAnswer = (answer: Answer) => void

export interface Wire {
  readonly root: string
  readonly clock: Clock
  readonly send: (request: Request) => Promise<Answer>
  /** One attempt, a second one only with a fresh token; also after `signal` was aborted. */
  readonly tryOnce: (request: Request) => Promise<Tried>
  /** Sleeps, or fails as interrupted. */
  readonly pause: (ms: number) => Promise<void>
}

/** The answer, or why there is none and whether it may be tried again. */
export type Tried =
  | { readonly answer: Answer; readonly failure?: undefined }
  | { readonly failure: RequestFailure; readonly setback: Setback }

/** The outcome of one attempt. */
type Attempt = { readonly answer: Answer; readonly failure?: RequestFailure; readonly cut?: boolean } | NoAnswer

export function createWire(options: WireOptions): Wire {
  const client = Client.initWithMiddleware({
    baseUrl: options.root,
    middleware: [new TelemetryHandler(), transport(options)],
  })

  const tokens = createTokens(options.getToken)

  const attempt = async (request: Request, token: string): Promise<Attempt> => {
    const call = client
      .api(request.path)
      .version(request.version)
      .headers({ ...request.headers, Authorization: `Bearer ${token}` })
      .query({ ...request.query })
      .middlewareOptions(request.link === undefined ? [] : [new ExactUrl(request.link)])
      .responseType(ResponseType.RAW)
    try {
      return judge(request, await readAnswer(await perform(call, request)))
    } catch (error) {
      if (!(error instanceof GraphClientError) || error.customError === undefined) throw error
      if (error.customError instanceof Error) throw error.customError
      return error.customError as NoAnswer
    }
  }

  const pause = async (ms: number): Promise<void> => {
    try {
      await options.clock.sleep(ms, options.signal)
    } catch (error) {
      if (options.signal?.aborted) throw new RequestFailure(0, 'interrupted', 'interrupted while waiting for Graph')
      throw error
    }
  }

  const pace = createPace(options.clock, pause)

  const send = (request: Request): Promise<Answer> =>
    options.paced && isPaced(request.path)
      ? pace.inTurn(() => sendNow(request, pacedBackOff))
      : sendNow(request, undefined)

  const sendNow = async (request: Request, backOff: number | undefined): Promise<Answer> => {
    for (let count = 1; ; count++) {
      if (options.signal?.aborted) throw lostFailure(request, interrupted)
      const tried = await tryOnce(request)
      if (tried.failure === undefined) return tried.answer
      const { failure, setback } = tried
      if (failure.code === 'interrupted') throw failure
      const wait = pauseAfter(setback, count, request.repeat, options.clock.random, backOff)
      if (wait === undefined) throw failure
      await pause(wait)
      request.mayRepeat?.()
    }
  }

  const tryOnce = async (request: Request): Promise<Tried> => {
    checkPath(request.method, request.path)
    const token = await tokens.current()
    const first = tell(request, await attempt(request, token))
    // The token may have come to its end on the way.
    return first.failure?.status === 401 ? tell(request, await attempt(request, await tokens.after(token))) : first
  }

  const tell = (request: Request, result: Attempt): Tried => {
    if (!('answer' in result)) {
      const { code, reached } = result
      return { failure: lostFailure(request, result), setback: { status: 0, code, retryAfter: undefined, reached } }
    }
    const { answer, failure, cut } = result
    request.onAnswer?.(answer)
    if (failure === undefined) return { answer }
    const retryAfter = retryAfterOf(answer.headers, options.clock.now())
    return { failure, setback: { status: cut ? 0 : failure.status, code: failure.code, retryAfter, reached: true } }
  }

  return { root: options.root, clock: options.clock, send, tryOnce, pause }
}

const interrupted: NoAnswer = { code: 'interrupted', message: 'interrupted', reached: false }

type Call = ReturnType<Client['api']>

function perform(call: Call, { method, body }: Request): Promise<Response> {
  switch (method) {
    case 'GET':
      return call.get()
    case 'POST':
      return call.post(body)
    case 'PATCH':
      return call.patch(body)
    case 'PUT':
      return call.put(body)
    case 'DELETE':
      return call.delete()
  }
}

interface ReadAnswer extends Answer {
  /** What came instead of JSON. */
  readonly foreign?: 'cut' | 'not-json'
}

async function readAnswer(response: Response): Promise<ReadAnswer> {
  const { status, headers } = response
  const text = await response.text()
  if (text === '') return { status, headers, body: undefined }
  const body = parse(text)
  if (typeof body === 'object' && body !== null) return { status, headers, body }
  const declared = headers.get('content-type')?.includes('json') ?? false
  return { status, headers, body: undefined, foreign: declared ? 'cut' : 'not-json' }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function judge(request: Request, answer: ReadAnswer): Attempt {
  if (request.accept?.(answer)) return { answer }
  if (answer.status < 200 || answer.status > 299) return { answer, failure: explainFailure({ ...request, ...answer }) }
  if (answer.foreign === undefined) return { answer }
  const what =
    answer.foreign === 'cut'
      ? 'an answer that is not whole'
      : `${answer.headers.get('content-type') ?? 'an answer'} instead of JSON: is there a proxy or a sign-in page in between?`
  return {
    answer,
    failure: unreadable(request, answer, answer.foreign, `got ${what}`),
    cut: true,
  }
}

/** An answer of 2xx that does not say what its request asks for. */
export function unreadable(
  request: Pick<Request, 'method' | 'version' | 'path'>,
  answer: Answer,
  code: string,
  what: string,
): RequestFailure {
  const where = `${request.method} /${request.version}${request.path}`
  return new RequestFailure(answer.status, code, `Microsoft Graph: ${where} ${what}`, requestIdOf(answer))
}

/** Ends what is said of a lost answer. */
export const doubtful = '. It may have been carried out all the same: run again, which looks first'

export function lostFailure(request: Request, { code, message, reached }: NoAnswer): RequestFailure {
  const where = `${request.method} /${request.version}${request.path}`
  const doubt = reached && request.repeat === 'if-refused' ? doubtful : ''
  return new RequestFailure(0, code, `Microsoft Graph did not answer ${where}: ${message}${doubt}`)
}
