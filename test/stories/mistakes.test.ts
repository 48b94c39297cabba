// What a person gets for a mistake: one line that says what and where, exit code 1, nothing on stdout, nothing changed.

import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { emptyFolder, guestlist, repository } from './guestlist.ts'

const cwd = emptyFolder()
cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })

describe('a mistake on the command line', () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown command', ['plam'], /unknown command 'plam'\n.*did you mean plan\?/],
    ['an unknown option', ['plan', '--sandbux'], /unknown option '--sandbux'\n.*did you mean --sandbox\?/],
    ['an option without its value', ['plan', '--at'], /'--at <date>' argument missing/],
    ['no day', ['plan', '--at', '2026-13-01'], /--at <date>.*2026-13-01.*It is a day/],
    ['an unknown format', ['plan', '--format', 'pdf'], /--format.*pdf.*text, json/],
    ['a format of a later version', ['plan', '--sandbox', '--format', 'html'], /not supported yet: --format html/],
    ['--base', ['plan', '--sandbox', '--base', 'origin/main'], /not supported yet: --base/],
    ['a wrong directory', ['plan', '--only', 'azure'], /--only.*azure.*entra, active-directory/],
    ['too many operands', ['validate', 'policies'], /too many arguments/],
    ['--seed without --sandbox', ['plan', '--seed', 'x'], /error\[bad-option\]: --seed is for the sandbox/],
    [
      'an unknown partner',
      ['plan', '--sandbox', '--partner', 'fabrikm'],
      /no policy names partner `fabrikm`\n {2}did you mean `fabrikam`\?/,
    ],
    ['an unknown app', ['plan', '--sandbox', '--app', 'zzz'], /no policy names app `zzz`\n {2}there are: /],
    ['no policies', ['plan', '--sandbox', '--policies', 'nowhere'], /nowhere.*error\[no-folder\]/],
    ['no plan', ['apply', '--sandbox', 'nowhere.json'], /cannot read .*nowhere\.json: there is no such file/],
    ['no seed', ['plan', '--sandbox', '--seed', 'nowhere'], /cannot read .*nowhere.*graph\.json/],
    ['a trace that cannot be written', ['plan', '--sandbox', '--trace', 'nowhere/trace'], /error\[trace-unwritable\]/],
    [
      'an --out that cannot be written',
      ['plan', '--sandbox', '--format', 'text', '--out', 'policies'],
      /cannot write .*policies: /,
    ],
    ['a concurrency of none', ['apply', '--sandbox', '--concurrency', '0'], /--concurrency.*whole number from 1 to 64/],
    ['a later option of serve', ['sandbox', 'serve', '--quota', 'small'], /not supported yet: sandbox serve --quota/],
    ['an unknown kind', ['schema', 'partners'], /partners.*organization, partner, app, access, rule/],
    ['apply --at in the future', ['apply', '--at', '2999-01-01'], /error\[future\]/],
    [
      'a real Active Directory',
      ['plan'],
      /not supported yet: a real Active Directory \(corp\.contoso\.com\)\n {2}use --sandbox/,
    ],
  ]
  test.for(cases)('%s', async ([, args, message]) => {
    const { code, stdout, stderr } = await guestlist(args, { cwd })
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at .*:\d+/m)
    expect(code).toBe(1)
    if (!args.includes('--out')) expect(stdout).toBe('')
    expect(existsSync(join(cwd, '.guestlist'))).toBe(false)
  })

  test('no command at all shows the help on stderr', async () => {
    const { code, stdout, stderr } = await guestlist([], { cwd })
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain('Usage: guestlist')
  })
})

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
    expect(stderr).toMatch(/^error\[sandbox-unreadable\]: cannot read the sandbox's state .*state.*ENOTDIR/)
    expect(stderr.trimEnd()).not.toContain('\n')
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

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8')
  expect(text).toContain(from)
  writeFileSync(path, text.replace(from, to))
}
