// Values on their way into Markdown as GitHub shows it. Nothing in them may be taken for anything but text: no emphasis, link,
// HTML, mention of a team, reference to an issue, emoji or formula.

import { safeText } from '../safe-text.ts'

/** A backslash before it holds wherever it stands, in a table, too. */
const structure = /[\\`*_[\]~]/g
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '|': '&#124;' }

/**
 * What GitHub looks for in the text after Markdown is done: `@team`, `#123`, `GH-123`, `$x$`, `:tada:`, addresses of pages.
 * An element in between keeps it from seeing them; it is what GitHub's documentation gives for the dollar sign.
 */
const signs = /[@#$]|:(?=\/\/|[\w+-]+(?::|$))|(?<=GH)-(?=\d)|(?<=www)\./gi
/** What makes a list of a line's beginning. */
const beginning = /^(?:(\d+)([.)])|([-+]))/
/** Spaces that make code of a line's beginning, or keep the stars around them from being bold. */
const edges = /^\s+|\s+$/g

/** A value as it is read, in running text or in a cell of a table. */
export function markdownText(value: string): string {
  return whole(inner(value))
}

function inner(value: string): string {
  const parts: string[] = []
  let end = 0
  const text = safeText(value)
  for (const match of text.matchAll(signs)) {
    parts.push(escaped(text.slice(end, match.index)), `<span>${match[0]}</span>`)
    end = match.index + match[0].length
  }
  parts.push(escaped(text.slice(end)))
  return parts.join('')
}

/** With the beginning and the end that it has, whatever stands around it. */
function whole(text: string): string {
  return text
    .replace(beginning, (_, number?: string, stop?: string, sign?: string) =>
      number === undefined ? `\\${sign}` : `${number}\\${stop}`,
    )
    .replace(edges, spaces => [...spaces].map(space => `&#${space.codePointAt(0)};`).join(''))
}

function escaped(text: string): string {
  return text.replace(structure, '\\$&').replace(/[&<>|]/g, character => entities[character] ?? character)
}

/** A value that people copy: an address, an id, a place. In code GitHub looks for nothing. */
export function markdownCode(value: string): string {
  const text = safeText(value)
  // A table would take a bar for the end of the cell, and a backtick for that of the code.
  const isPlain = !/[`|\\]/.test(text) && text.trim() === text && text !== ''
  return isPlain ? `\`${text}\`` : `<code>${markdownText(text)}</code>`
}

/** A sentence of ours: what it has between backticks is code. */
export function markdownProse(text: string): string {
  const parts = text
    .split(/(`[^`]+`)/)
    .map((part, index) => (index % 2 === 1 ? markdownCode(part.slice(1, -1)) : inner(part)))
  return whole(parts.join(''))
}

const longestUrl = 500

/** Plain text where the address is none of a page. */
export function markdownLink(label: string, url: string | undefined): string {
  if (url === undefined || !/^https?:\/\//.test(url) || !URL.canParse(url) || url.length > longestUrl) return label
  return `[${label}](<${new URL(url).href.replace(/[<>\\|`]/g, encodeURIComponent)}>)`
}
