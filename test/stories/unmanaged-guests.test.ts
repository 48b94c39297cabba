// Ways in that no policy names, as a person at the command line meets them: told in the plan, taken away when the app says so,
// and shut before anything behind them opens.

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { command, type Heard } from '../cli/fake-host.ts'
import { access, app, appIds, guest, openCloud, organization, partner, seededApp } from '../resources/cloud.ts'
import { emptyFolder, repository } from './guestlist.ts'

const intern = 'intern@adatum.com'

test('in the example a guest whom somebody let in to Expenses by hand is told, and removed once the policy says so', async () => {
  const folder = emptyFolder()
  cpSync(join(repository, 'policies'), join(folder, 'policies'), { recursive: true })
  const run = (...args: readonly string[]): Promise<Heard> => command([...args, '--sandbox'], { cwd: folder })
  const planned = async (): Promise<Plan> => {
    const { code, stdout, stderr } = await run('plan', '--format', 'json')
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout) as Plan
  }
  const found = ({ findings }: Plan) => findings.filter(({ code }) => code === 'unmanaged-guest')

  expect(found(await planned())).toEqual([
    expect.objectContaining({
      severity: 'warning',
      message: `a guest reaches expenses by direct assignment, which no policy names: ${intern} (assignment of 2026-01-01)`,
      at: expect.objectContaining({ file: 'policies/apps/expenses.yaml' }),
    }),
  ])
  expect((await run('apply')).code).toBe(0)
  const quiet = await planned()
  expect(quiet.changes).toEqual([])
  expect(found(quiet)).toHaveLength(1)

  const file = join(folder, 'policies/apps/expenses.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('unmanagedGuests: report', 'unmanagedGuests: remove'))
  const asked = await planned()
  expect(found(asked)).toEqual([])
  expect(asked.changes).toEqual([
    expect.objectContaining({
      id: `entra/unmanaged-access/expenses/default-access/${intern}/direct`,
      action: 'delete',
      risk: 'revoke',
    }),
  ])
  expect(asked.effects).toEqual([
    expect.objectContaining({ effect: 'lose', person: intern, partner: 'adatum', app: 'expenses' }),
  ])
  const { stdout } = await run('plan', '--changes')
  expect(stdout).toContain(`take the direct assignment of ${intern} to expenses away, which no policy names`)
  expect((await run('apply')).code).toBe(0)
  const after = await planned()
  expect([after.changes, found(after)]).toEqual([[], []])
})

test('an app is published only when the guests who are to go have gone', async () => {
  const ann = 'ann@elsewhere.example'
  const tenant = await openCloud({
    applications: [{ displayName: 'wiki', appId: appIds.wiki }],
    servicePrincipals: [seededApp('wiki', [ann, 'Programme'])],
    users: [guest(ann), guest('dana@fabrikam.com')],
    groups: [{ displayName: 'Programme', members: ['dana@fabrikam.com'] }],
  })
  const wiki = app('wiki', {
    hosting: 'on-premises',
    proxy: { internalUrl: 'https://wiki.corp.contoso.com/', externalUrl: 'https://wiki-contoso.msappproxy.net/' },
    signOn: { none: {} },
    unmanagedGuests: 'remove',
  })
  const applicationProxy = { connectorGroups: [{ name: 'Headquarters', connectors: ['C1'] }] }
  const documents = [
    { ...organization(), applicationProxy },
    partner(['lee@fabrikam.com']),
    { ...wiki, proxy: { ...(wiki as { proxy: object }).proxy, connectorGroup: 'Headquarters' } },
    access('wiki'),
  ]
  const { plan } = await tenant.apply(documents)
  // Nobody reached it before it was published.
  expect(plan.effects.map(({ effect, person }) => `${effect} ${person}`)).toEqual(['gain lee@fabrikam.com'])
  const publishing = plan.changes.find(({ kind }) => kind === 'app-proxy')
  const removals = plan.changes.filter(({ kind }) => kind === 'unmanaged-access').map(({ id }) => id)
  expect(removals).toHaveLength(2)
  expect(publishing?.dependsOn).toEqual(expect.arrayContaining(removals))
})

test('with pre-assigned roles a direct assignment is a person’s to take away', async () => {
  const ann = 'ann@elsewhere.example'
  const tenant = await openCloud({
    applications: [{ displayName: 'wiki', appId: appIds.wiki }],
    servicePrincipals: [seededApp('wiki', [ann])],
    users: [guest(ann)],
  })
  const documents = [
    organization({ assignments: 'pre-assigned' }),
    partner(['lee@fabrikam.com']),
    app('wiki', { unmanagedGuests: 'remove' }),
    access('wiki'),
  ]
  await tenant.apply(documents)
  const { plan } = await tenant.plan(documents)
  expect(plan.changes).toEqual([])
  expect(plan.findings).toContainEqual(
    expect.objectContaining({
      code: 'unmanaged-guest',
      hint: expect.stringContaining('guestlist does not take it away, for `assignments: pre-assigned`'),
    }),
  )
})
