// Published apps that know people by headers, or not at all, in the Contoso example; what anybody reaches is said aloud. And
// roles of a Kerberos app that exist in Active Directory alone.

import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { command, type Heard } from '../cli/fake-host.ts'
import { editFile, takeOutApp } from './edit.ts'
import { emptyFolder, repository } from './guestlist.ts'

const folder = emptyFolder()
const trace = join(folder, 'trace.jsonl')
const run = (...args: readonly string[]): Promise<Heard> => command([...args, '--sandbox'], { cwd: folder })

type Item = Readonly<Record<string, unknown>>

async function plan(...args: readonly string[]): Promise<Plan> {
  const { stdout, stderr, code } = await run('plan', '--format', 'json', ...args)
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as Plan
}

interface Sent {
  readonly method?: string
  readonly url?: string
  readonly body?: { readonly requests?: readonly Sent[] }
}

/** The requests that wrote, those of a batch one by one. */
async function apply(): Promise<readonly Sent[]> {
  rmSync(trace, { force: true })
  const { code, stderr } = await run('apply', '--auto-approve', '--trace', trace)
  expect(code, stderr).toBe(0)
  expect((await plan()).changes).toEqual([])
  return readFileSync(trace, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Sent)
    .flatMap(sent => sent.body?.requests ?? [sent])
    .filter(({ method }) => method !== undefined && method !== 'GET')
}

async function application(displayName: string): Promise<Item | undefined> {
  const { stdout } = await command(['sandbox', 'dump', '--format', 'json'], { cwd: folder })
  const { graph } = JSON.parse(stdout) as { graph: Readonly<Record<string, readonly Item[]>> }
  return graph.applications?.find(each => each.displayName === displayName)
}

const edit = (file: string, change: (text: string) => string): void => editFile(join(folder, 'policies', file), change)

const told = ({ changes }: Plan): readonly string[] => changes.map(({ action, id }) => `${action} ${id}`)

beforeAll(async () => {
  cpSync(join(repository, 'policies'), join(folder, 'policies'), { recursive: true })
  expect((await command(['sandbox', 'reset'], { cwd: folder })).code).toBe(0)
})

test('Drawings and Plant Status are published from nothing, closed before anybody could reach them', async () => {
  const planned = await plan('--app', 'drawings', '--app', 'plant-status')
  expect(new Set(planned.effects.map(({ effect, app }) => `${effect} ${app}`))).toEqual(
    new Set(['gain drawings', 'gain plant-status']),
  )
  const requests = await apply()
  expect(await application('Engineering Drawings')).toMatchObject({
    connectorGroup: '3e6f4c35-a04b-4d03-b98a-66fff89b72e6',
    onPremisesPublishing: {
      isTranslateLinksInBodyEnabled: true,
      trafficRoutingMethod: 'sessionPersistence',
      singleSignOnSettings: { singleSignOnMode: 'aadHeaderBased', kerberosSignOnSettings: null },
    },
  })
  const status = await application('Plant Status')
  expect(status).toMatchObject({
    onPremisesPublishing: {
      alternateUrl: 'https://status.contoso.com/',
      wafProvider: 'Akamai',
      wafIpRanges: [
        { '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '203.0.113.64/26' },
        { '@odata.type': '#microsoft.graph.iPv6CidrRange', cidrAddress: '2001:db8:64::/48' },
      ],
      wafAllowedHeaders: { 'X-Contoso-Edge': 'plant-status' },
      singleSignOnSettings: { singleSignOnMode: 'none' },
    },
  })
  // The Plant group has no id in the policy: it is found by its name, where the tenant shows it.
  expect(status?.connectorGroup).toEqual(expect.any(String))

  for (const [person, app] of [
    ['lee@fabrikam.com', 'drawings'],
    ['sam@proseware.com', 'plant-status'],
  ] as const) {
    expect((await run('explain', person, app)).stdout).toMatch(/as user: yes[\s\S]*✓ published/)
  }

  const closing = requests.findIndex(({ method, url, body }) => {
    const settings = body as { appRoleAssignmentRequired?: boolean } | undefined
    return method === 'PATCH' && url?.includes(String(status?.appId)) && settings?.appRoleAssignmentRequired === true
  })
  const publishing = requests.findIndex(
    ({ url, body }) => url?.includes(String(status?.id)) && JSON.stringify(body).includes('onPremisesPublishing'),
  )
  expect(closing).toBeGreaterThanOrEqual(0)
  expect(publishing).toBeGreaterThan(closing)
})

test('Drawings changes to no sign-on, and back to headers', async () => {
  edit('apps/drawings.yaml', text => text.replace('header: {}', 'none: {}'))
  expect(told(await plan())).toEqual(['update entra/app-proxy/drawings'])
  await apply()
  edit('apps/drawings.yaml', text => text.replace('none: {}', 'header: {}'))
  expect(told(await plan())).toEqual(['update entra/app-proxy/drawings'])
  await apply()
})

test('what nobody is asked to sign in to is looked at twice, and said in every plan', async () => {
  edit('apps/plant-status.yaml', text =>
    text.replace('  connectorGroup: Plant\n', '$&  preauthentication: passthrough\n'),
  )
  const planned = await plan()
  expect(planned.changes).toMatchObject([{ id: 'entra/app-proxy/plant-status', risk: 'privileged' }])
  await apply()
  expect((await plan()).findings).toContainEqual(
    expect.objectContaining({
      severity: 'warning',
      code: 'passthrough',
      message: expect.stringMatching(/Plant Status asks nobody to sign in/),
    }),
  )
})

test('Drawings leaves the policy: its people first, then its publishing, then what we made', async () => {
  const there = await application('Engineering Drawings')
  takeOutApp(join(folder, 'policies'), 'drawings', 'access/fabrikam.yaml')
  const planned = await plan()
  expect(new Set(planned.effects.map(({ effect, app }) => `${effect} ${app}`))).toEqual(new Set(['lose drawings']))
  const requests = await apply()
  const unpublished = requests.findIndex(({ body }) => JSON.stringify(body ?? null) === '{"onPremisesPublishing":null}')
  const deleted = requests.findIndex(
    ({ method, url }) => method === 'DELETE' && url?.endsWith(`/applications/${there?.id}`),
  )
  expect(unpublished).toBeGreaterThanOrEqual(0)
  expect(deleted).toBeGreaterThan(unpublished)
  expect(await application('Engineering Drawings')).toBeUndefined()
})

test('a role that is a group in Active Directory alone shares the default access of its app', async () => {
  edit('apps/timesheets.yaml', text =>
    text.replace(
      'requires:',
      'roles:\n  user: {}\n  clerk: {adGroup: "CN=Payroll Approvers,OU=Apps,DC=corp,DC=contoso,DC=com"}\nrequires:',
    ),
  )
  edit('access/proseware.yaml', text => text.replace('app: timesheets\n', 'app: timesheets\nrole: clerk\n'))
  edit('organization.yaml', text =>
    text.replace(
      'overrides:\n',
      'overrides:\n    - {guardrail: removals, app: timesheets, reason: another role, until: 2026-12-31}\n',
    ),
  )
  const planned = await plan()
  const assignments = planned.changes.filter(({ kind }) => kind === 'app-role-assignment')
  expect(assignments).toEqual([])
  expect(new Set(planned.effects.map(({ effect, app, role }) => `${effect} ${app} ${role}`))).toEqual(
    new Set(['lose timesheets user', 'gain timesheets clerk']),
  )
  await apply()
})
