// A partner whose accounts our own Active Directory kept becomes one of invited guests: its people stay the users they are, in
// their groups, with their access; nobody is invited twice, and nobody loses anything while a person has something to do.

import { describe, expect, test } from 'vitest'
import { dayMs } from '../../src/model/time.ts'
import type { Item } from '../laws/tenant.ts'
import {
  access,
  app,
  appIds,
  type Cloud,
  openCloud,
  organization,
  partner,
  seededApp,
  told,
} from '../resources/cloud.ts'

const home = { maeve: 'maeve@litware.example', paulo: 'paulo@litware.example' }
const name = (person: keyof typeof home): string => `${person}@partners.contoso.com`
const group = 'guestlist.partner-group.fabrikam.engineers'

const root = 'DC=corp,DC=contoso,DC=com'
const unit = (ou: string): string =>
  `dn: OU=${ou},${root}\nobjectClass: top\nobjectClass: organizationalUnit\nou: ${ou}\n\n`
const account = (person: keyof typeof home): string => `dn: CN=${person},OU=Accounts,${root}
objectClass: top
objectClass: person
objectClass: organizationalPerson
objectClass: user
sAMAccountName: ${person}
userPrincipalName: ${name(person)}
mail: ${home[person]}
userAccountControl: 512

`
const directory = [...['Shadow', 'Archive', 'Groups', 'Accounts'].map(unit), account('maeve'), account('paulo')].join(
  '',
)

/** As Entra Connect brought the account to the cloud. */
const synced = (person: keyof typeof home): object => ({
  userPrincipalName: name(person),
  displayName: person,
  mail: home[person],
  userType: 'Guest',
  creationType: null,
  externalUserState: null,
  externalUserStateChangeDateTime: null,
  otherMails: null,
  onPremisesSyncEnabled: true,
  onPremisesUserPrincipalName: name(person),
})

const activeDirectory = {
  domain: 'corp.contoso.com',
  servers: ['ldaps://dc1.corp.contoso.com'],
  organizationalUnits: {
    shadowAccounts: `OU=Shadow,${root}`,
    archive: `OU=Archive,${root}`,
    groups: `OU=Groups,${root}`,
    partnerAccounts: `OU=Accounts,${root}`,
  },
}
const rest = [{ ...organization(), activeDirectory }, app('expenses'), access('expenses')]
const kept = [
  ...rest,
  partner([name('maeve'), name('paulo')], { accounts: 'active-directory', domains: ['partners.contoso.com'] }),
]
const invited = (...people: readonly string[]): readonly object[] => [
  ...rest,
  partner(people, { accounts: 'entra-b2b', domains: ['litware.example'] }),
]
const both = [home.maeve, home.paulo]

async function litware(): Promise<Cloud> {
  const tenant = await openCloud(
    {
      applications: [{ displayName: 'expenses', appId: appIds.expenses }],
      servicePrincipals: [seededApp('expenses')],
      users: [synced('maeve'), synced('paulo')],
    },
    directory,
  )
  const { plan } = await tenant.apply(kept)
  expect(plan.effects.map(({ effect, person }) => `${effect} ${person}`)).toEqual([
    `gain ${name('maeve')}`,
    `gain ${name('paulo')}`,
  ])
  return tenant
}

/** What the person does: out of scope (the sync deletes the user), restored, and of the cloud alone from then on. */
function takeOver(tenant: Cloud, person: keyof typeof home): void {
  const users = tenant.tenant.store.collection<Item & { readonly id: string }>('users')
  const found = [...users.values()].find(({ userPrincipalName }) => userPrincipalName === name(person))
  if (found === undefined) throw new Error(`${person} is not there`)
  const { onPremisesSyncEnabled: _sync, onPremisesUserPrincipalName: _name, ...cloud } = found
  users.put(found.id, { ...cloud, id: found.id })
}

describe('from accounts of our own to invited guests', () => {
  test('waits for a person while Active Directory keeps them: they keep what they have, and nobody is invited', async () => {
    const tenant = await litware()
    const users = tenant.users()
    const { plan } = await tenant.apply(invited(...both))
    expect(plan.effects).toEqual([])
    expect(told(plan.changes).filter(text => text.includes('group-member'))).toEqual([])
    expect(plan.waiting.map(({ id, for: whom }) => `${whom} ${id}`)).toEqual(
      both.map(person => `person entra/guest/${person}`),
    )
    expect(plan.waiting[0]?.message).toContain(name('maeve'))
    expect(tenant.users()).toEqual(users)
    expect(tenant.invitations()).toBe(0)
    const { after } = await tenant.plan(invited(...both))
    expect([...after.values()].map(({ person }) => person)).toEqual(both)
  })

  test('then invites each who is free, who stays the same user in the same groups, and loses nothing', async () => {
    const tenant = await litware()
    const before = tenant.users()
    takeOver(tenant, 'maeve')
    const { plan } = await tenant.apply(invited(...both))
    expect(plan.effects).toEqual([])
    expect(told(plan.changes).filter(text => text.includes('guest/'))).toEqual([`adopt guest/${home.maeve}`])
    expect(tenant.user(home.maeve)).toMatchObject({
      id: before.find(user => user.mail === home.maeve)?.id,
      userPrincipalName: name('maeve'),
      externalUserState: 'PendingAcceptance',
      companyName: 'Fabrikam',
    })
    expect(tenant.membersOf(group)).toEqual([name('maeve'), name('paulo')])
    expect(tenant.invitations()).toBe(1)

    takeOver(tenant, 'paulo')
    await tenant.apply(invited(...both))
    expect(tenant.membersOf(group)).toEqual([name('maeve'), name('paulo')])
    expect(tenant.invitations()).toBe(2)
    expect(tenant.users()).toHaveLength(before.length)
  })

  test('and who leaves after that goes as every guest does, while one who was not invited yet is only let out', async () => {
    const tenant = await litware()
    takeOver(tenant, 'maeve')
    await tenant.apply(invited(...both))
    const { plan } = await tenant.apply(invited())
    // No policy knows Paulo by another name any more.
    const losses = [`lose ${home.maeve}`, `lose ${name('paulo')}`]
    expect(plan.effects.map(({ effect, person }) => `${effect} ${person}`)).toEqual(losses)
    expect(tenant.membersOf(group)).toEqual([])
    expect(tenant.user(home.maeve)).toMatchObject({ accountEnabled: false })
    expect(tenant.user(home.paulo)).toMatchObject({ accountEnabled: true, onPremisesSyncEnabled: true })
    tenant.now += 31 * dayMs
    await tenant.apply(invited())
    expect(tenant.user(home.maeve)).toBeUndefined()
    expect(tenant.user(home.paulo)).toBeDefined()
  })

  test('keeps what a Kerberos app let in, until the shadow account takes its place', async () => {
    const connector = `dn: CN=C1,CN=Computers,${root}
objectClass: top
objectClass: person
objectClass: organizationalPerson
objectClass: user
objectClass: computer
sAMAccountName: C1$
userAccountControl: 4096

`
    const tenant = await openCloud(
      { users: [synced('maeve')], connectorGroups: [{ name: 'Default', isDefault: true }] },
      directory + connector,
    )
    const [own] = rest
    const payroll = app('payroll', {
      hosting: 'on-premises',
      entra: undefined,
      proxy: {
        internalUrl: 'http://payroll.corp.contoso.com/',
        externalUrl: 'https://payroll-contoso.msappproxy.net/',
        connectorGroup: 'Headquarters',
      },
      signOn: { kerberos: { servicePrincipalName: 'HTTP/payroll.corp.contoso.com' } },
    })
    const applicationProxy = { connectorGroups: [{ name: 'Headquarters', connectors: ['C1'] }] }
    const apps = [{ ...own, applicationProxy }, payroll, access('payroll')]
    const before = [
      ...apps,
      partner([name('maeve')], { accounts: 'active-directory', domains: ['partners.contoso.com'] }),
    ]
    const after = [...apps, partner([home.maeve], { domains: ['litware.example'] })]
    const members = (): readonly string[] =>
      tenant.tenant
        .snapshot()
        .directory.filter(({ attributes }) => attributes.adminDescription?.[0] === 'Group_guestlist.payroll.user')
        .flatMap(({ attributes }) => attributes.member ?? [])

    await tenant.apply(before)
    const { plan } = await tenant.apply(after)
    expect(told(plan.changes)).toEqual([])
    expect(plan.waiting.find(({ id }) => id === `entra/guest/${home.maeve}`)?.message).toContain(
      'gives up its principal name',
    )
    expect(members()).toEqual([`CN=maeve,OU=Accounts,${root}`])

    takeOver(tenant, 'maeve')
    await tenant.apply(after)
    // The guest keeps the name, and only one account can have it.
    const held = (await tenant.plan(after)).plan
    expect(told(held.changes)).toEqual([])
    expect(held.waiting.find(({ id }) => id === `active-directory/shadow-account/${home.maeve}`)).toMatchObject({
      for: 'person',
      message: expect.stringContaining('moves it into the unit of shadow accounts'),
    })

    await tenant.tenant.directory.remove(`CN=maeve,OU=Accounts,${root}`)
    await tenant.apply(after)
    expect(members()).toEqual([expect.stringContaining('OU=Shadow')])
    const reached = (await tenant.plan(after)).after
    expect([...reached.values()].map(({ person }) => person)).toEqual([home.maeve])
  })
})
