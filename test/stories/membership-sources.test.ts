// Groups that others keep, on the example: Purchasing's group in Entra and Finance's group in Active Directory let people in,
// and out, while nobody edits a policy; and a mishap in one of them empties nothing.

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { DirectoryWriter } from '../../src/model/directories.ts'
import type { Plan } from '../../src/model/plan.ts'
import { command, type Heard } from '../cli/fake-host.ts'
import { byHand } from './by-hand.ts'
import { editFile } from './edit.ts'
import { emptyFolder, repository } from './guestlist.ts'
import { asAdmin } from './tenant-admin.ts'

const folder = emptyFolder()
const run = (...args: readonly string[]): Promise<Heard> => command([...args, '--sandbox'], { cwd: folder })

async function plan(code = 0): Promise<Plan> {
  const heard = await run('plan', '--format', 'json')
  expect(heard.code, heard.stderr).toBe(code)
  return JSON.parse(heard.stdout) as Plan
}

/** Applies, and there is nothing left to do. */
async function apply(): Promise<void> {
  const { code, stderr } = await run('apply')
  expect(code, stderr).toBe(0)
  expect((await run('plan', '--detailed-exitcode')).code).toBe(0)
}

function edit(file: string, change: (text: string) => string): () => void {
  const path = join(folder, 'policies', file)
  const before = readFileSync(path, 'utf8')
  editFile(path, change)
  return () => writeFileSync(path, before)
}

const effectsOf = ({ effects }: Plan): readonly string[] =>
  effects.map(({ effect, person, app }) => `${effect} ${person} ${app}`)
const codesOf = ({ findings }: Plan): readonly string[] =>
  findings
    .filter(({ code }) => /^(guardrail|rule|source)/.test(code))
    .map(({ severity, code }) => `${severity} ${code}`)

interface Listed {
  readonly value: readonly { readonly id: string; readonly displayName: string; readonly mail: string | null }[]
}

const contractors = 'SG-Adatum-Contractors'

async function idsOf(ask: Parameters<Parameters<typeof asAdmin>[1]>[0], collection: string) {
  const { value } = await ask<Listed>('GET', `/v1.0/${collection}?$top=999&$select=id,displayName,mail`)
  return new Map(value.flatMap(({ id, displayName, mail }) => [[displayName, id] as const, [mail ?? '', id] as const]))
}

/** Purchasing, in the admin center. */
function inEntra(what: 'POST' | 'DELETE', ...mails: readonly string[]): Promise<void> {
  return asAdmin(folder, async ask => {
    const group = (await idsOf(ask, 'groups')).get(contractors)
    const users = await idsOf(ask, 'users')
    for (const mail of mails) {
      const user = users.get(mail)
      if (what === 'DELETE') await ask('DELETE', `/v1.0/groups/${group}/members/${user}/$ref`)
      else
        await ask('POST', `/v1.0/groups/${group}/members/$ref`, {
          '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${user}`,
        })
    }
  })
}

function rename(from: string, to: string): Promise<void> {
  return asAdmin(folder, async ask => {
    const group = (await idsOf(ask, 'groups')).get(from)
    await ask('PATCH', `/v1.0/groups/${group}`, { displayName: to })
  })
}

/** Finance, on the domain controller. */
const inDomain = (work: (directory: DirectoryWriter) => Promise<unknown>): Promise<void> =>
  byHand(folder, ({ directory }) => work(directory))

const auditors = 'CN=Woodgrove Branch Auditors,OU=Finance,DC=corp,DC=contoso,DC=com'
const helen = 'CN=Helen Marsh (Woodgrove),OU=Finance,DC=corp,DC=contoso,DC=com'
const rosa = 'CN=Rosa Delgado (Woodgrove),OU=Finance,DC=corp,DC=contoso,DC=com'
const ian = 'CN=Ian Whitlock (Woodgrove),OU=Finance,DC=corp,DC=contoso,DC=com'

let asWritten: string

beforeAll(async () => {
  cpSync(join(repository, 'policies'), join(folder, 'policies'), { recursive: true })
  expect((await command(['sandbox', 'reset'], { cwd: folder })).code).toBe(0)
})

test('people of both groups gain what is granted to their group, and keep it', async () => {
  const first = await plan()
  asWritten = first.policyDigest
  expect(effectsOf(first)).toEqual(
    expect.arrayContaining([
      'gain jin.park@adatum.com timesheets',
      'gain paolo.ricci@adatum.com timesheets',
      'gain stefan.gruber@adatum.com timesheets',
      'gain helen.marsh@woodgrovebank.com expenses',
      'gain ian.whitlock@woodgrovebank.com expenses',
      'gain rosa.delgado@woodgrovebank.com expenses',
    ]),
  )
  expect(codesOf(first)).toEqual([])
  const line =
    readFileSync(join(folder, 'policies/partners/woodgrove.yaml'), 'utf8').split('\n').indexOf('  branch-auditors:') + 1
  const gain = first.effects.find(({ person, app }) => person.startsWith('rosa') && app === 'expenses')
  expect(gain?.because).toContainEqual({ file: 'policies/partners/woodgrove.yaml', line })
  // Whom no list names, and who is no guest yet, is invited.
  expect(first.changes.map(({ id, action }) => `${action} ${id}`)).toContain(
    'create entra/guest/rosa.delgado@woodgrovebank.com',
  )
  await apply()
})

test('who is put into the group gains, who is taken out loses, and the policy is still the same policy', async () => {
  await inEntra('POST', 'intern@adatum.com')
  await inEntra('DELETE', 'paolo.ricci@adatum.com')
  const next = await plan()
  expect(effectsOf(next).filter(effect => effect.endsWith('timesheets'))).toEqual([
    'gain intern@adatum.com timesheets',
    'lose paolo.ricci@adatum.com timesheets',
  ])
  expect(next.policyDigest).toBe(asWritten)
  await apply()
})

test('an employee in it gets nothing, is named, and holds nobody up', async () => {
  await inEntra('POST', 'omar@contoso.com', 'paolo.ricci@adatum.com')
  const next = await plan()
  expect(effectsOf(next)).toEqual(['gain paolo.ricci@adatum.com timesheets'])
  expect(codesOf(next)).toEqual(['warning source-strangers'])
  expect(next.findings.find(({ code }) => code === 'source-strangers')?.message).toContain(
    'omar@contoso.com (an employee)',
  )
  await apply()
  await inEntra('DELETE', 'omar@contoso.com')
})

test('rules see whom only a directory knows, and are told once', async () => {
  const undo = edit(
    'access/woodgrove.yaml',
    text => `${text}---
apiVersion: guestlist/v1
kind: Access
name: woodgrove-orders
partner: woodgrove
groups: [branch-auditors]
app: procurement
until: 2027-02-26
reason: A mistake
`,
  )
  const undoRule = edit(
    'rules/separation-of-duties.yaml',
    text => `${text}---
apiVersion: guestlist/v1
kind: Rule
name: no-rosa
each: person
deny: person.address.startsWith("rosa.") && "procurement" in person.apps
message: Not Rosa.
severity: error
`,
  )
  // Without a directory nobody can know.
  expect((await command(['validate', '--at', '2026-12-01'], { cwd: folder })).code).toBe(0)
  const { findings } = await plan(3)
  const denied = findings.filter(({ code }) => code.startsWith('rule/'))
  const [file, listed] = [
    'policies/partners/woodgrove.yaml',
    readFileSync(join(folder, 'policies/partners/woodgrove.yaml'), 'utf8'),
  ]
  const lineOf = (text: string): number => listed.split('\n').findIndex(line => line.includes(text)) + 1
  expect(denied.map(({ code, message, at }) => ({ code, message, at }))).toEqual([
    {
      code: 'rule/order-or-pay',
      message: 'Nobody from outside may both order in Procurement and pay in Payments.',
      at: { file, line: lineOf('helen.marsh@') },
    },
    {
      code: 'rule/no-rosa',
      message: 'rosa.delgado@woodgrovebank.com: Not Rosa.',
      at: { file, line: lineOf('branch-auditors:') },
    },
  ])
  expect((await run('apply')).code).toBe(3)
  undo()
  undoRule()
  expect((await run('plan', '--detailed-exitcode')).code).toBe(0)
})

test('a rule that cannot be answered about them is a mistake of the policies', async () => {
  const undo = edit(
    'rules/separation-of-duties.yaml',
    text => `${text}---
apiVersion: guestlist/v1
kind: Rule
name: broken
each: person
deny: person.address.startsWith("rosa.") && person.groups[7] == "x"
message: No.
`,
  )
  expect((await command(['validate', '--at', '2026-12-01'], { cwd: folder })).code).toBe(0)
  const { code, stderr } = await run('plan')
  expect(code).toBe(1)
  expect(stderr).toContain('error[rule-failed]')
  undo()
})

test('a group that was renamed, or whose name another has, stops the plan and is told once', async () => {
  await rename(contractors, 'SG-Something')
  expect(codesOf(await plan())).toEqual(['error guardrail/source-missing'])
  const refused = await run('apply')
  expect(refused.code).toBe(3)
  expect(refused.stderr).toContain(
    'refused[guardrail/source-missing]: no group in Entra is called SG-Adatum-Contractors',
  )
  await rename('SG-Something', contractors)

  await rename('Turbine Programme 2024', contractors.toLowerCase())
  expect(codesOf(await plan())).toEqual(['error guardrail/source-ambiguous'])
  expect((await run('apply')).code).toBe(3)
  await rename(contractors.toLowerCase(), 'Turbine Programme 2024')
  expect((await run('plan', '--detailed-exitcode')).code).toBe(0)
})

test('an emptied group in Entra takes nobody’s access until a reviewed line says so', async () => {
  const people = ['intern@adatum.com', 'jin.park@adatum.com', 'paolo.ricci@adatum.com', 'stefan.gruber@adatum.com']
  await inEntra('DELETE', ...people)
  const emptied = await plan()
  expect(codesOf(emptied)).toEqual(['error guardrail/source-shrunk'])
  expect(effectsOf(emptied).filter(effect => effect.endsWith('timesheets'))).toHaveLength(4)
  const refused = await run('apply')
  expect(refused.code).toBe(3)
  expect(refused.stderr).toContain('all 4 in adatum/contractors would go')
  const again = await run('apply', '--partner', 'fabrikam')
  expect(again.code).toBe(3)

  edit('organization.yaml', text =>
    text.replace('  overrides:\n', '  overrides:\n    - {guardrail: sources, reason: CHG-900, until: 2026-12-02}\n'),
  )
  expect(codesOf(await plan())).toContain('warning guardrail/source-shrunk')
  await apply()
})

test('an emptied group in Active Directory stops the plan, and one taken out of it does not', async () => {
  await inDomain(directory =>
    directory.modify(auditors, [{ operation: 'delete', attribute: 'member', values: [rosa] }]),
  )
  expect(effectsOf(await plan())).toEqual(['lose rosa.delgado@woodgrovebank.com expenses'])
  await apply()

  edit('organization.yaml', text => text.replace(/ {4}- \{guardrail: sources.*\n/, ''))
  await inDomain(directory =>
    directory.modify(auditors, [{ operation: 'delete', attribute: 'member', values: [helen, ian] }]),
  )
  expect(codesOf(await plan())).toEqual(['error guardrail/source-shrunk'])
  expect((await run('apply')).code).toBe(3)

  await inDomain(directory =>
    directory.modify(auditors, [{ operation: 'add', attribute: 'member', values: [helen, ian] }]),
  )
  expect((await run('plan', '--detailed-exitcode')).code).toBe(0)
})

test('nothing is ever written to them', async () => {
  await inEntra('POST', 'jin.park@adatum.com')
  const trace = join(folder, 'trace.jsonl')
  expect((await run('apply', '--trace', trace)).code).toBe(0)
  const written = readFileSync(trace, 'utf8')
    .split('\n')
    .flatMap((line): readonly Request[] => {
      const request: Request = line === '' ? {} : JSON.parse(line)
      return request.body?.requests ?? [request]
    })
    .filter(({ method = 'GET', operation = 'search' }) => method !== 'GET' || operation !== 'search')
    .map(request => JSON.stringify(request))
  const [group, member] = await asAdmin(folder, async ask => {
    const users = await idsOf(ask, 'users')
    return [(await idsOf(ask, 'groups')).get(contractors), users.get('jin.park@adatum.com')]
  })
  expect(written.filter(request => request.includes(`${member}`)).length).toBeGreaterThan(0)
  expect(written.filter(request => request.includes(`${group}`) || request.includes('OU=Finance'))).toEqual([])
})

interface Request {
  readonly method?: string
  readonly operation?: string
  readonly body?: { readonly requests?: readonly Request[] }
}
