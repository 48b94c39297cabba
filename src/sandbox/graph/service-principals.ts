// Service principals: what an application is in this tenant. To what people and groups are assigned: assignments.ts; the
// certificates with which SAML assertions are signed: signing.ts.

import { type BodyRules, checkedBody, merged } from './body.ts'
import { badRequest, invalidValue, missingValue, readOnlyProperty } from './errors.ts'
import type { Item } from './match.ts'
import { objectRoutes } from './object-routes.ts'
import { keyInUse, locate } from './objects.ts'
import { need, referenceRoutes, relationRoutes } from './references.ts'
import { bodyOf, contextOf, type GraphRequest, isGuid, ok, type Route } from './request.ts'
import { checkSigningKey, newSigningCertificate } from './signing.ts'
import type { Entity, Tenant } from './tenant.ts'
import { groupsAbove } from './transitive.ts'

const rules: BodyRules = {
  title: 'ServicePrincipal',
  type: 'servicePrincipal',
  readOnly: new Set([
    ...[
      'id',
      'deletedDateTime',
      'appDisplayName',
      'appDescription',
      'appOwnerOrganizationId',
      'applicationTemplateId',
      'appRoles',
    ],
    ...['disabledByMicrosoftStatus', 'info', 'servicePrincipalType', 'signInAudience', 'verifiedPublisher'],
  ]),
  longest: { displayName: 256, description: 1024, notes: 1024 },
}

export function servicePrincipalRoutes(tenant: Tenant): readonly Route[] {
  const principals = tenant.objects.servicePrincipal

  function create(request: GraphRequest, appId: string | undefined): Entity {
    const properties = { ...checkedBody(bodyOf(request), rules), ...(appId === undefined ? {} : { appId }) }
    const principal = newServicePrincipal(tenant, properties)
    principals.put(principal.id, principal)
    return principal
  }

  function change(request: GraphRequest, principal: Entity): void {
    const changes = checkedBody(bodyOf(request), rules)
    if (changes.appId !== undefined && changes.appId !== principal.appId) throw readOnlyProperty('appId')
    checkValues(changes)
    checkSigningKey({ ...principal, ...changes }, changes)
    principals.put(principal.id, merged(principal, changes))
  }

  return [
    ...objectRoutes(tenant, 'servicePrincipal', { create, change, upsertBy: 'appId' }),
    {
      method: 'POST',
      pattern: '/servicePrincipals/{}/addTokenSigningCertificate',
      handle: (request, key) => {
        const principal = locate(tenant, 'servicePrincipal', need(key))
        const { certificate, credentials } = newSigningCertificate(tenant, principal, bodyOf(request))
        principals.put(principal.id, { ...principal, ...credentials })
        return ok({ ...contextOf(request, 'microsoft.graph.selfSignedCertificate'), ...certificate })
      },
    },
    ...relationRoutes(tenant, 'servicePrincipal', 'owners', principal => tenant.owners.from(principal.id), [
      'user',
      'servicePrincipal',
    ]),
    ...relationRoutes(tenant, 'servicePrincipal', 'memberOf', principal => tenant.members.to(principal.id), ['group']),
    ...relationRoutes(
      tenant,
      'servicePrincipal',
      'transitiveMemberOf',
      principal => groupsAbove(tenant, principal.id),
      ['group'],
    ),
    ...referenceRoutes(tenant, 'servicePrincipal', 'owners', { accepts: ['user', 'servicePrincipal'], most: 100 }),
  ]
}

function newServicePrincipal(tenant: Tenant, properties: Item): Entity {
  const { appId } = properties
  if (appId === undefined || appId === null) throw missingValue('appId', 'ServicePrincipal')
  if (!isGuid(appId)) throw invalidValue('appId', 'ServicePrincipal')
  const applicationId = tenant.applicationsByAppId.first(appId)
  const application = applicationId === undefined ? undefined : tenant.objects.application.get(applicationId)
  if (application === undefined) {
    throw badRequest(`The appId '${appId}' of the service principal does not reference a valid application object.`)
  }
  if (tenant.servicePrincipalsByAppId.first(appId) !== undefined) {
    throw keyInUse(
      `The service principal cannot be created, updated, or restored because the service principal name ${appId} is already in use.`,
    )
  }
  checkValues(properties)
  return merged(
    {
      id: tenant.newId(),
      ...servicePrincipalDefaults(tenant.settings.tenantId),
      displayName: application.displayName,
    },
    { ...properties, appId: appId.toLowerCase() },
  )
}

export function servicePrincipalDefaults(tenantId: string): Item {
  return {
    accountEnabled: true,
    appRoleAssignmentRequired: false,
    appOwnerOrganizationId: tenantId,
    servicePrincipalType: 'Application',
  }
}

function checkValues(properties: Item): void {
  const mode = properties.preferredSingleSignOnMode
  if (mode !== undefined && mode !== null && !['password', 'saml', 'notSupported', 'oidc'].includes(String(mode))) {
    throw invalidValue('preferredSingleSignOnMode', 'ServicePrincipal')
  }
}
