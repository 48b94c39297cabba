// Generated policies, as the documents that a person would write. Names come from small pools, so that two policies in a
// row are about the same people, groups and apps, and differ in what becomes of them.

import fc from 'fast-check'

export interface Member {
  readonly address: string
  readonly displayName?: string
  readonly until?: string
}

export interface PartnerDoc {
  readonly name: string
  readonly displayName: string
  readonly accounts: 'entra-b2b' | 'active-directory'
  readonly domains: readonly string[]
  readonly sponsors?: readonly string[]
  readonly tenantId?: string
  readonly trust?: Readonly<Record<string, boolean>>
  readonly automaticRedemption?: boolean
  readonly groups: Readonly<Record<string, { readonly members: readonly Member[] } | { readonly membersFrom: Source }>>
}

export type Source = { readonly entraGroup: string } | { readonly adGroup: string }

export interface RoleDoc {
  readonly appRole?: string
  readonly adGroup?: string
}

export interface AppDoc {
  readonly name: string
  readonly displayName: string
  readonly hosting: 'cloud' | 'on-premises'
  readonly entra?: { readonly appId: string } | { readonly servicePrincipalId: string }
  readonly proxy?: Readonly<Record<string, string | boolean>>
  readonly signOn?: {
    readonly kerberos?: { readonly servicePrincipalName: string; readonly delegation?: string }
    readonly saml?: { readonly identifier: string; readonly replyUrl: string }
    readonly header?: Readonly<Record<string, never>>
    readonly none?: Readonly<Record<string, never>>
  }
  readonly requires?: readonly string[]
  readonly unmanagedGuests?: 'report' | 'remove'
  readonly roles?: Readonly<Record<string, RoleDoc>>
}

export interface AccessDoc {
  readonly name: string
  readonly partner: string
  readonly groups: readonly string[]
  readonly app: string
  readonly role: string
  readonly from?: string
  readonly until?: string
}

export interface OrganizationDoc {
  readonly name: string
  readonly entra: {
    readonly tenantId: string
    readonly initialDomain: string
    readonly assignments?: 'managed' | 'pre-assigned'
    readonly guests?: { readonly role?: string; readonly invitedBy?: string }
    readonly conditionalAccess?: { readonly state?: string; readonly excludeGroups?: readonly string[] }
    readonly offboarding?: { readonly deleteAfter: string }
  }
  readonly activeDirectory: {
    readonly domain: string
    readonly servers: readonly string[]
    readonly organizationalUnits: {
      readonly shadowAccounts: string
      readonly archive: string
      readonly groups: string
      readonly partnerAccounts: string
    }
    readonly anchorAttribute?: string
    readonly offboarding?: { readonly deleteAfter: string }
  }
  readonly applicationProxy: {
    readonly connectorGroups: readonly {
      readonly name: string
      readonly id?: string
      readonly connectors: readonly string[]
    }[]
  }
}

export interface Documents {
  readonly organization: OrganizationDoc
  readonly partners: readonly PartnerDoc[]
  readonly apps: readonly AppDoc[]
  readonly accesses: readonly AccessDoc[]
}

export const root = 'DC=corp,DC=contoso,DC=com'
export const tenantId = '7918d4b5-0442-4a97-be2d-36f9f9962ece'
export const initialDomain = 'contoso.onmicrosoft.com'
/** The domain, with each unit in its place. */
export const ownDomain = {
  domain: 'corp.contoso.com',
  servers: ['ldaps://dc1.corp.contoso.com'],
  organizationalUnits: {
    shadowAccounts: `OU=Shadow,OU=Partners,${root}`,
    archive: `OU=Archive,OU=Partners,${root}`,
    groups: `OU=Groups,OU=Partners,${root}`,
    partnerAccounts: `OU=Accounts,OU=Partners,${root}`,
  },
}
export const headquarters = '3e6f4c35-a04b-4d03-b98a-66fff89b72e6'

/** People whose accounts our own domain keeps. */
export const keptPeople = [
  'msullivan@partners.contoso.com',
  'erhan@partners.contoso.com',
  'nobody@partners.contoso.com',
] as const

/** People by their domain. `joint.example` is a domain that goes from one partner to another. */
export const domains = {
  'fabrikam.com': ['lee@fabrikam.com', "o'brien@fabrikam.com", 'dana.ruiz@fabrikam.com', 'kim_lo-x@fabrikam.com'],
  'adatum.example': ['anna@adatum.example', 'jin@adatum.example', `${'long.'.repeat(11)}name@adatum.example`],
  'joint.example': ['sam@joint.example', 'mika@joint.example'],
} as const
export const people: readonly string[] = Object.values(domains).flat()

/** Partners' own tenants; the last is one that nobody names. */
export const partnerTenants = {
  fabrikam: '0f5c2a0e-91d1-4a43-8b50-3cbb5b0d8d0e',
  adatum: '6b1d7c3f-2e84-4f0a-9c57-a8d0e4f1b263',
  stranger: 'c4a90e12-7d35-4b68-8f21-5e3b9d07a6c8',
} as const

/** Groups that others keep, of which partner groups are read. */
export const sources = { entra: 'SG Field Staff', domain: `CN=Operators Source,OU=Apps,${root}` } as const

/** A group that no condition holds for. */
export const breakGlass = 'b7e0c1d2-3f45-4a69-9c8b-0d1e2f3a4b5c'

export const employees = ['anna@contoso.com', 'omar@contoso.com'] as const

/** Groups that are in the domain already; the last three cannot be used. */
export const adGroups = {
  approvers: `CN=Payroll Approvers,OU=Apps,${root}`,
  odd: `CN=Odd\\2C Name (1),OU=Apps,${root}`,
  protected: `CN=Domain Admins,CN=Users,${root}`,
  guarded: `CN=Guarded,OU=Apps,${root}`,
  missing: `CN=Not There,OU=Apps,${root}`,
} as const

/** Enterprise applications that are in the tenant already; `none` is not. */
export const enterpriseApps = {
  plain: { appId: '2f1e8d4c-6b0a-4d57-a3c9-915e7f40b2d6' },
  roles: { appId: '9b3c71f8-e2d5-4069-8c4f-5a60d7e1b928' },
  mixed: { appId: 'E84D05B9-7a16-4c32-bf9e-20c6a8f5d173' },
  foreign: { servicePrincipalId: '6d2b9a70-4c8e-4f13-8e5a-b07c1d93f526' },
  none: { appId: '11111111-2222-4333-8444-555555555555' },
} as const

export const appNames = ['pay', 'pay-roll', 'expenses', 'wiki'] as const
const partnerNames = ['fabrikam', 'adatum'] as const
const groupNames = ['engineers', 'ops', 'ops-night', `night-shift-${'x'.repeat(51)}`] as const
const roleNames = ['user', 'approver', 'roll-user'] as const

export const firstDay = Date.UTC(2026, 11, 1, 8)
const dates = ['2026-11-30', '2026-12-10', '2027-01-15', '2027-03-31'] as const

/** A choice that is made rarely. */
function sometimes<Value>(arbitrary: fc.Arbitrary<Value>, oneIn: number): fc.Arbitrary<Value | undefined> {
  return fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })
}

function without<Item extends object>(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined)) as Item
}

const organization: fc.Arbitrary<OrganizationDoc> = fc
  .record({
    assignments: sometimes(fc.constant('pre-assigned' as const), 8),
    guests: sometimes(
      fc.constantFrom(
        { role: 'restricted' },
        { role: 'limited', invitedBy: 'admins' },
        { invitedBy: 'members' },
        { role: 'member', invitedBy: 'everyone' },
      ),
      4,
    ),
    conditions: sometimes(
      fc.constantFrom(
        { state: 'enabled' },
        { state: 'enabled', excludeGroups: [breakGlass] },
        { state: 'disabled' },
        { state: 'report-only', excludeGroups: [breakGlass] },
      ),
      2,
    ),
    guestsGo: fc.constantFrom(undefined, '0d', '30d', '30d'),
    accountsGo: fc.constantFrom(undefined, '0d', '60d', '60d'),
    anchorAttribute: sometimes(fc.constant('extensionAttribute10'), 12),
    nested: fc.boolean(),
    otherUnit: sometimes(fc.constant(true), 10),
    plantHasId: fc.boolean(),
    connectors: fc.constantFrom(['CONNECTOR01', 'connector02'], ['CONNECTOR01'], ['CONNECTOR02', 'CONNECTOR03']),
    plant: fc.constantFrom(['CONNECTOR03'], ['CONNECTOR03', 'NOWHERE09'], ['CONNECTOR01', 'CONNECTOR03']),
  })
  .map(choice => ({
    name: 'contoso',
    entra: without({
      tenantId,
      initialDomain,
      assignments: choice.assignments,
      guests: choice.guests,
      conditionalAccess: choice.conditions,
      offboarding: choice.guestsGo === undefined ? undefined : { deleteAfter: choice.guestsGo },
    }) as OrganizationDoc['entra'],
    activeDirectory: without({
      ...ownDomain,
      organizationalUnits: {
        ...ownDomain.organizationalUnits,
        ...(choice.otherUnit
          ? { shadowAccounts: `OU=Shadow 2,OU=Partners,${root}`, groups: `OU=Groups 2,OU=Partners,${root}` }
          : {}),
        ...(choice.nested ? { archive: `OU=Archive,OU=Shadow,OU=Partners,${root}` } : {}),
      },
      anchorAttribute: choice.anchorAttribute,
      offboarding: choice.accountsGo === undefined ? undefined : { deleteAfter: choice.accountsGo },
    }) as OrganizationDoc['activeDirectory'],
    applicationProxy: {
      connectorGroups: [
        { name: 'Headquarters', id: headquarters, connectors: choice.connectors },
        without({ name: 'Plant', id: choice.plantHasId ? plantGroup : undefined, connectors: choice.plant }),
      ] as OrganizationDoc['applicationProxy']['connectorGroups'],
    },
  }))

export const plantGroup = '4a6f4c35-a04b-4d03-b98a-66fff89b72e7'

function members(pool: readonly string[]): fc.Arbitrary<readonly Member[]> {
  return fc.uniqueArray(fc.constantFrom(...pool), { maxLength: 5 }).chain(addresses =>
    fc.tuple(
      ...addresses.map(address =>
        fc
          .record({
            upper: sometimes(fc.constant(true), 8),
            named: fc.boolean(),
            until: sometimes(fc.constantFrom(...dates), 5),
          })
          .map(choice =>
            without({
              address: choice.upper ? address[0]?.toUpperCase() + address.slice(1) : address,
              displayName: choice.named ? `${address.split('@')[0]} (guest)` : undefined,
              until: choice.until,
            } as Member),
          ),
      ),
    ),
  )
}

function partner(
  name: (typeof partnerNames)[number],
  own: readonly (keyof typeof domains)[],
): fc.Arbitrary<PartnerDoc> {
  const pool = own.flatMap(domain => [...domains[domain]])
  return fc
    .record({
      renamed: fc.boolean(),
      sponsors: fc.constantFrom(
        undefined,
        ['anna@contoso.com'],
        ['Omar@contoso.com', 'anna@contoso.com'],
        ['omar@contoso.com', 'OMAR@contoso.com'],
        ['nobody@contoso.com'],
      ),
      groups: fc
        .uniqueArray(fc.constantFrom(...groupNames), { minLength: 1, maxLength: 3 })
        .chain(names =>
          fc.tuple(...names.map(group => members(pool).map(list => [group, { members: list }] as const))),
        ),
      elsewhere: sometimes(fc.constant({ entraGroup: sources.entra }), 8),
      tenant: sometimes(
        fc.record({
          trust: fc.constantFrom(undefined, { mfa: true }, { mfa: false, compliantDevice: true }),
          automaticRedemption: fc.constantFrom(undefined, undefined, true, false),
        }),
        3,
      ),
    })
    .map(choice =>
      without({
        name,
        displayName: choice.renamed ? `${name} Inc.` : name,
        accounts: 'entra-b2b',
        domains: own,
        sponsors: choice.sponsors,
        ...(choice.tenant === undefined ? {} : { tenantId: partnerTenants[name], ...choice.tenant }),
        groups: {
          ...Object.fromEntries(choice.groups),
          ...(choice.elsewhere === undefined ? {} : { elsewhere: { membersFrom: choice.elsewhere } }),
        },
      } as PartnerDoc),
    )
}

const keptPartner: fc.Arbitrary<PartnerDoc> = fc
  .record({
    operators: members(keptPeople),
    welders: sometimes(members(keptPeople), 3),
    elsewhere: sometimes(fc.constant({ adGroup: sources.domain }), 6),
  })
  .map(({ operators, welders, elsewhere }) => ({
    name: 'litware',
    displayName: 'Litware Plant Services',
    accounts: 'active-directory',
    domains: ['partners.contoso.com'],
    groups: {
      operators: { members: operators },
      ...(welders === undefined ? {} : { welders: { members: welders } }),
      ...(elsewhere === undefined ? {} : { elsewhere: { membersFrom: elsewhere } }),
    },
  }))

const partners: fc.Arbitrary<readonly PartnerDoc[]> = fc
  .record({
    joint: fc.constantFrom(...partnerNames),
    which: fc.constantFrom('both', 'both', 'fabrikam', 'adatum'),
    kept: sometimes(keptPartner, 3),
  })
  .chain(({ joint, which, kept }) =>
    fc.tuple(
      ...(kept === undefined ? [] : [fc.constant(kept)]),
      ...partnerNames
        .filter(name => which === 'both' || which === name)
        .map(name => {
          const own = name === 'fabrikam' ? ('fabrikam.com' as const) : ('adatum.example' as const)
          return partner(name, joint === name ? [own, 'joint.example'] : [own])
        }),
    ),
  )

const role: fc.Arbitrary<RoleDoc> = fc
  .record({
    appRole: fc.constantFrom(undefined, undefined, 'Approve', 'Read'),
    adGroup: fc.oneof(
      { weight: 5, arbitrary: fc.constant(undefined) },
      { weight: 4, arbitrary: fc.constantFrom(adGroups.approvers, adGroups.odd) },
      { weight: 1, arbitrary: fc.constantFrom(adGroups.protected, adGroups.guarded, adGroups.missing) },
    ),
  })
  .map(choice => without(choice) as RoleDoc)

function roles(withGroups: boolean): fc.Arbitrary<AppDoc['roles']> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant(undefined) },
    {
      weight: 3,
      arbitrary: fc.uniqueArray(fc.constantFrom(...roleNames), { minLength: 1 }).chain(names =>
        fc.tuple(...names.map(() => role)).map(list =>
          Object.fromEntries(
            names.map((name, index): [string, RoleDoc] => {
              const { adGroup, ...rest } = list[index] ?? {}
              return [name, withGroups && adGroup !== undefined ? { ...rest, adGroup } : rest]
            }),
          ),
        ),
      ),
    },
  )
}

const existing = fc.constantFrom(...(['plain', 'roles', 'mixed', 'foreign', 'none'] as const))

function app(name: string): fc.Arbitrary<AppDoc> {
  const base = fc.constantFrom(name, `The ${name} app`)
  const further = {
    requires: sometimes(
      fc.constantFrom<readonly string[]>(
        ['mfa'],
        ['mfa', 'compliant-device'],
        ['sign-in-frequency:8h'],
        ['mfa', 'sign-in-frequency:8h'],
      ),
      3,
    ),
    unmanagedGuests: sometimes(fc.constantFrom('remove' as const, 'report' as const), 4),
  }
  const saml = fc
    .constantFrom(name, `${name}-2`)
    .map(host => ({ identifier: `https://${host}.corp.contoso.com`, replyUrl: `https://${host}.corp.contoso.com/acs` }))
  const cloud = fc
    .record({ displayName: base, entra: existing, roles: roles(false), saml: sometimes(saml, 6), ...further })
    .map(({ entra, saml: signOn, ...choice }) =>
      without({
        name,
        hosting: 'cloud',
        entra: enterpriseApps[entra],
        signOn: signOn === undefined ? undefined : { saml: signOn },
        ...choice,
      } as AppDoc),
    )
  const proxy = fc
    .record({
      url: fc.constantFrom(name, `${name}-2`, 'portal'),
      internalUrl: fc.constantFrom(`http://${name}.corp.contoso.com/`, `https://${name}.corp.contoso.com/`),
      connectorGroup: fc.constantFrom('Headquarters', 'Plant'),
      backendTimeout: fc.constantFrom(undefined, 'long', 'default'),
      httpOnlyCookie: fc.constantFrom(undefined, true),
    })
    .map(({ url, ...rest }) => without({ ...rest, externalUrl: `https://${url}-contoso.msappproxy.net/` }))
  const kerberos = fc
    .record({
      displayName: base,
      proxy,
      // One that is there is adopted; only one that is registered in this tenant can be published.
      entra: sometimes(fc.constantFrom('plain' as const, 'roles' as const), 8),
      service: fc.constantFrom(
        `HTTP/${name}.corp.contoso.com`,
        `http/${name}-2.corp.contoso.com`,
        'HTTP/portal.corp.contoso.com',
      ),
      delegation: fc.constantFrom(undefined, undefined, undefined, 'constrained', 'unmanaged', 'resource-based'),
      roles: roles(true),
      ...further,
    })
    .map(({ entra, service, delegation, ...choice }) =>
      without({
        name,
        hosting: 'on-premises',
        entra: entra === undefined ? undefined : enterpriseApps[entra],
        signOn: { kerberos: without({ servicePrincipalName: service, delegation }) },
        ...choice,
      } as AppDoc),
    )
  const published = fc
    .record({
      displayName: base,
      proxy,
      entra: sometimes(fc.constantFrom('plain' as const, 'roles' as const), 8),
      signOn: fc.oneof(
        saml.map(each => ({ saml: each })),
        fc.constant({ header: {} }),
        fc.constant({ none: {} }),
      ),
      roles: roles(false),
      ...further,
    })
    .map(({ entra, ...choice }) =>
      without({
        name,
        hosting: 'on-premises',
        entra: entra === undefined ? undefined : enterpriseApps[entra],
        ...choice,
      } as AppDoc),
    )
  return fc.oneof(
    { weight: 5, arbitrary: cloud },
    { weight: 8, arbitrary: kerberos },
    { weight: 4, arbitrary: published },
  )
}

/** What only one app can have: of two that claim it the later goes. */
function claimsOf(each: AppDoc): readonly string[] {
  const claims = [
    JSON.stringify(each.entra),
    each.proxy?.externalUrl,
    each.signOn?.kerberos?.servicePrincipalName,
    each.signOn?.saml?.identifier,
  ]
  return claims.flatMap(claim => (claim === undefined ? [] : String(claim).toLowerCase()))
}

const apps: fc.Arbitrary<readonly AppDoc[]> = fc
  .uniqueArray(fc.constantFrom(...appNames), { minLength: 1, maxLength: 4 })
  .chain(names => fc.tuple(...[...names].sort().map(app)))
  .map(list => {
    const claimed = new Set<string>()
    return list.filter(each => {
      const claims = claimsOf(each)
      const free = !claims.some(claim => claimed.has(claim))
      if (free) for (const claim of claims) claimed.add(claim)
      return free
    })
  })

function accesses(partnerList: readonly PartnerDoc[], appList: readonly AppDoc[]): fc.Arbitrary<readonly AccessDoc[]> {
  const grants = partnerList.flatMap(({ name, groups }) =>
    Object.keys(groups).flatMap(group =>
      appList.flatMap(each =>
        Object.keys(each.roles ?? { user: {} }).map(role => ({ partner: name, group, app: each.name, role })),
      ),
    ),
  )
  if (grants.length === 0) return fc.constant([])
  return fc
    .uniqueArray(fc.constantFrom(...grants.keys()), { maxLength: 8 })
    .chain(chosen =>
      fc.tuple(
        ...chosen.map(index =>
          fc.record({
            index: fc.constant(index),
            from: sometimes(fc.constantFrom('2026-12-01', '2026-12-20'), 5),
            until: sometimes(fc.constantFrom('2026-12-31', '2027-02-28'), 4),
          }),
        ),
      ),
    )
    .map(list =>
      list.flatMap(({ index, from, until }, number) => {
        const grant = grants[index]
        if (grant === undefined) return []
        const { partner: partnerName, group, app: appName, role: roleName } = grant
        return [
          without({
            name: `access-${number + 1}`,
            partner: partnerName,
            groups: [group],
            app: appName,
            role: roleName,
            from,
            until,
          } as AccessDoc),
        ]
      }),
    )
}

export const documents: fc.Arbitrary<Documents> = fc
  .record({ organization, partners, apps })
  .chain(base => accesses(base.partners, base.apps).map(list => ({ ...base, accesses: list })))

/** A day on which a policy is applied, after the one before. */
export const laterDay: fc.Arbitrary<number> = fc.constantFrom(0, 1, 14, 29, 31, 45, 90).map(days => days * 86_400_000)

/** YAML files by name: JSON is YAML. */
export function filesOf({
  organization: own,
  partners: ofPartners,
  apps: ofApps,
  accesses: ofAccesses,
}: Documents): Map<string, string> {
  const text = (kind: string, document: object): string =>
    JSON.stringify({ apiVersion: 'guestlist/v1', kind, ...document }, undefined, 1)
  const many = (kind: string, list: readonly { readonly name: string }[]): [string, string][] =>
    list.map(document => [`${kind.toLowerCase()}-${document.name}.yaml`, text(kind, document)])
  return new Map([
    ['organization.yaml', text('Organization', own)],
    ...many('Partner', ofPartners),
    ...many('App', ofApps),
    ...many('Access', ofAccesses),
  ])
}
