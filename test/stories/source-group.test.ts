// A group of a real domain as source, read as the service account: contacts and users, nested, a circle, more than a page, and
// the names in whatever spelling.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GraphReader } from '../../src/model/directories.ts'
import { gatherMembers } from '../../src/resources/membership-sources.ts'
import { load, organization } from '../policy/folder.ts'
import { type Company, foundCompany } from '../samba/company.ts'
import { startDomainController } from '../samba/domain-controller.ts'
import { describeOnSamba } from '../samba/required.ts'

const size = 3000

describeOnSamba('a source of members in a real domain', () => {
  let company: Company

  beforeAll(async () => {
    company = await foundCompany(await startDomainController())
    const at = `CN=Users,${company.dc.domainDn}`
    const contacts = Array.from({ length: size }, (_, index) => `CN=p ${index},${at}`)
    const group = (dn: string, account: string, members: readonly string[]): string =>
      `dn: ${dn}\nchangetype: add\nobjectClass: group\nsAMAccountName: ${account}\n${members.map(member => `member: ${member}\n`).join('')}`
    const [auditors, inner] = [`CN=Auditors\\, all,${at}`, `CN=Inner,${at}`]
    await company.dc.write(
      [
        ...contacts.map(
          (dn, index) => `dn: ${dn}\nchangetype: add\nobjectClass: contact\nmail: P${index}@fabrikam.com\n`,
        ),
        `dn: CN=uma,${at}\nchangetype: add\nobjectClass: user\nsAMAccountName: uma\nmail: uma@fabrikam.com\n`,
        `dn: CN=pc,${at}\nchangetype: add\nobjectClass: computer\nsAMAccountName: PC$\nuserAccountControl: 4096\n`,
        group(inner, 'Inner', contacts),
        group(auditors, 'Auditors', [inner, `CN=uma,${at}`, `CN=pc,${at}`]),
        `dn: ${inner}\nchangetype: modify\nadd: member\nmember: ${auditors}\n`,
      ].join('\n'),
    )
  }, 300_000)

  afterAll(async () => {
    await company?.close()
    await company?.dc.stop()
  })

  test('comes whole', async () => {
    const partner = {
      apiVersion: 'guestlist/v1',
      kind: 'Partner',
      name: 'fabrikam',
      displayName: 'Fabrikam',
      accounts: 'entra-b2b',
      domains: ['fabrikam.com'],
      groups: { auditors: { membersFrom: { adGroup: `cn=auditors\\2C ALL,CN=Users,${company.dc.domainDn}` } } },
    }
    const { policy, problems } = await load({
      'organization.yaml': organization,
      'fabrikam.yaml': JSON.stringify(partner),
    })
    if (policy === undefined) throw new Error(problems.map(problem => problem.message).join('\n'))
    const entra = { list: async () => [], listEach: async () => [] } as unknown as GraphReader
    const gathered = await gatherMembers(policy, { entra, activeDirectory: company.directory })
    const people = [...gathered.policy.people.keys()]
    expect(people.length).toBe(size + 1)
    expect(people).toEqual(expect.arrayContaining(['uma@fabrikam.com', 'p0@fabrikam.com', `p${size - 1}@fabrikam.com`]))
    expect(gathered.findings.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      expect.stringMatching(/^source-strangers: .*: pc \(a device\)$/),
    ])
  })
})
