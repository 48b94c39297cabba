// `$batch`: up to 20 requests in one, each answered as if it had come alone. Either no request depends on another, or the
// requests depend on each other in a sequence (or all the rest on the same ones).

import { malformed } from './errors.ts'
import type { Item } from './match.ts'
import { type Answer, bodyOf, type GraphRequest, ok, refused } from './request.ts'

const mostRequests = 20
const methods = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE']

interface BatchItem {
  readonly id: string
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly dependsOn: readonly string[]
}

export function answerBatch(request: GraphRequest, dispatch: (request: GraphRequest) => Answer): Answer {
  const items = itemsOf(bodyOf(request))
  const statuses = new Map<string, number>()
  const responses = items.map(item => {
    const failed = item.dependsOn.some(id => (statuses.get(id.toLowerCase()) ?? 0) >= 400)
    const answer = failed
      ? refused(request, 424, 'FailedDependency', 'A dependent request failed.')
      : dispatch(requestOf(item, request))
    statuses.set(item.id.toLowerCase(), answer.status)
    return responseOf(item.id, answer)
  })
  // Graph promises no order, and nobody may count on one.
  return ok({ responses: responses.reverse() })
}

/** The answers to the items, if it is the answer to a batch. */
export function responsesIn(answer: Answer): readonly Item[] {
  const { responses } = (answer.body ?? {}) as { readonly responses?: unknown }
  return Array.isArray(responses) ? responses : []
}

function itemsOf(body: Item): readonly BatchItem[] {
  const { requests } = body
  if (!Array.isArray(requests) || requests.length === 0) throw malformed('Invalid batch payload format.')
  if (requests.length > mostRequests) throw malformed('Number of requests inside batch exceed the limit')
  const items = requests.map(itemOf)
  const ids = items.map(({ id }) => id.toLowerCase())
  for (const [index, id] of ids.entries()) {
    if (ids.indexOf(id) !== index) throw malformed(`Invalid batch payload format: duplicate id '${id}'.`)
  }
  checkOrder(items)
  return items
}

function itemOf(request: unknown): BatchItem {
  if (typeof request !== 'object' || request === null) throw malformed('Invalid batch payload format.')
  const { id, method, url, headers = {}, body, dependsOn = [] } = request as Item
  if (typeof id !== 'string' || id === '')
    throw malformed("Invalid batch payload format: the property 'id' is required.")
  if (typeof method !== 'string' || !methods.includes(method.toUpperCase())) {
    throw malformed(`Invalid batch payload format: the method of request '${id}' is not supported.`)
  }
  if (typeof url !== 'string' || url === '')
    throw malformed(`Invalid batch payload format: the url of request '${id}' is required.`)
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw malformed(`Invalid batch payload format: the headers of request '${id}' must be an object.`)
  }
  if (!Array.isArray(dependsOn))
    throw malformed(`Invalid batch payload format: dependsOn of request '${id}' must be an array.`)
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)])
  const lowered: Readonly<Record<string, string>> = Object.fromEntries(named)
  if (body !== undefined && body !== null && lowered['content-type'] === undefined) {
    throw malformed(`Write request id : ${id} does not contain Content-Type header or body.`)
  }
  return {
    id,
    method: method.toUpperCase(),
    url,
    headers: lowered,
    body: body ?? undefined,
    dependsOn: dependsOn.map(String),
  }
}

function checkOrder(items: readonly BatchItem[]): void {
  for (const [index, { dependsOn }] of items.entries()) {
    const before = items.slice(0, index).map(({ id }) => id.toLowerCase())
    if (dependsOn.some(id => !before.includes(id.toLowerCase()))) {
      throw malformed('Invalid batch payload format: a request depends on one that does not come before it.')
    }
  }
  const dependent = items.filter(({ dependsOn }) => dependsOn.length > 0)
  if (dependent.length === 0) return
  const isSequence = items.every(
    ({ dependsOn }, index) =>
      index === 0 || (dependsOn.length === 1 && dependsOn[0]?.toLowerCase() === items[index - 1]?.id.toLowerCase()),
  )
  const isShared =
    dependent.length === items.length - 1 && new Set(dependent.map(({ dependsOn }) => dependsOn.join('\n'))).size === 1
  if (!isSequence && !isShared) throw malformed('Batch should be either fully sequential or fully parallel.')
}

function requestOf(item: BatchItem, outer: GraphRequest): GraphRequest {
  const [path = '', search = ''] = splitUrl(item.url)
  return {
    method: item.method,
    version: outer.version,
    path: path.startsWith('/') ? path : `/${path}`,
    options: new Map(new URLSearchParams(search)),
    // Of the outer headers only the authorization reaches an item, and it was checked.
    headers: { authorization: outer.headers.authorization, ...item.headers },
    body: item.body,
    root: outer.root,
    inBatch: true,
  }
}

function splitUrl(url: string): readonly string[] {
  const at = url.indexOf('?')
  return at === -1 ? [url] : [url.slice(0, at), url.slice(at + 1)]
}

function responseOf(id: string, answer: Answer): Item {
  const { status, body, headers } = answer
  if (body === undefined) return { id, status, headers: { ...headers } }
  if (typeof body === 'string')
    return {
      id,
      status,
      headers: { 'Content-Type': 'text/plain', ...headers },
      body: Buffer.from(body).toString('base64'),
    }
  return { id, status, headers: { 'Content-Type': 'application/json', ...headers }, body }
}
