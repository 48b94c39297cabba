// A reviewer reads the plan of a branch: what it intends stands apart from what somebody did in the portal meanwhile.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { repositoryAt } from '../connect/repository.ts'
import { emptyFolder, guestlist, repository as product, type Result } from './guestlist.ts'
import { asAdmin } from './tenant-admin.ts'

const folder = emptyFolder()
const temporary = join(folder, '.guestlist/tmp')
const repository = repositoryAt(folder)
const { git } = repository

const patience = 120_000

const run = (...args: readonly string[]): Promise<Result> =>
  guestlist([...args, '--sandbox'], { cwd: folder, env: { TMPDIR: temporary } })

async function planned(...args: readonly string[]): Promise<Plan> {
  const { code, stdout, stderr } = await run('plan', '--format', 'json', ...args)
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`)
  return JSON.parse(stdout)
}

/** In a file of the policies, the one place that says so. */
function edit(file: string, from: string, to: string): void {
  const path = join(folder, 'policies', file)
  const text = readFileSync(path, 'utf8')
  if (text.split(from).length !== 2) throw new Error(`${file} has not one place that says ${from}`)
  writeFileSync(
    path,
    text.replace(from, () => to),
  )
}

function branch(name: string, from: string, change: () => void): string {
  git('checkout', '--quiet', '-b', name, from)
  change()
  return repository.commit(name)
}

const access = (name: string, rest: string): string =>
  `---\napiVersion: guestlist/v1\nkind: Access\nname: ${name}\npartner: fabrikam\ngroups: [engineers]\nreason: SOW-1\n${rest}\n`

const lines = ({ effects }: Plan, cause: 'intended' | 'drift'): readonly string[] =>
  effects
    .filter(effect => effect.cause === cause)
    .map(({ effect, person, app }) => `${effect} ${person} ${app}`)
    .sort()

const found = ({ findings }: Plan, code: string): readonly string[] =>
  findings.filter(finding => finding.code === code).map(({ message }) => message)

const newcomer = '      - lee@fabrikam.com\n      - nora.berg@fabrikam.com\n'
const engineersReach = ['drawings', 'expenses', 'maintenance', 'payroll']

let main: string
let feature: string

beforeAll(async () => {
  mkdirSync(temporary, { recursive: true })
  cpSync(join(product, 'policies'), join(folder, 'policies'), { recursive: true })
  git('init', '--quiet', '--initial-branch=main')
  repository.write({ '.gitignore': '.guestlist/\n' })
  main = repository.commit('what is so')
  const { code, stderr } = await run('apply')
  if (code !== 0) throw new Error(stderr)
  await asAdmin(folder, async ask => {
    const group = await ask<{ id: string }>(
      'GET',
      "/v1.0/groups(uniqueName='guestlist.partner-group.fabrikam.engineers')",
    )
    const idOf = async (mail: string): Promise<string> => {
      const users = await ask<{ value: { id: string }[] }>('GET', `/v1.0/users?$filter=mail eq '${mail}'&$select=id`)
      return users.value[0]?.id ?? ''
    }
    await ask('DELETE', `/v1.0/groups/${group.id}/members/${await idOf('dana@fabrikam.com')}/$ref`)
    await ask('POST', `/v1.0/groups/${group.id}/members/$ref`, {
      '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${await idOf('marie.leclerc@adatum.com')}`,
    })
  })
  feature = branch('feature', 'main', () => {
    edit('partners/fabrikam.yaml', '      - lee@fabrikam.com\n', newcomer)
    edit('access/adatum.yaml', 'app: expenses\nuntil: 2026-12-31', 'app: expenses\nuntil: 2027-03-31')
    repository.write({
      'policies/access/more.yaml':
        access('fabrikam-procurement', 'app: procurement\nuntil: 2027-06-30') +
        access('fabrikam-timesheets', 'app: timesheets\nfrom: 2027-02-01\nuntil: 2027-06-30'),
    })
  })
}, patience)

describe('the plan of a branch', () => {
  test('keeps what it intends apart from what has drifted', { timeout: patience }, async () => {
    git('checkout', '--quiet', 'feature')
    const plan = await planned('--base', 'main')
    expect(plan.commit).toBe(feature)
    expect(plan.base).toEqual({ revision: 'main', commit: main })
    expect(lines(plan, 'drift')).toEqual([
      ...engineersReach.map(app => `gain dana@fabrikam.com ${app}`),
      'lose marie.leclerc@adatum.com drawings',
    ])
    const newApp = lines(plan, 'intended').filter(line => line.endsWith(' procurement'))
    expect(newApp).toHaveLength(15)
    expect(newApp).toContain('gain dana@fabrikam.com procurement')
    expect(lines(plan, 'intended').filter(line => !newApp.includes(line))).toEqual(
      engineersReach.map(app => `gain nora.berg@fabrikam.com ${app}`),
    )
    expect(plan.effects.every(({ cause }) => cause !== undefined)).toBe(true)

    const drifted = plan.changes.filter(({ cause }) => cause === 'drift').map(({ action, id }) => `${action} ${id}`)
    expect(drifted.sort()).toEqual([
      'create entra/group-member/fabrikam/engineers/dana@fabrikam.com',
      'delete entra/group-member/fabrikam/engineers/marie.leclerc@adatum.com',
    ])
    expect(plan.changes.find(({ id }) => id === 'entra/guest/nora.berg@fabrikam.com')?.cause).toBe('intended')

    expect(new Set(plan.moved.map(({ was, until, app }) => `${app} ${was} ${until}`))).toEqual(
      new Set(['expenses 2026-12-31 2027-03-31']),
    )
    const intended = plan.coming.filter(({ cause }) => cause === 'intended')
    expect(new Set(intended.map(({ effect, on, app }) => `${effect} ${on} ${app}`))).toEqual(
      // One of the engineers, who gain it now, leaves this month.
      new Set(['gain 2027-02-01 timesheets', 'lose 2026-12-18 procurement']),
    )
    // The base brings these, too.
    expect(plan.coming.filter(({ app }) => app === 'project-hub').map(item => 'cause' in item)).toContain(false)
    expect(found(plan, 'base-ahead')).toEqual([])

    const without = await planned()
    expect(without.digest).toBe(plan.digest)
    expect(without.base).toBe(undefined)
    expect(without.commit).toBe(feature)
    expect(readdirSync(temporary)).toEqual([])
  })

  test('of a part is compared with the whole', { timeout: patience }, async () => {
    git('checkout', '--quiet', 'feature')
    const plan = await planned('--base', 'main', '--app', 'procurement')
    const causes = plan.changes.filter(({ kind }) => kind === 'group-member').map(({ id, cause }) => `${id} ${cause}`)
    expect(causes).toContain('entra/group-member/fabrikam/engineers/dana@fabrikam.com drift')
    expect(causes).toContain('entra/group-member/fabrikam/engineers/nora.berg@fabrikam.com intended')
  })

  test('says so when it takes up what has drifted', { timeout: patience }, async () => {
    branch('accepting', 'main', () =>
      edit(
        'partners/fabrikam.yaml',
        '      - {address: dana@fabrikam.com, displayName: Dana Ruiz, until: 2027-03-31}\n',
        '',
      ),
    )
    const plan = await planned('--base', 'main')
    expect(lines(plan, 'intended')).toEqual([])
    expect(found(plan, 'drift/accepted').join()).toMatch(
      /^this change of policy accepts what has drifted: \d accesses stay away that main gives: dana@fabrikam\.com drawings/,
    )
  })

  test('tells what it sets besides who reaches what, though it changes nothing today', {
    timeout: patience,
  }, async () => {
    branch('settings', 'main', () => {
      edit('organization.yaml', 'redirectUrl: https://myapps.microsoft.com/', 'redirectUrl: https://evil.example/')
      edit('organization.yaml', 'oldestPlan: 7d', 'oldestPlan: 3650d')
      edit('partners/adatum.yaml', 'domains: [adatum.com]', 'domains: [adatum.com, gmail.com]')
      edit('apps/payroll.yaml', 'unmanagedGuests: remove', 'unmanagedGuests: report')
      rmSync(join(folder, 'policies/rules/separation-of-duties.yaml'))
    })
    const { code, stdout } = await run('plan', '--base', 'main')
    expect(code).toBe(0)
    expect(stdout).toContain(
      '  This change intends\n' +
        '    Nobody gains or loses access by this change; 5 settings change.\n' +
        '    Applying it also does what the policies asked for before: 1 person gains 4 accesses, 1 person loses access.\n',
    )
    const sets = [...stdout.matchAll(/^ {4}! sets {11}(.*)/gm)].map(([, text = '']) => text)
    const ours = '?tenantid=7918d4b5-0442-4a97-be2d-36f9f9962ece'
    expect(sets).toEqual([
      `entra › invitation › redirect url: https://myapps.microsoft.com/${ours} → https://evil.example/${ours}   policies/organization.yaml:4`,
      'guardrails › oldest plan: 7d → 3650d   policies/organization.yaml:4',
      'rule order-or-pay goes: Nobody from outside may both order in Procurement and pay in Payments.   ' +
        'policies/rules/separation-of-duties.yaml:3 (removed)',
      'partner adatum: domains: + gmail.com   policies/partners/adatum.yaml:4',
      'app payroll: unmanaged guests: remove → report   policies/apps/payroll.yaml:4',
    ])
    expect((await planned('--base', 'settings')).settings).toEqual([])
  })

  test('tells the app by both names where people read another one than before', { timeout: patience }, async () => {
    branch('disguised', 'main', () => {
      edit('apps/payroll.yaml', 'displayName: Payroll\n', 'displayName: Tickets\n')
      edit('partners/fabrikam.yaml', '      - lee@fabrikam.com\n', newcomer)
    })
    const { stdout, stderr } = await run('plan', '--base', 'main')
    expect(stdout).toContain('1 person gains   Tickets (payroll)')
    expect(stdout).toContain(
      '! sets           app payroll: display name: Payroll → Tickets   policies/apps/payroll.yaml:4',
    )
    expect(stdout + stderr).toContain('`Tickets` is what people read of payroll already')
  })

  test('says so when the base has moved on', { timeout: patience }, async () => {
    branch('trunk', 'main', () => edit('partners/fabrikam.yaml', '      - lee@fabrikam.com\n', newcomer))
    git('checkout', '--quiet', 'feature')
    const plan = await planned('--base', 'trunk')
    expect(found(plan, 'base-ahead')).toEqual([
      'trunk has 1 commit to the policies that HEAD lacks: this plan also takes back what they changed',
    ])
  })

  test('is there all the same when the base cannot be planned', { timeout: patience }, async () => {
    branch('broken', 'main', () => edit('partners/fabrikam.yaml', 'kind: Partner', 'kind: Partnr'))
    git('checkout', '--quiet', 'feature')
    const plan = await planned('--base', 'broken')
    expect(found(plan, 'base-unreadable').join()).toMatch(
      /^broken cannot be planned, so that drift is not told apart: its policies have \d+ mistakes?, the first: partners\/fabrikam\.yaml:3: /,
    )
    expect(lines(plan, 'drift')).toEqual([])
    expect(lines(plan, 'intended')).toContain('gain dana@fabrikam.com drawings')

    git('checkout', '--quiet', '--orphan', 'before')
    git('rm', '--quiet', '-r', '--cached', '.')
    git('commit', '--quiet', '--allow-empty', '--message', 'nothing yet')
    git('checkout', '--quiet', '--force', 'feature')
    const first = await planned('--base', 'before')
    expect(found(first, 'base-empty')).toHaveLength(1)
    expect(lines(first, 'drift')).toEqual([])
    expect(readdirSync(temporary)).toEqual([])
  })

  test('has no commit where files are not as committed', { timeout: patience }, async () => {
    git('checkout', '--quiet', 'feature')
    repository.write({ 'policies/access/draft.yaml': '# to come\n' })
    const plan = await planned('--base', 'main')
    git('clean', '--quiet', '--force', 'policies')
    expect(plan.commit).toBe(null)
    expect(lines(plan, 'drift')).toContain('gain dana@fabrikam.com drawings')
  })

  test('cannot be made against what is not there', { timeout: patience }, async () => {
    const unknown = await run('plan', '--base', 'origin/main')
    expect(unknown).toMatchObject({ code: 1, stdout: '' })
    expect(unknown.stderr).toContain(
      'error[unknown-revision]: Git knows no commit `origin/main` here\n' +
        '  fetch it first; in CI, check out with the full history (`fetch-depth: 0`)\n',
    )
    expect((await run('plan', '--base=--output=x')).stderr).toContain('error[bad-option]')

    const elsewhere = emptyFolder()
    cpSync(join(product, 'policies'), join(elsewhere, 'policies'), { recursive: true })
    const alone = await guestlist(['plan', '--base', 'main', '--sandbox'], { cwd: elsewhere })
    expect(alone).toMatchObject({ code: 1, stdout: '' })
    expect(alone.stderr).toContain('error[no-repository]: the policies folder is in no Git repository\n')
    const plain = await guestlist(['plan', '--format', 'json', '--sandbox'], { cwd: elsewhere })
    expect(JSON.parse(plain.stdout).commit).toBe(null)
  })
})

describe('an end that the change itself sets', () => {
  test.each([
    ['into the past', '2026-11-30'],
    ['to nearly now', '2026-12-03'],
  ])('%s is a removal to the guardrails', { timeout: patience }, async (_, until) => {
    branch(`cut-${until}`, 'main', () => {
      const path = join(folder, 'policies/access/proseware.yaml')
      writeFileSync(path, readFileSync(path, 'utf8').replace(/until: .*/g, `until: ${until}`))
    })
    expect(found(await planned('--base', 'main'), 'guardrail/removals')).toContainEqual(
      expect.stringContaining('accesses of proseware'),
    )
    expect(found(await planned(), 'guardrail/removals')).toEqual([])
  })
})
