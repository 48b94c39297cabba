// JSON that can also be looked at: on a terminal and in the log of a build nothing in it acts or hides. The values are
// what they are, only written differently.

import { tooManyMarks, unseen } from './safe-text.ts'

export function safeJson(value: unknown): string {
  return safe(JSON.stringify(value, null, 2))
}

/** All of it on one line. */
export function safeJsonLine(value: unknown): string {
  return safe(JSON.stringify(value))
}

function safe(json: string): string {
  const text = json
    .replace(unseen, character => (character === '\n' ? character : escaped(character)))
    .replace(tooManyMarks, escaped)
    .replaceAll('##', '#\\u0023')
  return `${text}\n`
}

function escaped(character: string): string {
  // By UTF-16 units, as JSON escapes.
  return character
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
