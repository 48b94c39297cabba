// What waits for something outside, and how much waits with it: the same wait is told once. Plain text, not escaped.

import { keyOf, kindOf } from '../model/id.ts'
import type { Waiting } from '../model/plan.ts'
import { countOf, nounOf } from './nouns.ts'

export interface Wait {
  /** `the synced user of lee@…`, `3 shadow accounts`. */
  readonly what: string
  /** For whom or what: `entra-connect`, `person`, an id. */
  readonly for: string
  readonly message: string
  /** Which, where it is more than one. */
  readonly names: readonly string[]
  /** How many changes more wait with them. */
  readonly behind: number
}

export function waitsOf(waiting: readonly Waiting[]): readonly Wait[] {
  const ids = new Set<string>(waiting.map(item => item.id))
  const causes = new Map<string, string>(waiting.map(item => [item.id, item.for]))
  const rootOf = (id: string): string => {
    const seen = new Set<string>()
    for (let at = id; ; ) {
      seen.add(at)
      const cause = causes.get(at)
      // Those that wait for each other are told where they were met.
      if (cause === undefined || !ids.has(cause) || seen.has(cause)) return seen.has(cause ?? '') ? id : at
      at = cause
    }
  }
  const byId = new Map(waiting.map(item => [item.id as string, item]))
  const behind = Map.groupBy(waiting, item => rootOf(item.id))
  const roots = [...behind.keys()].flatMap(root => byId.get(root) ?? [])
  // People who wait for the same are told together.
  return [...Map.groupBy(roots, ({ id, message }) => `${kindOf(id)}\n${message}`).values()].flatMap(items => {
    const [first] = items
    if (first === undefined) return []
    return [
      {
        what: items.length === 1 ? nounOf(first.id) : countOf(first.id, items.length),
        for: first.for,
        message: first.message,
        names: items.length === 1 ? [] : items.map(({ id }) => keyOf(id).join('/')).sort(),
        behind: items.reduce((sum, { id }) => sum + (behind.get(id)?.length ?? 1) - 1, 0),
      },
    ]
  })
}
