// Explaining the example: before the first apply, after it, and after somebody has tampered by hand.

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { tamper } from '../../src/cli/tampering.ts'
import { emptyFolder, repository } from '../stories/guestlist.ts'
import { command, type Heard, hostOf } from './fake-host.ts'

const cwd = emptyFolder()
cpSync(join(repository, 'policies'), join(cwd, 'policies'), { recursive: true })

const run = (...args: readonly string[]): Promise<Heard> => command([...args, '--sandbox'], { cwd })

async function explained(person: string, app: string, ...more: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run('explain', person, app, ...more)
  expect(stderr).not.toMatch(/error/)
  expect(code).toBe(0)
  return stdout
}

const firstLine = (text: string): string => text.slice(0, text.indexOf('\n'))
/** Marks of the links: `✓ guest invited`. */
const marks = (text: string): readonly string[] =>
  [...text.matchAll(/^ {2}([✓✗~!]) ((?:[^ ]| (?! ))+)/gm)].map(([, mark, name]) => `${mark} ${name}`)

describe('before the first apply', () => {
  test('the first broken link is marked, and the plan that repairs it is named', async () => {
    const text = await explained('lee@fabrikam.com', 'payroll')
    expect(firstLine(text)).toMatch(/^lee@fabrikam\.com → Payroll, as user: no, \d+ links are missing$/)
    expect(text).toMatch(/^ {2}✗ guest invited .*policies\/partners\/fabrikam\.yaml:\d+ {3}← first broken link$/m)
    expect(text.match(/first broken link/g)).toHaveLength(1)
    expect(text).toMatch(/`guestlist plan --app payroll --sandbox` would\n {2}register payroll/)
  })

  test('an account of our own waits for Entra Connect', async () => {
    const text = await explained('pcosta@partners.contoso.com', 'shift-book')
    expect(text).toMatch(/^ {2}~ synced as a guest +waiting for Entra Connect/m)
    expect(text).toMatch(/^Waiting: cloud user of pcosta@partners\.contoso\.com: .*Entra Connect/m)
  })
})

describe('in step with the policies', () => {
  beforeAll(async () => {
    expect((await run('apply')).code).toBe(0)
  })

  test.for([
    ['dana@fabrikam.com', 'payroll', 'dana@fabrikam.com → Payroll, as user: yes, until 2027-03-31'],
    [
      'DANA_fabrikam.com#EXT#@contoso.onmicrosoft.com',
      'Payroll',
      'dana@fabrikam.com → Payroll, as user: yes, until 2027-03-31',
    ],
    [
      'lee@fabrikam.com',
      'payroll',
      'lee@fabrikam.com → Payroll, as user: yes, until 2027-06-30, once the invitation is accepted',
    ],
    [
      'msullivan@partners.contoso.com',
      'maintenance',
      'msullivan@partners.contoso.com → Turbine Maintenance, as user: yes, until 2027-09-30',
    ],
    ['sam@proseware.com', 'tickets', 'sam@proseware.com → Tickets, as user: yes, until 2027-09-30'],
    ['sam@proseware.com', 'plant-status', 'sam@proseware.com → Plant Status, as user: yes, until 2027-09-30'],
    [
      'intern@adatum.com',
      'expenses',
      'intern@adatum.com → Expenses, as user: yes, by a direct assignment of 2026-01-01 that no policy names',
    ],
    [
      'stefan.gruber@adatum.com',
      'project-hub',
      'stefan.gruber@adatum.com → Project Hub, as user: not yet: it begins on 2027-01-11',
    ],
    ['anna@contoso.com', 'payroll', "anna@contoso.com → Payroll: no: not a partner's person"],
    ['somebody@example.com', 'payroll', 'somebody@example.com → Payroll: no: no partner has the domain example.com'],
  ] as const)('%s and %s', async ([person, app, verdict]) => {
    expect(firstLine(await explained(person, app))).toBe(verdict)
  })

  test('every link of a Kerberos path holds, with what was read of it', async () => {
    const text = await explained('dana@fabrikam.com', 'payroll')
    expect(marks(text)).toEqual([
      '✓ partner trusted',
      '✓ guest invited',
      '✓ app in the tenant',
      '✓ in the partner group',
      '✓ group assigned',
      "✓ guests' conditions",
      '✓ published',
      '✓ connector group',
      '✓ Kerberos sign-on',
      '✓ shadow account',
      "✓ in the app's AD group",
      '✓ connectors may delegate',
    ])
    for (const detail of [
      'accepted 2024-03-04',
      'fabrikam/engineers',
      'MFA, sign-in every 8h (report-only)',
      'https://payroll-contoso.msappproxy.net/ → http://payroll.corp.contoso.com/',
      'HTTP/payroll.corp.contoso.com, as user principal name',
      'CONNECTOR01, CONNECTOR02',
    ])
      expect(text).toContain(detail)
  })

  test('of SAML the certificate is shown, by thumbprint and end', async () => {
    const text = await explained('sam@proseware.com', 'tickets')
    expect(text).toMatch(
      /✓ SAML sign-on +https:\/\/tickets\.corp\.contoso\.com, certificate [0-9A-F]{40} until \d{4}-\d{2}-\d{2}/,
    )
  })

  test('each role has a path', async () => {
    const text = await explained('amara.okafor@fabrikam.com', 'payroll')
    expect(text.match(/^amara.*$/gm)).toEqual([
      expect.stringContaining('as user: yes'),
      expect.stringContaining('as approver: yes'),
    ])
    expect(text).toContain('Payroll Approvers')
  })

  test('as of a day on which it is over', async () => {
    const text = await explained('dana@fabrikam.com', 'payroll', '--at', '2027-04-01')
    expect(firstLine(text)).toContain('yes, still: the policy ended it on 2027-03-31, and nobody has taken it away yet')
    expect(text).toMatch(
      /fabrikam-payroll: fabrikam\/engineers, ended 2027-03-31 {3}policies\/partners\/fabrikam\.yaml:\d+/,
    )
    expect(text).toMatch(/`guestlist plan .*--at 2027-04-01.*` would/)
  })
})

describe('what a policy would have to say', () => {
  const validated = async (): Promise<Heard> => command(['validate', '--at', '2026-12-01'], { cwd })

  test('for a stranger of a known domain: lines that can be pasted', async () => {
    const text = await explained('new@fabrikam.com', 'payroll')
    expect(firstLine(text)).toBe('new@fabrikam.com → Payroll: no: no policy names the person')
    expect(text).toContain(
      'For fabrikam/engineers, which reaches it as user until 2027-06-30: add a line to its members.',
    )
    expect(text).toContain('    groups:\n      engineers:\n        members:\n          - new@fabrikam.com\n')
    expect(text).toContain(
      'For fabrikam/auditors, which reaches it as user until 2027-06-30: add a line `new@fabrikam.com` to its roster',
    )
  })

  test('for a person without a grant: an Access that is valid as it stands', async () => {
    const text = await explained('lee@fabrikam.com', 'procurement')
    expect(firstLine(text)).toBe('lee@fabrikam.com → Procurement: no: no policy gives it to fabrikam/engineers')
    const snippet = text
      .slice(text.indexOf('    ---'))
      .split('\n')
      .filter(line => line.startsWith('    '))
      .map(line => line.slice(4))
    const file = join(cwd, 'policies/access/fabrikam.yaml')
    const before = readFileSync(file, 'utf8')
    writeFileSync(file, `${before}${snippet.join('\n')}\n`)
    try {
      expect(await validated()).toMatchObject({ code: 0 })
      expect(await explained('lee@fabrikam.com', 'procurement')).toContain('as user: no, one link is missing')
    } finally {
      writeFileSync(file, before)
    }
  })

  test('a slip of the pen is not taken for a stranger', async () => {
    expect(await explained('lee@fabricam.com', 'payroll')).toContain('Did you mean lee@fabrikam.com?')
    expect(await explained('new@fabrikam.com', 'payroll')).not.toContain('Did you mean')
  })
})

describe('after somebody has tampered by hand', () => {
  beforeAll(async () => {
    await tamper(hostOf({ cwd }))
  })

  test('a disabled shadow account is named, and the command that enables it', async () => {
    const text = await explained('kim@fabrikam.com', 'payroll')
    expect(firstLine(text)).toBe('kim@fabrikam.com → Payroll, as user: no: the shadow account is disabled')
    expect(marks(text).filter(mark => !mark.startsWith('✓'))).toEqual(['✗ shadow account'])
    expect(text).toMatch(/^ {2}✗ shadow account +disabled .*← first broken link$/m)
    expect(text).toContain(
      '`guestlist plan --app payroll --sandbox` would enable shadow account of kim@fabrikam.com again.',
    )
  })

  test('who was taken out of the group lacks one link', async () => {
    const text = await explained('dana@fabrikam.com', 'expenses')
    expect(firstLine(text)).toBe('dana@fabrikam.com → Expenses, as user: no, one link is missing')
    expect(text).toContain('would put dana@fabrikam.com into fabrikam/engineers.')
  })

  test('who was put in by hand reaches it, and the plan takes it away', async () => {
    const text = await explained('intern@adatum.com', 'drawings')
    expect(firstLine(text)).toMatch(
      /as user: yes, still: through fabrikam\/engineers, which no line of the policy gives any more$/,
    )
    expect(text).toContain('would take intern@adatum.com out of fabrikam/engineers.')
  })
})
