// Properties of Graph's types with their types, from the CSDL of Microsoft Graph (microsoftgraph/msgraph-metadata, August
// 2026), limited to what the sandbox holds. Grouped by type: `T[]` is a collection, `T!` may not be null.

/** Property name to type, such as `String`, `Boolean!`, `String[]`, or the name of another table or enumeration. */
export type PropertyTable = ReadonlyMap<string, string>

const grouped: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  user: {
    String: `
      id aboutMe ageGroup city companyName consentProvidedForMinor country creationType department displayName
      employeeId employeeType externalUserState faxNumber givenName jobTitle legalAgeGroupClassification mail
      mailNickname mobilePhone mySite officeLocation onPremisesDistinguishedName onPremisesDomainName
      onPremisesImmutableId onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesUserPrincipalName
      passwordPolicies postalCode preferredDataLocation preferredLanguage preferredName securityIdentifier
      state streetAddress surname usageLocation userPrincipalName userType
    `,
    DateTimeOffset: `
      deletedDateTime birthday createdDateTime employeeHireDate employeeLeaveDateTime
      externalUserStateChangeDateTime hireDate lastPasswordChangeDateTime onPremisesLastSyncDateTime
      signInSessionsValidFromDateTime
    `,
    Boolean: 'accountEnabled isManagementRestricted onPremisesSyncEnabled showInAddressList',
    'String[]': `
      businessPhones imAddresses interests otherMails pastProjects proxyAddresses responsibilities schools
      skills
    `,
    'objectIdentity[]': 'identities',
    onPremisesExtensionAttributes: 'onPremisesExtensionAttributes',
    passwordProfile: 'passwordProfile',
    signInActivity: 'signInActivity',
  },
  objectIdentity: {
    String: 'issuer issuerAssignedId signInType',
  },
  onPremisesExtensionAttributes: {
    String: `
      extensionAttribute1 extensionAttribute10 extensionAttribute11 extensionAttribute12 extensionAttribute13
      extensionAttribute14 extensionAttribute15 extensionAttribute2 extensionAttribute3 extensionAttribute4
      extensionAttribute5 extensionAttribute6 extensionAttribute7 extensionAttribute8 extensionAttribute9
    `,
  },
  passwordProfile: {
    Boolean: 'forceChangePasswordNextSignIn forceChangePasswordNextSignInWithMfa',
    String: 'password',
  },
  signInActivity: {
    DateTimeOffset: 'lastNonInteractiveSignInDateTime lastSignInDateTime lastSuccessfulSignInDateTime',
    String: 'lastNonInteractiveSignInRequestId lastSignInRequestId lastSuccessfulSignInRequestId',
  },
  group: {
    String: `
      id classification description displayName mail mailNickname membershipRule membershipRuleProcessingState
      onPremisesDomainName onPremisesNetBiosName onPremisesSamAccountName onPremisesSecurityIdentifier
      preferredDataLocation securityIdentifier theme uniqueName visibility
    `,
    DateTimeOffset: 'deletedDateTime createdDateTime expirationDateTime onPremisesLastSyncDateTime renewedDateTime',
    Boolean: `
      allowExternalSenders autoSubscribeNewMembers hideFromAddressLists isArchived isAssignableToRole
      isManagementRestricted isSubscribedByMail mailEnabled onPremisesSyncEnabled securityEnabled
    `,
    'String[]': 'groupTypes proxyAddresses resourceBehaviorOptions resourceProvisioningOptions',
    Int32: 'unseenCount',
  },
  application: {
    String: `
      id appId applicationTemplateId defaultRedirectUri description disabledByMicrosoftStatus displayName
      groupMembershipClaims notes publisherDomain samlMetadataUrl serviceManagementReference signInAudience
      uniqueName
    `,
    DateTimeOffset: 'deletedDateTime createdDateTime',
    apiApplication: 'api',
    'appRole[]': 'appRoles',
    'String[]': 'identifierUris tags',
    informationalUrl: 'info',
    Boolean: 'isDeviceOnlyAuthSupported isFallbackPublicClient',
    publicClientApplication: 'publicClient',
    'requiredResourceAccess[]': 'requiredResourceAccess',
    spaApplication: 'spa',
    verifiedPublisher: 'verifiedPublisher',
    webApplication: 'web',
    onPremisesPublishing: 'onPremisesPublishing',
  },
  apiApplication: {
    Boolean: 'acceptMappedClaims',
    'Guid[]': 'knownClientApplications',
    'permissionScope[]': 'oauth2PermissionScopes',
    'preAuthorizedApplication[]': 'preAuthorizedApplications',
    Int32: 'requestedAccessTokenVersion',
  },
  permissionScope: {
    String: `
      adminConsentDescription adminConsentDisplayName origin type userConsentDescription
      userConsentDisplayName value
    `,
    Guid: 'id',
    'Boolean!': 'isEnabled',
  },
  preAuthorizedApplication: {
    String: 'appId',
    'String[]': 'delegatedPermissionIds',
  },
  appRole: {
    'String[]': 'allowedMemberTypes',
    String: 'description displayName origin value',
    Guid: 'id',
    'Boolean!': 'isEnabled',
  },
  informationalUrl: {
    String: 'logoUrl marketingUrl privacyStatementUrl supportUrl termsOfServiceUrl',
  },
  publicClientApplication: {
    'String[]': 'redirectUris',
  },
  requiredResourceAccess: {
    'resourceAccess[]': 'resourceAccess',
    'String!': 'resourceAppId',
  },
  resourceAccess: {
    Guid: 'id',
    String: 'type',
  },
  spaApplication: {
    'String[]': 'redirectUris',
  },
  verifiedPublisher: {
    DateTimeOffset: 'addedDateTime',
    String: 'displayName verifiedPublisherId',
  },
  webApplication: {
    String: 'homePageUrl logoutUrl',
    implicitGrantSettings: 'implicitGrantSettings',
    'String[]': 'redirectUris',
    'redirectUriSettings[]': 'redirectUriSettings',
  },
  implicitGrantSettings: {
    Boolean: 'enableAccessTokenIssuance enableIdTokenIssuance',
  },
  redirectUriSettings: {
    Int32: 'index',
    String: 'uri',
  },
  servicePrincipal: {
    String: `
      id appDescription appDisplayName appId applicationTemplateId description disabledByMicrosoftStatus
      displayName homepage loginUrl logoutUrl notes preferredSingleSignOnMode
      preferredTokenSigningKeyThumbprint servicePrincipalType signInAudience
    `,
    DateTimeOffset: 'deletedDateTime',
    Boolean: 'accountEnabled',
    'String[]': 'alternativeNames notificationEmailAddresses replyUrls servicePrincipalNames tags',
    Guid: 'appOwnerOrganizationId',
    'Boolean!': 'appRoleAssignmentRequired',
    'appRole[]': 'appRoles',
    informationalUrl: 'info',
    samlSingleSignOnSettings: 'samlSingleSignOnSettings',
    'keyCredential[]': 'keyCredentials',
    'passwordCredential[]': 'passwordCredentials',
    verifiedPublisher: 'verifiedPublisher',
  },
  samlSingleSignOnSettings: {
    String: 'relayState',
  },
  keyCredential: {
    String: 'customKeyIdentifier displayName key type usage',
    DateTimeOffset: 'endDateTime startDateTime',
    Guid: 'keyId',
  },
  passwordCredential: {
    String: 'customKeyIdentifier displayName hint secretText',
    DateTimeOffset: 'endDateTime startDateTime',
    Guid: 'keyId',
  },
  appRoleAssignment: {
    String: 'id principalDisplayName principalType resourceDisplayName',
    DateTimeOffset: 'deletedDateTime createdDateTime',
    Guid: 'appRoleId principalId resourceId',
  },
  invitation: {
    String: 'id invitedUserDisplayName invitedUserType inviteRedeemUrl status',
    'String!': 'invitedUserEmailAddress inviteRedirectUrl',
    invitedUserMessageInfo: 'invitedUserMessageInfo',
    Boolean: 'resetRedemption sendInvitationMessage',
  },
  invitedUserMessageInfo: {
    'recipient[]': 'ccRecipients',
    String: 'customizedMessageBody messageLanguage',
  },
  recipient: {
    emailAddress: 'emailAddress',
  },
  emailAddress: {
    String: 'address name',
  },
  organization: {
    String: `
      id city country countryLetterCode defaultUsageLocation displayName postalCode preferredLanguage state
      street tenantType
    `,
    DateTimeOffset: 'deletedDateTime createdDateTime onPremisesLastSyncDateTime',
    'String[]': `
      businessPhones marketingNotificationEmails securityComplianceNotificationMails
      securityComplianceNotificationPhones technicalNotificationMails
    `,
    Boolean: 'onPremisesSyncEnabled',
    'verifiedDomain[]': 'verifiedDomains',
  },
  verifiedDomain: {
    String: 'capabilities name type',
    Boolean: 'isDefault isInitial',
  },
  domain: {
    String: 'id availabilityStatus manufacturer model',
    'String!': 'authenticationType',
    'Boolean!': 'isAdminManaged isDefault isInitial isRoot isVerified',
    Int32: 'passwordNotificationWindowInDays passwordValidityPeriodInDays',
    'String[]': 'supportedServices',
  },
  conditionalAccessPolicy: {
    DateTimeOffset: 'deletedDateTime createdDateTime modifiedDateTime',
    conditionalAccessConditionSet: 'conditions',
    String: 'description templateId',
    'String!': 'displayName id',
    conditionalAccessGrantControls: 'grantControls',
    conditionalAccessSessionControls: 'sessionControls',
    conditionalAccessPolicyState: 'state',
  },
  conditionalAccessConditionSet: {
    conditionalAccessApplications: 'applications',
    conditionalAccessAuthenticationFlows: 'authenticationFlows',
    conditionalAccessClientApplications: 'clientApplications',
    'conditionalAccessClientApp[]': 'clientAppTypes',
    conditionalAccessDevices: 'devices',
    conditionalAccessInsiderRiskLevels: 'insiderRiskLevels',
    conditionalAccessLocations: 'locations',
    conditionalAccessPlatforms: 'platforms',
    'riskLevel[]': 'servicePrincipalRiskLevels signInRiskLevels userRiskLevels',
    conditionalAccessUsers: 'users',
  },
  conditionalAccessApplications: {
    conditionalAccessFilter: 'applicationFilter',
    'String[]': `
      excludeApplications includeApplications includeAuthenticationContextClassReferences includeUserActions
    `,
  },
  conditionalAccessFilter: {
    filterMode: 'mode',
    'String!': 'rule',
  },
  conditionalAccessAuthenticationFlows: {
    conditionalAccessTransferMethods: 'transferMethods',
  },
  conditionalAccessClientApplications: {
    'String[]': 'excludeServicePrincipals includeServicePrincipals',
    conditionalAccessFilter: 'servicePrincipalFilter',
  },
  conditionalAccessDevices: {
    conditionalAccessFilter: 'deviceFilter',
  },
  conditionalAccessLocations: {
    'String[]': 'excludeLocations includeLocations',
  },
  conditionalAccessPlatforms: {
    'conditionalAccessDevicePlatform[]': 'excludePlatforms includePlatforms',
  },
  conditionalAccessUsers: {
    'String[]': 'excludeGroups excludeRoles excludeUsers includeGroups includeRoles includeUsers',
    conditionalAccessGuestsOrExternalUsers: 'excludeGuestsOrExternalUsers includeGuestsOrExternalUsers',
  },
  conditionalAccessGuestsOrExternalUsers: {
    conditionalAccessExternalTenants: 'externalTenants',
    conditionalAccessGuestOrExternalUserTypes: 'guestOrExternalUserTypes',
  },
  // With the members of its derived type, conditionalAccessEnumeratedExternalTenants.
  conditionalAccessExternalTenants: {
    conditionalAccessExternalTenantsMembershipKind: 'membershipKind',
    'String[]': 'members',
  },
  conditionalAccessGrantControls: {
    'conditionalAccessGrantControl[]': 'builtInControls',
    'String[]': 'customAuthenticationFactors termsOfUse',
    String: 'operator',
    authenticationStrengthPolicy: 'authenticationStrength',
  },
  authenticationStrengthPolicy: {
    String: 'id displayName description policyType requirementsSatisfied',
    'String[]': 'allowedCombinations',
  },
  conditionalAccessSessionControls: {
    applicationEnforcedRestrictionsSessionControl: 'applicationEnforcedRestrictions',
    cloudAppSecuritySessionControl: 'cloudAppSecurity',
    Boolean: 'disableResilienceDefaults',
    persistentBrowserSessionControl: 'persistentBrowser',
    secureSignInSessionControl: 'secureSignInSession',
    signInFrequencySessionControl: 'signInFrequency',
  },
  applicationEnforcedRestrictionsSessionControl: {
    Boolean: 'isEnabled',
  },
  cloudAppSecuritySessionControl: {
    Boolean: 'isEnabled',
    cloudAppSecuritySessionControlType: 'cloudAppSecurityType',
  },
  persistentBrowserSessionControl: {
    Boolean: 'isEnabled',
    persistentBrowserSessionMode: 'mode',
  },
  secureSignInSessionControl: {
    Boolean: 'isEnabled',
  },
  signInFrequencySessionControl: {
    Boolean: 'isEnabled',
    signInFrequencyAuthenticationType: 'authenticationType',
    signInFrequencyInterval: 'frequencyInterval',
    signinFrequencyType: 'type',
    Int32: 'value',
  },
  crossTenantAccessPolicyConfigurationPartner: {
    inboundOutboundPolicyConfiguration: 'automaticUserConsentSettings',
    crossTenantAccessPolicyB2BSetting: `
      b2bCollaborationInbound b2bCollaborationOutbound b2bDirectConnectInbound b2bDirectConnectOutbound
    `,
    crossTenantAccessPolicyInboundTrust: 'inboundTrust',
    Boolean: 'isServiceProvider',
    'String!': 'tenantId',
  },
  inboundOutboundPolicyConfiguration: {
    Boolean: 'inboundAllowed outboundAllowed',
  },
  crossTenantAccessPolicyB2BSetting: {
    crossTenantAccessPolicyTargetConfiguration: 'applications usersAndGroups',
  },
  crossTenantAccessPolicyTargetConfiguration: {
    crossTenantAccessPolicyTargetConfigurationAccessType: 'accessType',
    'crossTenantAccessPolicyTarget[]': 'targets',
  },
  crossTenantAccessPolicyTarget: {
    String: 'target',
    crossTenantAccessPolicyTargetType: 'targetType',
  },
  crossTenantAccessPolicyInboundTrust: {
    Boolean: 'isCompliantDeviceAccepted isHybridAzureADJoinedDeviceAccepted isMfaAccepted',
  },
  crossTenantAccessPolicyConfigurationDefault: {
    String: 'id',
    inboundOutboundPolicyConfiguration: 'automaticUserConsentSettings',
    crossTenantAccessPolicyB2BSetting: `
      b2bCollaborationInbound b2bCollaborationOutbound b2bDirectConnectInbound b2bDirectConnectOutbound
    `,
    crossTenantAccessPolicyInboundTrust: 'inboundTrust',
    defaultInvitationRedemptionIdentityProviderConfiguration: 'invitationRedemptionIdentityProviderConfiguration',
    Boolean: 'isServiceDefault',
  },
  defaultInvitationRedemptionIdentityProviderConfiguration: {
    'String[]': 'primaryIdentityProviderPrecedenceOrder',
    String: 'fallbackIdentityProvider',
  },
  authorizationPolicy: {
    String: 'id description displayName',
    DateTimeOffset: 'deletedDateTime',
    'Boolean!': `
      allowedToSignUpEmailBasedSubscriptions allowedToUseSSPR allowEmailVerifiedUsersToJoinOrganization
    `,
    allowInvitesFrom: 'allowInvitesFrom',
    Boolean: 'allowUserConsentForRiskyApps blockMsolPowerShell',
    defaultUserRolePermissions: 'defaultUserRolePermissions',
    Guid: 'guestUserRoleId',
  },
  defaultUserRolePermissions: {
    'Boolean!': 'allowedToCreateApps allowedToCreateSecurityGroups allowedToReadOtherUsers',
    Boolean: 'allowedToCreateTenants allowedToReadBitlockerKeysForOwnedDevice',
    'String[]': 'permissionGrantPoliciesAssigned',
  },
  connectorGroup: {
    String: 'id',
    connectorGroupType: 'connectorGroupType',
    'Boolean!': 'isDefault',
    'String!': 'name',
    connectorGroupRegion: 'region',
  },
  connector: {
    String: 'id',
    'String!': 'externalIp machineName version',
    connectorStatus: 'status',
  },
  onPremisesPublishing: {
    String: 'alternateUrl applicationServerTimeout applicationType externalUrl internalUrl wafProvider',
    externalAuthenticationType: 'externalAuthenticationType',
    Boolean: `
      isAccessibleViaZTNAClient isBackendCertificateValidationEnabled isContinuousAccessEvaluationEnabled
      isDnsResolutionEnabled isHttpOnlyCookieEnabled isOnPremPublishingEnabled isPersistentCookieEnabled
      isSecureCookieEnabled isStateSessionEnabled isTranslateHostHeaderEnabled isTranslateLinksInBodyEnabled
      useAlternateUrlForTranslationAndRedirect
    `,
    onPremisesPublishingSingleSignOn: 'singleSignOnSettings',
    'trafficRoutingMethod!': 'trafficRoutingMethod',
    'ipRange[]': 'wafIpRanges',
    wafAllowedHeadersDictionary: 'wafAllowedHeaders',
  },
  ipRange: {
    String: 'cidrAddress lowerAddress upperAddress',
  },
  onPremisesPublishingSingleSignOn: {
    kerberosSignOnSettings: 'kerberosSignOnSettings',
    singleSignOnMode: 'singleSignOnMode',
  },
  kerberosSignOnSettings: {
    String: 'kerberosServicePrincipalName',
    kerberosSignOnMappingAttributeType: 'kerberosSignOnMappingAttributeType',
  },
}

const enumerated: Readonly<Record<string, string>> = {
  filterMode: 'include exclude',
  conditionalAccessTransferMethods: 'none deviceCodeFlow authenticationTransfer',
  conditionalAccessClientApp: 'all browser mobileAppsAndDesktopClients exchangeActiveSync easSupported other',
  conditionalAccessInsiderRiskLevels: 'minor moderate elevated',
  conditionalAccessDevicePlatform: 'android iOS windows windowsPhone macOS all linux',
  riskLevel: 'low medium high hidden none',
  conditionalAccessExternalTenantsMembershipKind: 'all enumerated',
  conditionalAccessGuestOrExternalUserTypes:
    'none internalGuest b2bCollaborationGuest b2bCollaborationMember b2bDirectConnectUser otherExternalUser serviceProvider',
  conditionalAccessGrantControl:
    'block mfa compliantDevice domainJoinedDevice approvedApplication compliantApplication passwordChange riskRemediation',
  cloudAppSecuritySessionControlType: 'mcasConfigured monitorOnly blockDownloads',
  persistentBrowserSessionMode: 'always never',
  signInFrequencyAuthenticationType: 'primaryAndSecondaryAuthentication secondaryAuthentication',
  signInFrequencyInterval: 'timeBased everyTime',
  signinFrequencyType: 'days hours',
  conditionalAccessPolicyState: 'enabled disabled enabledForReportingButNotEnforced',
  crossTenantAccessPolicyTargetConfigurationAccessType: 'allowed blocked',
  crossTenantAccessPolicyTargetType: 'user group application',
  allowInvitesFrom: 'none adminsAndGuestInviters adminsGuestInvitersAndAllMembers everyone',
  connectorGroupType: 'applicationProxy',
  connectorGroupRegion: 'nam eur aus asia ind japan',
  connectorStatus: 'active inactive',
  externalAuthenticationType: 'passthru aadPreAuthentication',
  kerberosSignOnMappingAttributeType:
    'userPrincipalName onPremisesUserPrincipalName userPrincipalUsername onPremisesUserPrincipalUsername onPremisesSAMAccountName',
  singleSignOnMode: 'none onPremisesKerberos saml pingHeaderBased aadHeaderBased oAuthToken',
  trafficRoutingMethod: 'none random sessionPersistence performance',
}

export const propertiesOf: ReadonlyMap<string, PropertyTable> = new Map(
  Object.entries(grouped).map(([name, groups]) => [name, tableOf(groups)]),
)

export const enumerations: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(enumerated).map(([name, values]) => [name, values.split(' ')]),
)

function tableOf(groups: Readonly<Record<string, string>>): PropertyTable {
  return new Map(Object.entries(groups).flatMap(([type, names]) => wordsOf(names).map(name => [name, type] as const)))
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter(word => word !== '')
}
