// Delta queries: a collection, and from then on what has changed in it. A round ends with a link to the next one; a token
// holds the round's options and lives seven days. Sources: Microsoft Graph's pages on delta queries (delta-query-overview,
// delta-query-groups, user-delta, group-delta).

import { type DeltaLog, openDeltaLog } from './delta-log.ts'
import { malformed, unsupportedQuery } from './errors.ts'
import type { Item } from './match.ts'
import { seen } from './objects.ts'
import { project } from './page.ts'
import { queryOf } from './query.ts'
import { type Answer, contextOf, type GraphRequest, ok, type Route, refused } from './request.ts'
import { collectionOf, type DirectoryType, type Tenant } from './tenant.ts'

const lifetime = 7 * 86_400_000
/** Objects on a page, and members of a group in one entry. */
const pageSize = 100
const mostFiltered = 50

/** One way through the changes of a collection: what its tokens hold. */
interface Round {
  /** Of the log that counted the moments. */
  readonly log: string
  readonly collection: string
  /** When the token was given. */
  readonly given: number
  /** Left out: from the beginning. */
  readonly since?: number
  /** Where the next round goes on. */
  readonly until: number
  readonly select?: readonly string[]
  readonly ids?: readonly string[]
  readonly members: boolean
  /** The entry after which the next page begins. */
  readonly after?: Place
}

/** An object, and which part of its members. */
type Place = readonly [id: string, part: number]

interface Entry {
  readonly place: Place
  readonly item: Item
  readonly weight: number
}

export function deltaRoutes(tenant: Tenant): readonly Route[] {
  // Before the first question there is no token, so nothing need be remembered.
  let opened: DeltaLog | undefined
  const log = () => {
    opened ??= openDeltaLog(tenant)
    return opened
  }
  const types = Object.keys(collectionOf) as readonly DirectoryType[]
  return [...types.map(type => [collectionOf[type], [type]] as const), ['directoryObjects', types] as const].map(
    ([collection, wanted]) => ({
      method: 'GET',
      pattern: `/${collection}/delta`,
      handle: request => answer(tenant, log(), request, collection, wanted),
    }),
  )
}

/** 410: the token is worth nothing any more, and where to begin anew. */
export function resyncRequired(request: GraphRequest): Answer {
  return {
    ...refused(request, 410, 'syncStateNotFound', 'The sync state generation is not found; a full sync is needed.'),
    headers: { location: `${request.root}${request.path}` },
  }
}

function answer(
  tenant: Tenant,
  log: DeltaLog,
  request: GraphRequest,
  collection: string,
  types: readonly DirectoryType[],
): Answer {
  const options = new Map([...request.options].map(([name, value]) => [name.toLowerCase(), value]))
  const [skipToken, deltaToken] = [options.get('$skiptoken'), options.get('$deltatoken')]
  const token = skipToken ?? (deltaToken === 'latest' ? undefined : deltaToken)
  let round: Round
  if (token === undefined) {
    round = { log: log.id, collection, given: tenant.now, until: log.now, ...optionsOf(request, options, collection) }
    if (deltaToken === 'latest') return page(request, round, [], undefined)
  } else {
    const known = readToken(token, collection)
    if (known.log !== log.id || tenant.now - known.given > lifetime) return resyncRequired(request)
    const { after: _after, ...ended } = known
    round = skipToken === undefined ? { ...ended, since: known.until, until: log.now } : known
  }
  const entries: Entry[] = []
  let weight = 0
  let isMore = false
  for (const entry of entriesOf(tenant, log, types, round, isMinimal(request))) {
    isMore = weight + entry.weight > pageSize && entries.length > 0
    if (isMore) break
    entries.push(entry)
    weight += entry.weight
  }
  const current = { ...round, given: tenant.now }
  return page(request, current, entries, isMore ? entries.at(-1)?.place : undefined)
}

function page(request: GraphRequest, round: Round, entries: readonly Entry[], after: Place | undefined): Answer {
  const link = (name: string, token: Round) => `${request.root}${request.path}?${name}=${writeToken(token)}`
  const selected = round.select === undefined ? '' : `(${round.select.join(',')})`
  return ok({
    ...contextOf(request, `${round.collection}${selected}`),
    ...(after === undefined
      ? { '@odata.deltaLink': link('$deltatoken', round) }
      : { '@odata.nextLink': link('$skiptoken', { ...round, after }) }),
    value: entries.map(({ item }) => item),
  })
}

function* entriesOf(
  tenant: Tenant,
  log: DeltaLog,
  types: readonly DirectoryType[],
  round: Round,
  minimal: boolean,
): Generator<Entry> {
  const { since, ids, after } = round
  const typeOfId = new Map(types.flatMap(type => idsOf(tenant, log, type, round).map(id => [id, type] as const)))
  for (const id of [...typeOfId.keys()].sort()) {
    if (ids?.includes(id) === false || (after !== undefined && id < after[0])) continue
    const type = typeOfId.get(id) as DirectoryType
    const entity = tenant.objects[type].get(id)
    const kind = types.length > 1 ? { '@odata.type': `#microsoft.graph.${type}` } : {}
    if (entity === undefined) {
      const deleted = tenant.deleted.get(id)
      const reason = deleted !== undefined && tenant.isRecoverable(deleted) ? 'changed' : 'deleted'
      const isPast = after !== undefined && id === after[0]
      if (!isPast) yield { place: [id, 0], item: { ...kind, id, '@removed': { reason } }, weight: 1 }
      continue
    }
    const isWhole = !minimal || since === undefined || log.cameOrWent(id, since)
    const names = isWhole ? round.select : log.changedProperties(id, since)
    const shown = names?.filter(name => round.select?.includes(name) ?? true)
    const properties = { ...kind, ...project(seen(tenant, entity), type, shown), id }
    const members = round.members && type === 'group' ? membersOf(tenant, log, id, since) : []
    for (let part = 0; part === 0 || part * pageSize < members.length; part += 1) {
      if (after !== undefined && id === after[0] && part <= after[1]) continue
      const some = members.slice(part * pageSize, (part + 1) * pageSize)
      const item = some.length === 0 ? properties : { ...properties, 'members@delta': some }
      yield { place: [id, part], item, weight: Math.max(1, some.length) }
    }
  }
}

function idsOf(tenant: Tenant, log: DeltaLog, type: DirectoryType, round: Round): readonly string[] {
  const { since, select, members } = round
  if (since === undefined) return [...tenant.objects[type].keys()]
  const changed = log.changed(type, since, select)
  return members && type === 'group' ? [...new Set([...changed, ...log.changedGroups(since)])] : changed
}

/** A group's members, or what changed among them since. */
function membersOf(tenant: Tenant, log: DeltaLog, group: string, since: number | undefined): readonly Item[] {
  const isAnew = since === undefined || log.cameOrWent(group, since)
  const ids = isAnew ? [...tenant.members.from(group)] : log.changedMembers(group, since)
  return ids.flatMap(id => {
    const type = tenant.typeOf(id) ?? 'directoryObject'
    const isMember = type !== 'directoryObject' && tenant.members.has(group, id)
    if (isAnew && !isMember) return []
    const member = { '@odata.type': `#microsoft.graph.${type}`, id }
    return [isMember ? member : { ...member, '@removed': { reason: 'deleted' } }]
  })
}

const known = ['$select', '$filter', '$expand', '$deltatoken', '$skiptoken']

function optionsOf(
  request: GraphRequest,
  options: ReadonlyMap<string, string>,
  collection: string,
): Pick<Round, 'select' | 'ids' | 'members'> {
  const unknown = [...options.keys()].find(name => name.startsWith('$') && !known.includes(name))
  if (unknown !== undefined) throw unsupportedQuery(`The query parameter '${unknown}' is not supported.`)
  const [filter, expand] = [options.get('$filter'), options.get('$expand')]
  const isOfGroups = collection === 'groups'
  if (expand !== undefined && !(isOfGroups && expand === 'members')) {
    throw unsupportedQuery("'$expand' is not supported by the service.")
  }
  const asked = options.get('$select')?.split(',')
  const names = isOfGroups ? asked?.filter(name => name.trim() !== 'members') : asked
  const resource = singular(collection)
  const select = queryOf({ ...request, options: new Map(selectOf(names)) }, resource, true).select
  return {
    ...(asked === undefined ? {} : { select: select ?? [] }),
    ...(filter === undefined ? {} : { ids: filteredIds(filter, collection) }),
    // Members come unless other properties were asked for.
    members: isOfGroups && (asked === undefined || expand !== undefined || names?.length !== asked.length),
  }
}

function selectOf(names: readonly string[] | undefined): readonly (readonly [string, string])[] {
  return names === undefined || names.length === 0 ? [] : [['$select', names.join(',')]]
}

function singular(collection: string): string {
  const [type] = Object.entries(collectionOf).find(([, name]) => name === collection) ?? []
  return type ?? 'directoryObject'
}

function filteredIds(filter: string, collection: string): readonly string[] {
  const terms = filter.trim().split(/\s+or\s+/)
  const ids = terms.flatMap(term => /^id\s+eq\s+'([0-9a-f-]{36})'$/i.exec(term)?.[1]?.toLowerCase() ?? [])
  if ((collection !== 'users' && collection !== 'groups') || ids.length < terms.length || ids.length > mostFiltered) {
    throw unsupportedQuery(`A delta query can be filtered by up to ${mostFiltered} ids of users or groups only.`)
  }
  return ids
}

function isMinimal(request: GraphRequest): boolean {
  return /\breturn\s*=\s*minimal\b/i.test(request.headers.prefer ?? '')
}

const mark = 'guestlist-delta'

function writeToken(round: Round): string {
  return Buffer.from(JSON.stringify([mark, round])).toString('base64url')
}

function readToken(token: string, collection: string): Round {
  try {
    const [first, round] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as [unknown, Round]
    if (first === mark && round.collection === collection) return round
  } catch {
    // Anything that is not ours is refused below.
  }
  throw malformed('Badly formed token.')
}
