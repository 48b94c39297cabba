// Groups of ours that lie in a group of the tenant into which nobody is ever put (`guardrails.protectedGroups`). Read from
// above, since they are few: no request where the policy names none.

import type { Directories } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import type { FindingAt } from '../../model/plan.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { isProtected, liesInProtected, protectedGroupCode, protectedGroupsOf } from '../../model/protected-groups.ts'
import type { Refusal } from '../../model/resource.ts'
import { readGroups } from './tenant.ts'

export interface ProtectedBelow {
  /** By object id: why nobody is put into the group. */
  readonly refusals: ReadonlyMap<string, Refusal>
  readonly missing: readonly FindingAt[]
}

export async function readProtected(from: Directories, policy: ResolvedPolicy): Promise<ProtectedBelow> {
  const named = [...protectedGroupsOf(policy).entra]
  if (named.length === 0) return { refusals: new Map(), missing: [] }
  const [groups, below] = await Promise.all([
    readGroups(from),
    from.entra.listEach<{ id: string }>(
      named.map(id => graphPath`/groups/${id}/transitiveMembers/microsoft.graph.group`),
      { select: ['id'] },
    ),
  ])
  const names = new Map(groups.map(({ id, displayName, uniqueName }) => [id, uniqueName ?? displayName ?? id]))
  const nameOf = (id: string): string => names.get(id) ?? id
  const refusal = (message: string): Refusal => ({ code: protectedGroupCode, message, onlyIn: true })
  const lying = named.flatMap((above, index) =>
    (below[index] ?? []).map(({ id }) => [id, refusal(liesInProtected(nameOf(id), nameOf(above)))] as const),
  )
  const themselves = named.map(id => [id, refusal(isProtected(nameOf(id)))] as const)
  const missing = named.filter((_, index) => below[index] === undefined).map(id => notThere(id, policy))
  return { refusals: new Map([...lying, ...themselves]), missing }
}

function notThere(id: string, policy: ResolvedPolicy): FindingAt {
  return {
    severity: 'warning',
    code: 'protected-group-missing',
    message: `the protected group ${id} is not in Entra: nothing is protected by it`,
    hint: 'was it deleted? Correct guardrails.protectedGroups',
    at: policy.organization.origin,
  }
}
