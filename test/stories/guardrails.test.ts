// Guardrails on the example, as its people meet them: a plan is always shown, apply refuses with exit code 3 and changes
// nothing, and a reviewed line in Git, not a flag, lets it through.

import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import type { DirectoryWriter } from '../../src/model/directories.ts'
import type { Finding, Plan } from '../../src/model/plan.ts'
import { command, type Heard } from '../cli/fake-host.ts'
import { byHand } from './by-hand.ts'
import { editFile } from './edit.ts'
import { emptyFolder, repository } from './guestlist.ts'
import { asAdmin } from './tenant-admin.ts'

const applied = emptyFolder()
const folder = emptyFolder()
const run = (...args: readonly string[]): Promise<Heard> => command([...args, '--sandbox'], { cwd: folder })
const validate = (...args: readonly string[]): Promise<Heard> => command(['validate', ...args], { cwd: folder })

async function plan(...args: readonly string[]): Promise<Plan> {
  const heard = await run('plan', '--format', 'json', ...args)
  expect(heard.code, heard.stderr).toBe(0)
  return JSON.parse(heard.stdout) as Plan
}

async function state(): Promise<string> {
  return (await command(['sandbox', 'dump', '--format', 'json'], { cwd: folder })).stdout
}

/** Nothing is changed, and exit code 3. */
async function refused(...args: readonly string[]): Promise<string> {
  const before = await state()
  const { code, stdout, stderr } = await run('apply', ...args)
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
  expect(await state()).toBe(before)
  return stderr
}

async function goesThrough(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await run('apply', ...args)
  expect(code, stderr).toBe(0)
}

const edit = (file: string, change: (text: string) => string): void => editFile(join(folder, 'policies', file), change)

const override = (line: string): void =>
  edit('organization.yaml', text => text.replace('  overrides:\n', `  overrides:\n    - ${line}\n`))
const without = (file: string, people: RegExp): void =>
  edit(file, text =>
    text
      .split('\n')
      .filter(line => !people.test(line))
      .join('\n'),
  )

const guardrails = ({ findings }: Plan): readonly Finding[] =>
  findings.filter(({ code }) => /guardrail\/|protected-group/.test(code))
const told = (plan: Plan): readonly string[] =>
  guardrails(plan).map(({ severity, code, message }) => `${severity}[${code}] ${message}`)

const inDomain = (work: (directory: DirectoryWriter) => Promise<unknown>): Promise<void> =>
  byHand(folder, ({ directory }) => work(directory))

beforeAll(async () => {
  cpSync(join(repository, 'policies'), join(applied, 'policies'), { recursive: true })
  expect((await command(['apply', '--sandbox'], { cwd: applied })).code).toBe(0)
})

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true })
  cpSync(applied, folder, { recursive: true })
})

const tenEngineers = /^ +- .*(amara|jonas|yuki|zofia|leila|bjorn|nia|callum|mateo|priya)[.\w]*@/

test('too many removals: shown, refused, and let through by a reviewed line that ends by itself', async () => {
  without('partners/fabrikam.yaml', tenEngineers)
  const shown = await run('plan', '--detailed-exitcode')
  expect(shown.code).toBe(2)
  expect(shown.stdout).toMatch(/! refused +takes away \d+ of \d+ accesses \(\d/)
  expect(await refused()).toMatch(
    /^refused\[guardrail\/removals\]: takes away .*\n {2}if this is meant, add an override/,
  )

  override(
    '{guardrail: removals, partner: fabrikam, reason: "Site closed, CHG-812", until: 2026-12-05, by: anna@contoso.com}',
  )
  expect(told(await plan()).every(line => line.startsWith('warning'))).toBe(true)
  expect(told(await plan())[0]).toContain(': allowed by anna@contoso.com until 2026-12-05, Site closed, CHG-812')
  await goesThrough()

  const later = await validate('--at', '2026-12-06')
  expect(later.code).toBe(0)
  expect(later.stdout).toMatch(
    /organization\.yaml:\d+:\d+: warning\[override-over\]: this override ended on 2026-12-05/,
  )
})

test('piece by piece is the whole plan all the same', async () => {
  without('partners/fabrikam.yaml', tenEngineers)
  for (const part of [
    ['--partner', 'proseware'],
    ['--partner', 'fabrikam', '--app', 'expenses'],
    ['--only', 'active-directory'],
  ])
    expect(await refused(...part)).toContain('refused[guardrail/removals]: the whole plan takes away')
})

test('a small app that loses most of its people is seen, where the tenant as a whole would not notice', async () => {
  without('partners/woodgrove.yaml', /(arjun|cheng|daniel|eva)\./)
  expect(told(await plan())).toEqual([
    'error[guardrail/removals] takes away 4 of 6 accesses to payments (66.7 %); the limit is 50 % from 3 on',
  ])
  await refused()
  override('{guardrail: removals, app: expenses, reason: x, until: 2026-12-05}')
  await refused()
  override('{guardrail: removals, app: payments, reason: CM-7, until: 2026-12-05}')
  await goesThrough()
})

test('an app by a new name has lost its people under the old one, where it is not the same application', async () => {
  const rename = (file: string, from: string, to: string): void =>
    edit(file, text => text.replace(`name: ${from}\n`, `name: ${to}\n`).replace(`app: ${from}\n`, `app: ${to}\n`))
  rename('apps/payments.yaml', 'payments', 'treasury-desk')
  rename('access/woodgrove.yaml', 'payments', 'treasury-desk')
  expect(told(await plan())).toEqual([])
  rename('apps/drawings.yaml', 'drawings', 'plans')
  rename('access/fabrikam.yaml', 'drawings', 'plans')
  expect(told(await plan())).toContainEqual(expect.stringMatching(/^error.* 15 of 15 accesses to drawings \(100 %\)/))
  await refused()
})

test('a partner by a new name that loses people on the way has lost them under the old one', async () => {
  edit('partners/woodgrove.yaml', text => text.replace('name: woodgrove\n', 'name: woodgrove-bank\n'))
  edit('access/woodgrove.yaml', text => text.replaceAll('partner: woodgrove\n', 'partner: woodgrove-bank\n'))
  without('partners/woodgrove.yaml', /(arjun|cheng|daniel|eva|beatrice)\./)
  expect(told(await plan())).toEqual([
    expect.stringMatching(/^error.* 5 of 6 accesses to payments/),
    expect.stringMatching(/^error.* 5 of 9 accesses of woodgrove \(55\.6 %\)/),
  ])
})

test('a roster that is emptied takes people away like any list; one that is gone is an error', async () => {
  const roster = join(folder, 'policies/partners/rosters/fabrikam-auditors.csv')
  writeFileSync(roster, 'address,displayName,until\n')
  expect(told(await plan())).toContainEqual(expect.stringMatching(/^error\[guardrail\/removals\] takes away \d+ of/))
  await refused()
  writeFileSync(roster, '')
  const empty = await validate()
  expect(empty.code).toBe(1)
  expect(empty.stdout).toContain('fabrikam-auditors.csv:1:1: error[')
  rmSync(roster)
  const gone = await validate()
  expect(gone.code).toBe(1)
  expect(gone.stdout).toMatch(/partners\/fabrikam\.yaml:\d+:\d+: error\[missing-file\]/)
})

const approvers = 'CN=Payroll Approvers,OU=Apps,DC=corp,DC=contoso,DC=com'
const administrators = 'CN=Payroll Administrators,OU=Apps,DC=corp,DC=contoso,DC=com'

test('a protected group that a role names is refused at its line, said once, and no override helps', async () => {
  edit('apps/payroll.yaml', text => text.replace(approvers, administrators))
  const checked = await validate()
  expect(checked.code).toBe(3)
  expect(checked.stdout).toMatch(
    /apps\/payroll\.yaml:23:14: error\[guardrail\/protected-group\]: CN=Payroll Administrators/,
  )
  const shown = await plan()
  expect(told(shown).filter(line => line.includes('protected-group'))).toEqual([
    `error[guardrail/protected-group] ${administrators} is a protected group: nobody is put into it`,
  ])
  const puts = shown.changes.filter(
    ({ id, action }) => action === 'create' && id.includes('group-member/payroll/approver'),
  )
  expect(puts).toEqual([])
  expect(await refused()).toContain('refused[guardrail/protected-group]')
  override('{guardrail: protectedGroups, reason: x, until: 2026-12-05}')
  expect((await validate()).stdout).toContain('error[unknown-value]')
})

test('a group in Active Directory that lies in a protected one: nobody is put in, whoever goes goes', async () => {
  await inDomain(async directory => {
    // Two levels down.
    await directory.add('CN=Releases,OU=Apps,DC=corp,DC=contoso,DC=com', {
      objectClass: ['top', 'group'],
      sAMAccountName: ['Releases'],
      groupType: ['-2147483646'],
      member: [approvers],
    })
    const member = {
      operation: 'add',
      attribute: 'member',
      values: ['CN=Releases,OU=Apps,DC=corp,DC=contoso,DC=com'],
    } as const
    await directory.modify(administrators, [member])
  })
  const why = `guardrail/protected-group] ${approvers} lies in the protected group ${administrators}: nobody is put into it`
  expect(told(await plan())).toEqual([`warning[${why}`])

  const leads = '    members: # a person may be in several groups\n'
  edit('partners/fabrikam.yaml', text => text.replace(leads, `${leads}      - callum.reid@fabrikam.com\n`))
  const shown = await plan()
  expect(told(shown)).toEqual([`error[${why}`])
  const group = 'active-directory/group-member/payroll/approver/callum.reid@fabrikam.com'
  expect(shown.changes.map(({ id }) => id)).not.toContain(group)
  expect(shown.waiting.map(({ id }) => id)).toContain(group)
  await refused()

  edit('partners/fabrikam.yaml', text => text.replace(`${leads}      - callum.reid@fabrikam.com\n`, leads))
  without('partners/fabrikam.yaml', /hannah\.weiss/)
  expect((await plan()).changes.map(({ id, action }) => `${action} ${id}`)).toContain(
    'delete active-directory/group-member/payroll/approver/hannah.weiss@fabrikam.com',
  )
  await goesThrough()
  expect((await plan()).effects).toEqual([])
})

test('a group of ours that lies in a protected one of Entra: nobody is put in, whoever goes goes', async () => {
  await asAdmin(folder, async ask => {
    const { value } = await ask<{ value: { id: string; displayName: string }[] }>('GET', '/v1.0/groups?$top=999')
    const ours = value.find(({ displayName }) => displayName === 'guestlist: woodgrove/treasury')
    const group = '/v1.0/groups/5e4c9d1a-7c1b-4a0e-9f6e-2b6f0c3d8a41'
    await ask('POST', `${group}/members/$ref`, {
      '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${ours?.id}`,
    })
  })
  const why =
    'guardrail/protected-group] guestlist.partner-group.woodgrove.treasury lies in the protected group Break Glass: nobody is put into it'
  expect(told(await plan())).toEqual([`warning[${why}`])
  const mallory = '      - mallory@woodgrovebank.com\n'
  const desk = 'Cash management desk\n    members:\n'
  edit('partners/woodgrove.yaml', text => text.replace(desk, `${desk}${mallory}`))
  const shown = await plan()
  expect(told(shown)).toEqual([`error[${why}`])
  expect(shown.effects).toEqual([])
  expect(shown.changes.map(({ kind }) => kind)).not.toContain('group-member')
  await refused()

  edit('partners/woodgrove.yaml', text => text.replace(mallory, ''))
  without('partners/woodgrove.yaml', /eva\./)
  await goesThrough()
  const after = await plan()
  expect(after.effects).toEqual([])
  expect(told(after)).toEqual([`warning[${why}`])
})

test('a protected group that is not there is told, for nothing is protected by it', async () => {
  edit('organization.yaml', text =>
    text
      .replace('CN=Payroll Administrators', 'CN=Payroll Admins')
      .replace(/- 5e4c9d1a(.*"Break Glass"\n {2}#)/, '- 5e4c9d1b$1'),
  )
  expect(told(await plan())).toEqual([
    'warning[protected-group-missing] the protected group 5e4c9d1b-7c1b-4a0e-9f6e-2b6f0c3d8a41 is not in Entra: nothing is protected by it',
    'warning[protected-group-missing] the protected group CN=Payroll Admins,OU=Apps,DC=corp,DC=contoso,DC=com is not in Active Directory: nothing is protected by it',
  ])
})
