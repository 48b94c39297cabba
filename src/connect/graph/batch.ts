// Up to twenty requests in one. Every item gets its own answer, found by id; items that were throttled or met a passing
// fault, or that an answer left out, are asked again, they alone; one that is never answered is an error of its own.

import { type GraphVersion, RequestFailure } from '../../model/directories.ts'
import { checkPath, relativeUrl } from './address.ts'
import { explainFailure, field, readEnvelope } from './explain-failure.ts'
import { pauseAfter, retryAfterOf } from './retry.ts'
import { numberIn, shown } from './shape.ts'
import {
  type Answer,
  doubtful,
  lostFailure,
  type OnAnswer,
  type Request,
  type Tried,
  unreadable,
  type Wire,
} from './wire.ts'

export const batchSize = 20

/** What is read: the same once or twice, so that a batch of them is repeated when its answer is lost. */
export interface BatchItem {
  readonly method: 'GET'
  readonly path: string
  /** The path with its query, or a next link, relative to the version. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Hears every answer to this item. */
  readonly onAnswer?: OnAnswer | undefined
}

/** The answers, in the order of the items; also those that refuse, and `leftOut` for what is never answered. */
export async function sendBatch(
  wire: Wire,
  version: GraphVersion,
  items: readonly BatchItem[],
): Promise<readonly Answer[]> {
  for (const item of items) checkPath(item.method, item.path)
  const answers = new Map<number, Answer>()
  let pending = items.map((_, index) => index)
  for (let attempt = 1; pending.length > 0; attempt++) {
    const given = await exchange(wire, version, pending, items)
    const again: number[] = []
    let longest = 0
    for (const index of pending) {
      const answer = given.get(index) ?? leftOut
      const pause = pauseOf(answer, attempt, wire)
      if (pause === undefined) answers.set(index, answer)
      else again.push(index)
      longest = Math.max(longest, pause ?? 0)
    }
    pending = again
    if (pending.length > 0) await wire.pause(longest)
  }
  return items.map((_, index) => answers.get(index) as Answer)
}

/** Stands for the answer to an item that the answer to its batch does not hold. */
export const leftOut: Answer = { status: 0, headers: new Headers(), body: undefined }

export function neverAnswered(path: string): RequestFailure {
  const request = { method: 'POST', version: 'v1.0', path: '/$batch' } as const
  return unreadable(request, leftOut, 'incomplete-batch', `got no answer for ${path}`)
}

function pauseOf(answer: Answer, attempt: number, wire: Wire): number | undefined {
  if (answer.status < 400 && answer !== leftOut) return undefined
  const retryAfter = retryAfterOf(answer.headers, wire.clock.now())
  const setback = { status: answer.status, code: readEnvelope(answer.body).code, retryAfter, reached: true }
  return pauseAfter(setback, attempt, 'freely', wire.clock.random)
}

async function exchange(
  wire: Wire,
  version: GraphVersion,
  pending: readonly number[],
  items: readonly BatchItem[],
): Promise<ReadonlyMap<number, Answer>> {
  const requests = pending.map(index => {
    const { method, url, headers } = items[index] as BatchItem
    return { id: String(index), method, url, ...(headers === undefined ? {} : { headers }) }
  })
  const request: Request = {
    method: 'POST',
    version,
    path: '/$batch',
    body: { requests },
    repeat: 'freely',
    accept: tellsOfEach,
  }
  const answer = await wire.send(request)
  const responses = field(answer.body, 'responses')
  if (!Array.isArray(responses)) throw unreadable(request, answer, 'not-a-batch', 'got an answer without responses')
  const given = new Map<number, Answer>()
  for (const response of responses) {
    const index = numberIn(field(response, 'id'))
    if (!pending.includes(index) || given.has(index)) {
      throw unreadable(
        request,
        answer,
        'not-a-batch',
        `got an answer to ${shown(field(response, 'id'))}, which was not asked, or twice`,
      )
    }
    const own = itemAnswer(response, answer)
    given.set(index, own)
    items[index]?.onAnswer?.(own)
  }
  return given
}

// Documented both ways: 200 with items of 429, and 424 for the whole; the latter may still tell what became of each.
function tellsOfEach(answer: Answer): boolean {
  return answer.status === 424 && Array.isArray(field(answer.body, 'responses'))
}

/** Refused as it is, with all in it. */
const unwelcome: ReadonlySet<number> = new Set([400, 404, 405, 413, 501])

/** Sends requests that write together, once; what became of each, in their order. Undefined: it must go by itself. */
export async function tryBatch(wire: Wire, requests: readonly Request[]): Promise<readonly (Tried | undefined)[]> {
  const items = requests.map(({ method, path, query = {}, headers = {}, body }, index) => ({
    id: String(index),
    method,
    url: relativeUrl(path, query),
    ...(body === undefined ? { headers } : { headers: { 'Content-Type': 'application/json', ...headers }, body }),
  }))
  const batch = { method: 'POST', version: 'v1.0', path: '/$batch', body: { requests: items } } as const
  const tried = await wire.tryOnce({ ...batch, repeat: 'if-refused', accept: tellsOfEach })
  if (tried.failure !== undefined) {
    const { failure, setback } = tried
    const { status, code, requestId } = failure
    const { reached } = setback
    // In Graph's own words nothing of it was done; in a gateway's it may have been.
    const isForeign = unwelcome.has(status) && code === ''
    // Each as if it had been sent alone.
    return requests.map(request => {
      if (unwelcome.has(status) && (!isForeign || request.repeat === 'freely')) return undefined
      const own =
        status === 0 || isForeign ? lostFailure(request, { code, message: lostMeaning(failure), reached }) : undefined
      return { failure: own ?? new RequestFailure(status, code, failure.message, requestId), setback }
    })
  }
  const responses = field(tried.answer.body, 'responses')
  const answers = new Map<number, Answer>()
  for (const response of Array.isArray(responses) ? responses : []) {
    answers.set(numberIn(field(response, 'id')), itemAnswer(response, tried.answer))
  }
  return requests.map((request, index) => judgeItem(request, answers.get(index), wire))
}

function lostMeaning({ message }: RequestFailure): string {
  const [, why = message] = /did not answer [^:]*: (.*)$/s.exec(message.replaceAll(doubtful, '')) ?? []
  return `the answer to its batch was lost (${why})`
}

function judgeItem(request: Request, answer: Answer | undefined, wire: Wire): Tried {
  if (answer === undefined) {
    const lost = { code: 'incomplete-batch', message: 'the answer to its batch left it out', reached: true }
    return { failure: lostFailure(request, lost), setback: { status: 0, retryAfter: undefined, ...lost } }
  }
  request.onAnswer?.(answer)
  const isRefused = answer.status < 200 || answer.status > 299
  if (!isRefused && (answer.body === undefined || typeof answer.body === 'object')) return { answer }
  const failure = isRefused
    ? explainFailure({ ...request, ...answer })
    : unreadable(request, answer, 'not-json', 'got something instead of JSON')
  const retryAfter = retryAfterOf(answer.headers, wire.clock.now())
  return { failure, setback: { status: failure.status, code: failure.code, retryAfter, reached: true } }
}

/** An item that has no id of its own goes by the batch's. */
function itemAnswer(response: unknown, batch: Answer): Answer {
  const headers = new Headers()
  const id = batch.headers.get('request-id')
  if (id !== null) headers.set('request-id', id)
  for (const [name, value] of Object.entries(field(response, 'headers') ?? {})) {
    // What no header can be called or say is none.
    const text = typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
    if (text !== undefined && /^[\w-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(text)) headers.set(name, text)
  }
  const status = numberIn(field(response, 'status'))
  return { status: Number.isInteger(status) ? status : 0, headers, body: field(response, 'body') ?? undefined }
}
