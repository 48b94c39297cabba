// The few constructs of GitHub's expression language that our workflows use: names with dots, text in quotes, `==`, `!=`, `!`,
// `&&`, `||`, parentheses, and the four functions that ask how things went. Anything else is an error, not a guess.

export type Context = Readonly<Record<string, unknown>>

export interface Status {
  readonly success: boolean
  readonly failure: boolean
  readonly cancelled: boolean
}

const tokens = /\s*(?:('(?:[^']|'')*')|(==|!=|&&|\|\||[!()])|([A-Za-z_][\w-]*(?:\.[\w-]+)*))/y

/** `text` is what stands inside `${{ }}`. */
export function evaluate(text: string, context: Context, status?: Status): unknown {
  const list: string[] = []
  for (tokens.lastIndex = 0; tokens.lastIndex < text.trimEnd().length; ) {
    const match = tokens.exec(text)
    if (match === null) throw new Error(`cannot read the expression ${text}`)
    list.push(match[0].trim())
  }
  let at = 0
  const take = (token: string): boolean => list[at] === token && ++at > 0
  const or = (): unknown => {
    let value = and()
    while (take('||')) {
      const right = and()
      value = truthy(value) ? value : right
    }
    return value
  }
  const and = (): unknown => {
    let value = equal()
    while (take('&&')) {
      const right = equal()
      value = truthy(value) ? right : value
    }
    return value
  }
  const equal = (): unknown => {
    const left = not()
    if (take('==')) return same(left, not())
    if (take('!=')) return !same(left, not())
    return left
  }
  const not = (): unknown => (take('!') ? !truthy(not()) : atom())
  const atom = (): unknown => {
    const token = list[at++] ?? ''
    if (token === '(') {
      const value = or()
      if (!take(')')) throw new Error(`a parenthesis is missing in ${text}`)
      return value
    }
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'")
    if (take('(')) {
      if (!take(')')) throw new Error(`${token}() takes nothing in ${text}`)
      if (token === 'always') return true
      const known = status === undefined ? undefined : new Map(Object.entries(status)).get(token)
      if (known === undefined) throw new Error(`${token}() is not known in ${text}`)
      return known
    }
    if (token === 'true' || token === 'false') return token === 'true'
    return token
      .split('.')
      .reduce<unknown>((value, name) => (value as Context | undefined)?.[name] ?? undefined, context)
  }
  const value = or()
  if (at !== list.length) throw new Error(`cannot read the expression ${text} from ${list[at]} on`)
  return value
}

/** Whether the thing with this `if` runs: without a word about how things went, only if all went well. */
export function holds(condition: string | undefined, context: Context, status: Status): boolean {
  if (condition === undefined) return status.success
  const text = /^\s*\$\{\{([\s\S]*)\}\}\s*$/.exec(condition)?.[1] ?? condition
  const asks = /\b(?:success|failure|cancelled|always)\(\)/.test(text)
  return (asks || status.success) && truthy(evaluate(text, context, status))
}

/** Text with `${{ }}` in it. */
export function filled(text: unknown, context: Context): string {
  return String(text).replaceAll(/\$\{\{([\s\S]*?)\}\}/g, (_all, inner: string) => shown(evaluate(inner, context)))
}

function shown(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}

function truthy(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '' && value !== 0
}

/** GitHub compares text without regard to case, and takes nothing for empty. */
function same(left: unknown, right: unknown): boolean {
  return shown(left).toLowerCase() === shown(right).toLowerCase()
}
