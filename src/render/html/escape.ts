// HTML is written with the `html` tag alone: every value put into a template is escaped here, and what is HTML already says
// so by its type. The one escaping holds for text and for quoted attributes; the templates quote every attribute, and never
// put a value into a style, an address or an id.

import { safeText } from '../safe-text.ts'

/** A piece of a page. Made by `html` only. */
export class Html {
  readonly source: string

  constructor(strings: readonly string[], values: readonly HtmlValue[]) {
    let source = strings[0] ?? ''
    for (const [index, value] of values.entries()) source += sourceOf(value) + (strings[index + 1] ?? '')
    this.source = source
  }
}

/** Text and numbers are escaped; lists are put one after another. */
export type HtmlValue = string | number | Html | readonly Html[]

export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings, values)
}

/** Nothing at all, where there is nothing to show. */
export const nothing = html``

function sourceOf(value: HtmlValue): string {
  if (value instanceof Html) return value.source
  return typeof value === 'object' ? value.map(({ source }) => source).join('') : escapeHtml(String(value))
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** What cannot be seen is shown as its code point, and nothing in it means anything to a browser. */
export function escapeHtml(text: string): string {
  return safeText(text).replace(/[&<>"']/g, character => references[character] ?? '')
}
