// Columns, wrapped lists, order and counted nouns of text that people read.

/** `1 person`, `3 people`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

/** Lines of at most `width` characters, each after `indent`; an item is never cut. */
export function wrapped(items: readonly string[], indent: string, width = 110): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const [index, item] of items.entries()) {
    const piece = index < items.length - 1 ? `${item},` : item
    if (line !== '' && indent.length + line.length + 1 + piece.length > width) {
      lines.push(indent + line)
      line = piece
    } else line = line === '' ? piece : `${line} ${piece}`
  }
  return line === '' ? lines : [...lines, indent + line]
}

/** Cells under each other, two spaces or more apart; the last of a row is not padded. */
export function columns(rows: readonly (readonly string[])[], gap = 3): readonly string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell))
  }
  return rows.map(row =>
    row
      .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell) + gap))
      .join('')
      .trimEnd(),
  )
}

function widthOf(text: string): number {
  return [...text].length
}

export function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

/** As apps are shown, not as the policy names them. */
export function byApp(one: { readonly app: string }, other: { readonly app: string }): number {
  return compare(one.app.toLowerCase(), other.app.toLowerCase()) || compare(one.app, other.app)
}
