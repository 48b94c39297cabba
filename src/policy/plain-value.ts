// YAML nodes -> plain values, each with its place. What is not part of the policy language is refused here: tags, merge
// keys, duplicate keys, names that JavaScript objects give a meaning of their own, and aliases beyond measure.

import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml'
import { type Place, step } from './document.ts'
import type { Fault, Range, Source } from './source.ts'
import { hiddenInText } from './text.ts'

export const deepest = 48
const mostAliased = 10_000

export const tooDeep: Fault = {
  severity: 'error',
  code: 'too-deep',
  message: `this is nested more than ${deepest} levels deep`,
}

/** Ends the reading of a file at the first thing that only an attack, or a great mistake, would hold. */
export class Excess extends Error {
  readonly fault: Fault
  readonly range: Range

  constructor(range: Range, code: string, message: string, hint?: string) {
    super(message)
    this.name = 'Excess'
    this.range = range
    this.fault = { severity: 'error', code, message, ...(hint === undefined ? {} : { hint }) }
  }
}

export function unsupported(what: string): Fault {
  return {
    severity: 'error',
    code: 'unsupported-yaml',
    message: `${what} is not part of the policy language`,
    hint: 'write the plain value',
  }
}

interface Reading {
  readonly source: Source
  readonly report: (range: Range, fault: Fault) => void
  readonly places: Map<string, Place>
  /** The raw text was found to hold hidden characters already: values need not be searched again. */
  readonly hasHidden: boolean
}

export function plainValue(root: Node, { source, report, places, hasHidden }: Reading): unknown {
  const anchors = new Map<string, Node>()
  let aliased = 0
  return convert(root, '', 0, undefined, undefined)

  function convert(
    node: Node,
    pointer: string,
    depth: number,
    key: Range | undefined,
    alias: Range | undefined,
  ): unknown {
    const range = alias ?? rangeOf(node)
    places.set(pointer, { value: range, ...(key === undefined ? {} : { key }), ...written(node) })
    if (depth > deepest) throw new Excess(range, tooDeep.code, tooDeep.message)
    if (alias !== undefined && ++aliased > mostAliased) {
      throw new Excess(range, 'alias-bomb', 'aliases make this file too large', 'write out what is meant')
    }
    if (isAlias(node)) return follow(node, pointer, depth, key, range)
    if (node.tag !== undefined) {
      report(tagRange(range.start), unsupported('a tag'))
      return undefined
    }
    const value = isMap(node)
      ? mapping(node, pointer, depth, alias)
      : isSeq(node)
        ? node.items.map((item, index) => convert(item as Node, pointer + step(index), depth + 1, undefined, alias))
        : scalar(node as Scalar, range)
    if (node.anchor !== undefined) anchors.set(node.anchor, node)
    return value
  }

  function follow(node: Alias, pointer: string, depth: number, key: Range | undefined, range: Range): unknown {
    const meant = anchors.get(node.source)
    if (meant !== undefined) return convert(meant, pointer, depth, key, range)
    const message = `no anchor \`${node.source}\` is complete above this alias`
    report(rangeOf(node), {
      severity: 'error',
      code: 'unknown-anchor',
      message,
      hint: 'text that begins with * goes in quotes',
    })
    return undefined
  }

  function mapping(node: YAMLMap, pointer: string, depth: number, alias: Range | undefined): Record<string, unknown> {
    const value: Record<string, unknown> = {}
    for (const pair of node.items) {
      const range = alias ?? (pair.key === null ? rangeOf(node) : rangeOf(pair.key as Node))
      const key = keyOf(pair.key as Node | null)
      const fault = keyFault(key, value)
      if (fault !== undefined) report(range, fault)
      if (key === undefined || fault !== undefined) continue
      const inner = pair.value as Node | null
      const at = pointer + step(key)
      if (inner === null) places.set(at, { key: range, value: range })
      value[key] = inner === null ? null : convert(inner, at, depth + 1, range, alias)
    }
    return value
  }

  function keyOf(key: Node | null): string | undefined {
    if (!isScalar(key) || key.tag !== undefined) return undefined
    return key.type === 'PLAIN' ? key.source : typeof key.value === 'string' ? key.value : undefined
  }

  function keyFault(key: string | undefined, value: object): Fault | undefined {
    if (key === undefined || key === '')
      return { severity: 'error', code: 'bad-key', message: 'a key must be a plain word' }
    if (key === '<<') return unsupported('a merge key')
    if (Object.hasOwn(value, key))
      return { severity: 'error', code: 'duplicate-key', message: `\`${key}\` is there twice`, hint: 'keep one' }
    // `constructor` is a name that the language allows; as a key of its own it hides nothing.
    if (key in Object.prototype && key !== 'constructor')
      return { severity: 'error', code: 'forbidden-key', message: `\`${key}\` cannot be a key or name` }
    return undefined
  }

  function scalar(node: Scalar, range: Range): unknown {
    if (typeof node.value !== 'string' || hasHidden) return node.value
    const [hidden] = hiddenInText(node.value)
    if (hidden !== undefined) report(range, hidden.fault)
    return node.value
  }

  /** Tags stand before the value, and a value's own range begins after them. */
  function tagRange(before: number): Range {
    const last = source.text.lastIndexOf('!', before - 1)
    const start = source.text[last - 1] === '!' ? last - 1 : last
    return { start, end: start + Math.max(1, source.text.slice(start, before).trimEnd().length) }
  }
}

function rangeOf(node: Node): Range {
  return { start: node.range?.[0] ?? 0, end: node.range?.[1] ?? 1 }
}

const styles = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'block',
  BLOCK_FOLDED: 'block',
} as const

/** The style, and for a plain number or boolean its own letters: where the language wants text, `007` means 007. */
function written(node: Node): Pick<Place, 'style' | 'letters'> {
  if (!isScalar(node) || node.type === undefined) return {}
  const letters =
    node.type === 'PLAIN' && typeof node.value !== 'string' && node.value !== null ? node.source : undefined
  const style = styles[node.type as keyof typeof styles]
  return letters === undefined ? { style } : { style, letters }
}
