// Which rule strikes a request. Chance is a hash of the seed and of what is asked for the how-manieth time: a run can be had
// again, in whatever order its requests arrive.

import { createHash } from 'node:crypto'
import type { GraphRequest } from '../request.ts'
import type { FaultRule } from './kinds.ts'

export interface Strike {
  readonly fault: FaultRule['fault']
  readonly method: string
  readonly path: string
}

export interface Strikes {
  /** The first rule that strikes `request`, of those that `isMeant`; `parts`: of a $batch, its items. */
  readonly of: (
    request: GraphRequest,
    isMeant: (rule: FaultRule) => boolean,
    parts?: readonly Asked[],
  ) => FaultRule | undefined
  /** What has struck. */
  readonly struck: readonly Strike[]
}

/** As much of a request as a rule looks at. */
export type Asked = Pick<GraphRequest, 'method' | 'path'>

export function createStrikes(seed: number, rules: readonly FaultRule[]): Strikes {
  const states = rules.map((rule, index) => ({
    rule,
    index,
    matches: matcherOf(rule.on),
    met: 0,
    struck: 0,
    seen: new Map<string, number>(),
  }))
  const struck: Strike[] = []

  const strikes = (state: (typeof states)[number], request: GraphRequest): boolean => {
    const { rule, index, seen } = state
    if (state.struck >= (rule.times ?? Number.POSITIVE_INFINITY)) return false
    state.met += 1
    if (rule.nth !== undefined) return state.met === rule.nth
    if (rule.every !== undefined) return state.met % rule.every === 0
    if (rule.chance === undefined) return true
    const asked = digestOf(request)
    const before = seen.get(asked) ?? 0
    seen.set(asked, before + 1)
    return drawn(seed, index, asked, before) < rule.chance
  }

  return {
    struck,
    of: (request, isMeant, parts = []) => {
      const isBatch = request.inBatch === true || isEnvelope(request)
      for (const state of states) {
        const { rule } = state
        if (!isMeant(rule) || (rule.in !== undefined && (rule.in === 'batch') !== isBatch)) continue
        if (![request, ...parts].some(state.matches) || !strikes(state, request)) continue
        state.struck += 1
        struck.push({ fault: rule.fault, method: request.method, path: request.path })
        return rule
      }
      return undefined
    },
  }
}

export function isEnvelope({ path }: Asked): boolean {
  return path.toLowerCase() === '/$batch'
}

/** `POST|PATCH /users/*`; undefined: no such pattern. */
export function readPattern(on: string): { readonly methods: readonly string[]; readonly path: string } | undefined {
  const match = /^(?:([A-Z]+(?:\|[A-Z]+)*)(?:\s+|$))?(\/\S*)?$/.exec(on)
  if (match === null || on === '') return undefined
  const methods = match[1]?.split('|') ?? []
  return methods.every(method => known.includes(method)) ? { methods, path: match[2] ?? '/**' } : undefined
}

const known = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE']

function matcherOf(on: string | undefined): (asked: Asked) => boolean {
  if (on === undefined) return () => true
  const { methods, path } = readPattern(on) ?? { methods: [''], path: '' }
  const segments = path.split('/').map(segment => segment.toLowerCase())
  const isOpen = segments.at(-1) === '**'
  const fixed = isOpen ? segments.slice(0, -1) : segments
  return asked => {
    if (methods.length > 0 && !methods.includes(asked.method)) return false
    const parts = asked.path.split('/').map(part => part.toLowerCase())
    if (isOpen ? parts.length < fixed.length : parts.length !== fixed.length) return false
    return fixed.every((segment, index) => segment === '*' || segment === parts[index])
  }
}

function digestOf({ method, version, path, options, body }: GraphRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([method, version, path, [...options], body ?? null]))
    .digest('base64')
}

function drawn(seed: number, rule: number, asked: string, before: number): number {
  return (
    createHash('sha256')
      .update(JSON.stringify([seed, rule, asked, before]))
      .digest()
      .readUInt32BE() /
    2 ** 32
  )
}
