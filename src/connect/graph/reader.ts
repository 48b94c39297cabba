// Reading, with a memory: the same question is asked once until something is written. A question that failed is forgotten.

import type { GraphQuery, GraphReader } from '../../model/directories.ts'
import { type Found, readCollections, readObjects } from './many.ts'
import type { Seen } from './seen.ts'
import type { Wire } from './wire.ts'

/** Where a reader's answers come from. */
export interface ReadSource {
  readonly collections: Read<readonly unknown[]>
  readonly objects: Read<unknown>
}

/** `seen` remembers the answers, for whoever writes later. */
export function readFrom(wire: Wire, seen?: Seen): ReadSource {
  const remembered =
    <Content>(read: Read<Content>): Read<Content> =>
    async (paths, query) => {
      const found = await read(paths, query)
      for (const [index, answer] of found.entries())
        if ('content' in answer) seen?.remember(paths[index] as string, query, answer.content)
      return found
    }
  return {
    collections: remembered((paths, query) => readCollections(wire, paths, query)),
    objects: remembered((paths, query) => readObjects(wire, paths, query)),
  }
}

/** `writes` counts what the connection wrote: what was read before the last write is not believed after it. */
export function createReader(source: ReadSource, writes: () => number): GraphReader {
  const collections = createMemory<readonly unknown[]>(writes, source.collections)
  const objects = createMemory<unknown>(writes, source.objects)

  const list = async <Item>(path: string, query: GraphQuery = {}): Promise<readonly Item[]> => {
    const [found] = await collections([path], query)
    if (found === undefined || 'missing' in found) throw found?.missing
    return found.content as readonly Item[]
  }
  const listEach = async <Item>(
    paths: readonly string[],
    query: GraphQuery = {},
  ): Promise<readonly (readonly Item[] | undefined)[]> => {
    const found = await collections(paths, query)
    return found.map(each => ('missing' in each ? undefined : (each.content as readonly Item[])))
  }
  const getEach = async <Item>(
    paths: readonly string[],
    query: GraphQuery = {},
  ): Promise<readonly (Item | undefined)[]> => {
    const found = await objects(paths, query)
    return found.map(each => ('missing' in each ? undefined : (each.content as Item)))
  }
  const get = async <Item>(path: string, query?: GraphQuery): Promise<Item | undefined> =>
    (await getEach<Item>([path], query))[0]

  return { list, listEach, get, getEach }
}

type Read<Content> = (paths: readonly string[], query: GraphQuery) => Promise<readonly Found<Content>[]>

function createMemory<Content>(writes: () => number, read: Read<Content>): Read<Content> {
  let asOf = writes()
  let known = new Map<string, Promise<Found<Content>>>()
  return (paths, query) => {
    if (asOf !== writes()) {
      asOf = writes()
      known = new Map()
    }
    const memory = known
    const question = JSON.stringify([query.version ?? 'v1.0', query.select, query.filter, query.expand, query.advanced])
    const unknown = [...new Set(paths)].filter(path => !memory.has(question + path))
    if (unknown.length > 0) {
      const reading = read(unknown, query)
      for (const [index, path] of unknown.entries()) {
        const key = question + path
        const answer = reading.then(found => found[index] as Found<Content>)
        answer.catch(() => memory.delete(key))
        memory.set(key, answer)
      }
    }
    return Promise.all(paths.map(path => memory.get(question + path) as Promise<Found<Content>>))
  }
}
