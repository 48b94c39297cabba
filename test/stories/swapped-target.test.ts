// The same names, and other things behind them: what a reviewed plan was about was changed after the review, in the policy or in
// the directories. Nothing of it is performed then.

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { SandboxState } from '../../src/cli/sandbox-state.ts'
import type { Plan } from '../../src/model/plan.ts'
import { command, type Heard } from '../cli/fake-host.ts'
import { byHand } from './by-hand.ts'
import { editFile } from './edit.ts'
import { emptyFolder, repository } from './guestlist.ts'

const ada = 'ada.byron@fabrikam.com'
const surveys = 'aaaaaaaa-0000-4000-8000-000000000001'
const vault = 'aaaaaaaa-0000-4000-8000-000000000002'
const inApps = ',OU=Apps,DC=corp,DC=contoso,DC=com'

type Item = Readonly<Record<string, unknown>> & { readonly id: string }

const run = (cwd: string, ...args: readonly string[]): Promise<Heard> => command([...args, '--sandbox'], { cwd })
const dump = async (cwd: string): Promise<string> =>
  (await command(['sandbox', 'dump', '--format', 'json'], { cwd })).stdout
const planIn = (cwd: string): Plan => JSON.parse(readFileSync(join(cwd, 'plan.json'), 'utf8')) as Plan

function edit(cwd: string, file: string, change: (text: string) => string): void {
  editFile(join(cwd, 'policies', file), change)
}

/** Another one like the one that has this value. */
function like(state: SandboxState, collection: string, key: string, value: string, over: Item): void {
  const items = state.graph.collection<Item>(collection)
  const found = [...items.values()].find(item => item[key] === value)
  expect(found).toBeDefined()
  items.put(over.id, { ...found, ...over })
}

function addGroup({ directory }: SandboxState, name: string): Promise<unknown> {
  return directory.add(`CN=${name}${inApps}`, {
    objectClass: ['top', 'group'],
    sAMAccountName: [name],
    groupType: ['-2147483646'],
  })
}

/** Contoso as it is after a first apply, with a role that nobody has and two applications and groups that nobody uses. */
let company = ''

beforeAll(async () => {
  company = emptyFolder()
  cpSync(join(repository, 'policies'), join(company, 'policies'), { recursive: true })
  edit(company, 'apps/payroll.yaml', text =>
    text.replace(
      '\nrequires:',
      `\n  reader: {appRole: Payroll.Read, adGroup: "CN=Payroll Readers${inApps}"}\nrequires:`,
    ),
  )
  expect(await run(company, 'apply')).toMatchObject({ code: 0 })
  await byHand(company, async state => {
    await addGroup(state, 'Payroll Readers')
    await addGroup(state, 'Vault Keepers')
    for (const [appId, displayName] of [
      [surveys, 'Surveys'],
      [vault, 'Vault'],
    ] as const)
      like(state, 'servicePrincipals', 'displayName', 'Expenses', { id: appId, appId, displayName, tags: [] })
  })
  expect(await run(company, 'apply')).toMatchObject({ code: 0 })
})

function copy(): string {
  const cwd = emptyFolder()
  cpSync(company, cwd, { recursive: true })
  return cwd
}

const giveReader = (cwd: string): void =>
  edit(
    cwd,
    'access/adatum.yaml',
    text =>
      `${text.trimEnd()}\n---\napiVersion: guestlist/v1\nkind: Access\nname: a-reader\npartner: adatum\ngroups: [contractors]\napp: payroll\nrole: reader\nuntil: 2027-06-02\nreason: Season's end\n`,
  )

const addSurveys = (cwd: string): void =>
  writeFileSync(
    join(cwd, 'policies/apps/surveys.yaml'),
    `apiVersion: guestlist/v1\nkind: App\nname: surveys\ndisplayName: Surveys\nhosting: cloud\nowners: [it-apps@contoso.com]\nentra: {appId: ${surveys}}\n---\napiVersion: guestlist/v1\nkind: Access\nname: a-surveys\npartner: adatum\ngroups: [contractors]\napp: surveys\nuntil: 2027-06-02\nreason: Season's end\n`,
  )

const inviteAda = (cwd: string): void =>
  edit(cwd, 'partners/fabrikam.yaml', text =>
    text.replace(/( +- )\{address: callum/, `$1{address: ${ada}, displayName: Ada Byron}\n$&`),
  )

/** The plan, as a reviewer reads it. */
async function review(cwd: string): Promise<string> {
  const { code, stdout } = await run(cwd, 'plan', '--out', 'plan.json', '--changes')
  expect(code).toBe(0)
  return stdout
}

async function expectRefused(cwd: string, ...told: readonly string[]): Promise<void> {
  const before = await dump(cwd)
  const { code, stdout, stderr } = await run(cwd, 'apply', 'plan.json')
  expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
  expect(stderr).toContain('error[stale-plan]: plan.json is plan ')
  for (const text of told) expect(stderr).toContain(text)
  expect(await dump(cwd)).toBe(before)
}

describe('what a reviewed plan is about was changed since: nothing of it is performed', () => {
  test('a role stands for another group in Active Directory', async () => {
    const cwd = copy()
    giveReader(cwd)
    expect(await review(cwd)).toMatch(
      /put the account of \S+ into CN=Payroll Readers,OU=Apps,\S+ \(payroll, as reader\)/,
    )
    const { digest } = planIn(cwd)
    edit(cwd, 'apps/payroll.yaml', text => text.replace('CN=Payroll Readers', 'CN=Vault Keepers'))
    expect(await review(copyWith(cwd))).toContain('into CN=Vault Keepers,OU=Apps')
    await expectRefused(
      cwd,
      'Would be done otherwise than it was reviewed',
      `AD group of payroll, as reader: "CN=Payroll Readers${inApps}" → "CN=Vault Keepers${inApps}"`,
    )
    await review(cwd)
    expect(planIn(cwd).digest).not.toBe(digest)
  })

  test('another group has come to have the name', async () => {
    const cwd = copy()
    giveReader(cwd)
    await review(cwd)
    await byHand(cwd, async state => {
      await state.directory.remove(`CN=Payroll Readers${inApps}`)
      await addGroup(state, 'Payroll Readers')
    })
    await expectRefused(cwd, 'Would be done otherwise than it was reviewed')
  })

  test('an app is another application', async () => {
    const cwd = copy()
    addSurveys(cwd)
    expect(await review(cwd)).toContain(`look after application surveys (appId ${surveys}), which is there already`)
    edit(cwd, 'apps/surveys.yaml', text => text.replace(surveys, vault))
    await expectRefused(cwd, `application surveys: "${surveys}" → "${vault}"`)
  })

  test.each([
    ['https://evil.example/', 'redirectUrl: https://evil.example/', 'redirectUrl: "https://myapps.microsoft.com/'],
    ['no mail', 'sendMessage: false', 'sendMessage: true → false'],
  ])('an invitation leads elsewhere, or comes otherwise: %s', async (_what, setting, told) => {
    const cwd = copy()
    inviteAda(cwd)
    expect(await review(cwd)).toContain(`+ invite ${ada}   `)
    const [key = ''] = setting.split(':')
    edit(cwd, 'organization.yaml', text => text.replace(new RegExp(`\\b${key}: .*`), setting))
    await expectRefused(cwd, `~ invite ${ada}`, told)
  })

  test('where an invitation leads is told, unless everybody knows the page', async () => {
    const cwd = copy()
    inviteAda(cwd)
    edit(cwd, 'organization.yaml', text => text.replace(/redirectUrl: .*/, 'redirectUrl: https://portal.contoso.com/'))
    expect(await review(cwd)).toContain(`+ invite ${ada} (the invitation leads to https://portal.contoso.com/)`)
    expect(await run(cwd, 'apply', 'plan.json')).toMatchObject({ code: 0 })
    // Who is invited already is not invited again, whatever the page.
    edit(cwd, 'organization.yaml', text => text.replace('portal.contoso.com', 'www.contoso.com'))
    expect((await run(cwd, 'plan')).stdout).toContain('Nothing to do.')
  })
})

/** To look from there at what is as it is here. */
function copyWith(cwd: string): string {
  const other = emptyFolder()
  cpSync(cwd, other, { recursive: true })
  return other
}

describe('whoever has come to stand for a person since is not taken over', () => {
  const stranger = { id: 'bbbbbbbb-0000-4000-8000-000000000001', createdDateTime: '2026-12-01T09:00:01Z' }
  const asMallory = {
    ...stranger,
    userPrincipalName: 'mallory_evil.example#EXT#@contoso.onmicrosoft.com',
    mail: 'mallory@evil.example',
    displayName: 'Mallory',
  }
  /** As a run of ours leaves her that is cut just after the invitation. */
  const asAda = {
    ...stranger,
    userPrincipalName: 'ada.byron_fabrikam.com#EXT#@contoso.onmicrosoft.com',
    mail: ada,
    displayName: 'Ada Byron',
    companyName: null,
  }

  async function meanwhile(over: Item): Promise<string> {
    const cwd = copy()
    inviteAda(cwd)
    await review(cwd)
    await byHand(cwd, state => like(state, 'users', 'mail', 'callum.reid@fabrikam.com', { otherMails: [], ...over }))
    return cwd
  }

  test('a stranger who has the address among other mails', async () => {
    const cwd = await meanwhile({ ...asMallory, otherMails: [ada] })
    await expectRefused(
      cwd,
      `~ take over guest ${ada}, who is there already`,
      'Was found since, and may change what the review said',
      `is taken for ${ada}, which is only among its other mails`,
      '[known-by-other-mail]',
    )
  })

  test('a stranger whom somebody has put among ours', async () => {
    const cwd = await meanwhile({ ...asMallory, otherMails: [ada] })
    await byHand(cwd, state => {
      const groups = [...state.graph.collection<Item>('groups').values()]
      const ours = groups.find(group => group.uniqueName === 'guestlist.guests')
      state.graph.collection('members').put(`${ours?.id}/${stranger.id}`, {})
    })
    await expectRefused(cwd)
  })

  test('but what our own run left goes on', async () => {
    expect(await run(await meanwhile(asAda), 'apply', 'plan.json')).toMatchObject({ code: 0 })
  })

  test('a guest who was there before the review, and was hidden from it', async () => {
    await expectRefused(await meanwhile({ ...asAda, createdDateTime: '2026-01-01T00:00:00Z' }))
  })

  test('a guest whose sign-in somebody switched off', async () => {
    await expectRefused(await meanwhile({ ...asAda, accountEnabled: false }), '[switched-on-again]')
  })

  test('a member', async () => {
    await expectRefused(await meanwhile({ ...asAda, creationType: null, externalUserState: null }))
  })
})

describe('a plan of the sandbox and one of the real directories are not taken for each other', () => {
  test('before anything is connected to', async () => {
    const cwd = copy()
    inviteAda(cwd)
    expect(await review(cwd)).toMatch(/^Contoso Ltd\. .* · in the sandbox · /)
    const before = await dump(cwd)
    // Nothing answers there: whoever asked would hear of that.
    const env = { AZURE_TENANT_ID: 'x', AZURE_CLIENT_ID: 'y', AZURE_CLIENT_SECRET: 'z' }
    const { code, stdout, stderr } = await command(['apply', 'plan.json'], { cwd, env })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('error[other-place]: plan.json was made in the sandbox')
    expect(await dump(cwd)).toBe(before)
  })
})
