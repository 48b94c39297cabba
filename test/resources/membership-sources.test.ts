// Groups that others keep, on the sandbox's tenant and domain: whose people get in by them, who does not, and when a source is
// no source. What the sandbox never answers comes from a reader of a few lines.

import { describe, expect, onTestFinished, test } from 'vitest'
import { connectGraph } from '../../src/connect/graph/client.ts'
import type { Directories, DirectoryEntry, DirectoryReader, GraphReader } from '../../src/model/directories.ts'
import type { Member, ResolvedPolicy } from '../../src/model/policy.ts'
import { type Gathered, gatherMembers } from '../../src/resources/membership-sources.ts'
import { createDirectory, type SandboxDirectory } from '../../src/sandbox/directory/directory.ts'
import { seedGraph } from '../../src/sandbox/graph/seed.ts'
import { serveGraph } from '../../src/sandbox/graph/server.ts'
import { openStore } from '../../src/sandbox/store.ts'
import { type Asked, instantClock, startFake } from '../connect/fake-graph.ts'
import { load, organization, today } from '../policy/folder.ts'

const root = 'DC=corp,DC=contoso,DC=com'
const tenant = { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' }
const id = (last: number): string => `00000000-0000-4000-8000-${String(last).padStart(12, '0')}`

type Groups = Readonly<Record<string, object>>

/** Fabrikam's people are invited, Litware's have accounts of ours; each has the groups that the test gives them. */
async function policyOf(fabrikam: Groups, litware: Groups = {}): Promise<ResolvedPolicy> {
  const partner = (name: string, accounts: string, domains: readonly string[], groups: Groups): object => ({
    apiVersion: 'guestlist/v1',
    kind: 'Partner',
    name,
    displayName: name,
    accounts,
    domains,
    groups,
  })
  const app = `apiVersion: guestlist/v1
kind: App
name: payroll
displayName: Payroll
hosting: on-premises
proxy:
  internalUrl: http://payroll.corp.contoso.com/
  externalUrl: https://payroll-contoso.msappproxy.net/
  connectorGroup: Headquarters
signOn: {kerberos: {servicePrincipalName: HTTP/payroll.corp.contoso.com}}
roles: {user: {}, approver: {adGroup: "CN=Payroll Approvers,OU=Apps,${root}"}}
`
  const files = {
    'organization.yaml': organization.replace(
      '    groups: OU=Groups',
      `    partnerAccounts: OU=Accounts,${root}\n    groups: OU=Groups`,
    ),
    'payroll.yaml': app,
    'fabrikam.yaml': JSON.stringify(partner('fabrikam', 'entra-b2b', ['fabrikam.com', 'de.fabrikam.com'], fabrikam)),
    'litware.yaml': JSON.stringify(partner('litware', 'active-directory', ['partners.contoso.com'], litware)),
  }
  const { policy, problems } = await load(files)
  if (policy === undefined) throw new Error(problems.map(problem => problem.message).join('\n'))
  return policy
}

async function graphOf(seed: object): Promise<GraphReader> {
  const store = openStore(undefined, 'graph')
  seedGraph(store, { tenant, ...seed })
  const server = await serveGraph({ store, clock: () => today })
  onTestFinished(() => server.close())
  return connectGraph({ root: server.url, getToken: async () => 'token', clock: instantClock() }).reader()
}

function record(
  dn: string,
  classes: string,
  values: Readonly<Record<string, string | readonly string[]>> = {},
): string {
  const lines = Object.entries({ objectClass: classes.split(' '), ...values }).flatMap(([name, list]) =>
    [list].flat().map(value => `${name}: ${value}`),
  )
  return [`dn: ${dn},${root}`, ...lines, ''].join('\n')
}

const person = 'top person organizationalPerson'
const contact = (name: string, mail?: string): string =>
  record(`CN=${name},OU=Finance`, `${person} contact`, { displayName: name, ...(mail === undefined ? {} : { mail }) })
const account = (name: string, values: Readonly<Record<string, string>>, unit = 'OU=Finance'): string =>
  record(`CN=${name},${unit}`, `${person} user`, { sAMAccountName: name, userAccountControl: '512', ...values })
const adGroup = (name: string, members: readonly string[], values: Readonly<Record<string, string>> = {}): string =>
  record(`CN=${name},OU=Finance`, 'top group', {
    sAMAccountName: name,
    groupType: '-2147483640',
    member: members.map(member => (member.includes('=') ? member : `CN=${member},OU=Finance,${root}`)),
    ...values,
  })

function domainOf(...records: readonly string[]): SandboxDirectory {
  const directory = createDirectory({
    store: openStore(undefined, 'directory'),
    domain: 'corp.contoso.com',
    clock: () => today,
  })
  const units = ['OU=Finance', 'OU=Apps', 'OU=Shadow', 'OU=Archive', 'OU=Groups', 'OU=Accounts']
  directory.seed(
    `version: 1\n\n${[...units.map(unit => record(unit, 'top organizationalUnit')), ...records].join('\n')}`,
    'directory.ldif',
  )
  return directory
}

const nobody = { list: async () => [], listEach: async () => [] } as unknown as GraphReader

/** A tenant of groups and whatever their lists hold, sandbox or not. */
function graphHolding(groups: readonly { id: string; displayName: string }[], members: object): GraphReader {
  const lists = new Map(Object.entries(members))
  return {
    list: async () => groups,
    listEach: async (paths: readonly string[]) => paths.map(path => lists.get(path.split('/')[2] ?? '')),
  } as unknown as GraphReader
}

const membersOf = ({ policy }: Gathered, partner: string, group: string): readonly Member[] =>
  policy.partners.get(partner)?.groups.get(group)?.members ?? []
const addressesOf = (gathered: Gathered, partner: string, group: string): readonly string[] =>
  membersOf(gathered, partner, group).map(member => member.address)

const entra = (name: string): object => ({ membersFrom: { entraGroup: name } })
const ad = (name: string): object => ({ membersFrom: { adGroup: `CN=${name},OU=Finance,${root}` } })

test('a policy without sources is left as it is, and nothing is asked', async () => {
  const policy = await policyOf({ engineers: { members: ['lee@fabrikam.com'] } })
  const silent = new Proxy({} as GraphReader, {
    get: () => () => {
      throw new Error('asked')
    },
  })
  const gathered = await gatherMembers(policy, { entra: silent })
  expect(gathered.policy).toBe(policy)
})

describe('a group in Entra', () => {
  const guest = (mail: string, more: object = {}): object => ({ mail, userType: 'Guest', ...more })

  test('gives its guests, those of nested groups too, by their mail in lower case', async () => {
    const graph = await graphOf({
      users: [
        guest('Lee@Fabrikam.com', { displayName: 'Lee Vance' }),
        guest('dana@fabrikam.com', { accountEnabled: false }),
        guest('uwe@DE.fabrikam.com'),
      ],
      groups: [
        { displayName: 'Inner', members: ['dana@fabrikam.com', 'Outer'] },
        { displayName: 'Outer', members: ['Lee@Fabrikam.com', 'uwe@DE.fabrikam.com', 'Inner'] },
      ],
    })
    const policy = await policyOf({ contractors: entra('outer') })
    const gathered = await gatherMembers(policy, { entra: graph })
    expect(gathered.findings).toEqual([])
    const origin = policy.partners.get('fabrikam')?.groups.get('contractors')?.origin
    expect(membersOf(gathered, 'fabrikam', 'contractors')).toEqual([
      { address: 'dana@fabrikam.com', inForce: true, origin },
      { address: 'lee@fabrikam.com', inForce: true, origin },
      { address: 'uwe@de.fabrikam.com', inForce: true, origin },
    ])
    expect(gathered.policy.partners.get('fabrikam')?.groups.get('contractors')?.source).toEqual({ entraGroup: 'outer' })
    expect([...gathered.policy.people.keys()]).toEqual(['dana@fabrikam.com', 'lee@fabrikam.com', 'uwe@de.fabrikam.com'])
    expect(gathered.policy.people.get('lee@fabrikam.com')).toEqual({
      address: 'lee@fabrikam.com',
      displayName: 'Lee Vance',
      partner: 'fabrikam',
      groups: ['contractors'],
      origins: [origin],
    })
  })

  test('lets nobody in who is not of the partner, and names them in one finding', async () => {
    const user = (last: number, over: object): object => ({
      '@odata.type': '#microsoft.graph.user',
      id: id(last),
      userPrincipalName: `u${last}#EXT#@contoso.onmicrosoft.com`,
      userType: 'Guest',
      ...over,
    })
    const graph = graphHolding([{ id: id(1), displayName: 'Mixed' }], {
      [id(1)]: [
        user(2, { mail: 'lee@fabrikam.com' }),
        user(3, { mail: null, otherMails: ['other@mail.example', 'Dana@Fabrikam.com'] }),
        user(4, { mail: 'x@nowhere.example', otherMails: ['y@fabrikam.com'] }),
        user(5, { mail: 'anna@contoso.com', userType: 'Member' }),
        user(6, { mail: 'made.member@fabrikam.com', userType: 'Member', creationType: 'Invitation' }),
        user(7, { mail: 'employee@fabrikam.com', userType: 'Member' }),
        user(8, { mail: 'op@partners.contoso.com' }),
        user(9, { mail: null, otherMails: [] }),
        user(10, { mail: 'evil@fabrikam.com.example' }),
        user(11, { mail: 'a b@fabrikam.com' }),
        user(12, { mail: 'lee@fabrikam.com' }),
        { '@odata.type': '#microsoft.graph.device', id: id(13), displayName: 'LAPTOP-7' },
        { '@odata.type': '#microsoft.graph.orgContact', id: id(14), displayName: 'Pat', mail: 'pat@fabrikam.com' },
        { '@odata.type': '#microsoft.graph.group', id: id(15), displayName: 'Nested' },
      ],
    })
    const gathered = await gatherMembers(await policyOf({ contractors: entra('Mixed') }), { entra: graph })
    expect(addressesOf(gathered, 'fabrikam', 'contractors')).toEqual([
      'dana@fabrikam.com',
      'lee@fabrikam.com',
      'made.member@fabrikam.com',
    ])
    expect(gathered.findings).toEqual([
      {
        severity: 'warning',
        code: 'source-strangers',
        message:
          'Mixed also holds who is not of fabrikam and gets nothing by it: LAPTOP-7 (a device), Pat (a mail contact), a b@fabrikam.com (not an address that can be used), anna@contoso.com (an employee), employee@fabrikam.com (an employee), evil@fabrikam.com.example (of another domain), op@partners.contoso.com (of litware), u9#ext#@contoso.onmicrosoft.com (no mail address), x@nowhere.example (of another domain)',
        at: expect.objectContaining({ file: 'fabrikam.yaml' }),
      },
    ])
  })

  test('knows whom the policy lists by the mail of before, and believes no other mail of a stranger', async () => {
    const user = (number: number, over: object): object => ({
      '@odata.type': '#microsoft.graph.user',
      id: id(number),
      userPrincipalName: `u${number}#EXT#@contoso.onmicrosoft.com`,
      userType: 'Guest',
      ...over,
    })
    const graph = graphHolding([{ id: id(1), displayName: 'Mixed' }], {
      [id(1)]: [
        user(2, { mail: 'new.kim@fabrikam.com', otherMails: ['Kim@Fabrikam.com'] }),
        user(3, { mail: 'x@nowhere.example', otherMails: ['lee@fabrikam.com'] }),
      ],
    })
    const listed = { members: ['kim@fabrikam.com', 'lee@fabrikam.com'] }
    const policy = await policyOf({ engineers: listed, contractors: entra('Mixed') })
    const gathered = await gatherMembers(policy, { entra: graph })
    expect(addressesOf(gathered, 'fabrikam', 'contractors')).toEqual(['kim@fabrikam.com'])
  })

  test('names a few of many strangers', async () => {
    const strangers = Array.from({ length: 300 }, (_, index) =>
      guest(`p${String(index).padStart(3, '0')}@other.example`),
    )
    const members = strangers.map(each => (each as { mail: string }).mail)
    const graph = await graphOf({ users: strangers, groups: [{ displayName: 'Everybody', members }] })
    const { findings } = await gatherMembers(await policyOf({ contractors: entra('Everybody') }), { entra: graph })
    expect(findings).toHaveLength(1)
    expect(findings[0]?.message).toMatch(
      /p000@other\.example.*p009@other\.example \(of another domain\), and 290 more$/,
    )
  })

  test('of accounts of our own gives principal names, of whatever type the user is by now', async () => {
    const user = (name: string, userType: string): object => ({ userPrincipalName: name, userType, displayName: name })
    const graph = await graphOf({
      users: [
        { ...user('OP@partners.contoso.com', 'Guest'), onPremisesSyncEnabled: true },
        user('new@partners.contoso.com', 'Member'),
        user('anna@contoso.com', 'Member'),
        guest('lee@fabrikam.com'),
      ],
      groups: [
        {
          displayName: 'Operators',
          members: ['OP@partners.contoso.com', 'new@partners.contoso.com', 'anna@contoso.com', 'lee@fabrikam.com'],
        },
      ],
    })
    const gathered = await gatherMembers(await policyOf({}, { operators: entra('Operators') }), { entra: graph })
    expect(addressesOf(gathered, 'litware', 'operators')).toEqual([
      'new@partners.contoso.com',
      'op@partners.contoso.com',
    ])
    expect(gathered.findings[0]?.message).toContain('anna@contoso.com (of another domain)')
  })

  test('is known by its object id, whatever it is called', async () => {
    const graph = await graphOf({
      users: [guest('lee@fabrikam.com'), guest('mallory@fabrikam.com')],
      groups: [
        { id: id(1), displayName: 'Renamed since', members: ['lee@fabrikam.com'] },
        { displayName: id(1), members: ['mallory@fabrikam.com'] },
      ],
    })
    const gathered = await gatherMembers(await policyOf({ contractors: entra(id(1)) }), { entra: graph })
    expect(addressesOf(gathered, 'fabrikam', 'contractors')).toEqual(['lee@fabrikam.com'])
  })

  test.each<[string, string, object]>([
    ['that was renamed', 'guardrail/source-missing', { groups: [{ displayName: 'SG-New' }] }],
    [
      'whose name another has',
      'guardrail/source-ambiguous',
      { groups: [{ displayName: 'SG-Old' }, { id: id(2), displayName: 'sg-old' }] },
    ],
    [
      'of our own',
      'guardrail/source-own-group',
      { groups: [{ displayName: 'SG-Old', uniqueName: 'guestlist.partner-group.fabrikam.engineers' }] },
    ],
    [
      'that holds one of our own, at any depth',
      'guardrail/source-own-group',
      {
        groups: [
          { displayName: 'Ours', uniqueName: 'guestlist.guests' },
          { displayName: 'Between', members: ['Ours'] },
          { displayName: 'SG-Old', members: ['Between'] },
        ],
      },
    ],
  ])('%s is refused', async (_, code, seed) => {
    const policy = await policyOf({ contractors: entra('SG-Old') })
    const { findings } = await gatherMembers(policy, { entra: await graphOf(seed) })
    expect(findings).toEqual([
      expect.objectContaining({ severity: 'error', code, hint: expect.any(String), at: expect.anything() }),
    ])
  })

  test('that is gone between two questions is missing, not empty', async () => {
    const graph = graphHolding([{ id: id(1), displayName: 'Going' }], {})
    const { findings } = await gatherMembers(await policyOf({ contractors: entra('Going') }), { entra: graph })
    expect(findings.map(({ code }) => code)).toEqual(['guardrail/source-missing'])
  })

  test('whose members may not be read stops it all, and the missing permission is named', async () => {
    const answer = (asked: Asked) =>
      asked.url.startsWith('/v1.0/groups?')
        ? { body: { value: [{ id: id(1), displayName: 'Closed' }] } }
        : {
            status: 403,
            body: {
              error: {
                code: 'Authorization_RequestDenied',
                message: 'Insufficient privileges to complete the operation.',
              },
            },
          }
    const { graph } = await startFake(answer)
    const policy = await policyOf({ contractors: entra('Closed') })
    await expect(gatherMembers(policy, { entra: graph.reader() })).rejects.toThrow(/403 .*GroupMember\.Read\.All/s)
  })

  test('whose members come without their names stops it all: they have not left', async () => {
    const hidden = { '@odata.type': '#microsoft.graph.user', id: id(2), userPrincipalName: null, mail: null }
    const graph = graphHolding([{ id: id(1), displayName: 'Hidden' }], { [id(1)]: [hidden] })
    const policy = await policyOf({ contractors: entra('Hidden') })
    await expect(gatherMembers(policy, { entra: graph })).rejects.toThrow(/User\.Read\.All/)
  })

  test('of 60 000 comes whole, in pages, and each source is asked for once', async () => {
    const all = Array.from({ length: 60_000 }, (_, index) => ({
      '@odata.type': '#microsoft.graph.user',
      id: id(index + 10),
      userPrincipalName: `p${index}_fabrikam.com#EXT#@contoso.onmicrosoft.com`,
      mail: `p${index}@fabrikam.com`,
      userType: 'Guest',
    }))
    const { graph, asked } = await startFake(({ root: origin, url }) => {
      if (url.startsWith('/v1.0/groups?')) return { body: { value: [{ id: id(1), displayName: 'Huge' }] } }
      const from = Number(/skip=(\d+)/.exec(url)?.[1] ?? 0)
      const next = `${origin}/v1.0/groups/${id(1)}/transitiveMembers?skip=${from + 999}`
      const more = from + 999 < all.length ? { '@odata.nextLink': next } : {}
      return { body: { value: all.slice(from, from + 999), ...more } }
    })
    const policy = await policyOf({ contractors: entra('Huge'), guests: entra('huge'), more: entra('Huge') })
    const gathered = await gatherMembers(policy, { entra: graph.reader() })
    expect(gathered.findings).toEqual([])
    for (const group of ['contractors', 'guests', 'more'])
      expect(new Set(addressesOf(gathered, 'fabrikam', group)).size).toBe(60_000)
    expect(gathered.policy.people.get('p59999@fabrikam.com')?.groups).toEqual(['contractors', 'guests', 'more'])
    expect(asked.filter(({ url }) => url.includes('transitiveMembers')).length).toBe(61)
  })
})

describe('a group in Active Directory', () => {
  const gather = async (name: string, records: readonly string[], litware: Groups = {}): Promise<Gathered> =>
    gatherMembers(await policyOf({ auditors: ad(name) }, litware), {
      entra: nobody,
      activeDirectory: domainOf(...records),
    })

  test('gives mail contacts and users, those of nested groups too, by their mail in lower case', async () => {
    const gathered = await gather('Auditors', [
      contact('Rosa Delgado', 'Rosa@Fabrikam.com'),
      contact('Ian', 'ian@de.fabrikam.com'),
      contact('Rosa again', 'rosa@fabrikam.com'),
      account('uma', { mail: 'uma@fabrikam.com', userPrincipalName: 'uma@corp.contoso.com' }),
      adGroup('Inner', ['Ian', 'uma']),
      adGroup('Auditors', ['Rosa Delgado', 'Rosa again', 'Inner']),
    ])
    expect(gathered.findings).toEqual([])
    expect(addressesOf(gathered, 'fabrikam', 'auditors')).toEqual([
      'ian@de.fabrikam.com',
      'rosa@fabrikam.com',
      'uma@fabrikam.com',
    ])
    expect(gathered.policy.people.get('rosa@fabrikam.com')).toMatchObject({
      displayName: 'Rosa Delgado',
      partner: 'fabrikam',
      groups: ['auditors'],
    })
  })

  test('lets nobody in who is not of the partner, and names them in one finding', async () => {
    const gathered = await gather('Auditors', [
      contact('Rosa', 'rosa@fabrikam.com'),
      contact('No mail'),
      contact('Plus', 'plus+x@fabrikam.com'),
      account('anna', { mail: 'anna@contoso.com' }),
      record('CN=PC1,OU=Finance', `${person} user computer`, { sAMAccountName: 'PC1$', userAccountControl: '4096' }),
      account('lee', { mail: 'lee@fabrikam.com' }, 'OU=Shadow'),
      account('marked', { mail: 'dana@fabrikam.com', adminDescription: 'User_guestlist' }),
      adGroup('Auditors', ['Rosa', 'No mail', 'Plus', 'anna', 'PC1', 'marked', `CN=lee,OU=Shadow,${root}`]),
    ])
    expect(addressesOf(gathered, 'fabrikam', 'auditors')).toEqual(['rosa@fabrikam.com'])
    expect(gathered.findings.map(({ severity, message }) => [severity, message])).toEqual([
      [
        'warning',
        `CN=Auditors,OU=Finance,${root} also holds who is not of fabrikam and gets nothing by it: No mail (no mail address), PC1 (a device), anna@contoso.com (of another domain), dana@fabrikam.com (a shadow account), lee@fabrikam.com (a shadow account), plus+x@fabrikam.com (not an address that can be used)`,
      ],
    ])
  })

  test('of accounts of our own gives principal names', async () => {
    const operators = { operators: ad('operators') }
    const records = [
      account('op', { userPrincipalName: 'OP@partners.contoso.com', userAccountControl: '514' }, 'OU=Accounts'),
      account('anna', { userPrincipalName: 'anna@corp.contoso.com', mail: 'anna@contoso.com' }),
      contact('Rosa', 'rosa@fabrikam.com'),
      adGroup('Operators', [`CN=op,OU=Accounts,${root}`, 'anna', 'Rosa']),
    ]
    const policy = await policyOf({}, operators)
    const gathered = await gatherMembers(policy, { entra: nobody, activeDirectory: domainOf(...records) })
    expect(addressesOf(gathered, 'litware', 'operators')).toEqual(['op@partners.contoso.com'])
    expect(gathered.findings[0]?.message).toContain(
      'anna@contoso.com (of another domain), rosa@fabrikam.com (no account of our own)',
    )
  })

  test.each<[string, string, readonly string[]]>([
    ['that is not there', 'guardrail/source-missing', []],
    ['that is none', 'guardrail/source-not-a-group', [contact('Auditors', 'rosa@fabrikam.com')]],
    [
      'of our own',
      'guardrail/source-own-group',
      [adGroup('Auditors', [], { adminDescription: 'Group_guestlist.payroll.user' })],
    ],
    [
      'that holds one which guestlist writes to',
      'guardrail/source-own-group',
      [
        record('CN=Payroll Approvers,OU=Apps', 'top group', { sAMAccountName: 'Payroll Approvers' }),
        adGroup('Auditors', [`CN=Payroll Approvers,OU=Apps,${root}`]),
      ],
    ],
  ])('%s is refused', async (_, code, records) => {
    const { findings } = await gather('Auditors', records)
    expect(findings).toEqual([
      expect.objectContaining({ severity: 'error', code, hint: expect.any(String), at: expect.anything() }),
    ])
  })

  test('is asked for once, however it is spelt', async () => {
    const directory = domainOf(contact('Rosa', 'rosa@fabrikam.com'), adGroup('Auditors', ['Rosa']))
    const bases: string[] = []
    const counting: DirectoryReader = {
      search: request => {
        bases.push(request.base)
        return directory.search(request)
      },
    }
    const policy = await policyOf({ one: ad('Auditors'), two: ad('AUDITORS') })
    const gathered = await gatherMembers(policy, { entra: nobody, activeDirectory: counting })
    expect(bases).toHaveLength(2)
    expect(addressesOf(gathered, 'fabrikam', 'two')).toEqual(['rosa@fabrikam.com'])
  })

  test('whose member cannot be read stops it all; one of another domain of ours is a stranger', async () => {
    const directory = domainOf(contact('Rosa', 'rosa@fabrikam.com'), contact('Ian', 'ian@fabrikam.com'))
    const group = (member: readonly string[]): Directories => ({
      entra: nobody,
      activeDirectory: {
        search: async request =>
          request.scope === 'base'
            ? [{ dn: request.base, attributes: { objectclass: ['top', 'group'], member } }]
            : await directory.search({ ...request, filter: { equals: ['mail', 'rosa@fabrikam.com'] } }),
      },
    })
    const rosa = `CN=Rosa,OU=Finance,${root}`
    const policy = await policyOf({ auditors: ad('Auditors') })
    await expect(gatherMembers(policy, group([rosa, `CN=Ian,OU=Finance,${root}`]))).rejects.toMatchObject({
      code: 'unreadable-members',
      message: expect.stringContaining('CN=Ian'),
    })
    const gathered = await gatherMembers(policy, group([rosa, 'CN=Eve,DC=other,DC=contoso,DC=com']))
    expect(addressesOf(gathered, 'fabrikam', 'auditors')).toEqual(['rosa@fabrikam.com'])
    expect(gathered.findings[0]?.message).toContain('CN=Eve,DC=other,DC=contoso,DC=com (of another domain of ours)')
  })

  test('of 60 000 comes whole, nested or not', async () => {
    const [all, inner] = [`CN=Auditors,OU=Finance,${root}`, `CN=Inner,OU=Finance,${root}`]
    const contacts = Array.from({ length: 60_000 }, (_, index) => ({
      dn: `CN=p${index},OU=Finance,${root}`,
      attributes: { objectclass: ['top', 'contact'], mail: [`p${index}@fabrikam.com`] },
    }))
    const member = contacts.map(({ dn }) => dn)
    const innerGroup = { dn: inner, attributes: { objectclass: ['top', 'group'], member: [...member.slice(9), all] } }
    const outerGroup = {
      dn: all,
      attributes: { objectclass: ['top', 'group'], member: [...member.slice(0, 9), inner] },
    }
    const within: Readonly<Record<string, readonly DirectoryEntry[]>> = {
      [all]: [...contacts.slice(0, 9), innerGroup],
      [inner]: [...contacts.slice(9), outerGroup],
    }
    const reader: DirectoryReader = {
      search: async ({ scope, filter }) => {
        if (scope === 'base') return [outerGroup]
        const parts = 'or' in filter ? filter.or : []
        return parts.flatMap(part => ('equals' in part ? (within[part.equals[1]] ?? []) : []))
      },
    }
    const policy = await policyOf({ auditors: ad('Auditors') })
    const gathered = await gatherMembers(policy, { entra: nobody, activeDirectory: reader })
    expect(gathered.findings).toEqual([])
    expect(new Set(addressesOf(gathered, 'fabrikam', 'auditors')).size).toBe(60_000)
  })

  test('that cannot be read at all stops it all', async () => {
    const policy = await policyOf({ auditors: ad('Auditors') })
    const failing: DirectoryReader = { search: () => Promise.reject(new Error('connection lost')) }
    await expect(gatherMembers(policy, { entra: nobody, activeDirectory: failing })).rejects.toThrow('connection lost')
    await expect(gatherMembers(policy, { entra: nobody })).rejects.toMatchObject({ code: 'no-directory' })
  })
})

test('whom a list names too is one person, called as the list says, in both groups', async () => {
  const policy = await policyOf({
    engineers: {
      members: [{ address: 'Lee@fabrikam.com', displayName: 'Lee' }, { address: 'dana@fabrikam.com' }],
    },
    gone: { members: [{ address: 'ian@fabrikam.com', until: '2026-11-01' }] },
    auditors: ad('Auditors'),
  })
  const directory = domainOf(
    contact('Lee Vance', 'LEE@fabrikam.com'),
    contact('Dana Ruiz', 'dana@fabrikam.com'),
    contact('Ian', 'ian@fabrikam.com'),
    adGroup('Auditors', ['Lee Vance', 'Dana Ruiz', 'Ian']),
  )
  const { people } = (await gatherMembers(policy, { entra: nobody, activeDirectory: directory })).policy
  expect([...people.keys()]).toEqual(['dana@fabrikam.com', 'ian@fabrikam.com', 'lee@fabrikam.com'])
  expect(people.get('lee@fabrikam.com')).toMatchObject({ displayName: 'Lee', groups: ['auditors', 'engineers'] })
  expect(people.get('dana@fabrikam.com')?.displayName).toBeUndefined()
  expect(people.get('ian@fabrikam.com')?.groups).toEqual(['auditors'])
  expect(people.get('lee@fabrikam.com')?.origins).toHaveLength(2)
})
