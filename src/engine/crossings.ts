// Accesses that nobody has before or after the changes, and somebody would have in between if what opens came before what
// closes. Reach grows with the links that hold, so that all links of both sides together show every one of them.

import type { Links } from '../access/links.ts'
import { reach } from '../access/reach.ts'
import type { Id } from '../model/id.ts'
import type { ResolvedPolicy } from '../model/policy.ts'

/** Of every such access: what opens it waits for what closes it. */
export function crossings(
  before: Links,
  after: Links,
  policy: ResolvedPolicy,
): readonly (readonly [later: Id, earlier: Id])[] {
  const opening = without(after.working, before.working)
  const closing = without(before.working, after.working)
  if (opening.size === 0 || closing.size === 0) return []
  const together: Links = {
    present: new Set([...before.present, ...after.present]),
    working: new Set([...before.working, ...after.working]),
  }
  const known = [before, after].map(links => reach(links, policy, { by: 'groups' }))
  const waits = new Map<Id, Set<Id>>()
  for (const [key, { links }] of reach(together, policy, { by: 'groups' })) {
    if (known.some(accesses => accesses.has(key))) continue
    const closes = links.filter(id => closing.has(id))
    for (const id of links) {
      if (!opening.has(id)) continue
      const earlier = waits.get(id) ?? new Set()
      waits.set(id, earlier)
      for (const other of closes) earlier.add(other)
    }
  }
  return [...waits].flatMap(([later, all]) => [...all].map(earlier => [later, earlier] as const))
}

/** The links of each sign-in that begins, and of each that ends: as Entra sees it, whatever is behind it. */
export function turns(before: Links, after: Links, policy: ResolvedPolicy): Turns {
  const [was, is] = [before, after].map(links => reach(links, policy, { by: 'tokens' }))
  // Also of what is there and does not work: others may see that it does.
  const maybe = reach({ present: before.present, working: before.present }, policy, { by: 'tokens' })
  return {
    beginning: [...(is ?? [])].flatMap(([key, { links }]) => (was?.has(key) ? [] : [links])),
    ending: [...maybe].flatMap(([key, { links }]) => (is?.has(key) ? [] : [links])),
  }
}

export interface Turns {
  readonly beginning: readonly (readonly Id[])[]
  readonly ending: readonly (readonly Id[])[]
}

function without(these: ReadonlySet<Id>, those: ReadonlySet<Id>): ReadonlySet<Id> {
  return new Set([...these].filter(id => !those.has(id)))
}
