// One policy in which every cell of the contract's path table occurs: a partner whose people are invited and one whose accounts
// are our own, each with an Access to an app of every sort.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Links } from '../../src/access/links.ts'
import type { Situation } from '../../src/access/path.ts'
import { type Id, ids } from '../../src/model/id.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import type { Observed, Spec } from '../../src/model/resource.ts'
import { loadPolicy } from '../../src/policy/load.ts'

export const lee = 'lee@fabrikam.com'
export const maeve = 'msullivan@partners.contoso.com'

const proxy = (name: string): string =>
  `proxy: {internalUrl: "https://${name}.corp.contoso.com/", externalUrl: "https://${name}.msappproxy.net/", connectorGroup: Headquarters}`

const app = (name: string, lines: readonly string[]): string =>
  ['apiVersion: guestlist/v1', 'kind: App', `name: ${name}`, `displayName: The ${name}`, ...lines].join('\n')

const onPremises = (name: string, signOn: string, more: readonly string[] = []): string =>
  app(name, ['hosting: on-premises', proxy(name), `signOn: {${signOn}}`, ...more])

const kerberos = (name: string, delegation: string, more: readonly string[] = []): string =>
  onPremises(name, `kerberos: {servicePrincipalName: "HTTP/${name}.corp.contoso.com", delegation: ${delegation}}`, more)

const apps = [
  app('cloud', ['hosting: cloud', 'entra: {appId: 2f1e8d4c-6b0a-4d57-a3c9-915e7f40b2d6}', 'requires: [mfa]']),
  onPremises('saml', 'saml: {identifier: "https://saml.contoso.com", replyUrl: "https://saml.corp.contoso.com/acs"}'),
  onPremises('header', 'header: {}'),
  onPremises('none', 'none: {}'),
  kerberos('kerberos', 'constrained', ['requires: [mfa]', 'roles: {user: {}, approver: {appRole: Approve}}']),
  kerberos('resource-based', 'resource-based'),
  kerberos('unmanaged', 'unmanaged'),
]

export const appNames = ['cloud', 'saml', 'header', 'none', 'kerberos', 'resource-based', 'unmanaged'] as const

const partner = (name: string, lines: readonly string[], group: string, person: string): string =>
  [
    'apiVersion: guestlist/v1',
    'kind: Partner',
    `name: ${name}`,
    `displayName: The ${name}`,
    ...lines,
    `groups: {${group}: {members: [${person}]}, others: {members: [${person}]}}`,
  ].join('\n')

const access = (partner: string, group: string, name: string, more: readonly string[] = []): string =>
  [
    'apiVersion: guestlist/v1',
    'kind: Access',
    `name: ${partner}-${group}-${name}`,
    `partner: ${partner}`,
    `groups: [${group}]`,
    `app: ${name}`,
    ...more,
  ].join('\n')

const organization = (assignments: string): string =>
  readFileSync('policies/organization.yaml', 'utf8')
    .replace('assignments: managed', `assignments: ${assignments}`)
    .replace(/^ {2}caFile.*\n/m, '')
    .replace(/^guardrails:[\s\S]*/m, '')

export async function matrix(assignments = 'managed', documents: readonly string[] = []): Promise<ResolvedPolicy> {
  const files = [
    ...apps,
    partner(
      'fabrikam',
      ['accounts: entra-b2b', 'domains: [fabrikam.com]', 'tenantId: 0f5c7a52-3e0b-4f5e-8d57-9b1a6c2e4d70'],
      'engineers',
      lee,
    ),
    partner('litware', ['accounts: active-directory', 'domains: [partners.contoso.com]'], 'technicians', maeve),
    ...appNames.map(name => access('fabrikam', 'engineers', name, ['until: 2027-06-30'])),
    ...appNames.map(name => access('litware', 'technicians', name)),
    ...documents,
  ]
  const { policy, problems } = await loaded([organization(assignments), ...files])
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (policy === undefined || errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'))
  return policy
}

async function loaded(documents: readonly string[]): ReturnType<typeof loadPolicy> {
  const folder = mkdtempSync(join(tmpdir(), 'guestlist-matrix-'))
  try {
    for (const [index, text] of documents.entries()) writeFileSync(join(folder, `${index}.yaml`), `${text}\n`)
    return await loadPolicy(folder, Date.parse('2026-12-01T00:00:00Z'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** How a link is: not there, there, or there and access passes through it. */
export type How = 'absent' | 'present' | 'working'

export function linksOf(all: readonly Id[], how: (id: Id) => How): Links {
  return {
    present: new Set(all.filter(id => how(id) !== 'absent')),
    working: new Set(all.filter(id => how(id) === 'working')),
  }
}

export function situation(policy: ResolvedPolicy, links: Links, over: Partial<Situation> = {}): Situation {
  return { policy, links, observed: new Map(), desired: new Map(), waiting: new Map(), changes: new Map(), ...over }
}

export function observed(id: Id, spec: Spec = {}): readonly [Id, Observed] {
  return [id, { id, spec, needs: [], objectId: 'x', owned: true }]
}

/** Every link that any way of theirs into any app may have, and some that lead nowhere. */
export function allLinks(): readonly Id[] {
  const people = [
    { person: lee, partner: 'fabrikam', group: 'engineers' },
    { person: maeve, partner: 'litware', group: 'technicians' },
  ]
  return [
    ...people.flatMap(({ person, partner, group }) => [
      ids.guest(person),
      ids.crossTenantPartner(partner),
      ids.partnerAccount(person),
      ids.syncedUser(person),
      ids.shadowAccount(person),
      ids.groupMember(partner, group, person),
      ids.groupMember(partner, 'others', person),
    ]),
    ...appNames.flatMap(name => [
      ids.application(name),
      ids.appProxy(name),
      ids.samlSignOn(name),
      ids.kerberosDelegation(name, 'CONNECTOR01'),
      ids.resourceDelegation(name, 'CONNECTOR02'),
      ids.conditionalAccessPolicy('mfa'),
      ...people.flatMap(({ person, partner, group }) => [
        ids.appRoleAssignment(name, 'default-access', partner, group),
        ids.appRoleAssignment(name, 'default-access', partner, 'others'),
        ids.unmanagedAccess(name, 'default-access', person, 'direct'),
        ids.unmanagedAccess(name, 'Approve', person, 'direct'),
        ids.appRoleGroupMember(name, 'default-access', person),
        ids.adGroupMember(name, 'user', person),
        ids.adGroupMember(name, 'approver', person),
      ]),
      ids.appRoleGroupAssignment(name, 'default-access'),
    ]),
  ]
}
