// The query options of a request, checked. Options that a resource does not know are refused; without `$` they are ignored.

import { type Resource, resources } from './capabilities.ts'
import { badRequest, GraphError, malformed, unsupportedQuery } from './errors.ts'
import { type Item, type Predicate, predicateOf, searchOf } from './match.ts'
import { propertiesOf } from './properties.ts'
import { type GraphRequest, isEventual } from './request.ts'

export const largestPage = 999
const usualPage = 100

export interface Expand {
  readonly property: string
  readonly select: readonly string[] | undefined
}

export interface Query {
  readonly select: readonly string[] | undefined
  readonly expand: Expand | undefined
  readonly matches: Predicate | undefined
  readonly order: ((left: Item, right: Item) => number) | undefined
  readonly pageSize: number
  readonly skipToken: string | undefined
  /** `@odata.count` is wanted, and given. */
  readonly counts: boolean
}

const known = [
  '$select',
  '$expand',
  '$filter',
  '$orderby',
  '$search',
  '$count',
  '$top',
  '$skiptoken',
  '$skip',
  '$format',
]

/** The options of a request for one object or for a collection of a resource. */
export function queryOf(request: GraphRequest, type: string, isCollection: boolean): Query {
  const { options } = request
  const resource = resources[type]
  if (resource === undefined) throw new Error(`no capabilities of ${type}`)
  for (const name of options.keys()) {
    if (name.startsWith('$') && !known.includes(name))
      throw malformed(`The query parameter '${name}' is not supported.`)
  }
  const select = selectOf(options.get('$select'), type, request)
  if (isCollection) {
    const unavailable = select?.find(property => resource.singleOnly?.has(property))
    if (unavailable !== undefined) {
      throw new GraphError(
        501,
        'NotImplemented',
        `Property '${unavailable}' is not available on a collection of '${resource.title}'.`,
      )
    }
  }
  const expand = expandOf(options.get('$expand'), type, resource, request)
  if (!isCollection) {
    return { select, expand, matches: undefined, order: undefined, pageSize: 1, skipToken: undefined, counts: false }
  }
  if (options.has('$skip')) throw badRequest("'$skip' is not supported by the service.")

  const eventual = isEventual(request)
  const count = options.get('$count')
  if (count !== undefined && count !== 'true' && count !== 'false')
    throw malformed(`Invalid value '${count}' for $count query option.`)
  const isAdvanced = eventual && count === 'true'
  if (expand !== undefined && isAdvanced) throw unsupportedQuery('$expand is not supported with advanced queries.')

  const filter = options.get('$filter')
  const search = options.get('$search')
  if (search !== undefined && !eventual) {
    throw unsupportedQuery(
      "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
    )
  }
  const filtered = filter === undefined ? undefined : predicateOf(filter, type, isAdvanced)
  const found = search === undefined ? undefined : searchOf(search, type)
  return {
    select,
    expand,
    matches: filtered === undefined ? found : found === undefined ? filtered : item => filtered(item) && found(item),
    order: orderOf(options.get('$orderby'), resource, isAdvanced, filter !== undefined),
    pageSize: pageSizeOf(options.get('$top')),
    skipToken: options.get('$skiptoken'),
    counts: isAdvanced,
  }
}

function selectOf(text: string | undefined, type: string, request: GraphRequest): readonly string[] | undefined {
  if (text === undefined || text.trim() === '*') return undefined
  const names = text.split(',').map(name => name.trim())
  for (const name of names) {
    if (!isProperty(name, type, request)) {
      throw malformed(
        `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type 'microsoft.graph.${type}'.`,
      )
    }
  }
  return names
}

// A mixed collection may be asked for whatever any of its members has.
const mixed = ['user', 'group', 'servicePrincipal', 'application']

function isProperty(name: string, type: string, request: GraphRequest): boolean {
  if (name === 'onPremisesPublishing' && request.version !== 'beta') return false
  const types = type === 'directoryObject' ? mixed : [type]
  return types.some(one => propertiesOf.get(one)?.has(name) === true)
}

function expandOf(
  text: string | undefined,
  type: string,
  resource: Resource,
  request: GraphRequest,
): Expand | undefined {
  if (text === undefined) return undefined
  const match = /^\s*(\w+)\s*(?:\((.*)\))?\s*$/.exec(text)
  const property = match?.[1]
  if (property === undefined) throw unsupportedQuery('Expanding more than one relationship is not supported.')
  if (!resource.expand.includes(property)) {
    throw malformed(
      `Parsing OData Select and Expand failed: Could not find a property named '${property}' on type 'microsoft.graph.${type}'.`,
    )
  }
  const inner = match?.[2]
  if (inner === undefined) return { property, select: undefined }
  const select = /^\s*\$select=([^;]+)$/.exec(inner)?.[1]
  if (select === undefined) throw unsupportedQuery(`The options '${inner}' of $expand are not supported.`)
  const expanded = property === 'appRoleAssignedTo' ? 'appRoleAssignment' : 'directoryObject'
  return { property, select: selectOf(select, expanded, request) }
}

function orderOf(
  text: string | undefined,
  resource: Resource,
  isAdvanced: boolean,
  isFiltered: boolean,
): Query['order'] {
  if (text === undefined) return undefined
  const match = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/i.exec(text)
  const property = match?.[1]
  const support = property === undefined ? undefined : resource.orderBy[property]
  if (property === undefined || support === undefined || (!isAdvanced && (support === 'advanced' || isFiltered))) {
    throw unsupportedQuery('Sorting not supported for current query.')
  }
  const sign = match?.[2]?.toLowerCase() === 'desc' ? -1 : 1
  const keyOf = (item: Item) => String(item[property] ?? '').toLowerCase()
  return (left, right) => {
    const [one, other] = [keyOf(left), keyOf(right)]
    return one < other ? -sign : one > other ? sign : 0
  }
}

function pageSizeOf(text: string | undefined): number {
  if (text === undefined) return usualPage
  const size = Number(text)
  if (!/^-?\d+$/.test(text)) throw malformed(`Invalid value '${text}' for $top query option found.`)
  if (size < 1 || size > largestPage) {
    throw unsupportedQuery(`Invalid page size specified: '${text}'. Must be between 1 and ${largestPage} inclusive.`)
  }
  return size
}
