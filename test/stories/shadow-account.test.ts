// A shadow account's whole life on a real domain controller, and that of accounts which others made: seen in the directory
// itself after each apply, made by the service account with its rights and no others.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DirectoryEntry } from '../../src/model/directories.ts'
import { dayMs } from '../../src/model/time.ts'
import { access, app, approvers, type Company, foundCompany, partner, services, units } from '../samba/company.ts'
import { startDomainController } from '../samba/domain-controller.ts'
import { describeOnSamba } from '../samba/required.ts'

const [lee, dana, omar] = ['lee@fabrikam.com', 'dana@fabrikam.com', 'omar@fabrikam.com']
const upnOf = (address: string): string => `${address.replace('@', '_')}#EXT#@contoso.onmicrosoft.com`

const roles = { user: {}, approver: { adGroup: approvers } }
const rest = [app('payroll', roles), access('engineers', 'payroll'), access('leads', 'payroll', 'approver')]
const policyWith = (engineers: readonly string[], leads: readonly string[] = []): readonly object[] => [
  partner({ engineers, leads }),
  ...rest,
]

const one = (entry: DirectoryEntry | undefined, attribute: string): string | undefined =>
  entry?.attributes[attribute.toLowerCase()]?.[0]
const flags = { disabled: 0x2, passwordNeverExpires: 0x10000, smartCardRequired: 0x40000 }

describeOnSamba('a shadow account', () => {
  let company: Company
  let leesGuid: string | undefined

  beforeAll(async () => {
    company = await foundCompany(await startDomainController())
  })

  afterAll(async () => {
    await company?.close()
    await company?.dc.stop()
  })

  async function accountOf(address: string): Promise<DirectoryEntry | undefined> {
    const found = await company.find('mail', address)
    expect(found.length).toBeLessThan(2)
    return found[0]
  }

  /** The guest in the cloud. */
  async function guestOf(address: string): Promise<{ id: string; userPrincipalName: string }> {
    const users = await company.graph.list<{ id: string; mail?: string; userPrincipalName: string }>('/users', {
      select: ['id', 'mail', 'userPrincipalName'],
    })
    const guest = users.find(user => user.mail === address)
    if (guest === undefined) throw new Error(`no guest has the address ${address}`)
    return guest
  }

  const memberships = (entry: DirectoryEntry | undefined): readonly string[] =>
    (entry?.attributes.memberof ?? []).toSorted()

  test('is created enabled, for smart cards only, linked to the guest, in its unit and its groups', async () => {
    await company.apply(policyWith([lee], [lee]))
    const account = await accountOf(lee)
    const guest = await guestOf(lee)
    expect(account?.dn).toMatch(new RegExp(`,${units.shadowAccounts}$`))
    expect(one(account, 'userPrincipalName')).toBe(guest.userPrincipalName)
    expect(one(account, 'msDS-ExternalDirectoryObjectId')).toBe(`User_${guest.id}`)
    expect(one(account, 'adminDescription')).toBe('User_guestlist')
    const control = Number(one(account, 'userAccountControl'))
    expect(control & flags.disabled).toBe(0)
    expect(control & flags.smartCardRequired).not.toBe(0)
    expect(memberships(account)).toEqual([approvers, expect.stringMatching(/^CN=guestlist-payroll/)])
    leesGuid = one(account, 'objectGUID')
  })

  test('of a guest who is renamed in the cloud stays the same and is called like the guest', async () => {
    const { id } = await guestOf(lee)
    const renamed = 'leigh_fabrikam.com#EXT#@contoso.onmicrosoft.com'
    await company.graph.patch(`/users/${id}`, { userPrincipalName: renamed })
    const { plan } = await company.apply(policyWith([lee], [lee]))
    expect(plan.changes.map(change => `${change.action} ${change.kind}`)).toEqual(['update shadow-account'])
    const account = await accountOf(lee)
    expect(one(account, 'objectGUID')).toBe(leesGuid)
    expect(one(account, 'userPrincipalName')).toBe(renamed)
    expect(await company.ticket(renamed, services.payroll)).toMatchObject({ issued: true })
    expect(await company.ticket(upnOf(lee), services.payroll)).toMatchObject({ issued: false })
  })

  test('of a person who leaves is disabled, archived and out of every group', async () => {
    await company.apply(policyWith([dana]))
    const account = await accountOf(lee)
    expect(one(account, 'objectGUID')).toBe(leesGuid)
    expect(account?.dn).toMatch(new RegExp(`,${units.archive}$`))
    expect(Number(one(account, 'userAccountControl')) & flags.disabled).not.toBe(0)
    expect(memberships(account)).toEqual([])
  })

  test('of a person who returns is restored with its memberships', async () => {
    company.now += 30 * dayMs
    await company.apply(policyWith([lee, dana], [lee]))
    const account = await accountOf(lee)
    expect(one(account, 'objectGUID')).toBe(leesGuid)
    expect(account?.dn).toMatch(new RegExp(`,${units.shadowAccounts}$`))
    expect(memberships(account)).toHaveLength(2)
    const { userPrincipalName } = await guestOf(lee)
    expect(await company.ticket(userPrincipalName, services.payroll)).toMatchObject({ issued: true })
  })

  test('is deleted when the grace period is over, and not a day before', async () => {
    await company.apply(policyWith([dana]))
    company.now += 89 * dayMs
    await company.apply(policyWith([dana]))
    expect(one(await accountOf(lee), 'objectGUID')).toBe(leesGuid)
    company.now += 2 * dayMs
    await company.apply(policyWith([dana]))
    expect(await accountOf(lee)).toBeUndefined()
    expect(await accountOf(dana)).toBeDefined()
  })

  test('that Microsoft’s sample script made is recognised by its user principal name, and adopted', async () => {
    const upn = upnOf(omar)
    await company.dc.write(
      [
        `dn: CN=${upn.replaceAll('#', '\\23')},${units.shadowAccounts}`,
        'changetype: add',
        'objectClass: user',
        `sAMAccountName: ${upn.slice(0, 20)}`,
        `userPrincipalName: ${upn}`,
        'displayName: Omar (script)',
        'userAccountControl: 328192',
        `unicodePwd:: ${Buffer.from('"Scr1pt!made-this-one"', 'utf16le').toString('base64')}`,
        '',
      ].join('\n'),
    )
    const [before] = await company.find('userPrincipalName', upn)
    const { plan } = await company.apply(policyWith([dana, omar]))
    expect(plan.changes.filter(change => change.kind === 'shadow-account').map(change => change.action)).toEqual([
      'adopt',
    ])
    const account = await accountOf(omar)
    expect(one(account, 'objectGUID')).toBe(one(before, 'objectGUID'))
    expect(one(account, 'msDS-ExternalDirectoryObjectId')).toBe(`User_${(await guestOf(omar)).id}`)
    expect(await company.ticket(upn, services.payroll)).toMatchObject({ issued: true })
  })

  test('has a name of its own, however alike the guests are called', async () => {
    const alike = ['a', 'b', 'c', 'd', 'e'].map(letter => `contractor.north.sea.team.${letter}@fabrikam.com`)
    await company.apply(policyWith([dana, omar, ...alike]))
    const accounts = await Promise.all(alike.map(accountOf))
    const names = accounts.map(account => one(account, 'sAMAccountName') ?? '')
    expect(new Set(names).size).toBe(alike.length)
    for (const name of names) expect(name).toMatch(/^[a-z0-9._-]{1,20}$/)
  })

  test('leaves other members of a named group alone', async () => {
    const stranger = `CN=svc-payroll,CN=Users,${company.dc.domainDn}`
    await company.dc.write(`dn: ${approvers}\nchangetype: modify\nadd: member\nmember: ${stranger}\n`)
    const membersOf = async (): Promise<readonly string[]> => {
      const [group] = await company.directory.search({
        base: approvers,
        scope: 'base',
        filter: { present: 'objectClass' },
        attributes: ['member'],
      })
      return group?.attributes.member ?? []
    }
    await company.apply(policyWith([dana], [dana]))
    expect(await membersOf()).toHaveLength(2)
    await company.apply(policyWith([dana]))
    expect(await membersOf()).toEqual([stranger])
  })
})
