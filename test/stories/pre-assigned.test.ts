// `assignments: pre-assigned`: guestlist never assigns an app role. A person assigns each role's group once; only then, and
// only by a plan that says so, do people get in.

import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { command, type Heard } from '../cli/fake-host.ts'
import { editFile } from './edit.ts'
import { emptyFolder, repository } from './guestlist.ts'
import { asAdmin } from './tenant-admin.ts'

const folder = emptyFolder()
const trace = join(folder, 'requests.jsonl')
const run = (...args: readonly string[]): Promise<Heard> => command([...args, '--sandbox'], { cwd: folder })

async function plan(): Promise<Plan> {
  const { stdout, stderr, code } = await run('plan', '--format', 'json')
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as Plan
}

const edit = (file: string, change: (text: string) => string): void => editFile(join(folder, 'policies', file), change)

interface Listed<Item> {
  readonly value: readonly Item[]
}

/** What the message in the plan asks of a person, for the groups of some apps. */
async function assign(
  ...names: readonly (readonly [group: string, app: string, role: string | null])[]
): Promise<void> {
  await asAdmin(folder, async ask => {
    const groups = await ask<Listed<{ id: string; displayName: string }>>('GET', '/v1.0/groups?$top=999')
    const apps = await ask<
      Listed<{ id: string; displayName: string; appRoles: readonly { id: string; value: string | null }[] }>
    >('GET', '/v1.0/servicePrincipals?$top=999&$select=id,displayName,appRoles')
    for (const [group, app, role] of names) {
      const principalId = groups.value.find(each => each.displayName === group)?.id
      const found = apps.value.find(each => each.displayName === app)
      const none = '00000000-0000-0000-0000-000000000000'
      const appRoleId = found?.appRoles.find(each => (each.value ?? null) === role)?.id ?? none
      const resourceId = found?.id
      await ask('POST', `/v1.0/servicePrincipals/${resourceId}/appRoleAssignedTo`, {
        principalId,
        resourceId,
        appRoleId,
      })
    }
  })
}

beforeAll(async () => {
  cpSync(join(repository, 'policies'), join(folder, 'policies'), { recursive: true })
  edit('organization.yaml', text => text.replace('assignments: managed', 'assignments: pre-assigned'))
  expect((await command(['sandbox', 'reset'], { cwd: folder })).code).toBe(0)
})

test('the first apply makes the groups, lets nobody in, and the plan says which step a person takes', async () => {
  expect((await run('apply')).code).toBe(0)
  const { effects, changes, waiting } = await plan()
  expect(effects).toEqual([])
  expect(changes).toEqual([])
  const steps = waiting.filter(wait => wait.for === 'person').map(wait => wait.message)
  expect(steps).toContainEqual(
    expect.stringMatching(/"guestlist: procurement as Procurement\.Approve".*Procurement.*once/),
  )
  expect(waiting.find(wait => wait.id.endsWith('procurement/Procurement.Approve/rajesh.iyer@adatum.com'))?.for).toBe(
    'entra/app-role-group-assignment/procurement/Procurement.Approve',
  )
})

test('what a person has assigned opens by the next plan, and no request assigns anything', async () => {
  await assign(['guestlist: procurement as Procurement.Approve', 'Procurement', 'Procurement.Approve'])
  const planned = await plan()
  expect(planned.effects.map(({ effect, person, app, role }) => [effect, person, app, role])).toEqual([
    ['gain', 'marie.leclerc@adatum.com', 'procurement', 'approver'],
    ['gain', 'rajesh.iyer@adatum.com', 'procurement', 'approver'],
  ])
  expect((await run('apply', '--trace', trace)).code).toBe(0)
  expect((await plan()).changes).toEqual([])
  const asked = readFileSync(trace, 'utf8')
  expect(/"method":"(POST|DELETE)","url":"[^"]*appRoleAssign/.test(asked)).toBe(false)
})

test('who leaves loses it; the group stays for the next', async () => {
  edit('partners/adatum.yaml', text => text.replace('members: [marie.leclerc@adatum.com, ', 'members: ['))
  const planned = await plan()
  expect(planned.effects.map(({ effect, person, app, role }) => [effect, person, app, role])).toEqual([
    ['lose', 'marie.leclerc@adatum.com', 'procurement', 'approver'],
  ])
  expect(planned.changes.map(change => change.id)).toEqual([
    'entra/app-role-group-member/procurement/Procurement.Approve/marie.leclerc@adatum.com',
  ])
  expect((await run('apply')).code).toBe(0)
  expect((await run('plan', '--detailed-exitcode')).code).toBe(0)
})

test('a group that somebody assigned to another app is told', async () => {
  await assign(['guestlist: procurement as Procurement.Approve', 'Payments', null])
  const { findings } = await plan()
  expect(findings).toContainEqual(expect.objectContaining({ severity: 'error', code: 'assigned-elsewhere' }))
})
