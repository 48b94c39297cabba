// The example that ships with the product, from nothing to in step, through the command line alone.

import { cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { emptyFolder, guestlist, repository } from './guestlist.ts'

const policies = join(repository, 'policies')

function contoso(): string {
  const folder = emptyFolder()
  cpSync(policies, join(folder, 'policies'), { recursive: true })
  return folder
}

async function planOf(cwd: string, ...args: readonly string[]): Promise<Plan> {
  const { code, stdout, stderr } = await guestlist(['plan', '--sandbox', '--format', 'json', ...args], { cwd })
  expect(stderr).not.toContain('error')
  expect(code).toBe(0)
  return JSON.parse(stdout) as Plan
}

describe('the Contoso example', () => {
  const cwd = contoso()
  const state = join(cwd, '.guestlist/sandbox')

  test('plans without writing anything', async () => {
    const { code, stdout, stderr } = await guestlist(['plan', '--sandbox', '--detailed-exitcode'], { cwd })
    expect(code).toBe(2)
    expect(stdout).toMatch(
      /^Contoso Ltd\. · 5 partners, 65 people, 12 apps · in the sandbox · as of 2026-12-01 09:00 UTC\n/,
    )
    expect(stdout).toMatch(/\+ \d+ people gain +Payroll/)
    expect(stdout).toMatch(/\+ \d+ people gain +Warehouse/)
    expect(stdout).toContain('let the service of warehouse accept guests from CONNECTOR01, CONNECTOR02')
    expect(stdout).toContain('policies/access/fabrikam.yaml:')
    expect(stdout).toMatch(/Plan [0-9a-f]{8}\. Apply it: guestlist apply --sandbox\n$/)
    expect(stderr).toContain("The example's clock stands at 2026-12-01T09:00Z")
    expect(existsSync(join(cwd, '.guestlist'))).toBe(false)
  })

  test('plans the same bytes twice', async () => {
    const [first, second] = await Promise.all([planOf(cwd), planOf(cwd)])
    expect(second).toEqual(first)
    expect(first.summary.gains).toBe(first.effects.filter(effect => effect.effect === 'gain').length)
    expect(first.summary.gains).toBeGreaterThan(50)
  })

  test('applies, with every request in the trace and no secret in it', async () => {
    const planned = await planOf(cwd)
    const { code, stdout, stderr } = await guestlist(['apply', '--sandbox', '--trace', 'trace.jsonl'], { cwd })
    expect(stderr).toContain(`Plan ${planned.digest.slice(7, 15)}: ${planned.changes.length} changes`)
    expect(stdout).toBe(
      `Applied ${planned.changes.length} changes. ${planned.summary.gains} accesses gained${planned.summary.losses > 0 ? `, ${planned.summary.losses} ${planned.summary.losses === 1 ? 'access' : 'accesses'} lost` : ''}.\n`,
    )
    expect(code).toBe(0)

    const lines = readFileSync(join(cwd, 'trace.jsonl'), 'utf8').trimEnd().split('\n')
    const requests = lines.map(line => JSON.parse(line) as { to: string; method?: string; operation?: string })
    expect(requests.some(request => request.to === 'graph' && request.method === 'POST')).toBe(true)
    expect(requests.some(request => request.to === 'ldap' && request.operation === 'add')).toBe(true)
    expect(lines.filter(line => /bearer|unicodePwd":"(?!\[redacted)|"password":"(?!\[redacted)/i.test(line))).toEqual(
      [],
    )
    expect(statSync(join(cwd, 'trace.jsonl')).mode & 0o077).toBe(0)
  })

  test('has nothing left to do', async () => {
    const { code, stdout } = await guestlist(['plan', '--sandbox', '--detailed-exitcode'], { cwd })
    expect(stdout).toContain('Nothing to do.')
    expect(code).toBe(0)
    const again = await guestlist(['apply', '--sandbox'], { cwd })
    expect(again).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' })
  })

  test('is seen in the dump, in the shape of the seed', async () => {
    const { code, stdout } = await guestlist(['sandbox', 'dump', '--format', 'json'], { cwd })
    expect(code).toBe(0)
    const dump = JSON.parse(stdout) as {
      graph: { tenant: { tenantId: string }; users: { mail?: string; userType: string }[] }
      directory: { dn: string; attributes: Record<string, string[]> }[]
    }
    expect(dump.graph.tenant.tenantId).toBe('7918d4b5-0442-4a97-be2d-36f9f9962ece')
    expect(dump.graph.users.find(user => user.mail === 'lee@fabrikam.com')?.userType).toBe('Guest')
    const shadow = dump.directory.find(entry => entry.attributes.mail?.includes('lee@fabrikam.com'))
    expect(shadow?.dn).toMatch(/,OU=Shadow,OU=Partners,DC=corp,DC=contoso,DC=com$/)
    expect(JSON.stringify(dump.directory)).not.toMatch(/unicodePwd/i)
  })

  test('shows another day: who will have lost what by then', async () => {
    const plan = await planOf(cwd, '--at', '2027-07-01')
    expect(plan.at).toBe('2027-07-01T00:00:00.000Z')
    expect(plan.effects.filter(effect => effect.effect === 'lose' && effect.app === 'payroll').length).toBeGreaterThan(
      5,
    )
  })

  test('starts over after a reset', async () => {
    const before = readdirSync(state)
    const reset = await guestlist(['sandbox', 'reset'], { cwd })
    expect(reset).toMatchObject({ code: 0, stdout: '' })
    expect(before.length).toBeGreaterThan(0)
    expect((await planOf(cwd)).summary.gains).toBeGreaterThan(50)
  })
})

describe('a part of it', () => {
  const cwd = contoso()

  test('--partner and --app narrow the plan, and what they leave out is done later', async () => {
    const whole = await planOf(cwd)
    const adatum = await planOf(cwd, '--partner', 'adatum')
    expect(new Set(adatum.effects.map(effect => effect.partner))).toEqual(new Set(['adatum']))
    expect(adatum.effects).toEqual(whole.effects.filter(effect => effect.partner === 'adatum'))

    const payroll = await planOf(cwd, '--app', 'payroll', '--app', 'maintenance')
    expect(new Set(payroll.effects.map(effect => effect.app))).toEqual(new Set(['payroll', 'maintenance']))

    const applied = await guestlist(['apply', '--sandbox', '--partner', 'adatum'], { cwd })
    expect(applied.code).toBe(0)
    expect((await planOf(cwd, '--partner', 'adatum')).changes).toEqual([])
    expect((await planOf(cwd)).effects).toEqual(whole.effects.filter(effect => effect.partner !== 'adatum'))
  })

  test('--only leaves the other directory alone, and says what waits for it', async () => {
    const plan = await planOf(cwd, '--only', 'entra')
    expect(new Set(plan.changes.map(change => change.plane))).toEqual(new Set(['entra']))
    const other = await planOf(cwd, '--only', 'active-directory')
    expect(new Set(other.changes.map(change => change.plane))).toEqual(new Set(['active-directory']))
    expect(other.waiting.length).toBeGreaterThan(0)
  })
})

describe('a reviewed plan', () => {
  test('is applied exactly, or not at all', async () => {
    const cwd = contoso()
    const planned = await guestlist(['plan', '--sandbox', '--out', 'plan.json'], { cwd })
    expect(planned.code).toBe(0)
    expect(planned.stderr).toContain('written to plan.json')
    const applied = await guestlist(['apply', 'plan.json', '--sandbox'], { cwd })
    expect(applied.code).toBe(0)
    // The same file again: all that it plans has been done.
    const again = await guestlist(['apply', 'plan.json', '--sandbox'], { cwd })
    expect(again).toMatchObject({ code: 0, stdout: 'Nothing to do: all of plan.json is done.\n' })
  })

  test('must be a plan', async () => {
    const cwd = contoso()
    const { code, stderr } = await guestlist(['apply', 'policies/organization.yaml', '--sandbox'], { cwd })
    expect(code).toBe(1)
    expect(stderr).toContain('policies/organization.yaml is not a plan')
  })
})
