// Conditional Access policies. Any mismatch with the schema is refused with one code that names no field, as Graph does.

import { checkedBody, merged } from './body.ts'
import { forbidden, GraphError, malformed, notFound } from './errors.ts'
import type { Item } from './match.ts'
import { created, type Listing, listPage, single } from './page.ts'
import { need } from './references.ts'
import { bodyOf, type GraphRequest, type Key, noContent, type Route } from './request.ts'
import type { Entity, Tenant } from './tenant.ts'

const mostPolicies = 195

// What every tenant has.
const strengths: readonly Item[] = [
  ['00000000-0000-0000-0000-000000000002', 'Multifactor authentication', 'password,microsoftAuthenticatorPush'],
  ['00000000-0000-0000-0000-000000000003', 'Passwordless MFA', 'microsoftAuthenticatorPush'],
  ['00000000-0000-0000-0000-000000000004', 'Phishing-resistant MFA', 'windowsHelloForBusiness fido2'],
].map(([id, displayName, combinations = '']) => ({
  id,
  displayName,
  description: `${displayName}, built in`,
  policyType: 'builtIn',
  requirementsSatisfied: 'mfa',
  allowedCombinations: combinations.split(' '),
}))

const rules = {
  title: 'ConditionalAccessPolicy',
  type: 'conditionalAccessPolicy',
  readOnly: new Set(['createdDateTime', 'modifiedDateTime', 'deletedDateTime']),
}

export function conditionalAccessRoutes(tenant: Tenant): readonly Route[] {
  const policies = tenant.store.collection<Entity>('conditionalAccessPolicies')
  const path = '/identity/conditionalAccess/policies'
  const listing = (items: Iterable<Item>): Listing => ({
    type: 'conditionalAccessPolicy',
    items,
    context: 'identity/conditionalAccess/policies',
  })

  function policy(key: Key | undefined): Entity {
    const id = need(key).value
    const found = policies.get(id.toLowerCase())
    if (found === undefined) throw new GraphError(404, 'NotFound', `${id} does not exist in the directory.`)
    return found
  }

  const strengthListing = (items: Iterable<Item>): Listing => ({
    type: 'authenticationStrengthPolicy',
    items,
    context: 'policies/authenticationStrengthPolicies',
  })

  return [
    {
      method: 'GET',
      pattern: '/policies/authenticationStrengthPolicies',
      handle: request => listPage(request, strengthListing(strengths)),
    },
    {
      method: 'GET',
      pattern: '/policies/authenticationStrengthPolicies/{}',
      handle: (request, key) => single(request, strengthListing([]), strength(need(key).value)),
    },
    {
      method: 'GET',
      pattern: '/identityGovernance/termsOfUse/agreements',
      handle: () => {
        throw forbidden('UnknownError', 'Application permission is not supported for agreements: sign in as a person.')
      },
    },
    { method: 'GET', pattern: path, handle: request => listPage(request, listing(policies.values())) },
    { method: 'GET', pattern: `${path}/{}`, handle: (request, key) => single(request, listing([]), policy(key)) },
    {
      method: 'POST',
      pattern: path,
      handle: request => {
        const properties = checked(tenant, request)
        if (policies.size >= mostPolicies) throw malformed('1044: The maximum number of policies has been reached.')
        const made = completed(merged({ id: tenant.newId(), createdDateTime: tenant.timestamp() }, properties))
        checkWhole(made)
        checkConditions(tenant, made)
        policies.put(made.id, made)
        return created(request, listing([]), made)
      },
    },
    {
      method: 'PATCH',
      pattern: `${path}/{}`,
      handle: (request, key) => {
        const before = policy(key)
        const after = completed(merged(before, { ...checked(tenant, request), modifiedDateTime: tenant.timestamp() }))
        checkWhole(after)
        checkConditions(tenant, after)
        policies.put(before.id, after)
        return noContent
      },
    },
    {
      method: 'DELETE',
      pattern: `${path}/{}`,
      handle: (_request, key) => {
        policies.delete(policy(key).id)
        return noContent
      },
    },
  ]
}

function strength(id: string): Item {
  const found = strengths.find(known => known.id === id.toLowerCase())
  if (found === undefined) throw notFound(id)
  return found
}

const wellKnown = ['All', 'None', 'Office365', 'MicrosoftAdminPortals']

/** What is refused though it fits the schema: applications that are not there, and controls that exclude each other. */
function checkConditions(tenant: Tenant, policy: Item): void {
  const applications = partOf(partOf(policy, 'conditions'), 'applications')
  const included = (applications?.includeApplications as readonly string[] | undefined) ?? []
  const actions = (applications?.includeUserActions as readonly string[] | undefined) ?? []
  if (included.length === 0 && actions.length === 0)
    throw malformed("1011: 'applications' condition must specify the applications to include.")
  const stranger = included.find(
    id => !wellKnown.includes(id) && tenant.servicePrincipalsByAppId.first(id) === undefined,
  )
  if (stranger !== undefined) throw malformed(`1034: Policy contains invalid applications: ${stranger}.`)
  const controls = partOf(policy, 'grantControls')
  const id = partOf(controls, 'authenticationStrength')?.id
  if (id === undefined) return
  if (!strengths.some(known => known.id === id)) throw malformed(`1085: There is no authentication strength ${id}.`)
  if ((controls?.builtInControls as readonly string[] | undefined)?.includes('mfa'))
    throw malformed('1083: Multifactor authentication and an authentication strength cannot be required together.')
}

function mismatch(): GraphError {
  return malformed(
    '1007: Incoming ConditionalAccessPolicy object is null or does not match the schema of ConditionalAccessPolicy type. For examples, please see API documentation at https://docs.microsoft.com/en-us/graph/api/conditionalaccessroot-post-policies?view=graph-rest-1.0.',
  )
}

function checked(tenant: Tenant, request: GraphRequest): Item {
  const { id: _id, ...body } = bodyOf(request)
  try {
    const properties = checkedBody(body, rules)
    requireReferences(tenant, properties)
    return properties
  } catch (error) {
    if (error instanceof GraphError && error.status !== 404) throw mismatch()
    throw error
  }
}

function partOf(item: Item | undefined, name: string): Item | undefined {
  return item?.[name] as Item | undefined
}

function requireReferences(tenant: Tenant, properties: Item): void {
  const users = partOf(partOf(properties, 'conditions'), 'users')
  for (const property of ['includeGroups', 'excludeGroups']) {
    for (const id of (users?.[property] as readonly string[] | undefined) ?? []) {
      if (!tenant.objects.group.has(id.toLowerCase())) throw notFound(id)
    }
  }
}

function checkWhole(policy: Item): void {
  const conditions = partOf(policy, 'conditions')
  const isWhole =
    typeof policy.displayName === 'string' &&
    typeof policy.state === 'string' &&
    partOf(conditions, 'applications') !== undefined &&
    partOf(conditions, 'users') !== undefined &&
    (partOf(policy, 'grantControls') !== undefined || partOf(policy, 'sessionControls') !== undefined)
  if (!isWhole) throw mismatch()
}

/** The policy with the empty lists that Graph adds. */
function completed(policy: Entity): Entity {
  const conditions = partOf(policy, 'conditions')
  if (conditions === undefined) return policy
  const applications = {
    includeApplications: [],
    excludeApplications: [],
    includeUserActions: [],
    includeAuthenticationContextClassReferences: [],
  }
  const users = {
    includeUsers: [],
    excludeUsers: [],
    includeGroups: [],
    excludeGroups: [],
    includeRoles: [],
    excludeRoles: [],
  }
  const controls = partOf(policy, 'grantControls')
  const chosen = partOf(controls, 'authenticationStrength')?.id
  const whole = strengths.find(known => known.id === chosen)
  return {
    ...policy,
    ...(whole === undefined ? {} : { grantControls: { ...controls, authenticationStrength: whole } }),
    conditions: {
      clientAppTypes: ['all'],
      signInRiskLevels: [],
      userRiskLevels: [],
      servicePrincipalRiskLevels: [],
      ...conditions,
      ...(conditions.applications === undefined
        ? {}
        : { applications: { ...applications, ...partOf(conditions, 'applications') } }),
      ...(conditions.users === undefined ? {} : { users: { ...users, ...partOf(conditions, 'users') } }),
    },
  }
}
