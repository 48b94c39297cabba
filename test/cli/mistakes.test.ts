// What a person gets for a mistake on the command line: what and where, exit code 1, nothing on stdout, nothing changed.

import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { emptyFolder, repository } from '../stories/guestlist.ts'
import { command } from './fake-host.ts'

const cwd = emptyFolder()
cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })

describe('a mistake on the command line', () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown command', ['plam'], /unknown command 'plam'\n.*did you mean plan\?/],
    ['an unknown option', ['plan', '--sandbux'], /unknown option '--sandbux'\n.*did you mean --sandbox\?/],
    ['an option without its value', ['plan', '--at'], /'--at <date>' argument missing/],
    ['no day', ['plan', '--at', '2026-13-01'], /--at <date>.*2026-13-01.*It is a day/],
    ['an unknown format', ['plan', '--format', 'pdf'], /--format.*pdf.*text, markdown, html, json/],
    ['a command of a later version', ['import'], /not supported yet: import\n/],
    ['explain without an app', ['explain', 'lee@fabrikam.com'], /missing required argument 'app'/],
    [
      'explain with an unknown app',
      ['explain', '--sandbox', 'lee@fabrikam.com', 'payrol'],
      /error\[unknown-name\]: no policy names app `payrol`, and .*\n {2}did you mean `payroll`\?/,
    ],
    [
      'explain with no address',
      ['explain', '--sandbox', 'lee', 'payroll'],
      /error\[unknown-person\]: `lee` is no address, and nobody has it as a name\n/,
    ],
    [
      'explain about a part',
      ['explain', '--only', 'entra', 'lee@fabrikam.com', 'payroll'],
      /error\[bad-option\]: explain takes no --only\n/,
    ],
    [
      'access to an unknown app',
      ['access', '--sandbox', '--app', 'payrol'],
      /no policy names app `payrol`, .*\n.*`payroll`/,
    ],
    ['access in a part', ['access', '--only', 'entra'], /error\[bad-option\]: access takes no --only\n/],
    ['access in an unknown format', ['access', '--format', 'pdf'], /There are: text, csv, json, html/],
    ['access by no duration', ['access', '--expiring', 'soon'], /--expiring.*soon.*It is a duration: 30d/],
    ['completion', ['completion', 'bash'], /not supported yet: completion\n/],
    ['--base', ['plan', '--sandbox', '--base', 'origin/main'], /error\[no-repository\]: the policies folder .*\n/],
    ['a wrong directory', ['plan', '--only', 'azure'], /--only.*azure.*entra, active-directory/],
    ['too many operands', ['validate', 'policies'], /too many arguments/],
    ['--seed without --sandbox', ['plan', '--seed', 'x'], /error\[bad-option\]: --seed is for the sandbox/],
    [
      'an unknown partner',
      ['plan', '--sandbox', '--partner', 'fabrikm'],
      /no policy names partner `fabrikm`, and the directories hold nothing of it\n {2}did you mean `fabrikam`\?/,
    ],
    ['an unknown app', ['plan', '--sandbox', '--app', 'zzz'], /no policy names app `zzz`, and .*\n {2}there are: /],
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
    ['an unknown size', ['sandbox', 'serve', '--quota', 'tiny'], /'tiny' is invalid.*small, medium, large/],
    ['an unknown kind', ['schema', 'partners'], /partners.*organization, partner, app, access, rule/],
    ['apply --at in the future', ['apply', '--at', '2999-01-01'], /error\[future\]/],
    ['a real tenant without credentials', ['plan'], /error\[no-credentials\]: .*AZURE_CLIENT_ID.*\n.*use --sandbox/],
  ]
  test.for(cases)('%s', async ([, args, message]) => {
    const { code, stdout, stderr } = await command(args, { cwd })
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at .*:\d+/m)
    expect(code).toBe(1)
    if (!args.includes('--out')) expect(stdout).toBe('')
    expect(existsSync(join(cwd, '.guestlist'))).toBe(false)
  })

  test('no command at all shows the help on stderr', async () => {
    const { code, stdout, stderr } = await command([], { cwd })
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain('Usage: guestlist')
  })
})
