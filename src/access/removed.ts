// Which lines gave an access before a change of the policy took them out: the reason of a loss that no line of today tells.

import type { Address, ResolvedPolicy } from '../model/policy.ts'
import type { Origin } from '../model/problem.ts'
import { groundsOf } from './grounds.ts'
import type { Access } from './reach.ts'

/** Places in the files of `base`, for each access's grounds: the access's line, or the person's own, whichever is gone. */
export function removedLines(
  policy: ResolvedPolicy,
  base: ResolvedPolicy,
): (access: Pick<Access, 'person' | 'app' | 'role'>) => readonly Origin[] {
  const granted = new Set(policy.grants.map(({ access, group, app, role }) => [access, group, app, role].join('\n')))
  const groundsFor = groundsOf(base)
  return ({ person, app, role }) =>
    groundsFor(person, app)
      .filter(ground => ground.role === role && ground.standing === 'in force')
      .flatMap(({ grant, member }) => [
        ...(granted.has([grant.access, grant.group, app, grant.role].join('\n')) ? [] : [grant.origin]),
        ...(isMember(person, grant.partner, grant.group, policy) ? [] : [member.origin]),
      ])
}

function isMember(person: Address, partner: string, group: string, policy: ResolvedPolicy): boolean {
  const known = policy.people.get(person)
  return known?.partner === partner && known.groups.includes(group)
}
