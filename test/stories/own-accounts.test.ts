// Partners whose accounts our own Active Directory keeps, on the example: found, stamped, ended, let in and out of apps'
// groups; never made or deleted, and nothing else of theirs touched.

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { command, type Heard } from '../cli/fake-host.ts'
import { access, app, type Company, foundCompany, units } from '../samba/company.ts'
import { startDomainController } from '../samba/domain-controller.ts'
import { describeOnSamba } from '../samba/required.ts'
import { emptyFolder, repository } from './guestlist.ts'

const folder = emptyFolder()
const litware = join(folder, 'policies/partners/litware.yaml')
const radek = 'rnovotny@partners.contoso.com'
// In the unit, and in no policy.
const stranger = 'edemir@partners.contoso.com'

type Attributes = Readonly<Record<string, readonly string[]>>

const run = (...args: readonly string[]): Promise<Heard> => command([...args, '--sandbox'], { cwd: folder })

async function accounts(): Promise<ReadonlyMap<string, Attributes>> {
  const { stdout } = await run('sandbox', 'dump', '--format', 'json')
  const { directory } = JSON.parse(stdout) as { directory: readonly { dn: string; attributes: Attributes }[] }
  const inUnit = directory.filter(({ dn, attributes }) => dn.includes('OU=Accounts,') && attributes.userPrincipalName)
  return new Map(inUnit.map(({ attributes }) => [attributes.userPrincipalName?.[0] ?? '', attributes]))
}

/** All that guestlist has no business with. */
function others({
  extensionAttribute1,
  accountExpires,
  memberOf,
  whenChanged,
  uSNChanged,
  ...rest
}: Attributes): Attributes {
  void [extensionAttribute1, accountExpires, memberOf, whenChanged, uSNChanged]
  return rest
}

describe('accounts of our own', () => {
  let before: ReadonlyMap<string, Attributes>

  beforeAll(async () => {
    cpSync(join(repository, 'policies'), join(folder, 'policies'), { recursive: true })
    expect((await command(['sandbox', 'reset'], { cwd: folder })).code).toBe(0)
    before = await accounts()
    expect((await run('apply')).code).toBe(0)
  })

  test('are stamped and in the groups of their apps, and otherwise as they were', async () => {
    const after = await accounts()
    expect([...after.keys()]).toEqual([...before.keys()])
    expect(after.size).toBeGreaterThan(0)
    expect(after.get(stranger)).toEqual(before.get(stranger))
    for (const [person, account] of after) {
      if (person === stranger) continue
      expect(account.extensionAttribute1, person).toEqual(['Guest'])
      expect(
        account.memberOf?.some(dn => dn.includes('OU=Groups,OU=Partners')),
        person,
      ).toBe(true)
      expect(others(account), person).toEqual(others(before.get(person) ?? {}))
    }
    expect((await run('plan', '--detailed-exitcode')).code).toBe(0)
  })

  test('end on the day after the last day that the policy gives them', async () => {
    const after = await accounts()
    // 2027-03-01T00:00:00Z in 100 ns since 1601.
    expect(after.get(radek)?.accountExpires).toEqual(['134483328000000000'])
    const endless = [...after].filter(([person]) => person !== radek)
    for (const [person, account] of endless)
      expect(account.accountExpires, person).toEqual(before.get(person)?.accountExpires)
  })

  test('leave the groups when the person leaves the policy, and stay', async () => {
    const text = readFileSync(litware, 'utf8')
    writeFileSync(litware, text.replace(/^.*msullivan.*\n/m, ''))
    const applied = await run('apply')
    expect(applied.stderr).toContain('take the account of msullivan@partners.contoso.com out of AD group')
    const left = (await accounts()).get('msullivan@partners.contoso.com')
    expect(left?.memberOf ?? []).toEqual(before.get('msullivan@partners.contoso.com')?.memberOf ?? [])
    expect(left?.userAccountControl).toEqual(before.get('msullivan@partners.contoso.com')?.userAccountControl)
    writeFileSync(litware, text)
    expect((await run('apply')).code).toBe(0)
  })

  test('that are not there are waited for, and nobody makes them', async () => {
    const text = readFileSync(litware, 'utf8')
    writeFileSync(litware, text.replace(/( +- .*msullivan.*\n)/, '$1      - newcomer@partners.contoso.com\n'))
    const planned = await run('plan', '--format', 'json')
    const plan = JSON.parse(planned.stdout) as { changes: unknown[]; waiting: { id: string; for: string }[] }
    expect(plan.changes).toEqual([])
    expect(plan.waiting).toContainEqual(
      expect.objectContaining({ id: 'active-directory/partner-account/newcomer@partners.contoso.com', for: 'person' }),
    )
    writeFileSync(litware, text)
  })
})

describeOnSamba('accounts of our own on a real domain controller', () => {
  let company: Company
  const person = 'msullivan@partners.contoso.com'

  beforeAll(async () => {
    company = await foundCompany(await startDomainController())
    await company.dc.write(
      [
        `dn: CN=Maeve Sullivan,${units.partnerAccounts}`,
        'changetype: add',
        'objectClass: user',
        'sAMAccountName: msullivan',
        `userPrincipalName: ${person}`,
        'userAccountControl: 66048',
        `unicodePwd:: ${Buffer.from('"P4rtner!pw-1"', 'utf16le').toString('base64')}`,
        '',
      ].join('\n'),
    )
  })

  afterAll(async () => {
    await company?.close()
    await company?.dc.stop()
  })

  const fabrikam = (members: readonly object[]): object => ({
    apiVersion: 'guestlist/v1',
    kind: 'Partner',
    name: 'fabrikam',
    displayName: 'Fabrikam',
    accounts: 'active-directory',
    domains: ['partners.contoso.com'],
    groups: { engineers: { members } },
  })

  const account = async (): Promise<Attributes> =>
    (await company.find('userPrincipalName', person))[0]?.attributes ?? {}

  test('are stamped, ended and let in with the rights of the documentation, and nothing else', async () => {
    const rest = [app('payroll'), access('engineers', 'payroll')]
    await company.apply([fabrikam([{ address: person, until: '2099-03-31' }]), ...rest])
    const inside = await account()
    expect(inside.accountexpires).toEqual(['157231584000000000'])
    expect(inside.memberof).toHaveLength(1)
    await company.apply([fabrikam([]), ...rest])
    const outside = await account()
    expect(outside.memberof).toBeUndefined()
    expect(outside.useraccountcontrol).toEqual(inside.useraccountcontrol)
  })
})
