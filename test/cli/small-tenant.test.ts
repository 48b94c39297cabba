// A tenant, a domain and a policy of a few lines, by somebody who has read nothing but the contract.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { accessTo, expensesWith, fabrikamWith, small, smallAppId, smallOrganization } from '../policy/documents.ts'
import { collect, emptyFolder } from '../stories/guestlist.ts'
import { command } from './fake-host.ts'

const graph = JSON.stringify({
  tenant: small,
  servicePrincipals: [{ displayName: 'Expenses', appId: smallAppId }],
})
const documents = [smallOrganization, fabrikamWith(), expensesWith('', smallAppId), accessTo('expenses')]
const policy = documents.join('---\n')
const onPremises = 'activeDirectory: {domain: corp.small.com, servers: ["ldaps://dc1.corp.small.com"]}\n'
const rule = `---
apiVersion: guestlist/v1
kind: Rule
name: nobody
each: access
deny: 'true'
message: Nobody gets in.
`

let cwd = ''
const write = (file: string, text: string): void => writeFileSync(join(cwd, file), text)
const run = (...args: readonly string[]) => command([...args, '--sandbox', '--seed', 'seed'], { cwd })

beforeEach(() => {
  cwd = emptyFolder()
  for (const folder of ['policies', 'seed']) mkdirSync(join(cwd, folder))
  write('policies/all.yaml', policy)
  write('seed/graph.json', graph)
})

describe('a seed', () => {
  test('needs no directory.ldif for a tenant without a domain', async () => {
    expect(await run('apply')).toMatchObject({ code: 0 })
    expect(await run('plan', '--detailed-exitcode')).toMatchObject({ code: 0 })
  })

  test('may begin with a byte order mark', async () => {
    write('seed/graph.json', `\uFEFF${graph}`)
    expect(await run('plan', '--detailed-exitcode')).toMatchObject({ code: 2, stderr: '' })
  })

  test.each([
    [undefined, 'corp.example.com'],
    ['dn: DC=other,DC=com\nobjectClass: domainDNS\n', 'other.com'],
  ])('of another domain than the policy’s is told apart', async (ldif, domain) => {
    if (ldif !== undefined) write('seed/directory.ldif', ldif)
    write('policies/all.yaml', policy.replace('---\n', `${onPremises}---\n`))
    const { code, stderr } = await run('plan')
    expect(code).toBe(1)
    expect(stderr).toContain(
      `error[other-domain]: the policy is about the domain corp.small.com, but the sandbox's domain is ${domain}`,
    )
  })
})

describe('a policy that a rule denies', () => {
  test('is shown as refused, with the place of the rule', async () => {
    write('policies/all.yaml', `${policy}${rule}`)
    const planned = await run('plan')
    expect(planned.code).toBe(3)
    expect(planned.stdout).toContain('the rule is here: (policies/all.yaml:30)')
    expect(planned.stdout).not.toContain('Apply it')
    const applied = await run('apply')
    expect(applied).toMatchObject({ code: 3, stdout: '' })
    expect(applied.stderr).toBe('refused[rule/nobody]: Nobody gets in.\n  the rule is here: (policies/all.yaml:30)\n')
  })
})

describe('a plan in a file', () => {
  test('that says something else than what was planned is not applied', async () => {
    await run('plan', '--out', 'plan.json')
    const plan = JSON.parse(readFileSync(join(cwd, 'plan.json'), 'utf8')) as { changes: unknown[] }
    write('plan.json', JSON.stringify({ ...plan, changes: plan.changes.slice(0, 1) }))
    const { code, stderr } = await run('apply', 'plan.json')
    expect(code).toBe(1)
    expect(stderr).toContain('error[edited-plan]: plan.json was changed after it was made')
    expect(existsSync(join(cwd, '.guestlist'))).toBe(false)
    write('plan.json', JSON.stringify(plan))
    expect(await run('apply', 'plan.json')).toMatchObject({ code: 0 })
  })

  test('goes into a pipe, and does not take its place', async () => {
    const pipe = join(cwd, 'pipe')
    execFileSync('mkfifo', [pipe])
    const reader = spawn('cat', [pipe])
    const read = collect(reader.stdout)
    const ended = once(reader, 'close')
    const { code, stdout } = await run('plan', '--format', 'json', '--out', 'pipe')
    await ended
    expect({ code, read: JSON.parse(read()) }).toEqual({ code: 0, read: JSON.parse(stdout) })
    expect(statSync(pipe).isFIFO()).toBe(true)
  })
})
