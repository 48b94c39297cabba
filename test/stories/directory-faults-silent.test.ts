// A domain that takes connections and says nothing, in the midst of an apply that takes access from a hundred people: it ends in
// minutes, says why, and all that Entra is to do is done. The next run does the rest.

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { command } from '../cli/fake-host.ts'
import { emptyFolder, repository } from './guestlist.ts'

const people = 100
const newcomers = 30

const members = (domain: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `p${index}@${domain}`)

function partner(name: string, domain: string, count: number): object {
  const sponsors = ['carla@contoso.com']
  const groups = { all: { members: members(domain, count) } }
  return { kind: 'Partner', name, displayName: name, accounts: 'entra-b2b', domains: [domain], sponsors, groups }
}

function access(name: string, app: string): object {
  return { kind: 'Access', name, partner: name, groups: ['all'], app, until: '2027-06-30', reason: 'SOW-1' }
}

let crowd: string

/** A hundred reach an app on premises; by the next plan it is one in the cloud, and others are invited. */
beforeAll(async () => {
  const cwd = emptyFolder()
  const policies = join(cwd, 'policies')
  cpSync(join(repository, 'policies'), policies, { recursive: true })
  const organization = join(policies, 'organization.yaml')
  writeFileSync(organization, readFileSync(organization, 'utf8').replace(/ {2}removals:\n( {4}.*\n)+/, ''))
  const write = (name: string, document: object): void =>
    writeFileSync(join(policies, name), JSON.stringify({ apiVersion: 'guestlist/v1', ...document }))
  write('partners/wingtip.yaml', partner('wingtip', 'wingtip.example', people))
  write('access/wingtip.yaml', access('wingtip', 'warehouse'))
  expect((await command(['apply', '--sandbox'], { cwd })).code).toBe(0)
  write('access/wingtip.yaml', access('wingtip', 'expenses'))
  write('partners/tailspin.yaml', partner('tailspin', 'tailspin.example', newcomers))
  crowd = cwd
}, 120_000)

async function planned(cwd: string): Promise<Plan['changes']> {
  const { code, stdout } = await command(['plan', '--sandbox', '--format', 'json'], { cwd })
  expect(code).toBe(0)
  return (JSON.parse(stdout) as Plan).changes
}

const inDomain = (changes: Plan['changes']): Plan['changes'] =>
  changes.filter(({ plane }) => plane === 'active-directory')

const silences = {
  'before the sign-in': '{fault: silence, operation: bind, from: 2, times: 100000}',
  'after the sign-in': '{fault: silence, operation: search, from: 1000, times: 100000}',
}

test.each(Object.entries(silences))(
  'silent %s: it ends in minutes, and Entra has all it is to have',
  async (_, rule) => {
    const cwd = emptyFolder()
    cpSync(crowd, cwd, { recursive: true })
    const before = await planned(cwd)
    expect(inDomain(before).filter(({ risk }) => risk === 'revoke').length).toBeGreaterThanOrEqual(people)
    const rules = `[{fault: silence, operation: write, times: 100000}, ${rule}]`
    writeFileSync(join(cwd, 'silent.yaml'), `directory: {rules: ${rules}}\n`)
    const { code, stdout, stderr } = await command(['apply', '--sandbox', '--faults', 'silent.yaml'], { cwd })
    expect(code).toBe(5)
    const [, minutes = '0'] = /^Simulated: (?:(\d+) min )?/m.exec(stderr) ?? []
    expect(Number(minutes)).toBeLessThan(6)
    expect(stdout).toMatch(/Nobody can say whether the request/)
    expect(stdout).toMatch(/(is silent: .* was not sent|a moment ago).*\[(no-answer|timeout)\]/)

    const after = await planned(cwd)
    expect(after.filter(({ plane }) => plane === 'entra')).toEqual([])
    expect(inDomain(after)).toHaveLength(inDomain(before).length)
    expect((await command(['apply', '--sandbox'], { cwd })).code).toBe(0)
    expect(await planned(cwd)).toEqual([])
  },
  120_000,
)
