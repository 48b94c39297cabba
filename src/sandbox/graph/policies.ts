// What guests may be in the tenant, and which partners it trusts: two singletons and the partners of the cross-tenant policy.

import { checkedBody, merged } from './body.ts'
import { GraphError, malformed } from './errors.ts'
import type { Item } from './match.ts'
import { created, type Listing, listPage, project, single } from './page.ts'
import { need } from './references.ts'
import { bodyOf, contextOf, isGuid, type Key, noContent, ok, type Route } from './request.ts'
import type { Tenant } from './tenant.ts'

/** The whole cross-tenant policy may be no larger, in bytes. */
const largestPolicy = 25 * 1024

const partnerType = 'crossTenantAccessPolicyConfigurationPartner'
const defaultType = 'crossTenantAccessPolicyConfigurationDefault'

export const authorizationPolicyDefaults: Item = {
  id: 'authorizationPolicy',
  displayName: 'Authorization Policy',
  description: 'Used to manage authorization related settings across the company.',
  allowInvitesFrom: 'everyone',
  guestUserRoleId: '10dae51f-b6af-4016-8d66-8c2a99b929b3',
  allowedToSignUpEmailBasedSubscriptions: true,
  allowedToUseSSPR: true,
  allowEmailVerifiedUsersToJoinOrganization: false,
  blockMsolPowerShell: false,
  defaultUserRolePermissions: {
    allowedToCreateApps: true,
    allowedToCreateSecurityGroups: true,
    allowedToReadOtherUsers: true,
  },
}

const everyone = (accessType: string) => ({
  usersAndGroups: { accessType, targets: [{ target: 'AllUsers', targetType: 'user' }] },
  applications: { accessType, targets: [{ target: 'AllApplications', targetType: 'application' }] },
})

export const crossTenantDefaults: Item = {
  id: 'default',
  isServiceDefault: true,
  inboundTrust: { isMfaAccepted: false, isCompliantDeviceAccepted: false, isHybridAzureADJoinedDeviceAccepted: false },
  b2bCollaborationInbound: everyone('allowed'),
  b2bCollaborationOutbound: everyone('allowed'),
  b2bDirectConnectInbound: everyone('blocked'),
  b2bDirectConnectOutbound: everyone('blocked'),
  automaticUserConsentSettings: { inboundAllowed: false, outboundAllowed: false },
}

export function policyRoutes(tenant: Tenant): readonly Route[] {
  const singletons = tenant.store.collection<Item>('policies')
  const partners = tenant.store.collection<Item>('crossTenantAccessPartners')
  const synchronisations = tenant.store.collection<Item>('identitySynchronizations')
  const crossTenant = '/policies/crossTenantAccessPolicy'
  const listing = (items: Iterable<Item>): Listing => ({
    type: partnerType,
    items,
    context: 'policies/crossTenantAccessPolicy/partners',
    key: 'tenantId',
    expand: item => synchronisations.get(String(item.tenantId)) ?? null,
  })

  const authorization = () => singletons.get('authorizationPolicy') ?? authorizationPolicyDefaults
  const defaults = () => singletons.get('crossTenantAccessPolicyDefault') ?? crossTenantDefaults

  function partner(key: Key | undefined): Item {
    const id = need(key).value.toLowerCase()
    const found = partners.get(id)
    if (found === undefined) throw new GraphError(404, 'Request_ResourceNotFound', `Resource '${id}' does not exist.`)
    return found
  }

  function keep(tenantId: string, item: Item): void {
    const others = [...partners.values()].filter(({ tenantId: other }) => other !== tenantId)
    if (Buffer.byteLength(JSON.stringify([...others, item, defaults()])) > largestPolicy) {
      throw malformed('Failure to update policy due to object limit.')
    }
    partners.put(tenantId, item)
  }

  return [
    {
      method: 'GET',
      pattern: '/policies/authorizationPolicy',
      handle: request => ok({ ...contextOf(request, 'policies/authorizationPolicy/$entity'), ...authorization() }),
    },
    {
      method: 'PATCH',
      pattern: '/policies/authorizationPolicy',
      handle: request => {
        const readOnly = new Set(['id', 'deletedDateTime'])
        const changes = checkedBody(bodyOf(request), {
          title: 'AuthorizationPolicy',
          type: 'authorizationPolicy',
          readOnly,
        })
        singletons.put('authorizationPolicy', merged(authorization(), changes))
        return noContent
      },
    },
    {
      method: 'GET',
      pattern: `${crossTenant}/default`,
      handle: request =>
        ok({
          ...contextOf(request, 'policies/crossTenantAccessPolicy/default/$entity'),
          ...project(defaults(), defaultType, undefined),
        }),
    },
    {
      method: 'PATCH',
      pattern: `${crossTenant}/default`,
      handle: request => {
        const readOnly = new Set(['id', 'isServiceDefault', 'automaticUserConsentSettings'])
        const changes = checkedBody(bodyOf(request), { title: 'CrossTenantAccessPolicy', type: defaultType, readOnly })
        singletons.put('crossTenantAccessPolicyDefault', { ...merged(defaults(), changes), isServiceDefault: false })
        return noContent
      },
    },
    {
      method: 'GET',
      pattern: `${crossTenant}/partners`,
      handle: request => listPage(request, listing(partners.values())),
    },
    {
      method: 'POST',
      pattern: `${crossTenant}/partners`,
      handle: request => {
        const properties = checkedBody(bodyOf(request), {
          title: 'CrossTenantAccessPolicy',
          type: partnerType,
          readOnly: new Set(),
        })
        if (!isGuid(properties.tenantId)) throw malformed('The tenantId of a partner is required, as a GUID.')
        const tenantId = properties.tenantId.toLowerCase()
        if (partners.has(tenantId))
          throw new GraphError(409, 'Conflict', `A partner configuration for '${tenantId}' already exists.`)
        const item = merged({ tenantId }, { ...properties, tenantId })
        keep(tenantId, item)
        return created(request, listing([]), item)
      },
    },
    {
      method: 'GET',
      pattern: `${crossTenant}/partners/{}`,
      handle: (request, key) => single(request, listing([]), partner(key)),
    },
    {
      method: 'PATCH',
      pattern: `${crossTenant}/partners/{}`,
      handle: (request, key) => {
        const before = partner(key)
        const changes = checkedBody(bodyOf(request), {
          title: 'CrossTenantAccessPolicy',
          type: partnerType,
          readOnly: new Set(['tenantId']),
        })
        keep(String(before.tenantId), { ...before, ...changes })
        return noContent
      },
    },
    {
      method: 'DELETE',
      pattern: `${crossTenant}/partners/{}`,
      handle: (_request, key) => {
        const tenantId = String(partner(key).tenantId)
        if (synchronisations.has(tenantId))
          throw malformed('The partner has an identity synchronization policy: delete that first.')
        partners.delete(tenantId)
        return noContent
      },
    },
    {
      method: 'PUT',
      pattern: `${crossTenant}/partners/{}/identitySynchronization`,
      handle: (request, key) => {
        const tenantId = String(partner(key).tenantId)
        synchronisations.put(tenantId, { ...bodyOf(request), tenantId })
        return noContent
      },
    },
    {
      method: 'DELETE',
      pattern: `${crossTenant}/partners/{}/identitySynchronization`,
      handle: (_request, key) => {
        synchronisations.delete(String(partner(key).tenantId))
        return noContent
      },
    },
  ]
}
