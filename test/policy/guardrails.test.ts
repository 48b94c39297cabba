// What the policy alone says of guardrails: longest access, protected groups, overrides.

import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../src/model/problem.ts'
import { fabrikamWith } from './documents.ts'
import { access, load, organization, payroll, places, sound } from './folder.ts'

const withGuardrails = (lines: string): string => `${organization}guardrails:\n${lines}`
const tier0 = 'CN=Tier 0,OU=Admin,DC=corp,DC=contoso,DC=com'

describe('the longest access', () => {
  const limited = (more: string, lines = '') => ({
    ...sound,
    'organization.yaml': withGuardrails(`  longestAccess: 365d\n${lines}`),
    'access.yaml': `${access}${more}`,
  })

  test('is asked of the access, whatever ends its people have of their own', async () => {
    const people = (file: string) =>
      file.replace('- lee@fabrikam.com', '- {address: lee@fabrikam.com, until: 2027-01-31}')
    const files = limited('')
    const loaded = await load({ ...files, 'fabrikam.yaml': people(sound['fabrikam.yaml']) })
    expect(places(loaded)).toEqual(['error[guardrail/longest-access] access.yaml:3:7'])
  })

  test('counts from the day of the plan, also for an access that begins later', async () => {
    expect(places(await load(limited('from: 2027-11-01\nuntil: 2027-12-01\n')))).toEqual([])
    expect(places(await load(limited('from: 2027-11-01\nuntil: 2027-12-02\n')))).toEqual([
      'error[guardrail/longest-access] access.yaml:8:8',
    ])
  })

  test('is to the minute where the end is', async () => {
    const at = Date.parse('2026-12-01T09:00:00Z')
    expect(places(await load(limited('until: 2027-12-01T09:00:00Z\n'), at))).toEqual([])
    expect(places(await load(limited('until: 2027-12-01T09:01:00Z\n'), at))).toEqual([
      'error[guardrail/longest-access] access.yaml:7:8',
    ])
  })

  test('asks nothing of what is over', async () => {
    expect(places(await load(limited('until: 2026-11-30\n')))).toEqual(['warning[already-over] access.yaml:7:8'])
  })

  test('is set aside for one partner or app, and for no other', async () => {
    const override = (more: string) =>
      `  overrides: [{guardrail: longestAccess, reason: CHG-9, by: Anna, until: 2026-12-05, ${more}}]\n`
    const severities = async (more: string) =>
      (await load(limited('', override(more)))).problems.map(({ severity }) => severity)
    expect(await severities('app: payroll')).toEqual(['warning'])
    expect(await severities('partner: fabrikam, app: payroll')).toEqual(['warning'])
    expect(await severities('partner: litware')).toEqual(['error'])
    const { problems } = await load(limited('', override('app: payroll')))
    expect(problems[0]?.message).toBe('this access has no end: allowed by Anna until 2026-12-05, CHG-9')
  })
})

describe('a protected group', () => {
  const named = (group: string, dn = tier0) => ({
    ...sound,
    'organization.yaml': withGuardrails(
      `  protectedGroups:\n    - ${dn}\n    - 9b1d6c0e-2f64-4a53-8a3e-5d0c7a1f4e22\n`,
    ),
    'payroll.yaml': `${payroll}roles:\n  user: {}\n  approver:\n    adGroup: "${group}"\n`,
  })

  test('that a role names is refused at its place, in whatever spelling', async () => {
    for (const group of [
      tier0,
      'cn=TIER 0,ou=admin,dc=CORP,dc=contoso,dc=com',
      'CN=Tier\\\\200,OU=Admin,DC=corp,DC=contoso,DC=com',
    ]) {
      const loaded = await load(named(group))
      expect(places(loaded)).toEqual(['error[guardrail/protected-group] payroll.yaml:17:14'])
      expect(loaded.problems[0]).toMatchObject({
        message: expect.stringContaining('is a protected group: nobody is put into it'),
        see: { file: 'organization.yaml', line: 20, column: 7 },
      })
      expect(loaded.problems.every(isRefusal)).toBe(true)
      expect(loaded.policy).toBeDefined()
    }
    expect(places(await load(named('CN=Payroll,OU=Admin,DC=corp,DC=contoso,DC=com')))).toEqual([])
  })

  test('may be read as members', async () => {
    const files = { ...named('CN=P,OU=Apps,DC=corp,DC=contoso,DC=com') }
    const members = `groups:\n  engineers: {membersFrom: {adGroup: "${tier0}"}}\n`
    const fabrikam = sound['fabrikam.yaml'].replace(/groups:[\s\S]*/, members)
    expect(places(await load({ ...files, 'fabrikam.yaml': fabrikam }))).toEqual([])
  })

  test('is a distinguished name in the domain, or an object id', async () => {
    const bad = (group: string) => load(named('CN=P,OU=Apps,DC=corp,DC=contoso,DC=com', group))
    expect(places(await bad('Domain Admins'))).toEqual(['error[bad-group] organization.yaml:20:7'])
    expect(places(await bad('CN=A,DC=elsewhere,DC=com'))).toEqual(['error[outside-domain] organization.yaml:20:7'])
    const cloud = organization.replace(/activeDirectory:[\s\S]*/, `guardrails: {protectedGroups: ["${tier0}"]}\n`)
    expect(places(await load({ 'organization.yaml': cloud }))).toEqual([
      'error[missing-active-directory] organization.yaml:7:32',
    ])
  })
})

describe('an override', () => {
  const written = (line: string, limits = '  removals: {percent: 10, atLeast: 5}\n') =>
    load({ ...sound, 'organization.yaml': withGuardrails(`${limits}  overrides:\n    - ${line}\n`) })

  test('says why and until when; who, and for whom, as it likes', async () => {
    expect(places(await written('{guardrail: removals, reason: CHG-9, until: 2026-12-05}'))).toEqual([])
    const whole =
      '{guardrail: removals, app: gone, partner: gone, by: anna@contoso.com, reason: CHG-9, until: 2026-12-05}'
    expect(places(await written(whole))).toEqual([])
    expect(places(await written('{guardrail: removals, by: anna@contoso.com}'))).toEqual([
      'error[missing-key] organization.yaml:21:7',
      'error[missing-key] organization.yaml:21:7',
    ])
  })

  test('says why in words: blanks say nothing', async () => {
    for (const reason of ["' '", "'\u00a0\u200b'", '"…"'])
      expect(places(await written(`{guardrail: removals, reason: ${reason}, until: 2026-12-05}`))).toEqual([
        'error[bad-value] organization.yaml:21:37',
      ])
    expect(places(await written('{guardrail: removals, reason: 理由, until: 2026-12-05}'))).toEqual([])
  })

  test('for an app or partner that looks misspelt is told; one that has left the policies may be named', async () => {
    const named = (more: string) => written(`{guardrail: removals, reason: x, until: 2026-12-05, ${more}}`)
    const misspelt = await named('app: payrol, partner: fabricam')
    expect(places(misspelt)).toEqual([
      'warning[override-of-nothing] organization.yaml:21:64',
      'warning[override-of-nothing] organization.yaml:21:81',
    ])
    expect(misspelt.problems[0]).toMatchObject({
      message: 'no policy names app `payrol`: this override sets nothing aside',
      hint: 'did you mean `payroll`?',
    })
    expect(places(await named('app: payroll, partner: fabrikam'))).toEqual([])
    const unread = await load({
      ...sound,
      'organization.yaml': withGuardrails(
        '  overrides: [{guardrail: sources, reason: x, until: 2026-12-05, partner: fabrikam}]\n',
      ),
      'fabrikam.yaml': 'a: [',
    })
    expect(places(unread).join()).not.toContain('override-of-nothing')
  })

  test('for more than a year is told', async () => {
    const until = (day: string) => written(`{guardrail: removals, reason: x, until: ${day}}`)
    expect(places(await until('2027-12-01'))).toEqual([])
    for (const day of ['2027-12-02', '9999-12-31'])
      expect(places(await until(day))).toEqual(['warning[override-long] organization.yaml:21:47'])
  })

  test('that is over is told at its line', async () => {
    expect(places(await written('{guardrail: removals, by: Anna, reason: CHG-9, until: 2026-11-30}'))).toEqual([
      'warning[override-over] organization.yaml:21:61',
    ])
  })

  test('never sets protected groups or the age of a plan aside', async () => {
    for (const guardrail of ['protectedGroups', 'oldestPlan'])
      expect(places(await written(`{guardrail: ${guardrail}, reason: CHG-9, until: 2026-12-05}`))).toEqual([
        'error[unknown-value] organization.yaml:21:19',
      ])
  })

  test('of a source is for a partner, not for an app', async () => {
    expect(places(await written('{guardrail: sources, partner: fabrikam, reason: x, until: 2026-12-05}'))).toEqual([])
    expect(places(await written('{guardrail: sources, app: payroll, reason: x, until: 2026-12-05}'))).toEqual([
      'error[misplaced-key] organization.yaml:21:28',
    ])
  })
})

test('a limit on removals that can never refuse is told at its line', async () => {
  const limits = (percent: number) => `  removals:
    percent: ${percent}
    atLeast: 5
    perApp: {percent: ${percent}, atLeast: 1}
    perPartner: {percent: 50, atLeast: 1}
`
  const loaded = (percent: number) => load({ ...sound, 'organization.yaml': withGuardrails(limits(percent)) })
  expect(places(await loaded(99.9))).toEqual([])
  expect(places(await loaded(100))).toEqual([
    'warning[guardrail-off] organization.yaml:20:14',
    'warning[guardrail-off] organization.yaml:22:23',
  ])
})

describe('separation of duties', () => {
  const rule = `apiVersion: guestlist/v1
kind: Rule
name: order-or-pay
each: person
deny: '"procurement" in person.apps && "payments" in person.apps'
message: Nobody from outside may both order and pay.
`
  const cloudApp = (name: string, appId: string) =>
    `apiVersion: guestlist/v1\nkind: App\nname: ${name}\ndisplayName: ${name}\nhosting: cloud\nentra: {appId: ${appId}}\n`
  const open = (group: string, app: string) =>
    `apiVersion: guestlist/v1\nkind: Access\nname: ${group}-${app}\npartner: fabrikam\ngroups: [${group}]\napp: ${app}\n`
  const files = (payers: string) => ({
    'organization.yaml': organization,
    'fabrikam.yaml': fabrikamWith(
      `groups:
  buyers: {members: [lee@fabrikam.com, dana@fabrikam.com]}
  payers: {members: [${payers}]}
`,
    ),
    'apps.yaml': `${cloudApp('procurement', '2f1e8d4c-6b0a-4d57-a3c9-915e7f40b2d6')}---\n${cloudApp('payments', '9b3c71f8-e2d5-4069-8c4f-5a60d7e1b928')}`,
    'access.yaml': `${open('buyers', 'procurement')}---\n${open('payers', 'payments')}`,
    'rule.yaml': rule,
  })

  test('holds while nobody has both, and is denied at the person who has', async () => {
    expect(places(await load(files('kim@fabrikam.com')))).toEqual([])
    const broken = await load(files('kim@fabrikam.com, lee@fabrikam.com'))
    expect(places(broken)).toEqual(['error[rule/order-or-pay] fabrikam.yaml:8:22'])
    expect(broken.problems.every(isRefusal)).toBe(true)
  })
})
