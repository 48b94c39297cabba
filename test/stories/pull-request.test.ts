// The life of a change, from pull request to merge, through the workflows themselves: planned and told about, updated, applied
// as it was reviewed or not at all; what a fork gets; what happens by hand and by night.

import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Company, type Jobs } from './company.ts'
import { bot } from './github-stand-in.ts'
import { emptyFolder } from './guestlist.ts'

// A workflow is dozens of commands; a busy machine takes its time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 })

const scratch = emptyFolder()
let company: Company

beforeAll(async () => {
  company = await Company.found(scratch)
})
afterAll(() => company.gitHub.close())

const ran = (jobs: Jobs): object => Object.fromEntries(Object.entries(jobs).map(([job, { result }]) => [job, result]))

const commentsOn = (number: number): readonly string[] =>
  company.gitHub.comments.filter(comment => comment.number === number).map(({ body }) => body)

const planned = { validate: 'success', plan: 'success', comment: 'success' }
const onlyValidated = { validate: 'success', plan: 'skipped', comment: 'skipped' }
const notApplied = {
  reviewed: 'success',
  planned: 'skipped',
  apply: 'failure',
  'active-directory': 'skipped',
  rest: 'skipped',
  report: 'success',
}
const applied = { ...notApplied, apply: 'success' }

/** A person whose name is a program: to GitHub's log, to its Markdown, to a shell. */
const hostile =
  '{address: nora@fabrikam.com, displayName: "::error::nora ##[error]nora ``` <b>nora</b> $(touch nora) @nora"}'

test('a pull request is validated, planned and told about; a push updates what is told; the merge applies just that', async () => {
  const first = company.open(() => company.addEngineer(hostile))
  const before = await company.plan(first)
  expect(ran(before), before.plan?.log).toEqual(planned)
  expect(before.plan).toMatchObject({ environment: 'guestlist-plan', env: { AZURE_CLIENT_ID: 'reads' } })
  expect(before.plan?.summary).toContain('nora@fabrikam.com')
  // The findings of the plan, at their lines, and nothing that a name has said.
  expect(before.plan?.commands.length).toBeGreaterThan(0)
  expect(before.plan?.commands.filter(line => !line.startsWith('::warning file=policies/'))).toEqual([])
  const [comment = ''] = commentsOn(1)
  expect(comment).toMatch(/^<!-- guestlist: plan -->\n/)
  expect(comment).toContain('nora@fabrikam.com')
  const mine = company.gitHub.comments.at(-1)

  // Somebody quotes the mark; the comment stays ours, and theirs stays theirs.
  const quoted = company.gitHub.addComment(1, '<!-- guestlist: plan -->\nlooks good', 'robin')
  const second = company.push(first, () => company.addEngineer('olga@fabrikam.com'))
  expect(ran(await company.plan(second))).toEqual(planned)
  expect(commentsOn(1)).toHaveLength(2)
  expect(company.gitHub.comments).toContain(mine)
  expect(mine?.body).toContain('olga@fabrikam.com')
  expect(quoted.body).toBe('<!-- guestlist: plan -->\nlooks good')

  const jobs = await company.merge(second, 'merge')
  expect(ran(jobs), jobs.apply?.log).toEqual(applied)
  expect(jobs.apply).toMatchObject({
    environment: 'guestlist-apply',
    env: { AZURE_CLIENT_ID: 'writes, once approved' },
  })
  expect(jobs.apply?.commands).toEqual([])
  expect(jobs.apply?.summary).toMatch(/^### guestlist · applied\n\n( {4}.*\n)+$/)
  expect(commentsOn(1)).toHaveLength(3)
  expect(commentsOn(1).at(-1)).toMatch(
    /^<!-- guestlist: apply -->\n### guestlist · applied\n[\s\S]*Applied \d+ changes/,
  )
  expect((await company.pending()).changes).toEqual([])
})

test('a directory that changes between review and merge: nothing is changed, and the pull request is told', async () => {
  const change = company.open(() => company.addEngineer('petra@fabrikam.com'))
  expect(ran(await company.plan(change))).toEqual(planned)
  await company.applyElsewhere(emptyFolder(), 'policies/partners/proseware.yaml', text =>
    text.replace(/( +)members:\n/, (all, indent: string) => `${all}${indent}  - stranger@proseware.com\n`),
  )
  const before = await company.everything()

  const jobs = await company.merge(change, 'squash')
  expect(ran(jobs)).toEqual(notApplied)
  expect(jobs.apply?.outputs['exit-code']).toBe('4')
  expect(await company.everything()).toBe(before)
  const told = commentsOn(change.number).at(-1)
  expect(told).toContain('### guestlist · out of date')
  expect(told).toContain('Nothing was changed.')
  expect(told).toContain('stranger@proseware.com')
  expect((await company.pending()).effects.map(({ person }) => person)).toContain('petra@fabrikam.com')
})

test('by hand, what main says is planned anew and waits for approval; two runners share it, and keep its order', async () => {
  const runners = { GUESTLIST_RUNNER: 'reads-ad', GUESTLIST_ACTIVE_DIRECTORY_RUNNER: 'writes-ad' }
  const jobs = await company.runs('apply.yml', 'workflow_dispatch', runners)
  const all = { apply: 'success', 'active-directory': 'success', rest: 'success' }
  expect(ran(jobs)).toEqual({ ...all, reviewed: 'skipped', planned: 'success', report: 'skipped' })
  const where = Object.entries(jobs).map(([job, { runsOn, environment }]) => [job, runsOn, environment])
  expect(where.filter(([, runner]) => runner !== undefined)).toEqual([
    ['planned', 'reads-ad', 'guestlist-plan'],
    ['apply', 'reads-ad', 'guestlist-apply'],
    ['active-directory', 'writes-ad', 'guestlist-plan'],
    ['rest', 'reads-ad', 'guestlist-unattended'],
  ])
  expect(jobs.apply?.log).toContain('invite petra@fabrikam.com')
  expect(jobs['active-directory']?.log).toContain('create shadow account for petra@fabrikam.com')
  expect((await company.pending()).changes).toEqual([])
  const again = await company.runs('apply.yml', 'workflow_dispatch')
  expect(ran(again)).toMatchObject({ planned: 'success', apply: 'skipped' })
})

test('a fork’s pull request is validated, and nothing else: no identity, no token that writes, no plan, no comment', async () => {
  const fork = 'mallory/partner-access'
  const broken = company.open(() => {
    company.addEngineer('nobody@elsewhere.example')
    company.edit('policies/access/fabrikam.yaml', text => text.replace('app: payroll', 'app: payrol'))
  }, fork)
  const { validate, ...others } = await company.plan(broken)
  expect(validate?.result).toBe('failure')
  expect(ran(others)).toEqual({ plan: 'skipped', comment: 'skipped' })
  expect(validate?.commands).toContainEqual(
    expect.stringMatching(/^::error file=policies\/access\/fabrikam\.yaml,line=\d+/),
  )
  expect(validate?.summary).toContain('there is no app `payrol`')
  expect(validate?.runsOn).toBe('ubuntu-24.04')
  const names = Object.keys(validate?.env ?? {})
  expect(names.filter(name => /TOKEN|AZURE|LDAP|SECRET/.test(name))).toEqual([])
  expect(commentsOn(broken.number)).toEqual([])

  // A sound one is not planned either, and cannot be applied as reviewed.
  const sound = company.open(() => company.addEngineer('quinn@fabrikam.com'), fork)
  expect(ran(await company.plan(sound))).toEqual(onlyValidated)
  const merged = await company.merge(sound, 'rebase')
  expect(ran(merged)).toEqual({ ...notApplied, reviewed: 'failure', apply: 'skipped' })
  expect(commentsOn(sound.number)).toEqual([
    expect.stringContaining('was never made: no run of plan.yml has succeeded'),
  ])
})

test('a push without a pull request is not applied', async () => {
  company.pushToMain(() => company.addEngineer('rita@fabrikam.com'))
  const jobs = await company.runs('apply.yml', 'push')
  expect(ran(jobs)).toMatchObject({ reviewed: 'failure', apply: 'skipped', report: 'skipped' })
  expect(jobs.reviewed?.log).toContain('error[not-reviewed]')
  expect(jobs.reviewed?.summary).toContain('to apply what the branch says now, run the apply workflow by hand')
})

test('by night, what would give somebody something waits for a person, and holds up nothing', async () => {
  const jobs = await company.runs('apply.yml', 'schedule')
  expect(ran(jobs)).toMatchObject({ planned: 'success', apply: 'skipped' })
  expect(jobs.planned?.outputs).toMatchObject({ changes: '0', 'only-ends': 'false' })
  expect((await company.pending()).changes).not.toEqual([])
})

test('what differs stands in one issue, until it does not', async () => {
  const { issues } = company.gitHub
  expect(ran(await company.runs('drift.yml', 'schedule'))).toEqual({ plan: 'success', issue: 'success' })
  expect(issues).toMatchObject([{ title: 'guestlist: drift', state: 'open', user: { login: bot } }])
  expect(issues[0]?.body).toContain('rita@fabrikam.com')
  await company.runs('drift.yml', 'schedule')
  expect(issues).toHaveLength(1)
  expect(ran(await company.runs('apply.yml', 'workflow_dispatch'))).toMatchObject({ apply: 'success' })
  await company.runs('drift.yml', 'schedule')
  expect(issues).toMatchObject([{ state: 'closed' }])
})

test('by night, what has ended on its day is taken away in both directories in one go', async () => {
  company.itIs('2026-12-19T01:17:00Z')
  const { effects, changes } = await company.pending()
  expect(new Set(effects.map(({ effect, person, until }) => `${effect} ${person} ${until}`))).toEqual(
    new Set(['lose tomas.dvorak@fabrikam.com 2026-12-18']),
  )
  expect(new Set(changes.map(({ plane }) => plane))).toEqual(new Set(['entra', 'active-directory']))
  const jobs = await company.runs('apply.yml', 'schedule')
  expect(ran(jobs)).toMatchObject({ planned: 'success', apply: 'success', report: 'skipped' })
  expect(jobs.apply).toMatchObject({ environment: 'guestlist-unattended', env: { AZURE_CLIENT_ID: 'writes' } })
  expect((await company.pending()).changes.map(({ id, action }) => `${action} ${id}`)).toEqual([])
})
