// What may be asked of each resource: its default projection, which properties it can be filtered, sorted and searched by,
// and whether that works by itself or only as an advanced query (ConsistencyLevel: eventual and $count=true).
// `ne`, `not` and comparison with null are advanced wherever `eq` works at all; `in` works where `eq` does.

export type Operator = 'eq' | 'ge' | 'le' | 'startsWith' | 'endsWith'
export type Support = 'default' | 'advanced'
export type FilterRule = Partial<Readonly<Record<Operator, Support>>>

export interface Resource {
  /** As Graph's messages call it. */
  readonly title: string
  /** Properties of an answer without $select; all, if absent. */
  readonly projection?: ReadonlySet<string>
  /** By property, or by `property/part` of a complex one. Absent: nothing can be filtered. */
  readonly filter: Readonly<Record<string, FilterRule>>
  readonly orderBy: Readonly<Record<string, Support>>
  readonly search: readonly string[]
  /** Properties that can be asked of one object only. */
  readonly singleOnly?: ReadonlySet<string>
  /** Navigation properties that $expand knows. */
  readonly expand: readonly string[]
}

const equality: FilterRule = { eq: 'default' }
const names: FilterRule = { eq: 'default', startsWith: 'default' }
const ordered: FilterRule = { eq: 'default', ge: 'default', le: 'default' }
const text: FilterRule = { ...ordered, startsWith: 'default' }
const addresses: FilterRule = { ...text, endsWith: 'advanced' }
const advanced: FilterRule = { eq: 'advanced', ge: 'advanced', le: 'advanced' }
const advancedText: FilterRule = { ...advanced, startsWith: 'advanced' }
const advancedEquality: FilterRule = { eq: 'advanced' }

function eachOf(properties: string, rule: FilterRule): Readonly<Record<string, FilterRule>> {
  return Object.fromEntries(wordsOf(properties).map(property => [property, rule]))
}

function wordsOf(words: string): readonly string[] {
  return words.trim().split(/\s+/)
}

const extensionAttributes = Array.from(
  { length: 15 },
  (_, index) => `onPremisesExtensionAttributes/extensionAttribute${index + 1}`,
)

const user: Resource = {
  title: 'User',
  projection: new Set(
    wordsOf(
      'businessPhones displayName givenName id jobTitle mail mobilePhone officeLocation preferredLanguage surname userPrincipalName',
    ),
  ),
  filter: {
    ...eachOf('id accountEnabled creationType userType onPremisesSecurityIdentifier externalUserState', equality),
    ...eachOf('externalUserStateChangeDateTime ageGroup consentProvidedForMinor legalAgeGroupClassification', equality),
    onPremisesSyncEnabled: { eq: 'default', ge: 'advanced', le: 'advanced' },
    ...eachOf('displayName employeeId', names),
    ...eachOf('createdDateTime deletedDateTime jobTitle', ordered),
    ...eachOf('city country department givenName surname state usageLocation mailNickname', text),
    ...eachOf('onPremisesUserPrincipalName imAddresses', text),
    ...eachOf('mail userPrincipalName otherMails proxyAddresses', addresses),
    ...eachOf(
      'companyName mobilePhone officeLocation postalCode preferredLanguage streetAddress employeeType',
      advancedText,
    ),
    onPremisesSamAccountName: advancedText,
    ...eachOf('onPremisesImmutableId onPremisesLastSyncDateTime employeeHireDate employeeLeaveDateTime', advanced),
    ...eachOf('showInAddressList passwordPolicies', advancedEquality),
    ...eachOf(extensionAttributes.join(' '), advanced),
    ...eachOf('identities/issuer identities/issuerAssignedId identities/signInType businessPhones', equality),
    ...eachOf('signInActivity/lastSignInDateTime signInActivity/lastSuccessfulSignInDateTime', ordered),
  },
  orderBy: {
    displayName: 'default',
    userPrincipalName: 'default',
    createdDateTime: 'advanced',
    deletedDateTime: 'advanced',
  },
  search: ['displayName', 'mail', 'userPrincipalName', 'givenName', 'surname', 'otherMails'],
  singleOnly: new Set(
    wordsOf('aboutMe birthday hireDate interests mySite pastProjects preferredName responsibilities schools skills'),
  ),
  expand: ['manager', 'sponsors', 'memberOf'],
}

const group: Resource = {
  title: 'Group',
  projection: new Set(
    wordsOf(`
      id deletedDateTime classification createdDateTime description displayName expirationDateTime groupTypes
      isAssignableToRole mail mailEnabled mailNickname membershipRule membershipRuleProcessingState onPremisesDomainName
      onPremisesLastSyncDateTime onPremisesNetBiosName onPremisesSamAccountName onPremisesSecurityIdentifier
      onPremisesSyncEnabled preferredDataLocation proxyAddresses renewedDateTime resourceBehaviorOptions
      resourceProvisioningOptions securityEnabled securityIdentifier theme uniqueName visibility
    `),
  ),
  filter: {
    ...eachOf('id mailEnabled securityEnabled onPremisesSyncEnabled onPremisesSecurityIdentifier', equality),
    ...eachOf('membershipRuleProcessingState groupTypes securityIdentifier', equality),
    ...eachOf('displayName mail mailNickname onPremisesSamAccountName classification proxyAddresses', text),
    ...eachOf('deletedDateTime', ordered),
    ...eachOf('description membershipRule', advancedText),
    ...eachOf('isAssignableToRole', equality),
  },
  orderBy: { displayName: 'default', deletedDateTime: 'advanced' },
  search: ['displayName', 'description', 'mail', 'mailNickname'],
  singleOnly: new Set(
    wordsOf(
      'allowExternalSenders autoSubscribeNewMembers hideFromAddressLists isSubscribedByMail unseenCount isArchived',
    ),
  ),
  expand: ['members', 'owners', 'memberOf'],
}

const application: Resource = {
  title: 'Application',
  filter: {
    ...eachOf('id appId signInAudience applicationTemplateId', equality),
    ...eachOf('createdDateTime deletedDateTime', ordered),
    ...eachOf('displayName identifierUris tags publisherDomain', text),
  },
  orderBy: { displayName: 'advanced', createdDateTime: 'advanced', deletedDateTime: 'advanced' },
  search: ['displayName'],
  expand: ['owners'],
}

const servicePrincipal: Resource = {
  title: 'ServicePrincipal',
  filter: {
    ...eachOf('id accountEnabled appRoleAssignmentRequired servicePrincipalType applicationTemplateId', equality),
    ...eachOf('appOwnerOrganizationId preferredSingleSignOnMode', advancedEquality),
    ...eachOf('appId displayName tags servicePrincipalNames alternativeNames homepage', text),
    ...eachOf('deletedDateTime', ordered),
    ...eachOf('appDisplayName', advancedText),
  },
  orderBy: { displayName: 'advanced', createdDateTime: 'advanced', deletedDateTime: 'advanced' },
  search: ['displayName'],
  expand: ['appRoleAssignedTo', 'owners'],
}

const appRoleAssignment: Resource = {
  title: 'AppRoleAssignment',
  filter: {
    ...eachOf('resourceId principalId appRoleId principalType', equality),
    ...eachOf('principalDisplayName', names),
  },
  orderBy: {},
  search: [],
  expand: [],
}

/** Collections outside the directory: small, and filtered freely by what is listed. */
function plain(title: string, properties: string): Resource {
  return { title, filter: eachOf(properties, text), orderBy: {}, search: [], expand: [] }
}

export const resources: Readonly<Record<string, Resource>> = {
  user,
  group,
  application,
  servicePrincipal,
  appRoleAssignment,
  /** What users, groups and service principals have in common, as in a list of members. */
  directoryObject: {
    title: 'DirectoryObject',
    filter: {
      ...eachOf('id', equality),
      ...eachOf('displayName', names),
      ...eachOf('mail userPrincipalName', addresses),
    },
    orderBy: { displayName: 'default' },
    search: ['displayName', 'description'],
    expand: [],
  },
  conditionalAccessPolicy: plain('ConditionalAccessPolicy', 'id displayName state'),
  connectorGroup: plain('ConnectorGroup', 'id name'),
  connector: plain('Connector', 'id machineName status'),
  authenticationStrengthPolicy: plain('AuthenticationStrengthPolicy', 'id displayName policyType'),
  crossTenantAccessPolicyConfigurationPartner: {
    ...plain('CrossTenantAccessPolicyConfigurationPartner', 'tenantId'),
    expand: ['identitySynchronization'],
  },
  organization: plain('Organization', 'id displayName'),
  domain: plain('Domain', 'id'),
}
