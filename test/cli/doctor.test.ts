// `guestlist doctor` where there is no domain controller: in the sandbox, and without credentials.

import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { connectGraph } from '../../src/connect/graph/client.ts'
import { noteSkew } from '../../src/connect/graph/skew.ts'
import { identities } from '../../src/model/permissions.ts'
import type { Organization } from '../../src/model/policy.generated.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { examineTenant } from '../../src/resources/entra/health.ts'
import { now, serve } from '../sandbox/graph/served.ts'
import { tokenOf } from '../sandbox/graph/token.ts'
import { emptyFolder, repository } from '../stories/guestlist.ts'
import { command, type Heard } from './fake-host.ts'

function contoso(edit: (organization: string) => string = text => text): string {
  const cwd = emptyFolder()
  cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
  const file = join(cwd, 'policies/organization.yaml')
  writeFileSync(file, edit(readFileSync(file, 'utf8')))
  return cwd
}

function edit(cwd: string, name: string, change: (text: string) => string, same?: 'may stay'): void {
  const file = join(cwd, 'policies', name)
  const before = readFileSync(file, 'utf8')
  if (same === undefined) expect(change(before)).not.toBe(before)
  writeFileSync(file, change(before))
}

test('the sandbox is well, as far as can be told there', async () => {
  const { code, stdout } = await command(['doctor', '--sandbox'], { cwd: contoso() })
  expect(stdout).toContain('✓ unit OU=Shadow,OU=Partners,DC=corp,DC=contoso,DC=com')
  expect(stdout).toContain('✓ group CN=Woodgrove Branch Auditors')
  expect(stdout).toContain('✓ tenant 7918d4b5-0442-4a97-be2d-36f9f9962ece, initial domain contoso.onmicrosoft.com')
  expect(stdout).toContain('✓ sponsors and owners: all in the tenant')
  expect(stdout).toContain('✓ apps that the policy names by id: all there')
  expect(stdout).toContain('✓ break-glass group 5e4c9d1a-7c1b-4a0e-9f6e-2b6f0c3d8a41: there')
  expect(stdout).toMatch(/· permissions cannot be told/)
  expect(stdout).toMatch(/· terms of use cannot be read by applications/)
  expect(stdout).toContain('cannot be told in the sandbox')
  expect(stdout).toMatch(/\nAll is well\. Nothing was changed\.\n$/)
  expect(code).toBe(0)
})

test('the sandbox tells a missing unit and a missing connector', async () => {
  const cwd = contoso(text =>
    text.replace('archive: OU=Archive', 'archive: OU=Attic').replace('[CONNECTOR03]', '[CONNECTOR30]'),
  )
  const { code, stdout } = await command(['doctor', '--sandbox'], { cwd })
  expect(stdout).toMatch(/✗ .*OU=Attic.*\(archive\) \[missing-unit\]\n {6}create it/)
  expect(stdout).toMatch(/\n1 thing fails\. |\n2 things fail\. /)
  expect(code).toBe(1)
})

test('without credentials both directories say which variables are missing', async () => {
  const { code, stdout } = await command(['doctor'], { cwd: contoso() })
  expect(stdout).toMatch(/✗ .*AZURE_CLIENT_ID is not set \[no-credentials\]/)
  expect(stdout).toMatch(/✗ .*GUESTLIST_LDAP_BIND_DN is not set \[no-credentials\]/)
  expect(stdout).not.toContain('not supported yet')
  expect(code).toBe(1)
})

test('credentials that nobody takes are one line, without a stack trace', async () => {
  const env = { AZURE_CLIENT_ID: 'app', AZURE_FEDERATED_TOKEN_FILE: '/nonexistent/token' }
  const { code, stdout, stderr } = await command(['doctor', '--only', 'entra'], { cwd: contoso(), env })
  expect(stdout).toMatch(/✗ cannot sign in to Microsoft Entra: .*\/nonexistent\/token.* \[sign-in-failed\]/)
  expect(stdout + stderr).not.toMatch(/\n +at /)
  expect(code).toBe(1)
})

test('policies with mistakes are told before anything is looked at', async () => {
  const cwd = contoso(text => text.replace('tenantId:', 'tenant:'))
  const { code, stdout, stderr } = await command(['doctor'], { cwd })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain('organization.yaml')
})

test('--only looks at one directory', async () => {
  const cwd = contoso()
  const entra = await command(['doctor', '--sandbox', '--only', 'entra'], { cwd })
  expect(entra.stdout).toContain('Entra ID')
  expect(entra.stdout).not.toContain('Active Directory')
  const domain = await command(['doctor', '--sandbox', '--only', 'active-directory'], { cwd })
  expect(domain.stdout).not.toContain('Entra ID')
  expect(domain.stdout).toContain('✓ unit')
})

describe('permissions', () => {
  const doctor = (roles: readonly string[], cwd = contoso()): Promise<Heard> =>
    command(['doctor', '--sandbox', '--only', 'entra'], { cwd, graphToken: tokenOf(roles, { oid: 'somebody' }) })
  const { plan, apply } = identities
  const preAssigned = identities['apply, pre-assigned']
  const without = (list: readonly string[], permission: string): readonly string[] =>
    list.filter(each => each !== permission)

  test('of the list to plan are enough to plan, and it is said that they are not to apply', async () => {
    const { code, stdout } = await doctor(plan)
    expect(stdout).toContain('✓ permissions to plan: all there')
    expect(stdout).toMatch(/· may plan, but not apply: .*User\.Invite\.All.* are missing/)
    expect(stdout).not.toMatch(/✗|!/)
    expect(code).toBe(0)
  })

  test('of the list to apply are all there, and the token is shown nowhere', async () => {
    const { stdout, stderr } = await doctor(apply)
    for (const part of tokenOf(apply, { oid: 'somebody' }).split('.')) expect(stdout + stderr).not.toContain(part)
    expect(stdout).toContain('✓ permissions to plan: all there')
    expect(stdout).toContain('✓ permissions to apply: all there')
    expect(stdout).not.toMatch(/permission.*\[/)
  })

  test.for(apply.map(permission => [permission]))(
    'without %s: it is named, with what is lost',
    async ([missing = '']) => {
      const { code, stdout } = await doctor(without(apply, missing))
      expect(stdout).toMatch(
        new RegExp(`✗ [^\\n]*${missing.replace('Write', '').replaceAll('.', '\\.')}`.replace('Read', 'Read(Write)?')),
      )
      expect(stdout).toMatch(/✗ \S+ is missing to (plan|apply)[^\n]*\[missing-permission\]\n {6}grant it/)
      expect(code).toBe(1)
    },
  )

  test('that are too many are named, those of tier 0 first of all', async () => {
    const more = [
      'Application.ReadWrite.All',
      'RoleManagement.ReadWrite.Directory',
      'Directory.ReadWrite.All',
      'Mail.Read',
    ]
    const { stdout } = await doctor([...apply, ...more])
    for (const role of more.slice(0, 3)) expect(stdout).toMatch(new RegExp(`! ${role} is more than needed.*\\[excess`))
    expect(stdout).toMatch(/! permissions that guestlist never uses: Mail\.Read \[unused-permission\]/)
    expect(stdout).not.toContain('missing-permission')
  })

  test('with pre-assigned, the right to assign is one too many, unless direct assignments are to go', async () => {
    const cwd = contoso(text => text.replace('assignments: managed', 'assignments: pre-assigned'))
    const { stdout } = await doctor(preAssigned, cwd)
    expect(stdout).toMatch(
      /! with `assignments: pre-assigned`, guests who are assigned directly .*\[direct-assignments\]/,
    )
    expect(stdout).not.toContain('missing-permission')
    expect((await doctor(apply, cwd)).stdout).toMatch(/! AppRoleAssignment\.ReadWrite\.All is more than needed/)
    edit(cwd, 'apps/payroll.yaml', text => text.replace('unmanagedGuests: remove', 'unmanagedGuests: report'))
    expect((await doctor(preAssigned, cwd)).stdout).not.toMatch(/(permission|assign).*\[/)
    expect((await doctor(apply, cwd)).stdout).toMatch(
      /! AppRoleAssignment\.ReadWrite\.All is more than needed.*which pre-assigned is there to avoid/,
    )
  })

  test('that these policies have no use for are not asked for, and too many if they are there', async () => {
    const cwd = contoso(text => text.replace(/ {2}guests:\n( {4}.*\n)+/, ''))
    rmSync(join(cwd, 'policies/rules'), { recursive: true })
    for (const file of readdirSync(join(cwd, 'policies/apps')))
      edit(cwd, `apps/${file}`, text => text.replace(/^(requires|unmanagedGuests): .*\n/gm, ''), 'may stay')
    const unused = ['Policy.ReadWrite.Authorization', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All']
    const least = apply.filter(permission => !unused.includes(permission))
    expect((await doctor(least, cwd)).stdout).not.toMatch(/permission.*\[/)
    const { stdout } = await doctor(apply, cwd)
    expect(stdout).toMatch(/! Policy\.ReadWrite\.Authorization is more than needed/)
    expect(stdout).toMatch(/! Policy\.ReadWrite\.ConditionalAccess is more than needed/)
  })

  test('reach apps that are there already only where guestlist owns them', async () => {
    const { stdout, code } = await doctor(apply)
    expect(stdout).toMatch(/✗ guestlist does not own expenses \(its service principal\).*\[not-owner\]/)
    expect(code).toBe(1)
    const powerful = await doctor([...apply, 'Application.ReadWrite.All'])
    expect(powerful.stdout).not.toContain('not-owner')
  })

  test('that are missing hide what they would show, and the rest is told', async () => {
    const { stdout } = await doctor(without(plan, 'Policy.Read.All'))
    expect(stdout).toMatch(/✗ Policy\.Read\.All is missing to plan/)
    expect(stdout).toMatch(/· Microsoft Graph answered 403/)
    expect(stdout).toContain('✓ break-glass group')
  })
})

describe('the tenant', () => {
  const doctor = async (edit: (text: string) => string, cwd = contoso(edit)): Promise<string> =>
    (await command(['doctor', '--sandbox', '--only', 'entra'], { cwd })).stdout

  test('is another one, or has another initial domain', async () => {
    expect(
      await doctor(text => text.replace(/tenantId: \S+/, 'tenantId: 00000000-0000-0000-0000-000000000001')),
    ).toMatch(/✗ .* for the tenant 7918d4b5-.*, the policy for 00000000-.*\[other-tenant\]/)
    expect(
      await doctor(text =>
        text.replace('initialDomain: contoso.onmicrosoft.com', 'initialDomain: contosoltd.onmicrosoft.com'),
      ),
    ).toMatch(/✗ .*initial domain is contoso\.onmicrosoft\.com.*\[other-domain\]/)
  })

  test('has no such break-glass group, app, sponsor or connector group', async () => {
    const cwd = contoso(text =>
      text
        .replace('5e4c9d1a-7c1b-4a0e-9f6e-2b6f0c3d8a41', '5e4c9d1a-7c1b-4a0e-9f6e-2b6f0c3d8a42')
        .replace('3e6f4c35-a04b-4d03-b98a-66fff89b72e6', '3e6f4c35-a04b-4d03-b98a-66fff89b72e7'),
    )
    edit(cwd, 'partners/fabrikam.yaml', text => text.replace('omar@contoso.com', 'nobody@contoso.com'))
    edit(cwd, 'apps/project-hub.yaml', text =>
      text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, '00000000-0000-0000-0000-000000000009'),
    )
    const stdout = await doctor(text => text, cwd)
    expect(stdout).toMatch(/✗ .*5e4c9d1a-7c1b-4a0e-9f6e-2b6f0c3d8a42.*\[missing-break-glass\]/)
    expect(stdout).toMatch(/! nobody@contoso\.com, a sponsor of fabrikam.*\[unknown-person\]/)
    expect(stdout).toMatch(/✗ .*project-hub \[missing-app\]/)
    expect(stdout).toMatch(
      /✗ the tenant has no connector group 3e6f4c35-.*e7 \(Headquarters\) \[missing-connector-group\]/,
    )
  })

  test('takes no invitations, or shows no connectors to applications', async () => {
    const seed = emptyFolder()
    cpSync(join(repository, 'src/sandbox/contoso'), seed, { recursive: true })
    const file = join(seed, 'graph.json')
    const graph = JSON.parse(readFileSync(file, 'utf8'))
    graph.tenant.connectorGroupAssignment = 'delegated-only'
    graph.authorizationPolicy.allowInvitesFrom = 'none'
    writeFileSync(file, JSON.stringify(graph))
    const cwd = contoso()
    const seeded = async (): Promise<string> =>
      (await command(['doctor', '--sandbox', '--seed', seed, '--only', 'entra'], { cwd })).stdout
    expect(await seeded()).toMatch(/! the tenant takes no invitations yet \[invitations\]/)
    expect(await seeded()).toMatch(
      /· connector groups and connectors cannot be read by applications.*\n {6}a person looks/,
    )
    edit(cwd, 'organization.yaml', text => text.replace(/ {4}invitedBy: .*\n/, ''))
    expect(await seeded()).toMatch(/✗ the tenant takes no invitations, from nobody \[invitations\]/)
  })
})

describe('examined over the wire', () => {
  /** The results' codes by status, of a tenant whose clock is ahead. */
  async function examine(ahead: number): Promise<ReadonlyMap<string, string>> {
    const served = await serve(
      {},
      { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' },
    )
    const skew = noteSkew(() => now - ahead)
    const clock = { now: () => now, sleep: async () => {}, random: () => 0.5 }
    const graph = connectGraph({ root: served.url, getToken: async () => 'any', clock, fetch: skew.fetch })
    const organization = {
      ...{ apiVersion: 'guestlist/v1', kind: 'Organization', name: 'contoso', displayName: 'Contoso' },
      entra: { tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece', initialDomain: 'contoso.onmicrosoft.com' },
    }
    const policy: ResolvedPolicy = {
      ...{
        at: now,
        organization: { spec: organization as Organization, origin: { file: 'o.yaml', line: 1, column: 1 } },
      },
      ...{ partners: new Map(), people: new Map(), apps: new Map(), grants: [], rules: new Map() },
    }
    const results = await examineTenant({ entra: graph.reader(), policy, identity: undefined, ahead: skew.ahead })
    return new Map(results.map(({ code, status, message }) => [code, `${status}: ${message}`]))
  }

  test('the clock is compared with the service, and minutes are told', async () => {
    expect((await examine(1000)).get('clock')).toMatch(/^well/)
    expect((await examine(-12 * 60_000)).get('clock-skew')).toMatch(/^warning: .* 12 minutes apart/)
  })
})
