// Properties of directory objects and what they are made of, limited to what the sandbox holds. From the CSDL of Microsoft Graph
// (microsoftgraph/msgraph-metadata, August 2026), grouped by type as properties.ts reads them.

export const directoryTypes = {
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
}
