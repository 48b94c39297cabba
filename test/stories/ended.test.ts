// The scheduled run: what ends on the day that a reviewed line says is taken away in both directories in one go, whatever
// else has drifted; and nothing but that.

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { emptyFolder, guestlist, repository as product, type Result } from './guestlist.ts'
import { asAdmin } from './tenant-admin.ts'

const folder = emptyFolder()

const run = (...args: readonly string[]): Promise<Result> => guestlist([...args, '--sandbox'], { cwd: folder })

async function planned(...args: readonly string[]): Promise<Plan> {
  const { code, stdout, stderr } = await run('plan', '--format', 'json', ...args)
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`)
  return JSON.parse(stdout)
}

const applied = async (...args: readonly string[]): Promise<void> => {
  const { code, stderr } = await run('apply', ...args)
  expect(code, stderr).toBe(0)
}

const losses = ({ effects }: Plan): readonly string[] =>
  effects.map(({ effect, person, app }) => `${effect} ${person} ${app}`).sort()

const newYear = '2027-01-02'

test('what is over goes in both directories; drift, and who gains, stay for a reviewer', {
  timeout: 180_000,
}, async () => {
  cpSync(join(product, 'policies'), join(folder, 'policies'), { recursive: true })
  await applied()
  await asAdmin(folder, async ask => {
    // Drift: somebody takes Dana out of the engineers by hand.
    const engineers = await ask<{ id: string }>(
      'GET',
      "/v1.0/groups(uniqueName='guestlist.partner-group.fabrikam.engineers')",
    )
    const { value } = await ask<{ value: { id: string }[] }>('GET', "/v1.0/users?$filter=mail eq 'dana@fabrikam.com'")
    await ask('DELETE', `/v1.0/groups/${engineers.id}/members/${value[0]?.id}/$ref`)
  })

  const whole = await planned('--at', newYear)
  const part = await planned('--at', newYear, '--ended')
  expect(losses(whole).filter(line => line.startsWith('gain'))).not.toEqual([])
  expect(losses(part)).toEqual(losses(whole).filter(line => line.startsWith('lose')))
  expect(new Set(part.changes.map(change => change.plane))).toEqual(new Set(['entra', 'active-directory']))
  expect(part.scope.ended).toBe(true)

  await applied('--at', newYear, '--ended')
  expect((await planned('--at', newYear, '--ended')).changes).toEqual([])
  const rest = await planned('--at', newYear)
  expect(losses(rest)).toEqual(losses(whole).filter(line => line.startsWith('gain')))

  // The grace periods end as well, 30 days in Entra ID, 90 in Active Directory: without a trace left.
  const spring = await planned('--at', '2027-04-15', '--ended')
  const deleted = spring.changes.filter(change => change.action === 'delete').map(change => change.id)
  expect(deleted).toContain('entra/guest/elena.popescu@fabrikam.com')
  expect(deleted).toContain('active-directory/shadow-account/elena.popescu@fabrikam.com')
})

test('what a change of policy takes away has no day of its own', async () => {
  const file = join(folder, 'policies/partners/proseware.yaml')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace(/\n.*sam@proseware\.com.*/, ''))
  expect(losses(await planned('--at', newYear))).toContain('lose sam@proseware.com tickets')
  expect((await planned('--at', newYear, '--ended')).changes).toEqual([])
  writeFileSync(file, text)
})
