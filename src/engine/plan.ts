// Makes the plan: what is wanted, what is there, what lies between, in order, guarded, and who gains and loses what
// because of it. Reads only; pure apart from the reading.

import { type EffectAt, effectsOf } from '../access/effects.ts'
import type { Links } from '../access/links.ts'
import { type Access, reach } from '../access/reach.ts'
import type { Directories } from '../model/directories.ts'
import type { Effect, Finding, FindingAt, Line, Plan, PlannedChange, Summary, Waiting } from '../model/plan.ts'
import type { ResolvedGroup, ResolvedPolicy } from '../model/policy.ts'
import type { Origin } from '../model/problem.ts'
import type { Action, Change, Json, Risk, Spec } from '../model/resource.ts'
import { isoOf } from '../model/time.ts'
import type { AnyKind } from '../resources/kind.ts'
import { canonical, digestOf } from './canonical.ts'
import { compare, isLate } from './compare.ts'
import { crossings, turns } from './crossings.ts'
import { type DesiredState, desire } from './desire.ts'
import { guard, guardSources } from './guardrails.ts'
import { linksAfter, linksOf, worksBy } from './links.ts'
import { observe } from './observe.ts'
import { type Names, type Ordered, order } from './order.ts'
import { everything, narrow, onlyPlane, type Scope } from './scope.ts'

export interface PlanRequest {
  readonly kinds: readonly AnyKind[]
  readonly policy: ResolvedPolicy
  readonly from: Directories
  readonly scope?: Scope
  /** Put before every policy file's name: the policies folder as the user names it, with a `/`. */
  readonly folder: string
  /** Findings of the policy itself: warnings, denials of rules. */
  readonly findings?: readonly FindingAt[]
  readonly version: string
  readonly createdAt: number
}

/** The plan as data, and for each of its changes what performing it needs. */
export interface Planned {
  readonly plan: Plan
  readonly policy: ResolvedPolicy
  readonly steps: readonly Step[]
  /** What was there: object ids and names that changes may need. */
  readonly observed: Awaited<ReturnType<typeof observe>>['resources']
  readonly desired: DesiredState
  /** Which links hold now. */
  readonly links: Links
  /** Who reaches what, now and once the changes are performed. */
  readonly before: ReadonlyMap<string, Access>
  readonly after: ReadonlyMap<string, Access>
}

export interface Step {
  readonly planned: PlannedChange
  readonly change: Change
}

export async function makePlan(request: PlanRequest): Promise<Planned> {
  const { kinds, policy, scope = everything } = request
  const observed = await observe(kinds, request.from, policy)
  const desired = desire(kinds, policy)
  const difference = compare(kinds, desired, observed, policy)
  const riskOf = riskBy(kinds)
  const works = worksBy(kinds, desired)

  const there = [...observed.resources.values()]
  const linksBefore = linksOf(there, works)
  const before = reach(linksBefore, policy)
  const linksWhole = linksAfter(linksBefore, difference.changes, works, there)
  const wholeAfter = reach(linksWhole, policy)
  const whole = order(difference.changes, riskOf, {
    claims: namesBy(kinds, 'claims'),
    shields: namesBy(kinds, 'shields'),
    exposes: exposesBy(kinds),
    crossings: crossings(linksBefore, linksWhole, policy),
    turns: () => turns(linksBefore, linksWhole, policy),
  })
  const narrowed = narrow(whole, scope, [...before.values(), ...wholeAfter.values()])
  const { kept, waiting } = scope.only === undefined ? { kept: narrowed, waiting: [] } : onlyPlane(narrowed, scope.only)

  const linksKept =
    kept === whole
      ? linksWhole
      : linksAfter(
          linksBefore,
          kept.map(item => item.change),
          works,
          there,
        )
  const after = kept === whole ? wholeAfter : reach(linksKept, policy)
  // Nobody loses unseen what an app gave that signed people on in another way than the policy describes now.
  const inAnyWay = {
    before: reach(linksBefore, policy, { asItIs: true }),
    after: reach(linksKept, policy, { asItIs: true }),
  }
  const effects = effectsOf({ gains: { before, after }, losses: inAnyWay }, policy)
  // What ends on the day that a reviewed line says is no accident: the guardrail lets it go.
  const losses = effects.filter(effect => effect.effect === 'lose' && !effect.onItsDay).length
  const findings = [
    ...(request.findings ?? []),
    ...observed.findings,
    ...difference.findings,
    ...guard(policy, inAnyWay.before.size, losses),
    ...guardSources(policy, linksBefore, before, request.findings),
  ]
  const steps = kept.map(item => ({ change: item.change, planned: planned(item, kinds, request.folder) }))
  const plan = assemble(request, {
    effects: effects.map(effect => shownEffect(effect, request.folder)),
    changes: steps.map(step => step.planned),
    waiting: [...difference.waiting, ...waiting].sort((a, b) => (a.id < b.id ? -1 : 1)),
    findings: findings.map(finding => shownFinding(finding, request.folder)).sort(byPlace),
  })
  return { plan, policy, steps, desired, observed: observed.resources, links: linksBefore, before, after }
}

function riskBy(kinds: readonly AnyKind[]): (change: Change) => Risk {
  const kindNamed = new Map(kinds.map(kind => [`${kind.plane}/${kind.name}`, kind]))
  return change => kindNamed.get(`${change.plane}/${change.kind}`)?.risk(change) ?? 'neutral'
}

function namesBy(kinds: readonly AnyKind[], which: 'claims' | 'shields'): Names {
  const kindNamed = new Map(kinds.map(kind => [`${kind.plane}/${kind.name}`, kind]))
  return (change, spec) => kindNamed.get(`${change.plane}/${change.kind}`)?.[which]?.(spec) ?? []
}

function exposesBy(kinds: readonly AnyKind[]): (change: Change, spec: Spec) => boolean {
  const kindNamed = new Map(kinds.map(kind => [`${kind.plane}/${kind.name}`, kind]))
  return (change, spec) => kindNamed.get(`${change.plane}/${change.kind}`)?.exposes?.(spec) ?? false
}

interface Parts {
  readonly effects: readonly Effect[]
  readonly changes: readonly PlannedChange[]
  readonly waiting: readonly Waiting[]
  readonly findings: readonly Finding[]
}

function assemble(request: PlanRequest, parts: Parts): Plan {
  return {
    formatVersion: '1',
    guestlist: request.version,
    createdAt: isoOf(request.createdAt),
    at: isoOf(request.policy.at),
    policyDigest: digestOf(contentOf(request.policy), notPolicy),
    digest: digestOfContent(parts),
    summary: summaryOf(parts),
    ...parts,
  }
}

/** Also of a plan that was read from a file, to see whether it is still what was written. */
export function digestOfContent({
  effects,
  changes,
}: {
  readonly effects?: unknown
  readonly changes?: unknown
}): string {
  return digestOf({ effects, changes }, notContent)
}

/**
 * Who is in which group is resolved; as written it has an order that means nothing. Who is in a group that others keep is
 * no policy: that the directory names it is.
 */
function contentOf(policy: ResolvedPolicy): object {
  const elsewhere = new Map(
    [...policy.partners].map(([name, { groups }]) => [name, [...groups.values()].filter(isKeptElsewhere)]),
  )
  const partners = [...policy.partners].map(([name, { spec, groups, ...partner }]) => {
    const { groups: _groups, ...written } = spec
    const listed = [...groups].map(([key, group]) => [key, isKeptElsewhere(group) ? { ...group, members: [] } : group])
    return [name, { ...partner, groups: Object.fromEntries(listed), spec: written }] as const
  })
  const people = [...policy.people].flatMap(([address, person]) => {
    const sources = elsewhere.get(person.partner) ?? []
    if (person.origins.every(origin => sources.some(group => group.origin === origin))) return []
    const groups = person.groups.filter(name => !sources.some(group => group.name === name))
    return [[address, { ...person, groups }] as const]
  })
  return { ...policy, partners: new Map(partners), people: new Map(people) }
}

function isKeptElsewhere(group: ResolvedGroup): boolean {
  return group.source !== undefined
}

// Lines move when a comment is added, and `at` with the clock: neither makes another policy or another plan.
const notPolicy: ReadonlySet<string> = new Set(['at', 'origin', 'origins', 'inForce'])
const notContent: ReadonlySet<string> = new Set(['because'])

function summaryOf({ effects, changes }: Parts): Summary {
  const count = (action: Action): number => changes.filter(change => change.action === action).length
  return {
    gains: effects.filter(effect => effect.effect === 'gain').length,
    losses: effects.filter(effect => effect.effect === 'lose').length,
    create: count('create'),
    update: count('update'),
    delete: count('delete'),
    restore: count('restore'),
    adopt: count('adopt'),
  }
}

function planned({ change, risk, dependsOn }: Ordered, kinds: readonly AnyKind[], folder: string): PlannedChange {
  const kind = kinds.find(candidate => candidate.plane === change.plane && candidate.name === change.kind)
  const shown = (spec: Spec | undefined): PlannedChange['before'] => {
    if (spec === undefined || kind === undefined) return null
    const normal = kind.normalize(spec) as Spec
    return Object.fromEntries(change.differs.map(key => [key, shownValue(normal[key])]))
  }
  return {
    id: change.id,
    plane: change.plane,
    kind: change.kind,
    action: change.action,
    risk,
    before: shown(change.before?.spec),
    after: shown(change.after?.spec),
    dependsOn,
    because: lines(change.because, folder),
  }
}

function shownValue(value: Json | undefined): Json {
  if (isLate(value)) return value.expected ?? `(known after ${value.$of})`
  return value ?? null
}

function shownEffect({ effect, access, until, because }: EffectAt, folder: string): Effect {
  const { person, partner, app, role } = access
  return { effect, person, partner, app, role, until, because: lines(because, folder) }
}

function shownFinding({ at, ...finding }: FindingAt, folder: string): Finding {
  return at === undefined ? finding : { ...finding, at: line(at, folder) }
}

function byPlace(a: Finding, b: Finding): number {
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

function lines(origins: readonly Origin[], folder: string): readonly Line[] {
  const shown = new Map(origins.map(origin => [`${origin.file}:${origin.line}`, line(origin, folder)]))
  return [...shown.values()]
}

function line(origin: Origin, folder: string): Line {
  return { file: `${folder}${origin.file}`, line: origin.line }
}
