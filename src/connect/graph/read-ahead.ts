// Reads that different changes want at the same time, together: what is asked within one turn of the event loop shares a
// $batch of twenty, whatever is asked of each, and the same question is asked once. Nothing is remembered. Batches that the
// service throttles hold up those behind them.

import { setImmediate } from 'node:timers/promises'
import type { GraphQuery } from '../../model/directories.ts'
import { pageSize, queryHeaders, queryOptions, relativeUrl } from './address.ts'
import { batchSize, sendBatch } from './batch.ts'
import { field } from './explain-failure.ts'
import { type Found, foundIn, readCollections, readObjects, refusalOf } from './many.ts'
import { gatherPages } from './pages.ts'
import type { ReadSource } from './reader.ts'
import type { Answer, Wire } from './wire.ts'

interface Wanted {
  readonly key: string
  readonly path: string
  readonly query: GraphQuery
  readonly isList: boolean
  readonly resolve: (found: Found<unknown> | PromiseLike<Found<unknown>>) => void
  readonly reject: (reason: unknown) => void
}

/** Conditional access takes one request a second: its policies are few, and read in one list. */
const policies = '/identity/conditionalAccess/policies'

/** Batches under way at the most: twice as many as write, since what is to be made is looked for in two ways. */
const atOnce = 16

export function createReadAhead(wire: Wire): ReadSource {
  let waiting: Wanted[] = []
  let underWay = 0
  const asked = new Map<string, Promise<Found<unknown>>>()

  const want = (path: string, query: GraphQuery, isList: boolean): Promise<Found<unknown>> => {
    const key = JSON.stringify([path, query, isList])
    const known = asked.get(key)
    if (known !== undefined) return known
    const { promise, resolve, reject } = Promise.withResolvers<Found<unknown>>()
    asked.set(key, promise)
    if (waiting.length === 0) void leave()
    waiting.push({ key, path, query, isList, resolve, reject })
    return promise
  }

  const leave = async (): Promise<void> => {
    await setImmediate()
    const isSingle = ({ path, query }: Wanted): boolean => query.version === 'beta' || path.startsWith(policies)
    const single = waiting.filter(isSingle)
    waiting = waiting.filter(wanted => !isSingle(wanted))
    for (const { key } of single) asked.delete(key)
    for (const wanted of single) settle(wanted, alone(wanted))
    while (underWay < atOnce && waiting.length > 0) {
      const chunk = waiting.splice(0, batchSize)
      for (const { key } of chunk) asked.delete(key)
      void together(chunk)
    }
  }

  const together = async (chunk: readonly Wanted[]): Promise<void> => {
    underWay += 1
    try {
      await inOne(chunk)
    } finally {
      underWay -= 1
      if (waiting.length > 0) void leave()
    }
  }

  const alone = async ({ path, query, isList }: Wanted): Promise<Found<unknown>> => {
    const isPolicy = !isList && path.startsWith(`${policies}/`)
    if (isPolicy) return policy(path)
    const [found] = isList ? await readCollections(wire, [path], query) : await readObjects(wire, [path], query)
    return found as Found<unknown>
  }

  /** All policies that are asked for together come from one list. */
  let listed: Promise<readonly unknown[]> | undefined
  const policy = async (path: string): Promise<Found<unknown>> => {
    listed ??= listPolicies()
    const content = (await listed).find(item => path === `${policies}/${field(item, 'id')}`)
    return content === undefined
      ? readObjects(wire, [path], {}).then(([found]) => found as Found<unknown>)
      : { content }
  }
  const listPolicies = async (): Promise<readonly unknown[]> => {
    try {
      const [found] = await readCollections(wire, [policies], {})
      return found !== undefined && 'content' in found ? found.content : []
    } finally {
      listed = undefined
    }
  }

  const inOne = async (chunk: readonly Wanted[]): Promise<void> => {
    try {
      const [only] = chunk
      if (only !== undefined && chunk.length === 1) {
        only.resolve(await alone(only))
        return
      }
      const items = chunk.map(({ path, query, isList }) => ({
        method: 'GET' as const,
        path,
        url: relativeUrl(path, queryOptions(query, isList ? pageSize : undefined)),
        headers: queryHeaders(query),
      }))
      const answers = await sendBatch(wire, 'v1.0', items)
      for (const [index, wanted] of chunk.entries()) settle(wanted, read(wanted, answers[index] as Answer))
    } catch (error) {
      for (const { reject } of chunk) reject(error)
    }
  }

  const read = async (wanted: Wanted, answer: Answer): Promise<Found<unknown>> => {
    const { path, query, isList } = wanted
    if (!isList || refusalOf(path, answer) !== undefined) return foundIn(path, answer, query)
    const pages = gatherPages(wire.root, 'v1.0', path, query)
    return pages.take(answer) === undefined ? { content: pages.items } : alone(wanted)
  }

  const each = (paths: readonly string[], query: GraphQuery, isList: boolean): Promise<readonly Found<unknown>[]> =>
    Promise.all(paths.map(path => want(path, query, isList)))

  return {
    collections: async (paths, query) => (await each(paths, query, true)) as readonly Found<readonly unknown[]>[],
    objects: (paths, query) => each(paths, query, false),
  }
}

function settle({ resolve, reject }: Wanted, answer: Promise<Found<unknown>>): void {
  answer.then(resolve, reject)
}
