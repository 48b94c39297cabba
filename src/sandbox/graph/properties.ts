// Properties of Graph's types with their types. Grouped by type: `T[]` is a collection, `T!` may not be null.

import { directoryTypes } from './properties-directory.ts'
import { policyTypes } from './properties-policies.ts'
import { publishingTypes } from './properties-publishing.ts'

/** Property name to type, such as `String`, `Boolean!`, `String[]`, or the name of another table or enumeration. */
export type PropertyTable = ReadonlyMap<string, string>

const grouped: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...directoryTypes,
  ...policyTypes,
  ...publishingTypes,
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
