// Up to twenty requests in one. Every item gets its own answer, found by id; items that were throttled or met a passing
// fault are asked again, they alone; an answer that leaves an item out is an error.

import type { GraphVersion } from '../../model/directories.ts'
import { checkPath, type Method } from './address.ts'
import { field, readEnvelope } from './explain-failure.ts'
import { pauseAfter, retryAfterOf } from './retry.ts'
import { type Answer, type OnAnswer, type Request, unreadable, type Wire } from './wire.ts'

export const batchSize = 20

/** Only requests that are the same once or twice: a batch is repeated when its answer is lost. */
export interface BatchItem {
  readonly method: Extract<Method, 'GET' | 'DELETE'>
  readonly path: string
  /** The path with its query, or a next link, relative to the version. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Hears every answer to this item. */
  readonly onAnswer?: OnAnswer | undefined
}

/** The answers, in the order of the items; also those that refuse. */
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
    for (const [index, answer] of given) {
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

function pauseOf(answer: Answer, attempt: number, wire: Wire): number | undefined {
  if (answer.status < 400) return undefined
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
    // Documented both ways: 200 with items of 429, and 424 for the whole; the latter may still tell what became of each.
    accept: answer => answer.status === 424 && Array.isArray(field(answer.body, 'responses')),
  }
  const answer = await wire.send(request)
  const responses = field(answer.body, 'responses')
  if (!Array.isArray(responses)) throw unreadable(request, answer, 'not-a-batch', 'got an answer without responses')
  const given = new Map<number, Answer>()
  for (const response of responses) {
    const index = Number(field(response, 'id'))
    if (!pending.includes(index) || given.has(index)) {
      throw unreadable(
        request,
        answer,
        'not-a-batch',
        `got an answer to ${JSON.stringify(field(response, 'id'))}, which was not asked, or twice`,
      )
    }
    const own = itemAnswer(response, answer)
    given.set(index, own)
    items[index]?.onAnswer?.(own)
  }
  const missing = pending.filter(index => !given.has(index))
  if (missing.length > 0) {
    const paths = missing.map(index => items[index]?.path).join(', ')
    throw unreadable(request, answer, 'incomplete-batch', `got no answer for ${paths}`)
  }
  return given
}

/** An item that has no id of its own goes by the batch's. */
function itemAnswer(response: unknown, batch: Answer): Answer {
  const headers = new Headers()
  const id = batch.headers.get('request-id')
  if (id !== null) headers.set('request-id', id)
  for (const [name, value] of Object.entries(field(response, 'headers') ?? {})) headers.set(name, String(value))
  const status = Number(field(response, 'status'))
  return { status: Number.isInteger(status) ? status : 0, headers, body: field(response, 'body') ?? undefined }
}
