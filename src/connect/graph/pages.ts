// A collection, gathered page by page: whole, each object once, or an error.

import { type GraphQuery, type GraphVersion, RequestFailure } from '../../model/directories.ts'
import { pageSize, queryHeaders, queryOptions } from './address.ts'
import { field } from './explain-failure.ts'
import { misshapen, neededOf } from './shape.ts'
import { type Answer, type Request, unreadable, type Wire } from './wire.ts'

export interface Pages {
  readonly items: readonly unknown[]
  /** Takes a page in; the link to the next one. */
  readonly take: (answer: Answer) => string | undefined
}

export function gatherPages(
  root: string,
  version: GraphVersion,
  path: string,
  { select }: Pick<GraphQuery, 'select'> = {},
): Pages {
  const needed = neededOf(path, select)
  const items: unknown[] = []
  const ids = new Set<unknown>()
  const links = new Set<string>()
  const request = { method: 'GET', version, path } as const
  const take = (answer: Answer): string | undefined => {
    const page = field(answer.body, 'value')
    if (!Array.isArray(page)) throw unreadable(request, answer, 'not-a-page', 'got a page without value')
    for (const item of page) {
      const wrong = misshapen(item, needed)
      if (wrong !== undefined) throw unreadable(request, answer, 'bad-answer', `got a page with ${wrong}`)
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

/** A link that leads in a circle may be a passing fault: then all of it is read again, a few times. */
const readings = 3

export function isLoop(error: unknown): boolean {
  return error instanceof RequestFailure && error.code === 'page-loop'
}

export async function readPages(wire: Wire, path: string, query: GraphQuery): Promise<readonly unknown[]> {
  for (let reading = 1; ; reading += 1) {
    try {
      return await readOnce(wire, path, query)
    } catch (error) {
      if (reading === readings || !isLoop(error)) throw error
    }
  }
}

async function readOnce(wire: Wire, path: string, query: GraphQuery): Promise<readonly unknown[]> {
  const version = query.version ?? 'v1.0'
  const request: Request = { method: 'GET', version, path, headers: queryHeaders(query), repeat: 'freely' }
  const pages = gatherPages(wire.root, version, path, query)
  let link = pages.take(await wire.send({ ...request, query: queryOptions(query, pageSize) }))
  while (link !== undefined) {
    const next = await wire.send({ ...request, link }).catch((error: unknown) => Promise.reject(goneMeanwhile(error)))
    link = pages.take(next)
  }
  return pages.items
}

/** Only the first page can say that there is no such collection: after it, what was there is not there any more. */
export function goneMeanwhile(error: unknown): unknown {
  if (!(error instanceof RequestFailure) || error.status !== 404) return error
  return new RequestFailure(0, 'page-gone', `${error.message} (between two pages)`, error.requestId)
}
