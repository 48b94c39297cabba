// The contract's table of access paths, cell by cell: a person of each direction and an app of each sign-on. Planned, applied,
// explained, revoked, and nothing left of it in the end.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { command, type Heard } from '../cli/fake-host.ts'
import { emptyFolder } from './guestlist.ts'

const tenantId = '7918d4b5-0442-4a97-be2d-36f9f9962ece'
const partnerTenant = '0f5c7a52-3e0b-4f5e-8d57-9b1a6c2e4d70'
const appId = '2f1e8d4c-6b0a-4d57-a3c9-915e7f40b2d6'
const group = '5e4c9d1a-7c1b-4a0e-9f6e-2b6f0c3d8a41'

const organization = `apiVersion: guestlist/v1
kind: Organization
name: contoso
entra:
  tenantId: ${tenantId}
  initialDomain: contoso.onmicrosoft.com
  offboarding: {deleteAfter: 30d}
  conditionalAccess: {state: enabled, excludeGroups: [${group}]}
activeDirectory:
  domain: corp.contoso.com
  servers: ["ldaps://dc1.corp.contoso.com"]
  organizationalUnits:
    shadowAccounts: OU=Shadow,DC=corp,DC=contoso,DC=com
    archive: OU=Archive,DC=corp,DC=contoso,DC=com
    groups: OU=Groups,DC=corp,DC=contoso,DC=com
    partnerAccounts: OU=Accounts,DC=corp,DC=contoso,DC=com
  userType: {attribute: extensionAttribute1, value: Guest}
  offboarding: {deleteAfter: 90d}
applicationProxy:
  connectorGroups: [{name: Headquarters, connectors: [CONNECTOR01]}]
`

const partners = {
  'an invited guest': {
    person: 'lee@fabrikam.com',
    document: `apiVersion: guestlist/v1
kind: Partner
name: partner
displayName: Fabrikam, Inc.
accounts: entra-b2b
domains: [fabrikam.com]
tenantId: ${partnerTenant}
trust: {mfa: true}
groups: {staff: {members: [lee@fabrikam.com]}}
`,
  },
  'an account of our own': {
    person: 'maeve@partners.contoso.com',
    document: `apiVersion: guestlist/v1
kind: Partner
name: partner
displayName: Litware
accounts: active-directory
domains: [partners.contoso.com]
groups: {staff: {members: [maeve@partners.contoso.com]}}
`,
  },
} as const

const proxied = (signOn: string): string => `hosting: on-premises
proxy:
  internalUrl: https://payroll.corp.contoso.com/
  externalUrl: https://payroll-contoso.msappproxy.net/
  connectorGroup: Headquarters
signOn: ${signOn}
`
const saml = '{saml: {identifier: "https://payroll.contoso.com", replyUrl: "https://payroll.contoso.com/saml/acs"}}'
const kerberos = (delegation: string): string =>
  `{kerberos: {servicePrincipalName: HTTP/payroll.corp.contoso.com, delegation: ${delegation}}}`

/** Each with the links of the table that `explain` must tell. */
const apps = {
  'a cloud app': { document: `hosting: cloud\nentra: {appId: ${appId}}\n`, links: [] },
  'a cloud app, by SAML': {
    document: `hosting: cloud\nentra: {appId: ${appId}}\nsignOn: ${saml}\n`,
    links: [/SAML/],
  },
  'an on-premises app, by SAML': { document: proxied(saml), links: [/published/, /SAML/] },
  'an on-premises app, by header': { document: proxied('{header: {}}'), links: [/published/] },
  'an on-premises app without sign-on': { document: proxied('{none: {}}'), links: [/published/] },
  'an on-premises app, by Kerberos, delegation on the connectors': {
    document: proxied(kerberos('constrained')),
    links: [/published/, /Kerberos/, /AD group/, /CONNECTOR01/],
  },
  'an on-premises app, by Kerberos, delegation on the service': {
    document: proxied(kerberos('resource-based')),
    links: [/published/, /Kerberos/, /AD group/, /CONNECTOR01/],
  },
} as const

const access = `apiVersion: guestlist/v1
kind: Access
name: partner-payroll
partner: partner
groups: [staff]
app: payroll
until: 2027-06-30
`

const app = (document: string): string => `apiVersion: guestlist/v1
kind: App
name: payroll
displayName: Payroll
requires: [mfa]
${document}`

const seedGraph = {
  tenant: { tenantId, initialDomain: 'contoso.onmicrosoft.com' },
  groups: [{ id: group, displayName: 'Break Glass' }],
  applications: [{ appId, displayName: 'Payroll' }],
  servicePrincipals: [{ displayName: 'Payroll', appRoleAssignmentRequired: true }],
  connectors: [{ machineName: 'CONNECTOR01.corp.contoso.com', memberOf: ['Default'] }],
  connectorGroups: [{ name: 'Default', isDefault: true }],
}

const unit = (name: string): string => `dn: OU=${name},DC=corp,DC=contoso,DC=com
objectClass: top
objectClass: organizationalUnit
ou: ${name}

`
const user = (
  unitName: string,
  name: string,
  more: string,
): string => `dn: CN=${name},OU=${unitName},DC=corp,DC=contoso,DC=com
objectClass: top
objectClass: person
objectClass: organizationalPerson
objectClass: user
${more}
`
const seedDirectory = [
  'version: 1\n\n',
  ...['Shadow', 'Archive', 'Groups', 'Accounts', 'Servers'].map(unit),
  user(
    'Servers',
    'CONNECTOR01',
    'objectClass: computer\nsAMAccountName: CONNECTOR01$\nuserAccountControl: 4096\nservicePrincipalName: HOST/CONNECTOR01\n',
  ),
  user(
    'Servers',
    'svc-payroll',
    'sAMAccountName: svc-payroll\nuserAccountControl: 512\nservicePrincipalName: HTTP/payroll.corp.contoso.com\n',
  ),
  user(
    'Accounts',
    'Maeve Sullivan',
    'sAMAccountName: maeve\nuserPrincipalName: maeve@partners.contoso.com\ndisplayName: Maeve Sullivan\nuserAccountControl: 512\n',
  ),
].join('')

interface Dump {
  readonly graph: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[] | object>>
  readonly directory: readonly {
    readonly dn: string
    readonly attributes: Readonly<Record<string, readonly string[]>>
  }[]
}

/**
 * What somebody who looks at the tenant and the domain finds: not the recycle bin, where the service keeps for 30 days what is
 * gone, with its memberships; not the log of invitations; no times of changes; and an empty list is none.
 */
function held({ graph, directory }: Dump): object {
  const { deletedItems, invitations: _invitations, ...there } = graph
  const gone = new Set((deletedItems as readonly { id?: unknown }[]).map(({ id }) => id))
  const visible = Object.entries(there).map(([name, items]) => [
    name,
    Array.isArray(items) ? items.map(item => plain(item, gone)) : undefined,
  ])
  const entries = directory.map(({ dn, attributes: { whenChanged: _when, uSNChanged: _usn, ...attributes } }) => ({
    dn,
    attributes,
  }))
  return { graph: Object.fromEntries(visible), directory: entries }
}

/** The mark that makes the account a guest for Entra Connect stays: without it the person would become a member. */
function stamped(dump: Dump, person: string): Dump {
  const guest = {
    userType: 'Guest',
    creationType: null,
    externalUserState: null,
    externalUserStateChangeDateTime: null,
  }
  const users = (dump.graph.users as readonly Readonly<Record<string, unknown>>[]).map(user =>
    user.userPrincipalName === person ? { ...user, ...guest } : user,
  )
  const directory = dump.directory.map(({ dn, attributes }) =>
    attributes.userPrincipalName?.includes(person) === true
      ? { dn, attributes: { ...attributes, extensionAttribute1: ['Guest'] } }
      : { dn, attributes },
  )
  return { graph: { ...dump.graph, users }, directory }
}

function plain(item: Readonly<Record<string, unknown>>, gone: ReadonlySet<unknown>): object {
  const entries = Object.entries(item).flatMap(([name, value]): [string, unknown][] => {
    if (name === 'modifiedDateTime') return []
    if (!Array.isArray(value)) return [[name, value]]
    const left = value.filter(each => !gone.has(each))
    return left.length === 0 ? [] : [[name, left]]
  })
  return Object.fromEntries(entries)
}

describe.each(Object.entries(partners))('%s', (who, { person, document: partner }) => {
  describe.each(Object.entries(apps))('reaches %s', (_what, { document, links }) => {
    const isOwn = who === 'an account of our own'
    const folder = emptyFolder()
    const run = (...args: readonly string[]): Promise<Heard> =>
      command([...args, '--sandbox', '--seed', 'seed'], { cwd: folder })
    const write = (file: string, text: string): void => writeFileSync(join(folder, file), text)
    const policy = (...documents: readonly string[]): void => write('policies/all.yaml', documents.join('---\n'))
    const sync = async (): Promise<void> => {
      const heard = await command(['sandbox', 'sync', '--seed', 'seed'], { cwd: folder })
      expect(heard.code, heard.stderr).toBe(0)
    }
    const dump = async (): Promise<Dump> => {
      const { stdout } = await command(['sandbox', 'dump', '--format', 'json', '--seed', 'seed'], { cwd: folder })
      return JSON.parse(stdout) as Dump
    }
    const apply = async (...args: readonly string[]): Promise<void> => {
      const heard = await run('apply', ...args)
      expect(heard.code, `${heard.stdout}${heard.stderr}`).toBe(0)
    }
    const plan = async (...args: readonly string[]): Promise<Plan> => {
      const heard = await run('plan', '--format', 'json', ...args)
      expect(heard.code, heard.stderr).toBe(0)
      return JSON.parse(heard.stdout) as Plan
    }
    let before: Dump

    beforeAll(async () => {
      for (const name of ['policies', 'seed']) mkdirSync(join(folder, name))
      write('seed/graph.json', JSON.stringify(seedGraph))
      write('seed/directory.ldif', seedDirectory)
      policy(organization)
      // The group of all guests is there for as long as guestlist is.
      await apply()
      if (isOwn) await sync()
      before = await dump()
      policy(organization, partner, app(document), access)
    })

    test('is planned, with what it waits for', async () => {
      const { effects, waiting } = await plan()
      if (isOwn) {
        // Entra Connect brought the account as a member: nobody had stamped it.
        expect(effects).toEqual([])
        expect(waiting).toContainEqual(
          expect.objectContaining({ id: `entra/synced-user/${person}`, for: 'entra-connect' }),
        )
        await apply()
        await sync()
      }
      expect((await plan()).effects).toEqual([
        expect.objectContaining({
          effect: 'gain',
          person,
          partner: 'partner',
          app: 'payroll',
          role: 'user',
          until: '2027-06-30',
        }),
      ])
    })

    test('is applied, and then there is nothing to do', async () => {
      await apply()
      const again = await plan()
      expect(again.changes).toEqual([])
      expect(again.waiting).toEqual([])
      const listed = await run('access', '--format', 'json')
      expect(listed.code, listed.stderr).toBe(0)
      expect(JSON.parse(listed.stdout)).toEqual([
        expect.objectContaining({ person, app: 'payroll', until: '2027-06-30' }),
      ])
    })

    test('is explained, every link of it', async () => {
      const { code, stdout } = await run('explain', person, 'payroll')
      expect(code).toBe(0)
      expect(stdout.split('\n')[0]).toMatch(/yes/)
      expect(stdout).not.toMatch(/[✗~]/)
      for (const link of links) expect(stdout).toMatch(link)
    })

    test('is revoked', async () => {
      policy(organization, partner, app(document))
      expect((await plan()).effects).toEqual([expect.objectContaining({ effect: 'lose', person, app: 'payroll' })])
      await apply()
      expect((await plan()).changes).toEqual([])
      const { stdout } = await run('explain', person, 'payroll')
      expect(stdout.split('\n')[0]).toMatch(/no/)
      expect(stdout).toContain('kind: Access')
    })

    test('leaves nothing behind', async () => {
      policy(organization)
      await apply()
      for (const day of ['2027-01-15', '2027-04-15']) await apply('--at', day)
      expect((await plan('--at', '2027-04-15')).changes).toEqual([])
      const after = await dump()
      const left = JSON.stringify(held(after))
      expect(left).not.toContain('guestlist.app')
      expect(left).not.toContain('guestlist.partner')
      expect(held(after)).toEqual(held(isOwn ? stamped(before, person) : before))
    })
  })
})
