// Application Proxy, beta only: what an application publishes, its connector group, the connectors. An application without a
// connector group of its own uses the default one.

import { checkedBody, merged } from './body.ts'
import { badRequest, forbidden, GraphError, malformed, notFound, valueInUse } from './errors.ts'
import type { Item } from './match.ts'
import { locate } from './objects.ts'
import { created, type Listing, listPage, single } from './page.ts'
import { need } from './references.ts'
import { bodyOf, contextOf, type Key, noContent, ok, type Route, referenceOf } from './request.ts'
import { type Entity, listOf, type Tenant } from './tenant.ts'

const rules = {
  title: 'Application',
  type: 'onPremisesPublishing',
  readOnly: new Set(['applicationType', 'isOnPremPublishingEnabled']),
}

export const publishingDefaults: Item = {
  applicationServerTimeout: 'default',
  applicationType: 'enterpriseapp',
  isAccessibleViaZTNAClient: false,
  isBackendCertificateValidationEnabled: true,
  isContinuousAccessEvaluationEnabled: true,
  isDnsResolutionEnabled: false,
  isHttpOnlyCookieEnabled: false,
  isOnPremPublishingEnabled: true,
  isPersistentCookieEnabled: false,
  isSecureCookieEnabled: true,
  isStateSessionEnabled: true,
  isTranslateHostHeaderEnabled: true,
  isTranslateLinksInBodyEnabled: false,
  useAlternateUrlForTranslationAndRedirect: false,
  singleSignOnSettings: { singleSignOnMode: 'none', kerberosSignOnSettings: null },
  trafficRoutingMethod: 'none',
}

/** The application with its publishing changed; null removes it. */
export function changePublishing(tenant: Tenant, application: Entity, value: unknown): Entity {
  if (value === null) return merged(application, { onPremisesPublishing: null })
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw malformed(
      "An unexpected node was found when reading from the JSON reader. A 'StartObject' node was expected.",
    )
  }
  if (value !== undefined && '@odata.type' in value) throw badRequest("Invalid property '@odata.type'.")
  const changes = checkedBody(value as Item, rules)
  const before = (application.onPremisesPublishing as Item | undefined) ?? publishingDefaults
  const after: Item = { ...before, ...changes }
  checkPublishing(tenant, application, after)
  return { ...application, onPremisesPublishing: after }
}

function checkPublishing(tenant: Tenant, application: Entity, publishing: Item): void {
  for (const required of ['internalUrl', 'externalUrl', 'externalAuthenticationType']) {
    const value = publishing[required]
    if (typeof value !== 'string') throw malformed(`The property '${required}' of onPremisesPublishing is required.`)
    if (required !== 'externalAuthenticationType' && !/^https?:\/\/[^/\s]+\//i.test(value)) {
      throw malformed(`The property '${required}' of onPremisesPublishing is not a valid URL: '${value}'.`)
    }
  }
  for (const range of listOf(publishing.wafIpRanges) as readonly Item[]) {
    if (typeof range['@odata.type'] !== 'string' || typeof (range.cidrAddress ?? range.lowerAddress) !== 'string')
      throw malformed("The type 'microsoft.graph.ipRange' is abstract: a range names its own type and its addresses.")
  }
  if (publishing.applicationServerTimeout !== 'default' && publishing.applicationServerTimeout !== 'long') {
    throw malformed("The property 'applicationServerTimeout' of onPremisesPublishing must be 'default' or 'long'.")
  }
  const external = String(publishing.externalUrl).toLowerCase()
  for (const other of tenant.objects.application.values()) {
    const url = (other.onPremisesPublishing as Item | undefined)?.externalUrl
    if (other.id !== application.id && typeof url === 'string' && url.toLowerCase() === external)
      throw valueInUse('externalUrl')
  }
  const signOn = publishing.singleSignOnSettings as Item | null | undefined
  if (signOn?.singleSignOnMode !== 'onPremisesKerberos') return
  const kerberos = signOn.kerberosSignOnSettings as Item | null | undefined
  if (
    typeof kerberos?.kerberosServicePrincipalName !== 'string' ||
    typeof kerberos.kerberosSignOnMappingAttributeType !== 'string'
  ) {
    throw malformed('onPremisesKerberos requires kerberosServicePrincipalName and kerberosSignOnMappingAttributeType.')
  }
  if (publishing.externalAuthenticationType !== 'aadPreAuthentication') {
    throw malformed('onPremisesKerberos requires the externalAuthenticationType aadPreAuthentication.')
  }
}

export function publishingRoutes(tenant: Tenant): readonly Route[] {
  const groups = tenant.store.collection<Entity>('connectorGroups')
  const connectors = tenant.store.collection<Entity>('connectors')
  const chosen = tenant.store.collection<{ readonly connectorGroup: string }>('applicationConnectorGroups')
  const profile = '/onPremisesPublishingProfiles/applicationProxy'
  const groupListing = (items: Iterable<Item>): Listing => ({
    type: 'connectorGroup',
    items,
    context: 'onPremisesPublishingProfiles/applicationProxy/connectorGroups',
  })
  const connectorListing = (items: Iterable<Item>): Listing => ({
    type: 'connector',
    items,
    context: 'onPremisesPublishingProfiles/applicationProxy/connectors',
  })

  function refuseApplications(): void {
    if (tenant.settings.connectorGroupAssignment !== 'delegated-only') return
    throw forbidden(
      'NotAdminRoleNoEnoughCustomPermission_UnauthorizedAccess',
      'The caller has no directory role that permits this operation.',
    )
  }

  function published(key: Key | undefined): Entity {
    const application = locate(tenant, 'application', need(key))
    if (application.onPremisesPublishing !== undefined) return application
    throw new GraphError(
      404,
      'Application_NotFound',
      `Application '${application.id}' not found or OnPremisesPublishing is not enabled for your tenant.`,
    )
  }

  function group(id: string): Entity {
    const found = groups.get(id.toLowerCase())
    if (found === undefined) throw notFound(id)
    return found
  }

  function groupOf(application: Entity): Entity {
    const own = chosen.get(application.id)
    const found =
      own === undefined
        ? [...groups.values()].find(({ isDefault }) => isDefault === true)
        : groups.get(own.connectorGroup)
    if (found === undefined) throw notFound('connectorGroup')
    return found
  }

  const routes: readonly Route[] = [
    {
      method: 'GET',
      pattern: '/applications/{}/onPremisesPublishing',
      handle: (request, key) => {
        const { id, onPremisesPublishing } = locate(tenant, 'application', need(key))
        if (onPremisesPublishing === undefined) throw notFound('onPremisesPublishing')
        return ok({
          ...contextOf(request, `applications('${id}')/onPremisesPublishing`),
          ...(onPremisesPublishing as Item),
        })
      },
    },
    {
      method: 'GET',
      pattern: '/applications/{}/connectorGroup',
      handle: (request, key) => {
        refuseApplications()
        return single(request, groupListing([]), groupOf(published(key)))
      },
    },
    {
      method: 'PUT',
      pattern: '/applications/{}/connectorGroup/$ref',
      handle: (request, key) => {
        refuseApplications()
        chosen.put(published(key).id, { connectorGroup: group(referenceOf(request)).id })
        return noContent
      },
    },
    {
      method: 'DELETE',
      pattern: '/applications/{}/connectorGroup/$ref',
      handle: (_request, key) => {
        refuseApplications()
        chosen.delete(published(key).id)
        return noContent
      },
    },
    {
      method: 'GET',
      pattern: `${profile}/connectorGroups`,
      handle: request => {
        refuseApplications()
        return listPage(request, groupListing(groups.values()))
      },
    },
    {
      method: 'POST',
      pattern: `${profile}/connectorGroups`,
      handle: request => {
        const { isDefault: _default, connectorGroupType: _type, ...body } = bodyOf(request)
        const properties = checkedBody(body, {
          title: 'ConnectorGroup',
          type: 'connectorGroup',
          readOnly: new Set(['id']),
        })
        if (typeof properties.name !== 'string') throw malformed('The name of a connector group is required.')
        const defaults = {
          id: tenant.newId(),
          connectorGroupType: 'applicationProxy',
          isDefault: false,
          region: 'eur',
        }
        const made: Entity = merged(defaults, properties)
        groups.put(made.id, made)
        return { ...created(request, groupListing([]), made), status: 200 }
      },
    },
    {
      method: 'GET',
      pattern: `${profile}/connectorGroups/{}`,
      handle: (request, key) => {
        refuseApplications()
        return single(request, groupListing([]), group(need(key).value))
      },
    },
    {
      method: 'GET',
      pattern: `${profile}/connectorGroups/{}/members`,
      handle: (request, key) => {
        refuseApplications()
        const { id } = group(need(key).value)
        return listPage(
          request,
          connectorListing([...connectors.values()].filter(({ connectorGroup }) => connectorGroup === id)),
        )
      },
    },
    {
      method: 'GET',
      pattern: `${profile}/connectors`,
      handle: request => {
        refuseApplications()
        return listPage(request, connectorListing(connectors.values()))
      },
    },
    {
      method: 'GET',
      pattern: `${profile}/connectors/{}`,
      handle: (request, key) => {
        refuseApplications()
        const found = connectors.get(need(key).value.toLowerCase())
        if (found === undefined) throw notFound(need(key).value)
        return single(request, connectorListing([]), found)
      },
    },
  ]
  return routes.map(route => ({ ...route, betaOnly: true }))
}
