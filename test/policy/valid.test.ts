// What the language means when nothing is wrong with it.

import { readFileSync } from 'node:fs'
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { isRefusal } from '../../src/model/problem.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { access, fabrikam, load, organization, payroll, places, sound, today } from './folder.ts'

test('the example of the product has no errors', async () => {
  const { policy, problems } = await loadPolicy('policies', today)
  expect(problems.filter(problem => problem.severity === 'error')).toEqual([])
  expect(policy?.partners.size).toBeGreaterThanOrEqual(5)
  expect(policy?.people.size).toBeGreaterThanOrEqual(60)
  expect(policy?.apps.size).toBeGreaterThanOrEqual(12)
})

test('every construct at once', async () => {
  const files = {
    'organization.yaml': `apiVersion: guestlist/v1
kind: Organization
name: contoso
displayName: Contoso Ltd.
entra:
  tenantId: 7918d4b5-0442-4a97-be2d-36f9f9962ece
  initialDomain: contoso.onmicrosoft.com
  cloud: us-government
  invitation: {redirectUrl: "https://myapps.microsoft.com/?tenantid=7918d4b5-0442-4a97-be2d-36f9f9962ece", sendMessage: true}
  guests: {role: restricted, invitedBy: admins}
  assignments: pre-assigned
  offboarding: {deleteAfter: 30d}
  conditionalAccess: {state: report-only, excludeGroups: [5e4c9d1a-7c1b-4a0e-9f6e-2b6f0c3d8a41]}
activeDirectory:
  domain: corp.contoso.com
  servers: ["ldaps://dc1.corp.contoso.com", "ldaps://dc2.corp.contoso.com:636"]
  caFile: certs/ca.pem
  organizationalUnits:
    shadowAccounts: OU=Shadow,OU=Partners,DC=corp,DC=contoso,DC=com
    archive: OU=Archive,OU=Partners,DC=corp,DC=contoso,DC=com
    groups: OU=Groups,OU=Partners,DC=corp,DC=contoso,DC=com
    partnerAccounts: OU=Accounts,OU=Partners,DC=corp,DC=contoso,DC=com
  anchorAttribute: msDS-ExternalDirectoryObjectId
  userType: {attribute: extensionAttribute1, value: Guest}
  offboarding: {deleteAfter: 90d}
applicationProxy:
  connectorGroups:
    - {name: Headquarters, id: 3e6f4c35-a04b-4d03-b98a-66fff89b72e6, connectors: [CONNECTOR01, CONNECTOR02]}
guardrails:
  removals: {percent: 10, atLeast: 5}
  longestAccess: 365d
  overrides:
    - {guardrail: removals, reason: "Fabrikam contract ended, CHG-812", until: 2026-12-05}
`,
    'certs/ca.pem': 'x',
    'rosters/auditors.csv': 'address,displayName,until\nzoe@fabrikam.com,Zoë,\n',
    'partners.yaml': `apiVersion: guestlist/v1
kind: Partner
name: fabrikam
displayName: Fabrikam, Inc.
accounts: entra-b2b
domains: [fabrikam.com]
tenantId: 0f5c2a0e-91d1-4a43-8b50-3cbb5b0d8d0e
trust: {mfa: true, compliantDevice: false, hybridJoinedDevice: false}
sponsors: [anna@contoso.com]
groups:
  engineers:
    description: Field engineers
    members: [lee@fabrikam.com, {address: DANA@fabrikam.com, displayName: Dana Ruiz, until: 2027-03-31}, {address: old@fabrikam.com, until: 2026-12-31}]
  auditors: {membersFrom: {csv: rosters/auditors.csv}}
  contractors: {membersFrom: {entraGroup: "SG-Fabrikam-Contractors"}}
  operators: {membersFrom: {adGroup: "CN=Fabrikam Operators,OU=Groups,DC=corp,DC=contoso,DC=com"}}
---
apiVersion: guestlist/v1
kind: Partner
name: litware
displayName: Litware
accounts: active-directory
domains: [partners.contoso.com]
groups:
  2026: {members: [msullivan@partners.contoso.com, a+b@partners.contoso.com]}
`,
    'apps.yaml': `apiVersion: guestlist/v1
kind: App
name: payroll
displayName: Payroll
hosting: on-premises
owners: [hr-apps@contoso.com]
tags: [restricted]
proxy:
  internalUrl: http://payroll.corp.contoso.com/
  externalUrl: https://payroll-contoso.msappproxy.net/
  connectorGroup: Headquarters
  preauthentication: entra
  backendTimeout: long
  httpOnlyCookie: true
  secureCookie: true
  persistentCookie: false
  translateHostHeader: true
  translateLinksInBody: false
  validateBackendCertificate: true
  stateSession: false
  continuousAccessEvaluation: true
  alternateUrl: https://payroll.contoso.com/
  useAlternateUrlForTranslationAndRedirect: true
signOn:
  kerberos: {servicePrincipalName: HTTP/payroll.corp.contoso.com, loginIdentity: userPrincipalName, delegation: constrained}
roles:
  user: {}
  approver: {appRole: Payroll.Approve, adGroup: "CN=Payroll Approvers,OU=Apps,DC=corp,DC=contoso,DC=com"}
requires: [mfa, phishing-resistant-mfa, compliant-device, "terms-of-use:0f5c2a0e-91d1-4a43-8b50-3cbb5b0d8d0e", "sign-in-frequency:8h"]
unmanagedGuests: remove
---
{apiVersion: guestlist/v1, kind: App, name: expenses, displayName: Expenses, hosting: cloud, entra: {appId: 2f1e9d1a-7c1b-4a0e-9f6e-2b6f0c3d8a41}}
---
{apiVersion: guestlist/v1, kind: App, name: tickets, displayName: Tickets, hosting: on-premises,
 proxy: {internalUrl: "https://tickets.corp.contoso.com/", externalUrl: "https://tickets-contoso.msappproxy.net/", connectorGroup: Headquarters},
 signOn: {saml: {identifier: "https://tickets.corp.contoso.com", replyUrl: "https://tickets.corp.contoso.com/saml/acs"}}}
---
{apiVersion: guestlist/v1, kind: App, name: wiki, displayName: Wiki, hosting: on-premises, entra: {servicePrincipalId: 3f1e9d1a-7c1b-4a0e-9f6e-2b6f0c3d8a41},
 proxy: {internalUrl: "https://wiki.corp.contoso.com/", externalUrl: "https://wiki-contoso.msappproxy.net/"}, signOn: {header: {}}}
---
{apiVersion: guestlist/v1, kind: App, name: board, displayName: Board, hosting: on-premises,
 proxy: {internalUrl: "https://board.corp.contoso.com/", externalUrl: "https://board-contoso.msappproxy.net/", preauthentication: passthrough}, signOn: {none: {}}}
`,
    'access.yaml': `apiVersion: guestlist/v1
kind: Access
name: fabrikam-payroll
partner: fabrikam
groups: [engineers, auditors, contractors, operators]
app: payroll
role: approver
from: 2026-12-01
until: 2027-06-30
reason: SOW-4711
---
{apiVersion: guestlist/v1, kind: Access, name: b, partner: litware, groups: [2026], app: expenses, from: 2027-01-01, until: 2027-02-01T12:00:00Z}
---
{apiVersion: guestlist/v1, kind: Access, name: c, partner: litware, groups: ["2026"], app: tickets, until: 2027-02-01}
---
{apiVersion: guestlist/v1, kind: Access, name: d, partner: litware, groups: ["2026"], app: wiki, until: 2027-02-01}
---
{apiVersion: guestlist/v1, kind: Access, name: e, partner: litware, groups: ["2026"], app: board, until: 2027-02-01}
`,
  }
  const { policy, problems, documents } = await load(files)
  expect(problems).toEqual([])
  expect(documents).toEqual({ Organization: 1, Partner: 2, App: 5, Access: 5, Rule: 0 })
  expect([...(policy?.partners.get('fabrikam')?.groups.keys() ?? [])]).toEqual([
    'auditors',
    'contractors',
    'engineers',
    'operators',
  ])
  expect(policy?.partners.get('fabrikam')?.groups.get('contractors')).toMatchObject({
    source: { entraGroup: 'SG-Fabrikam-Contractors' },
    members: [],
  })
  expect(policy?.people.get('dana@fabrikam.com')).toEqual({
    address: 'dana@fabrikam.com',
    displayName: 'Dana Ruiz',
    partner: 'fabrikam',
    groups: ['engineers'],
    origins: [{ file: 'partners.yaml', line: 13, column: 43 }],
  })
  expect(policy?.apps.get('payroll')?.roles.get('approver')).toMatchObject({
    appRole: 'Payroll.Approve',
    origin: { line: 28, column: 3 },
  })
  expect(policy?.apps.get('payroll')?.origins).toMatchObject({
    proxy: { line: 8 },
    signOn: { line: 24 },
    requires: { line: 29 },
    entra: { line: 3 },
  })
  expect(policy?.apps.get('expenses')?.roles).toEqual(
    new Map([['user', { name: 'user', origin: { file: 'apps.yaml', line: 32, column: 45 } }]]),
  )
  expect(policy?.grants.map(grant => [grant.access, grant.group, grant.role, grant.inForce])).toEqual([
    ['b', '2026', 'user', false],
    ['c', '2026', 'user', true],
    ['d', '2026', 'user', true],
    ['e', '2026', 'user', true],
    ['fabrikam-payroll', 'auditors', 'approver', true],
    ['fabrikam-payroll', 'contractors', 'approver', true],
    ['fabrikam-payroll', 'engineers', 'approver', true],
    ['fabrikam-payroll', 'operators', 'approver', true],
  ])
  expect(policy?.grants.at(-1)).toMatchObject({
    from: '2026-12-01',
    until: '2027-06-30',
    reason: 'SOW-4711',
    origin: { file: 'access.yaml', line: 5, column: 44 },
  })
})

test('unquoted numbers and dates are text where text is meant, and only there', async () => {
  const files = {
    ...sound,
    'fabrikam.yaml': fabrikam.replace('Fabrikam, Inc.', '007'),
    'access.yaml': access.replace('name: fabrikam-payroll', 'name: 123').concat('reason: 0x1F\nfrom: 2026-01-01\n'),
  }
  const { policy, problems } = await load(files)
  expect(problems).toEqual([])
  expect(policy?.grants[0]).toMatchObject({ access: '123', reason: '0x1F', from: '2026-01-01' })
  expect(policy?.partners.get('fabrikam')?.spec.displayName).toBe('007')
  const wrong = {
    ...sound,
    'organization.yaml': `${organization}guardrails: {removals: {percent: "10", atLeast: 5}}\n`,
  }
  expect(places(await load(wrong))).toEqual(['error[wrong-type] organization.yaml:18:34'])
})

test('a day begins with its first instant and ends with its last', async () => {
  const files = { ...sound, 'access.yaml': `${access}from: 2026-12-02\nuntil: 2026-12-03\n` }
  const inForce = async (at: string) => (await load(files, Date.parse(at))).policy?.grants[0]?.inForce
  expect(await inForce('2026-12-01T23:59:59.999Z')).toBe(false)
  expect(await inForce('2026-12-02T00:00:00Z')).toBe(true)
  expect(await inForce('2026-12-03T23:59:59.999Z')).toBe(true)
  expect(await inForce('2026-12-04T00:00:00Z')).toBe(false)
})

test('an ended membership keeps the person and leaves the group', async () => {
  const { policy } = await load(sound, Date.parse('2027-04-01'))
  expect(policy?.people.get('dana@fabrikam.com')?.groups).toEqual([])
  expect(
    policy?.partners
      .get('fabrikam')
      ?.groups.get('engineers')
      ?.members.map(member => [member.address, member.inForce]),
  ).toEqual([
    ['dana@fabrikam.com', false],
    ['lee@fabrikam.com', true],
  ])
})

test('an access may follow another, but not overlap it', async () => {
  const two = (until: string, from: string) => ({
    ...sound,
    'access.yaml': `${access}until: ${until}\n---\n${access.replace('fabrikam-payroll', 'again')}from: ${from}\n`,
  })
  expect(places(await load(two('2027-01-31', '2027-02-01')))).toEqual([])
  expect(places(await load(two('2027-01-31', '2027-01-31')))).toEqual(['error[granted-twice] access.yaml:13:10'])
})

test('the same files in other folders and another order are the same policy', async () => {
  const one = await load(sound)
  const { 'organization.yaml': first, 'fabrikam.yaml': second, 'payroll.yaml': third, 'access.yaml': fourth } = sound
  const other = await load({ 'z/all.yaml': [fourth, third, second, first].join('---\n') })
  const shape = (policy: unknown) =>
    JSON.stringify(policy, (key, value) =>
      key.startsWith('origin') ? undefined : value instanceof Map ? [...value] : value,
    )
  expect(shape(one.policy)).toContain('dana@fabrikam.com')
  expect(shape(other.policy)).toBe(shape(one.policy))
})

test('the longest access is asked of what is not over, until an override ends', async () => {
  const limited = (extra: string) => `${organization}guardrails:\n  longestAccess: 365d\n${extra}`
  const override = '  overrides: [{guardrail: longestAccess, reason: x, until: 2026-12-05}]\n'
  const until = (day: string, extra = '') => ({
    ...sound,
    'organization.yaml': limited(extra),
    'access.yaml': `${access}until: ${day}\n`,
  })
  expect(places(await load(until('2027-12-01')))).toEqual([])
  const late = await load(until('2027-12-02'))
  expect(places(late)).toEqual(['error[guardrail/longest-access] access.yaml:7:8'])
  expect(late.problems.every(isRefusal)).toBe(true)
  expect(late.policy).toBeDefined()
  expect(places(await load(until('2027-12-02', override)))).toEqual([
    'warning[guardrail/longest-access] access.yaml:7:8',
  ])
  expect(places(await load(until('2027-12-12', override), Date.parse('2026-12-06')))).toContain(
    'error[guardrail/longest-access] access.yaml:7:8',
  )
  expect(places(await load({ ...until('x'), 'access.yaml': access }))).toEqual([
    'error[guardrail/longest-access] access.yaml:3:7',
  ])
})

test('the schema for editors accepts what the validator accepts, by itself', () => {
  const names = ['organization', 'partner', 'app', 'access', 'rule']
  const read = (name: string): AnySchemaObject => JSON.parse(readFileSync(`schemas/${name}.schema.json`, 'utf8'))
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  for (const name of names) ajv.addSchema(read(name), `${name}.schema.json`)
  const validate = ajv.compile(read('guestlist'))
  for (const text of [organization, fabrikam, payroll, access]) expect(validate(parseDocument(text).toJS())).toBe(true)
  expect(validate(parseDocument(payroll.replace('hosting', 'hostng')).toJS())).toBe(false)
})

test('every property of the schemas is described', () => {
  const bare: string[] = []
  const look = (schema: AnySchemaObject, definitions: Record<string, AnySchemaObject>, where: string): void => {
    for (const [key, property] of Object.entries<AnySchemaObject>(schema.properties ?? {})) {
      const whole: Record<string, unknown> = {
        ...(typeof property.$ref === 'string' ? definitions[property.$ref.slice('#/$defs/'.length)] : {}),
        ...property,
      }
      if (typeof whole.title !== 'string' || typeof whole.description !== 'string') bare.push(`${where}.${key}`)
    }
  }
  for (const name of ['organization', 'partner', 'app', 'access', 'rule']) {
    const schema: AnySchemaObject = JSON.parse(readFileSync(`schemas/${name}.schema.json`, 'utf8'))
    look(schema, schema.$defs, name)
    for (const [key, definition] of Object.entries<AnySchemaObject>(schema.$defs)) {
      look(definition, schema.$defs, `${name}.${key}`)
      if (definition.properties !== undefined) expect(definition.additionalProperties).toBe(false)
    }
    expect(schema.additionalProperties).toBe(false)
  }
  expect(bare).toEqual([])
})

test('`constructor` is a name like any other', async () => {
  const { policy, problems } = await load({
    ...sound,
    'fabrikam.yaml': `${fabrikam}  constructor: {members: [kim@fabrikam.com]}\n`,
    'payroll.yaml': `${payroll}roles: {constructor: {}}\n`,
    'access.yaml': `${access.replace('engineers', 'constructor')}role: constructor\n`,
  })
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
  expect(policy?.partners.get('fabrikam')?.groups.get('constructor')?.members).toHaveLength(1)
  expect(policy?.grants.map(grant => [grant.group, grant.role])).toEqual([['constructor', 'constructor']])
})
