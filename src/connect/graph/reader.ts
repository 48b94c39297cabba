// Reading, with a memory: the same question is asked once until something is written. A question that failed is forgotten.

import type { GraphQuery, GraphReader } from '../../model/directories.ts'
import { type Found, readCollections, readObjects } from './many.ts'
import type { Wire } from './wire.ts'

/** `writes` counts what the connection wrote: what was read before the last write is not believed after it. */
export function createReader(wire: Wire, writes: () => number): GraphReader {
  const collections = createMemory<readonly unknown[]>(writes, (paths, query) => readCollections(wire, paths, query))
  const objects = createMemory<unknown>(writes, (paths, query) => readObjects(wire, paths, query))

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
