// The product in one test: policies are applied to a tenant and to a real Active Directory, and its own KDC says who gets a
// Kerberos ticket to which app, as the connector of Application Proxy asks it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { access, app, type Company, foundCompany, partner, services } from '../samba/company.ts'
import { startDomainController } from '../samba/domain-controller.ts'
import { describeOnSamba } from '../samba/required.ts'

const [lee, dana, mallory] = ['lee@fabrikam.com', 'dana@fabrikam.com', 'mallory@fabrikam.com']

const upnOf = (address: string): string => `${address.replace('@', '_')}#EXT#@contoso.onmicrosoft.com`

const people = partner({ engineers: [lee], storekeepers: [dana] })
const both = [app('payroll'), app('stock')]
const policy = [people, ...both, access('engineers', 'payroll'), access('storekeepers', 'stock')]

const refusal = (message: RegExp): object => ({ issued: false, message: expect.stringMatching(message) })

describeOnSamba('the way to the Kerberos ticket', () => {
  let company: Company

  beforeAll(async () => {
    // A guest of long ago, whom no policy names.
    const guest = { userPrincipalName: upnOf(mallory), mail: mallory, displayName: 'Mallory', userType: 'Guest' }
    company = await foundCompany(await startDomainController(), [guest])
  })

  afterAll(async () => {
    await company?.close()
    await company?.dc.stop()
  })

  /** The number in a ticket of the group that guestlist keeps for an app's users. */
  async function ridOf(name: keyof typeof services): Promise<number> {
    const [group] = await company.find('adminDescription', `Group_guestlist.${name}.user`)
    return Number(group?.attributes.objectsid?.[0]?.split('-').at(-1))
  }

  test('before the policy is applied there is none', async () => {
    expect(await company.ticket(upnOf(lee), services.payroll)).toMatchObject(refusal(/not found in Kerberos database/))
  })

  test('after it, the ticket says that the person is in the group of the app', async () => {
    await company.apply(policy)
    const group = await ridOf('payroll')
    expect(group).toBeGreaterThan(1000)
    const answer = await company.ticket(upnOf(lee), services.payroll)
    expect(answer).toMatchObject({
      issued: true,
      ticket: {
        userPrincipalName: upnOf(lee),
        target: services.payroll.servicePrincipalName,
        delegatedBy: ['CONNECTOR01$@CORP.CONTOSO.COM'],
      },
    })
    expect(answer.issued && answer.ticket.groups).toContain(group)
  })

  test('a person with access to another app only is in that app’s group, and not in this one’s', async () => {
    const [payroll, stock] = [await ridOf('payroll'), await ridOf('stock')]
    for (const service of [services.payroll, services.stock]) {
      const answer = await company.ticket(upnOf(dana), service)
      expect(answer).toMatchObject({ issued: true, ticket: { userPrincipalName: upnOf(dana) } })
      const groups = answer.issued ? answer.ticket.groups : []
      expect(groups).toContain(stock)
      expect(groups).not.toContain(payroll)
    }
  })

  test('a guest whom the policy does not name gets none', async () => {
    const answer = await company.ticket(upnOf(mallory), services.payroll)
    expect(answer).toMatchObject(refusal(/not found in Kerberos database/))
  })

  test('an app that leaves the policy: the connector may not delegate to it any more, and to the other it may', async () => {
    await company.apply([people, app('stock'), access('storekeepers', 'stock')])
    const answer = await company.ticket(upnOf(dana), services.payroll)
    expect(answer).toMatchObject(refusal(/can't fulfill requested option/))
    expect(await company.ticket(upnOf(dana), services.stock)).toMatchObject({ issued: true })
    await company.apply(policy)
    expect(await company.ticket(upnOf(lee), services.payroll)).toMatchObject({ issued: true })
  })

  test('a person who leaves it: the account is disabled and gives up its name, so there is none for any service', async () => {
    await company.apply([partner({ engineers: [], storekeepers: [dana] }), ...policy.slice(1)])
    expect(await company.ticket(upnOf(lee), services.payroll)).toMatchObject(refusal(/not found in Kerberos database/))
    const [account] = await company.find('mail', lee)
    const archived = account?.attributes.userprincipalname?.[0] ?? ''
    const answer = await company.ticket(archived, services.payroll)
    // 4.17 says the latter.
    expect(answer).toMatchObject(refusal(/credentials have been revoked|policy rejects request/))
    expect(await company.ticket(upnOf(dana), services.stock)).toMatchObject({ issued: true })
  })
})
