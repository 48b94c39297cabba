// Groups of the domain that nobody is put into: those that Windows or another system protects, those that the policy names,
// and all that lie in one of them, for who is in a group is in every group that holds it.

import type { DirectoryEntry, DirectoryReader } from '../../model/directories.ts'
import { canonicalDn, domainDn } from '../../model/escape.ts'
import type { FindingAt } from '../../model/plan.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { isProtected, liesInProtected, protectedGroupCode, protectedGroupsOf } from '../../model/protected-groups.ts'
import type { Refusal } from '../../model/resource.ts'
import { type Domain, isMissing, protection } from './domain.ts'

interface OpenDomain {
  readonly domain: Domain
  readonly reader: DirectoryReader
}

/** What `protection` and this ask of an entry. */
export const protectionAttributes = [
  'objectSid',
  'objectClass',
  'adminCount',
  'isCriticalSystemObject',
  'msDS-ObjectSoa',
] as const

/** Why nobody may be put into a group that is not protected by itself. `name`: as the policy writes it. */
export async function refusalOf(
  { domain, reader }: OpenDomain,
  group: DirectoryEntry,
  policy: ResolvedPolicy,
  name = group.dn,
): Promise<Refusal | undefined> {
  const named = protectedGroupsOf(policy).activeDirectory
  if (named.has(canonicalDn(group.dn))) return { code: protectedGroupCode, message: isProtected(name), onlyIn: true }
  const holding = await reader.search({
    base: domainDn(domain.name),
    scope: 'sub',
    filter: { and: [{ equals: ['objectClass', 'group'] }, { inChain: ['member', group.dn] }] },
    attributes: protectionAttributes,
  })
  const privileged = holding.find(entry => protection(entry)?.code === 'protected-object')
  if (privileged !== undefined) {
    const message = `${group.dn} lies in the protected group ${privileged.dn}: it is never touched`
    return { code: 'protected-object', message }
  }
  const above = holding.find(entry => named.has(canonicalDn(entry.dn)))
  if (above === undefined) return undefined
  return { code: protectedGroupCode, message: liesInProtected(name, above.dn), onlyIn: true }
}

/** A group that was renamed or moved is not protected any more, and nobody would see. */
export async function missingProtectedGroups(
  { reader }: OpenDomain,
  policy: ResolvedPolicy,
): Promise<readonly FindingAt[]> {
  const named = [...protectedGroupsOf(policy).activeDirectory.values()]
  const found = await Promise.all(
    named.map(dn =>
      reader
        .search({ base: dn, scope: 'base', filter: { present: 'objectClass' }, attributes: ['objectClass'] })
        .catch(error => {
          if (isMissing(error)) return []
          throw error
        }),
    ),
  )
  return named
    .filter((_, index) => found[index]?.length === 0)
    .map(dn => ({
      severity: 'warning',
      code: 'protected-group-missing',
      message: `the protected group ${dn} is not in Active Directory: nothing is protected by it`,
      hint: 'was it renamed or moved? Correct guardrails.protectedGroups',
      at: policy.organization.origin,
    }))
}
