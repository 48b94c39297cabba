// What a reader of HTML makes of a page: its elements, their attributes, and the texts between. Follows the HTML standard as
// far as it matters for telling text from markup.

export interface Element {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
}

export interface Text {
  readonly text: string
  /** The elements around it, the outermost first. */
  readonly inside: readonly string[]
}

export interface Markup {
  readonly elements: readonly Element[]
  readonly texts: readonly Text[]
  readonly comments: readonly string[]
}

const voidElements = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'wbr',
])
const rawText = new Set(['script', 'style', 'title', 'textarea'])

export function markupOf(html: string): Markup {
  const elements: Element[] = []
  const texts: Text[] = []
  const comments: string[] = []
  const open: string[] = []
  let at = 0
  const textUpTo = (end: number): void => {
    if (end > at) texts.push({ text: decoded(html.slice(at, end)), inside: [...open] })
    at = end
  }
  while (at < html.length) {
    const raw = open.at(-1)
    if (raw !== undefined && rawText.has(raw)) {
      const end = html.toLowerCase().indexOf(`</${raw}`, at)
      textUpTo(end === -1 ? html.length : end)
    }
    const comment = /^<!--(?:>|->|([\s\S]*?)(?:--!?>|$))/.exec(html.slice(at, at + 4) === '<!--' ? html.slice(at) : '')
    const tag = tagAt(html, at)
    if (comment !== null) {
      comments.push(comment[1] ?? '')
      at += comment[0].length
    } else if (tag !== undefined) {
      at = tag.end
      if (tag.closes) {
        const index = open.lastIndexOf(tag.name)
        if (index >= 0) open.length = index
      } else {
        elements.push({ name: tag.name, attributes: tag.attributes })
        if (!voidElements.has(tag.name)) open.push(tag.name)
      }
    } else if (/^<[!?]/.test(html.slice(at, at + 2))) {
      const end = html.indexOf('>', at)
      comments.push(html.slice(at, end))
      at = end === -1 ? html.length : end + 1
    } else {
      const next = html.indexOf('<', at + 1)
      textUpTo(next === -1 ? html.length : next)
    }
  }
  return { elements, texts, comments }
}

/** All text of a page, as it is read. */
export function textOf({ texts }: Markup): string {
  return texts.map(({ text }) => text).join('')
}

const attribute = /[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?/y

function tagAt(html: string, at: number) {
  const begin = /<(\/?)([A-Za-z][^\s/>]*)/y
  begin.lastIndex = at
  const found = begin.exec(html)
  if (found === null) return undefined
  const attributes = new Map<string, string>()
  attribute.lastIndex = begin.lastIndex
  let end = begin.lastIndex
  for (let match = attribute.exec(html); match !== null; match = attribute.exec(html)) {
    const [, name = '', double, single, bare] = match
    attributes.set(name.toLowerCase(), decoded(double ?? single ?? bare ?? ''))
    end = attribute.lastIndex
  }
  const close = html.indexOf('>', end)
  return {
    name: (found[2] ?? '').toLowerCase(),
    closes: found[1] === '/',
    attributes,
    end: close === -1 ? html.length : close + 1,
  }
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: '\u00a0' }

function decoded(text: string): string {
  return text.replace(/&(?:#(\d+)|#[xX]([0-9a-fA-F]+)|(\w+));/g, (whole, decimal?: string, hex?: string, name = '') => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    return hex === undefined ? (named[name] ?? whole) : String.fromCodePoint(Number.parseInt(hex, 16))
  })
}
