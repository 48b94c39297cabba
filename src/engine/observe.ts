// What is there, of every kind. One read that fails stops it all: a state with a hole in it looks like absence.

import type { Directories } from '../model/directories.ts'
import type { Id } from '../model/id.ts'
import type { FindingAt, Waiting } from '../model/plan.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import { Failure } from '../model/problem.ts'
import type { Observed } from '../model/resource.ts'
import type { AnyKind } from '../resources/kind.ts'
import { askOnce } from './once.ts'

export interface ObservedState {
  readonly resources: ReadonlyMap<Id, Observed>
  readonly findings: readonly FindingAt[]
  readonly blocked: readonly Waiting[]
}

export async function observe(
  kinds: readonly AnyKind[],
  from: Directories,
  policy: ResolvedPolicy,
): Promise<ObservedState> {
  const once = askOnce(from)
  const observations = await Promise.all(kinds.map(kind => kind.observe(once, policy)))
  const resources = new Map<Id, Observed>()
  for (const observation of observations) {
    for (const observed of observation.resources as readonly Observed[]) {
      if (resources.has(observed.id)) {
        const hint =
          'which one is meant cannot be told: look for two objects with the same mark, and remove it from one'
        throw new Failure('two-objects', `two objects were read as ${observed.id}`, hint)
      }
      resources.set(observed.id, observed)
    }
  }
  return {
    resources,
    findings: observations.flatMap(observation => observation.findings ?? []),
    blocked: observations.flatMap(observation => observation.blocked ?? []),
  }
}
