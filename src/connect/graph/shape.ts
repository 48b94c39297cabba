// What Graph's properties are: text, a flag, a list. An object with something else in a place that is read was spoiled on the way,
// or is of a service that we do not know; taken as it is, it would look like one that is not there.
// Types: learn.microsoft.com/graph/api/resources/ (user, group, application, servicePrincipal, appRoleAssignment,
// conditionalAccessPolicy, crossTenantAccessPolicyConfigurationPartner, authorizationPolicy, onPremisesPublishing).

type Kind = 'text' | 'name' | 'flag' | 'texts' | 'objects' | 'object'

const kinds: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    // Never null where they are given.
    text: 'id appId userPrincipalName principalId resourceId appRoleId tenantId',
    name: `displayName description mail userType creationType companyName uniqueName externalUserState name state type
      externalUserStateChangeDateTime employeeLeaveDateTime createdDateTime onPremisesUserPrincipalName onPremisesImmutableId
      onPremisesDistinguishedName onPremisesSamAccountName preferredSingleSignOnMode preferredTokenSigningKeyThumbprint
      principalType principalDisplayName resourceDisplayName externalUrl internalUrl externalAuthenticationType singleSignOnMode
      kerberosServicePrincipalName kerberosSignOnMappingAttributeType guestUserRoleId allowInvitesFrom homePageUrl operator
      endDateTime startDateTime keyId usage accessType targetType target membershipKind guestOrExternalUserTypes frequencyInterval
      authenticationType policyType requirementsSatisfied appRoles.value @odata.type customKeyIdentifier
      applicationServerTimeout alternateUrl trafficRoutingMethod wafProvider cidrAddress lowerAddress upperAddress`,
    flag: `accountEnabled onPremisesSyncEnabled isAssignableToRole mailEnabled securityEnabled appRoleAssignmentRequired isEnabled
      isMfaAccepted isCompliantDeviceAccepted isHybridAzureADJoinedDeviceAccepted isDefault isInitial isServiceDefault
      isHttpOnlyCookieEnabled isSecureCookieEnabled isPersistentCookieEnabled isTranslateHostHeaderEnabled
      isTranslateLinksInBodyEnabled isBackendCertificateValidationEnabled isStateSessionEnabled isContinuousAccessEvaluationEnabled
      useAlternateUrlForTranslationAndRedirect isDnsResolutionEnabled isAccessibleViaZTNAClient`,
    texts: `tags otherMails groupTypes identifierUris redirectUris allowedMemberTypes allowedCombinations builtInControls termsOfUse
      customAuthenticationFactors clientAppTypes includeApplications excludeApplications includeUserActions includeUsers excludeUsers
      includeGroups excludeGroups includeRoles excludeRoles includeAuthenticationContextClassReferences servicePrincipalNames
      signInRiskLevels userRiskLevels servicePrincipalRiskLevels`,
    objects: 'appRoles sponsors keyCredentials verifiedDomains targets wafIpRanges',
    object: `onPremisesPublishing singleSignOnSettings kerberosSignOnSettings web conditions grantControls sessionControls users
      applications includeGuestsOrExternalUsers excludeGuestsOrExternalUsers externalTenants authenticationStrength signInFrequency
      inboundTrust usersAndGroups b2bCollaborationInbound b2bCollaborationOutbound b2bDirectConnectInbound b2bDirectConnectOutbound
      tenantRestrictions automaticUserConsentSettings identitySynchronization userSyncInbound defaultUserRolePermissions
      wafAllowedHeaders`,
  }).flatMap(([kind, names]) => names.split(/\s+/).map(name => [name, kind as Kind] as const)),
)

const deepest = 64

const ofOneType = /^\/(users|applications|servicePrincipals|directory\/deletedItems\/microsoft\.graph\.user)$/

/** What every object of a path has, of what is asked for; a collection of several types has in common only the id. */
export function neededOf(path: string, select: readonly string[] = []): readonly string[] {
  if (/\/appRoleAssign(ments|edTo)$/.test(path)) return ['id', 'principalId', 'resourceId', 'appRoleId']
  if (path === '/policies/crossTenantAccessPolicy/partners') return ['tenantId']
  if (path === '/identity/conditionalAccess/policies') return ['id', 'displayName', 'state', 'conditions']
  if (path === '/policies/authenticationStrengthPolicies') return ['id', 'displayName']
  if (path === '/policies/authorizationPolicy') return ['guestUserRoleId', 'allowInvitesFrom']
  return select.filter(name => name === 'id' || (ofOneType.test(path) && kinds.get(name) === 'text'))
}

/** Of an item or an object that was read, what about it cannot be; undefined: nothing. */
export function misshapen(value: unknown, needed: readonly string[]): string | undefined {
  if (!isObject(value)) return `what is no object: ${shown(value)}`
  const missing = needed.find(name => !Object.hasOwn(value, name))
  if (missing !== undefined) return `an object without \`${missing}\``
  const open: { readonly object: object; readonly within: string; readonly depth: number }[] = [
    { object: value, within: '', depth: 1 },
  ]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { object, within, depth } = next
    if (depth > deepest) return `an object that is nested more than ${deepest} levels deep`
    for (const [name, inner] of Object.entries(object)) {
      const isList = Array.isArray(object)
      const kind = isList ? undefined : (kinds.get(`${within}.${name}`) ?? kinds.get(name))
      if (kind !== undefined && !isKind(inner, kind)) return `an object whose \`${name}\` is ${shown(inner)}`
      if (typeof inner === 'object' && inner !== null) {
        open.push({ object: inner, within: isList ? within : name, depth: depth + 1 })
      }
    }
  }
  return undefined
}

function isKind(value: unknown, kind: Kind): boolean {
  if (kind === 'text') return typeof value === 'string' && value !== ''
  if (value === null) return true
  if (kind === 'name') return typeof value === 'string'
  if (kind === 'flag') return typeof value === 'boolean'
  if (kind === 'object') return isObject(value)
  return Array.isArray(value) && value.every(each => (kind === 'texts' ? typeof each === 'string' : isObject(each)))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whatever came, in words: not without end, and not more than what kind of value it is where it has parts. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  return (JSON.stringify(value) ?? 'nothing').slice(0, 60)
}

/** Not of an object, which may turn into a number as it likes, or not at all. */
export function numberIn(value: unknown): number {
  return typeof value === 'number' || (typeof value === 'string' && value !== '') ? Number(value) : Number.NaN
}
