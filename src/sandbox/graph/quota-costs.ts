// What a request costs of an application's quota: resource units, and writes. Source: Microsoft Graph's page on throttling
// limits, section "Identity and access service limits", as of 2026-02-06.

import type { GraphRequest } from './request.ts'

export interface Cost {
  readonly units: number
  readonly writes: 0 | 1
}

interface Price {
  readonly method: 'GET' | 'POST'
  readonly path: RegExp
  readonly units: number
}

const prices: readonly Price[] = [
  { method: 'GET', path: /^\/applications$/i, units: 2 },
  { method: 'GET', path: /^\/users$/i, units: 2 },
  { method: 'GET', path: /^\/groups\/[^/]+\/members$/i, units: 3 },
  { method: 'GET', path: /^\/groups\/[^/]+\/transitiveMembers$/i, units: 5 },
  { method: 'GET', path: /^\/servicePrincipals\/[^/]+\/appRoleAssignments$/i, units: 2 },
  { method: 'GET', path: /\/(memberOf|transitiveMemberOf|ownedObjects)$/i, units: 2 },
  { method: 'GET', path: /^\/oauth2PermissionGrants$/i, units: 2 },
  { method: 'GET', path: /^\/subscribedSkus$/i, units: 3 },
  { method: 'GET', path: /^\/domains\/[^/]+\/domainNameReferences$/i, units: 4 },
  { method: 'POST', path: /\/(getMemberGroups|getMemberObjects)$/i, units: 2 },
  { method: 'POST', path: /\/(checkMemberGroups|checkMemberObjects|isMemberOf)$/i, units: 4 },
]

const byIds = /^\/directoryObjects\/getByIds$/i

export function costOf(request: GraphRequest): Cost {
  const { method, path, options } = request
  // Its price with $select is a line of its own, not the modifier.
  if (method === 'POST' && byIds.test(path)) return { units: options.has('$select') ? 2 : 5, writes: 0 }
  const listed = prices.find(price => price.method === method && price.path.test(path))
  const top = Number(options.get('$top') ?? Number.POSITIVE_INFINITY)
  const units =
    (listed?.units ?? 1) - (options.has('$select') ? 1 : 0) + (options.has('$expand') ? 1 : 0) - (top < 20 ? 1 : 0)
  return { units: Math.max(1, units), writes: method === 'GET' || listed !== undefined ? 0 : 1 }
}
