// What a reviewer reads. Built from plans made by hand, so that each sentence can be seen to follow from the data.

import { expect, test } from 'vitest'
import { ids } from '../../src/model/id.ts'
import type { Plan, PlannedChange } from '../../src/model/plan.ts'
import { renderOutcomes } from '../../src/render/outcomes.ts'
import { coloured, plain } from '../../src/render/paint.ts'
import { type PlanView, renderPlan } from '../../src/render/plan.ts'
import { aCell, aChange, aComing, accessLine, aGain, aLoss, aMove, aPlan } from './a-plan.ts'

function shown(parts: Partial<Plan>, view: Partial<PlanView> = {}): string {
  return renderPlan(aPlan(parts), { all: false, paint: plain, next: 'Apply it: guestlist apply', ...view })
}

test('people who have the same for the same reason stand together, each with an end of their own', () => {
  const text = shown({
    effects: [
      aGain('lee@fabrikam.com'),
      aGain('dana@fabrikam.com', { until: '2027-03-31' }),
      aGain('kim@fabrikam.com'),
    ],
  })
  expect(text).toBe(`Contoso Ltd. · 1 partner, 3 people, 1 app · as of 2026-12-01

  + 3 people gain   Payroll   user   until 2027-06-30   fabrikam/engineers
      lee@fabrikam.com, dana@fabrikam.com (until 2027-03-31), kim@fabrikam.com
      policies/access/fabrikam.yaml:7

Nothing to do.
`)
})

test('one person is one person, and a loss that no line gives says so', () => {
  const text = shown({ effects: [aLoss('intern@adatum.com')] })
  expect(text).toContain(
    '  - 1 person loses   Payroll   user      fabrikam\n      intern@adatum.com\n      no policy line gives it any more\n',
  )
})

test('a loss of what the policy gives still says so, apart from what it does not give', () => {
  const text = shown({ effects: [aLoss('lee@fabrikam.com', { given: true }), aLoss('intern@fabrikam.com')] })
  expect(text).toContain('lee@fabrikam.com\n      the policy gives it still: see what is in its way\n')
  expect(text).toContain('intern@fabrikam.com\n      no policy line gives it any more\n')
})

test('an access that has ended names its end and its line', () => {
  const text = shown({ effects: [aGain('lee@fabrikam.com', { effect: 'lose', until: '2026-10-31', given: false })] })
  expect(text).toMatch(
    /- 1 person loses +Payroll +user +ended 2026-10-31 +fabrikam\/engineers\n.*\n +policies\/access\/fabrikam\.yaml:7/,
  )
})

test('many people are counted exactly, and all listed when asked for', () => {
  const addresses = Array.from({ length: 60 }, (_, index) => `person${index}@fabrikam.com`)
  const effects = addresses.map(address => aGain(address))
  const some = shown({ effects })
  const listed = some.match(/person\d+@/g)?.length ?? 0
  expect(some).toContain('+ 60 people gain')
  expect(some).toContain(`and ${60 - listed} more (--changes lists all)`)
  expect(shown({ effects }, { all: true }).match(/person\d+@/g)).toHaveLength(60)
})

test('changes are counted by directory and told in words, with what they correct', () => {
  const text = shown({
    changes: [
      aChange({ id: ids.guest('lee@fabrikam.com') }),
      aChange({ id: ids.groupMember('fabrikam', 'engineers', 'lee@fabrikam.com') }),
      aChange({
        id: ids.guest('kim@fabrikam.com'),
        action: 'update',
        before: { displayName: 'Kim', sponsors: [] },
        after: { displayName: 'Kim Berg', sponsors: ['anna@contoso.com'] },
      }),
      aChange({
        id: ids.guest('sam@fabrikam.com'),
        action: 'update',
        before: { signIn: true },
        after: { signIn: false },
      }),
      aChange({ id: ids.adGroupMember('payroll', 'approver', 'lee@fabrikam.com'), action: 'delete' }),
      aChange({ id: ids.adGroupMember('(no app)', 'CN=Pay,DC=corp', 'lee@fabrikam.com'), action: 'delete' }),
      aChange({ id: 'entra/terms-of-use/2027' as PlannedChange['id'], because: [] }),
    ],
  })
  expect(text).toContain('  Nobody gains or loses access.\n')
  expect(text).toMatch(/ {4}create +3 +0\n {4}update +2 +0\n {4}delete +0 +2\n/)
  expect(text).toContain('    + invite lee@fabrikam.com   policies/partners/fabrikam.yaml:9\n')
  expect(text).toContain('    + put lee@fabrikam.com into fabrikam/engineers ')
  expect(text).toContain('        display name: Kim → Kim Berg\n        sponsors: + anna@contoso.com\n')
  expect(text).toContain('    ~ switch off sign-in of guest sam@fabrikam.com ')
  expect(text).toContain('    - take the account of lee@fabrikam.com out of AD group of payroll, as approver ')
  expect(text).toContain('    - take the account of lee@fabrikam.com out of AD group CN=Pay,DC=corp ')
  expect(text).toContain('    + create entra/terms-of-use/2027\n')
  expect(text).toMatch(/Plan 9d0e77a1\. Apply it: guestlist apply\n$/)
})

test('more than forty changes are listed only when asked for', () => {
  const changes = Array.from({ length: 41 }, (_, index) => aChange({ id: ids.guest(`person${index}@fabrikam.com`) }))
  expect(shown({ changes })).toContain('  41 changes · list them: --changes\n')
  expect(shown({ changes })).not.toContain('invite')
  expect(shown({ changes }, { all: true }).match(/invite person/g)).toHaveLength(41)
  expect(shown({ changes: changes.slice(1) }).match(/invite person/g)).toHaveLength(40)
})

test('what is dangerous is told before the changes', () => {
  const delegation = (connector: string) =>
    aChange({ id: ids.kerberosDelegation('payroll', connector), risk: 'privileged' })
  const text = shown({
    changes: [
      delegation('CONNECTOR01'),
      delegation('CONNECTOR02'),
      aChange({ id: ids.guest('dana@fabrikam.com'), action: 'adopt' }),
    ],
    findings: [{ severity: 'error', code: 'guardrail/removals', message: 'takes away 20 of 60 accesses' }],
  })
  const twice = text.slice(text.indexOf('Look twice'), text.indexOf('  Changes'))
  expect(twice).toContain('! privileged     allow CONNECTOR01, CONNECTOR02 to sign guests in to payroll')
  expect(twice).toContain('! not ours yet   take over guest dana@fabrikam.com')
  expect(twice).toContain('! refused        takes away 20 of 60 accesses')
})

test('what waits names its reason once, and how much waits with it', () => {
  const root = ids.shadowAccount('lee@fabrikam.com')
  const text = shown({
    waiting: [
      { id: root, for: 'person', message: 'somebody must do it' },
      { id: ids.adGroupMember('payroll', 'user', 'lee@fabrikam.com'), for: root, message: `cannot be before ${root}` },
      {
        id: ids.adGroupMember('payroll', 'approver', 'lee@fabrikam.com'),
        for: root,
        message: `cannot be before ${root}`,
      },
    ],
  })
  expect(text).toContain(
    '    ~ shadow account of lee@fabrikam.com   somebody must do it\n        2 more changes wait with it\n',
  )
})

test('nothing that a directory or a policy says can steer the terminal', () => {
  const evil = 'x\u001b[2J\u202e@fabrikam.com\nPlan'
  const text = shown({
    effects: [aGain(evil)],
    changes: [
      aChange({ id: ids.guest(evil), action: 'update', before: { displayName: evil }, after: { displayName: evil } }),
    ],
    waiting: [{ id: ids.shadowAccount(evil), for: 'person', message: evil }],
    findings: [{ severity: 'warning', code: evil, message: evil, hint: evil, at: { file: evil, line: 1 } }],
  })
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
  expect(text.split('\n').filter(line => line.startsWith('Plan'))).toHaveLength(1)
  expect(text).toContain('<U+001B>')
})

test('colour changes no word', () => {
  const parts = { effects: [aGain('lee@fabrikam.com')], changes: [aChange({ id: ids.guest('lee@fabrikam.com') })] }
  const bright = shown(parts, { paint: coloured })
  expect(bright).toContain('\u001b[')
  expect(bright.replaceAll(/\u001b\[\d+m/g, '')).toBe(shown(parts))
})

test('outcomes: what is done is counted, what failed and what was left is listed with its reason', () => {
  const invite = aChange({ id: ids.guest('lee@fabrikam.com') })
  const membership = aChange({ id: ids.groupMember('fabrikam', 'engineers', 'lee@fabrikam.com') })
  const other = aChange({ id: ids.guest('kim@fabrikam.com') })
  const plan = {
    ...aPlan({ changes: [invite, membership, other] }),
    summary: { ...aPlan().summary, gains: 2, losses: 1 },
  }
  const trouble = {
    code: 'Request_BadRequest',
    message: 'The address is blocked.',
    hint: 'allow the domain',
    requestId: 'abc',
  }
  const text = renderOutcomes(
    [
      { change: invite, status: 'failed', trouble, ms: 1, requestIds: [] },
      { change: membership, status: 'not-attempted', because: invite.id },
      { change: other, status: 'done', ms: 3, requestIds: [] },
    ],
    plan,
    plain,
  )
  expect(text).toBe(`Applied 1 of 3 changes: 1 failed, 1 not attempted.

  Failed
    ✗ invite lee@fabrikam.com
        The address is blocked. [Request_BadRequest]
        allow the domain
        request abc

  Not attempted
    · put lee@fabrikam.com into fabrikam/engineers   needs guest lee@fabrikam.com, which failed

Running the same command again continues from here.
`)
  expect(renderOutcomes([{ change: other, status: 'done', ms: 3, requestIds: [] }], plan, plain)).toBe(
    'Applied 1 change. 2 accesses gained, 1 access lost.\n',
  )
})

test('closing an app that everybody could open is pointed out', () => {
  const closing = aChange({
    id: ids.application('expenses'),
    action: 'adopt',
    before: { assignmentRequired: false },
    after: { assignmentRequired: true },
  })
  const closes = /closes +expenses: open to everybody in the tenant so far/
  expect(shown({ changes: [closing] })).toMatch(closes)
  expect(shown({ changes: [{ ...closing, before: { managed: false }, after: { managed: true } }] })).not.toMatch(closes)
})

const base = { revision: 'origin/main', commit: 'a'.repeat(40) }

test('with a base, what the change intends stands apart from what it does not, in effects and in changes', () => {
  const text = shown({
    base,
    commit: '4f1c2ab000000000000000000000000000000000',
    effects: [
      aGain('lee@fabrikam.com', { cause: 'intended' }),
      aLoss('intern@adatum.com', { cause: 'drift' }),
      aLoss('who@adatum.com'),
    ],
    changes: [
      aChange({ id: ids.guest('drift@fabrikam.com'), cause: 'drift' }),
      aChange({ id: ids.guest('lee@fabrikam.com'), cause: 'intended' }),
    ],
  })
  expect(text).toContain(' · policies at 4f1c2ab · compared with origin/main · as of 2026-12-01\n')
  const [, intended = '', besides = ''] =
    /This change intends\n(.*?)Not from this change: drift, or what was not applied yet\n(.*?)Changes it/s.exec(text) ??
    []
  expect(intended).toContain('lee@fabrikam.com')
  expect(intended).not.toContain('adatum')
  expect(besides).toContain('2 people lose')
  expect(text).toMatch(/Changes it intends .*\n {4}create +1 +0\n {2}Changes besides\n {4}create +1 +0\n/)
  expect(text.indexOf('invite lee@')).toBeLessThan(text.indexOf('invite drift@'))
})

test('a change that only moves an end, or gives something later, says so at the top', () => {
  const text = shown({
    base,
    moved: [aMove('lee@fabrikam.com'), aMove('kim@fabrikam.com', { until: '2027-01-31' }), aMove('sam@fabrikam.com')],
    coming: [aComing('dana@fabrikam.com', { cause: 'intended' }), aComing('zoe@fabrikam.com')],
  })
  expect(text).toContain(`  This change intends
    Nobody gains or loses access today; 1 access begins later; 1 access ends earlier, on 2027-01-31; 2 accesses last longer.
    > 1 person gains later     Payroll   user   from 2027-01-15 until 2027-06-30   fabrikam
        dana@fabrikam.com
        policies/access/fabrikam.yaml:7
    > 1 person loses earlier   Payroll   user   until 2027-01-31, was 2027-06-30   fabrikam
        kim@fabrikam.com
        policies/access/fabrikam.yaml:7
    > 2 people keep longer     Payroll   user   until 2027-12-31, was 2027-06-30   fabrikam
        lee@fabrikam.com, sam@fabrikam.com
        policies/access/fabrikam.yaml:7

  Later, with or without this change
    > 1 person gains later   Payroll   user   from 2027-01-15 until 2027-06-30   fabrikam
        zoe@fabrikam.com
`)
})

test('a change that gives nothing does not hide what applying it does besides', () => {
  const text = shown({ base, effects: [aGain('lee@fabrikam.com', { cause: 'drift' })] })
  expect(text).toContain(
    '    Nobody gains or loses access by this change.\n' +
      '    Applying it also does what the policies asked for before: 1 person gains access.\n',
  )
  expect(shown({ effects: [aGain('lee@fabrikam.com')] })).not.toContain('Applying it also')
})

test('apps stand in the order of the names that are shown', () => {
  const apps = Object.fromEntries(
    [
      ['drawings', 'Engineering Drawings'],
      ['expenses', 'Expenses'],
      ['maintenance', 'Turbine Maintenance'],
      ['payroll', 'Payroll'],
    ].map(([name = '', displayName = '']) => [name, { displayName, hosting: 'cloud' as const }]),
  )
  const effects = [
    ...Object.keys(apps).map(app => aGain('lee@fabrikam.com', { app })),
    aLoss('kim@fabrikam.com', { app: 'drawings' }),
  ]
  const order = (text: string) => [...text.matchAll(/[+-] 1 person \w+ +([A-Z]\w+)/g)].map(([, app]) => app)
  expect(order(shown({ apps, effects }))).toEqual(['Engineering', 'Expenses', 'Payroll', 'Turbine', 'Engineering'])
})

test('a plan of what ends by itself begins nothing', () => {
  const text = shown({
    scope: { partners: [], apps: [], only: null, ended: true },
    coming: [aComing('lee@fabrikam.com')],
  })
  expect(text).not.toContain('lee@')
  expect(text).not.toContain('begins')
})

test('a plan of a part says so', () => {
  const text = shown({ scope: { partners: ['fabrikam'], apps: [], only: 'entra' } })
  expect(text).toContain(' · only fabrikam · Entra ID · ')
})

test('what ends soon is counted, and named where it is little, with its line', () => {
  const ends = (number: number) =>
    Array.from({ length: number }, (_, index) =>
      aComing(`person${index}@fabrikam.com`, { effect: 'lose', on: '2026-12-24' }),
    )
  const few = shown({ coming: ends(2) })
  expect(few).toContain(
    '! ends soon      2 accesses end by 2026-12-31: `guestlist access --expiring 30d`   policies/access/fabrikam.yaml:7\n',
  )
  expect(few).toContain('person1@fabrikam.com in Payroll on 2026-12-24')
  expect(shown({ coming: ends(6) })).toContain('person5@')
  expect(shown({ coming: ends(7) })).toMatch(
    /person4@fabrikam\.com in Payroll on 2026-12-24,\n? *and 2 more \(--changes lists all\)/,
  )
})

test.for([
  [ids.guestSettings(), { role: 'restricted' }, { role: 'member' }, /give guests the rights of employees/],
  [ids.guestSettings(), { invitedBy: 'admins' }, { invitedBy: 'everyone' }, /let everyone invite guests/],
  [ids.crossTenantPartner('adatum'), { trustMfa: 'inherited' }, { trustMfa: true }, /MFA done at its own tenant/],
  [ids.crossTenantPartner('adatum'), { collaboration: 'blocked' }, { collaboration: 'allowed' }, /who are blocked/],
  [ids.appProxy('payroll'), { preauthentication: 'entra' }, { preauthentication: 'passthrough' }, /without signing in/],
  [ids.application('payroll'), { assignmentRequired: true }, { assignmentRequired: false }, /opens to everybody/],
  [
    ids.conditionalAccessPolicy('mfa'),
    { state: 'enabled' },
    { state: 'report-only' },
    /enabled so far, then report-only/,
  ],
  [ids.conditionalAccessPolicy('mfa'), { apps: ['a', 'b'] }, { apps: ['a'] }, /guests of b: MFA is no longer asked/],
  [
    ids.conditionalAccessPolicy('mfa'),
    { excludeGroups: [] },
    { excludeGroups: ['x'] },
    /no longer asked of the groups x/,
  ],
] as const)(
  'what makes a way in easier is pointed out, the other way round it is not: %s',
  ([id, before, after, words]) => {
    const turned = (from: PlannedChange['before'], to: PlannedChange['after']) =>
      shown({ changes: [aChange({ id, action: 'update', risk: 'privileged', before: from, after: to })] })
    const [line = ''] = turned(before, after).match(/! weakened .*/) ?? []
    expect(line).toMatch(words)
    expect(line).toContain('policies/partners/fabrikam.yaml:9')
    expect(turned(before, after)).not.toMatch(/! privileged/)
    expect(turned(after, before)).not.toMatch(/! weakened/)
  },
)

test('a condition that goes is pointed out, unless it asked nothing', () => {
  const gone = (risk: PlannedChange['risk']) =>
    shown({
      changes: [
        aChange({
          id: ids.conditionalAccessPolicy('mfa'),
          action: 'delete',
          risk,
          before: { apps: ['payroll'], state: 'enabled' },
          after: null,
        }),
      ],
    })
  expect(gone('privileged')).toContain('! weakened       guests of payroll: MFA is no longer asked')
  expect(gone('neutral')).not.toContain('! weakened')
})

test('an app that leaves conditions for others is told what is no longer asked of it, and what still is', () => {
  const drawings = { file: 'policies/apps/drawings.yaml', line: 12 }
  const leaves = (demands: string, over: Partial<PlannedChange> = {}) =>
    aChange({
      id: ids.conditionalAccessPolicy(demands),
      action: 'update',
      risk: 'privileged',
      before: { apps: ['drawings', 'x'] },
      after: { apps: ['x'] },
      ...over,
    })
  const joins = (demands: string) =>
    aChange({
      id: ids.conditionalAccessPolicy(demands),
      action: 'update',
      before: { apps: ['a'] },
      after: { apps: ['a', 'drawings'] },
      because: [accessLine, drawings],
    })
  const told = (...changes: PlannedChange[]) => shown({ changes }).match(/! weakened .*/g) ?? []
  expect(told(leaves('compliant-device+mfa'), joins('mfa'))).toEqual([
    '! weakened       guests of drawings: a compliant device is no longer asked; MFA still is   policies/apps/drawings.yaml:12',
  ])
  expect(told(leaves('mfa+sign-in-frequency:8h'), joins('sign-in-frequency:24h'))[0]).toContain(
    'guests of drawings: MFA and sign-in every 8h are no longer asked; sign-in every 24h is',
  )
  // Conditions that nobody needs any more have no line.
  const gone = leaves('compliant-device+mfa', {
    action: 'delete',
    before: { apps: ['drawings'], state: 'enabled' },
    after: null,
    because: [],
  })
  expect(told(gone, joins('mfa'))).toEqual([
    '! weakened       guests of drawings: a compliant device is no longer asked; MFA still is   policies/apps/drawings.yaml:12',
  ])
  expect(told(leaves('mfa'), joins('phishing-resistant-mfa'))).toEqual([])
})

test('ends that come near are told as what they are', () => {
  const moved = Array.from({ length: 4 }, (_, index) => aMove(`p${index}@fabrikam.com`, { until: '2026-12-02' }))
  const text = shown({ base, moved, map: [aCell({ before: 4, after: 4 })] })
  expect(text).toContain('Nobody gains or loses access today; 4 accesses end earlier, on 2026-12-02.')
  expect(text).toContain(
    '! big removal    Payroll loses everybody by 2026-12-31: 4 people   policies/access/fabrikam.yaml:7',
  )
  const half = shown({ base, moved, map: [aCell({ before: 8, after: 8 })] })
  expect(half).toContain('! big removal    Payroll loses 4 accesses of 8 by 2026-12-31')
  const far = moved.map(move => ({ ...move, until: '2027-02-01' }))
  expect(shown({ base, moved: far, map: [aCell({ before: 4, after: 4 })] })).not.toContain('big removal')
})

test('an app or a partner that loses everybody or half of its people is pointed out, and a leaver is not', () => {
  const lost = (number: number, before: number) =>
    shown({
      effects: Array.from({ length: number }, (_, index) => aLoss(`p${index}@fabrikam.com`, { because: [accessLine] })),
      map: [aCell({ before, after: before - number, losses: number })],
    })
  expect(lost(4, 4)).toContain('! big removal    Payroll loses everybody: 4 people   policies/access/fabrikam.yaml:7')
  expect(lost(4, 4)).toContain('! big removal    partner fabrikam loses everybody: 4 people')
  expect(lost(4, 8)).toContain('! big removal    Payroll loses 4 accesses of 8')
  expect(lost(4, 9)).not.toContain('big removal')
  expect(lost(1, 1)).not.toContain('big removal')
})

test('what waits for each other is told without end', () => {
  const [a, b] = [ids.shadowAccount('a@fabrikam.com'), ids.shadowAccount('b@fabrikam.com')]
  const text = shown({
    waiting: [
      { id: a, for: b, message: 'waits for b' },
      { id: b, for: a, message: 'waits for a' },
    ],
  })
  expect(text).toContain('waits for b')
  expect(text).toContain('waits for a')
})
