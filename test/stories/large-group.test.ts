// A group of somebody else's with 5 000 members, from another unit and with a group among them: ours come and go, and
// everybody else stays.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { access, app, approvers, type Company, foundCompany, partner } from '../samba/company.ts'
import { startDomainController } from '../samba/domain-controller.ts'
import { describeOnSamba } from '../samba/required.ts'

const lee = 'lee@fabrikam.com'
const size = 5000

describeOnSamba('a named group of 5 000 members', () => {
  let company: Company

  beforeAll(async () => {
    company = await foundCompany(await startDomainController())
    const root = company.dc.domainDn
    const nested = `CN=Nested,CN=Users,${root}`
    const people = Array.from({ length: size - 1 }, (_, index) => `CN=person ${index},CN=Users,${root}`)
    await company.dc.write(
      [
        ...people.map(dn => `dn: ${dn}\nchangetype: add\nobjectClass: contact\n`),
        `dn: ${nested}\nchangetype: add\nobjectClass: group\nsAMAccountName: Nested\n`,
        `dn: ${approvers}\nchangetype: modify\nadd: member\n${[...people, nested].map(dn => `member: ${dn}`).join('\n')}\n`,
      ].join('\n'),
    )
  }, 300_000)

  afterAll(async () => {
    await company?.close()
    await company?.dc.stop()
  })

  const members = async (): Promise<ReadonlySet<string>> => {
    const [group] = await company.directory.search({
      base: approvers,
      scope: 'base',
      filter: { present: 'objectClass' },
      attributes: ['member'],
    })
    return new Set(group?.attributes.member)
  }

  test('gains one, loses one, and keeps all others', async () => {
    const before = await members()
    expect(before.size).toBe(size)
    const role = { approver: { adGroup: approvers } }
    const rest = [app('payroll', role), access('engineers', 'payroll', 'approver')]
    await company.apply([partner({ engineers: [lee] }), ...rest])
    const during = await members()
    expect(during.size).toBe(size + 1)
    expect([...before].filter(dn => !during.has(dn))).toEqual([])
    await company.apply([partner({ engineers: [] }), ...rest])
    expect(await members()).toEqual(before)
  })
})
