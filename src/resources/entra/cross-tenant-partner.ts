// How a partner's tenant is trusted. Settings have no place for a mark: a group without members holds it, made before them and
// gone after them. What we made is deleted when the partner leaves; of what was there, ours goes back to the default.

import type { Directories, GraphWriter } from '../../model/directories.ts'
import type { OwnWrites } from '../../model/estimate.ts'
import { isInvitedPartner } from '../../model/groups.ts'
import { type Id, ids } from '../../model/id.ts'
import type { FindingAt } from '../../model/plan.ts'
import type { ResolvedPartner, ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import type { Assigned, Change, Desired, Observed } from '../../model/resource.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import {
  changesTo,
  collaborationIn,
  type Entry,
  readDefaults,
  readEntries,
  type Setting,
  type Settings,
  settingNames,
  type Target,
  type Value,
  valueIn,
} from './cross-tenant.ts'
import { entryAppeared, entryPath, makeEntry } from './cross-tenant-entry.ts'
import { limitedTo, notDeleted, roomFor } from './cross-tenant-findings.ts'
import { describeMarks, type Mark, makeMark, readMarks, removeMarks, silent } from './cross-tenant-marks.ts'
import { type CrossTenantSpec, managedAfter, risk, targetOf } from './cross-tenant-target.ts'

export const crossTenantPartner: ResourceKind<CrossTenantSpec> = {
  plane: 'entra',
  name: 'cross-tenant-partner',
  desire,
  observe,

  normalize({ entry: _entry, defaults: _defaults, removable: _removable, handedOver: _handedOver, ...spec }) {
    const { collaboration, managed } = spec
    return {
      ...spec,
      // Limits within are somebody's own decision.
      ...(collaboration === undefined ? {} : { collaboration: collaboration === 'blocked' ? 'blocked' : 'allowed' }),
      managed: managed === false ? false : managed.filter(name => !silent.includes(name)).sort(),
    }
  },

  retire({ spec }) {
    if (spec.handedOver || spec.removable || spec.entry === undefined) return 'delete'
    const ours = settingNames.filter(name => spec.managed !== false && spec.managed.includes(name))
    return {
      tenantId: spec.tenantId,
      managed: false,
      ...Object.fromEntries(ours.map((name): [Setting, Value] => [name, 'inherited'])),
    }
  },

  risk,
  works: ({ collaboration }) => collaboration !== 'blocked',
  writes,
  perform,
}

function trustedPartners(policy: ResolvedPolicy): readonly ResolvedPartner[] {
  return [...policy.partners.values()].filter(
    ({ name, spec }) => spec.tenantId !== undefined && isInvitedPartner(policy, name),
  )
}

/** What a partner's document says; a key that it leaves out is left alone. */
function saidOf({ spec }: ResolvedPartner): Target['values'] {
  const { mfa, compliantDevice, hybridJoinedDevice } = spec.trust ?? {}
  const said = {
    trustMfa: mfa,
    trustCompliantDevice: compliantDevice,
    trustHybridJoinedDevice: hybridJoinedDevice,
    automaticRedemption: spec.automaticRedemption,
  }
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
}

function tenantOf({ spec }: ResolvedPartner): string {
  return (spec.tenantId ?? '').toLowerCase()
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<CrossTenantSpec>> {
  for (const partner of trustedPartners(policy)) {
    const said = saidOf(partner)
    yield {
      id: ids.crossTenantPartner(partner.name),
      partner: partner.name,
      needs: [],
      because: [partner.origin],
      spec: { tenantId: tenantOf(partner), collaboration: 'allowed', ...said, managed: Object.keys(said).sort() },
    }
  }
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<CrossTenantSpec>> {
  const partners = trustedPartners(policy)
  const marks = new Map(await readMarks(from))
  if (partners.length === 0 && marks.size === 0) return { resources: [] }
  const [list, defaults] = await Promise.all([readEntries(from), readDefaults(from.entra)])
  const entries = new Map(list.map(entry => [entry.tenantId.toLowerCase(), entry]))
  const findings: FindingAt[] = []
  const resources = new Map<Id, Observed<CrossTenantSpec>>()
  const add = (id: Id, found: Found): void => void resources.set(id, observed(id, found, defaults))

  for (const partner of partners) {
    const tenantId = tenantOf(partner)
    const key = `${partner.name} ${tenantId}`
    const [mark, entry] = [marks.get(key), entries.get(tenantId)]
    marks.delete(key)
    const collaboration = collaborationIn(entry, defaults)
    // Another name of the partner, perhaps: what was ours stays ours.
    const former = [...marks.values()].find(other => other.tenantId === tenantId && other.partner !== partner.name)
    const isSilent = Object.keys(saidOf(partner)).length === 0 && collaboration !== 'blocked' && former === undefined
    if (mark === undefined && entry === undefined && collaboration !== 'blocked' && !isSilent) continue
    // Where nothing is to be said, what others say is left to them.
    const owned = mark !== undefined || entry === undefined || isSilent
    const managed = (mark ?? former)?.managed ?? (isSilent ? [] : false)
    const made = (mark ?? former)?.made === true
    const id = ids.crossTenantPartner(partner.name)
    add(id, { partner: partner.name, tenantId, mark, entry, made, owned, managed, handedOver: false })
    if (collaboration === 'limited') findings.push(limitedTo(partner))
  }
  const tenants = new Set(partners.map(tenantOf))
  for (const mark of marks.values()) {
    const { partner, tenantId, made, managed } = mark
    const plain = ids.crossTenantPartner(partner)
    const isTaken = resources.has(plain) || partners.some(({ name }) => name === partner)
    const id = isTaken ? ids.crossTenantPartner(`${partner} (${tenantId})`) : plain
    const entry = entries.get(tenantId)
    const handedOver = tenants.has(tenantId)
    add(id, { partner, tenantId, mark, entry, made, owned: true, managed, handedOver })
    if (made && entry?.identitySynchronization && !handedOver) findings.push(notDeleted(mark))
  }
  return {
    resources: [...resources.values()],
    findings: [...findings, ...roomFor(desire(policy), policy, entries, defaults, resources)],
  }
}

interface Found {
  readonly partner: string
  readonly tenantId: string
  readonly mark: Mark | undefined
  readonly entry: Entry | undefined
  readonly made: boolean
  readonly owned: boolean
  readonly managed: false | readonly string[]
  readonly handedOver: boolean
}

function observed(id: Id, found: Found, defaults: Settings): Observed<CrossTenantSpec> {
  const { partner, tenantId, mark, entry, made, owned, managed, handedOver } = found
  const values = settingNames.map((name): [Setting, Value] => [name, valueIn(entry, name)])
  return {
    id,
    partner,
    objectId: tenantId,
    owned,
    needs: [],
    ...(mark === undefined
      ? {}
      : { related: Object.fromEntries(mark.groups.map((group, at) => [`mark${at}`, group])) }),
    spec: {
      tenantId,
      collaboration: collaborationIn(entry, defaults),
      ...Object.fromEntries(values),
      managed,
      ...(entry === undefined ? {} : { entry }),
      defaults,
      removable: made && !entry?.identitySynchronization,
      handedOver,
    },
  }
}

/** Of the entry, and of the mark before and after. */
function writes({ before, after }: Change<CrossTenantSpec>): OwnWrites {
  const marks = Object.keys(before?.related ?? {}).length
  if (after === undefined) return { directory: 1 + marks }
  return { directory: after.spec.managed === false || marks === 0 ? 1 + Math.max(1, marks) : 2 }
}

async function perform(
  { id, partner = '', before, after }: Change<CrossTenantSpec>,
  { entra }: { entra: GraphWriter },
): Promise<Assigned> {
  let marks: readonly string[] = Object.values(before?.related ?? {})
  if (after === undefined) {
    if (before === undefined) throw new Error(`${id} has neither side`)
    const { tenantId, handedOver, entry } = before.spec
    if (!handedOver && entry !== undefined) await entra.delete(entryPath(tenantId))
    await removeMarks(marks, entra)
    return before
  }
  const { tenantId } = after.spec
  const entry = before?.spec.entry
  const defaults = before?.spec.defaults ?? (await readDefaults(entra))
  const target = targetOf(before?.spec, after.spec)
  const known = before === undefined || before.spec.managed === false ? [] : before.spec.managed
  const managed = managedAfter(before?.spec, after.spec, target)
  // The mark says what is ours before it is so, and until it is so no longer.
  const meanwhile = [...new Set([...known, ...managed])].sort()
  const isUnmarked = marks.length === 0
  // Ours comes after its mark.
  if (entry === undefined && isUnmarked && (await entra.get<Entry>(entryPath(tenantId))) !== undefined)
    throw entryAppeared(tenantId)
  if (after.spec.managed !== false && isUnmarked) {
    const made = entry === undefined || before?.spec.removable === true
    marks = [await makeMark(partner, tenantId, made, meanwhile, entra)]
  } else if (meanwhile.join() !== known.join()) await describeMarks(marks, meanwhile, entra)
  const changes = changesTo(entry, defaults, target)
  if (entry === undefined) {
    try {
      await makeEntry(tenantId, target, defaults, entra)
    } catch (error) {
      // Somebody was quicker: the mark would make it ours.
      if (isUnmarked && error instanceof Failure && error.code === 'stale') await removeMarks(marks, entra)
      throw error
    }
  } else if (Object.keys(changes).length > 0) await entra.patch(entryPath(tenantId), changes)
  if (after.spec.managed === false) await removeMarks(marks, entra)
  else if (meanwhile.join() !== managed.join()) await describeMarks(marks, managed, entra)
  return { objectId: tenantId }
}
