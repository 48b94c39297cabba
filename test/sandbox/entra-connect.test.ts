// The simulated Entra Connect: which accounts it brings to the cloud, as what, whom it takes them for, and whom it leaves alone.

import { expect, test } from 'vitest'
import { createDirectory, type SandboxDirectory } from '../../src/sandbox/directory/directory.ts'
import { type Synced, syncAccounts, type UserTypeRule } from '../../src/sandbox/entra-connect.ts'
import { softDelete } from '../../src/sandbox/graph/deletion.ts'
import { seedGraph } from '../../src/sandbox/graph/seed.ts'
import { openTenant } from '../../src/sandbox/graph/tenant.ts'
import { openStore } from '../../src/sandbox/store.ts'

const root = 'DC=corp,DC=contoso,DC=com'
const rule: UserTypeRule = { attribute: 'extensionAttribute1', value: 'Guest' }
const maeve = 'maeve@partners.contoso.com'

type Values = Readonly<Record<string, readonly string[]>>
// biome-ignore lint/suspicious/noExplicitAny: whatever properties Graph's users have
type User = Readonly<Record<string, any>>

interface World {
  readonly directory: SandboxDirectory
  readonly add: (name: string, values?: Values) => Promise<void>
  readonly sync: (rule?: UserTypeRule) => readonly string[]
  readonly user: (name: string) => User | undefined
  readonly deleted: () => readonly User[]
  /** In the cloud alone. */
  readonly removeUser: (name: string) => void
}

function world({
  users = [],
  ...tenant
}: {
  readonly users?: readonly object[]
  verifiedDomains?: string[]
} = {}): World {
  const graph = openStore(undefined, 'graph')
  const ids = { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' }
  seedGraph(graph, { tenant: { ...ids, ...tenant }, users })
  const clock = (): number => Date.parse('2026-12-01T09:00:00Z')
  const directory = createDirectory({ store: openStore(undefined, 'directory'), domain: 'corp.contoso.com', clock })
  const told = (one: Synced): string =>
    one.what === 'refused' ? `refused ${one.user}: ${one.message}` : `${one.what} ${one.user} ${one.userType}`
  return {
    directory,
    add: async (name, values = {}) => {
      const own = {
        sAMAccountName: [name],
        userPrincipalName: [`${name}@partners.contoso.com`],
        userAccountControl: ['546'],
      }
      await directory.add(`CN=${name},CN=Users,${root}`, { objectClass: ['user'], ...own, ...values })
    },
    sync: (...[by]) => {
      const all = directory.dump()
      return syncAccounts({ graph, clock, domain: 'corp.contoso.com', directory: all, ...(by && { rule: by }) }).map(
        told,
      )
    },
    user: name => [...graph.collection<User>('users').values()].find(each => each.userPrincipalName === name),
    removeUser: name => {
      const tenant = openTenant(graph, clock)
      softDelete(tenant, 'user', tenant.need(tenant.byPrincipalName.first(name) ?? ''))
    },
    deleted: () => [...graph.collection<User>('deletedItems').values()],
  }
}

test('accounts come with their names, states and anchors: guests by the stamp, all others members', async () => {
  const { add, sync, user, directory } = world()
  await add('maeve', { extensionAttribute1: ['Guest'], displayName: ['Maeve Sullivan'], mail: ['m@litware.com'] })
  await add('paulo', { userAccountControl: ['544'] })
  expect(sync(rule)).toEqual([`created ${maeve} Guest`, 'created paulo@partners.contoso.com Member'])
  const there = user(maeve)
  expect(there).toMatchObject({
    displayName: 'Maeve Sullivan',
    mail: 'm@litware.com',
    accountEnabled: false,
    onPremisesSyncEnabled: true,
    onPremisesSamAccountName: 'maeve',
  })
  expect(there?.creationType).toBeUndefined()
  expect(user('paulo@partners.contoso.com')?.accountEnabled).toBe(true)
  const guid = directory.dump().find(({ dn }) => dn.startsWith('CN=maeve'))?.attributes.objectGUID?.[0] ?? ''
  const bytes = Buffer.from(String(there?.onPremisesImmutableId), 'base64').toString('hex')
  expect(bytes.slice(0, 8).match(/../g)?.reverse().join('')).toBe(guid.slice(0, 8))
  expect(bytes.slice(16)).toBe(guid.replaceAll('-', '').slice(16))
  expect(sync(rule)).toEqual([])
})

test('without a rule everybody arrives as a member; with it who is stamped becomes a guest, and stays one without', async () => {
  const { add, sync } = world()
  await add('maeve', { extensionAttribute1: ['Guest'] })
  expect(sync()).toEqual([`created ${maeve} Member`])
  expect(sync(rule)).toEqual([`updated ${maeve} Guest`])
  expect(sync()).toEqual([])
})

test('what the default rules leave out stays out', async () => {
  const { add, sync, directory } = world()
  await add('shadow', { adminDescription: ['User_guestlist'], extensionAttribute1: ['Guest'] })
  await directory.add(`CN=PC1,CN=Users,${root}`, { objectClass: ['computer'], sAMAccountName: ['PC1$'] })
  await directory.add(`CN=Lee,CN=Users,${root}`, { objectClass: ['contact'], mail: ['lee@fabrikam.com'] })
  // Built-in accounts are there from the beginning.
  expect(directory.dump().some(({ dn }) => dn.startsWith('CN=Administrator,'))).toBe(true)
  expect(sync(rule)).toEqual([])
})

test('who is in the cloud already is joined by name or mail, and keeps the object', async () => {
  const { add, sync, user } = world({
    users: [{ userPrincipalName: maeve }, { userPrincipalName: 'p.costa@contoso.com', mail: 'paulo@litware.com' }],
  })
  const id = user(maeve)?.id
  await add('maeve')
  await add('paulo', { mail: ['paulo@litware.com'] })
  expect(sync(rule)).toEqual([`joined ${maeve} Member`, 'joined paulo@partners.contoso.com Member'])
  expect(user(maeve)?.id).toBe(id)
})

test('nobody is taken for an invited guest, or for whom another account stands', async () => {
  const { add, sync, user } = world({
    users: [
      { mail: 'lee@fabrikam.com', userType: 'Guest' },
      { userPrincipalName: maeve, onPremisesImmutableId: 'AAAAAAAAAAAAAAAAAAAAAA==' },
    ],
  })
  await add('lee', { mail: ['lee@fabrikam.com'] })
  await add('maeve')
  expect(sync(rule)).toEqual([
    'refused lee@partners.contoso.com: its name or mail belongs to an invited guest',
    `refused ${maeve}: its name or mail belongs to ${maeve}, who stands for another account`,
  ])
  expect(user(maeve)?.onPremisesSyncEnabled).toBeUndefined()
})

test('a suffix that is not verified gives way to the initial domain', async () => {
  const { add, sync } = world({ verifiedDomains: ['contoso.com'] })
  await add('maeve')
  await add('anna', { userPrincipalName: ['anna@contoso.com'] })
  expect(sync(rule)).toEqual(['created anna@contoso.com Member', 'created maeve@contoso.onmicrosoft.com Member'])
})

test('a deleted account takes its user along; users of the cloud alone stay', async () => {
  const here = world({ users: [{ userPrincipalName: 'ceo@contoso.com', onPremisesSyncEnabled: true }] })
  await here.add('maeve', { extensionAttribute1: ['Guest'] })
  here.sync(rule)
  const id = here.user(maeve)?.id
  const [account] = here.directory.dump().filter(({ dn }) => dn.startsWith('CN=maeve'))
  await here.directory.remove(account?.dn ?? '')
  expect(here.sync(rule)).toEqual([`deleted ${maeve} Guest`])
  expect(here.deleted().map(user => user.id)).toEqual([id])
  expect(here.user('ceo@contoso.com')).toBeDefined()
  expect(here.sync(rule)).toEqual([])
})

test('a user who was deleted in the cloud only comes back, the same object', async () => {
  const { add, sync, user, removeUser } = world()
  await add('maeve', { extensionAttribute1: ['Guest'] })
  sync(rule)
  const id = user(maeve)?.id
  removeUser(maeve)
  expect(user(maeve)).toBeUndefined()
  expect(sync(rule)).toEqual([`restored ${maeve} Guest`])
  expect(user(maeve)?.id).toBe(id)
})
