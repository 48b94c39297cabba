// What a change of policy says besides who reaches what: of every kind of document what differs, and nothing that shows in
// effects anyway.

import { expect, test } from 'vitest'
import { settingsOf } from '../../src/engine/settings.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { access, type Files, fabrikam, load, organization, payroll, sound } from '../policy/folder.ts'

async function policyOf(files: Files): Promise<ResolvedPolicy> {
  const { policy, problems } = await load(files)
  if (policy === undefined) throw new Error(problems.map(({ message }) => message).join())
  return policy
}

const rule = `apiVersion: guestlist/v1
kind: Rule
name: never
message: Never.
each: access
deny: "false"
`
const base: Files = { ...sound, 'rule.yaml': rule }

/** `update partner fabrikam {"domains":["a"]} → {"domains":["b"]} @fabrikam.yaml:3` */
async function told(now: Files, before: Files = base): Promise<readonly string[]> {
  const settings = settingsOf(await policyOf(now), await policyOf(before))
  return settings.map(({ kind, name, action, before, after, origin }) =>
    [action, kind, name, JSON.stringify(before), '→', JSON.stringify(after), `@${origin.file}:${origin.line}`].join(
      ' ',
    ),
  )
}

const changed = (file: string, text: string): Files => ({ ...base, [file]: text })

test('the same policy says nothing, wherever it stands and whoever is in a group', async () => {
  expect(await told(base)).toEqual([])
  const moved = { ...base, 'fabrikam.yaml': '', 'other.yaml': `# moved\n${fabrikam}` }
  expect(await told(moved)).toEqual([])
  expect(await told(changed('fabrikam.yaml', `${fabrikam}      - new@fabrikam.com\n`))).toEqual([])
  expect(await told(changed('access.yaml', `${access}until: 2027-01-31\n`))).toEqual([])
})

test.each([
  [
    'organization.yaml',
    `${organization}guardrails: {oldestPlan: 3650d}\n`,
    'update organization  {"guardrails":null} → {"guardrails":{"oldestPlan":"3650d"}} @organization.yaml:3',
  ],
  [
    'fabrikam.yaml',
    fabrikam.replace('[fabrikam.com]', '[fabrikam.com, gmail.com]'),
    'update partner fabrikam {"domains":["fabrikam.com"]} → {"domains":["fabrikam.com","gmail.com"]} @fabrikam.yaml:3',
  ],
  [
    'payroll.yaml',
    `${payroll}roles: {user: {appRole: Payroll.Approve}}\n`,
    'update app payroll {"roles":null} → {"roles":{"user":{"appRole":"Payroll.Approve"}}} @payroll.yaml:3',
  ],
  [
    'rule.yaml',
    rule.replace('"false"', '"false && true"'),
    'update rule never {"deny":"false"} → {"deny":"false && true"} @rule.yaml:3',
  ],
])('what differs in %s is told, and nothing else of it', async (file, text, line) => {
  expect(await told(changed(file, text))).toEqual([line])
})

test('a document that goes has the place that it had', async () => {
  const without = { ...base, 'rule.yaml': '' }
  expect(await told(without)).toEqual([
    'delete rule never {"deny":"false","each":"access","message":"Never."} → null @rule.yaml:3',
  ])
  expect((await told(base, without)).join()).toMatch(/^create rule never null → .* @rule\.yaml:3$/)
})

const empty = fabrikam.replace(/members:.*/s, 'members: []\n')
const kept = fabrikam.replace(/members:.*/s, 'membersFrom: {entraGroup: SG-All}\n')

test('an access for a group that is empty, or that others fill, is told with its end', async () => {
  const nobody = { ...base, 'fabrikam.yaml': empty, 'access.yaml': `${access}until: 2027-01-31\n` }
  expect(await told(nobody)).toEqual([
    'create access fabrikam/engineers (fabrikam-payroll) null → {"Payroll, user":"nobody yet, until 2027-01-31"} @access.yaml:5',
  ])
  expect(await told({ ...nobody, 'access.yaml': `${access}until: 2027-11-30\n` }, nobody)).toEqual([
    'update access fabrikam/engineers (fabrikam-payroll) {"Payroll, user":"nobody yet, until 2027-01-31"} → {"Payroll, user":"nobody yet, until 2027-11-30"} @access.yaml:5',
  ])
  expect(await told(changed('fabrikam.yaml', kept))).toEqual([
    'update partner fabrikam {"sources":{}} → {"sources":{"engineers":"SG-All"}} @fabrikam.yaml:3',
    'create access fabrikam/engineers (fabrikam-payroll) null → {"Payroll, user":"whoever SG-All holds, now or later, without an end"} @access.yaml:5',
  ])
  expect((await told(base, changed('fabrikam.yaml', kept))).at(-1)).toMatch(
    /^delete access fabrikam\/engineers .* → null @access\.yaml:5$/,
  )
})
