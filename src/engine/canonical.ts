// One spelling for every value: what is equal has the same text, on every machine.

import { createHash } from 'node:crypto'

/** JSON with sorted keys; maps as sorted entries; undefined keys and the named keys left out. */
export function canonical(value: unknown, without: ReadonlySet<string> = none): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (without.has(key)) return undefined
    const plain = inner instanceof Map ? Object.fromEntries(inner) : inner
    if (plain === null || typeof plain !== 'object' || Array.isArray(plain)) return plain
    return Object.fromEntries(Object.entries(plain).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
  })
}

const none: ReadonlySet<string> = new Set()

export function digestOf(value: unknown, without?: ReadonlySet<string>): string {
  return `sha256:${createHash('sha256').update(canonical(value, without)).digest('hex')}`
}

export function isSame(a: unknown, b: unknown): boolean {
  return a === b || canonical(a ?? null) === canonical(b ?? null)
}
