// What a guest may be, on the example: set once, corrected when somebody opens it again, loosened only with a second look.

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { command, type Heard } from '../cli/fake-host.ts'
import { editFile } from './edit.ts'
import { emptyFolder, repository } from './guestlist.ts'

const folder = emptyFolder()
const organization = join(folder, 'policies/organization.yaml')
const run = (...args: readonly string[]): Promise<Heard> => command([...args, '--sandbox'], { cwd: folder })

async function settings(): Promise<unknown> {
  const { graph } = JSON.parse((await run('sandbox', 'dump', '--format', 'json')).stdout)
  const { guestUserRoleId, allowInvitesFrom } = graph.authorizationPolicy
  return { guestUserRoleId, allowInvitesFrom }
}

const edit = (from: string | RegExp, to: string): void => editFile(organization, text => text.replace(from, to))

const strict = { guestUserRoleId: '2af84b1e-32c8-42b7-82bc-daa82404023b', allowInvitesFrom: 'adminsAndGuestInviters' }

describe('what guests of the example may be', () => {
  beforeAll(async () => {
    cpSync(join(repository, 'policies'), join(folder, 'policies'), { recursive: true })
    expect((await command(['sandbox', 'reset'], { cwd: folder })).code).toBe(0)
  })

  test('is set as the policy says', async () => {
    const { stdout } = await run('plan', '--changes')
    expect(stdout).toContain('let guests see only themselves, let only administrators invite guests, and guestlist')
    expect(stdout).toContain('role: limited → restricted')
    expect((await run('apply')).code).toBe(0)
    expect(await settings()).toEqual(strict)
    expect((await run('plan', '--detailed-exitcode')).code).toBe(0)
  })

  test('is loosened only with a second look, key by key', async () => {
    edit('role: restricted', 'role: member')
    const { stdout } = await run('plan')
    expect(stdout).toContain('weakened       give guests the rights of employees')
    expect(stdout).not.toContain('invite guests')
    edit('role: member', 'role: restricted')
  })

  test('stays when `guests` leaves the policy', async () => {
    edit(/ {2}guests:\n.*role:.*\n.*invitedBy:.*\n/, '')
    expect((await run('plan', '--detailed-exitcode')).code).toBe(0)
    expect(await settings()).toEqual(strict)
  })

  test('keeps out guestlist, too, if nobody may invite', async () => {
    edit('  assignments: managed', '  guests: {invitedBy: nobody}\n  assignments: managed')
    expect((await run('plan')).stdout).not.toContain('nobody-may-invite')
    const partner = join(folder, 'policies/partners/woodgrove.yaml')
    writeFileSync(
      partner,
      readFileSync(partner, 'utf8').replace(/( +- ).*helen.*\n/, '$1{address: new@woodgrovebank.com}\n'),
    )
    const { stdout } = await run('plan')
    expect(stdout).toContain(
      '`invitedBy: nobody` lets nobody invite guests, guestlist included, and 1 person is to be invited',
    )
  })
})
