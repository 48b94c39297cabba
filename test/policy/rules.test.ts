import { describe, expect, test } from 'vitest'
import type { Person } from '../../src/model/policy.ts'
import { access, fabrikam, load, organization, payroll, places, sound } from './folder.ts'

const rule = (each: string, deny: string, severity = 'error') => `apiVersion: guestlist/v1
kind: Rule
name: a-rule
each: ${each}
message: No.
severity: ${severity}
deny: ${deny}
`

const withRule = (each: string, deny: string) => load({ ...sound, 'rule.yaml': rule(each, deny) })

test.each<[string, string, string]>([
  ['access', '"restricted" in access.app.tags && !("mfa" in access.app.requires)', 'access.yaml:3:7'],
  ['access', 'access.until == "" && access.from == "" && access.reason == "" && access.days > 3650', 'access.yaml:3:7'],
  [
    'access',
    'access.role == "user" && access.groups == ["engineers"] && access.partner.trust.mfa == false',
    'access.yaml:3:7',
  ],
  [
    'access',
    'access.partner.domains.exists(d, d.endsWith(".com")) && access.name.matches("^fabrikam-[a-z]+$")',
    'access.yaml:3:7',
  ],
  ['person', '"payroll" in person.apps && person.displayName == "Dana Ruiz"', 'fabrikam.yaml:11:19'],
  [
    'person',
    'person.address.startsWith("lee@") && person.groups == ["engineers"] && person.partner.name == "fabrikam"',
    'fabrikam.yaml:10:9',
  ],
  [
    'app',
    'app.signOn == "kerberos" && size(app.owners) == 0 && app.roles == ["user"] && app.hosting == "on-premises"',
    'payroll.yaml:3:7',
  ],
  [
    'partner',
    'size(partner.sponsors) == 0 && partner.accounts == "entra-b2b" && partner.tenantId == ""',
    'fabrikam.yaml:3:7',
  ],
])('each %s: %s', async (each, deny, at) => {
  const loaded = await withRule(each, `'${deny}'`)
  expect(places(loaded)).toEqual([`error[rule/a-rule] ${at}`])
  expect(loaded.problems[0]).toMatchObject({ message: 'No.', see: { file: 'rule.yaml', line: 3 } })
  expect(loaded.policy).toBeDefined()
})

test('days count whole days, both ends included', async () => {
  const files = { ...sound, 'access.yaml': `${access}from: 2026-12-10\nuntil: 2026-12-31\n` }
  expect(places(await load({ ...files, 'rule.yaml': rule('access', 'access.days == 22') }))).toHaveLength(1)
  const fromToday = { ...sound, 'access.yaml': `${access}until: 2026-12-31\n` }
  expect(places(await load({ ...fromToday, 'rule.yaml': rule('access', 'access.days == 31') }))).toHaveLength(1)
})

test('a warning stays a warning, and what is over is not asked about', async () => {
  expect(places(await load({ ...sound, 'rule.yaml': rule('access', `'!false'`, 'warning') }))).toEqual([
    'warning[rule/a-rule] access.yaml:3:7',
  ])
  const over = await load({
    ...sound,
    'access.yaml': `${access}until: 2026-01-01\n`,
    'rule.yaml': rule('access', `'!false'`),
  })
  expect(places(over)).toEqual(['warning[already-over] access.yaml:7:8'])
})

test('a person reaches only what is in force', async () => {
  const files = {
    ...sound,
    'access.yaml': `${access}from: 2027-01-01\n`,
    'rule.yaml': rule('person', 'size(person.apps) > 0'),
  }
  expect(places(await load(files))).toEqual([])
  expect(places(await load(files, Date.parse('2027-01-01')))).toHaveLength(2)
})

test('a person is blamed on the line of a roster', async () => {
  const partner = `${fabrikam.slice(0, fabrikam.indexOf('    members'))}    membersFrom: {csv: people.csv}\n`
  const files = { ...sound, 'fabrikam.yaml': partner, 'people.csv': 'displayName,address\nLee,lee@fabrikam.com\n' }
  const loaded = await load({ ...files, 'rule.yaml': rule('person', `'"payroll" in person.apps'`) })
  expect(places(loaded)).toEqual(['error[rule/a-rule] people.csv:2:5'])
  expect(loaded.problems[0]).toMatchObject({ excerpt: 'Lee,lee@fabrikam.com', length: 16 })
})

test('whom only a directory knows is named, for no line does, and the rest is told as before', async () => {
  const partner = `${fabrikam}  contractors:\n    membersFrom: {entraGroup: SG}\n`
  const partial = access.replace('[engineers]', '[engineers, contractors]')
  const files = { ...sound, 'fabrikam.yaml': partner, 'access.yaml': `${partial}until: 2026-12-31\n` }
  const loaded = await load({ ...files, 'rule.yaml': rule('person', `'"payroll" in person.apps'`) })
  const { policy } = loaded
  const written = ['error[rule/a-rule] fabrikam.yaml:10:9', 'error[rule/a-rule] fabrikam.yaml:11:19']
  expect(places(loaded)).toEqual(written)
  const origin = policy?.partners.get('fabrikam')?.groups.get('contractors')?.origin
  if (policy === undefined || origin === undefined) throw new Error('no contractors')
  const people = new Map<string, Person>(policy.people)
  for (const address of ['uwe@fabrikam.com', 'vera@fabrikam.com'])
    people.set(address, { address, partner: 'fabrikam', groups: ['contractors'], origins: [origin] })
  const problems = loaded.problemsOf({ ...policy, people })
  expect(places({ ...loaded, problems })).toEqual([
    ...written,
    'error[rule/a-rule] fabrikam.yaml:12:3',
    'error[rule/a-rule] fabrikam.yaml:12:3',
  ])
  expect(problems.slice(2)).toEqual([
    expect.objectContaining({ message: 'uwe@fabrikam.com: No.', length: 1 }),
    expect.objectContaining({ message: 'vera@fabrikam.com: No.', length: 1 }),
  ])
  expect(loaded.problemsOf(policy)).toEqual(loaded.problems)
})

test('rules are not asked about what has errors of its own', async () => {
  const files = {
    ...sound,
    'payroll.yaml': `${payroll}requires: [mfaa]\n`,
    'rule.yaml': rule('access', `'!("mfa" in access.app.requires)'`),
  }
  expect(places(await load(files))).toEqual(['error[bad-value] payroll.yaml:14:12'])
})

test('a denial and an error elsewhere are told in one run', async () => {
  const files = {
    ...sound,
    'organization.yaml': organization.replace('kind: Organization', 'kind: Organization\ncolour: red'),
    'rule.yaml': rule('access', 'access.until == ""'),
  }
  const loaded = await load(files)
  expect(places(loaded)).toEqual(['error[rule/a-rule] access.yaml:3:7', 'error[unknown-key] organization.yaml:3:1'])
  expect(loaded.policy).toBeUndefined()
})

describe('the place of a mistake, however the expression is written', () => {
  test.each<[string, string, string]>([
    ['plain', 'access.nme == "x"', '7:14'],
    ['single quotes', `'"it''s" == access.nme'`, '7:26'],
    ['double quotes', '"\\"it\\" == access.nme"', '7:25'],
    ['literal block', '|\n  access.name == "x"\n    || access.nme == "x"', '9:15'],
    ['folded block', '>-\n  access.name == "x"\n  || access.nme == "x"', '9:13'],
    ['indented folded block', '>-\n    access.name == "x"\n\n    || access.nme == "x"', '10:15'],
    ['plain over lines', 'access.name == "x"\n  || access.nme == "x"', '8:13'],
    ['double quotes over lines', '"access.name == \\"x\\" \\\n  || access.nme == \'x\'"', '8:13'],
  ])('%s', async (_, deny, at) => {
    const loaded = await withRule('access', deny)
    expect(places(loaded)).toEqual([`error[bad-expression] rule.yaml:${at}`])
    expect(loaded.problems[0]).toMatchObject({
      message: 'there is no field `nme`',
      hint: 'did you mean `name`?',
      length: 3,
    })
  })
})

test.each<[string, RegExp]>([
  ['acess.name == "x"', /there is no `acess` here.*did you mean `access`/],
  ['person.name == "x"', /there is no `person` here.*known: `access`/],
  ['access.app.tag.size() > 0', /no field `tag`.*`tags`/],
  ['access.days > "x"', /no such overload: int > string/],
  ['access.days', /must be true or false, but this is int/],
  ['"a" in access.groups &&', /unexpected token: the end/],
  [`${'('.repeat(60)}true${')'.repeat(60)}`, /too large or too deeply nested/],
  [Array(300).fill('access.name == "x"').join(' || ').slice(0, 1990), /too large/],
  ['access.groups.all(a, access.groups.all(b, access.groups.all(c, a == b)))', /may be inside each other/],
  ['access.name.matches("(a|a)*$")', /could take for ever/],
  ['access.name.matches(access.reason)', /must be written out/],
  ['access.name.matches("[")', /not a regular expression/],
])('refused before it runs: %s', async (deny, says) => {
  const loaded = await withRule('access', `'${deny}'`)
  expect(places(loaded).map(place => place.split(' ')[0])).toEqual(['error[bad-expression]'])
  expect(`${loaded.problems[0]?.message} ${loaded.problems[0]?.hint}`).toMatch(says)
})

test.each([
  'dyn(1) + dyn("x") == dyn(2)',
  'access.groups[7] == "x"',
  '1 / size(access.app.requires) == 1',
  'int(access.name) == 1',
])('told once, at the rule, when it cannot be answered: %s', async deny => {
  const files = { ...sound, 'more.yaml': access.replace('fabrikam-payroll', 'b').replace('[engineers]', '[others]') }
  const fabrikamWithTwo = `${fabrikam}  others:\n    members: []\n`
  const loaded = await load({ ...files, 'fabrikam.yaml': fabrikamWithTwo, 'rule.yaml': rule('access', `'${deny}'`) })
  expect(places(loaded)).toEqual([expect.stringMatching(/^error\[rule-failed\] rule\.yaml:7:/)])
  expect(loaded.problems[0]).toMatchObject({ see: { file: 'more.yaml', line: 3 } })
})

test('a rule with a mistake is not asked: its denials go by its name', async () => {
  const files = { ...sound, 'rule.yaml': rule('access', "'true'").replace('name: a-rule', 'name: A rule') }
  expect(places(await load(files))).toEqual(['error[bad-name] rule.yaml:3:7'])
})
