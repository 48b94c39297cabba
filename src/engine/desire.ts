// What the policy wants of every kind, each thing once, with all the lines that ask for it.

import type { Id } from '../model/id.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import type { Origin } from '../model/problem.ts'
import type { Desired } from '../model/resource.ts'
import type { AnyKind } from '../resources/kind.ts'

export type DesiredState = ReadonlyMap<Id, Desired>

export function desire(kinds: readonly AnyKind[], policy: ResolvedPolicy): DesiredState {
  const state = new Map<Id, Desired>()
  for (const kind of kinds) {
    for (const desired of kind.desire(policy) as Iterable<Desired>) {
      const same = state.get(desired.id)
      state.set(
        desired.id,
        same === undefined ? desired : { ...same, because: distinct([...same.because, ...desired.because]) },
      )
    }
  }
  return state
}

function distinct(origins: readonly Origin[]): readonly Origin[] {
  const seen = new Map(origins.map(origin => [`${origin.file}:${origin.line}`, origin]))
  return [...seen.values()]
}
