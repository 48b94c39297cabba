// The life of a change, from pull request to merge, through the workflows themselves: planned and told about, updated, applied
// as it was reviewed or not at all; what a fork gets; what happens by hand and by night.

import { unzipSync, zipSync } from 'fflate'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { checksumOf } from '../../src/engine/plan.ts'
import { Company } from './company.ts'
import { bot } from './github-stand-in.ts'
import { emptyFolder } from './guestlist.ts'
import { type Results, runAgain } from './workflow-runner.ts'

// A workflow is dozens of commands; a busy machine takes its time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 })

const scratch = emptyFolder()
let company: Company
let firstMerge: Results
let firstNight: Results

beforeAll(async () => {
  company = await Company.found(scratch)
})
afterAll(() => company.gitHub.close())

const ran = (jobs: Results): object =>
  Object.fromEntries(Object.entries(jobs).map(([job, { result }]) => [job, result]))

const commentsOn = (number: number): readonly string[] =>
  company.gitHub.comments.filter(comment => comment.number === number).map(({ body }) => body)

const textIn = (zip: Uint8Array | undefined, file: string): string =>
  Buffer.from(unzipSync(zip ?? new Uint8Array())[file] ?? []).toString()

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
  const file = 'policies/access/fabrikam.yaml'
  const broken = company.push(first, () => company.edit(file, text => text.replace('app: payroll', 'app: payrol')))
  expect(ran(await company.plan(broken))).toEqual({ validate: 'failure', plan: 'skipped', comment: 'success' })
  expect(mine?.body).toContain('### guestlist · no plan\n\n`validate` has failed')
  expect(mine?.body).toContain(`about the push of \`${broken.pull.head.sha.slice(0, 7)}\``)
  expect(mine?.body).not.toContain('nora')

  const second = company.push(broken, () => {
    company.edit(file, text => text.replace('app: payrol\n', 'app: payroll\n'))
    company.addEngineer('olga@fabrikam.com')
  })
  expect(ran(await company.plan(second))).toEqual(planned)
  const told = mine?.body
  // Repeated, the first run has nothing to say any more.
  const again = await runAgain(before)
  expect(ran(again)).toEqual(planned)
  expect(again.comment?.log).toContain('Comment on #1: left alone. This run is of')
  expect(mine?.body).toBe(told)
  expect(commentsOn(1)).toHaveLength(2)
  expect(company.gitHub.comments).toContain(mine)
  expect(mine?.body).toContain('olga@fabrikam.com')
  expect(quoted.body).toBe('<!-- guestlist: plan -->\nlooks good')

  const jobs = await company.merge(second, 'merge')
  expect(ran(jobs), jobs.apply?.log).toEqual(applied)
  // Who approves sees the plan that is applied, and not what a comment says.
  expect(jobs.reviewed?.summary).toContain('olga@fabrikam.com')
  firstMerge = jobs
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

  // Repeated, an older merge would change back what came after it.
  const again = await runAgain(firstMerge)
  expect(ran(again)).toMatchObject({ reviewed: 'failure', apply: 'skipped', report: 'skipped' })
  expect(again.reviewed?.log).toContain('error[moved-on]: this run is repeated, and main has moved on since')
})

test('by hand, what main says is planned anew and waits for approval; two runners share it, and keep its order', async () => {
  const runners = { GUESTLIST_APPLY_RUNNER: 'reads-ad', GUESTLIST_ACTIVE_DIRECTORY_RUNNER: 'writes-ad' }
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
  company.pushTo('main', () => company.addEngineer('rita@fabrikam.com'))
  const jobs = await company.runs('apply.yml', 'push')
  expect(ran(jobs)).toMatchObject({ reviewed: 'failure', apply: 'skipped', report: 'skipped' })
  expect(jobs.reviewed?.log).toContain('error[not-reviewed]')
  expect(jobs.reviewed?.summary).toContain('to apply what the branch says now, run the apply workflow by hand')
})

test('by night, what would give somebody something waits for a person, and holds up nothing', async () => {
  const jobs = await company.runs('apply.yml', 'schedule')
  expect(ran(jobs)).toMatchObject({ planned: 'success', apply: 'skipped' })
  expect(jobs.planned?.outputs).toMatchObject({ changes: '0', 'only-ends': 'false' })
  firstNight = jobs
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

test('who puts ends into the past does not get past the guardrails, neither by another plan nor by night', async () => {
  const change = company.open(() =>
    company.edit('policies/access/fabrikam.yaml', text =>
      text.replaceAll(/until: 2027-\d\d-\d\d/g, 'until: 2026-11-29').replace('from: 2026-12-01 #', '#'),
    ),
  )
  const { plan, ...others } = await company.plan(change)
  expect(ran(others)).toEqual({ validate: 'success', comment: 'success' })
  expect(plan?.result).toBe('failure')
  expect(plan?.commands).toContainEqual(expect.stringMatching(/^::error title=guestlist::Refused: /))
  expect(commentsOn(change.number)).toEqual([expect.stringMatching(/takes away \d+ of \d+ accesses/)])

  // Somebody has another run upload the same plan without what refuses it, and merges past the check.
  const artifact = company.gitHub.artifacts.find(({ name }) => name === `guestlist-plan-${change.number}`)
  const { findings: _findings, ...rest } = JSON.parse(textIn(artifact?.zip, 'plan.json'))
  const forged = { ...rest, findings: [] }
  const id = company.gitHub.nextId()
  const of = company.gitHub.runs.find(run => run.id === artifact?.run) ?? expect.fail('there is no run')
  company.gitHub.runs.push({ ...of, id, run_number: id, conclusion: 'success' })
  const text = JSON.stringify({ ...forged, checksum: checksumOf(forged) })
  company.gitHub.addArtifact(id, `guestlist-plan-${change.number}`, zipSync({ 'plan.json': Buffer.from(text) }))
  const before = await company.everything()
  const jobs = await company.merge(change, 'squash')
  expect(ran(jobs), jobs.apply?.log).toEqual(notApplied)
  expect(jobs.apply?.outputs['exit-code'], jobs.apply?.log).toBe('3')
  // To the night they are days like any other; but they were not there eight days ago.
  const night = await company.runs('apply.yml', 'schedule')
  expect(ran(night)).toMatchObject({ planned: 'success', apply: 'failure' })
  expect(night.planned?.outputs['only-ends']).toBe('true')
  expect(night.apply?.outputs['exit-code']).toBe('3')
  expect(await company.everything()).toBe(before)
  company.takeBack()
})

test('a pull request that was planned against another branch is not applied to this one', async () => {
  const file = 'policies/partners/proseware.yaml'
  company.pushTo('elsewhere', () =>
    company.edit(file, text =>
      text.replace(/( +)members:\n/, (all, indent: string) => `${all}${indent}  - mallory@proseware.com\n`),
    ),
  )
  const change = company.open(() => company.edit(file, text => `# Harmless.\n${text}`), undefined, 'elsewhere')
  expect(ran(await company.plan(change))).toEqual(planned)
  change.pull.base = { ...change.pull.base, ref: 'main' }
  const jobs = await company.merge(change, 'squash')
  expect(ran(jobs)).toEqual({ ...notApplied, reviewed: 'failure', apply: 'skipped' })
  expect(commentsOn(change.number).at(-1)).toContain('was made against origin/elsewhere, not against origin/main')
  company.takeBack()
})

test('by night, what has ended on its day is taken away in both directories in one go', async () => {
  company.itIs('2026-12-19T01:17:00Z')
  // An older night, repeated, knows nothing of what has been extended since.
  const again = await runAgain(firstNight)
  expect(ran(again)).toMatchObject({ planned: 'success', apply: 'failure' })
  expect(again.apply?.outputs['exit-code']).toBe('4')
  expect(again.apply?.log).toContain('error[moved-on]')

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
