// The permissions of docs/permissions.md, on the example: with each list the work gets done; without any one permission of
// it something fails that names it.

import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { identities, isMet, type Need, needs, permissions } from '../../src/model/permissions.ts'
import { command, type Heard } from '../cli/fake-host.ts'
import { tokenOf } from '../sandbox/graph/token.ts'
import { editFile } from './edit.ts'
import { emptyFolder, repository } from './guestlist.ts'
import { avoidTable, featureTable, listOf, reachTable } from './permissions-page.ts'
import { asAdmin } from './tenant-admin.ts'

const day = '2026-12-01'
const later = '2027-01-15'
const lee = /\n +- [^\n]*lee@fabrikam\.com[^\n]*/

interface Site {
  readonly cwd: string
  /** The object id of guestlist's service principal. */
  readonly caller: string
}

/** A folder of its own with the policies and the tenant of another. */
function copyOf({ cwd, caller }: Site): Site {
  const copy = emptyFolder()
  cpSync(cwd, copy, { recursive: true })
  return { cwd: copy, caller }
}

function edit({ cwd }: Site, file: string, change: (text: string) => string): void {
  editFile(join(cwd, 'policies', file), change)
}

const run = ({ cwd, caller }: Site, roles: readonly string[], ...args: readonly string[]): Promise<Heard> =>
  command([...args, '--sandbox'], { cwd, graphToken: tokenOf(roles, { oid: caller }) })

interface Listed {
  readonly value: readonly { readonly id: string; readonly displayName: string; readonly appId: string }[]
}

/** The example's tenant, with what a person prepares for guestlist: its own application, and the apps that it owns. */
async function prepared(): Promise<Site> {
  const cwd = emptyFolder()
  cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })
  expect((await command(['sandbox', 'reset'], { cwd })).code).toBe(0)
  const caller = await asAdmin(cwd, async ask => {
    const [principals, applications] = [
      await ask<Listed>('GET', '/v1.0/servicePrincipals?$top=999'),
      await ask<Listed>('GET', '/v1.0/applications?$top=999'),
    ]
    const { appId } = await ask<{ appId: string }>('POST', '/v1.0/applications', { displayName: 'guestlist' })
    const { id } = await ask<{ id: string }>('POST', '/v1.0/servicePrincipals', { appId })
    const owner = { '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${id}` }
    for (const principal of principals.value)
      await ask('POST', `/v1.0/servicePrincipals/${principal.id}/owners/$ref`, owner)
    for (const application of applications.value)
      await ask('POST', `/v1.0/applications/${application.id}/owners/$ref`, owner)
    await ask('PATCH', '/v1.0/policies/authorizationPolicy', { allowInvitesFrom: 'adminsAndGuestInviters' })
    return id
  })
  return { cwd, caller }
}

const { plan, apply } = identities
const preAssigned = identities['apply, pre-assigned']
const without = (list: readonly string[], permission: string): readonly string[] =>
  list.filter(each => each !== permission)

describe('with the permissions', () => {
  let fresh: Site
  let applied: Site
  /** Lee has left the policy, and the tenant. */
  let gone: Site

  beforeAll(async () => {
    fresh = await prepared()
    applied = copyOf(fresh)
    const done = await run(applied, apply, 'apply')
    expect(done.code, done.stderr).toBe(0)
    gone = copyOf(applied)
    leave(gone)
    for (const at of [day, later]) {
      const left = await run(gone, apply, 'apply', '--at', at)
      expect(left.code, left.stderr).toBe(0)
    }
    expect((await run(gone, apply, 'plan', '--at', later, '--detailed-exitcode')).code).toBe(0)
  })

  test('to plan, a plan is made before and after, and nothing can be applied', async () => {
    const planned = await run(fresh, plan, 'plan', '--detailed-exitcode')
    expect(planned.code, planned.stderr).toBe(2)
    const again = await run(applied, plan, 'plan', '--detailed-exitcode')
    expect(again.code, again.stdout).toBe(0)
    const site = copyOf(fresh)
    const { stdout, stderr, code } = await run(site, plan, 'apply', '--only', 'entra')
    expect(code).toBe(5)
    expect(stdout + stderr).toContain('The application probably lacks Group.ReadWrite.All')
  })

  test.for(plan.map(permission => [permission]))('to plan, but not %s, no plan is made', async ([permission = '']) => {
    const { code, stderr } = await run(fresh, without(plan, permission), 'plan')
    expect(code).toBe(1)
    expect(stderr).toContain(permission)
  })

  test('to apply, a guest who comes back is restored', async () => {
    const site = copyOf(gone)
    comeBack(site)
    const back = await run(site, apply, 'apply', '--at', later)
    expect(back.code, back.stderr).toBe(0)
    expect((await run(site, plan, 'plan', '--at', later, '--detailed-exitcode')).code).toBe(0)
  })

  test('to apply, all that the policies ask for is taken away again', async () => {
    const site = copyOf(applied)
    for (const folder of ['access', 'apps', 'partners', 'rules'])
      rmSync(join(site.cwd, 'policies', folder), { recursive: true })
    const exception = '    - {guardrail: removals, reason: all partners left, until: 2026-12-31}\n'
    edit(site, 'organization.yaml', text => text.replace('  overrides:\n', `  overrides:\n${exception}`))
    const gone = await run(site, apply, 'apply')
    expect(gone.code, gone.stderr).toBe(0)
    expect((await run(site, plan, 'plan', '--detailed-exitcode')).code).toBe(0)
  })

  // What each is for, where it is not the first application of the policy.
  const occasions: Readonly<Record<string, () => Site>> = {
    'User-LifeCycleInfo.ReadWrite.All': () => {
      const site = copyOf(applied)
      leave(site)
      return site
    },
    'Directory.Read.All': () => {
      const site = copyOf(gone)
      comeBack(site)
      return site
    },
  }
  test.for(apply.map(permission => [permission]))(
    'to apply, but not %s, something fails',
    async ([permission = '']) => {
      const site = occasions[permission]?.() ?? copyOf(fresh)
      // All that can be read is read, so that what fails is the write.
      const roles = [...without(apply, permission), ...(/\.Read\.All$/.test(permission) ? [] : plan)]
      const at = permission === 'Directory.Read.All' ? later : day
      const { code, stdout, stderr } = await run(site, roles, 'apply', '--at', at)
      expect([1, 5]).toContain(code)
      expect(stdout + stderr).toContain(permission)
    },
  )
})

describe('with the permissions to apply, without the right to assign', () => {
  let site: Site

  beforeAll(async () => {
    site = await prepared()
    edit(site, 'organization.yaml', text => text.replace('assignments: managed', 'assignments: pre-assigned'))
    const done = await run(site, preAssigned, 'apply')
    expect(done.code, done.stderr).toBe(0)
    expect((await run(site, plan, 'plan', '--detailed-exitcode')).code).toBe(0)
    await assign(site, 'guestlist: procurement as Procurement.Approve', 'Procurement')
  })

  test('people get in by the group that a person has assigned', async () => {
    const opened = copyOf(site)
    const done = await run(opened, preAssigned, 'apply')
    expect(done.code, done.stderr).toBe(0)
    expect(done.stdout).toContain('2 accesses gained')
    expect((await run(opened, plan, 'plan', '--detailed-exitcode')).code).toBe(0)
  })

  test.for([['Group.ReadWrite.All'], ['Directory.Read.All']])('but not %s, nobody does', async ([permission = '']) => {
    const roles = [...without(preAssigned, permission), ...without(plan, permission)]
    const { code, stdout, stderr } = await run(copyOf(site), roles, 'apply')
    expect([1, 5]).toContain(code)
    expect(stdout + stderr).toContain(permission)
  })
})

interface Roles extends Listed {
  readonly value: readonly (Listed['value'][number] & {
    readonly appRoles: readonly { readonly id: string; readonly value: string | null }[]
  })[]
}

/** What a person does once: the role that the group is named after. */
function assign({ cwd }: Site, group: string, app: string): Promise<unknown> {
  return asAdmin(cwd, async ask => {
    const groups = await ask<Listed>('GET', '/v1.0/groups?$top=999')
    const apps = await ask<Roles>('GET', '/v1.0/servicePrincipals?$top=999&$select=id,displayName,appRoles')
    const resource = apps.value.find(({ displayName }) => displayName === app)
    return await ask('POST', `/v1.0/servicePrincipals/${resource?.id}/appRoleAssignedTo`, {
      principalId: groups.value.find(({ displayName }) => displayName === group)?.id,
      resourceId: resource?.id,
      appRoleId: resource?.appRoles.find(({ value }) => value !== null && group.endsWith(` as ${value}`))?.id,
    })
  })
}

function leave(site: Site): void {
  edit(site, 'partners/fabrikam.yaml', text => text.replace(lee, ''))
}

function comeBack(site: Site): void {
  cpSync(join(repository, 'policies'), join(site.cwd, 'policies'), { recursive: true })
}

describe('docs/permissions.md', () => {
  const page = readFileSync(join(repository, 'docs/permissions.md'), 'utf8')

  test.for<[what: string, text: string]>([
    ['features', featureTable()],
    ['blast radius', reachTable()],
    ['what to avoid', avoidTable()],
    ...(Object.keys(identities) as (keyof typeof identities)[]).map((name): [string, string] => [name, listOf(name)]),
  ])('has the %s as the program has them', ([, text]) => {
    expect(page).toContain(text)
  })

  test('has lists that meet every need, and no permission that another makes needless', () => {
    const met = (list: readonly string[], of: readonly Need[]): boolean => of.every(need => isMet(need, new Set(list)))
    const wanted = [
      [plan, needs.filter(({ phase }) => phase === 'plan')],
      [apply, needs.filter(({ feature }) => feature !== 'pre-assigned')],
    ] as const
    for (const [list, of] of wanted) {
      expect(met(list, of)).toBe(true)
      for (const permission of list) expect(met(without(list, permission), of), permission).toBe(false)
    }
  })

  test('has the list to plan in its commands', () => {
    expect(page).toContain(`permissions='${plan.join(' ')}'`)
    expect(page).toContain(`$permissions = ${plan.map(permission => `'${permission}'`).join(', ')}\n`)
  })

  test('says of every permission what it can do, and of tier-0 that it is', () => {
    for (const { permission } of needs) expect(permissions[permission], permission).toBeDefined()
    expect(preAssigned).toEqual(without(apply, 'AppRoleAssignment.ReadWrite.All'))
    for (const permission of [...plan, ...preAssigned]) expect(permissions[permission]?.tier).not.toBe('tier-0')
  })
})
