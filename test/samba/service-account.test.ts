// The service account may do what the documentation says, and nothing else. That its rights are enough, the stories prove:
// they run as this account.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AttributeValue, DirectoryWriter } from '../../src/model/directories.ts'
import { childDn } from '../../src/model/escape.ts'
import { dsaclsCommands, sambaCommands } from './commands.ts'
import { type Company, foundCompany, places, units } from './company.ts'
import { startDomainController } from './domain-controller.ts'
import { describeOnSamba } from './required.ts'
import { rightsOf, schemaGuids } from './service-account.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/active-directory.md'), 'utf8')

test('the page names every attribute that the account may write', () => {
  for (const { attributes = [] } of rightsOf()) for (const name of attributes) expect(page).toContain(`\`${name}\``)
})

test('the page has the commands for Windows', () => {
  expect(page).toContain(dsaclsCommands(rightsOf(), places))
})

describeOnSamba('the service account', () => {
  let company: Company
  let directory: DirectoryWriter

  beforeAll(async () => {
    company = await foundCompany(await startDomainController())
    directory = company.directory
  })

  afterAll(async () => {
    await company?.close()
    await company?.dc.stop()
  })

  const account = (name: string): Record<string, readonly AttributeValue[]> => ({
    objectClass: ['user'],
    sAMAccountName: [name],
    userAccountControl: ['514'],
  })

  /** The server's own word on what this account may write. */
  async function writable(dn: string): Promise<readonly string[]> {
    const [entry] = await directory.search({
      base: dn,
      scope: 'base',
      filter: { present: 'objectClass' },
      attributes: ['allowedAttributesEffective'],
    })
    return (entry?.attributes.allowedattributeseffective ?? []).toSorted()
  }

  const granted = (...on: string[]): readonly string[] =>
    rightsOf()
      .filter(right => on.includes(`${right.on[0]} ${right.of ?? ''}`.trim()))
      .flatMap(right => right.attributes ?? [])
      // Written by moving only, so that the server does not list it.
      .filter(name => name !== 'name')
      .toSorted()

  test('has the rights that the page has for Samba', async () => {
    const rights = rightsOf()
    expect(page).toContain(sambaCommands(rights, places, await schemaGuids(company.dc, rights)))
  })

  test('writes these attributes of shadow accounts, groups and connectors and no others', async () => {
    const dn = childDn('CN', 'g-some', units.shadowAccounts)
    await directory.add(dn, account('g-some'))
    expect(await writable(dn)).toEqual(granted('shadowAccounts user'))
    const group = childDn('CN', 'some', units.groups)
    await directory.add(group, { objectClass: ['group'], sAMAccountName: ['some'] })
    expect(await writable(group)).toEqual(granted('groups group'))
    for (const connector of places.connector) expect(await writable(connector)).toEqual(granted('connector'))
    // Samba takes the descriptor from nobody, whatever the rights; Windows takes it.
    const taken = granted('service').filter(name => name !== 'msDS-AllowedToActOnBehalfOfOtherIdentity')
    for (const service of places.service) expect(await writable(service)).toEqual(taken)
    for (const roleGroup of places.roleGroup) expect(await writable(roleGroup)).toEqual(granted('roleGroup'))
    await directory.remove(dn)
    await directory.remove(group)
  })

  test('is refused everywhere else', async () => {
    const { domainDn } = company.dc
    const refused = expect.objectContaining({ status: 50 })
    const users = `CN=Users,${domainDn}`
    await expect(directory.add(childDn('CN', 'x', users), account('x'))).rejects.toEqual(refused)
    await expect(directory.add(childDn('CN', 'x', units.groups), account('x'))).rejects.toEqual(refused)
    const service = `CN=svc-payroll,${users}`
    const members = [{ operation: 'add', attribute: 'member', values: [service] }] as const
    await expect(directory.modify(`CN=Domain Admins,${users}`, members)).rejects.toEqual(refused)
    await expect(directory.remove(service)).rejects.toEqual(refused)
    const list = [{ operation: 'add', attribute: 'msDS-AllowedToDelegateTo', values: ['HTTP/payroll'] }] as const
    await expect(directory.modify(service, list)).rejects.toEqual(refused)
    await expect(directory.modify(`CN=DC1,OU=Domain Controllers,${domainDn}`, list)).rejects.toEqual(refused)
  })
})
