// Listing who reaches what on the example: what works, what will work, and what the policy gives that does not work yet.

import { appendFileSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { emptyFolder, repository } from '../stories/guestlist.ts'
import { command, type Heard } from './fake-host.ts'

const cwd = emptyFolder()
cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })

const run = (...args: readonly string[]): Promise<Heard> => command([...args, '--sandbox'], { cwd })

interface Row {
  readonly person: string
  readonly app: string
  readonly role: string
  readonly until: string | null
  readonly basis: string
  readonly because: readonly { readonly access: string; readonly file: string; readonly line: number }[]
}

async function rows(...args: readonly string[]): Promise<readonly Row[]> {
  const { code, stdout } = await run('access', '--format', 'json', ...args)
  expect(code).toBe(0)
  return JSON.parse(stdout) as readonly Row[]
}

async function plan(): Promise<Plan> {
  return JSON.parse((await run('plan', '--format', 'json')).stdout) as Plan
}

test('before the first apply only what somebody did by hand works, and the rest is counted', async () => {
  const { summary } = await plan()
  const { stdout, stderr } = await run('access', '--format', 'json')
  const there = JSON.parse(stdout) as readonly Row[]
  expect(there).toMatchObject([
    { person: 'intern@adatum.com', app: 'expenses', until: null, basis: 'none', because: [] },
  ])
  const [, pending = ''] =
    /^(\d+) accesses of the policy do not work yet: guestlist plan --sandbox$/m.exec(stderr) ?? []
  // Some wait for Entra Connect, which no plan can make.
  expect(Number(pending)).toBeGreaterThanOrEqual(summary.gains)
})

describe('in step with the policies', () => {
  let first: Plan

  beforeAll(async () => {
    first = await plan()
    expect((await run('apply')).code).toBe(0)
  })

  test('lists exactly what the plan said that people would gain, with its ends and lines', async () => {
    const key = ({ person, app, role, until }: Omit<Row, 'basis' | 'because'>): string =>
      [app, role, person, until].join(' ')
    const listed = (await rows()).filter(({ basis }) => basis === 'policy')
    expect(listed.map(key).sort()).toEqual(
      first.effects
        .filter(({ effect }) => effect === 'gain')
        .map(key)
        .sort(),
    )
    for (const { because } of listed) expect(because[0]?.file).toMatch(/^policies\/access\/.*\.yaml$/)
  })

  test('--person, --app and --partner choose rows of the whole, and the plan behind it stays whole', async () => {
    const all = await rows()
    expect(await rows('--app', 'payroll', '--app', 'tickets')).toEqual(
      all.filter(({ app }) => ['payroll', 'tickets'].includes(app)),
    )
    expect(await rows('--person', 'Lee_Fabrikam.com#EXT#@contoso.onmicrosoft.com')).toEqual(
      all.filter(({ person }) => person === 'lee@fabrikam.com'),
    )
    expect(await rows('--partner', 'proseware')).toEqual(all.filter(({ person }) => person.endsWith('@proseware.com')))
  })

  test('--expiring lists what ends within that time, the last day included', async () => {
    const ends = (await rows('--expiring', '30d')).map(({ until }) => until ?? '')
    expect(ends.length).toBeGreaterThan(10)
    expect(ends.every(end => end >= '2026-12-01' && end <= '2026-12-31')).toBe(true)
    expect(ends).toContain('2026-12-31')
    expect(await rows('--expiring', '1d')).toEqual([])
  })

  test('--at a day to come lists what will work then', async () => {
    const then = await rows('--at', '2027-01-12')
    expect(then.some(({ app, person }) => app === 'project-hub' && person === 'stefan.gruber@adatum.com')).toBe(true)
    expect(then.some(({ app, person }) => app === 'project-hub' && person === 'hannah.weiss@fabrikam.com')).toBe(false)
    const { stdout } = await run('access', '--at', '2027-01-12')
    expect(stdout).toMatch(
      /^Contoso Ltd\. · \d+ accesses of \d+ people · on 2027-01-12, once the policies are applied\n/,
    )
  })

  test('--at a day that is past says that there is no history', async () => {
    const { stderr, code } = await run('access', '--at', '2026-10-01')
    expect(code).toBe(0)
    expect(stderr).toContain('2026-10-01 is past, and the directories keep no history')
  })

  test('now is not past, however long the reading takes', async () => {
    // Another seed than the example has no day of its own.
    cpSync(join(repository, 'src/sandbox/contoso'), join(cwd, 'seed'), { recursive: true })
    appendFileSync(join(cwd, 'seed/graph.json'), '\n')
    let now = Date.parse('2026-12-01T09:00:00Z')
    const slow = { cwd, now: () => (now += 1000) }
    const { code, stdout, stderr } = await command(['access', '--sandbox', '--seed', 'seed', '--state', 'other'], slow)
    expect(code).toBe(0)
    expect(stdout).toContain('as of 2026-12-01\n')
    expect(stderr).not.toContain('past')
  })

  test('text has a table for each app, and everything else goes to stderr', async () => {
    const { stdout, stderr } = await run('access', '--person', 'dana@fabrikam.com')
    expect(stdout).toMatch(
      /^Payroll · 1 person\n {2}dana@fabrikam\.com {3}user {3}until 2027-03-31 {3}fabrikam\/engineers {3}SOW-4711 {3}policies\/access\/fabrikam\.yaml:\d+$/m,
    )
    expect(stdout).not.toContain('clock')
    expect(stderr).not.toContain('Payroll')
  })

  test('CSV has the same rows, a header and CRLF', async () => {
    const { stdout } = await run('access', '--format', 'csv')
    expect(
      stdout.startsWith(
        'person,displayName,partner,app,role,until,basis,groups,unmanaged,access,reason,policyLine\r\n',
      ),
    ).toBe(true)
    expect(stdout.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    const parsed = parse(stdout, { columns: true }) as readonly Record<string, string>[]
    const all = await rows()
    expect(parsed.map(({ person, app, role, until }) => [person, app, role, until])).toEqual(
      all.map(({ person, app, role, until }) => [person, app, role, until ?? '']),
    )
  })

  test('whom nobody knows has no rows, and is told so', async () => {
    const { code, stdout, stderr } = await run('access', '--person', 'nobody@example.com', '--format', 'json')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '[]\n' })
    expect(stderr).toContain('No policy names nobody@example.com.')
  })
})
