// The $filter language: text to a tree. What the tree may ask of a resource is decided in match.ts.

import { malformed } from './errors.ts'

export type Literal = string | number | boolean | null | { readonly dateTime: number } | { readonly guid: string }

export type Comparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le'
export type StringFunction = 'startsWith' | 'endsWith' | 'contains'

export type Expression =
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly path: string; readonly value: Literal }
  | { readonly kind: 'in'; readonly path: string; readonly values: readonly Literal[] }
  | { readonly kind: 'call'; readonly name: StringFunction; readonly path: string; readonly value: string }
  | { readonly kind: 'any'; readonly path: string; readonly variable: string; readonly of: Expression | undefined }

interface Token {
  readonly text: string
  readonly at: number
  readonly string?: string
}

const tokenPattern =
  /\s*(?:('(?:[^']|'')*')|([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})|(\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?)?)|(-?\d+(?:\.\d+)?)|([A-Za-z_$][\w$/.]*)|([(),:]))/y

const comparisons: readonly string[] = ['eq', 'ne', 'gt', 'ge', 'lt', 'le']
const functions: ReadonlyMap<string, StringFunction> = new Map([
  ['startswith', 'startsWith'],
  ['endswith', 'endsWith'],
  ['contains', 'contains'],
])

export function parseFilter(text: string): Expression {
  const tokens = tokensOf(text)
  let next = 0

  function fail(): Error {
    const at = tokens[next]?.at ?? text.length
    return malformed(`Invalid filter clause: Syntax error at position ${at} in '${text}'.`)
  }

  function peek(): string {
    return tokens[next]?.text.toLowerCase() ?? ''
  }

  function take(expected?: string): Token {
    const token = tokens[next]
    if (token === undefined || (expected !== undefined && token.text !== expected)) throw fail()
    next += 1
    return token
  }

  function either(): Expression {
    let left = both()
    while (peek() === 'or') {
      next += 1
      left = { kind: 'or', left, right: both() }
    }
    return left
  }

  function both(): Expression {
    let left = unary()
    while (peek() === 'and') {
      next += 1
      left = { kind: 'and', left, right: unary() }
    }
    return left
  }

  function unary(): Expression {
    if (peek() === 'not') {
      next += 1
      return { kind: 'not', of: unary() }
    }
    if (peek() === '(') {
      next += 1
      const inner = either()
      take(')')
      return inner
    }
    return primary()
  }

  function primary(): Expression {
    const name = identifier()
    const called = functions.get(name.toLowerCase())
    if (called !== undefined && peek() === '(') {
      take('(')
      const path = identifier()
      take(',')
      const value = literal()
      take(')')
      if (typeof value !== 'string') throw fail()
      return { kind: 'call', name: called, path, value }
    }
    if (name.endsWith('/any') && peek() === '(') return lambda(name.slice(0, -'/any'.length))
    if (name.endsWith('/all') && peek() === '(')
      throw malformed("Invalid filter clause: The 'all' operator is not supported.")
    const operator = take().text.toLowerCase()
    if (operator === 'in') return { kind: 'in', path: name, values: list() }
    if (!comparisons.includes(operator)) {
      next -= 1
      throw fail()
    }
    return { kind: 'compare', operator: operator as Comparison, path: name, value: literal() }
  }

  function lambda(path: string): Expression {
    take('(')
    if (peek() === ')') {
      take(')')
      return { kind: 'any', path, variable: '', of: undefined }
    }
    const variable = identifier()
    take(':')
    const of = either()
    take(')')
    return { kind: 'any', path, variable, of }
  }

  function list(): readonly Literal[] {
    take('(')
    const values = [literal()]
    while (peek() === ',') {
      next += 1
      values.push(literal())
    }
    take(')')
    return values
  }

  function identifier(): string {
    const token = take()
    if (token.string !== undefined || !/^[A-Za-z_$]/.test(token.text)) {
      next -= 1
      throw fail()
    }
    return token.text
  }

  function literal(): Literal {
    const token = take()
    if (token.string !== undefined) return token.string
    if (token.text === 'true' || token.text === 'false') return token.text === 'true'
    if (token.text === 'null') return null
    if (/^[0-9a-f]{8}-/i.test(token.text)) return { guid: token.text.toLowerCase() }
    if (/^\d{4}-\d{2}-\d{2}/.test(token.text)) return { dateTime: Date.parse(token.text) }
    if (/^-?\d/.test(token.text)) return Number(token.text)
    next -= 1
    throw fail()
  }

  const expression = either()
  if (next < tokens.length) throw fail()
  return expression
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  const pattern = new RegExp(tokenPattern)
  const end = text.trimEnd().length
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex
    const match = pattern.exec(text)
    if (match === null) {
      const rest = text.slice(at).trimStart()
      throw malformed(
        rest.startsWith("'")
          ? `Invalid filter clause: There is an unterminated string literal at position ${text.length} in '${text}'.`
          : `Invalid filter clause: Syntax error at position ${at} in '${text}'.`,
      )
    }
    const token = match[0].trim()
    const position = at + match[0].length - token.length
    tokens.push(
      match[1] === undefined
        ? { text: token, at: position }
        : { text: token, at: position, string: token.slice(1, -1).replaceAll("''", "'") },
    )
  }
  return tokens
}
