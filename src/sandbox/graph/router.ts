// Paths to handlers. A literal segment wins over a key; a segment that leads nowhere is refused by name, as Graph does.

import { GraphError, malformed } from './errors.ts'
import type { Answer, GraphRequest, Handler, Key, Route, Version } from './request.ts'

interface Node {
  readonly literals: Map<string, Node>
  key?: Node
  readonly handlers: Map<string, Handler>
}

export type Router = (request: GraphRequest) => Answer

export function routerOf(routes: readonly Route[]): Router {
  const roots: Readonly<Record<Version, Node>> = {
    'v1.0': treeOf(routes.filter(route => route.betaOnly !== true)),
    beta: treeOf(routes),
  }
  return request => {
    const keys: Key[] = []
    let node = roots[request.version]
    for (const token of tokensOf(request.path)) {
      const literal: Node | undefined = typeof token === 'string' ? node.literals.get(token.toLowerCase()) : undefined
      const next: Node | undefined = literal ?? node.key
      if (next === undefined) throw unknownSegment(typeof token === 'string' ? token : token.value)
      if (literal === undefined) keys.push(typeof token === 'string' ? { value: token } : token)
      node = next
    }
    const handle = node.handlers.get(request.method)
    if (handle !== undefined) return handle(request, ...keys)
    if (node.handlers.size === 0) throw unknownSegment(request.path.slice(request.path.lastIndexOf('/') + 1))
    throw new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.')
  }
}

function treeOf(routes: readonly Route[]): Node {
  const root = emptyNode()
  for (const route of routes) {
    let node = root
    for (const part of route.pattern.split('/').slice(1)) {
      let next = part === '{}' ? node.key : node.literals.get(part.toLowerCase())
      if (next === undefined) {
        next = emptyNode()
        if (part === '{}') node.key = next
        else node.literals.set(part.toLowerCase(), next)
      }
      node = next
    }
    node.handlers.set(route.method, route.handle)
  }
  return root
}

function emptyNode(): Node {
  return { literals: new Map(), handlers: new Map() }
}

/** The segments of a path, keys in parentheses apart. */
export function tokensOf(path: string): readonly (string | Key)[] {
  return path
    .split('/')
    .filter(part => part !== '')
    .flatMap(part => {
      const text = decode(part)
      const match = /^([\w.$]+)\((.*)\)$/.exec(text)
      return match?.[1] === undefined || match[2] === undefined ? [text] : [match[1], keyOf(match[2])]
    })
}

function keyOf(text: string): Key {
  const match = /^(?:(\w+)\s*=\s*)?(?:'((?:[^']|'')*)'|([^'=]*))$/.exec(text)
  const value = match?.[2]?.replaceAll("''", "'") ?? match?.[3]
  if (value === undefined || value === '') throw malformed(`Bad Request - Error in query syntax: '(${text})'.`)
  return match?.[1] === undefined ? { value } : { name: match[1], value }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw malformed('Bad Request - Error in query syntax.')
  }
}

function unknownSegment(segment: string): GraphError {
  return malformed(`Resource not found for the segment '${segment}'.`)
}
