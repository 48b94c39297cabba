// Contoso in small: a real domain with two services and their connector, a sandbox tenant, and policies in a folder, put
// together as the program does, with the service account's rights. Its clock can be turned.

import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { connectGraph } from '../../src/connect/graph/client.ts'
import { sleep } from '../../src/connect/graph/clock.ts'
import { connectDirectory, type DirectoryConnection } from '../../src/connect/ldap/connection.ts'
import { applyPlan } from '../../src/engine/apply.ts'
import { makePlan, type Planned } from '../../src/engine/plan.ts'
import type { DirectoryEntry, DirectoryWriter, GraphWriter } from '../../src/model/directories.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { kinds } from '../../src/resources/registry.ts'
import { seedGraph } from '../../src/sandbox/graph/seed.ts'
import { serveGraph } from '../../src/sandbox/graph/server.ts'
import { openStore } from '../../src/sandbox/store.ts'
import type { DomainController } from './domain-controller.ts'
import { type Service, type TicketAnswer, ticketFor } from './kerberos.ts'
import { createServiceAccount, type Places } from './service-account.ts'

export interface Company {
  readonly dc: DomainController
  /** As the service account. */
  readonly directory: DirectoryWriter
  /** As the service account, by another way. */
  readonly connect: (url: string) => DirectoryConnection
  readonly graph: GraphWriter
  now: number
  readonly plan: (documents: readonly object[]) => Promise<Planned>
  /** Outcomes of all changes; `through` wraps the directory that is written to. */
  readonly perform: (planned: Planned, through?: DirectoryWriter) => Promise<readonly Outcome[]>
  /** Plans and applies: all is done, and a second plan is empty. */
  readonly apply: (documents: readonly object[]) => Promise<Planned>
  /** The KDC's answer to the connector, on behalf of the user principal name that the guest has in the cloud. */
  readonly ticket: (person: string, service: Service) => Promise<TicketAnswer>
  /** Entries below the units for partners. */
  readonly find: (attribute: string, value: string) => Promise<readonly DirectoryEntry[]>
  readonly close: () => Promise<void>
}

const root = 'DC=corp,DC=contoso,DC=com'
const partners = `OU=Partners,${root}`

export const units = {
  shadowAccounts: `OU=Shadow,${partners}`,
  archive: `OU=Archive,${partners}`,
  groups: `OU=Groups,${partners}`,
  partnerAccounts: `OU=Accounts,${partners}`,
}

export const approvers = `CN=Payroll Approvers,OU=Apps,${root}`

export const places: Places = {
  shadowAccounts: [units.shadowAccounts],
  archive: [units.archive],
  groups: [units.groups],
  partnerAccounts: [units.partnerAccounts],
  roleGroup: [approvers],
  connector: [`CN=CONNECTOR01,CN=Computers,${root}`],
  service: [`CN=svc-stock,CN=Users,${root}`],
}

const connectorPassword = 'Conn3ct0r!pw-1'

export const services = {
  payroll: service('payroll'),
  stock: service('stock'),
}

function service(name: string): Service {
  return {
    servicePrincipalName: `HTTP/${name}.corp.contoso.com`,
    accountName: `svc-${name}`,
    password: `S3rvice!pw-of-${name}`,
  }
}

const password = (text: string): string => `unicodePwd:: ${Buffer.from(`"${text}"`, 'utf16le').toString('base64')}`

/** What stands in the domain before guestlist ever ran. */
export const domainLdif = [
  ...[partners, ...Object.values(units), `OU=Apps,${root}`].map(unit => [
    `dn: ${unit}`,
    'changetype: add',
    'objectClass: organizationalUnit',
  ]),
  [
    `dn: CN=CONNECTOR01,CN=Computers,${root}`,
    'changetype: add',
    'objectClass: computer',
    'sAMAccountName: CONNECTOR01$',
    'userAccountControl: 4096',
    'servicePrincipalName: HOST/connector01.corp.contoso.com',
    password(connectorPassword),
  ],
  ...Object.values(services).map(({ servicePrincipalName, accountName, password: secret }) => [
    `dn: CN=${accountName},CN=Users,${root}`,
    'changetype: add',
    'objectClass: user',
    `sAMAccountName: ${accountName}`,
    'userAccountControl: 66048',
    `servicePrincipalName: ${servicePrincipalName}`,
    'msDS-SupportedEncryptionTypes: 24',
    password(secret),
  ]),
  [`dn: ${approvers}`, 'changetype: add', 'objectClass: group', 'sAMAccountName: Payroll Approvers'],
]
  .map(lines => `${lines.join('\n')}\n`)
  .join('\n')

const common = { apiVersion: 'guestlist/v1' }

export const organization = {
  ...common,
  kind: 'Organization',
  name: 'contoso',
  displayName: 'Contoso Ltd.',
  entra: {
    tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece',
    initialDomain: 'contoso.onmicrosoft.com',
    offboarding: { deleteAfter: '30d' },
  },
  activeDirectory: {
    domain: 'corp.contoso.com',
    servers: ['ldaps://dc1.corp.contoso.com'],
    organizationalUnits: units,
    offboarding: { deleteAfter: '90d' },
  },
  applicationProxy: { connectorGroups: [{ name: 'Headquarters', connectors: ['CONNECTOR01'] }] },
}

export function app(name: keyof typeof services, roles: object = { user: {} }, delegation = 'constrained'): object {
  return {
    ...common,
    kind: 'App',
    name,
    displayName: `The ${name} app`,
    hosting: 'on-premises',
    proxy: {
      internalUrl: `http://${name}.corp.contoso.com/`,
      externalUrl: `https://${name}-contoso.msappproxy.net/`,
      connectorGroup: 'Headquarters',
    },
    signOn: { kerberos: { servicePrincipalName: services[name].servicePrincipalName, delegation } },
    roles,
  }
}

/** Fabrikam; members of each group by address. */
export function partner(groups: Readonly<Record<string, readonly string[]>>): object {
  return {
    ...common,
    kind: 'Partner',
    name: 'fabrikam',
    displayName: 'Fabrikam, Inc.',
    accounts: 'entra-b2b',
    domains: ['fabrikam.com'],
    groups: Object.fromEntries(Object.entries(groups).map(([name, members]) => [name, { members }])),
  }
}

export function access(group: string, to: keyof typeof services, role = 'user'): object {
  return {
    ...common,
    kind: 'Access',
    name: `${group}-${to}-${role}`,
    partner: 'fabrikam',
    groups: [group],
    app: to,
    role,
  }
}

/** A domain controller on which nobody else is at work; `users` are in the tenant already. */
export async function foundCompany(dc: DomainController, users: readonly object[] = []): Promise<Company> {
  await dc.write(domainLdif)
  const account = await createServiceAccount(dc, places)
  const connect = (url: string): DirectoryConnection =>
    connectDirectory({
      servers: [url],
      ca: dc.ca,
      bind: { dn: account.userPrincipalName, password: account.password },
      clock: { sleep, random: Math.random },
    })
  const domain = connect(dc.url)
  const directory = domain.writer()
  const time = { now: Math.floor(Date.now() / 1000) * 1000 }
  const clock = (): number => time.now

  const store = openStore(undefined, 'graph')
  const { tenantId, initialDomain } = organization.entra
  seedGraph(store, { tenant: { tenantId, initialDomain }, users }, 'company')
  const server = await serveGraph({ store, clock })
  const connection = connectGraph({
    root: server.url,
    getToken: async () => 'company',
    clock: { now: clock, random: () => 0, sleep: async () => undefined },
  })
  const folder = mkdtempSync(join(dc.folder, 'company-'))

  const plan = async (documents: readonly object[]): Promise<Planned> => {
    const policies = join(folder, 'policies')
    rmSync(policies, { recursive: true, force: true })
    mkdirSync(policies)
    const text = [organization, ...documents].map(document => JSON.stringify(document, undefined, 2)).join('\n---\n')
    writeFileSync(join(policies, 'all.yaml'), text)
    const { policy, problems } = await loadPolicy(policies, time.now)
    if (policy === undefined) throw new Error(problems.map(problem => problem.message).join('\n'))
    const from = { entra: connection.reader(), activeDirectory: directory }
    return makePlan({ kinds, policy, from, folder: '', version: 'test', createdAt: time.now })
  }
  const perform = (planned: Planned, through: DirectoryWriter = directory): Promise<readonly Outcome[]> =>
    applyPlan({
      kinds,
      planned,
      to: { entra: connection.writer(), activeDirectory: through, randomBytes, now: time.now },
      concurrency: 4,
      elapsed: () => performance.now(),
    })
  return {
    dc,
    directory,
    connect,
    graph: connection.writer(),
    get now() {
      return time.now
    },
    set now(value: number) {
      time.now = value
    },
    plan,
    perform,
    apply: async documents => {
      const planned = await plan(documents)
      const outcomes = await perform(planned)
      expect(outcomes.filter(outcome => outcome.status !== 'done')).toEqual([])
      expect((await plan(documents)).plan.changes).toEqual([])
      return planned
    },
    ticket: (userPrincipalName, wanted) =>
      ticketFor(dc, { connector: 'CONNECTOR01', password: connectorPassword, userPrincipalName, service: wanted }),
    find: (attribute, value) =>
      directory.search({
        base: partners,
        scope: 'sub',
        filter: { equals: [attribute, value] },
        attributes: [
          ...['objectGUID', 'objectSid', 'objectClass', 'sAMAccountName', 'userPrincipalName', 'displayName', 'mail'],
          ...['userAccountControl', 'accountExpires', 'adminDescription', 'memberOf', 'member', 'description'],
          'msDS-ExternalDirectoryObjectId',
        ],
      }),
    close: async () => {
      await domain.close()
      await server.close()
    },
  }
}
