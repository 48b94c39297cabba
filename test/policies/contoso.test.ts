// The example that ships with guestlist: it validates without a word on its day, holds every construct of the language,
// and speaks of nothing that its tenant and domain do not have.

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { DirectoryEntry } from '../../src/model/directories.ts'
import { canonicalDn } from '../../src/model/escape.ts'
import { isInvitedPartner } from '../../src/model/groups.ts'
import type { PolicyDocument } from '../../src/model/policy.generated.ts'
import type { ResolvedApp, ResolvedPolicy } from '../../src/model/policy.ts'
import { startOf } from '../../src/model/time.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { createDirectory } from '../../src/sandbox/directory/directory.ts'
import { dumpGraph } from '../../src/sandbox/graph/dump.ts'
import { seedGraph } from '../../src/sandbox/graph/seed.ts'
import { openStore } from '../../src/sandbox/store.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const day = (text: string): number => startOf(text) ?? Number.NaN
const at = day('2026-12-01')

interface GraphObject {
  readonly id: string
  readonly [property: string]: unknown
}

let policy: ResolvedPolicy
let graph: Readonly<Record<string, readonly GraphObject[]>>
let directory: readonly DirectoryEntry[]

beforeAll(async () => {
  const loaded = await loadPolicy(`${root}/policies`, at)
  expect(loaded.problems).toEqual([])
  if (loaded.policy === undefined) throw new Error('the example cannot be resolved')
  policy = loaded.policy
  const store = openStore(undefined, 'graph')
  seedGraph(store, JSON.parse(readFileSync(`${root}/src/sandbox/contoso/graph.json`, 'utf8')))
  graph = dumpGraph(store) as typeof graph
  const domain = createDirectory({
    store: openStore(undefined, 'directory'),
    domain: 'corp.contoso.com',
    clock: () => at,
  })
  domain.seed(readFileSync(`${root}/src/sandbox/contoso/directory.ldif`, 'utf8'), 'directory.ldif')
  directory = await domain.search({
    base: 'DC=corp,DC=contoso,DC=com',
    scope: 'sub',
    filter: { present: 'objectClass' },
    attributes: ['*'],
  })
})

describe('the policies', () => {
  test('are as many as the demo says', () => {
    expect(policy.partners.size).toBe(5)
    expect(policy.people.size).toBe(61)
    expect(policy.apps.size).toBe(12)
  })

  test('show on their day an access that ends within 30 days, one that starts later, and memberships that end', () => {
    const today = '2026-12-01'
    const ending = policy.grants.filter(grant => grant.inForce && (grant.until ?? '9999') <= '2026-12-30')
    expect(ending.length).toBeGreaterThanOrEqual(3)
    const future = policy.grants.filter(grant => (grant.from ?? '') > today)
    expect(future.map(grant => grant.inForce)).toEqual([false])
    const members = [...policy.partners.values()].flatMap(partner =>
      [...partner.groups.values()].flatMap(group => group.members),
    )
    expect(members.filter(member => (member.until ?? '9999') <= '2026-12-31').length).toBeGreaterThanOrEqual(2)
  })

  test('can be looked at on any later day: only what has ended is mentioned', async () => {
    for (const later of ['2026-12-21', '2027-01-11', '2027-08-31']) {
      const { problems } = await loadPolicy(`${root}/policies`, day(later))
      expect(
        problems.map(problem => problem.code).filter(code => code !== 'already-over' && code !== 'override-over'),
      ).toEqual([])
    }
  })

  test('are as clean in the weeks before, for who tries them by the clock of their own machine', async () => {
    for (const earlier of ['2026-10-01', '2026-11-15']) {
      expect((await loadPolicy(`${root}/policies`, day(earlier))).problems).toEqual([])
    }
  })

  test('are mostly of what is applied already', () => {
    const applied = new Set([...policy.apps.values()].map(app => app.name))
    const isApplied = policy.grants.map(grant => applied.has(grant.app) && isInvitedPartner(policy, grant.partner))
    expect(isApplied.filter(Boolean).length / isApplied.length).toBeGreaterThanOrEqual(0.55)
    expect(isApplied).toContain(false)
  })
})

describe('the language', () => {
  const documents = readdirSync(`${root}/policies`, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.yaml'))
    .sort()
    .flatMap(file => parseAllDocuments(readFileSync(`${root}/policies/${file}`, 'utf8')))
    .map(document => document.toJS() as PolicyDocument)

  test.each(['Organization', 'Partner', 'App', 'Access', 'Rule'])('occurs whole: every key of %s', kind => {
    const schema = JSON.parse(readFileSync(`${root}/schemas/${kind.toLowerCase()}.schema.json`, 'utf8')) as Schema
    const used = new Set(
      documents.filter(document => document.kind === kind).flatMap(document => keysOfDocument(document)),
    )
    const missing = keysOfSchema(schema, schema).filter(key => !isUsed(key, used))
    expect(missing).toEqual([])
  })

  test('occurs in every variant that matters', () => {
    const text = JSON.stringify(documents)
    const variants = [
      ...['entra-b2b', 'active-directory', 'cloud', 'on-premises', 'constrained', 'resource-based', 'unmanaged'],
      ...['mfa', 'phishing-resistant-mfa', 'compliant-device', 'report', 'remove', 'error', 'warning'],
      ...['access', 'person', 'app', 'partner'],
    ]
    expect(variants.filter(variant => !text.includes(JSON.stringify(variant)))).toEqual([])
    expect(text).toMatch(/"terms-of-use:[0-9a-f-]{36}"/)
    expect(text).toMatch(/"sign-in-frequency:\d+[hd]"/)
    const members = documents.flatMap(document =>
      document.kind === 'Partner' ? Object.values(document.groups).map(group => group.members ?? []) : [],
    )
    const mixed = members.filter(list => new Set(list.map(member => typeof member)).size === 2)
    expect(mixed.length).toBeGreaterThanOrEqual(1)
  })
})

describe('the seed has what the policies name', () => {
  const apps = (): readonly ResolvedApp[] => [...policy.apps.values()]
  const lower = (values: readonly unknown[]): readonly string[] => values.map(value => String(value).toLowerCase())
  const objects = (collection: string): readonly GraphObject[] => graph[collection] ?? []
  const named = (attribute: string): ReadonlySet<string> =>
    new Set(lower(directory.flatMap(entry => entry.attributes[attribute.toLowerCase()] ?? [])))
  const missingFrom = (there: ReadonlySet<string>, wanted: readonly string[]): readonly string[] => {
    expect(wanted.length).toBeGreaterThan(0)
    return wanted.filter(value => !there.has(value.toLowerCase()))
  }

  test('the tenant', () => {
    const { tenantId, initialDomain } = policy.organization.spec.entra
    expect(graph.tenant).toMatchObject({ tenantId, initialDomain })
  })

  test('sponsors and owners, as users with this mail and user principal name', () => {
    const sponsors = [...policy.partners.values()].flatMap(partner => partner.spec.sponsors ?? [])
    const owners = apps().flatMap(app => app.spec.owners ?? [])
    const users = objects('users').filter(user => user.mail === user.userPrincipalName)
    const mails = new Set(lower(users.map(user => user.mail)))
    expect(missingFrom(mails, [...sponsors, ...owners])).toEqual([])
  })

  test('enterprise applications, with the app roles', () => {
    const found = apps().flatMap(app => {
      const { entra } = app.spec
      if (entra === undefined) return []
      const principal = objects('servicePrincipals').find(
        each =>
          ('appId' in entra && each.appId === entra.appId) ||
          ('servicePrincipalId' in entra && each.id === entra.servicePrincipalId),
      )
      const registered = objects('applications').find(each => each.appId === principal?.appId)
      return [{ app, principal, roles: (registered?.appRoles ?? []) as readonly { readonly value: string }[] }]
    })
    expect(found.length).toBe(5)
    for (const { app, principal, roles } of found) {
      expect(principal, app.name).toBeDefined()
      const values = [...app.roles.values()].flatMap(role => role.appRole ?? [])
      expect(values.filter(value => !roles.some(role => role.value === value))).toEqual([])
    }
  })

  test('groups in Entra: sources of members, and those that no policy may lock out', () => {
    const sources = [...policy.partners.values()]
      .flatMap(partner => [...partner.groups.values()])
      .flatMap(({ source }) => (source !== undefined && 'entraGroup' in source ? [source.entraGroup] : []))
    const excluded = policy.organization.spec.entra.conditionalAccess?.excludeGroups ?? []
    const groups = objects('groups').filter(group => (group.members as readonly unknown[] | undefined)?.length)
    const there = new Set(lower(groups.flatMap(group => [group.id, group.displayName])))
    expect(missingFrom(there, sources)).toEqual([])
    expect(missingFrom(there, excluded)).toEqual([])
  })

  test('connector groups, and their connectors in both directories', () => {
    const groups = policy.organization.spec.applicationProxy?.connectorGroups ?? []
    for (const { name, id } of groups) {
      const found = objects('connectorGroups').find(group => group.name === name)
      expect(found, name).toBeDefined()
      if (id !== undefined) expect(found?.id).toBe(id)
    }
    const connectors = groups.flatMap(group => group.connectors ?? [])
    expect(
      missingFrom(
        named('sAMAccountName'),
        connectors.map(name => `${name}$`),
      ),
    ).toEqual([])
    const machines = new Set(lower(objects('connectors').map(each => String(each.machineName).split('.')[0])))
    expect(missingFrom(machines, connectors)).toEqual([])
  })

  test('organizational units and groups in Active Directory, by distinguished name', () => {
    const there = new Set(directory.map(entry => canonicalDn(entry.dn)))
    const units = Object.values(policy.organization.spec.activeDirectory?.organizationalUnits ?? {})
    const roles = apps().flatMap(app => [...app.roles.values()].flatMap(role => role.adGroup ?? []))
    const sources = [...policy.partners.values()]
      .flatMap(partner => [...partner.groups.values()])
      .flatMap(({ source }) => (source !== undefined && 'adGroup' in source ? [source.adGroup] : []))
    for (const wanted of [units, roles, sources]) expect(missingFrom(there, wanted.map(canonicalDn))).toEqual([])
  })

  test('the services of the Kerberos apps, each on one account', () => {
    const services = apps().flatMap(({ spec: { signOn } }) =>
      signOn !== undefined && 'kerberos' in signOn ? (signOn.kerberos?.servicePrincipalName ?? []) : [],
    )
    expect(services.length).toBeGreaterThanOrEqual(3)
    for (const service of services) {
      const holders = directory.filter(entry =>
        lower(entry.attributes.serviceprincipalname ?? []).includes(service.toLowerCase()),
      )
      expect(holders.length, service).toBe(1)
    }
  })

  test('the accounts of partners without accounts of their own', () => {
    const own = [...policy.people.values()].filter(
      person => policy.partners.get(person.partner)?.spec.accounts === 'active-directory',
    )
    expect(
      missingFrom(
        named('userPrincipalName'),
        own.map(person => person.address),
      ),
    ).toEqual([])
  })
})

describe('the seed has a past', () => {
  test('guests invited by hand: some to adopt, one pending, some that no policy names', () => {
    const guests = (graph.users ?? []).filter(user => user.creationType === 'Invitation')
    const known = guests.filter(guest => policy.people.has(String(guest.mail)))
    expect(known.length).toBeGreaterThanOrEqual(3)
    expect(known.filter(guest => guest.externalUserState === 'PendingAcceptance').length).toBeGreaterThanOrEqual(1)
    expect(guests.map(guest => guest.mail)).toContain('intern@adatum.com')
    expect(policy.people.has('intern@adatum.com')).toBe(false)
  })

  test('an app that is open to everybody', () => {
    const open = (graph.servicePrincipals ?? []).filter(each => each.appRoleAssignmentRequired === false)
    expect(open.map(each => each.displayName)).toEqual(['Expenses'])
  })

  test('shadow accounts of the sample script, enabled and without our anchor, and a delegation set by hand', () => {
    const shadow = directory.filter(entry => /^CN=[^,]+,OU=Shadow,/.test(entry.dn))
    expect(shadow.map(({ attributes }) => attributes.useraccountcontrol)).toEqual([['328192'], ['328192'], ['328192']])
    expect(shadow.flatMap(({ attributes }) => attributes['msds-externaldirectoryobjectid'] ?? [])).toEqual([])
    const guests = new Set((graph.users ?? []).map(user => user.userPrincipalName))
    expect(shadow.every(({ attributes }) => guests.has(attributes.userprincipalname?.[0]))).toBe(true)
    const delegating = directory.filter(entry => entry.attributes['msds-allowedtodelegateto'] !== undefined)
    expect(delegating.map(({ attributes }) => attributes['msds-allowedtodelegateto'])).toEqual([
      ['HTTP/legacy.corp.contoso.com'],
    ])
  })
})

interface Schema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
}

/** Paths of all keys that a schema allows; `*` is any name, or any place in a list. */
function keysOfSchema(part: Schema, schema: Schema, path = ''): string[] {
  const { properties = {}, additionalProperties, items } = dereferenced(part, schema)
  const inner: [string, Schema][] = Object.entries(properties)
  if (typeof additionalProperties === 'object') inner.push(['*', additionalProperties])
  if (items !== undefined) inner.push(['*', items])
  return inner.flatMap(([key, next]) => [`${path}/${key}`, ...keysOfSchema(next, schema, `${path}/${key}`)])
}

/** Paths of all keys that a document has. */
function keysOfDocument(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [`${path}/${key}`, ...keysOfDocument(inner, `${path}/${key}`)])
}

function dereferenced(part: Schema, schema: Schema): Schema {
  const name = part.$ref?.replace('#/$defs/', '')
  return name === undefined ? part : { ...schema.$defs?.[name], ...part }
}

function isUsed(key: string, used: ReadonlySet<string>): boolean {
  const pattern = new RegExp(`^${key.replaceAll('*', '[^/]+')}$`)
  return [...used].some(each => pattern.test(each))
}
