// YAML text -> documents with positions. YAML 1.2 core without tags, directives and merge keys: a policy means what a
// person reads. Every size is bounded before it can cost anything.

import { Composer, type CST, isScalar, Lexer, Parser } from 'yaml'
import type { Problem } from '../model/problem.ts'
import type { Place, SourceDocument } from './document.ts'
import { deepest, Excess, plainValue, tooDeep, unsupported } from './plain-value.ts'
import { type Fault, problemAt, type Range, type Source } from './source.ts'
import { hiddenInText } from './text.ts'

const mostDocuments = 10_000
const mostNodes = 500_000

export interface ParsedDocument extends SourceDocument {
  /** faulty: something in it was refused and left out. broken: it could not be read to the end. */
  readonly state: 'whole' | 'faulty' | 'broken'
}

export interface Parsed {
  readonly documents: readonly ParsedDocument[]
  readonly problems: readonly Problem[]
  /** True if the file may hold documents that are not here. */
  readonly lost: boolean
}

type Report = (range: Range, fault: Fault) => void

export function parseYaml(source: Source): Parsed {
  const problems: Problem[] = []
  const report: Report = (range, fault) => problems.push(problemAt(source, range, fault))
  const hidden = hiddenInText(source.text)
  for (const { index, fault } of hidden) report({ start: index, end: index + 1 }, fault)
  try {
    return { documents: documentsOf(source, report, hidden.length > 0), problems, lost: false }
  } catch (error) {
    const whole = { start: 0, end: 1 }
    if (error instanceof Excess) report(error.range, error.fault)
    else if (error instanceof RangeError) report(whole, tooDeep)
    else report(whole, { severity: 'error', code: 'yaml-syntax', message: 'this file cannot be read as YAML' })
    return { documents: [], problems, lost: true }
  }
}

function documentsOf(source: Source, report: Report, hasHidden: boolean): readonly ParsedDocument[] {
  const composer = new Composer({ prettyErrors: false, uniqueKeys: false, logLevel: 'silent' })
  const tokens = [...tokensOf(source.text)].filter(token => {
    if (token.type === 'directive') report({ start: token.offset, end: token.offset + 1 }, unsupported('a directive'))
    return token.type !== 'directive'
  })
  const documents: ParsedDocument[] = []
  let nodes = 0
  for (const document of composer.compose(tokens, false, source.text.length)) {
    const [first] = document.errors
    if (first !== undefined) report(...syntaxFault(source, first.code, first.message, first.pos))
    const root = document.contents
    if (root === null || (isScalar(root) && root.value === null && root.source === '')) continue
    const places = new Map<string, Place>()
    let state: ParsedDocument['state'] = first === undefined ? 'whole' : 'broken'
    const refuse: Report = (range, fault) => {
      if (state === 'broken') return
      state = 'faulty'
      report(range, fault)
    }
    const value = plainValue(root, { source, report: refuse, places, hasHidden })
    nodes += places.size
    if (nodes > mostNodes) {
      throw new Excess(
        { start: 0, end: 1 },
        'too-large',
        'this file holds too many values',
        'split it, or keep people in a roster',
      )
    }
    documents.push({ source, value, places, state })
  }
  return documents
}

/** The parser keeps what is open on a stack of its own: depth is seen here before anything recursive meets it. */
function* tokensOf(text: string): Generator<CST.Token> {
  const parser = new Parser()
  let documents = 0
  for (const lexeme of new Lexer().lex(text)) {
    const here = { start: parser.offset, end: parser.offset + 1 }
    for (const token of parser.next(lexeme)) {
      if (token.type === 'document') documents += 1
      if (documents > mostDocuments) {
        throw new Excess(
          { start: token.offset, end: token.offset + 1 },
          'too-large',
          `this file holds more than ${mostDocuments} documents`,
        )
      }
      yield token
    }
    if (parser.stack.length > deepest + 1) throw new Excess(here, tooDeep.code, tooDeep.message)
  }
  yield* parser.end()
}

/** What the parser says of broken YAML, in words for somebody who does not know its grammar. */
function syntaxFault(
  source: Source,
  code: string,
  message: string,
  [start, end]: readonly [number, number],
): [Range, Fault] {
  const quote = /Missing closing (["'])quote/.exec(message)?.[1]
  if (quote !== undefined) {
    const opened = Math.max(0, source.text.lastIndexOf(quote, start - 1))
    return [
      { start: opened, end: opened + 1 },
      { severity: 'error', code: 'yaml-syntax', message: 'this quotation mark is never closed' },
    ]
  }
  const known = syntaxWords[code]
  const fault: Fault = {
    severity: 'error',
    code: code === 'TAB_AS_INDENT' ? 'tab-indent' : 'yaml-syntax',
    message: known?.[0] ?? message.charAt(0).toLowerCase() + message.slice(1),
  }
  return [{ start, end }, known?.[1] === undefined ? fault : { ...fault, hint: known[1] }]
}

const syntaxWords: Readonly<Record<string, readonly [message: string, hint?: string]>> = {
  TAB_AS_INDENT: ['a tab cannot indent', 'indent with spaces'],
  BAD_INDENT: ['this line is not indented as it should be', 'is a bracket above not closed, or a line shifted?'],
  BLOCK_AS_IMPLICIT_KEY: ['there cannot be a mapping here', 'put text that holds `: ` in quotes'],
  BAD_SCALAR_START: ['a value cannot begin with this character', 'put it in quotes'],
  UNEXPECTED_TOKEN: [
    'this does not belong here',
    'is it indented like the lines above, and is the whole value in quotes?',
  ],
}
