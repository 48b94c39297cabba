// A plan for a part: the changes that a partner's or an app's accesses are made of, with all that they depend on.

import type { Access } from '../access/reach.ts'
import type { Id, Plane } from '../model/id.ts'
import type { Waiting } from '../model/plan.ts'
import type { Ordered } from './order.ts'

export interface Scope {
  readonly partners: readonly string[]
  readonly apps: readonly string[]
  readonly only?: Plane
  /** Only what ends by itself: accesses whose day is over, and accounts whose grace period is. */
  readonly ended?: boolean
  /** Changes that were reviewed as in scope: they stay so when the accesses that brought them are gone. */
  readonly also?: ReadonlySet<Id>
}

export const everything: Scope = { partners: [], apps: [] }

export function isNarrow(scope: Scope): boolean {
  return scope.partners.length > 0 || scope.apps.length > 0
}

/** `accesses`: those before and those after; the links of the ones in scope are in scope. */
export function narrow(ordered: readonly Ordered[], scope: Scope, accesses: Iterable<Access>): readonly Ordered[] {
  if (!isNarrow(scope)) return ordered
  const holds = (of: { readonly partner?: string; readonly app?: string }): boolean =>
    (scope.partners.length === 0 || (of.partner !== undefined && scope.partners.includes(of.partner))) &&
    (scope.apps.length === 0 || (of.app !== undefined && scope.apps.includes(of.app)))
  const isNamed = ({ id }: { readonly id: Id }): boolean => scope.also?.has(id) === true
  const links = new Set<Id>()
  for (const access of accesses) if (holds(access)) for (const link of access.links) links.add(link)

  return withDependencies(
    ordered,
    ordered.filter(item => isNamed(item.change) || links.has(item.change.id) || holds(item.change)),
  )
}

/** The wanted ones, with all that they wait for. */
export function withDependencies(ordered: readonly Ordered[], wanted: readonly Ordered[]): readonly Ordered[] {
  const byId = new Map(ordered.map(item => [item.change.id, item]))
  const kept = new Set<Id>()
  const open = wanted.map(item => item.change.id)
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (kept.has(id)) continue
    kept.add(id)
    open.push(...(byId.get(id)?.dependsOn ?? []))
  }
  return ordered.filter(item => kept.has(item.change.id))
}

/** One plane's changes; what depends on the other plane's waits for them. */
export function onlyPlane(
  ordered: readonly Ordered[],
  plane: Plane,
): { readonly kept: readonly Ordered[]; readonly waiting: readonly Waiting[] } {
  const left = new Map<Id, Id>()
  const kept: Ordered[] = []
  const waiting: Waiting[] = []
  for (const item of ordered) {
    const { id } = item.change
    const blocker = item.dependsOn.find(dependency => left.has(dependency))
    if (item.change.plane !== plane) left.set(id, id)
    else if (blocker === undefined) kept.push(item)
    else {
      const cause = left.get(blocker) ?? blocker
      left.set(id, cause)
      waiting.push({ id, for: cause, message: `cannot be before ${cause}, which --only ${plane} leaves out` })
    }
  }
  return { kept, waiting }
}
