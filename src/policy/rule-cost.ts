// What a rule may cost. CEL always ends, but loops within loops and some regular expressions do so late: they are
// refused before they run, for a policy is checked on machines that others wait for.

import type { ASTNode } from '@marcbachmann/cel-js'
import type { Range } from './source.ts'

/** Refused at parse time, where the text stops being acceptable. */
export const limits = { maxAstNodes: 400, maxDepth: 32, maxListElements: 100, maxMapEntries: 20, maxCallArguments: 8 }

const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
const mostLoops = 2
const longestPattern = 200
const mostRepetitions = 3

/** The first part of the expression that could take too long, and why. */
export function tooCostly(
  node: ASTNode,
  loopsAround = 0,
): { readonly range: Range; readonly message: string } | undefined {
  const { op, args } = node as { readonly op: string; readonly args: unknown }
  const called = op === 'rcall' && Array.isArray(args) ? String(args[0]) : ''
  const depth = loopsAround + (loops.has(called) ? 1 : 0)
  const range = { start: node.start, end: node.end }
  if (depth > mostLoops)
    return { range, message: `no more than ${mostLoops} of ${[...loops].join(', ')} may be inside each other` }
  if (called === 'matches') {
    const [pattern] = nodesIn((args as unknown[])[2])
    const message = costlyPattern(pattern)
    if (message !== undefined)
      return { range: pattern === undefined ? range : { start: pattern.start, end: pattern.end }, message }
  }
  for (const inner of nodesIn(args)) {
    const found = tooCostly(inner, depth)
    if (found !== undefined) return found
  }
  return undefined
}

function nodesIn(args: unknown): readonly ASTNode[] {
  return [args].flat(3).filter((each): each is ASTNode => typeof each === 'object' && each !== null && 'op' in each)
}

function costlyPattern(node: ASTNode | undefined): string | undefined {
  const pattern: unknown = node?.op === 'value' ? node.args : undefined
  if (typeof pattern !== 'string') return 'the pattern of `matches` must be written out'
  if (pattern.length > longestPattern) return `the pattern of \`matches\` has more than ${longestPattern} characters`
  if (/\\[1-9k]/.test(pattern)) return 'the pattern of `matches` may not refer back'
  try {
    new RegExp(pattern)
  } catch {
    return 'this is not a regular expression'
  }
  let rest = pattern.replace(/\\./g, 'e').replace(/\[[^\]]*\]/g, 'c')
  if ((rest.match(/[*+]|\{\d+,\}/g) ?? []).length > mostRepetitions)
    return `the pattern of \`matches\` has more than ${mostRepetitions} repetitions`
  for (let group = innermost.exec(rest); group !== null; group = innermost.exec(rest)) {
    const [whole, inside = '', repeated] = group
    if (repeated !== undefined && /[*+{|?]/.test(inside))
      return 'the pattern of `matches` repeats what repeats or chooses: it could take for ever'
    rest = rest.replace(whole, () => `${inside}${repeated ?? ''}`)
  }
  return undefined
}

const innermost = /\((?:\?[:=!]|\?<[=!])?([^()]*)\)([*+]|\{[^}]*\})?/
