// On what grounds a person has an app: each line of the policy that gives it, will give it, or gave it, with its own end.

import type { Ground } from '../model/explanation.ts'
import type { Address, Grant, Member, ResolvedPolicy } from '../model/policy.ts'
import { isKerberos } from '../model/sign-on.ts'
import { endOf, startOf } from '../model/time.ts'

export type Grounds = (person: Address, app: string) => readonly Ground[]

export function groundsOf(policy: ResolvedPolicy): Grounds {
  const grants = Map.groupBy(policy.grants, grant => `${grant.app}\n${grant.partner}`)
  const memberships = membershipsOf(policy)
  return (person, app) =>
    (memberships.get(person) ?? []).flatMap(({ partner, group, member }) =>
      (grants.get(`${app}\n${partner}`) ?? [])
        .filter(grant => grant.group === group)
        .map(grant => ground(grant, member, policy)),
    )
}

interface Membership {
  readonly partner: string
  readonly group: string
  readonly member: Member
}

function membershipsOf(policy: ResolvedPolicy): ReadonlyMap<Address, readonly Membership[]> {
  const all = [...policy.partners.values()].flatMap(({ name: partner, groups }) =>
    [...groups.values()].flatMap(({ name: group, members }) => members.map(member => ({ partner, group, member }))),
  )
  return Map.groupBy(all, ({ member }) => member.address)
}

function ground(grant: Grant, member: Member, policy: ResolvedPolicy): Ground {
  const { at } = policy
  const until = earlier(grant.until, member.until)
  const isOver = until !== undefined && (endOf(until) ?? at) < at
  const isLater = grant.from !== undefined && (startOf(grant.from) ?? at) > at
  return {
    grant,
    role: countedRole(grant, policy),
    member,
    standing: grant.inForce && member.inForce ? 'in force' : isLater && !isOver ? 'later' : 'ended',
    ...(until === undefined ? {} : { until }),
  }
}

/** Roles with one app role are one and the same to the tenant: whoever has one of them is counted as having the first. */
export function countedRole({ app: name, role }: Pick<Grant, 'app' | 'role'>, policy: ResolvedPolicy): string {
  const app = policy.apps.get(name)
  if (app === undefined || isKerberos(app)) return role
  const appRole = app.roles.get(role)?.appRole
  return [...app.roles.values()].find(each => each.appRole === appRole)?.name ?? role
}

/** The last end of several; null if one of them has none. */
export function lastEnd(grounds: readonly Ground[]): string | null {
  return (
    grounds.reduce<string | null | undefined>((last, { until }) => {
      if (until === undefined || last === null) return null
      return last === undefined || (endOf(until) ?? 0) > (endOf(last) ?? 0) ? until : last
    }, undefined) ?? null
  )
}

function earlier(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return (endOf(a) ?? 0) <= (endOf(b) ?? 0) ? a : b
}
