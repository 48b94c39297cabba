// A collection, gathered page by page: whole, each object once, or an error.

import type { GraphQuery, GraphVersion } from '../../model/directories.ts'
import { pageSize, queryHeaders, queryOptions } from './address.ts'
import { field } from './explain-failure.ts'
import { type Answer, type Request, unreadable, type Wire } from './wire.ts'

export interface Pages {
  readonly items: readonly unknown[]
  /** Takes a page in; the link to the next one. */
  readonly take: (answer: Answer) => string | undefined
}

export function gatherPages(root: string, version: GraphVersion, path: string): Pages {
  const items: unknown[] = []
  const ids = new Set<unknown>()
  const links = new Set<string>()
  const request = { method: 'GET', version, path } as const
  const take = (answer: Answer): string | undefined => {
    const page = field(answer.body, 'value')
    if (!Array.isArray(page)) throw unreadable(request, answer, 'not-a-page', 'got a page without value')
    for (const item of page) {
      // Pages shift while others write: what has been seen comes again.
      const id = field(item, 'id')
      if (id !== undefined && ids.has(id)) continue
      ids.add(id)
      items.push(item)
    }
    const link = field(answer.body, '@odata.nextLink')
    if (link === undefined || link === null) return undefined
    if (typeof link !== 'string' || !leadsTo(root, link)) {
      throw unreadable(request, answer, 'foreign-link', `got a next link that leads away from ${root}`)
    }
    if (links.has(link)) throw unreadable(request, answer, 'page-loop', 'got a next link that was followed before')
    links.add(link)
    return link
  }
  return { items, take }
}

function leadsTo(root: string, link: string): boolean {
  return URL.canParse(link) && new URL(link).origin === root
}

export async function readPages(wire: Wire, path: string, query: GraphQuery): Promise<readonly unknown[]> {
  const version = query.version ?? 'v1.0'
  const request: Request = { method: 'GET', version, path, headers: queryHeaders(query), repeat: 'freely' }
  const pages = gatherPages(wire.root, version, path)
  let link = pages.take(await wire.send({ ...request, query: queryOptions(query, pageSize) }))
  while (link !== undefined) link = pages.take(await wire.send({ ...request, link }))
  return pages.items
}
