// `guestlist doctor` before a real domain controller: what is wrong is told apart, by its text and the exit code, and
// nothing is written.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writtenAttributes } from '../../src/resources/active-directory/rights.ts'
import { command, type Heard } from '../cli/fake-host.ts'
import { authority } from '../connect/ldap/fake-ldap.ts'
import { folderOf } from '../policy/folder.ts'
import { access, app, approvers, domainLdif, organization, partner, places, services, units } from '../samba/company.ts'
import { type DomainController, startDomainController } from '../samba/domain-controller.ts'
import { describeOnSamba } from '../samba/required.ts'
import { createServiceAccount, type Right, rightsOf, type ServiceAccount } from '../samba/service-account.ts'

interface Site {
  readonly dc: DomainController
  readonly account: ServiceAccount
}

async function openSite(rights: readonly Right[]): Promise<Site> {
  const dc = await startDomainController()
  await dc.write(domainLdif)
  // Rights on what lies in a unit show at an example.
  await dc.write(
    [
      ...[units.shadowAccounts, units.archive].map((unit, index) => [
        `dn: CN=sample${index},${unit}`,
        'changetype: add\nobjectClass: user',
        `sAMAccountName: sample${index}\n`,
      ]),
      [`dn: CN=roles,${units.groups}`, 'changetype: add\nobjectClass: group', 'sAMAccountName: roles\n'],
    ]
      .map(lines => lines.join('\n'))
      .join('\n'),
  )
  // An empty list of rights is none that samba-tool can grant.
  const granted = rights.some(({ on }) => on.includes('roleGroup')) ? places : { ...places, roleGroup: [] }
  return { dc, account: await createServiceAccount(dc, granted, rights) }
}

interface Wrong {
  readonly servers?: readonly string[]
  readonly ca?: string
  readonly password?: string
  readonly archive?: string
  readonly now?: number
  readonly only?: readonly string[]
  readonly trace?: string
  readonly connectors?: readonly string[]
  readonly anchorAttribute?: string
  /** Further ones. */
  readonly documents?: readonly object[]
  readonly partnerAccounts?: string
}

const stockService = services.stock.servicePrincipalName

async function doctor({ dc, account }: Site, wrong: Wrong = {}): Promise<Heard> {
  const { activeDirectory } = organization
  const document = {
    ...organization,
    activeDirectory: {
      ...activeDirectory,
      servers: wrong.servers ?? [dc.url],
      caFile: 'certs/ca.pem',
      organizationalUnits: {
        ...units,
        ...(wrong.archive === undefined ? {} : { archive: wrong.archive }),
        ...(wrong.partnerAccounts === undefined ? {} : { partnerAccounts: wrong.partnerAccounts }),
      },
      ...(wrong.anchorAttribute === undefined ? {} : { anchorAttribute: wrong.anchorAttribute }),
    },
    applicationProxy: { connectorGroups: [{ name: 'Headquarters', connectors: wrong.connectors ?? ['CONNECTOR01'] }] },
  }
  const documents = [
    document,
    partner({ engineers: ['lee@fabrikam.com'] }),
    app('payroll', { user: {}, approver: { adGroup: approvers } }),
    access('engineers', 'payroll'),
    ...(wrong.documents ?? []),
  ]
  const cwd = folderOf({
    'policies/all.yaml': documents.map(each => JSON.stringify(each)).join('\n---\n'),
    'policies/certs/ca.pem': wrong.ca ?? dc.ca,
  })
  const env = {
    GUESTLIST_LDAP_BIND_DN: account.userPrincipalName,
    GUESTLIST_LDAP_PASSWORD: wrong.password ?? account.password,
  }
  const more = wrong.trace === undefined ? [] : ['--trace', wrong.trace]
  const now = wrong.now ?? Date.now()
  return command(['doctor', '--only', 'active-directory', ...more], { cwd, env, now: () => now })
}

const marks = (heard: Heard, mark: string): readonly string[] =>
  heard.stdout.split('\n').filter(line => line.startsWith(`  ${mark} `))

test('the rights that are looked for are those that the page grants', () => {
  const anchor = 'msDS-ExternalDirectoryObjectId'
  const granted = (place: string): readonly string[] =>
    rightsOf(anchor)
      .filter(right => right.on.some(name => name === place) && right.rights === 'RPWP')
      .flatMap(right => right.attributes ?? [])
      .filter(name => name !== 'name')
      .toSorted()
  const looked = writtenAttributes(anchor, 'extensionAttribute1')
  expect(looked.account.toSorted()).toEqual(granted('shadowAccounts'))
  expect(looked.account.toSorted()).toEqual(granted('archive'))
  expect(looked.group.toSorted()).toEqual(granted('groups'))
  expect(looked.roleGroup.toSorted()).toEqual(granted('roleGroup'))
  expect(looked.connector.toSorted()).toEqual(granted('connector'))
  expect(looked.service.toSorted()).toEqual(granted('service'))
})

describeOnSamba('the doctor', () => {
  let site: Site

  beforeAll(async () => {
    site = await openSite(rightsOf())
  })

  afterAll(async () => {
    await site?.dc.stop()
  })

  test('finds all well, and only reads', async () => {
    const trace = join(folderOf({ '.keep': '' }), 'requests.jsonl')
    const heard = await doctor(site, { trace })
    expect(marks(heard, '✗')).toEqual([])
    expect(marks(heard, '!')).toEqual([])
    expect(heard.code).toBe(0)
    expect(heard.stdout).toContain(`✓ ${site.dc.url}: connected, certificate trusted, signed in`)
    expect(heard.stdout).toContain('✓ clock')
    expect(heard.stdout).toContain('✓ anchor attribute: msDS-ExternalDirectoryObjectId, indexed')
    expect(heard.stdout).toContain(`✓ unit ${units.archive}: may create users`)
    expect(heard.stdout).toContain(`✓ rights on accounts in ${units.shadowAccounts}`)
    expect(heard.stdout).toContain(`✓ rights on ${approvers}`)
    expect(heard.stdout).toContain('✓ rights on connector CONNECTOR01')
    expect(heard.stdout).toMatch(/All is well\. Nothing was changed\.\n$/)
    const operations = readFileSync(trace, 'utf8')
      .trim()
      .split('\n')
      .map(line => (JSON.parse(line) as { operation: string }).operation)
    expect(new Set(operations)).toEqual(new Set(['search']))
  })

  const cases: readonly (readonly [string, (dc: DomainController) => Wrong, RegExp])[] = [
    ['no route', () => ({ servers: ['ldaps://127.0.0.1:1'] }), /✗ .*127\.0\.0\.1:1: nothing answers.*\[refused\]/],
    ['an unknown name', () => ({ servers: ['ldaps://dc1.invalid'] }), /✗ .*dc1\.invalid.*\[name-not-found\]/],
    ['an untrusted CA', () => ({ ca: authority.cert }), /✗ .*not trusted \[untrusted-ca\]\n.*activeDirectory\.caFile/],
    ['no CA', () => ({ ca: 'no certificate' }), /✗ .*no certificate in PEM \[bad-ca\]/],
    ['a wrong password', () => ({ password: 'Wr0ng!password' }), /✗ .*data 52e\) \[wrong-password\]/],
    [
      'a missing OU',
      () => ({ archive: 'OU=Nowhere,DC=corp,DC=contoso,DC=com' }),
      /✗ the organizational unit OU=Nowhere.* is not there \(archive\) \[missing-unit\]/,
    ],
    ['a missing connector', () => ({ connectors: ['CONNECTOR09'] }), /✗ .*CONNECTOR09\$.*\[missing-connector\]/],
    ['a missing attribute', () => ({ anchorAttribute: 'noSuchThing' }), /✗ .*noSuchThing \[no-anchor-attribute\]/],
  ]
  test.for(cases)('tells %s', async ([, wrong, message]) => {
    const heard = await doctor(site, wrong(site.dc))
    expect(heard.stdout).toMatch(message)
    expect(marks(heard, '✗')).toHaveLength(1)
    expect(heard.stdout).not.toContain('Wr0ng!password')
    expect(heard.stdout).toMatch(/\n1 thing fails\. Nothing was changed\.\n$/)
    expect(heard.code).toBe(1)
  })

  test('asks the next server when one is down, and tries a wrong password once', async () => {
    const down = await doctor(site, { servers: ['ldaps://127.0.0.1:1', site.dc.url] })
    expect(marks(down, '✗')).toHaveLength(1)
    expect(down.stdout).toContain(`✓ rights on ${approvers}`)
    expect(down.code).toBe(1)
    const wrong = await doctor(site, { servers: [site.dc.url, site.dc.plainUrl], password: 'Wr0ng!password' })
    expect(marks(wrong, '✗')).toHaveLength(1)
  })

  test('looks at accounts of our own and at services only where the policy needs them', async () => {
    const own = { ...partner({ engineers: ['msullivan@partners.contoso.com'] }), name: 'litware' }
    const documents = [
      { ...own, accounts: 'active-directory', domains: ['partners.contoso.com'] },
      { ...app('stock'), signOn: { kerberos: { servicePrincipalName: stockService, delegation: 'resource-based' } } },
    ]
    const partnerAccounts = 'OU=Ungranted,OU=Partners,DC=corp,DC=contoso,DC=com'
    await site.dc.write(`dn: ${partnerAccounts}\nchangetype: add\nobjectClass: organizationalUnit\n`)
    const sample = `CN=own,${partnerAccounts}`
    await site.dc.write(`dn: ${sample}\nchangetype: add\nobjectClass: user\nsAMAccountName: own\n`)
    const heard = await doctor(site, { documents, partnerAccounts })
    expect(heard.stdout).toContain(
      `✗ the right to write extensionAttribute1, accountExpires of accounts in ${partnerAccounts}`,
    )
    expect(heard.stdout).toMatch(
      /✗ the right to write msDS-AllowedToActOnBehalfOfOtherIdentity.* of the account of the service of stock/,
    )
    expect(heard.code).toBe(1)
  })

  test('warns of a clock that is minutes off, and of an attribute without an index', async () => {
    const off = await doctor(site, { now: Date.now() + 7 * 60_000 })
    expect(marks(off, '!')).toEqual([expect.stringMatching(/clocks? .* are 7 minutes apart \[clock-skew\]/)])
    expect(off.code).toBe(0)
    const slow = await doctor(site, { anchorAttribute: 'employeeNumber' })
    expect(marks(slow, '!')).toEqual([expect.stringContaining('employeeNumber is not indexed')])
  })

  test('warns of an account that may do everything', async () => {
    const { adminDn, adminPassword } = site.dc
    const account = { ...site.account, userPrincipalName: adminDn, password: adminPassword }
    const heard = await doctor({ ...site, account })
    expect(marks(heard, '✗')).toEqual([])
    expect(heard.stdout).toMatch(/! .*may also write servicePrincipalName, .*\[excess-right\]/)
    expect(heard.stdout).toMatch(/! .*may also create .* in OU=Shadow.*\[excess-right\]/)
  })
})

describeOnSamba('the doctor of an account without a right', () => {
  const without = (isIt: (right: Right) => boolean, attribute?: string): readonly Right[] =>
    rightsOf().flatMap(right => {
      if (!isIt(right)) return [right]
      const left = right.attributes?.filter(name => name !== attribute) ?? []
      return attribute === undefined || left.length === 0 ? [] : [{ ...right, attributes: left }]
    })
  const cases: readonly (readonly [string, readonly Right[], RegExp])[] = [
    [
      'creating users',
      without(({ rights, of }) => rights === 'CC' && of === 'user'),
      /✗ the right to create users in OU=Shadow.* is missing \[missing-right\]\n.*docs\/active-directory\.md/,
    ],
    [
      'disabling accounts',
      without(({ of, rights }) => of === 'user' && rights === 'RPWP', 'userAccountControl'),
      /✗ the right to write userAccountControl of accounts in OU=Shadow.* is missing/,
    ],
    [
      'members of a named group',
      without(({ on }) => on.includes('roleGroup'), 'member'),
      /✗ the right to write member of CN=Payroll Approvers.* is missing/,
    ],
    [
      'delegation',
      without(({ on, rights }) => on.includes('connector') && rights === 'RPWP', 'msDS-AllowedToDelegateTo'),
      /✗ the right to write msDS-AllowedToDelegateTo of connector CONNECTOR01 is missing/,
    ],
  ]
  test.for(cases)('%s', async ([, rights, message]) => {
    const site = await openSite(rights)
    try {
      const heard = await doctor(site)
      expect(heard.stdout).toMatch(message)
      expect(heard.code).toBe(1)
    } finally {
      await site.dc.stop()
    }
  })
})
