// Checked documents -> the policy as of one instant, and everything that is wrong between documents. Rules come after.

import type { Organization, Rule } from '../model/policy.generated.ts'
import type { Grant, ResolvedPolicy } from '../model/policy.ts'
import type { Problem } from '../model/problem.ts'
import type { Instant } from '../model/time.ts'
import { type ResolvedAccess, resolveAccesses } from './accesses.ts'
import { checkApps, resolveApps } from './apps.ts'
import type { CheckedDocuments } from './check.ts'
import { checkAppClaims, checkPartnerClaims } from './claims.ts'
import { originAt } from './document.ts'
import { checkLongestAccess, checkOverrides, checkProtectedGroups, checkRemovals } from './guardrails.ts'
import { indexNames, type Named } from './names.ts'
import { checkGroupsInDomain, checkNeeds, checkOrganization } from './organization.ts'
import { type Rosters, resolvePartners } from './partners.ts'
import { reportUnused } from './unused.ts'

export interface Resolution {
  /** Whole only if no problem is an error. Absent without an Organization. */
  readonly policy: ResolvedPolicy | undefined
  readonly accesses: readonly ResolvedAccess[]
  readonly named: Named
  readonly problems: readonly Problem[]
}

interface Circumstances {
  readonly rosters: Rosters
  readonly at: Instant
  /** True if files could not be read: what is not found may be in one of them, and is not missed. */
  readonly lost: boolean
}

const saysMissing = new Set(['no-organization', 'unknown-partner', 'unknown-app', 'override-of-nothing'])

export function resolvePolicy(documents: CheckedDocuments, { rosters, at, lost }: Circumstances): Resolution {
  const problems: Problem[] = []
  const report = (problem: Problem) => {
    if (!lost || !saysMissing.has(problem.code)) problems.push(problem)
  }
  const named = indexNames(documents, report)
  const { organization } = named
  const { partners, people } = resolvePartners(named.partners, rosters, at, report)
  const apps = resolveApps(named.apps)
  const accesses = resolveAccesses({ named, partners, apps, at, report })

  checkPartnerClaims(named.partners.values(), organization, report)
  checkAppClaims(named.apps.values(), report)
  checkApps(named.apps.values(), organization, report)
  checkNeeds(named, accesses, report)
  checkGroupsInDomain(named, report)
  // A name that was misspelt is not also unused.
  const misnamed = problems.some(problem => problem.code.startsWith('unknown-'))
  if (!lost && !misnamed && documents.Access.every(access => access.sound)) reportUnused(named, accesses, report)
  if (organization === undefined) return { policy: undefined, accesses, named, problems }
  checkOrganization(organization, report)
  checkLongestAccess(organization, accesses, at, report)
  checkProtectedGroups(organization, named.apps.values(), report)
  checkRemovals(organization, report)
  checkOverrides(organization, named, at, report)

  const origin = originAt(organization.document, '/name')
  const spec = organization.spec as Organization
  const grants = accesses.flatMap(access => grantsOf(access, at))
  const rules = new Map(
    [...named.rules].map(([name, { spec, document }]) => [
      name,
      { spec: spec as Rule, origin: originAt(document, '/name') },
    ]),
  )
  const policy = { at, organization: { spec, origin }, partners, people, apps, grants, rules }
  return { policy, accesses, named, problems }
}

function grantsOf(
  { name, partner, app, role, groups, from, until, reason, start, end }: ResolvedAccess,
  at: Instant,
): readonly Grant[] {
  const dates = {
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(reason === undefined ? {} : { reason }),
  }
  return groups
    .map(group => ({
      access: name,
      partner,
      group: group.name,
      app,
      role,
      ...dates,
      inForce: start <= at && at <= end,
      origin: group.origin,
    }))
    .sort((one, other) => (one.group < other.group ? -1 : 1))
}
