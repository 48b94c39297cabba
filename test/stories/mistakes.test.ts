// What a person gets for a mistake: one line that says what and where, exit code 1, nothing on stdout, nothing changed.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { editFile } from './edit.ts'
import { emptyFolder, guestlist, repository } from './guestlist.ts'

describe('a mistake in a policy', () => {
  test('stops plan and apply, every problem told, with exit code 1', async () => {
    const folder = emptyFolder()
    cpSync(join(repository, 'policies'), join(folder, 'policies'), { recursive: true })
    edit(join(folder, 'policies/access/fabrikam.yaml'), 'app: payroll', 'app: payrol')
    edit(join(folder, 'policies/access/adatum.yaml'), 'partner: adatum', 'partner: adatun')
    for (const command of [
      ['plan', '--sandbox'],
      ['apply', '--sandbox'],
    ]) {
      const { code, stdout, stderr } = await guestlist(command, { cwd: folder })
      expect(code).toBe(1)
      expect(stdout).toBe('')
      expect(stderr).toMatch(/policies\/access\/fabrikam\.yaml:\d+:\d+: error\[/)
      expect(stderr).toMatch(/policies\/access\/adatum\.yaml:\d+:\d+: error\[/)
    }
    const validated = await guestlist(['validate'], { cwd: folder })
    expect(validated.code).toBe(1)
    expect(validated.stdout).toContain('did you mean `payroll`')
    expect(validated.stdout).toMatch(/\d+ errors.* in \d+ files\n$/)
    expect(validated.stderr).toBe('')
  })

  test('a denied rule is shown in the plan and refused with exit code 3', async () => {
    const folder = emptyFolder()
    cpSync(join(repository, 'policies'), join(folder, 'policies'), { recursive: true })
    writeFileSync(
      join(folder, 'policies/rules/nobody.yaml'),
      'apiVersion: guestlist/v1\nkind: Rule\nname: nobody\neach: partner\ndeny: partner.name == "fabrikam"\nmessage: Not them.\n',
    )
    const validated = await guestlist(['validate', '--at', '2026-12-01'], { cwd: folder })
    expect(validated.code).toBe(3)
    expect(validated.stdout).toContain('error[rule/nobody]')
    const planned = await guestlist(['plan', '--sandbox', '--detailed-exitcode'], { cwd: folder })
    expect(planned.code).toBe(3)
    expect(planned.stdout).toMatch(/! refused +.*Not them\./)
    const applied = await guestlist(['apply', '--sandbox'], { cwd: folder })
    expect(applied).toMatchObject({ code: 3, stdout: '' })
    expect(applied.stderr).toContain('refused[rule/nobody]')
  })
})

describe('a guardrail', () => {
  test('lets plan pass and refuses apply with exit code 3', async () => {
    const folder = emptyFolder()
    cpSync(join(repository, 'policies'), join(folder, 'policies'), { recursive: true })
    expect((await guestlist(['apply', '--sandbox'], { cwd: folder })).code).toBe(0)
    const organization = join(folder, 'policies/organization.yaml')
    writeFileSync(
      organization,
      readFileSync(organization, 'utf8').replace(
        /guardrails:[\s\S]*$/,
        'guardrails: {removals: {percent: 10, atLeast: 5}}\n',
      ),
    )
    const roster = join(folder, 'policies/partners/fabrikam.yaml')
    const kept = readFileSync(roster, 'utf8')
      .split('\n')
      .filter(line => !/^ +- .*(amara|jonas|yuki|zofia|leila|bjorn|nia|callum|mateo|priya)[.\w]*@/.test(line))
    writeFileSync(roster, kept.join('\n'))
    const planned = await guestlist(['plan', '--sandbox', '--detailed-exitcode'], { cwd: folder })
    expect(planned.stdout).toMatch(/! refused +takes away \d+ of \d+ accesses/)
    expect(planned.code).toBe(2)
    const applied = await guestlist(['apply', '--sandbox'], { cwd: folder })
    expect(applied).toMatchObject({ code: 3, stdout: '' })
    expect(applied.stderr).toContain('refused[guardrail/removals]')
  })
})

describe("the sandbox's state", () => {
  test('that cannot be written is a plain error', async () => {
    const folder = emptyFolder()
    writeFileSync(join(folder, 'state'), 'a file where a folder should be')
    const { code, stderr } = await guestlist(['sandbox', 'reset', '--state', 'state'], { cwd: folder })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error\[file\]: cannot use the sandbox's state in .*state: a file is in the way/)
    expect(stderr.trimEnd()).not.toContain('\n')
  })

  test('that is damaged says so, and a reset mends it', async () => {
    const folder = emptyFolder()
    expect((await guestlist(['sandbox', 'reset'], { cwd: folder })).code).toBe(0)
    for (const name of ['graph', 'directory', 'seed']) {
      writeFileSync(join(folder, `.guestlist/sandbox/${name}.snapshot.jsonl`), 'half a line')
      const dumped = await guestlist(['sandbox', 'dump'], { cwd: folder })
      expect(dumped.code).toBe(1)
      expect(dumped.stderr).toMatch(/error\[sandbox-corrupt\].*damaged\n {2}start over with `guestlist sandbox reset`/)
      expect((await guestlist(['sandbox', 'reset'], { cwd: folder })).code).toBe(0)
      expect((await guestlist(['sandbox', 'dump'], { cwd: folder })).code).toBe(0)
    }
  })

  test('a seed with a mistake costs nothing that was there', async () => {
    const folder = emptyFolder()
    cpSync(join(repository, 'src/sandbox/contoso'), join(folder, 'seed'), { recursive: true })
    edit(join(folder, 'seed/graph.json'), '"userType"', '"usrType"')
    expect((await guestlist(['sandbox', 'reset'], { cwd: folder })).code).toBe(0)
    const before = (await guestlist(['sandbox', 'dump'], { cwd: folder })).stdout
    const reset = await guestlist(['sandbox', 'reset', '--seed', 'seed'], { cwd: folder })
    expect(reset.code).toBe(1)
    expect(reset.stderr).toMatch(/error\[bad-seed\]: seed\/graph\.json: users\[\d+\].*usrType/)
    expect((await guestlist(['sandbox', 'dump'], { cwd: folder })).stdout).toBe(before)
  })

  test('from another seed is not overwritten by --seed', async () => {
    const folder = emptyFolder()
    mkdirSync(join(folder, 'seed'))
    writeFileSync(
      join(folder, 'seed/graph.json'),
      JSON.stringify({
        tenant: { tenantId: '11111111-2222-4333-8444-555555555555', initialDomain: 'small.onmicrosoft.com' },
      }),
    )
    writeFileSync(
      join(folder, 'seed/directory.ldif'),
      'version: 1\n\ndn: OU=Partners,DC=small,DC=example\nobjectClass: organizationalUnit\nou: Partners\n',
    )
    expect((await guestlist(['sandbox', 'reset'], { cwd: folder })).code).toBe(0)
    const dumped = await guestlist(['sandbox', 'dump', '--seed', 'seed'], { cwd: folder })
    expect(dumped.code).toBe(1)
    expect(dumped.stderr).toContain('error[other-seed]')
    expect(dumped.stderr).toContain('guestlist sandbox reset --seed seed')
    expect((await guestlist(['sandbox', 'reset', '--seed', 'seed'], { cwd: folder })).code).toBe(0)
    const { stdout } = await guestlist(['sandbox', 'dump'], { cwd: folder })
    expect((JSON.parse(stdout) as { graph: { tenant: { initialDomain: string } } }).graph.tenant.initialDomain).toBe(
      'small.onmicrosoft.com',
    )
  })
})

const edit = (path: string, from: string, to: string): void => editFile(path, text => text.replace(from, to))
