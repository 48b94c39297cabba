// Cloud users of accounts that our own Active Directory keeps: found by name or anchor, a guest or not, and with that who gets
// into the partner's group. Against the sandbox's Graph and domain.

import { expect, test } from 'vitest'
import { connectGraph } from '../../src/connect/graph/client.ts'
import { applyPlan } from '../../src/engine/apply.ts'
import { makePlan, type Planned } from '../../src/engine/plan.ts'
import { partnerAccount } from '../../src/resources/active-directory/partner-account.ts'
import { group } from '../../src/resources/entra/group.ts'
import { groupMember } from '../../src/resources/entra/group-member.ts'
import { syncedUser } from '../../src/resources/entra/synced-user.ts'
import { createDirectory, type SandboxDirectory } from '../../src/sandbox/directory/directory.ts'
import { openStore } from '../../src/sandbox/store.ts'
import { load, today } from '../policy/folder.ts'
import { type Served, serve } from '../sandbox/graph/served.ts'

const kinds = [partnerAccount, syncedUser, group, groupMember]
const unit = 'OU=Accounts,DC=corp,DC=contoso,DC=com'
const maeve = 'maeve@partners.contoso.com'
// The bytes of 00112233-4455-6677-8899-aabbccddeeff as Active Directory stores them: 33 22 11 00 55 44 77 66 88 99 aa …
const anchor = 'MyIRAFVEd2aImaq7zN3u/w=='
const inGroup = `entra/group-member/litware/technicians/${maeve}`

type Values = Readonly<Record<string, string>>

interface World {
  readonly graph: Served
  readonly directory: SandboxDirectory
  readonly plan: (policy?: string) => Promise<Planned>
  readonly apply: (policy?: string) => Promise<Planned>
}

const organization = `apiVersion: guestlist/v1
kind: Organization
name: contoso
entra: {tenantId: 7918d4b5-0442-4a97-be2d-36f9f9962ece, initialDomain: acme.onmicrosoft.com}
activeDirectory:
  domain: corp.contoso.com
  servers: ["ldaps://dc1.corp.contoso.com"]
  organizationalUnits: {partnerAccounts: "${unit}", groups: "OU=Roles,DC=corp,DC=contoso,DC=com"}
`

function litware(...members: readonly string[]): string {
  return `apiVersion: guestlist/v1
kind: Partner
name: litware
displayName: Litware
accounts: active-directory
domains: [partners.contoso.com]
groups: {technicians: {members: [${members.join(', ')}]}}
`
}

async function world(users: readonly object[], accounts: readonly Values[] = [{}]): Promise<World> {
  const graph = await serve({ users })
  const store = openStore(undefined, 'directory')
  const directory = createDirectory({
    store,
    domain: 'corp.contoso.com',
    clock: () => Date.parse('2026-11-28T10:00:00Z'),
  })
  const records = accounts.map(values => {
    const own = { userPrincipalName: maeve, 'objectGUID:': anchor }
    const all: Values = { ...own, sAMAccountName: 'maeve', userAccountControl: '512', ...values }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
    return [`dn: CN=${all.sAMAccountName},${unit}`, 'objectClass: user', ...lines, ''].join('\n')
  })
  directory.seed(
    ['version: 1', '', `dn: ${unit}`, 'objectClass: organizationalUnit', '', ...records].join('\n'),
    'ldif',
  )
  const connection = connectGraph({
    root: graph.url,
    getToken: async () => 'any',
    clock: { now: () => today, random: () => 0, sleep: async () => undefined },
  })
  const plan = async (text: string = litware(maeve)): Promise<Planned> => {
    const { policy, problems } = await load({ 'all.yaml': [organization, text].join('---\n') })
    if (policy === undefined) throw new Error(problems.map(problem => problem.message).join('\n'))
    const from = { entra: connection.reader(), activeDirectory: directory }
    return makePlan({ kinds, policy, from, folder: '', version: 'test', createdAt: today })
  }
  return {
    graph,
    directory,
    plan,
    apply: async text => {
      const planned = await plan(text)
      const outcomes = await applyPlan({
        kinds,
        planned,
        to: {
          entra: connection.writer(),
          activeDirectory: directory,
          randomBytes: count => new Uint8Array(count),
          now: today,
        },
        concurrency: 4,
        elapsed: () => 0,
      })
      expect(outcomes.filter(outcome => outcome.status !== 'done')).toEqual([])
      expect((await plan(text)).plan.changes).toEqual([])
      return planned
    },
  }
}

const changesOf = ({ plan }: Planned): readonly string[] => plan.changes.map(({ action, id }) => `${action} ${id}`)
const waitFor = ({ plan }: Planned): readonly string[] => plan.waiting.map(wait => `${wait.id} for ${wait.for}`)
const findingsOf = ({ plan }: Planned): readonly string[] => plan.findings.map(({ code }) => code)
const messageOf = ({ plan }: Planned): string =>
  plan.waiting.find(({ id }) => id.includes('synced-user'))?.message ?? ''

const synced = { userPrincipalName: maeve, userType: 'Guest', creationType: null, onPremisesSyncEnabled: true }
const stamped = { extensionAttribute1: 'Guest' }

async function membersOf({ graph }: World): Promise<readonly string[]> {
  const { body } = await graph.get(`/groups/${graph.id('groups', 'guestlist: litware/technicians')}/members?$select=id`)
  return body.value.map(({ id }: { id: string }) => id)
}

test('the guest of an account gets into the group, and an account that is not stamped is stamped first', async () => {
  const here = await world([synced])
  const planned = await here.apply()
  expect(waitFor(planned)).toEqual([])
  expect(findingsOf(planned)).toEqual([])
  const join = planned.plan.changes.find(({ id }) => id === inGroup)
  expect(join?.dependsOn).toContain(`active-directory/partner-account/${maeve}`)
  expect(await membersOf(here)).toEqual([here.graph.id('users', maeve)])
})

test('one that is not there yet is waited for: since when, and what to check', async () => {
  const here = await world([], [stamped])
  const planned = await here.plan()
  expect(waitFor(planned)).toEqual([
    `${inGroup} for entra/synced-user/${maeve}`,
    `entra/synced-user/${maeve} for entra-connect`,
  ])
  expect(messageOf(planned)).toMatch(/^stamped since 2026-11-28, 2 days ago; check .*guestlist connect-rule/)
  expect(changesOf(planned)).not.toContain(`create ${inGroup}`)
})

test('what keeps Entra Connect from bringing it is said', async () => {
  expect(messageOf(await (await world([])).plan())).toMatch(/stamped as a guest first/)
  const excluded = await world([], [{ ...stamped, adminDescription: 'User_made-elsewhere' }])
  expect(messageOf(await excluded.plan())).toContain('adminDescription begins with User_')
  expect(waitFor(await (await world([], [])).plan())).toContain(
    `entra/synced-user/${maeve} for active-directory/partner-account/${maeve}`,
  )
})

test('one that arrived as a member is a finding, and waits; a guest by the next sync', async () => {
  const here = await world([{ ...synced, userType: 'Member' }], [stamped])
  const planned = await here.apply()
  expect(findingsOf(planned)).toEqual(['synced-as-member'])
  expect(planned.plan.findings[0]?.hint).toContain('guestlist connect-rule')
  expect(waitFor(planned)).toContain(`entra/synced-user/${maeve} for entra-connect`)
  expect(await membersOf(here)).toEqual([])
  await here.graph.patch(`/users/${here.graph.id('users', maeve)}`, { userType: 'Guest' })
  expect(findingsOf(await here.apply())).toEqual([])
  expect(await membersOf(here)).toHaveLength(1)
})

test('a user of the cloud alone with the name is not the person, in the group or not', async () => {
  const here = await world([{ userPrincipalName: maeve }], [stamped])
  const planned = await here.apply()
  expect(findingsOf(planned)).toEqual(['not-synced'])
  expect(waitFor(planned)).toContain(`entra/synced-user/${maeve} for person`)
  const id = here.graph.id('users', maeve)
  const path = `/groups/${here.graph.id('groups', 'guestlist: litware/technicians')}/members/$ref`
  await here.graph.post(path, { '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${id}` })
  expect(changesOf(await here.apply())).toEqual([`delete entra/group-member/litware/technicians/${id}`])
  expect(await membersOf(here)).toEqual([])
})

test.each([
  ['objectGUID', {}],
  [
    'mS-DS-ConsistencyGuid',
    { 'mS-DS-ConsistencyGuid:': anchor, 'objectGUID:': Buffer.alloc(16, 7).toString('base64') },
  ],
])('with another suffix, for want of a verified domain, it is known by %s', async (_, values) => {
  const own = { ...synced, userPrincipalName: 'maeve@acme.onmicrosoft.com', onPremisesImmutableId: anchor }
  const here = await world([own], [{ ...stamped, ...values }])
  expect(changesOf(await here.apply())).toContain(`create ${inGroup}`)
  expect(await membersOf(here)).toEqual([here.graph.id('users', 'maeve@acme.onmicrosoft.com')])

  const member = await world([{ ...own, userType: 'Member' }], [{ ...stamped, ...values }])
  expect(findingsOf(await member.plan())).toEqual(['synced-as-member'])
})

test('a mail does not rename the person, and who leaves the policy goes by the name that the policy had', async () => {
  const here = await world([{ ...synced, mail: 'maeve@litware.com' }], [stamped])
  await here.apply()
  expect(await membersOf(here)).toHaveLength(1)
  expect(changesOf(await here.apply(litware()))).toEqual([`delete ${inGroup}`])
  expect(await membersOf(here)).toEqual([])
})

test('a person whom the policy invites from now on stays in the group by the new address', async () => {
  const here = await world([{ ...synced, mail: 'maeve@litware.com' }], [stamped])
  await here.apply()
  const invited = litware('maeve@litware.com').replace('active-directory', 'entra-b2b')
  const planned = await here.plan(invited.replace('partners.contoso.com', 'litware.com'))
  expect(changesOf(planned).filter(change => change.includes('group-member'))).toEqual([])
})

test('a person whom the policy means to invite by the name of the account stays in the group while that cannot be', async () => {
  const here = await world([synced], [stamped])
  await here.apply()
  const planned = await here.plan(litware(maeve).replace('active-directory', 'entra-b2b'))
  expect(changesOf(planned).filter(change => change.includes('group-member'))).toEqual([])
})

test('who leaves keeps the stamp, and a partner that is gone keeps its unit unread where there is none', async () => {
  const here = await world([synced])
  await here.apply()
  const read = async (): Promise<unknown> =>
    here.directory.dump().find(({ dn }) => dn.startsWith('CN=maeve'))?.attributes.extensionAttribute1
  expect(await read()).toEqual(['Guest'])
  await here.apply(litware())
  expect(await read()).toEqual(['Guest'])
  await here.directory.remove(`CN=maeve,${unit}`)
  await here.directory.remove(unit)
  await here.graph.delete(`/users/${here.graph.id('users', maeve)}`)
  await expect(here.plan(litware(maeve))).rejects.toThrow(unit)
  const invited =
    'apiVersion: guestlist/v1\nkind: Partner\nname: fabrikam\ndisplayName: F\naccounts: entra-b2b\ndomains: [f.com]\n'
  const planned = await here.plan(`${invited}groups: {staff: {members: []}}\n`)
  expect(changesOf(planned)).toContain('delete entra/group/litware/technicians')
})

test('a protected account gets in nowhere, whatever the policy says', async () => {
  const here = await world([synced], [{ adminCount: '1' }])
  const planned = await here.plan()
  expect(findingsOf(planned)).toEqual(['protected-object'])
  expect(changesOf(planned)).not.toContain(`create ${inGroup}`)
})

test('an account that works again opens nothing that closes in the same run', async () => {
  const over = '134401248000000000' // 2026-11-25
  const groups = litware(maeve).replace('}}', '}, welders: {members: []}}')
  const here = await world([synced], [stamped])
  await here.apply(groups)
  const welders = here.graph.id('groups', 'guestlist: litware/welders')
  const member = { '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${here.graph.id('users', maeve)}` }
  await here.graph.post(`/groups/${welders}/members/$ref`, member)
  const [account] = here.directory.dump().filter(({ dn }) => dn.startsWith('CN=maeve'))
  await here.directory.modify(account?.dn ?? '', [
    { operation: 'replace', attribute: 'accountExpires', values: [over] },
  ])
  const { plan } = await here.plan(groups.replace(`[${maeve}]`, `[{address: ${maeve}, until: 2027-03-31}]`))
  const opened = plan.changes.find(({ kind }) => kind === 'partner-account')
  expect(opened?.risk).toBe('grant')
  expect(opened?.dependsOn).toEqual([`entra/group-member/litware/welders/${maeve}`])
})

test('an account that is disabled or over does not work, and both are said', async () => {
  const over = '134401248000000000' // 2026-11-25
  const works = async (values: Values, text?: string): Promise<readonly [boolean, readonly string[]]> => {
    const planned = await (await world([synced], [{ ...stamped, ...values }])).plan(text)
    return [planned.links.working.has(`active-directory/partner-account/${maeve}`), findingsOf(planned)]
  }
  expect(await works({})).toEqual([true, []])
  expect(await works({ userAccountControl: '514' })).toEqual([false, ['account-disabled']])
  expect(await works({ accountExpires: over })).toEqual([false, ['account-expired']])
  // The end moves with the policy's.
  expect(await works({ accountExpires: over }, litware(`{address: ${maeve}, until: 2027-03-31}`))).toEqual([false, []])
})

test('a cloud user disabled on its own, or under a name by which a Kerberos app finds no account, is a finding', async () => {
  const url = 'https://shifts-contoso.msappproxy.net/'
  const apps = (identity: string): string =>
    [
      litware(maeve),
      `apiVersion: guestlist/v1
kind: App
name: shifts
displayName: Shifts
hosting: on-premises
proxy: {internalUrl: "http://shifts.corp.contoso.com/", externalUrl: "${url}"}
signOn: {kerberos: {servicePrincipalName: HTTP/shifts, delegation: unmanaged${identity}}}
`,
      'apiVersion: guestlist/v1\nkind: Access\nname: a\npartner: litware\ngroups: [technicians]\napp: shifts\n',
    ].join('---\n')
  const found = async (user: object, account: Values = {}, text: string = apps('')): Promise<readonly string[]> =>
    findingsOf(await (await world([{ ...synced, ...user }], [{ ...stamped, ...account }])).plan(text))
  expect(await found({})).toEqual([])
  expect(await found({ accountEnabled: false })).toEqual(['cloud-user-disabled'])
  expect(await found({ accountEnabled: false }, { userAccountControl: '514' })).toEqual(['account-disabled'])
  const renamed = { userPrincipalName: 'maeve@acme.onmicrosoft.com', onPremisesImmutableId: anchor }
  expect(await found(renamed)).toEqual(['other-cloud-name'])
  expect(await found(renamed, {}, apps(', loginIdentity: onPremisesUserPrincipalName'))).toEqual([])
  expect(await found(renamed, {}, litware(maeve))).toEqual([])
})
