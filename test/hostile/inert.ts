// What it means for an output to do nothing but be read, format by format. Each check throws with what is wrong.

import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import { expect } from 'vitest'
import { commandsIn } from './build-agent.ts'
import { type Markup, markupOf } from './markup.ts'

/** Our own colours. */
const colours = /\u001b\[\d{1,2}m/g
const unseen =
  /\u034f|[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/u

/** Of a terminal and a log: line breaks are the only controls, and no line commands the agent of a build. */
export function expectInertText(text: string, { colour = false } = {}): void {
  const plain = colour ? text.replace(colours, '') : text
  expect(unseen.exec(plain.replaceAll('\n', ''))?.[0]).toBeUndefined()
  expect(/\p{M}{12}/u.exec(plain)?.[0]).toBeUndefined()
  expect(commandsIn(text)).toEqual([])
}

/** What GitHub still looks for in the text that Markdown has become, outside of code and links. */
const signs = /(?<![\w`])@[a-z\d]|#\d|\bGH-\d|:[\w+-]+:|\$[^$]*\$|https?:\/\/|\bwww\.|\w@[\w-]+\.\w/i

export function markdownMarkup(markdown: string): Markup {
  return markupOf(
    micromark(markdown, {
      allowDangerousHtml: true,
      allowDangerousProtocol: true,
      extensions: [gfm()],
      htmlExtensions: [gfmHtml()],
    }),
  )
}

/** The elements of both are the same, but for the names in them; and nothing is left for GitHub to make a link of. */
export function expectInertMarkdown(markdown: string, harmless: string): void {
  const markup = markdownMarkup(markdown)
  expect(shapeOf(markup)).toEqual(shapeOf(markdownMarkup(harmless)))
  const seen = markup.texts
    .filter(({ inside }) => !inside.some(name => name === 'code' || name === 'pre' || name === 'a'))
    .flatMap(({ text }) => signs.exec(text)?.[0] ?? [])
  expect(seen).toEqual([])
}

export function expectInertHtml(html: string, harmless: string): void {
  expect(shapeOf(markupOf(html))).toEqual(shapeOf(markupOf(harmless)))
}

/** What a reader is not shown: attributes that load, run, style or name something hold no value of anybody's. */
const acting = /^(?:href|src|srcset|style|class|id|for|action|data|name|type|rel|on.*)$/

/** Only how text is marked: words that differ, and what the words have between backticks. */
const marks = new Set(['<span>', '<ins>', '<del>', '<code>'])

/** Elements with their attributes, in whatever order. */
function shapeOf({ elements, comments }: Markup): readonly string[] {
  const tags = elements.map(({ name, attributes }) => {
    const parts = [...attributes].map(([key, value]) => (acting.test(key) ? `${key}=${placeless(value)}` : key))
    return `<${[name, ...parts].join(' ')}>`
  })
  return [...tags.filter(tag => !marks.has(tag)), ...comments.map(comment => `<!--${comment}-->`)].sort()
}

/** A link to a file of the checkout, at the commit, is the same whatever the file. */
function placeless(value: string): string {
  const { pathname, hash, origin } = URL.canParse(value) ? new URL(value) : { pathname: '', hash: '', origin: '' }
  const folder = /^\/[\w.-]+\/[\w.-]+\/blob\/[0-9a-f]{40}\/(?=.)/.exec(pathname)?.[0]
  return folder === undefined ? value : `${origin}${folder}…${hash}`
}
