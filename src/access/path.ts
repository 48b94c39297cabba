// The access path of the contract's table as data: which links one person's way into one app has, and how each of them
// stands. Access passes exactly where access/reach.ts says that it does; a test holds the two against each other.

import { demandsKey } from '../model/demands.ts'
import type { Link, LinkName, Way } from '../model/explanation.ts'
import { isKept } from '../model/groups.ts'
import { type Id, ids, keyOf, kindOf } from '../model/id.ts'
import type { PlannedChange, Waiting } from '../model/plan.ts'
import type { Address, ResolvedApp, ResolvedPolicy } from '../model/policy.ts'
import type { Origin } from '../model/problem.ts'
import type { Desired, Observed } from '../model/resource.ts'
import { delegationOf, isKerberos, isPublished, type SignOn, signOnOf } from '../model/sign-on.ts'
import type { Links } from './links.ts'

/** What paths are read off: the policy, what is there, and what a plan would do about it. */
export interface Situation {
  readonly policy: ResolvedPolicy
  readonly links: Links
  readonly observed: ReadonlyMap<Id, Observed>
  readonly desired: ReadonlyMap<Id, Desired>
  readonly waiting: ReadonlyMap<Id, Waiting>
  /** What a plan would change. */
  readonly changes: ReadonlyMap<Id, PlannedChange>
}

export interface Route {
  readonly person: Address
  readonly app: ResolvedApp
  readonly role: string
  readonly way: Way
}

interface Cell extends Route {
  readonly policy: ResolvedPolicy
  /** Undefined: no policy knows the person. */
  readonly partner: string | undefined
  readonly isKept: boolean
  readonly signOn: SignOn | undefined
  readonly links: Links
  readonly desired: ReadonlyMap<Id, Desired>
}

interface Row {
  readonly name: LinkName
  /** Undefined: a path of this sort has no such link. Empty: it has, and nobody needs to do anything for it. */
  readonly ids: (cell: Cell) => readonly Id[] | undefined
  /** One of its ids is enough. */
  readonly any?: true
  /** Being there is enough here: another link asks whether it works. */
  readonly present?: (cell: Cell) => boolean
  /** Access passes without it; `guard`: but not as the policy means it, so that it must also be as the policy says. */
  readonly optional?: 'absent' | 'guard'
}

const rows: readonly Row[] = [
  { name: 'trust', optional: 'absent', ids: cell => (cell.isKept ? undefined : trustOf(cell)) },
  { name: 'guest', ids: ({ isKept, person }) => (isKept ? undefined : [ids.guest(person)]) },
  { name: 'account', ids: ({ isKept, person }) => (isKept ? [ids.partnerAccount(person)] : undefined) },
  { name: 'synced', ids: ({ isKept, person }) => (isKept ? [ids.syncedUser(person)] : undefined) },
  { name: 'application', ids: ({ app }) => [ids.application(app.name)] },
  {
    name: 'member',
    ids: ({ way, person }) => (way.by === 'group' ? [ids.groupMember(way.partner, way.group, person)] : undefined),
  },
  {
    name: 'assigned',
    ids: ({ way, app }) =>
      way.by === 'group' ? [ids.appRoleAssignment(app.name, way.appRole, way.partner, way.group)] : undefined,
  },
  {
    name: 'role-assigned',
    ids: ({ way, app }) => (way.by === 'role-group' ? [ids.appRoleGroupAssignment(app.name, way.appRole)] : undefined),
  },
  {
    name: 'role-member',
    ids: ({ way, app, person }) =>
      way.by === 'role-group' ? [ids.appRoleGroupMember(app.name, way.appRole, person)] : undefined,
  },
  {
    name: 'by-hand',
    ids: ({ way, app, person }) =>
      way.by === 'hand' ? [ids.unmanagedAccess(app.name, way.appRole, person, way.via)] : undefined,
  },
  { name: 'conditions', optional: 'guard', ids: ({ app }) => conditionsOf(app) },
  {
    name: 'published',
    present: ({ signOn }) => signOn === 'kerberos' || signOn === 'header',
    ids: ({ app }) => (isPublished(app) ? [ids.appProxy(app.name)] : undefined),
  },
  { name: 'connector-group', optional: 'guard', ids: connectorGroupOf },
  { name: 'sign-on', ids: signOnLinks },
  {
    name: 'shadow-account',
    ids: ({ app, isKept, person }) => (isKerberos(app) && !isKept ? [ids.shadowAccount(person)] : undefined),
  },
  {
    name: 'ad-member',
    ids: ({ app, role, person }) => (isKerberos(app) ? [ids.adGroupMember(app.name, role, person)] : undefined),
  },
  {
    name: 'delegation',
    ids: ({ app }) => (delegationOf(app) === 'unmanaged' ? [] : undefined),
  },
  {
    name: 'delegation',
    any: true,
    ids: cell => (isKerberos(cell.app) && delegationOf(cell.app) !== 'unmanaged' ? delegationsOf(cell) : undefined),
  },
]

/** A partner whose tenant the policy does not name is let in like everybody outside. */
function trustOf({ partner, policy, links }: Cell): readonly Id[] | undefined {
  if (partner === undefined) return undefined
  const id = ids.crossTenantPartner(partner)
  return policy.partners.get(partner)?.spec.tenantId !== undefined || links.present.has(id) ? [id] : []
}

function conditionsOf(app: ResolvedApp): readonly Id[] | undefined {
  const demands = demandsKey(app)
  return demands === undefined ? undefined : [ids.conditionalAccessPolicy(demands)]
}

/** Only where guestlist sees to it, or tells a person to. */
function connectorGroupOf({ app, desired, links }: Cell): readonly Id[] | undefined {
  const id = ids.connectorGroup(app.name)
  return desired.has(id) || links.present.has(id) ? [id] : undefined
}

function signOnLinks({ app, signOn }: Cell): readonly Id[] | undefined {
  if (signOn === 'saml') return [ids.samlSignOn(app.name)]
  return signOn === 'kerberos' || signOn === 'header' ? [ids.appProxy(app.name)] : undefined
}

const delegationKinds: readonly string[] = [
  'active-directory/kerberos-delegation',
  'active-directory/resource-delegation',
]

function delegationsOf({ app, links, desired }: Cell): readonly Id[] {
  const isOne = (id: Id): boolean => delegationKinds.includes(kindOf(id)) && keyOf(id)[0] === app.name
  return [...new Set([...links.present, ...desired.keys()])].filter(isOne).sort()
}

export function pathOf(route: Route, situation: Situation): readonly Link[] {
  const { policy, links, desired } = situation
  const cell: Cell = {
    ...route,
    policy,
    partner: policy.people.get(route.person)?.partner,
    isKept: isKept(route.person, policy),
    signOn: signOnOf(route.app),
    links,
    desired,
  }
  return rows.flatMap(row => {
    const named = row.ids(cell)
    return named === undefined ? [] : [linkOf(row, named, cell, situation)]
  })
}

function linkOf(row: Row, named: readonly Id[], cell: Cell, situation: Situation): Link {
  const { links, observed, desired } = situation
  const enough = row.present?.(cell) === true ? links.present : links.working
  const failing = named.filter(id => !enough.has(id) || (row.optional === 'guard' && !isAsMeant(id, cell, situation)))
  const holds = row.any === true ? failing.length < named.length : failing.length === 0
  const isThere = named.some(id => links.present.has(id))
  const waiting = holds ? undefined : failing.flatMap(id => rootOf(id, situation) ?? [])[0]
  const good = named.filter(id => !failing.includes(id))
  return {
    name: row.name,
    ids: named,
    state: holds ? 'present' : waiting !== undefined ? 'waiting' : isThere ? 'broken' : 'missing',
    passes: holds || row.optional === 'guard' || (!isThere && passesAbsent(row, cell)),
    holding: good,
    there: [...good, ...failing].flatMap(id => observed.get(id) ?? []),
    because: distinct(named.flatMap(id => desired.get(id)?.because ?? [])),
    ...(waiting === undefined ? {} : { waiting }),
  }
}

/** Not to be changed, or only on account of other apps. */
function isAsMeant(id: Id, { app }: Cell, { changes, observed }: Situation): boolean {
  const change = changes.get(id)
  if (change === undefined) return true
  const apps = observed.get(id)?.spec.apps
  const differs = Object.keys(change.after ?? {})
  return differs.length === 1 && differs[0] === 'apps' && Array.isArray(apps) && apps.includes(app.name)
}

/** Whoever is in the group without being invited (an employee, say) needs no invitation. */
function passesAbsent(row: Row, { links, way, app, person }: Cell): boolean {
  if (row.name !== 'guest') return row.optional === 'absent'
  const membership =
    way.by === 'group'
      ? ids.groupMember(way.partner, way.group, person)
      : way.by === 'role-group'
        ? ids.appRoleGroupMember(app.name, way.appRole, person)
        : ids.unmanagedAccess(app.name, way.appRole, person, way.via)
  return links.working.has(membership)
}

/** What waits for another id waits for what that one waits for. */
function rootOf(id: Id, { waiting }: Situation): Waiting | undefined {
  const seen = new Set<string>()
  let found = waiting.get(id)
  for (;;) {
    const next = found === undefined || seen.has(found.for) ? undefined : waiting.get(found.for as Id)
    if (next === undefined || found === undefined) return found
    seen.add(found.for)
    found = next
  }
}

function distinct(origins: readonly Origin[]): readonly Origin[] {
  return [...new Map(origins.map(origin => [`${origin.file}:${origin.line}`, origin])).values()]
}
