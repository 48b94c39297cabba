// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Where things live, and the limits that every plan is held to. There is exactly one Organization in a policies folder.
 */
export interface Organization {
  /**
   * The version of the policy language: always `guestlist/v1`.
   */
  apiVersion: 'guestlist/v1'
  /**
   * What this document describes: here the Organization itself.
   */
  kind: 'Organization'
  /**
   * A short name for us, in lower case.
   */
  name: string
  /**
   * Our name as people read it, in reports and invitations.
   */
  displayName?: string
  entra: OrganizationEntra
  activeDirectory?: OrganizationActiveDirectory
  applicationProxy?: OrganizationApplicationProxy
  guardrails?: OrganizationGuardrails
}
/**
 * Our tenant: the cloud directory that invites guests and opens apps to them.
 */
export interface OrganizationEntra {
  /**
   * The tenant's id, as the Entra admin center shows it under Overview.
   */
  tenantId: string
  /**
   * The domain that the tenant was born with, never a custom one: guests' user principal names end in it.
   */
  initialDomain: string
  /**
   * The Microsoft cloud that holds the tenant.
   */
  cloud?: 'global' | 'us-government' | 'us-government-dod' | 'china'
  invitation?: OrganizationInvitation
  guests?: OrganizationGuests
  /**
   * managed: guestlist assigns partner groups to app roles. pre-assigned: a person assigns each app role's group once, and guestlist needs no right to assign.
   */
  assignments?: 'managed' | 'pre-assigned'
  offboarding?: OrganizationOffboarding
  conditionalAccess?: OrganizationConditionalAccess
}
/**
 * How a new guest is invited.
 */
export interface OrganizationInvitation {
  /**
   * Where a guest lands after accepting the invitation.
   */
  redirectUrl?: string
  /**
   * Whether Microsoft mails the invitation. Without it, hand the redeem URL to the guest yourself.
   */
  sendMessage?: boolean
}
/**
 * What a guest is allowed to be in this tenant. Each key left out is left alone.
 */
export interface OrganizationGuests {
  /**
   * What a guest may read of the directory. restricted: only themselves; limited: Entra's default for guests; member: as much as an employee.
   */
  role?: 'restricted' | 'limited' | 'member'
  /**
   * Who may invite guests besides guestlist.
   */
  invitedBy?: 'nobody' | 'admins' | 'members' | 'everyone'
}
/**
 * What becomes of an account that no group holds any more. It cannot sign in from then on; it is deleted later, so that a mistake can be taken back.
 */
export interface OrganizationOffboarding {
  /**
   * How long the account is kept without sign-in before it is deleted.
   */
  deleteAfter: string
}
/**
 * How the conditions that apps require of guests become Conditional Access policies.
 */
export interface OrganizationConditionalAccess {
  /**
   * report-only: the policies are there and only report; enabled: they bind; disabled: they are there and do nothing.
   */
  state?: 'report-only' | 'enabled' | 'disabled'
  /**
   * Object ids of groups that no policy may lock out, such as break-glass accounts. guestlist never empties them.
   */
  excludeGroups?: string[]
}
/**
 * Our domain on premises. Needed as soon as an app signs on with Kerberos, or a partner's people have accounts there.
 */
export interface OrganizationActiveDirectory {
  /**
   * The DNS name of the domain.
   */
  domain: string
  /**
   * Domain controllers, tried in order.
   */
  servers: string[]
  /**
   * PEM file of the authority that signed the servers' certificates, relative to this file and inside the policies folder.
   */
  caFile?: string
  organizationalUnits?: OrganizationOrganizationalUnits
  /**
   * Holds `User_<object id of the guest>` on a shadow account, as Entra Cloud Sync writes it: the link that survives a renaming.
   */
  anchorAttribute?: string
  userType?: OrganizationUserType
  offboarding?: OrganizationOffboarding
}
/**
 * The units that guestlist may write to. Each is needed as soon as a partner or app needs it.
 */
export interface OrganizationOrganizationalUnits {
  /**
   * Accounts that stand for invited guests at Kerberos apps.
   */
  shadowAccounts?: string
  /**
   * Shadow accounts that nobody needs now, disabled, until they are deleted or come back.
   */
  archive?: string
  /**
   * Groups for app roles that name no `adGroup` of their own.
   */
  groups?: string
  /**
   * Accounts that we keep for partners with `accounts: active-directory`.
   */
  partnerAccounts?: string
}
/**
 * The attribute value that Entra Connect reads to make a synchronised user a guest.
 */
export interface OrganizationUserType {
  /**
   * The attribute that guestlist stamps.
   */
  attribute: string
  /**
   * The value that means guest.
   */
  value: string
}
/**
 * The connectors that publish on-premises apps. Microsoft Graph lets an application see neither connector groups nor connectors, so the policy names them.
 */
export interface OrganizationApplicationProxy {
  /**
   * The groups that an app's `proxy.connectorGroup` may name.
   */
  connectorGroups: OrganizationConnectorGroup[]
}
/**
 * A group of connectors, and their computer accounts.
 */
export interface OrganizationConnectorGroup {
  /**
   * The name by which apps refer to the group.
   */
  name: string
  /**
   * The connector group's id. Without it the tenant's default group is meant, or a person assigns it.
   */
  id?: string
  /**
   * Computer accounts in Active Directory of the group's connectors: these may delegate to Kerberos services.
   */
  connectors?: string[]
}
/**
 * Limits that refuse a plan which goes too far.
 */
export interface OrganizationGuardrails {
  removals?: OrganizationRemovals
  /**
   * Groups into which guestlist never puts anybody, nor into a group that they hold: distinguished names in Active Directory, object ids in Entra. No override sets this aside. They may still be read as `membersFrom`.
   */
  protectedGroups?: string[]
  /**
   * Every Access needs `until`, at most this far away. Left out, nothing is demanded.
   */
  longestAccess?: string
  /**
   * How long a saved plan may be applied after it was made. Older ones are refused: plan again.
   */
  oldestPlan?: string
  /**
   * Reviewed exceptions instead of a --force flag. Each ends by itself.
   */
  overrides?: OrganizationOverride[]
}
/**
 * Refuse a plan that takes away more than this share of today's access, once it is at least this many. Counted over the whole plan, also where a part of it is asked for; an access that ends on its own day does not count.
 */
export interface OrganizationRemovals {
  /**
   * The share of today's access that one plan may take away.
   */
  percent: number
  /**
   * Fewer removals than this are never refused.
   */
  atLeast: number
  perApp?: OrganizationRemovalsOfOne
  perPartner?: OrganizationRemovalsOfOne
}
/**
 * The same limit for each app, or each partner, by itself: refuse a plan that takes away more than this share of the accesses to one app, or of one partner.
 */
export interface OrganizationRemovalsOfOne {
  /**
   * The share of today's accesses that one plan may take away from one.
   */
  percent: number
  /**
   * Fewer removals than this are never refused.
   */
  atLeast: number
}
/**
 * Sets one guardrail aside until a day, for everybody or for one app or partner.
 */
export interface OrganizationOverride {
  /**
   * The guardrail that is set aside. sources: that a group which others keep, and which comes back empty or much smaller, stops the plan.
   */
  guardrail: 'removals' | 'longestAccess' | 'sources'
  /**
   * Only for accesses to this app: its name in the policies, also of an app that leaves them. For removals and longestAccess.
   */
  app?: string
  /**
   * Only for this partner: its name in the policies, also of a partner that leaves them.
   */
  partner?: string
  /**
   * Who answers for the exception.
   */
  by?: string
  /**
   * Why, for the people who read this later.
   */
  reason: string
  /**
   * The last day of the exception.
   */
  until: string
}

/**
 * A person: the address alone, or a mapping.
 */
export type PartnerMember =
  | string
  | {
      /**
       * The person's mail address; for active-directory partners the user principal name.
       */
      address: string
      /**
       * The person's name as people read it.
       */
      displayName?: string
      /**
       * The last day of the membership.
       */
      until?: string
    }

/**
 * An outside organisation, its people in groups.
 */
export interface Partner {
  /**
   * The version of the policy language: always `guestlist/v1`.
   */
  apiVersion: 'guestlist/v1'
  /**
   * What this document describes: here a Partner.
   */
  kind: 'Partner'
  /**
   * The name by which Access documents refer to the partner.
   */
  name: string
  /**
   * The partner's name as people read it; set as company name on its guests.
   */
  displayName: string
  /**
   * entra-b2b: its people are invited as guests and sign in at home. active-directory: we keep accounts for them in our own Active Directory.
   */
  accounts: 'entra-b2b' | 'active-directory'
  /**
   * Domains of its people's addresses (for active-directory: of their user principal names). A member from any other domain is an error.
   */
  domains: string[]
  /**
   * The partner's own Entra tenant. With it, `trust` becomes a cross-tenant access setting.
   */
  tenantId?: string
  trust?: PartnerTrust
  /**
   * Whether the partner's people need not consent to our tenant when they first come. Takes effect only once the partner allows the same in its own tenant. Needs `tenantId`.
   */
  automaticRedemption?: boolean
  /**
   * People of ours who answer for this partner: shown in reports and set on its guests.
   */
  sponsors?: string[]
  /**
   * The partner's people, by what they do for us. Access is granted to groups, never to single people.
   */
  groups: {
    [k: string]: PartnerGroup
  }
}
/**
 * What we believe of the partner's own tenant, so that its people need not prove it again. Needs `tenantId`.
 */
export interface PartnerTrust {
  /**
   * Accept multifactor authentication that was done at the partner's tenant.
   */
  mfa?: boolean
  /**
   * Accept the partner's word that a device is compliant.
   */
  compliantDevice?: boolean
  /**
   * Accept the partner's word that a device is hybrid joined.
   */
  hybridJoinedDevice?: boolean
}
/**
 * People of this partner: either listed in `members`, or kept elsewhere and named in `membersFrom`.
 */
export interface PartnerGroup {
  /**
   * What these people do for us.
   */
  description?: string
  /**
   * The people: an address each, or a mapping when there is more to say.
   */
  members?: PartnerMember[]
  membersFrom?: PartnerMembersFrom
}
/**
 * Where the people are kept: exactly one of a CSV roster, a group in Entra, or a group in Active Directory.
 */
export interface PartnerMembersFrom {
  /**
   * A file beside this one, with a header row: the column `address` is required, `displayName` and `until` are optional.
   */
  csv?: string
  /**
   * Display name or object id of a group in Entra that others keep: read, never written. The object id is safer: a display name can be changed, and taken by another group.
   */
  entraGroup?: string
  /**
   * Distinguished name of a group in Active Directory that others keep: read, never written.
   */
  adGroup?: string
}

/**
 * What partners may reach, on premises or in the cloud.
 */
export interface App {
  /**
   * The version of the policy language: always `guestlist/v1`.
   */
  apiVersion: 'guestlist/v1'
  /**
   * What this document describes: here an App.
   */
  kind: 'App'
  /**
   * The name by which Access documents refer to the app.
   */
  name: string
  /**
   * The app's name as people read it.
   */
  displayName: string
  /**
   * cloud: an enterprise application that is already in the tenant (then `entra` names it). on-premises: published through Application Proxy (then `proxy` and `signOn` say how).
   */
  hosting: 'cloud' | 'on-premises'
  /**
   * People of ours who answer for the app.
   */
  owners?: string[]
  /**
   * Words of your own, for rules to speak of.
   */
  tags?: string[]
  entra?: AppEntra
  proxy?: AppProxy
  signOn?: AppSignOn
  /**
   * What one can be in the app. Without it there is one role, `user`.
   */
  roles?: {
    [k: string]: AppRole
  }
  /**
   * What the app asks of guests at sign-in; becomes Conditional Access.
   */
  requires?: string[]
  /**
   * What becomes of guests who reach the app by a way that no policy names.
   */
  unmanagedGuests?: 'report' | 'remove'
}
/**
 * An application that is already in the tenant, named by exactly one of its ids. An on-premises app with it is adopted instead of created.
 */
export interface AppEntra {
  /**
   * The application (client) id.
   */
  appId?: string
  /**
   * The object id of the enterprise application.
   */
  servicePrincipalId?: string
}
/**
 * How the app is published. A setting left out is left alone.
 */
export interface AppProxy {
  /**
   * Where the connectors reach the app. Ends with a slash.
   */
  internalUrl: string
  /**
   * Where guests reach the app. Ends with a slash.
   */
  externalUrl: string
  /**
   * The connectors that reach the app: a name from the Organization's `applicationProxy.connectorGroups`. Left out, the tenant's default group.
   */
  connectorGroup?: string
  /**
   * entra: people sign in at Entra before anything reaches the app. passthrough: every request reaches the app.
   */
  preauthentication?: 'entra' | 'passthrough'
  /**
   * How long the app may take to answer: default is 85 seconds, long is 180.
   */
  backendTimeout?: 'default' | 'long'
  /**
   * Keep scripts from reading Application Proxy's cookies.
   */
  httpOnlyCookie?: boolean
  /**
   * Send Application Proxy's cookies over HTTPS only.
   */
  secureCookie?: boolean
  /**
   * Keep Application Proxy's cookies when the browser closes.
   */
  persistentCookie?: boolean
  /**
   * Give the app its internal host name in the Host header.
   */
  translateHostHeader?: boolean
  /**
   * Rewrite internal links in the pages that the app sends.
   */
  translateLinksInBody?: boolean
  /**
   * Have the connectors check the app's TLS certificate.
   */
  validateBackendCertificate?: boolean
  /**
   * Keep session state in Application Proxy.
   */
  stateSession?: boolean
  /**
   * End sessions at once when access ends.
   */
  continuousAccessEvaluation?: boolean
  /**
   * A second external URL, for instance behind a traffic manager.
   */
  alternateUrl?: string
  /**
   * Translate links and redirect with the alternate URL instead of the external one.
   */
  useAlternateUrlForTranslationAndRedirect?: boolean
  /**
   * Let Microsoft Entra Private Access resolve the app's internal name.
   */
  dnsResolution?: boolean
  /**
   * Let the Global Secure Access client on a device reach the app as well (Microsoft Entra Private Access).
   */
  privateAccessClient?: boolean
  /**
   * How requests are spread over the connectors of the group.
   */
  trafficRouting?: 'none' | 'random' | 'sessionPersistence' | 'performance'
  /**
   * The provider of a web application firewall in front of the external URL.
   */
  firewallProvider?: string
  /**
   * The networks, in CIDR notation, from which the web application firewall sends requests.
   */
  firewallAddresses?: string[]
  /**
   * Names and values of the HTTP headers by which requests of the web application firewall are known.
   */
  firewallHeaders?: {
    [k: string]: string
  }
}
/**
 * How the app learns who is there: exactly one of kerberos, saml, header and none. Of a cloud app only saml.
 */
export interface AppSignOn {
  kerberos?: AppKerberos
  saml?: AppSaml
  /**
   * Application Proxy tells the app in HTTP headers. Nothing to configure: `{}`.
   */
  header?: Record<string, never>
  /**
   * The app does its own sign-on. Nothing to configure: `{}`.
   */
  none?: Record<string, never>
}
/**
 * Integrated Windows authentication: the connectors ask for a ticket in the person's name (constrained delegation). Needs preauthentication by Entra.
 */
export interface AppKerberos {
  /**
   * The service that the ticket is for.
   */
  servicePrincipalName: string
  /**
   * Which name of the person the ticket is asked for.
   */
  loginIdentity?:
    | 'userPrincipalName'
    | 'onPremisesUserPrincipalName'
    | 'userPrincipalUsername'
    | 'onPremisesUserPrincipalUsername'
    | 'onPremisesSAMAccountName'
  /**
   * constrained: the connectors' accounts list the service. resource-based: the service's account lists the connectors. unmanaged: somebody else sees to it.
   */
  delegation?: 'constrained' | 'resource-based' | 'unmanaged'
}
/**
 * The app trusts SAML assertions of Entra.
 */
export interface AppSaml {
  /**
   * The app's entity id.
   */
  identifier: string
  /**
   * Where assertions are sent (assertion consumer service).
   */
  replyUrl: string
}
/**
 * One role: its app role in Entra, its group in Active Directory. Both may be left out: `{}`.
 */
export interface AppRole {
  /**
   * The value of the app role in Entra. Left out, the app's default access.
   */
  appRole?: string
  /**
   * Distinguished name of the group that has the rights on premises. Left out for a Kerberos app, a group of its own is made in the `groups` unit.
   */
  adGroup?: string
}

/**
 * Who reaches what, until when, and why.
 */
export interface Access {
  /**
   * The version of the policy language: always `guestlist/v1`.
   */
  apiVersion: 'guestlist/v1'
  /**
   * What this document describes: here an Access.
   */
  kind: 'Access'
  /**
   * A name for this access; reports and plans show it.
   */
  name: string
  /**
   * The name of the Partner whose people are meant.
   */
  partner: string
  /**
   * Which of the partner's groups.
   */
  groups: string[]
  /**
   * The name of the App that they reach.
   */
  app: string
  /**
   * The role that they have in the app.
   */
  role?: string
  /**
   * The first day of the access. A date without a time is the whole day in UTC.
   */
  from?: string
  /**
   * The last day of the access. A date without a time is the whole day in UTC.
   */
  until?: string
  /**
   * Why: a contract, a ticket, a sentence.
   */
  reason?: string
}

/**
 * What must never be so: an expression in CEL over each access, person, app or partner of the resolved policy. Where it is true, the plan is refused.
 */
export interface Rule {
  /**
   * The version of the policy language: always `guestlist/v1`.
   */
  apiVersion: 'guestlist/v1'
  /**
   * What this document describes: here a Rule.
   */
  kind: 'Rule'
  /**
   * A name for the rule; a denial has the code `rule/<name>`.
   */
  name: string
  /**
   * What the rule looks at, one by one; the expression knows it by this name. access: every Access that is not over. person: everyone whom a policy names. app, partner: every document of that kind.
   */
  each: 'access' | 'person' | 'app' | 'partner'
  /**
   * A CEL expression that is true for what must not be.
   * access: name, role, from, until, reason, days (from today or `from` until `until`; 1000000 if there is no end), groups, partner, app.
   * person: address, displayName, partner, groups, apps (the names of apps that the person may reach today).
   * app: name, displayName, hosting, tags, requires, owners, signOn (kerberos, saml, header, none, or empty for a cloud app), roles.
   * partner: name, displayName, accounts, domains, sponsors, tenantId, trust.mfa, trust.compliantDevice, trust.hybridJoinedDevice, groups.
   * What a policy leaves out is empty text, an empty list or false.
   */
  deny: string
  /**
   * What the person who broke the rule should read.
   */
  message: string
  /**
   * error: stops plan and apply. warning: is shown.
   */
  severity?: 'error' | 'warning'
}

export type PolicyDocument = Organization | Partner | App | Access | Rule
