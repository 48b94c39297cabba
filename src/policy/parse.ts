// YAML text -> documents with positions. YAML 1.2 core without tags, directives and merge keys: a policy means what a person
// reads. Every size is bounded before it can cost anything.

import {
  type Alias,
  Composer,
  type CST,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  Parser,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import type { Problem } from '../model/problem.ts'
import { type Place, type SourceDocument, step } from './document.ts'
import { type Fault, problemAt, type Range, type Source } from './source.ts'
import { hiddenInText } from './text.ts'

const deepest = 48
const mostDocuments = 10_000
const mostNodes = 500_000
const mostAliased = 10_000

export interface Parsed {
  readonly documents: readonly (SourceDocument & { readonly broken: boolean })[]
  readonly problems: readonly Problem[]
}

/** Ends the reading of a file at the first thing that only an attack, or a great mistake, would hold. */
class Excess extends Error {
  readonly fault: Fault
  readonly range: Range

  constructor(range: Range, code: string, message: string, hint?: string) {
    super(message)
    this.range = range
    this.fault = { severity: 'error', code, message, ...(hint === undefined ? {} : { hint }) }
  }
}

export function parseYaml(source: Source): Parsed {
  const problems: Problem[] = []
  const report = (range: Range, fault: Fault) => problems.push(problemAt(source, range, fault))
  const hidden = hiddenInText(source.text)
  if (hidden !== undefined) report({ start: hidden.index, end: hidden.index + 1 }, hidden.fault)
  try {
    return { documents: documentsOf(source, report, hidden !== undefined), problems }
  } catch (error) {
    if (error instanceof Excess) report(error.range, error.fault)
    else if (error instanceof RangeError) report({ start: 0, end: 1 }, tooDeep)
    else
      report(
        { start: 0, end: 1 },
        { severity: 'error', code: 'yaml-syntax', message: 'this file cannot be read as YAML' },
      )
    return { documents: [], problems }
  }
}

type Report = (range: Range, fault: Fault) => void

const tooDeep: Fault = {
  severity: 'error',
  code: 'too-deep',
  message: `this is nested more than ${deepest} levels deep`,
}

function documentsOf(source: Source, report: Report, hasHidden: boolean): Parsed['documents'] {
  const composer = new Composer({ prettyErrors: false, uniqueKeys: false, logLevel: 'silent' })
  const tokens = [...tokensOf(source.text)].filter(token => {
    if (token.type === 'directive') report({ start: token.offset, end: token.offset + 1 }, unsupported('a directive'))
    return token.type !== 'directive'
  })
  const documents: Parsed['documents'][number][] = []
  let nodes = 0
  for (const document of composer.compose(tokens, false, source.text.length)) {
    const [first] = document.errors
    if (first !== undefined) {
      report({ start: first.pos[0], end: first.pos[1] }, syntaxFault(first.code, first.message))
    }
    const root = document.contents
    if (root === null || (isScalar(root) && root.value === null && root.source === '')) continue
    const places = new Map<string, Place>()
    const quiet = first !== undefined
    const value = plainValue(root, { source, report: quiet ? () => undefined : report, places, hasHidden })
    nodes += places.size
    if (nodes > mostNodes)
      throw new Excess(
        { start: 0, end: 1 },
        'too-large',
        'this file holds too many values',
        'split it, or keep people in a roster',
      )
    documents.push({ source, value, places, broken: quiet })
  }
  return documents
}

/** The lexer sees depth before anything recursive does: brackets that are open, and `- - -` within a line. */
function* tokensOf(text: string): Generator<CST.Token> {
  const parser = new Parser()
  let open = 0
  let inLine = 0
  let documents = 0
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme === '[' || lexeme === '{') open += 1
    else if (lexeme === ']' || lexeme === '}') open = Math.max(0, open - 1)
    else if (lexeme === '-' || lexeme === '?' || lexeme === ':') inLine += open === 0 ? 1 : 0
    else if (lexeme === '\n' || lexeme === '\r\n') inLine = 0
    const here = { start: parser.offset, end: parser.offset + 1 }
    if (Math.max(open, inLine) > deepest) throw new Excess(here, tooDeep.code, tooDeep.message)
    for (const token of parser.next(lexeme)) {
      if (token.type === 'document') documents += 1
      yield token
    }
    if (documents > mostDocuments)
      throw new Excess(here, 'too-large', `this file holds more than ${mostDocuments} documents`)
  }
  yield* parser.end()
}

function syntaxFault(code: string, message: string): Fault {
  const hint = syntaxHints[code]
  const fault: Fault = {
    severity: 'error',
    code: code === 'TAB_AS_INDENT' ? 'tab-indent' : 'yaml-syntax',
    message: message.charAt(0).toLowerCase() + message.slice(1),
  }
  return hint === undefined ? fault : { ...fault, hint }
}

const syntaxHints: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BLOCK_AS_IMPLICIT_KEY: 'put text that holds `: ` in quotes',
  BAD_SCALAR_START: 'put text that begins so in quotes',
  MISSING_CHAR: 'close what was opened before this place',
  UNEXPECTED_TOKEN: 'is the indentation the same as in the lines above?',
}

function unsupported(what: string): Fault {
  return {
    severity: 'error',
    code: 'unsupported-yaml',
    message: `${what} is not part of the policy language`,
    hint: 'write the plain value',
  }
}

interface Reading {
  readonly source: Source
  readonly report: Report
  readonly places: Map<string, Place>
  /** The raw text was found to hold hidden characters already: values need not be searched again. */
  readonly hasHidden: boolean
}

function plainValue(root: Node, { source, report, places, hasHidden }: Reading): unknown {
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
    if (node.tag !== undefined) report(tagRange(range.start), unsupported('a tag'))
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
    if (key in Object.prototype)
      return { severity: 'error', code: 'forbidden-key', message: `\`${key}\` cannot be a key or name` }
    return undefined
  }

  function scalar(node: Scalar, range: Range): unknown {
    if (typeof node.value !== 'string' || hasHidden) return node.value
    const hidden = hiddenInText(node.value)
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
