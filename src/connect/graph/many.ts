// Many reads at once: in batches of twenty, or one by one where the service allows no batch, a few at a time.

import { type GraphQuery, RequestFailure } from '../../model/directories.ts'
import { pageSize, queryHeaders, queryOptions, relativeLink, relativeUrl } from './address.ts'
import { type BatchItem, batchSize, leftOut, neverAnswered, sendBatch } from './batch.ts'
import { explainFailure } from './explain-failure.ts'
import { gatherPages, goneMeanwhile, isLoop, type Pages, readPages } from './pages.ts'
import { misshapen, neededOf } from './shape.ts'
import { type Answer, unreadable, type Wire } from './wire.ts'

const atOnce = 4

/** What a path gave: its content, or Graph's own answer that there is nothing. */
export type Found<Content> = { readonly content: Content } | { readonly missing: RequestFailure }

export async function readCollections(
  wire: Wire,
  paths: readonly string[],
  query: GraphQuery,
): Promise<readonly Found<readonly unknown[]>[]> {
  if (!batchable(query) || paths.length === 1) return each(paths, path => find(readPages(wire, path, query)))
  const options = queryOptions(query, pageSize)
  const open = paths.map(path => ({
    path,
    url: relativeUrl(path, options),
    pages: gatherPages(wire.root, 'v1.0', path, query),
    missing: undefined as RequestFailure | undefined,
    isLooping: false,
  }))
  let pending = open
  while (pending.length > 0) {
    const answers = await inBatches(wire, pending, query)
    pending = pending.filter((collection, index) => {
      const answer = answers[index] as Answer
      const failure = refusalOf(collection.path, answer)
      const isFirst = collection.url === relativeUrl(collection.path, options)
      if (failure !== undefined && !(isMissing(failure) && isFirst)) throw goneMeanwhile(failure)
      collection.missing = failure
      const link = failure === undefined ? nextLinkOf(collection, answer) : undefined
      if (link === undefined) return false
      const next = relativeLink(link, wire.root, 'v1.0')
      if (next === undefined)
        throw unreadable(getting(collection.path), answer, 'foreign-link', 'got a next link of another version')
      collection.url = next
      return true
    })
  }
  return each(open, async ({ path, missing, pages, isLooping }) => {
    if (missing !== undefined) return { missing }
    return isLooping ? find(readPages(wire, path, query)) : { content: pages.items }
  })
}

/** One that leads in a circle ends the reading: all of it is read again, by itself. */
function nextLinkOf(collection: { readonly pages: Pages; isLooping: boolean }, answer: Answer): string | undefined {
  try {
    return collection.pages.take(answer)
  } catch (error) {
    if (!isLoop(error)) throw error
    collection.isLooping = true
    return undefined
  }
}

export async function readObjects(
  wire: Wire,
  paths: readonly string[],
  query: GraphQuery,
): Promise<readonly Found<unknown>[]> {
  if (!batchable(query) || paths.length === 1) return each(paths, path => find(readObject(wire, path, query)))
  const options = queryOptions(query)
  const answers = await inBatches(
    wire,
    paths.map(path => ({ path, url: relativeUrl(path, options) })),
    query,
  )
  return paths.map((path, index) => foundIn(path, answers[index] as Answer, query))
}

/** What an item of a batch says of its object. */
export function foundIn(path: string, answer: Answer, query: GraphQuery): Found<unknown> {
  const failure = refusalOf(path, answer)
  if (failure === undefined) return { content: wholeObject(path, answer, query) }
  if (isMissing(failure)) return { missing: failure }
  throw failure
}

async function readObject(wire: Wire, path: string, query: GraphQuery): Promise<unknown> {
  const version = query.version ?? 'v1.0'
  const headers = queryHeaders(query)
  const answer = await wire.send({
    method: 'GET',
    version,
    path,
    query: queryOptions(query),
    headers,
    repeat: 'freely',
  })
  return wholeObject(path, answer, query)
}

/** An object without the id that was asked for is none: something before Graph answered, or half of Graph. */
function wholeObject(path: string, answer: Answer, { version = 'v1.0', select }: GraphQuery): unknown {
  const { body } = answer
  const wrong = misshapen(body, neededOf(path, select))
  if (wrong === undefined) return body
  throw unreadable({ ...getting(path), version }, answer, 'no-object', `got ${wrong}`)
}

/** Gone, in Graph's own words: a 404 of a gateway says nothing about the object. */
export function isMissing(failure: RequestFailure): boolean {
  return failure.status === 404 && failure.code !== ''
}

async function find<Content>(reading: Promise<Content>): Promise<Found<Content>> {
  try {
    return { content: await reading }
  } catch (error) {
    if (error instanceof RequestFailure && isMissing(error)) return { missing: error }
    throw error
  }
}

/** Application Proxy lives in beta, on a backend of its own, and is not batched. */
function batchable(query: GraphQuery): boolean {
  return query.version !== 'beta'
}

function getting(path: string): { readonly method: 'GET'; readonly version: 'v1.0'; readonly path: string } {
  return { method: 'GET', version: 'v1.0', path }
}

export function refusalOf(path: string, answer: Answer): RequestFailure | undefined {
  if (answer === leftOut) return neverAnswered(path)
  return answer.status >= 200 && answer.status < 300 ? undefined : explainFailure({ ...getting(path), ...answer })
}

async function inBatches(
  wire: Wire,
  addresses: readonly { readonly path: string; readonly url: string }[],
  query: GraphQuery,
): Promise<readonly Answer[]> {
  const headers = queryHeaders(query)
  const items = addresses.map(({ path, url }): BatchItem => ({ method: 'GET', path, url, headers }))
  const chunks = Array.from({ length: Math.ceil(items.length / batchSize) }, (_, index) =>
    items.slice(index * batchSize, (index + 1) * batchSize),
  )
  return (await each(chunks, chunk => sendBatch(wire, 'v1.0', chunk))).flat()
}

/** In the order of `inputs`, a few at a time. */
async function each<In, Out>(inputs: readonly In[], work: (input: In) => Promise<Out>): Promise<readonly Out[]> {
  const outputs: Out[] = new Array(inputs.length)
  const left = inputs.entries()
  const worker = async (): Promise<void> => {
    for (const [index, input] of left) outputs[index] = await work(input)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, inputs.length) }, worker))
  return outputs
}
