// A company of any size for the benchmarks: policies in a folder of their own, and the tenant and domain to apply them to.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Size {
  readonly guests: number
  readonly partners: number
  readonly groups: number
  readonly apps: number
}

export function sizeOf(guests: number): Size {
  const partners = Math.max(1, Math.round(guests / 1000))
  return { guests, partners, groups: 4, apps: 10 }
}

const domain = 'DC=corp,DC=contoso,DC=com'

/** Writes policies: CSV rosters, half of the apps in the cloud and half on premises, every group reaching one of each. */
export function writePolicies(folder: string, size: Size): void {
  mkdirSync(join(folder, 'rosters'), { recursive: true })
  const documents: object[] = [organization(), ...Array.from({ length: size.apps }, (_, index) => app(index))]
  for (let partner = 0; partner < size.partners; partner += 1) {
    const name = `partner${partner}`
    const people = Math.floor(size.guests / size.partners)
    const groups: Record<string, object> = {}
    for (let group = 0; group < size.groups; group += 1) {
      const csv = `rosters/${name}-group${group}.csv`
      const rows = Array.from({ length: people }, (_, index) => index)
        .filter(index => index % size.groups === group)
        .map(index => `person${index}@${name}.example,Person ${index}`)
      writeFileSync(join(folder, csv), ['address,displayName', ...rows, ''].join('\n'))
      groups[`group${group}`] = { membersFrom: { csv } }
      for (const half of [0, 1]) {
        const number = ((partner * size.groups + group) % (size.apps / 2)) * 2 + half
        documents.push({
          apiVersion: 'guestlist/v1',
          kind: 'Access',
          name: `${name}-group${group}-app${number}`,
          partner: name,
          groups: [`group${group}`],
          app: `app${number}`,
        })
      }
    }
    documents.push({
      apiVersion: 'guestlist/v1',
      kind: 'Partner',
      name,
      displayName: `Partner ${partner}`,
      accounts: 'entra-b2b',
      domains: [`${name}.example`],
      groups,
    })
  }
  writeFileSync(join(folder, 'all.yaml'), documents.map(document => JSON.stringify(document)).join('\n---\n'))
}

function organization(): object {
  return {
    apiVersion: 'guestlist/v1',
    kind: 'Organization',
    name: 'contoso',
    displayName: 'Contoso Ltd.',
    entra: { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' },
    activeDirectory: {
      domain: 'corp.contoso.com',
      servers: ['ldaps://dc1.corp.contoso.com'],
      organizationalUnits: {
        shadowAccounts: `OU=Shadow,${domain}`,
        archive: `OU=Archive,${domain}`,
        groups: `OU=Groups,${domain}`,
        partnerAccounts: `OU=Accounts,${domain}`,
      },
    },
    applicationProxy: { connectorGroups: [{ name: 'Headquarters', connectors: ['CONNECTOR01'] }] },
  }
}

function app(index: number): object {
  const common = { apiVersion: 'guestlist/v1', kind: 'App', name: `app${index}`, displayName: `App ${index}` }
  if (index % 2 === 0) return { ...common, hosting: 'cloud', entra: { appId: appId(index) } }
  return {
    ...common,
    hosting: 'on-premises',
    proxy: {
      internalUrl: `http://app${index}.corp.contoso.com/`,
      externalUrl: `https://app${index}-contoso.msappproxy.net/`,
      connectorGroup: 'Headquarters',
    },
    signOn: { kerberos: { servicePrincipalName: `HTTP/app${index}.corp.contoso.com` } },
  }
}

function appId(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
}

/** The tenant before guestlist ever ran. */
export function tenantSeed(size: Size): object {
  return {
    tenant: { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' },
    servicePrincipals: Array.from({ length: size.apps }, (_, index) => index)
      .filter(index => index % 2 === 0)
      .map(index => ({ displayName: `App ${index}`, appId: appId(index) })),
  }
}

export const domainSeed = [
  'version: 1',
  ...['Shadow', 'Archive', 'Groups', 'Accounts'].flatMap(unit => [
    '',
    `dn: OU=${unit},${domain}`,
    'objectClass: organizationalUnit',
    `ou: ${unit}`,
  ]),
  '',
  `dn: CN=CONNECTOR01,CN=Computers,${domain}`,
  'objectClass: computer',
  'sAMAccountName: CONNECTOR01$',
  'userAccountControl: 4096',
  '',
].join('\n')
