// Generated starting states: a tenant and a domain as they grow by hand over the years, before guestlist ever ran.

import fc from 'fast-check'
import {
  adGroups,
  breakGlass,
  employees,
  headquarters,
  initialDomain,
  keptPeople,
  partnerTenants,
  people,
  plantGroup,
  root,
  sources,
  tenantId,
} from './policies.ts'

/** How a person of the pool is in the tenant already. */
export interface FoundGuest {
  readonly address: string
  readonly enabled: boolean
  readonly accepted: boolean
  /** By which property the address can be found. */
  readonly by: 'mail' | 'upper-case mail' | 'other mail' | 'principal name'
  readonly renamed: boolean
  readonly deleted: boolean
  /** A second guest object that has the address among its other mails. */
  readonly double: boolean
  readonly inHandMadeGroup: boolean
  readonly assignedByHand: boolean
  readonly inSource: boolean
}

/** How a person of the pool is in the domain already. */
export interface FoundAccount {
  readonly address: string
  readonly is: 'from the script' | 'a stranger with the mail' | 'an employee with the mail'
  readonly enabled: boolean
  readonly inGroup: boolean
}

export interface Start {
  readonly guests: readonly FoundGuest[]
  readonly accounts: readonly FoundAccount[]
  readonly openApps: boolean
  readonly publishedByHand: boolean
  readonly delegatedByHand: boolean
  readonly protectedConnector: boolean
  /** How many accounts of partners the domain keeps. */
  readonly keptAccounts: number
  /** Whether Entra Connect has been there, with its rule for guests or without. */
  readonly synced: 'not yet' | 'as guests' | 'as members'
  readonly trustByHand: 'none' | 'fabrikam blocked' | 'fabrikam trusted'
  readonly groupAssigned: boolean
  readonly deletedGroups: 'soft' | 'hard'
  readonly connectorGroupAssignment: 'allowed' | 'delegated-only'
}

const guest = (address: string): fc.Arbitrary<FoundGuest> =>
  fc.record({
    address: fc.constant(address),
    enabled: fc.boolean(),
    accepted: fc.boolean(),
    by: fc.constantFrom('mail', 'mail', 'upper-case mail', 'other mail', 'principal name'),
    renamed: fc.boolean(),
    deleted: fc.constantFrom(false, false, false, true),
    double: fc.constantFrom(false, false, false, false, true),
    inHandMadeGroup: fc.boolean(),
    assignedByHand: fc.boolean(),
    inSource: fc.boolean(),
  })

const account = (address: string): fc.Arbitrary<FoundAccount> =>
  fc.record({
    address: fc.constant(address),
    is: fc.constantFrom('from the script', 'from the script', 'a stranger with the mail', 'an employee with the mail'),
    enabled: fc.boolean(),
    inGroup: fc.boolean(),
  })

export const start: fc.Arbitrary<Start> = fc.record({
  guests: fc.uniqueArray(fc.constantFrom(...people), { maxLength: 4 }).chain(list => fc.tuple(...list.map(guest))),
  accounts: fc.uniqueArray(fc.constantFrom(...people), { maxLength: 3 }).chain(list => fc.tuple(...list.map(account))),
  openApps: fc.boolean(),
  publishedByHand: fc.boolean(),
  delegatedByHand: fc.boolean(),
  protectedConnector: fc.constantFrom(false, false, false, true),
  keptAccounts: fc.constantFrom(0, 1, 2),
  synced: fc.constantFrom('not yet', 'as guests', 'as guests', 'as members'),
  trustByHand: fc.constantFrom('none', 'none', 'fabrikam blocked', 'fabrikam trusted'),
  groupAssigned: fc.constantFrom(false, false, true),
  deletedGroups: fc.constantFrom('soft', 'hard'),
  connectorGroupAssignment: fc.constantFrom('allowed', 'allowed', 'allowed', 'allowed', 'delegated-only'),
})

export const nothing: Start = {
  guests: [],
  accounts: [],
  openApps: false,
  publishedByHand: false,
  delegatedByHand: false,
  protectedConnector: false,
  keptAccounts: 2,
  synced: 'not yet',
  trustByHand: 'none',
  groupAssigned: false,
  deletedGroups: 'soft',
  connectorGroupAssignment: 'allowed',
}

export function principalName(address: string): string {
  return `${address.replace('@', '_')}#EXT#@${initialDomain}`
}

export const handMadeGroup = 'Turbine Programme'

/** The tenant as a seed of the sandbox. */
export function graphSeed(from: Start, now: number): Readonly<Record<string, readonly object[] | object>> {
  const live = from.guests.filter(each => !each.deleted)
  const doubles = live.filter(each => each.double).map(each => doubleOf(each))
  const stray = {
    ...seededGuest('stray@elsewhere.example', true, true),
    userPrincipalName: principalName('stray@elsewhere.example'),
  }
  const assigned = live.filter(each => each.assignedByHand).map(each => ({ principal: nameOf(each) }))
  const employee = (address: string) => ({
    userPrincipalName: address,
    displayName: address,
    mail: address,
    userType: 'Member',
    accountEnabled: true,
  })
  return {
    tenant: {
      tenantId,
      initialDomain,
      displayName: 'Contoso Ltd.',
      deletedGroups: from.deletedGroups,
      connectorGroupAssignment: from.connectorGroupAssignment,
    },
    users: [...employees.map(employee), stray, ...live.map(userOf), ...doubles],
    deletedItems: from.guests
      .filter(each => each.deleted)
      .map(each => ({
        '@odata.type': '#microsoft.graph.user',
        deletedDateTime: new Date(now - 5 * 86_400_000).toISOString(),
        ...userOf(each),
      })),
    groups: [
      { displayName: 'All Employees', members: [...employees] },
      {
        displayName: handMadeGroup,
        description: 'Kept by hand',
        members: [
          'omar@contoso.com',
          ...live.filter(each => each.inHandMadeGroup).map(nameOf),
          stray.userPrincipalName,
        ],
      },
      {
        displayName: sources.entra,
        members: ['omar@contoso.com', ...live.filter(each => each.inSource).map(nameOf)],
      },
      { id: breakGlass, displayName: 'Break glass', members: ['anna@contoso.com'] },
      { displayName: 'Can hold roles', isAssignableToRole: true, members: ['anna@contoso.com'] },
    ],
    applications: [
      {
        appId: '2f1e8d4c-6b0a-4d57-a3c9-915e7f40b2d6',
        displayName: 'Plain',
        identifierUris: ['api://plain'],
        web: { homePageUrl: 'https://plain.contoso.com/', redirectUris: ['https://plain.contoso.com/'] },
        ...(from.publishedByHand
          ? {
              onPremisesPublishing: {
                internalUrl: 'https://plain.corp.contoso.com/',
                externalUrl: 'https://plain-contoso.msappproxy.net/',
                externalAuthenticationType: 'aadPreAuthentication',
              },
            }
          : {}),
      },
      {
        appId: '9b3c71f8-e2d5-4069-8c4f-5a60d7e1b928',
        displayName: 'Roles',
        appRoles: [
          { value: 'Read', displayName: 'Reader' },
          { value: 'Approve', displayName: 'Approver' },
        ],
      },
      {
        appId: 'e84d05b9-7a16-4c32-bf9e-20c6a8f5d173',
        displayName: 'Mixed',
        appRoles: [{ displayName: 'User' }, { value: 'Approve', displayName: 'Approver' }],
      },
    ],
    servicePrincipals: [
      {
        appId: '2f1e8d4c-6b0a-4d57-a3c9-915e7f40b2d6',
        appRoleAssignmentRequired: !from.openApps,
        tags: ['WindowsAzureActiveDirectoryIntegratedApp', 'kept-by-hand'],
        appRoleAssignedTo: [{ principal: 'All Employees' }, { principal: stray.userPrincipalName }, ...assigned],
      },
      {
        appId: '9b3c71f8-e2d5-4069-8c4f-5a60d7e1b928',
        appRoleAssignmentRequired: true,
        appRoleAssignedTo: [
          { principal: 'anna@contoso.com', appRole: 'Approve' },
          ...(from.groupAssigned ? [{ principal: handMadeGroup, appRole: 'Read' }] : []),
        ],
      },
      { appId: 'e84d05b9-7a16-4c32-bf9e-20c6a8f5d173', appRoleAssignmentRequired: !from.openApps },
      {
        id: '6d2b9a70-4c8e-4f13-8e5a-b07c1d93f526',
        appId: 'd35b8e17-40f2-4b9c-a6d8-19c7e05f2a64',
        displayName: 'Foreign',
        appOwnerOrganizationId: 'f2a60c9b-18d7-4e35-9b04-c6d81e7f5a23',
        appRoleAssignmentRequired: true,
        appRoleAssignedTo: [{ principal: handMadeGroup }],
      },
    ],
    conditionalAccessPolicies: [
      {
        displayName: 'Employees need MFA',
        state: 'enabled',
        conditions: {
          applications: { includeApplications: ['All'] },
          users: { includeUsers: ['anna@contoso.com'], excludeGroups: [breakGlass] },
          clientAppTypes: ['all'],
        },
        grantControls: { operator: 'OR', builtInControls: ['mfa'] },
      },
    ],
    crossTenantAccessPartners: [
      { tenantId: partnerTenants.stranger, inboundTrust: trusting(true) },
      ...(from.trustByHand === 'none'
        ? []
        : [
            from.trustByHand === 'fabrikam trusted'
              ? { tenantId: partnerTenants.fabrikam, inboundTrust: trusting(false) }
              : { tenantId: partnerTenants.fabrikam, b2bCollaborationInbound: nobody },
          ]),
    ],
    connectorGroups: [
      { name: 'Default', isDefault: true },
      { id: headquarters, name: 'Headquarters' },
      { id: plantGroup, name: 'Plant' },
    ],
    connectors: [{ machineName: 'CONNECTOR01.corp.contoso.com', memberOf: ['Headquarters'] }],
  }
}

const trusting = (isMfaAccepted: boolean): object => ({
  isMfaAccepted,
  isCompliantDeviceAccepted: false,
  isHybridAzureADJoinedDeviceAccepted: false,
})

const nobody = {
  usersAndGroups: { accessType: 'blocked', targets: [{ target: 'AllUsers', targetType: 'user' }] },
  applications: { accessType: 'blocked', targets: [{ target: 'AllApplications', targetType: 'application' }] },
}

function seededGuest(address: string, enabled: boolean, accepted: boolean) {
  return {
    displayName: address,
    mail: address,
    otherMails: [address],
    userType: 'Guest',
    creationType: 'Invitation',
    accountEnabled: enabled,
    externalUserState: accepted ? 'Accepted' : 'PendingAcceptance',
  }
}

function nameOf(found: FoundGuest): string {
  return found.renamed && found.by !== 'principal name'
    ? `renamed.${principalName(found.address)}`
    : principalName(found.address)
}

function userOf(found: FoundGuest): object {
  const mails = {
    mail: { mail: found.address, otherMails: [found.address] },
    'upper-case mail': { mail: found.address.toUpperCase(), otherMails: [] },
    'other mail': { mail: null, otherMails: [found.address] },
    'principal name': { mail: null, otherMails: [] },
  }[found.by]
  return {
    ...seededGuest(found.address, found.enabled, found.accepted),
    ...mails,
    userPrincipalName: nameOf(found),
    sponsors: found.accepted ? [employees[1]] : [],
  }
}

function doubleOf(found: FoundGuest): object {
  return {
    ...seededGuest(found.address, true, true),
    mail: `double.${found.address}`,
    userPrincipalName: principalName(`double.${found.address}`),
  }
}

/** O:BAD:(A;;0xf01ff;;;S-1-5-21-1004336348-1177238915-682003330-1105) */
export const handMadeDescriptor =
  'AQAEgBQAAAAAAAAAAAAAACQAAAABAgAAAAAABSAAAAAgAgAAAgAsAAEAAAAAACQA/wEPAAEFAAAAAAAFFQAAANz03DuDPStGgoumKFEEAAA='

const units = [
  'OU=Employees',
  'OU=Apps',
  'OU=Servers',
  'OU=Partners',
  'OU=Shadow,OU=Partners',
  'OU=Shadow 2,OU=Partners',
  'OU=Archive,OU=Partners',
  'OU=Archive,OU=Shadow,OU=Partners',
  'OU=Groups,OU=Partners',
  'OU=Groups 2,OU=Partners',
  'OU=Accounts,OU=Partners',
]

/** The domain as a seed of the sandbox. */
export function directorySeed(from: Start): string {
  const records: string[] = units.map(unit => entry(`${unit},${root}`, ['top', 'organizationalUnit'], {}))
  const user = ['top', 'person', 'organizationalPerson', 'user']
  const accountDns: string[] = []
  records.push(
    entry(`CN=Omar,OU=Employees,${root}`, user, {
      sAMAccountName: ['omar'],
      userPrincipalName: ['omar@contoso.com'],
      userAccountControl: ['512'],
      mail: ['omar@contoso.com'],
    }),
  )
  for (const [index, found] of from.accounts.entries()) {
    const inShadow = found.is !== 'an employee with the mail'
    const dn = `CN=Found ${index},OU=${inShadow ? 'Shadow,OU=Partners' : 'Employees'},${root}`
    if (found.inGroup) accountDns.push(dn)
    records.push(
      entry(dn, user, {
        sAMAccountName: [`found-${index}`],
        userPrincipalName: [
          found.is === 'from the script' ? principalName(found.address) : `found-${index}@corp.contoso.com`,
        ],
        mail: [found.address],
        userAccountControl: [found.enabled ? '262656' : '262658'],
      }),
    )
  }
  const keptDns: string[] = []
  for (const address of keptPeople.slice(0, from.keptAccounts)) {
    const name = address.split('@')[0] ?? ''
    keptDns.push(`CN=${name},OU=Accounts,OU=Partners,${root}`)
    records.push(
      entry(`CN=${name},OU=Accounts,OU=Partners,${root}`, user, {
        sAMAccountName: [name],
        userPrincipalName: [address],
        userAccountControl: ['512'],
        ...(name === 'erhan' ? { accountExpires: ['133500000000000000'] } : { extensionAttribute1: ['Employee'] }),
      }),
    )
  }
  const computer = (name: string, values: Readonly<Record<string, readonly string[]>>): string =>
    entry(`CN=${name},OU=Servers,${root}`, [...user, 'computer'], {
      sAMAccountName: [`${name}$`],
      userAccountControl: ['4096'],
      ...values,
    })
  const byHand = from.delegatedByHand
    ? { 'msDS-AllowedToDelegateTo': ['HTTP/legacy.corp.contoso.com', 'http/PAY.corp.contoso.com'] }
    : {}
  records.push(
    computer('CONNECTOR01', byHand),
    computer('CONNECTOR02', {
      userAccountControl: ['16781312'],
      'msDS-AllowedToDelegateTo': ['HTTP/legacy.corp.contoso.com'],
      extensionName: ['kept by hand'],
    }),
    computer('CONNECTOR03', from.protectedConnector ? { adminCount: ['1'] } : {}),
    computer('WEB01', { servicePrincipalName: ['HTTP/pay.corp.contoso.com', 'HTTP/portal.corp.contoso.com'] }),
    computer('WEB02', {
      servicePrincipalName: [
        'HTTP/pay-roll.corp.contoso.com',
        'HTTP/wiki.corp.contoso.com',
        'HTTP/pay-2.corp.contoso.com',
      ],
      // Who may sign in here was decided by hand, for an administrator's machine.
      'msDS-AllowedToActOnBehalfOfOtherIdentity:': [handMadeDescriptor],
      extensionName: ['kept by hand'],
    }),
    computer('SERVER01', { 'msDS-AllowedToDelegateTo': ['HTTP/other.corp.contoso.com'] }),
  )
  const group = (dn: string, name: string, values: Readonly<Record<string, readonly string[]>>): string =>
    entry(dn, ['top', 'group'], { sAMAccountName: [name], groupType: ['-2147483646'], ...values })
  records.push(
    group(adGroups.approvers, 'Payroll Approvers', { member: [`CN=Omar,OU=Employees,${root}`, ...accountDns] }),
    group(adGroups.odd, 'Odd Name', { member: [`CN=Omar,OU=Employees,${root}`] }),
    group(adGroups.guarded, 'Guarded', { adminCount: ['1'], member: [`CN=Omar,OU=Employees,${root}`] }),
    group(sources.domain, 'Operators Source', { member: [`CN=Omar,OU=Employees,${root}`, ...keptDns] }),
    group(`CN=Old Partners,OU=Groups,OU=Partners,${root}`, 'Old Partners', { member: accountDns }),
  )
  return `version: 1\n\n${records.join('\n\n')}\n`
}

function entry(dn: string, classes: readonly string[], values: Readonly<Record<string, readonly string[]>>): string {
  const lines = Object.entries({ objectClass: classes, ...values }).flatMap(([name, list]) =>
    list.map(value => `${name}: ${value}`),
  )
  return [`dn: ${dn}`, ...lines].join('\n')
}
