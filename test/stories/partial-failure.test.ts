// Thousands of guests, and something that cannot be done: one bad object among them, or no more room in the tenant. The rest
// goes on, the report says what and why once, and the next run continues.

import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { emptyFolder, guestlist, type Result, repository } from './guestlist.ts'

const people = 600

/** The Contoso example is set up, and a partner with very many people comes. */
async function withNewcomers(): Promise<string> {
  const cwd = emptyFolder()
  const policies = join(cwd, 'policies')
  cpSync(join(repository, 'policies'), policies, { recursive: true })
  expect((await guestlist(['apply', '--sandbox'], { cwd })).code).toBe(0)
  const partner = {
    apiVersion: 'guestlist/v1',
    kind: 'Partner',
    name: 'wingtip',
    displayName: 'Wingtip Toys',
    accounts: 'entra-b2b',
    domains: ['wingtip.example'],
    sponsors: ['carla@contoso.com'],
    groups: { all: { membersFrom: { csv: 'rosters/wingtip.csv' } } },
  }
  const roster = Array.from({ length: people }, (_, index) => `p${index}@wingtip.example\n`)
  writeFileSync(join(policies, 'partners/wingtip.yaml'), JSON.stringify(partner))
  writeFileSync(join(policies, 'partners/rosters/wingtip.csv'), `address\n${roster.join('')}`)
  return cwd
}

function applyWith(cwd: string, faults: string): Promise<Result> {
  writeFileSync(join(cwd, 'faults.yaml'), faults)
  return guestlist(['apply', '--sandbox', '--faults', 'faults.yaml'], { cwd })
}

async function planOf(cwd: string): Promise<Plan> {
  return JSON.parse((await guestlist(['plan', '--sandbox', '--format', 'json'], { cwd })).stdout) as Plan
}

test('one bad object among thousands: everybody else gets in, and the next run does the rest', async () => {
  const cwd = await withNewcomers()
  const first = await applyWith(cwd, 'graph: [{on: POST /invitations, nth: 437, fault: 403}]\n')
  expect(first.code).toBe(5)
  const [, done, all] = /^Applied (\d+) of (\d+) changes: 1 failed, 1 not attempted\.$/m.exec(first.stdout) ?? []
  expect(Number(all)).toBeGreaterThan(2 * people)
  expect(Number(done)).toBe(Number(all) - 2)
  const report = first.stdout.slice(first.stdout.indexOf('  Failed'))
  const [, bad] = /✗ invite (p\d+@wingtip\.example)/.exec(report) ?? []
  expect(report).toContain(`· put ${bad} into wingtip/all   needs guest ${bad}, which failed`)

  const { changes } = await planOf(cwd)
  expect(changes.map(({ kind }) => kind).toSorted()).toEqual(['group-member', 'guest'])
  expect((await guestlist(['apply', '--sandbox'], { cwd })).code).toBe(0)
  expect((await planOf(cwd)).changes).toEqual([])
}, 240_000)

test('a tenant that is full is not asked a thousand times; what needs no room is done, and the next run continues', async () => {
  const cwd = await withNewcomers()
  const full = await applyWith(cwd, 'graph: [{on: POST /invitations, every: 1, fault: directory-full}]\n')
  expect(full.code).toBe(5)
  const [, failed, left] = /: (\d+) failed, (\d+) not attempted\.$/m.exec(full.stdout) ?? []
  expect(Number(failed)).toBeGreaterThanOrEqual(20)
  expect(Number(failed)).toBeLessThan(people / 2)
  expect(Number(failed) + Number(left)).toBe(2 * people)
  // Told once, with what to do.
  expect([...full.stdout.matchAll(/Directory_QuotaExceeded\]/g)]).toHaveLength(1)
  expect(full.stdout).toMatch(/The tenant may not hold more objects: delete some/)
  expect(full.stdout).toMatch(/· invite p\d+@wingtip\.example {3}held back: too many like it were refused in a row/)
  expect(full.stdout.split('\n').length).toBeLessThan(40)
  // What needs nobody was done all the same.
  expect((await planOf(cwd)).changes.some(({ kind }) => kind === 'group')).toBe(false)
  const verified = await guestlist(['audit', 'verify', '.guestlist/sandbox/journal.jsonl'], { cwd })
  expect(verified.code, verified.stdout).toBe(0)

  expect((await guestlist(['apply', '--sandbox'], { cwd })).code).toBe(0)
  expect((await planOf(cwd)).changes).toEqual([])
}, 240_000)
