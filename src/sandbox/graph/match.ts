// $filter against a resource: refuses what Graph refuses, by the table of capabilities, and gives the rest as a predicate.

import { type FilterRule, type Operator, resources, type Support } from './capabilities.ts'
import { badRequest, malformed, unsupportedQuery } from './errors.ts'
import { type Expression, type Literal, parseFilter } from './filter.ts'
import { propertiesOf } from './properties.ts'

export type Item = Readonly<Record<string, unknown>>
export type Predicate = (item: Item) => boolean

/** More alternatives than this are refused in one filter. */
const mostAlternatives = 15

export function predicateOf(text: string, type: string, isAdvanced: boolean): Predicate {
  const expression = parseFilter(text)
  const alternatives = countAlternatives(expression)
  if (alternatives > mostAlternatives) {
    throw unsupportedQuery(
      `Too many child clauses specified in search filter expression containing 'OR' operators: ${alternatives}. Max allowed: ${mostAlternatives}.`,
    )
  }
  return compile(expression, { type, isAdvanced })
}

interface Scope {
  readonly type: string
  readonly isAdvanced: boolean
  /** Inside `any`: its variable, and the collection that it runs over. */
  readonly lambda?: { readonly variable: string; readonly path: string }
}

function countAlternatives(expression: Expression): number {
  switch (expression.kind) {
    case 'or':
      return countAlternatives(expression.left) + countAlternatives(expression.right)
    case 'and':
      return Math.max(countAlternatives(expression.left), countAlternatives(expression.right))
    case 'not':
      return countAlternatives(expression.of)
    case 'in':
      return expression.values.length
    default:
      return 1
  }
}

function compile(expression: Expression, scope: Scope): Predicate {
  switch (expression.kind) {
    case 'and': {
      const [left, right] = [compile(expression.left, scope), compile(expression.right, scope)]
      return item => left(item) && right(item)
    }
    case 'or': {
      const [left, right] = [compile(expression.left, scope), compile(expression.right, scope)]
      return item => left(item) || right(item)
    }
    case 'not': {
      if (!scope.isAdvanced) throw needsAdvanced('not')
      const inner = compile(expression.of, scope)
      return item => !inner(item)
    }
    case 'any':
      return compileAny(expression, scope)
    case 'call': {
      if (expression.name === 'contains') throw unsupported(expression.path, scope)
      const { read } = access(expression.path, expression.name, [expression.value], scope)
      const wanted = expression.value.toLowerCase()
      const test = expression.name === 'startsWith' ? 'startsWith' : 'endsWith'
      return item => {
        const value = read(item)
        return typeof value === 'string' && value.toLowerCase()[test](wanted)
      }
    }
    case 'in': {
      const { read, kind } = access(expression.path, 'eq', expression.values, scope)
      const wanted = new Set(expression.values.map(value => comparable(value, kind)))
      return item => wanted.has(comparable(read(item) as Literal, kind))
    }
    case 'compare':
      return compileComparison(expression, scope)
  }
}

function compileComparison(expression: Expression & { kind: 'compare' }, scope: Scope): Predicate {
  if (expression.path.endsWith('/$count')) return compileCount(expression, scope)
  const { operator } = expression
  if (operator === 'gt' || operator === 'lt') throw unsupported(expression.path, scope)
  const rule: Operator = operator === 'ge' || operator === 'le' ? operator : 'eq'
  const { read, kind } = access(expression.path, rule, [expression.value], scope)
  if ((operator === 'ne' || expression.value === null) && !scope.isAdvanced) {
    throw operator === 'ne' ? needsAdvanced('ne') : unsupported(expression.path, scope)
  }
  const wanted = comparable(expression.value, kind)
  if (operator === 'eq') return item => comparable(read(item) as Literal, kind) === wanted
  if (operator === 'ne') return item => comparable(read(item) as Literal, kind) !== wanted
  if (wanted === null) throw unsupported(expression.path, scope)
  return item => {
    const value = comparable(read(item) as Literal, kind)
    if (value === null || typeof value !== typeof wanted) return false
    return operator === 'ge' ? value >= wanted : value <= wanted
  }
}

function compileCount(expression: Expression & { kind: 'compare' }, scope: Scope): Predicate {
  const path = expression.path.slice(0, -'/$count'.length)
  const isCollection = propertiesOf.get(scope.type)?.get(path)?.endsWith('[]') === true
  const { operator, value } = expression
  const isPlain = (operator === 'eq' || operator === 'ne') && (value === 0 || value === 1)
  if (!isCollection || !isPlain || !scope.isAdvanced) throw unsupported(path, scope)
  return item => {
    const collection = item[path]
    const count = Array.isArray(collection) ? collection.length : 0
    return (count === value) === (operator === 'eq')
  }
}

function compileAny(expression: Expression & { kind: 'any' }, scope: Scope): Predicate {
  const { path, variable, of } = expression
  const type = propertiesOf.get(scope.type)?.get(path)
  if (scope.lambda !== undefined) throw malformed('Invalid filter clause: Nested lambda expressions are not supported.')
  if (type === undefined) throw unknownProperty(path, scope.type)
  if (!type.endsWith('[]')) throw malformed('Invalid filter clause: Any/All may only be used following a collection.')
  if (path === 'identities' && !namesIdentity(of)) throw unsupported(path, scope)
  if (of === undefined) {
    if (!scope.isAdvanced) throw needsAdvanced('any')
    return item => Array.isArray(item[path]) && item[path].length > 0
  }
  const inner = compile(of, { ...scope, lambda: { variable, path } })
  return item => {
    const collection = item[path]
    return Array.isArray(collection) && collection.some(element => inner(isItem(element) ? element : { '': element }))
  }
}

// A filter on identities must name both the issuer and what it issued.
function namesIdentity(expression: Expression | undefined): boolean {
  if (expression?.kind !== 'and') return false
  const parts = [expression.left, expression.right].map(part =>
    part.kind === 'compare' && part.operator === 'eq' ? part.path : '',
  )
  return parts.some(path => path.endsWith('/issuerAssignedId')) && parts.some(path => path.endsWith('/issuer'))
}

interface Access {
  readonly read: (item: Item) => unknown
  /** The property's type. */
  readonly kind: string
}

/** How a property is read, if it may be compared with `operator` at all. */
function access(path: string, operator: Operator, values: readonly Literal[], scope: Scope): Access {
  const { name, kind, read } = resolve(path, scope)
  const rule: FilterRule | undefined = resources[scope.type]?.filter[name]
  const support: Support | undefined = rule?.[operator]
  if (support === undefined) throw unsupported(name, scope)
  if (support === 'advanced' && !scope.isAdvanced) {
    throw operator === 'endsWith' ? needsAdvanced('endsWith') : unsupported(name, scope)
  }
  for (const value of values) requireKind(value, kind, operator)
  return { read, kind }
}

function resolve(path: string, scope: Scope): Access & { readonly name: string } {
  const { lambda, type } = scope
  const table = propertiesOf.get(type)
  if (lambda !== undefined && (path === lambda.variable || path.startsWith(`${lambda.variable}/`))) {
    const element = table?.get(lambda.path)?.slice(0, -2) ?? ''
    if (path === lambda.variable) return { name: lambda.path, kind: element, read: item => item[''] }
    const part = path.slice(lambda.variable.length + 1)
    const kind = propertiesOf.get(element)?.get(part)
    if (kind === undefined) throw unknownProperty(part, element)
    return { name: `${lambda.path}/${part}`, kind, read: item => item[part] }
  }
  const [property = '', part, ...rest] = path.split('/')
  const declared =
    type === 'directoryObject' ? (propertiesOf.get('user')?.get(property) ?? undefined) : table?.get(property)
  if (declared === undefined || rest.length > 0) throw unknownProperty(path, type)
  if (declared.endsWith('[]')) {
    throw malformed(
      "Invalid filter clause: A binary operator with incompatible types was detected. Found operand types 'Collection(Edm.String)' and 'Edm.String' for operator kind 'Equal'.",
    )
  }
  if (part === undefined) return { name: property, kind: bare(declared), read: item => item[property] }
  const kind = propertiesOf.get(declared)?.get(part)
  if (kind === undefined) throw unknownProperty(part, declared)
  return {
    name: path,
    kind: bare(kind),
    read: item => {
      const complex = item[property]
      return isItem(complex) ? complex[part] : undefined
    },
  }
}

function bare(type: string): string {
  return type.endsWith('!') ? type.slice(0, -1) : type
}

function isItem(value: unknown): value is Item {
  return typeof value === 'object' && value !== null
}

const kindNames: Readonly<Record<string, string>> = { eq: 'Equal', ge: 'GreaterThanOrEqual', le: 'LessThanOrEqual' }

function requireKind(value: Literal, kind: string, operator: Operator): void {
  if (value === null) return
  const given = edmTypeOf(value)
  const expected = ['String', 'Boolean', 'DateTimeOffset', 'Guid', 'Int32'].includes(kind) ? kind : 'String'
  const fits = given === expected || (expected === 'Guid' && given === 'String')
  if (!fits) {
    throw malformed(
      `Invalid filter clause: A binary operator with incompatible types was detected. Found operand types 'Edm.${expected}' and 'Edm.${given}' for operator kind '${kindNames[operator] ?? 'Equal'}'.`,
    )
  }
}

function edmTypeOf(value: Exclude<Literal, null>): string {
  if (typeof value === 'string') return 'String'
  if (typeof value === 'boolean') return 'Boolean'
  if (typeof value === 'number') return 'Int32'
  return 'guid' in value ? 'Guid' : 'DateTimeOffset'
}

/** Strings without case, instants as numbers. */
function comparable(value: Literal | undefined, kind: string): string | number | boolean | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return kind === 'DateTimeOffset' ? Date.parse(value) : value.toLowerCase()
  if (typeof value === 'object') return 'guid' in value ? value.guid : value.dateTime
  return value
}

function needsAdvanced(operator: string): Error {
  return unsupportedQuery(
    `Operator '${operator}' is not supported because the required parameters might be missing. Try adding $count=true query parameter and ConsistencyLevel:eventual header. Refer to https://aka.ms/graph-docs/advanced-queries for more information`,
  )
}

function unsupported(property: string, scope: Scope): Error {
  const title = resources[scope.type]?.title ?? scope.type
  return unsupportedQuery(
    `Unsupported or invalid query filter clause specified for property '${property}' of resource '${title}'.`,
  )
}

function unknownProperty(property: string, type: string): Error {
  return malformed(
    `Invalid filter clause: Could not find a property named '${property}' on type 'microsoft.graph.${type}'.`,
  )
}

/** A $search as `"property:words"`, alternatives joined by OR: words anywhere in a value. */
export function searchOf(text: string, type: string): Predicate {
  const searchable = resources[type]?.search ?? []
  const clauses = text.split(/\s+OR\s+/).map(clause => {
    const match = /^"(\w+):([^"]*)"$/.exec(clause.trim())
    if (match?.[1] === undefined || match[2] === undefined || match[2] === '') {
      throw badRequest(`Syntax error: character '${clause.trim().charAt(0)}' is not valid at position 0 in '${text}'.`)
    }
    const property = match[1]
    if (!searchable.includes(property)) throw unsupportedQuery(`Property '${property}' is not searchable.`)
    return { property, words: match[2].toLowerCase() }
  })
  return item =>
    clauses.some(({ property, words }) => {
      const value = item[property]
      const values: readonly unknown[] = Array.isArray(value) ? value : [value]
      return values.some(one => typeof one === 'string' && one.toLowerCase().includes(words))
    })
}
