// What apps ask of guests, on the example: conditional access from the apps' demands, watched first, then enabled, never
// weakened unseen, and gone with the last app that asks.

import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { command, type Heard } from '../cli/fake-host.ts'
import { editFile } from './edit.ts'
import { emptyFolder, repository } from './guestlist.ts'

const folder = emptyFolder()
const run = (...args: readonly string[]): Promise<Heard> => command([...args, '--sandbox'], { cwd: folder })

interface Found {
  readonly displayName: string
  readonly state: string
  readonly conditions: { readonly applications: { readonly includeApplications: readonly string[] } }
}

async function policies(): Promise<readonly Found[]> {
  const { graph } = JSON.parse((await run('sandbox', 'dump', '--format', 'json')).stdout)
  return graph.conditionalAccessPolicies
}

const ours = async (): Promise<readonly string[]> =>
  (await policies()).map(({ displayName }) => displayName).filter(name => name.startsWith('guestlist: '))

const edit = (file: string, from: string | RegExp, to: string): void =>
  editFile(join(folder, 'policies', file), text => text.replace(from, to))

/** Of all changes, those of conditions: action, demands and risk. */
async function planned(): Promise<readonly string[]> {
  const { changes } = JSON.parse((await run('plan', '--format', 'json')).stdout)
  return changes
    .filter(({ kind }: { kind: string }) => kind === 'conditional-access-policy')
    .map(({ action, id, risk }: Record<string, string>) => `${action} ${id?.slice(32)} ${risk}`)
}

describe('conditions of the example', () => {
  let theirs: readonly Found[]

  beforeAll(async () => {
    cpSync(join(repository, 'policies'), join(folder, 'policies'), { recursive: true })
    expect((await command(['sandbox', 'reset'], { cwd: folder })).code).toBe(0)
    theirs = await policies()
  })

  test('are told in words before they are made, and made before an app opens', async () => {
    const { stdout } = await run('plan', '--changes')
    expect(stdout).toContain('require MFA of guests of expenses, maintenance, tickets, warehouse (report-only)')
    expect(stdout).toContain('require MFA and sign-in every 1h of guests of payments (report-only)')
    const { changes } = JSON.parse((await run('plan', '--format', 'json')).stdout)
    const position = (text: string): number => changes.findIndex(({ id }: { id: string }) => id.startsWith(text))
    for (const app of ['payroll', 'payments', 'tickets'])
      expect(position(`entra/app-role-assignment/${app}/`)).toBeGreaterThan(
        position('entra/conditional-access-policy/'),
      )
    expect((await run('apply')).code).toBe(0)
    expect(await planned()).toEqual([])
    expect(await ours()).toHaveLength(6)
    for (const { displayName, state } of await policies())
      if (displayName.startsWith('guestlist: ')) expect(state).toBe('enabledForReportingButNotEnforced')
  })

  test('bind once the organisation says so; back again needs a second look', async () => {
    edit('organization.yaml', 'state: report-only', 'state: enabled')
    expect((await planned()).every(text => text.endsWith(' neutral'))).toBe(true)
    expect((await run('apply')).code).toBe(0)
    edit('organization.yaml', 'state: enabled', 'state: disabled')
    const { stdout } = await run('plan')
    expect(stdout).toContain('weakened       MFA of guests: enabled so far, then disabled')
    edit('organization.yaml', 'state: disabled', 'state: enabled')
    expect(await planned()).toEqual([])
  })

  test('move with the app, and an app that asks less needs a second look', async () => {
    edit('apps/drawings.yaml', 'requires: [mfa, compliant-device]', 'requires: [mfa]')
    expect(await planned()).toEqual(['update mfa neutral', 'delete compliant-device+mfa privileged'])
    expect((await run('apply')).code).toBe(0)
    expect(await planned()).toEqual([])
    edit('apps/drawings.yaml', 'requires: [mfa]', 'requires: [mfa, compliant-device]')
    expect(await planned()).toEqual(['create compliant-device+mfa neutral', 'update mfa neutral'])
    expect((await run('apply')).code).toBe(0)
  })

  test('go with the last app that asks, and nobody else’s are touched', async () => {
    for (const app of ['drawings', 'expenses', 'maintenance', 'payments', 'payroll', 'procurement', 'tickets'])
      edit(`apps/${app}.yaml`, /^requires:.*\n/m, '')
    for (const app of ['timesheets', 'warehouse']) edit(`apps/${app}.yaml`, /^requires:.*\n/m, '')
    edit('rules/restricted-apps.yaml', /(.|\n)*/, '')
    expect((await run('apply')).stderr).toContain('no longer require')
    expect(await ours()).toEqual([])
    expect(await policies()).toEqual(theirs)
    expect(await planned()).toEqual([])
  })
})
