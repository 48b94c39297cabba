// What the CEL library says about an expression, in the words of the policy language.

import { type Each, vocabulary } from './facts.ts'
import { choiceHint } from './hint.ts'
import type { Fault } from './source.ts'

/** `start` is where in `deny` the library sees the fault. */
export function celFault(code: string, summary: string, each: Each, deny: string, start: number): Fault {
  const fault = (message: string, hint?: string): Fault => ({
    severity: 'error',
    code: 'bad-expression',
    message,
    ...(hint === undefined ? {} : { hint }),
  })
  const word = /: (\w+)$/.exec(summary)?.[1]
  if (code === 'unknown_variable' && word !== undefined) {
    return fault(`there is no \`${word}\` here`, choiceHint(word, [each], ''))
  }
  if (code === 'no_such_key' && word !== undefined) {
    const fields = fieldsBefore(deny.slice(0, start), each)
    return fault(`there is no field \`${word}\``, choiceHint(word, fields, `did you mean \`${each}.…\`?`))
  }
  if (code === 'limit_exceeded') return fault('this expression is too large or too deeply nested')
  const plain = summary.replace(/\b[A-Z]{2,}\b/g, token => tokens[token] ?? token.toLowerCase())
  return fault(plain.charAt(0).toLowerCase() + plain.slice(1))
}

/** The fields of what stands before the dot: `access.app.` -> those of an app. */
function fieldsBefore(before: string, each: Each): readonly string[] {
  const path = /([\w.]+)\.\s*$/.exec(before)?.[1]?.split('.') ?? []
  let node: unknown = path[0] === each ? vocabulary : undefined
  for (const key of path)
    node = typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined
  return Object.keys(typeof node === 'object' && node !== null ? node : {})
}

const tokens: Readonly<Record<string, string>> = {
  EOF: 'the end',
  LPAREN: '`(`',
  RPAREN: '`)`',
  LBRACKET: '`[`',
  RBRACKET: '`]`',
  LBRACE: '`{`',
  RBRACE: '`}`',
  COMMA: '`,`',
  COLON: '`:`',
  DOT: '`.`',
  QUESTION: '`?`',
}
