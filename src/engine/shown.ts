// What was worked out, as a plan shows it: plain data, with places as the user names the policies folder.

import type { EffectAt } from '../access/effects.ts'
import type { Effect, Finding, FindingAt, Line, PlannedChange } from '../model/plan.ts'
import type { Origin } from '../model/problem.ts'
import type { Change, Json, Spec } from '../model/resource.ts'
import type { AnyKind } from '../resources/kind.ts'
import { canonical } from './canonical.ts'
import { isLate } from './compare.ts'
import type { Ordered } from './order.ts'
import { type Scene, targetOf } from './target.ts'

export function shownChange(
  { change, risk, dependsOn }: Ordered,
  kinds: readonly AnyKind[],
  folder: string,
  scene: Scene,
): Omit<PlannedChange, 'cause'> {
  return {
    id: change.id,
    plane: change.plane,
    kind: change.kind,
    action: change.action,
    risk,
    ...shownSides(change, kinds, scene),
    dependsOn,
    because: lines(change.because, folder),
  }
}

/** What a change is about, in the form that two plans can be compared by. */
export function shownSides(
  change: Change,
  kinds: readonly AnyKind[],
  scene: Scene,
): Pick<PlannedChange, 'before' | 'after' | 'target'> {
  const kind = kinds.find(candidate => candidate.plane === change.plane && candidate.name === change.kind)
  const shown = (spec: Spec | undefined): PlannedChange['before'] => {
    if (spec === undefined || kind === undefined) return null
    const normal = kind.normalize(spec) as Spec
    return Object.fromEntries(change.differs.map(key => [key, shownValue(normal[key])]))
  }
  return {
    before: shown(change.before?.spec),
    after: shown(change.after?.spec),
    target: targetOf(change, kind, scene),
  }
}

export function shownValue(value: Json | undefined): Json {
  if (isLate(value)) return value.expected ?? `(known after ${value.$of})`
  return value ?? null
}

/** `removed`: lines of the base that gave it. */
export function shownEffect(
  { effect, access, until, given, because }: EffectAt,
  folder: string,
  removed: readonly Origin[],
): Effect {
  const { person, partner, app, role, groups } = access
  const through = groups.map(group => group.slice(group.indexOf('/') + 1))
  const reasons = [...lines(because, folder), ...linesOfBase(removed, folder)]
  return { effect, person, partner, app, role, until, through, given, because: reasons }
}

export function shownFinding({ at, ...finding }: FindingAt, folder: string): Finding {
  return at === undefined ? finding : { ...finding, at: line(at, folder) }
}

export function byPlace(a: Finding, b: Finding): number {
  const place = (finding: Finding): string =>
    canonical([
      finding.severity,
      finding.at?.file ?? '',
      String(finding.at?.line ?? 0).padStart(9, '0'),
      finding.code,
      finding.message,
    ])
  return place(a) < place(b) ? -1 : 1
}

/** Of lines that the change of policy takes out. */
export function linesOfBase(origins: readonly Origin[], folder: string): readonly Line[] {
  return lines(origins, folder).map(line => ({ ...line, removed: true }))
}

export function lines(origins: readonly Origin[], folder: string): readonly Line[] {
  const shown = new Map(origins.map(origin => [`${origin.file}:${origin.line}`, line(origin, folder)]))
  return [...shown.values()]
}

function line(origin: Origin, folder: string): Line {
  return { file: `${folder}${origin.file}`, line: origin.line }
}
