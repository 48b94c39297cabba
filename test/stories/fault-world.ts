// A small life with every sort of request in it: a policy that is applied already, and one that comes. People leave and come,
// an app goes and others come, on every kind of door.

import type { AccessDoc, AppDoc, Documents, OrganizationDoc, PartnerDoc } from '../laws/policies.ts'
import {
  adGroups,
  breakGlass,
  enterpriseApps,
  headquarters,
  initialDomain,
  ownDomain,
  partnerTenants,
  tenantId,
} from '../laws/policies.ts'
import { nothing, type Start } from '../laws/world.ts'

export const start: Start = {
  ...nothing,
  guests: [
    {
      address: 'jin@adatum.example',
      enabled: true,
      accepted: true,
      by: 'mail',
      renamed: false,
      deleted: false,
      double: false,
      inHandMadeGroup: true,
      assignedByHand: false,
      inSource: false,
    },
  ],
}

const organization: OrganizationDoc = {
  name: 'contoso',
  entra: {
    tenantId,
    initialDomain,
    conditionalAccess: { state: 'enabled', excludeGroups: [breakGlass] },
    offboarding: { deleteAfter: '30d' },
  },
  activeDirectory: ownDomain,
  applicationProxy: {
    connectorGroups: [{ name: 'Headquarters', id: headquarters, connectors: ['CONNECTOR01', 'CONNECTOR02'] }],
  },
}

function people(...addresses: readonly string[]): PartnerDoc['groups'][string] {
  return { members: addresses.map(address => ({ address })) }
}

function fabrikam(engineers: readonly string[], trust: Readonly<Record<string, boolean>>): PartnerDoc {
  return {
    name: 'fabrikam',
    displayName: 'Fabrikam',
    accounts: 'entra-b2b',
    domains: ['fabrikam.com'],
    sponsors: ['anna@contoso.com'],
    tenantId: partnerTenants.fabrikam,
    trust,
    groups: { engineers: people(...engineers), ops: people('kim_lo-x@fabrikam.com') },
  }
}

const adatum: PartnerDoc = {
  name: 'adatum',
  displayName: 'Adatum',
  accounts: 'entra-b2b',
  domains: ['adatum.example'],
  sponsors: ['omar@contoso.com', 'anna@contoso.com'],
  tenantId: partnerTenants.adatum,
  trust: { mfa: true },
  groups: { ops: people('jin@adatum.example', 'anna@adatum.example', 'bo@adatum.example', 'cy@adatum.example') },
}

function published(name: string, further: Pick<AppDoc, 'signOn' | 'roles' | 'requires' | 'entra'>): AppDoc {
  const proxy = {
    externalUrl: `https://${name}-contoso.msappproxy.net/`,
    internalUrl: `https://${name}.corp.contoso.com/`,
    connectorGroup: 'Headquarters',
  }
  return { name, displayName: name, hosting: 'on-premises', proxy, ...further }
}

const pay = published('pay', {
  signOn: { kerberos: { servicePrincipalName: 'HTTP/pay.corp.contoso.com' } },
  roles: { user: {}, approver: { adGroup: adGroups.approvers } },
  requires: ['mfa'],
})

const roll = published('pay-roll', {
  signOn: { kerberos: { servicePrincipalName: 'HTTP/pay-roll.corp.contoso.com', delegation: 'resource-based' } },
  roles: { user: {} },
})

const wiki = published('wiki', {
  signOn: { saml: { identifier: 'https://wiki.corp.contoso.com', replyUrl: 'https://wiki.corp.contoso.com/acs' } },
  requires: ['sign-in-frequency:8h'],
})

const expenses: AppDoc = {
  name: 'expenses',
  displayName: 'Expenses',
  hosting: 'cloud',
  entra: enterpriseApps.roles,
  roles: { user: { appRole: 'Read' }, approver: { appRole: 'Approve' } },
}

function access(partner: string, group: string, app: string, role: string): AccessDoc {
  return { name: `${partner}-${group}-${app}-${role}`, partner, groups: [group], app, role }
}

const both = ['lee@fabrikam.com', 'dana.ruiz@fabrikam.com']

export const before: Documents = {
  organization,
  partners: [fabrikam(both, { mfa: true })],
  apps: [pay, roll],
  accesses: [
    access('fabrikam', 'engineers', 'pay', 'user'),
    access('fabrikam', 'ops', 'pay', 'approver'),
    access('fabrikam', 'engineers', 'pay-roll', 'user'),
  ],
}

/** Dana leaves, O'Brien comes, pay-roll goes, wiki and expenses come, and so does another partner. */
export const after: Documents = {
  organization: {
    ...organization,
    entra: { ...organization.entra, guests: { role: 'restricted', invitedBy: 'admins' } },
  },
  partners: [
    fabrikam(['lee@fabrikam.com', "o'brien@fabrikam.com", 'fay@fabrikam.com'], { mfa: true, compliantDevice: true }),
    adatum,
  ],
  apps: [{ ...pay, requires: ['mfa', 'compliant-device'] }, wiki, expenses],
  accesses: [
    access('fabrikam', 'engineers', 'pay', 'user'),
    access('adatum', 'ops', 'pay', 'approver'),
    access('fabrikam', 'engineers', 'wiki', 'user'),
    access('adatum', 'ops', 'expenses', 'user'),
    access('fabrikam', 'ops', 'expenses', 'approver'),
  ],
}
