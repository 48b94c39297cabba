// Applications (registrations) and the templates they come from. Publishing through Application Proxy: publishing.ts.

import { type BodyRules, checkedBody, merged } from './body.ts'
import {
  badRequest,
  GraphError,
  invalidValue,
  malformed,
  missingValue,
  notFound,
  readOnlyProperty,
  valueInUse,
} from './errors.ts'
import type { Item } from './match.ts'
import { objectRoutes } from './object-routes.ts'
import { seen } from './objects.ts'
import { project } from './page.ts'
import { changePublishing } from './publishing.ts'
import { need, referenceRoutes, relationRoutes } from './references.ts'
import { bodyOf, contextOf, type GraphRequest, isGuid, type Route } from './request.ts'
import { type Entity, listOf, type Tenant } from './tenant.ts'

const rules: BodyRules = {
  title: 'Application',
  type: 'application',
  readOnly: new Set([
    ...[
      'id',
      'appId',
      'applicationTemplateId',
      'createdDateTime',
      'deletedDateTime',
      'publisherDomain',
      'verifiedPublisher',
    ],
    'disabledByMicrosoftStatus',
  ]),
  annotations: new Set(['onPremisesPublishing']),
  longest: { displayName: 256, description: 1024, uniqueName: 128 },
}

/** The template of applications that are in no gallery, in each cloud. */
const nonGalleryTemplates = [
  '8adf8e6e-67b2-4cf2-a259-e3dc5476c621',
  '4602d0b4-76bb-404b-bca9-2652e1a39c6d',
  '5a532e38-1581-4918-9658-008dc27c1d68',
]

/** The roles of an application made from that template. */
const templateRoles = [
  {
    id: '18d14569-c3bd-439b-9a66-3a2aee01d14f',
    displayName: 'User',
    description: 'User',
    value: null,
    isEnabled: true,
    allowedMemberTypes: ['User'],
  },
  {
    id: 'b9632174-c057-4f7e-951b-be3adc52bfe6',
    displayName: 'msiam_access',
    description: 'msiam_access',
    value: null,
    isEnabled: true,
    allowedMemberTypes: ['User'],
  },
]

export function applicationRoutes(tenant: Tenant): readonly Route[] {
  const applications = tenant.objects.application

  function create(request: GraphRequest, uniqueName: string | undefined): Entity {
    const body = bodyOf(request)
    refusePublishing(request, body, 'onPremisesPublishing can be set only on an application that exists.')
    const properties = { ...checkedBody(body, rules), ...(uniqueName === undefined ? {} : { uniqueName }) }
    const application = newApplication(tenant, properties)
    applications.put(application.id, application)
    return application
  }

  return [
    ...objectRoutes(tenant, 'application', {
      create,
      change: (request, application) => applications.put(application.id, changed(tenant, request, application)),
      upsertBy: 'uniqueName',
    }),
    {
      method: 'POST',
      pattern: '/applicationTemplates/{}/instantiate',
      handle: (request, key) => instantiate(tenant, request, need(key).value),
    },
    ...relationRoutes(tenant, 'application', 'owners', application => tenant.owners.from(application.id), [
      'user',
      'servicePrincipal',
    ]),
    ...referenceRoutes(tenant, 'application', 'owners', { accepts: ['user', 'servicePrincipal'], most: 100 }),
  ]
}

function refusePublishing(request: GraphRequest, body: Item, message: string): void {
  if (body.onPremisesPublishing === undefined) return
  if (request.version !== 'beta') throw badRequest("Invalid property 'onPremisesPublishing'.")
  throw malformed(message)
}

function changed(tenant: Tenant, request: GraphRequest, application: Entity): Entity {
  const body = bodyOf(request)
  if (request.version === 'beta' && 'onPremisesPublishing' in body && Object.keys(body).length === 1) {
    return changePublishing(tenant, application, body.onPremisesPublishing)
  }
  refusePublishing(request, body, 'onPremisesPublishing cannot be updated together with other properties.')
  const changes = checkedBody(body, rules)
  if (changes.displayName === null) throw invalidValue('displayName', 'Application')
  checkValues(tenant, changes, application)
  return merged(application, changes)
}

function newApplication(tenant: Tenant, properties: Item): Entity {
  if (typeof properties.displayName !== 'string') throw missingValue('displayName', 'Application')
  checkValues(tenant, properties, undefined)
  return merged(
    {
      id: tenant.newId(),
      appId: tenant.newId(),
      ...applicationDefaults(tenant.settings.initialDomain),
      createdDateTime: tenant.timestamp(),
    },
    properties,
  )
}

export function applicationDefaults(initialDomain: string): Item {
  return {
    signInAudience: 'AzureADMyOrg',
    publisherDomain: initialDomain,
    web: {
      redirectUris: [],
      implicitGrantSettings: { enableAccessTokenIssuance: false, enableIdTokenIssuance: false },
    },
  }
}

function checkValues(tenant: Tenant, properties: Item, application: Entity | undefined): void {
  const { uniqueName, identifierUris, appRoles, signInAudience } = properties
  if (uniqueName !== undefined && uniqueName !== application?.uniqueName) {
    if (application?.uniqueName !== undefined || typeof uniqueName !== 'string') throw readOnlyProperty('uniqueName')
    if (tenant.applicationsByUniqueName.first(uniqueName) !== undefined) throw valueInUse('uniqueName')
  }
  const audiences = [
    'AzureADMyOrg',
    'AzureADMultipleOrgs',
    'AzureADandPersonalMicrosoftAccount',
    'PersonalMicrosoftAccount',
  ]
  if (signInAudience !== undefined && !audiences.includes(String(signInAudience)))
    throw invalidValue('signInAudience', 'Application')
  if (identifierUris !== undefined) checkIdentifierUris(tenant, listOf(identifierUris), application)
  if (appRoles !== undefined)
    checkAppRoles(listOf(appRoles) as readonly Item[], listOf(application?.appRoles) as readonly Item[])
}

function checkIdentifierUris(tenant: Tenant, uris: readonly unknown[], application: Entity | undefined): void {
  for (const [index, uri] of uris.entries()) {
    const text = String(uri)
    if (!/^[a-z][a-z0-9+.-]*:/i.test(text) || text.endsWith('/')) throw invalidValue('identifierUris', 'Application')
    if (uris.indexOf(uri) !== index) throw badRequest('Request contains a property with duplicate values.')
    const holder = tenant.applicationsByUri.first(text)
    if (holder !== undefined && holder !== application?.id) throw valueInUse('identifierUris')
    if (!listOf(application?.identifierUris).includes(uri)) requireOwnDomain(tenant, text)
  }
}

// Only a tenant that says which domains it owns is held to them.
function requireOwnDomain(tenant: Tenant, uri: string): void {
  if ((tenant.settings.verifiedDomains ?? []).length === 0 || !/^https?:/i.test(uri) || !URL.canParse(uri)) return
  const host = new URL(uri).hostname
  const isOwn = [...tenant.domains, 'msappproxy.net'].some(domain => host === domain || host.endsWith(`.${domain}`))
  if (!isOwn) {
    throw new GraphError(
      400,
      'HostNameNotOnVerifiedDomain',
      `Values of identifierUris property must use a verified domain of the organization or its subdomain: '${uri}'`,
    )
  }
}

function checkAppRoles(roles: readonly Item[], before: readonly Item[]): void {
  for (const [index, role] of roles.entries()) {
    for (const required of ['id', 'displayName', 'description']) {
      if (typeof role[required] !== 'string' || role[required] === '') throw invalidValue('appRoles', 'Application')
    }
    const kinds = listOf(role.allowedMemberTypes)
    if (!isGuid(role.id) || kinds.length === 0 || kinds.some(kind => kind !== 'User' && kind !== 'Application')) {
      throw invalidValue('appRoles', 'Application')
    }
    if (typeof role.value === 'string' && /\s/.test(role.value)) throw invalidValue('appRoles', 'Application')
    const isTwice = (other: Item) =>
      other.id === role.id || (typeof role.value === 'string' && other.value === role.value)
    if (roles.slice(0, index).some(isTwice)) throw badRequest('Request contains a property with duplicate values.')
  }
  const isKept = (old: Item) => roles.some(role => String(role.id).toLowerCase() === String(old.id).toLowerCase())
  if (before.some(old => old.isEnabled !== false && !isKept(old))) {
    throw new GraphError(
      400,
      'CannotDeleteOrUpdateEnabledEntitlement',
      'Permission (scope or role) cannot be deleted or updated unless disabled first',
    )
  }
}

function instantiate(tenant: Tenant, request: GraphRequest, templateId: string) {
  const { displayName, ...others } = bodyOf(request)
  const unknown = Object.keys(others).find(name => name !== 'serviceManagementReference')
  if (unknown !== undefined) throw badRequest(`Invalid property '${unknown}'.`)
  if (typeof displayName !== 'string' || displayName === '') throw missingValue('displayName', 'ApplicationTemplate')
  if (!nonGalleryTemplates.includes(templateId.toLowerCase())) throw notFound(templateId)
  const made = merged(newApplication(tenant, { displayName, appRoles: templateRoles }), {
    applicationTemplateId: templateId,
  })
  tenant.objects.application.put(made.id, made)
  const principal: Entity = {
    id: tenant.newId(),
    appId: made.appId,
    displayName,
    accountEnabled: true,
    appRoleAssignmentRequired: true,
    appOwnerOrganizationId: tenant.settings.tenantId,
    servicePrincipalType: 'Application',
    tags: ['WindowsAzureActiveDirectoryCustomSingleSignOnApplication', 'WindowsAzureActiveDirectoryIntegratedApp'],
  }
  tenant.objects.servicePrincipal.put(principal.id, principal)

  const body = {
    ...contextOf(request, 'microsoft.graph.applicationServicePrincipal'),
    application: project(made, 'application', undefined),
    servicePrincipal: project(seen(tenant, principal), 'servicePrincipal', undefined),
  }
  return { status: 201, body }
}
