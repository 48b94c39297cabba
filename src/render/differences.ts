// What an update corrects, key by key: of a list, what comes and what goes; of a long text, the words. Plain text, not escaped
// for anything.

import { diffArrays, diffWordsWithSpace } from 'diff'
import type { PlannedChange } from '../model/plan.ts'
import type { Json } from '../model/resource.ts'
import { dateOf } from '../model/time.ts'

export interface Part {
  readonly text: string
  readonly added?: true
  readonly removed?: true
}

export interface Difference {
  /** In words, outermost first: `sign on › kerberos › login identity`. */
  readonly path: string
  /**
   * A value has what it was removed and what it will be added, where it was and will be anything; a list, a part for each item
   * that comes or goes; a text, stretches of itself.
   */
  readonly kind: 'value' | 'list' | 'text'
  readonly parts: readonly Part[]
}

/** Empty for what is made or goes as a whole: its words tell. */
export function differencesOf({ before, after }: Pick<PlannedChange, 'before' | 'after'>): readonly Difference[] {
  if (before === null || after === null) return []
  return Object.keys(after).flatMap(key => compared(spaced(key), told(key, before[key]), told(key, after[key])))
}

function compared(path: string, before: Json | undefined, after: Json | undefined): readonly Difference[] {
  const [old, now] = [keyed(before), keyed(after)]
  const keys = [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])]
  // What has no keys of its own is there, and says no more.
  if (old !== undefined && now !== undefined && keys.length > 0) {
    return keys
      .filter(key => JSON.stringify(old[key]) !== JSON.stringify(now[key]))
      .flatMap(key => compared(`${path} › ${spaced(key)}`, old[key], now[key]))
  }
  const [was, is] = [listed(before), listed(after)]
  if (was !== undefined && is !== undefined && was.length + is.length > 0)
    return [{ path, kind: 'list', parts: itemsOf(was, is) }]
  const words = wordsOf(before, after)
  if (words !== undefined) return [{ path, kind: 'text', parts: words }]
  const parts: readonly Part[] = [
    ...(isNothing(before) ? [] : [{ text: shown(before), removed: true } as const]),
    ...(isNothing(after) ? [] : [{ text: shown(after), added: true } as const]),
  ]
  return [{ path, kind: 'value', parts }]
}

function isNothing(value: Json | undefined): value is null | undefined {
  return value === null || value === undefined
}

/** Where more than this differs, comparing costs more than it tells. */
const limit = { maxEditLength: 500 }

function itemsOf(before: readonly Json[], after: readonly Json[]): readonly Part[] {
  const [old, now] = [before.map(shown), after.map(shown)]
  const steps = diffArrays(old, now, limit)
  if (steps === undefined) {
    return [
      ...old.filter(item => !now.includes(item)).map(text => ({ text, removed: true }) as const),
      ...now.filter(item => !old.includes(item)).map(text => ({ text, added: true }) as const),
    ]
  }
  return steps.flatMap(({ value, added, removed }) =>
    added || removed ? value.map(text => ({ text, ...(added ? { added: true } : { removed: true }) })) : [],
  )
}

const longText = 60

/** Undefined where a text is short, or hardly a word of it stays. */
function wordsOf(before: Json | undefined, after: Json | undefined): readonly Part[] | undefined {
  if (typeof before !== 'string' || typeof after !== 'string') return undefined
  if (before.length < longText || after.length < longText) return undefined
  const steps = diffWordsWithSpace(before, after, limit)
  const kept = steps?.flatMap(({ value, added, removed }) => (added || removed ? [] : (value.match(/\w+/g) ?? [])))
  if (steps === undefined || kept === undefined || kept.join('').length * 3 < Math.min(before.length, after.length))
    return undefined
  return steps.map(({ value, added, removed }) => ({
    text: value,
    ...(added ? { added } : {}),
    ...(removed ? { removed } : {}),
  }))
}

const properties: ReadonlyMap<string, string> = new Map([
  ['left', 'day of leaving'],
  ['unit', 'organizational unit'],
  ['managed', 'looked after by guestlist'],
])

/** Of a day only that it is set is known before; an account expires with the last instant before the one that is written. */
function told(key: string, value: Json | undefined): Json | undefined {
  if (key === 'left' && typeof value === 'boolean') return value ? 'the day on which this is applied' : 'none'
  if (key !== 'expires' || typeof value !== 'string' || !value.endsWith('T00:00:00.000Z')) return value
  return `end of ${dateOf(Date.parse(value) - 1)}`
}

/** `companyName` → `company name`. */
function spaced(key: string): string {
  return properties.get(key) ?? key.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}

function shown(value: Json | undefined): string {
  if (isNothing(value)) return 'nothing'
  if (value === true) return 'yes'
  if (value === false) return 'no'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(shown).join(', ')
  if (typeof value !== 'object') return String(value)
  const keys = Object.entries(value).map(
    ([key, own]) => `${spaced(key)}: ${typeof own === 'object' ? `{${shown(own)}}` : shown(own)}`,
  )
  return keys.length === 0 ? 'set' : keys.join(', ')
}

/** Undefined for what is neither an object nor nothing. */
function keyed(value: Json | undefined): { readonly [key: string]: Json | undefined } | undefined {
  if (isNothing(value)) return {}
  return typeof value === 'object' && !Array.isArray(value) ? (value as { readonly [key: string]: Json }) : undefined
}

/** Undefined for what is neither a list nor nothing. */
function listed(value: Json | undefined): readonly Json[] | undefined {
  if (isNothing(value)) return []
  return Array.isArray(value) ? value : undefined
}
