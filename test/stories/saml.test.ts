// Apps signed on to by SAML, in the Contoso example: one that has been there for years and is published from now on, and one
// that moves from Kerberos to SAML and back. What was there before stays, and what was ours goes when the app leaves.

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { command, type Heard } from '../cli/fake-host.ts'
import { editFile, takeOutApp } from './edit.ts'
import { emptyFolder, repository } from './guestlist.ts'

const folder = emptyFolder()
const run = (...args: readonly string[]): Promise<Heard> => command([...args, '--sandbox'], { cwd: folder })

type Item = Readonly<Record<string, unknown>>

async function plan(...args: readonly string[]): Promise<Plan> {
  const { stdout, stderr, code } = await run('plan', '--format', 'json', ...args)
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as Plan
}

async function apply(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await run('apply', '--auto-approve', ...args)
  expect(code, stderr).toBe(0)
}

async function object(collection: string, displayName: string): Promise<Item | undefined> {
  const { stdout } = await command(['sandbox', 'dump', '--format', 'json'], { cwd: folder })
  const { graph } = JSON.parse(stdout) as { graph: Readonly<Record<string, readonly Item[]>> }
  return graph[collection]?.find(each => each.displayName === displayName)
}

const edit = (file: string, change: (text: string) => string): void => editFile(join(folder, 'policies', file), change)

const effectsOf = ({ effects }: Plan): readonly string[] => [
  ...new Set(effects.map(({ effect, app }) => `${effect} ${app}`)),
]
const told = ({ changes }: Plan): readonly string[] => changes.map(({ action, id }) => `${action} ${id}`)

beforeAll(async () => {
  cpSync(join(repository, 'policies'), join(folder, 'policies'), { recursive: true })
  expect((await command(['sandbox', 'reset'], { cwd: folder })).code).toBe(0)
})

let original: readonly (Item | undefined)[] = []

test('Tickets is adopted with its SAML, published, and open to who is named; then nothing is left to do', async () => {
  original = [await object('applications', 'Tickets'), await object('servicePrincipals', 'Tickets')]
  const planned = await plan('--app', 'tickets')
  expect(told(planned)).toEqual(
    expect.arrayContaining([
      'adopt entra/application/tickets',
      'create entra/app-proxy/tickets',
      'adopt entra/saml-sign-on/tickets',
      'create entra/connector-group/tickets',
    ]),
  )
  expect(effectsOf(planned)).toEqual(['gain tickets'])
  expect(planned.findings).toContainEqual(
    expect.objectContaining({
      code: 'signing-certificate',
      message: expect.stringMatching(/48 days \(2027-01-18, thumbprint 8C2E6B0F4D917A3350E1D86F2B79C4A01E5D3F68\)/),
    }),
  )
  await apply('--trace', 'trace.jsonl')
  const next = await plan()
  expect(told(next)).toEqual([])
  expect(await object('applications', 'Tickets')).toMatchObject({
    identifierUris: ['https://tickets.corp.contoso.com', 'https://tickets-contoso.msappproxy.net'],
    web: { redirectUris: ['https://tickets-contoso.msappproxy.net/', 'https://tickets.corp.contoso.com/saml/acs'] },
    onPremisesPublishing: { singleSignOnSettings: { singleSignOnMode: 'saml', kerberosSignOnSettings: null } },
  })
  const { stdout } = await run('explain', 'sam@proseware.com', 'tickets')
  expect(stdout).toMatch(/as user: yes/)
  expect(stdout).toMatch(/✓ SAML sign-on .*certificate 8C2E6B0F4D917A3350E1D86F2B79C4A01E5D3F68 until 2027-01-18/)
  // Its certificate is its people's: it stays the one that signs.
  const now = await object('servicePrincipals', 'Tickets')
  expect(now).toMatchObject({ keyCredentials: original[1]?.keyCredentials, preferredSingleSignOnMode: 'saml' })
})

test('Timesheets moves from Kerberos to SAML and back: no one loses it, and the other way is taken away', async () => {
  const kerberos = readFileSync(join(folder, 'policies/apps/timesheets.yaml'), 'utf8')
  edit('apps/timesheets.yaml', text =>
    text.replace(
      /signOn:\n(?: {2}.*\n)+/,
      'signOn: {saml: {identifier: "https://timesheets.corp.contoso.com", replyUrl: "https://timesheets-contoso.msappproxy.net/saml"}}\n',
    ),
  )
  const planned = await plan()
  // As the policy wants it to be reached, nobody reaches it yet.
  expect(effectsOf(planned)).toEqual(['gain timesheets'])
  expect(told(planned)).toEqual(
    expect.arrayContaining([
      'update entra/app-proxy/timesheets',
      'update entra/saml-sign-on/timesheets',
      'delete active-directory/kerberos-delegation/timesheets/CONNECTOR01',
    ]),
  )
  await apply('--trace', 'trace.jsonl')
  expect((await plan()).changes).toEqual([])
  const principal = await object('servicePrincipals', 'Timesheets')
  expect(principal).toMatchObject({
    preferredSingleSignOnMode: 'saml',
    preferredTokenSigningKeyThumbprint: expect.stringMatching(/^[0-9A-F]{40}$/),
  })
  expect(readFileSync(join(folder, 'trace.jsonl'), 'utf8')).toContain('addTokenSigningCertificate')

  writeFileSync(join(folder, 'policies/apps/timesheets.yaml'), kerberos)
  const back = await plan()
  expect(effectsOf(back)).toEqual(['gain timesheets'])
  expect(told(back)).toContain('delete entra/saml-sign-on/timesheets')
  await apply()
  expect((await plan()).changes).toEqual([])
  expect((await object('servicePrincipals', 'Timesheets'))?.preferredSingleSignOnMode ?? null).toBeNull()
  expect(await object('applications', 'Timesheets')).toMatchObject({
    identifierUris: ['https://timesheets-contoso.msappproxy.net'],
    web: { redirectUris: ['https://timesheets-contoso.msappproxy.net/'] },
    onPremisesPublishing: {
      singleSignOnSettings: {
        singleSignOnMode: 'onPremisesKerberos',
        kerberosSignOnSettings: { kerberosServicePrincipalName: 'HTTP/timesheets.corp.contoso.com' },
      },
    },
  })
})

test('who loses an app that changes its sign-on in the same plan is told, and counts for the guardrail', async () => {
  const kerberos = readFileSync(join(folder, 'policies/apps/payroll.yaml'), 'utf8')
  const accesses = readFileSync(join(folder, 'policies/access/fabrikam.yaml'), 'utf8')
  edit('apps/payroll.yaml', text =>
    text
      .replace(
        /signOn:\n(?: {2}.*\n)+/,
        'signOn: {saml: {identifier: "https://pay.contoso.com", replyUrl: "https://pay.contoso.com/acs"}}\n',
      )
      .replace(/, adGroup: [^}]*\}/, '}')
      .replace(/adGroup: .*\n/, '\n'),
  )
  edit('access/fabrikam.yaml', text =>
    text
      .split('---\n')
      .filter(document => !document.includes('name: fabrikam-payroll\n'))
      .join('---\n'),
  )
  const planned = await plan()
  expect(effectsOf(planned)).toContain('lose payroll')
  expect(planned.summary.losses).toBe(23)
  expect(planned.findings.map(({ code }) => code)).toContain('guardrail/removals')
  writeFileSync(join(folder, 'policies/apps/payroll.yaml'), kerberos)
  writeFileSync(join(folder, 'policies/access/fabrikam.yaml'), accesses)
})

test('Tickets leaves the policy: its guests and its publishing go, and it is as it was, closed', async () => {
  takeOutApp(join(folder, 'policies'), 'tickets', 'access/proseware.yaml')
  const planned = await plan()
  expect(told(planned)).toEqual(
    expect.arrayContaining([
      'delete entra/app-role-assignment/tickets/default-access/proseware/support',
      'delete entra/app-proxy/tickets',
      'delete entra/saml-sign-on/tickets',
      'update entra/application/tickets',
    ]),
  )
  expect(effectsOf(planned)).toEqual(['lose tickets'])
  await apply()
  expect((await plan()).changes).toEqual([])
  const [application, principal] = original
  const left = await object('applications', 'Tickets')
  expect(left).toMatchObject({ identifierUris: application?.identifierUris, tags: [] })
  expect(left?.web).toMatchObject({ ...(application?.web as Item) })
  expect(left?.onPremisesPublishing ?? null).toBeNull()
  expect(await object('servicePrincipals', 'Tickets')).toEqual({ ...principal, appRoleAssignmentRequired: true })
})
