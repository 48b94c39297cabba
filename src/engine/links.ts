// Which links hold, before and after changes: what access/reach works on.

import type { Links } from '../access/links.ts'
import { type Id, kindOf } from '../model/id.ts'
import type { Change, Observed, Spec } from '../model/resource.ts'
import type { AnyKind } from '../resources/kind.ts'
import type { DesiredState } from './desire.ts'

/** `anyhow`: in whatever way, the policy's or another. */
export type Works = (id: Id, spec: Spec, anyhow?: boolean) => boolean

export function worksBy(kinds: readonly AnyKind[], desired: DesiredState): Works {
  const kindNamed = new Map(kinds.map(kind => [`${kind.plane}/${kind.name}`, kind]))
  return (id, spec, anyhow = false) =>
    kindNamed.get(kindOf(id))?.works?.(spec, anyhow ? undefined : desired.get(id)?.spec) ?? true
}

export function linksOf(observed: Iterable<Observed>, works: Works): Links {
  const present = new Set<Id>()
  const working = new Set<Id>()
  const otherwise = new Set<Id>()
  for (const { id, spec } of observed) {
    present.add(id)
    if (works(id, spec)) working.add(id)
    else if (works(id, spec, true)) otherwise.add(id)
  }
  return { present, working, otherwise }
}

/** `observed`: what is there now; what needs a thing that is deleted goes with it. */
export function linksAfter(
  before: Links,
  changes: Iterable<Change>,
  works: Works,
  observed: Iterable<Observed>,
): Links {
  const present = new Set(before.present)
  const working = new Set(before.working)
  const otherwise = new Set(before.otherwise)
  const deleted = new Set<Id>()
  for (const change of changes) if (change.action === 'delete') deleted.add(change.id)
  if (deleted.size > 0) {
    for (const { id, needs } of observed) {
      if (!needs.some(needed => deleted.has(needed))) continue
      present.delete(id)
      working.delete(id)
    }
  }
  for (const change of changes) {
    working.delete(change.id)
    otherwise.delete(change.id)
    if (change.after === undefined) {
      present.delete(change.id)
      continue
    }
    present.add(change.id)
    const named = Object.entries(change.after.spec).filter(([, value]) => value !== undefined)
    if (works(change.id, { ...change.before?.spec, ...Object.fromEntries(named) })) working.add(change.id)
  }
  return { present, working, otherwise }
}
