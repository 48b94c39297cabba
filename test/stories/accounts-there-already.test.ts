// Accounts that stand in the unit of shadow accounts before guestlist ever ran: Microsoft's sample script's and MIM's are
// adopted and made safe; Entra Cloud Sync's and protected ones are left alone, and the plan says so.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command } from '../cli/fake-host.ts'
import { accessTo, contoso, fabrikamWith } from '../policy/documents.ts'
import { emptyFolder } from './guestlist.ts'

const lee = '0b1f1a7e-1111-4111-8111-111111111111'
const upn = 'lee_fabrikam.com#EXT#@contoso.onmicrosoft.com'
const domain = 'DC=corp,DC=contoso,DC=com'

const policy = `${contoso}activeDirectory:
  domain: corp.contoso.com
  servers: ["ldaps://dc1.corp.contoso.com"]
  organizationalUnits: {shadowAccounts: "OU=Shadow,${domain}", archive: "OU=Archive,${domain}", groups: "OU=Groups,${domain}"}
applicationProxy: {connectorGroups: [{name: Headquarters, connectors: [CONNECTOR01]}]}
---
${fabrikamWith()}---
apiVersion: guestlist/v1
kind: App
name: payroll
displayName: Payroll
hosting: on-premises
proxy: {internalUrl: "http://payroll.corp.contoso.com/", externalUrl: "https://payroll.msappproxy.net/", connectorGroup: Headquarters}
signOn: {kerberos: {servicePrincipalName: HTTP/payroll.corp.contoso.com, delegation: constrained}}
---
${accessTo('payroll')}`

const graph = {
  tenant: { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' },
  users: [{ id: lee, userPrincipalName: upn, mail: 'lee@fabrikam.com', userType: 'Guest', displayName: 'Lee' }],
}

const skeleton = [
  'version: 1',
  ...['Shadow', 'Archive', 'Groups'].map(
    unit => `\ndn: OU=${unit},${domain}\nobjectClass: organizationalUnit\nou: ${unit}`,
  ),
  `\ndn: CN=CONNECTOR01,CN=Computers,${domain}\nobjectClass: computer\nsAMAccountName: CONNECTOR01$\nuserAccountControl: 4096`,
]

interface Plan {
  readonly changes: readonly { id: string; action: string; risk: string; before: object | null; after: object | null }[]
  readonly waiting: readonly { id: string }[]
  readonly findings: readonly { code: string; severity: string; message: string }[]
}

function companyWith(
  account: Readonly<Record<string, string>>,
): (...args: readonly string[]) => Promise<{ code: number; stdout: string }> {
  const cwd = emptyFolder()
  mkdirSync(join(cwd, 'policies'))
  mkdirSync(join(cwd, 'seed'))
  writeFileSync(join(cwd, 'policies/all.yaml'), policy)
  writeFileSync(join(cwd, 'seed/graph.json'), JSON.stringify(graph))
  const lines = Object.entries(account).map(([name, value]) => `${name}: ${value}`)
  const entry = [`\ndn: CN=script,OU=Shadow,${domain}`, 'objectClass: user', `userPrincipalName: ${upn}`, ...lines]
  writeFileSync(join(cwd, 'seed/directory.ldif'), `${[...skeleton, ...entry].join('\n')}\n`)
  return (...args) => command([...args, '--sandbox', '--seed', 'seed'], { cwd })
}

async function accountOf(run: ReturnType<typeof companyWith>): Promise<Readonly<Record<string, readonly string[]>>> {
  const { stdout } = await run('sandbox', 'dump', '--format', 'json')
  const { directory } = JSON.parse(stdout) as { directory: { dn: string; attributes: Record<string, string[]> }[] }
  return directory.find(({ attributes }) => attributes.userPrincipalName?.[0] === upn)?.attributes ?? {}
}

const id = 'active-directory/shadow-account/lee@fabrikam.com'

test.each([
  ['as the sample script makes it', { sAMAccountName: 'lee_fabrikam', userAccountControl: '328192' }],
  [
    'with a password that it need not have, and that somebody may know',
    { sAMAccountName: 'lee', userAccountControl: '544' },
  ],
  ['disabled and without a password', { sAMAccountName: 'lee', userAccountControl: '546' }],
])('an account %s is adopted and locked', async (_, account) => {
  const run = companyWith(account)
  const plan = JSON.parse((await run('plan', '--format', 'json')).stdout) as Plan
  expect(plan.changes.find(change => change.id === id)?.action).toBe('adopt')
  expect((await run('apply')).code).toBe(0)
  const after = await accountOf(run)
  expect(after['msDS-ExternalDirectoryObjectId']).toEqual([`User_${lee}`])
  expect(after.adminDescription).toEqual(['User_guestlist'])
  expect(after.userAccountControl).toEqual(['328192'])
  expect((await run('plan', '--detailed-exitcode')).code).toBe(0)
})

test.each([
  [
    'linked by Entra Cloud Sync, which links by the same attribute',
    { 'msDS-ExternalDirectoryObjectId': `User_${lee}` },
    'owned-elsewhere',
  ],
  ['whose source of authority is the cloud', { 'msDS-ObjectSoa': 'Cloud' }, 'owned-elsewhere'],
  ['that is privileged', { adminCount: '1' }, 'protected-object'],
])('an account %s is left alone, with a finding', async (_, more, code) => {
  const run = companyWith({ sAMAccountName: 'lee', userAccountControl: '512', ...more })
  const plan = JSON.parse((await run('plan', '--format', 'json')).stdout) as Plan
  expect(plan.findings.filter(finding => finding.code === code)).toEqual([
    expect.objectContaining({ severity: 'error', message: expect.stringContaining('CN=script,OU=Shadow') }),
  ])
  expect(plan.changes.map(change => change.id)).not.toContain(id)
  expect(plan.waiting.map(waiting => waiting.id)).toContain(id)
  const before = await accountOf(run)
  await run('apply')
  expect(await accountOf(run)).toEqual(before)
})

test('a group of ours that somebody put into a privileged one gets nobody any more', async () => {
  const cwd = emptyFolder()
  mkdirSync(join(cwd, 'policies'))
  mkdirSync(join(cwd, 'seed'))
  writeFileSync(
    join(cwd, 'policies/all.yaml'),
    policy.replace(
      'delegation: constrained}}',
      `delegation: constrained}}\nroles: {user: {adGroup: "CN=Middle,CN=Users,${domain}"}}`,
    ),
  )
  writeFileSync(join(cwd, 'seed/graph.json'), JSON.stringify(graph))
  const group = (name: string, member?: string): string =>
    `\ndn: CN=${name},CN=Users,${domain}\nobjectClass: group\nsAMAccountName: ${name}${member === undefined ? '' : `\nmember: CN=${member},CN=Users,${domain}`}`
  const groups = [group('Middle'), group('Outer', 'Middle'), `${group('Top', 'Outer')}\nadminCount: 1`]
  writeFileSync(join(cwd, 'seed/directory.ldif'), `${[...skeleton, ...groups].join('\n')}\n`)
  const run = (...args: readonly string[]) => command([...args, '--sandbox', '--seed', 'seed'], { cwd })
  const plan = JSON.parse((await run('plan', '--format', 'json')).stdout) as Plan
  expect(plan.findings).toContainEqual(expect.objectContaining({ code: 'protected-object', severity: 'error' }))
  expect(plan.changes.filter(change => change.id.includes('group-member/payroll'))).toEqual([])
  expect(plan.waiting.map(waiting => waiting.id)).toContain(
    'active-directory/group-member/payroll/user/lee@fabrikam.com',
  )
})

test('a group of ours whose account name somebody else has gets another, and is known by its mark', async () => {
  const cwd = emptyFolder()
  mkdirSync(join(cwd, 'policies'))
  mkdirSync(join(cwd, 'seed'))
  writeFileSync(join(cwd, 'policies/all.yaml'), policy)
  writeFileSync(join(cwd, 'seed/graph.json'), JSON.stringify(graph))
  const stranger = `\ndn: CN=Stranger,CN=Users,${domain}\nobjectClass: group\nsAMAccountName: guestlist-payroll.user`
  writeFileSync(join(cwd, 'seed/directory.ldif'), `${[...skeleton, stranger].join('\n')}\n`)
  const run = (...args: readonly string[]) => command([...args, '--sandbox', '--seed', 'seed'], { cwd })
  expect((await run('apply')).code).toBe(0)
  expect((await run('plan', '--detailed-exitcode')).code).toBe(0)
  const { stdout } = await run('sandbox', 'dump', '--format', 'json')
  const { directory } = JSON.parse(stdout) as { directory: { dn: string; attributes: Record<string, string[]> }[] }
  const ours = directory.find(({ attributes }) => attributes.adminDescription?.[0] === 'Group_guestlist.payroll.user')
  expect(ours?.attributes.sAMAccountName).toEqual(['guestlist-payroll.user-2'])
  expect(ours?.attributes.member).toHaveLength(1)
})
