// Properties of Application Proxy, limited to what the sandbox holds. From the CSDL of Microsoft Graph
// (microsoftgraph/msgraph-metadata, August 2026), grouped by type as properties.ts reads them.

export const publishingTypes = {
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
