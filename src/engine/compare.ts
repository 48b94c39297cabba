// What lies between wanted and there. Both sides pass through their kind's canonical form; only keys that the policy
// names are compared; what does not carry our mark is adopted if wanted and invisible if not.

import type { Id } from '../model/id.ts'
import type { FindingAt, Waiting } from '../model/plan.ts'
import type { ResolvedPolicy } from '../model/policy.ts'
import type { Change, Desired, Json, Late, Observed, Refusal, Spec } from '../model/resource.ts'
import type { AnyKind } from '../resources/kind.ts'
import { isSame } from './canonical.ts'
import type { DesiredState } from './desire.ts'
import type { ObservedState } from './observe.ts'

export interface Difference {
  readonly changes: readonly Change[]
  readonly waiting: readonly Waiting[]
  readonly findings: readonly FindingAt[]
}

export function compare(
  kinds: readonly AnyKind[],
  desired: DesiredState,
  { resources: observed, blocked }: Omit<ObservedState, 'findings'>,
  policy: ResolvedPolicy,
): Difference {
  const blockedOf = new Map(blocked.map(wait => [wait.id, wait]))
  const changes: Change[] = []
  const waiting: Waiting[] = []
  const refusals: { readonly refusal: Refusal; readonly wanted: Desired }[] = []
  const kindNamed = new Map(kinds.map(kind => [`${kind.plane}/${kind.name}`, kind]))
  const kindOfId = (id: Id): AnyKind => {
    const kind = kindNamed.get(id.split('/', 2).join('/'))
    if (kind === undefined) throw new Error(`no kind is registered for ${id}`)
    return kind
  }

  for (const wanted of desired.values()) {
    const kind = kindOfId(wanted.id)
    const there = observed.get(wanted.id)
    if (there?.refused !== undefined) {
      refusals.push({ refusal: there.refused, wanted })
      waiting.push({ id: wanted.id, for: 'policy', message: there.refused.message })
      continue
    }
    const block = there === undefined ? blockedOf.get(wanted.id) : undefined
    if (block !== undefined) {
      waiting.push(block)
      continue
    }
    if (there === undefined && wanted.awaited !== undefined) {
      waiting.push({ id: wanted.id, ...wanted.awaited })
      continue
    }
    if (wanted.reference === true) continue
    const settled = { ...wanted, spec: settle(wanted.spec, observed) }
    const change = there === undefined ? creation(kind, settled) : correction(kind, settled, there)
    if (change !== undefined) changes.push(change)
  }
  for (const there of observed.values()) {
    const refused = [there, ...there.needs.map(id => observed.get(id))].flatMap(one => one?.refused ?? [])
    if (desired.has(there.id) || !there.owned || refused.some(({ onlyIn }) => onlyIn !== true)) continue
    const change = removal(kindOfId(there.id), there, policy)
    if (change !== undefined) changes.push(change)
  }
  const held = holdBack(changes, waiting)
  const findings = refusals.map(({ refusal: { code, message, onlyIn }, wanted }): FindingAt => {
    const goesIn = held.waiting.some(wait => wait.for === wanted.id)
    return { severity: onlyIn === true && !goesIn ? 'warning' : 'error', code, message, ...at(wanted) }
  })
  return { ...held, findings }
}

function at(wanted: Desired): { at?: NonNullable<FindingAt['at']> } {
  const [first] = wanted.because
  return first === undefined ? {} : { at: first }
}

function creation(kind: AnyKind, after: Desired): Change {
  const normal = kind.normalize(after.spec) as Spec
  return {
    ...common(kind, after),
    action: 'create',
    retires: false,
    after,
    differs: namedKeys(normal),
    because: after.because,
  }
}

function correction(kind: AnyKind, after: Desired, before: Observed): Change | undefined {
  const differs = differing(kind.normalize(before.spec), kind.normalize(after.spec))
  const action = before.retired === true ? 'restore' : before.owned ? 'update' : 'adopt'
  if (action === 'update' && differs.length === 0) return undefined
  return { ...common(kind, after), action, retires: false, before, after, differs, because: after.because }
}

function removal(kind: AnyKind, before: Observed, policy: ResolvedPolicy): Change | undefined {
  const spec: Spec | 'delete' = kind.retire === undefined ? 'delete' : kind.retire(before, policy)
  if (spec === 'delete') {
    return {
      ...common(kind, before),
      action: 'delete',
      retires: false,
      before,
      differs: namedKeys(kind.normalize(before.spec) as Spec),
      because: [],
    }
  }
  const after: Desired = { ...before, spec, because: [] }
  const differs = differing(kind.normalize(before.spec), kind.normalize(spec))
  if (differs.length === 0) return undefined
  return { ...common(kind, before), action: 'update', retires: true, before, after, differs, because: [] }
}

function common(
  kind: AnyKind,
  of: Desired | Observed,
): Pick<Change, 'id' | 'plane' | 'kind' | 'needs' | 'through' | 'partner' | 'app'> {
  return {
    id: of.id,
    plane: kind.plane,
    kind: kind.name,
    needs: of.needs,
    ...(of.through === undefined ? {} : { through: of.through }),
    ...(of.partner === undefined ? {} : { partner: of.partner }),
    ...(of.app === undefined ? {} : { app: of.app }),
  }
}

function namedKeys(spec: Spec): readonly string[] {
  return Object.keys(spec).filter(key => spec[key] !== undefined)
}

function differing(before: Spec, after: Spec): readonly string[] {
  return namedKeys(after).filter(key => !isSame(before[key], after[key]))
}

export function isLate(value: Json | undefined): value is Late & Json {
  return typeof value === 'object' && value !== null && '$of' in value
}

/** Puts in what other resources are known by, as far as they are there. */
export function settle(spec: Spec, observed: ReadonlyMap<Id, Observed>): Spec {
  const entries = Object.entries(spec).map(([key, value]): [string, Json | undefined] => {
    if (!isLate(value)) return [key, value]
    const source = observed.get(value.$of)
    const known = value.$value === 'objectId' ? source?.objectId : source?.name
    return [key, known ?? value]
  })
  return Object.fromEntries(entries)
}

/** What needs something that is waited for, waits with it. Removals do not wait for what is wanted. */
function holdBack(changes: readonly Change[], roots: readonly Waiting[]): Pick<Difference, 'changes' | 'waiting'> {
  const reason = new Map<Id, Id>(roots.map(root => [root.id, root.id]))
  const waiting = [...roots]
  let ready = changes
  for (;;) {
    const held = ready.filter(
      change => change.action !== 'delete' && !change.retires && change.needs.some(id => reason.has(id)),
    )
    if (held.length === 0) return { changes: ready, waiting }
    const heldNow = new Set(held)
    for (const change of held) {
      const cause = change.needs.map(id => reason.get(id)).find(id => id !== undefined)
      if (cause === undefined) continue
      reason.set(change.id, cause)
      waiting.push({ id: change.id, for: cause, message: `cannot be before ${cause}` })
    }
    ready = ready.filter(change => !heldNow.has(change))
  }
}
