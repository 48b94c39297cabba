// How partners' tenants are trusted, on the example: what was there is taken over and given back, what was not is made and
// deleted, and a partner whose people are blocked reaches nothing until the plan opens it.

import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { command, type Heard } from '../cli/fake-host.ts'
import { editFile } from './edit.ts'
import { emptyFolder, repository } from './guestlist.ts'

const folder = emptyFolder()
const seed = join(folder, 'seed')
const run = (...args: readonly string[]): Promise<Heard> =>
  command([...args, '--sandbox', '--seed', seed], { cwd: folder, now: () => Date.UTC(2026, 11, 1, 9) })

const fabrikam = '0f5c7a52-3e0b-4f5e-8d57-9b1a6c2e4d70'
const adatum = '4c9e0f6d-1b72-4a3b-8f0c-d25e7a913b84'

// biome-ignore lint/suspicious/noExplicitAny: as the dump has it
async function entries(): Promise<Readonly<Record<string, any>>> {
  const { graph } = JSON.parse((await run('sandbox', 'dump', '--format', 'json')).stdout)
  return Object.fromEntries(
    graph.crossTenantAccessPartners.map((found: { tenantId: string }) => [found.tenantId, found]),
  )
}

// biome-ignore lint/suspicious/noExplicitAny: as the contract gives it
async function plan(): Promise<any> {
  return JSON.parse((await run('plan', '--format', 'json')).stdout)
}

const gains = async (partner: string): Promise<number> =>
  (await plan()).effects.filter(
    (effect: Record<string, string>) => effect.partner === partner && effect.effect === 'gain',
  ).length

const edit = (file: string, from: string | RegExp, to: string): void =>
  editFile(join(folder, 'policies', file), text => text.replace(from, to))

describe('trust of the example', () => {
  beforeAll(async () => {
    cpSync(join(repository, 'policies'), join(folder, 'policies'), { recursive: true })
    cpSync(join(repository, 'src/sandbox/contoso'), seed, { recursive: true })
    const path = join(seed, 'graph.json')
    const graph = JSON.parse(readFileSync(path, 'utf8'))
    const blocked = { accessType: 'blocked', targets: [{ target: 'AllUsers', targetType: 'user' }] }
    graph.crossTenantAccessPartners.push({ tenantId: adatum, b2bCollaborationInbound: { usersAndGroups: blocked } })
    writeFileSync(path, JSON.stringify(graph))
  })

  test('is told with a second look, and opens the partner whose people are blocked', async () => {
    const { stdout } = await run('plan')
    expect(stdout).toContain('weakened       the tenant of proseware: MFA done at its own tenant counts as ours')
    expect(stdout).toContain(
      'the tenant of adatum: its people may come in, who are blocked so far; MFA done at its own',
    )
    expect(stdout).toContain('the tenant of fabrikam: MFA done at its own tenant counts as ours; devices that its own')
    expect(await gains('adatum')).toBeGreaterThan(0)
    expect((await run('apply')).code).toBe(0)
    const { [fabrikam]: first, [adatum]: second } = await entries()
    expect(first.inboundTrust).toMatchObject({ isMfaAccepted: true, isCompliantDeviceAccepted: true })
    expect(second.inboundTrust).toMatchObject({ isMfaAccepted: true, isCompliantDeviceAccepted: false })
    expect(second.b2bCollaborationInbound.usersAndGroups.accessType).toBe('allowed')
    expect((await plan()).changes).toEqual([])
  })

  test('goes with the partner: ours is deleted, theirs is given back', async () => {
    edit('organization.yaml', 'percent: 10\n', 'percent: 100\n')
    edit('organization.yaml', 'perApp: {percent: 50', 'perApp: {percent: 100')
    edit('organization.yaml', 'perPartner: {percent: 50', 'perPartner: {percent: 100')
    for (const name of ['adatum', 'proseware']) {
      rmSync(join(folder, `policies/partners/${name}.yaml`))
      rmSync(join(folder, `policies/access/${name}.yaml`))
    }
    expect((await run('plan', '--changes')).stdout).toContain('delete the settings for the tenant of proseware')
    expect((await run('apply')).code).toBe(0)
    const left = await entries()
    expect(Object.keys(left).sort()).toEqual([fabrikam, adatum].sort())
    expect(left[adatum].inboundTrust ?? null).toBeNull()
    expect((await plan()).changes).toEqual([])
  })
})
