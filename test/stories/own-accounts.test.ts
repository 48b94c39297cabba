// Partners whose accounts our own Active Directory keeps, on the example: found, stamped, ended, let in and out of apps'
// groups; never made or deleted, and nothing else of theirs touched. In the cloud they are guests as soon as Entra Connect
// has brought them there as such.

import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { createDirectory } from '../../src/sandbox/directory/directory.ts'
import { openStore } from '../../src/sandbox/store.ts'
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

describe('accounts of our own in the cloud', () => {
  const home = emptyFolder()
  const file = (name: string): string => join(home, 'policies', name)
  const own = (...args: readonly string[]): Promise<Heard> => command(args, { cwd: home })
  const technicians = ['akhan', 'jbecker', 'msullivan', 'pcosta', 'rnovotny'].map(at)
  const dispatchers = ['dchukwu', 'lferrari', 'skimura'].map(at)

  function at(name: string): string {
    return `${name}@partners.contoso.com`
  }

  async function planned(...args: readonly string[]): Promise<Plan> {
    const { code, stdout, stderr } = await own('plan', '--sandbox', '--format', 'json', ...args)
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout) as Plan
  }

  /** `expenses akhan@…`, of Litware's people. */
  function effects(plan: Plan, effect: 'gain' | 'lose'): readonly string[] {
    const ours = plan.effects.filter(each => each.effect === effect && each.person.endsWith('@partners.contoso.com'))
    return ours.map(({ app, person }) => `${app} ${person}`).sort()
  }

  const ways = (apps: readonly string[], people: readonly string[]): readonly string[] =>
    apps.flatMap(name => people.map(person => `${name} ${person}`)).sort()
  const everything = [
    ...ways(['expenses', 'maintenance', 'shift-book', 'tickets'], technicians),
    ...ways(['shift-book', 'warehouse'], dispatchers),
  ].sort()

  beforeAll(async () => {
    cpSync(join(repository, 'policies'), join(home, 'policies'), { recursive: true })
    // A cloud app, and one by SAML; the example has Litware reach Kerberos apps only.
    const more = ['expenses', 'tickets'].map(
      name => `apiVersion: guestlist/v1
kind: Access
name: litware-${name}
partner: litware
groups: [technicians]
app: ${name}
until: 2027-09-30
reason: Plant services 2027, PS-55
`,
    )
    writeFileSync(file('access/litware-more.yaml'), more.join('---\n'))
    expect((await own('sandbox', 'reset')).code).toBe(0)
    const applied = await own('apply', '--sandbox')
    expect(applied.code, applied.stderr).toBe(0)
  })

  test('are awaited, with since when and what to check; nobody who is missing there counts as let in', async () => {
    const plan = await planned()
    expect(plan.changes).toEqual([])
    const wait = plan.waiting.find(({ id }) => id === `entra/synced-user/${at('pcosta')}`)
    expect(wait?.for).toBe('entra-connect')
    expect(wait?.message).toMatch(/^stamped since 2026-12-01, .*guestlist connect-rule/)
    expect(plan.findings.map(({ code, message }) => `${code} ${message}`)).toContainEqual(
      expect.stringMatching(/^synced-as-member .*akhan@/),
    )
    const { stdout } = await own('plan', '--sandbox')
    expect(stdout).toMatch(/~ 5 cloud users +stamped since 2026-12-01, .*\n.*dchukwu@partners\.contoso\.com/)
  })

  test('that arrive as members get in nowhere', async () => {
    const { stdout } = await own('sandbox', 'sync', '--without-rule')
    expect(stdout).toContain(`+ ${at('pcosta')} comes to the cloud as a member\n`)
    const plan = await planned()
    expect(plan.changes).toEqual([])
    expect(plan.findings.filter(({ code }) => code === 'synced-as-member')).toHaveLength(6)
  })

  test('as guests they reach cloud, SAML and Kerberos apps, and then there is nothing left to do', async () => {
    const synced = await own('sandbox', 'sync')
    expect(synced.stdout).toContain(`~ ${at('akhan')} is brought up to date as a guest\n`)
    const plan = await planned()
    expect(effects(plan, 'gain')).toEqual(everything.filter(way => !/jbecker|msullivan/.test(way)))
    expect(new Set(plan.changes.map(({ kind }) => kind))).toEqual(new Set(['group-member']))
    const applied = await own('apply', '--sandbox')
    expect(applied.code, applied.stderr).toBe(0)
    const after = await planned()
    expect({ changes: after.changes, waiting: after.waiting }).toEqual({ changes: [], waiting: [] })
    expect(after.findings.filter(({ code }) => code === 'synced-as-member')).toEqual([])
  })

  test('lose it all on the day after their last, and when they leave the policy', async () => {
    const end = await planned('--at', '2027-03-01')
    const apps = ['expenses', 'maintenance', 'shift-book', 'tickets']
    expect(effects(end, 'lose')).toEqual([...ways(apps, [at('rnovotny')]), ...ways(['warehouse'], dispatchers)].sort())
    const text = readFileSync(litwareOf(home), 'utf8')
    writeFileSync(litwareOf(home), text.replace(/^.*msullivan.*\n/m, ''))
    const plan = await planned()
    expect(effects(plan, 'lose')).toEqual(ways(apps, [at('msullivan')]))
    expect((await own('apply', '--sandbox')).code).toBe(0)
    const { stdout } = await own('plan', '--sandbox', '--detailed-exitcode')
    expect(stdout).toContain('Nothing to do.')
    writeFileSync(litwareOf(home), text)
    expect(effects(await planned(), 'gain')).toEqual(ways(apps, [at('msullivan')]))
    expect((await own('apply', '--sandbox')).code).toBe(0)
  })

  test('a partner who leaves the policy altogether: what each loses is told', async () => {
    const files = ['partners/litware.yaml', 'access/litware.yaml', 'access/litware-more.yaml'].map(file)
    const texts = files.map(name => readFileSync(name, 'utf8'))
    for (const name of files) rmSync(name)
    try {
      expect(effects(await planned(), 'lose')).toEqual(everything)
    } finally {
      for (const [index, name] of files.entries()) writeFileSync(name, texts[index] ?? '')
    }
  })

  test('a deleted account is deleted in the cloud, and nobody else is', async () => {
    const users = async (): Promise<readonly string[]> => {
      const { stdout } = await own('sandbox', 'dump', '--format', 'json')
      const { graph } = JSON.parse(stdout) as { graph: { users: readonly { userPrincipalName: string }[] } }
      return graph.users.map(user => user.userPrincipalName)
    }
    const before = await users()
    await removeAccount(home, 'Paulo Costa')
    expect((await own('sandbox', 'sync')).stdout).toContain(`- ${at('pcosta')} goes, as the account has gone\n`)
    expect(await users()).toEqual(before.filter(name => name !== at('pcosta')))
    const plan = await planned()
    expect(plan.waiting.map(({ id }) => id)).toContain(`active-directory/partner-account/${at('pcosta')}`)
  })
})

function litwareOf(home: string): string {
  return join(home, 'policies/partners/litware.yaml')
}

/** As somebody who looks after the domain does it, past guestlist. */
async function removeAccount(home: string, name: string): Promise<void> {
  const store = openStore(join(home, '.guestlist/sandbox'), 'directory', {
    writer: { pid: process.pid, isAlive: () => true },
  })
  const directory = createDirectory({
    store,
    domain: 'corp.contoso.com',
    clock: () => Date.parse('2026-12-01T09:00:00Z'),
  })
  await directory.remove(`CN=${name},OU=Accounts,OU=Partners,DC=corp,DC=contoso,DC=com`)
  store.close()
}

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
    const { plan } = await company.plan([fabrikam([{ address: person, until: '2099-03-31' }]), ...rest])
    const wait = plan.waiting.find(({ id }) => id === `entra/synced-user/${person}`)
    expect(wait?.message).toMatch(/^stamped since \d{4}-\d\d-\d\d, less than a day ago; check /)
    await company.apply([fabrikam([]), ...rest])
    const outside = await account()
    expect(outside.memberof).toBeUndefined()
    expect(outside.useraccountcontrol).toEqual(inside.useraccountcontrol)
  })
})
