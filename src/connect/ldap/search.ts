// Searching, whole or not at all. Only the cookie says whether a page was the last one, and a part of an attribute's
// values is never taken for all of them.

import { PagedResultsControl, SearchRequest } from 'ldapts'
import { type DirectoryEntry, type DirectorySearch, type Filter, RequestFailure } from '../../model/directories.ts'
import { tags } from './answers.ts'
import { type ReadEntry, rangeIn, readEntry, textOf } from './entries.ts'
import { attributeName, filterOf } from './filters.ts'
import { checkTarget } from './names.ts'
import { type Asked, describe } from './results.ts'
import type { Reply, Session } from './session.ts'
import type { Wire } from './wire.ts'

const pageSize = 1000
const mostEmptyPages = 100
/** Of one search, or of one attribute's ranges: a domain of millions needs some thousands. */
const mostRequests = 20_000
const mostBytes = 512 * 1024 * 1024

export type Search = (request: DirectorySearch) => Promise<readonly DirectoryEntry[]>

export function createSearch(wire: Wire): Search {
  return async request => {
    const asked: Asked = { operation: 'search', target: request.base }
    if (request.base !== '') checkTarget(request.base)
    for (let tries = 1; tries <= mostTries; tries += 1) {
      const entries =
        request.scope === 'base'
          ? await wire.reading(asked, async session => read(await page(wire, session, asked, request)))
          : await wire.cursors(() => wire.reading(asked, session => pages(wire, session, asked, request)))
      const whole = await Promise.all(entries.map(entry => completed(wire, entry)))
      if (!whole.includes(undefined)) return whole.filter(entry => entry !== undefined)
    }
    throw changing(asked.target === '' ? 'the directory' : asked.target)
  }
}

async function pages(
  wire: Wire,
  session: Session,
  asked: Asked,
  request: DirectorySearch,
): Promise<readonly ReadEntry[]> {
  // What is renamed or moved meanwhile may come twice.
  const entries = new Map<string, ReadEntry>()
  let cookie: Buffer = Buffer.alloc(0)
  let bytes = 0
  let emptyPages = 0
  let requests = 0
  do {
    wire.throwIfInterrupted()
    const reply = await page(wire, session, asked, request, cookie)
    cookie = reply.result.cookie
    bytes += reply.bytes
    const before = entries.size
    for (const entry of read(reply)) entries.set(entry.dn.toLowerCase(), entry)
    emptyPages = entries.size === before ? emptyPages + 1 : 0
    requests += 1
    if (bytes > mostBytes || emptyPages > mostEmptyPages || requests > mostRequests) throw endless(asked)
  } while (cookie.length > 0)
  return [...entries.values()]
}

/** One page, or without a cookie all there is. */
async function page(
  wire: Wire,
  session: Session,
  asked: Asked,
  { base, scope, filter, attributes }: DirectorySearch,
  cookie?: Buffer,
): Promise<Reply> {
  const search = {
    baseDN: base,
    scope,
    filter: filterOf(filter),
    attributes: attributes.map(name => (name === '*' || name === '1.1' ? name : attributeName(name))),
    timeLimit: wire.timeLimit,
    ...(cookie === undefined
      ? {}
      : { controls: [new PagedResultsControl({ critical: true, value: { size: pageSize, cookie } })] }),
  }
  return await wire.ask(session, asked, messageId => new SearchRequest({ messageId, ...search }), tags.searchDone)
}

function read(reply: Reply): ReadEntry[] {
  return reply.entries.map(readEntry)
}

/** Undefined if it is not there any more, under its name: it may have another one by now. */
async function completed(wire: Wire, { dn, attributes, ranged }: ReadEntry): Promise<DirectoryEntry | undefined> {
  if (ranged.length === 0) return { dn, attributes }
  const whole: [string, readonly string[]][] = []
  try {
    for (const name of ranged) {
      const values = await allValues(wire, dn, name)
      if (values.length > 0) whole.push([name, values])
    }
  } catch (error) {
    if (error instanceof RequestFailure && error.status === 32) return undefined
    throw error
  }
  return { dn, attributes: { ...attributes, ...Object.fromEntries(whole) } }
}

const anything: Filter = { present: 'objectClass' }
const mostTries = 3

function endless(asked: Asked): RequestFailure {
  return new RequestFailure(0, 'bad-answer', `The answer to the request to ${describe(asked)} does not end`)
}

function changing(what: string): RequestFailure {
  return new RequestFailure(
    0,
    'changed-while-reading',
    `${what} changed while it was being read, ${mostTries} times in a row. Run again`,
  )
}

/** From the first value on, since the object may have changed between a page and here. */
async function allValues(wire: Wire, dn: string, attribute: string): Promise<readonly string[]> {
  const asked: Asked = { operation: 'search', target: dn, attributes: [attribute] }
  let wasEmpty = false
  for (let tries = 1; tries <= mostTries; tries += 1) {
    const values = await wire.reading(asked, session => rangeByRange(wire, session, asked, attribute))
    // The page had some: that all of them are gone is believed when it is said twice.
    if (values !== undefined && (values.length > 0 || wasEmpty)) return values
    wasEmpty = values !== undefined
  }
  throw changing(`${attribute} of ${dn}`)
}

/** Undefined if the object changed meanwhile: when a value goes, those behind it move up, and one would be missed. */
async function rangeByRange(
  wire: Wire,
  session: Session,
  asked: Asked,
  attribute: string,
): Promise<readonly string[] | undefined> {
  const values: string[] = []
  let version: string | undefined
  let requests = 0
  for (let first = 0; ; ) {
    wire.throwIfInterrupted()
    const attributes = [`${attribute};range=${first}-*`, 'uSNChanged']
    const request = { base: asked.target, scope: 'base', filter: anything, attributes } as const
    const { entries } = await page(wire, session, asked, request)
    requests += 1
    if (requests > mostRequests) throw endless(asked)
    const parts = entries[0]?.attributes ?? []
    const usn = parts.find(part => part.type.toLowerCase() === 'usnchanged')?.values[0]?.toString('utf8') ?? ''
    version ??= usn
    if (usn !== version) return undefined
    const part = parts.find(({ type, values: some }) => rangeIn(type)?.attribute === attribute && some.length > 0)
    const range = part === undefined ? undefined : rangeIn(part.type)
    if (part === undefined && first === 0 && entries.length > 0) {
      // By now there are so few that they come without a range, or none.
      const few = parts.find(({ type }) => type.toLowerCase() === attribute)
      return few?.values.map(value => textOf(attribute, value)) ?? []
    }
    if (part === undefined || range === undefined) return undefined
    const last = range.last ?? first + part.values.length - 1
    if (range.first !== first || last - first + 1 !== part.values.length) {
      const message = `Active Directory answered ${part.type} with ${part.values.length} values of ${asked.target}`
      throw new RequestFailure(0, 'bad-answer', message)
    }
    for (const value of part.values) values.push(textOf(attribute, value))
    if (range.last === undefined) return values
    first = last + 1
  }
}
