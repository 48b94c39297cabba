// A saved plan says the same as when it was made, without policies, without directories.

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { emptyFolder, repository } from '../stories/guestlist.ts'
import { command } from './fake-host.ts'

const made = emptyFolder()
const elsewhere = emptyFolder()
const file = join(elsewhere, 'plan.json')

beforeAll(async () => {
  cpSync(join(repository, 'policies'), join(made, 'policies'), { recursive: true })
  const { code } = await command(['plan', '--sandbox', '--partner', 'adatum', '--out', file], { cwd: made })
  expect(code).toBe(0)
})

const later = { now: () => Date.parse('2026-12-02T00:00:00Z') }

test.for(['text', 'markdown', 'json', 'html'])(
  'as %s it is what plan itself shows, but for what comes next',
  async format => {
    const planned = await command(['plan', '--sandbox', '--partner', 'adatum', '--format', format], { cwd: made })
    const shown = await command(['show', 'plan.json', '--format', format], { cwd: elsewhere, ...later })
    expect({ code: shown.code, stderr: shown.stderr }).toEqual({ code: 0, stderr: '' })
    const withoutNext = (text: string): string => text.replaceAll(/Apply (it|exactly this): [^\n<]*/g, '')
    expect(withoutNext(shown.stdout)).toBe(withoutNext(planned.stdout))
  },
)

test('it says how to apply exactly this', async () => {
  const { stdout } = await command(['show', 'plan.json'], { cwd: elsewhere, ...later })
  expect(stdout).toMatch(/Apply exactly this: guestlist apply plan\.json --partner adatum --sandbox\n$/)
})

test('every change is listed where it is asked for', async () => {
  const few = await command(['show', 'plan.json'], { cwd: elsewhere, ...later })
  const all = await command(['show', 'plan.json', '--changes'], { cwd: elsewhere, ...later })
  expect(few.stdout).toContain('list them: --changes')
  expect(all.stdout).toContain('invite aisha.bello@adatum.com')
})

test('one that was changed by hand is refused, and so is what is no plan', async () => {
  const edited = join(elsewhere, 'edited.json')
  writeFileSync(edited, readFileSync(file, 'utf8').replaceAll('aisha.bello', 'eve'))
  const { code, stdout, stderr } = await command(['show', 'edited.json'], { cwd: elsewhere })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain('error[edited-plan]: edited.json was changed after it was made')
  const missing = await command(['show', 'nothing.json'], { cwd: elsewhere })
  expect({ code: missing.code, stderr: missing.stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('there is no such file'),
  })
})

test('an unknown format names those that there are', async () => {
  const { code, stderr } = await command(['show', 'plan.json', '--format', 'pdf'], { cwd: elsewhere })
  expect(code).toBe(1)
  expect(stderr).toContain('There are: text, markdown, html, json')
})

test('in a workflow, lines are links to the commit that was planned, and the run has the full plan', async () => {
  const env = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'contoso/access', GITHUB_RUN_ID: '42' }
  const { stdout } = await command(['show', 'plan.json', '--format', 'markdown'], { cwd: elsewhere, env, ...later })
  expect(stdout).toContain('[full plan](<https://github.com/contoso/access/actions/runs/42>)')
  // The folder is no checkout: there is no commit to link to.
  expect(stdout).not.toContain('/blob/')
})
