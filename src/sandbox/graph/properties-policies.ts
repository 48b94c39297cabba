// Properties of the tenant's policies, limited to what the sandbox holds. From the CSDL of Microsoft Graph
// (microsoftgraph/msgraph-metadata, August 2026), grouped by type as properties.ts reads them.

export const policyTypes = {
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
}
