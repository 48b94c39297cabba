// Makes the plan: what is wanted, what is there, what lies between, in order, guarded, and who gains and loses what
// because of it. Reads only; pure apart from the reading.

import { cellsOf } from '../access/cells.ts'
import type { EffectAt } from '../access/effects.ts'
import type { Links } from '../access/links.ts'
import { outlookOf } from '../access/outlook.ts'
import { type Access, accessKey } from '../access/reach.ts'
import { removedLines } from '../access/removed.ts'
import type { Directories } from '../model/directories.ts'
import type { Estimate } from '../model/estimate.ts'
import type {
  AccessOf,
  Cause,
  Cell,
  Coming,
  Effect,
  Finding,
  FindingAt,
  Moved,
  Plan,
  PlannedChange,
  Setting,
  Summary,
  Waiting,
} from '../model/plan.ts'
import type { ResolvedGroup, ResolvedPolicy } from '../model/policy.ts'
import type { Origin } from '../model/problem.ts'
import type { Action, Change, Risk, Spec } from '../model/resource.ts'
import { isoOf } from '../model/time.ts'
import type { AnyKind } from '../resources/kind.ts'
import { type BasePolicy, calledOff, compareWithBase } from './base.ts'
import { digestOf } from './canonical.ts'
import { crossings, turns } from './crossings.ts'
import { cutShort } from './cut-short.ts'
import type { DesiredState } from './desire.ts'
import { narrowToEnded } from './ended.ts'
import { estimateOf } from './estimate.ts'
import { effectsUntil, endOf, gapBetween } from './gap.ts'
import type { ObservedState } from './observe.ts'
import { askOnce } from './once.ts'
import { type Names, type Ordered, order } from './order.ts'
import { guardRemovals } from './removal-limits.ts'
import { everything, narrow, onlyPlane, type Scope } from './scope.ts'
import { settingsOf } from './settings.ts'
import { byPlace, lines, linesOfBase, shownChange, shownEffect, shownFinding } from './shown.ts'
import { guardSources } from './source-limits.ts'

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
  /** The directories are the sandbox's. */
  readonly sandbox?: boolean
  /** The commit of the policies, where they are just that. */
  readonly commit?: string
  /** What the change that is under review starts from. */
  readonly base?: BasePolicy
}

/** The plan as data, and for each of its changes what performing it needs. */
export interface Planned {
  readonly plan: Plan
  readonly policy: ResolvedPolicy
  readonly steps: readonly Step[]
  /** What was there: object ids and names that changes may need. */
  readonly observed: ObservedState['resources']
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
  const { kinds, policy, base, scope = everything } = request
  // Policy and base are compared with the same answers.
  const from = base === undefined ? request.from : askOnce(request.from)
  const gap = await gapBetween(kinds, policy, from)
  const { observed, desired, difference, links, before } = gap

  const whole = order(difference.changes, riskBy(kinds), {
    claims: namesBy(kinds, 'claims'),
    shields: namesBy(kinds, 'shields'),
    exposes: exposesBy(kinds),
    crossings: crossings(links, gap.whole.links, policy),
    turns: () => turns(links, gap.whole.links, policy),
  })
  const part = scope.ended === true ? narrowToEnded(whole, scope, policy, kinds) : whole
  const narrowed = narrow(part, scope, [...before.values(), ...gap.whole.after.values()])
  const { kept, waiting } = scope.only === undefined ? { kept: narrowed, waiting: [] } : onlyPlane(narrowed, scope.only)

  const end = kept === whole ? gap.whole : endOf(gap, changesOf(kept))
  const { effects, inAnyWay } = effectsUntil(gap, end)
  const against = base === undefined ? undefined : await compareWithBase({ kinds, from, base, gap, scope })
  const shown = scopeShown(scope)
  const outlook = outlookOf(policy, base, shown)
  // An end that this very change of policy puts into the past is a removal, whatever day it names.
  const judged = (effects: readonly EffectAt[]): readonly EffectAt[] =>
    effects.map(effect => ({ ...effect, onItsDay: effect.onItsDay && against?.causeOf(effect) !== 'intended' }))
  const findings = [
    ...(request.findings ?? []),
    ...observed.findings,
    ...difference.findings.filter(finding => !isTold(finding, request.findings)),
    ...guardRemovals(policy, {
      today: inAnyWay.before,
      effects: [...judged(effects), ...cutShort(outlook, inAnyWay.before, policy)],
      // What has ended is no piece of anything: it goes when its day is over.
      ...(kept === whole || scope.ended === true ? {} : { whole: judged(effectsUntil(gap, gap.whole).effects) }),
    }),
    ...guardSources(policy, links, before, request.findings),
    ...(base === undefined ? [] : calledOff(outlook.calledOff, base)),
    ...(against?.findings ?? []),
  ]
  // What somebody still waits for does not end.
  const has = ({ person, app, role }: AccessOf): boolean =>
    [inAnyWay.before, end.after].some(side => side.has(accessKey(person, app, role)))
  const steps = kept.map(item => ({
    change: item.change,
    planned: { ...shownChange(item, kinds, request.folder, gap), ...caused(against?.causeOfChange(item.change)) },
  }))
  const placed = <Item extends { readonly origins: readonly Origin[] }>({ origins, ...item }: Item) => ({
    ...item,
    because: lines(origins, request.folder),
  })
  const removedFor = base?.policy === undefined ? undefined : removedLines(policy, base.policy)
  const plan = assemble(request, {
    effects: effects.map(effect => {
      const removed = effect.effect === 'lose' ? (removedFor?.(effect.access) ?? []) : []
      return { ...shownEffect(effect, request.folder, removed), ...caused(against?.causeOf(effect)) }
    }),
    changes: steps.map(step => step.planned),
    estimate: estimateOf(kept, kinds),
    waiting: [...difference.waiting, ...waiting]
      .map(each => ({ ...each, ...caused(against?.causeOfWaiting(each)) }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    findings: findings
      .map(each => shownFinding({ ...each, ...caused(against?.causeOfFinding(each)) }, request.folder))
      .sort(byPlace),
    coming: outlook.coming.filter(each => each.effect === 'gain' || has(each)).map(placed),
    moved: outlook.moved.map(placed),
    settings: (base?.policy === undefined ? [] : settingsOf(policy, base.policy)).map(({ origin, ...setting }) => ({
      ...setting,
      because: (setting.action === 'delete' ? linesOfBase : lines)([origin], request.folder),
    })),
    map: cellsOf({ before, after: end.after, effects, policy, scope: shown }),
  })
  return { plan, policy, steps, desired, observed: observed.resources, links, before, after: end.after }
}

function caused(cause: Cause | undefined): { readonly cause?: Cause } {
  return cause === undefined ? {} : { cause }
}

/** What the policy said already, and at a better place. */
function isTold({ code, message }: FindingAt, told: readonly FindingAt[] = []): boolean {
  return told.some(finding => finding.code === code && finding.message === message)
}

function changesOf(ordered: readonly Ordered[]): readonly Change[] {
  return ordered.map(({ change }) => change)
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
  readonly estimate: Estimate | undefined
  readonly effects: readonly Effect[]
  readonly changes: readonly PlannedChange[]
  readonly waiting: readonly Waiting[]
  readonly findings: readonly Finding[]
  readonly coming: readonly Coming[]
  readonly moved: readonly Moved[]
  readonly settings: readonly Setting[]
  readonly map: readonly Cell[]
}

function assemble(request: PlanRequest, { estimate, ...parts }: Parts): Plan {
  const { policy, base } = request
  const { spec } = policy.organization
  const plan = {
    formatVersion: '1',
    guestlist: request.version,
    createdAt: isoOf(request.createdAt),
    at: isoOf(policy.at),
    organization: {
      name: spec.name,
      displayName: spec.displayName ?? spec.name,
      tenantId: spec.entra.tenantId,
      domain: spec.activeDirectory?.domain ?? null,
    },
    scope: scopeShown(request.scope ?? everything),
    ...(request.sandbox === true ? { sandbox: true as const } : {}),
    commit: request.commit ?? null,
    ...(base === undefined ? {} : { base: { revision: base.revision, commit: base.commit } }),
    policyDigest: digestOf(contentOf(policy), notPolicy),
    digest: digestOfContent(parts),
    summary: summaryOf(parts),
    ...(estimate === undefined ? {} : { estimate }),
    counts: { partners: policy.partners.size, people: policy.people.size, apps: policy.apps.size },
    apps: Object.fromEntries(
      [...policy.apps.values()].map(({ name, spec }) => [
        name,
        { displayName: spec.displayName, hosting: spec.hosting },
      ]),
    ),
    ...parts,
  } as const
  return { ...plan, checksum: checksumOf(plan) }
}

function scopeShown({ partners, apps, only, ended }: Scope): Plan['scope'] {
  const part = { partners: [...partners].sort(), apps: [...apps].sort(), only: only ?? null }
  return ended === true ? { ...part, ended } : part
}

/** Of everything in a plan but itself. */
export function checksumOf(plan: object): string {
  return digestOf(plan, justChecksum)
}

const justChecksum: ReadonlySet<string> = new Set(['checksum'])

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
// Why and by which group is told beside; what is compared is who, what, until when.
const notContent: ReadonlySet<string> = new Set(['because', 'through', 'given', 'cause'])

function summaryOf({ effects, changes }: Pick<Parts, 'effects' | 'changes'>): Summary {
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
