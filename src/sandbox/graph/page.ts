// Lists and single objects as Graph answers them: projection, pages with an opaque link to the next, counts.
// A page goes on between two items, so that the deletion of what was read already loses nothing of the rest.

import { resources } from './capabilities.ts'
import { badRequest, GraphError } from './errors.ts'
import type { Item } from './match.ts'
import { propertiesOf } from './properties.ts'
import { type Expand, type Query, queryOf } from './query.ts'
import { type Answer, contextOf, type GraphRequest, isEventual, ok } from './request.ts'

export interface Listing {
  /** The resource that is filtered and projected: `user`, or `directoryObject` for a mixed collection. */
  readonly type: string
  readonly items: Iterable<Item>
  /** The part of `@odata.context` after `$metadata#`, without properties. */
  readonly context: string
  /** The type of each item of a mixed collection. */
  readonly typeOf?: (item: Item) => string
  readonly expand?: (item: Item, expand: Expand) => unknown
  /** What tells items apart, if not `id`. */
  readonly key?: string
}

export function listPage(request: GraphRequest, listing: Listing): Answer {
  const query = queryOf(request, listing.type, true)
  const { items, more, count } = pageOf(query, listing)
  const value = items.map(item => view(item, query, listing))
  return ok({
    ...contextOf(request, contextText(listing.context, query)),
    ...(count === undefined ? {} : { '@odata.count': count }),
    ...(more === undefined ? {} : { '@odata.nextLink': linkTo(request, more) }),
    value,
  })
}

/** `/$count`: a number as plain text. */
export function countItems(request: GraphRequest, listing: Listing): Answer {
  if (!isEventual(request)) throw badRequest('$count is not currently supported.')
  const options = new Map([...request.options, ['$count', 'true']])
  const { matches } = queryOf({ ...request, options }, listing.type, true)
  let count = 0
  for (const item of listing.items) if (matches === undefined || matches(item)) count += 1
  return { status: 200, body: String(count), headers: { 'content-type': 'text/plain' } }
}

export function single(request: GraphRequest, listing: Omit<Listing, 'items'>, item: Item): Answer {
  const query = queryOf(request, listing.type, false)
  return ok({ ...contextOf(request, `${contextText(listing.context, query)}/$entity`), ...view(item, query, listing) })
}

/** An item as the body of an answer to a write: the default projection, whatever was asked. */
export function created(request: GraphRequest, listing: Omit<Listing, 'items'>, item: Item): Answer {
  const body = { ...contextOf(request, `${listing.context}/$entity`), ...project(item, listing.type, undefined) }
  return {
    status: 201,
    body,
    headers: { location: `${request.root}/${listing.context}/${String(item[listing.key ?? 'id'])}` },
  }
}

function contextText(context: string, query: Query): string {
  return query.select === undefined ? context : `${context}(${query.select.join(',')})`
}

interface Page {
  readonly items: readonly Item[]
  readonly more: string | undefined
  readonly count: number | undefined
}

function pageOf(query: Query, listing: Listing): Page {
  const { matches, order, pageSize } = query
  const key = listing.key ?? 'id'
  const start = query.skipToken === undefined ? undefined : readToken(query.skipToken)
  const source = order === undefined ? listing.items : [...listing.items].sort(order)
  const items: Item[] = []
  let next: Item | undefined
  let count = 0
  let isPast = start === undefined
  for (const item of source) {
    if (matches !== undefined && !matches(item)) continue
    count += 1
    if (!isPast) {
      isPast = item[key] === start?.last || item[key] === start?.next
      if (item[key] !== start?.next) continue
    }
    if (items.length < pageSize) items.push(item)
    else {
      next ??= item
      if (!query.counts || start !== undefined) break
    }
  }
  if (!isPast) throw expiredToken()
  const last = items.at(-1)
  const more =
    next === undefined || last === undefined
      ? undefined
      : writeToken({ last: String(last[key]), next: String(next[key]) })
  return { items, more, count: query.counts && start === undefined ? count : undefined }
}

/** The place between two items; if both are gone, the token has expired. */
interface Position {
  readonly last: string
  readonly next: string
}

function writeToken({ last, next }: Position): string {
  return Buffer.from(JSON.stringify(['guestlist', last, next])).toString('base64url')
}

function readToken(token: string): Position {
  try {
    const [mark, last, next] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as unknown[]
    if (mark === 'guestlist' && typeof last === 'string' && typeof next === 'string') return { last, next }
  } catch {
    // Anything that is not ours is refused below.
  }
  throw expiredToken()
}

function expiredToken(): GraphError {
  const message = 'The specified page token value has expired and can no longer be included in your request.'
  return new GraphError(400, 'Directory_ExpiredPageToken', message)
}

/** The same list from that place on; without a token, from its beginning. */
export function linkTo(request: GraphRequest, token: string | undefined): string {
  const options = [...request.options]
    .filter(([name]) => name !== '$skiptoken')
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  const place = token === undefined ? [] : [`$skiptoken=${token}`]
  return `${request.root}${request.path}?${[...options, ...place].join('&')}`
}

function view(item: Item, query: Query, listing: Omit<Listing, 'items'>): Item {
  const type = listing.typeOf?.(item) ?? listing.type
  const properties = project(item, type, query.select)
  const typed = listing.typeOf === undefined ? properties : { '@odata.type': `#microsoft.graph.${type}`, ...properties }
  const { expand } = query
  return expand === undefined ? typed : { ...typed, [expand.property]: listing.expand?.(item, expand) }
}

/** An item with the selected properties, or those that are given without asking; absent ones as null or empty. */
export function project(item: Item, type: string, select: readonly string[] | undefined): Item {
  const table = propertiesOf.get(type)
  const names = select ?? projectionOf(type)
  const result: Record<string, unknown> = {}
  for (const name of names) {
    const declared = table?.get(name)
    if (declared !== undefined) result[name] = item[name] ?? (declared.endsWith('[]') ? [] : null)
  }
  return result
}

const projections = new Map<string, readonly string[]>()

function projectionOf(type: string): readonly string[] {
  let names = projections.get(type)
  if (names === undefined) {
    const declared = resources[type]?.projection
    names = [...(declared ?? propertiesOf.get(type)?.keys() ?? [])].filter(name => name !== 'onPremisesPublishing')
    projections.set(type, names)
  }
  return names
}
