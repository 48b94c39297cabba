// What a reviewer reads. Built from plans made by hand, so that each sentence can be seen to follow from the data.

import { expect, test } from 'vitest'
import { ids } from '../../src/model/id.ts'
import type { Effect, Finding, Plan, PlannedChange, Waiting } from '../../src/model/plan.ts'
import type { Grant, Member, ResolvedPolicy } from '../../src/model/policy.ts'
import { renderOutcomes } from '../../src/render/outcomes.ts'
import { coloured, plain } from '../../src/render/paint.ts'
import { type PlanView, renderPlan } from '../../src/render/plan.ts'

const at = Date.parse('2026-12-01T00:00:00Z')
const origin = (file: string, line: number) => ({ file, line, column: 1 })

function member(address: string, until?: string): Member {
  return {
    address,
    inForce: true,
    origin: origin('partners/fabrikam.yaml', 9),
    ...(until === undefined ? {} : { until }),
  }
}

const grant = (group: string, until?: string): Grant => ({
  access: 'fabrikam-payroll',
  partner: 'fabrikam',
  group,
  app: 'payroll',
  role: 'user',
  inForce: true,
  origin: origin('access/fabrikam.yaml', 7),
  ...(until === undefined ? {} : { until }),
})

function policyWith(
  members: readonly Member[],
  grants: readonly Grant[] = [grant('engineers', '2027-06-30')],
): ResolvedPolicy {
  const organization = { name: 'contoso', displayName: 'Contoso Ltd.', entra: { tenantId: '', initialDomain: '' } }
  const groups = new Map([
    ['engineers', { partner: 'fabrikam', name: 'engineers', origin: origin('partners/fabrikam.yaml', 8), members }],
  ])
  return {
    at,
    organization: {
      spec: organization as ResolvedPolicy['organization']['spec'],
      origin: origin('organization.yaml', 1),
    },
    partners: new Map([
      [
        'fabrikam',
        { name: 'fabrikam', spec: { displayName: 'Fabrikam' }, origin: origin('partners/fabrikam.yaml', 1), groups },
      ],
    ]),
    people: new Map(
      members.map(({ address }) => [address, { address, partner: 'fabrikam', groups: ['engineers'], origins: [] }]),
    ),
    apps: new Map([['payroll', { name: 'payroll', spec: { displayName: 'Payroll' } }]]),
    grants,
  } as unknown as ResolvedPolicy
}

const people = [member('lee@fabrikam.com'), member('dana@fabrikam.com', '2027-03-31'), member('kim@fabrikam.com')]

function gain(person: string, until: string | null = '2027-06-30'): Effect {
  const because = [
    { file: 'policies/access/fabrikam.yaml', line: 7 },
    { file: 'policies/partners/fabrikam.yaml', line: 9 },
  ]
  return { effect: 'gain', person, partner: 'fabrikam', app: 'payroll', role: 'user', until, because }
}

const lose = (person: string): Effect => ({ ...gain(person, null), effect: 'lose', because: [] })

function change(over: Partial<PlannedChange> & Pick<PlannedChange, 'id'>): PlannedChange {
  const [plane, kind = ''] = over.id.split('/')
  return {
    plane: plane as PlannedChange['plane'],
    kind,
    action: 'create',
    risk: 'grant',
    before: null,
    after: {},
    dependsOn: [],
    because: [{ file: 'policies/partners/fabrikam.yaml', line: 9 }],
    ...over,
  }
}

interface Parts {
  readonly effects?: readonly Effect[]
  readonly changes?: readonly PlannedChange[]
  readonly waiting?: readonly Waiting[]
  readonly findings?: readonly Finding[]
}

function planWith({ effects = [], changes = [], waiting = [], findings = [] }: Parts): Plan {
  return {
    formatVersion: '1',
    guestlist: '0.1.0',
    createdAt: '2026-12-01T00:00:00.000Z',
    at: '2026-12-01T00:00:00.000Z',
    policyDigest: 'sha256:00',
    digest: 'sha256:9d0e77a1ffff',
    summary: { gains: 0, losses: 0, create: 0, update: 0, delete: 0, restore: 0, adopt: 0 },
    effects,
    changes,
    waiting,
    findings,
  }
}

function shown(parts: Parts, view: Partial<PlanView> = {}): string {
  return renderPlan(planWith(parts), {
    policy: policyWith(people),
    folder: 'policies/',
    all: false,
    paint: plain,
    next: 'Apply it: guestlist apply',
    ...view,
  })
}

test('people who have the same for the same reason stand together, each with an end of their own', () => {
  const text = shown({
    effects: [gain('lee@fabrikam.com'), gain('dana@fabrikam.com', '2027-03-31'), gain('kim@fabrikam.com')],
  })
  expect(text).toBe(`Contoso Ltd. · 1 partner, 3 people, 1 app · as of 2026-12-01

  + 3 people gain   Payroll   user   until 2027-06-30   fabrikam/engineers
      lee@fabrikam.com, dana@fabrikam.com (until 2027-03-31), kim@fabrikam.com
      policies/access/fabrikam.yaml:7

Nothing to do.
`)
})

test('one person is one person, and a loss that no line gives says so', () => {
  const text = shown({ effects: [lose('intern@adatum.com')] })
  expect(text).toContain(
    '  - 1 person loses   Payroll   user      fabrikam\n      intern@adatum.com\n      no policy line gives it any more\n',
  )
})

test('a loss of what the policy gives still says so, apart from what it does not give', () => {
  const text = shown({ effects: [lose('lee@fabrikam.com'), lose('intern@fabrikam.com')] })
  expect(text).toContain('lee@fabrikam.com\n      the policy gives it still: see what is in its way\n')
  expect(text).toContain('intern@fabrikam.com\n      no policy line gives it any more\n')
})

test('an access that has ended names its end and its line', () => {
  const text = shown({ effects: [{ ...gain('lee@fabrikam.com', '2026-10-31'), effect: 'lose' }] })
  expect(text).toMatch(
    /- 1 person loses +Payroll +user +ended 2026-10-31 +fabrikam\/engineers\n.*\n +policies\/access\/fabrikam\.yaml:7/,
  )
})

test('many people are counted exactly, and all listed when asked for', () => {
  const addresses = Array.from({ length: 60 }, (_, index) => `person${index}@fabrikam.com`)
  const effects = addresses.map(address => gain(address))
  const policy = policyWith(addresses.map(address => member(address)))
  const some = shown({ effects }, { policy })
  const listed = some.match(/person\d+@/g)?.length ?? 0
  expect(some).toContain('+ 60 people gain')
  expect(some).toContain(`and ${60 - listed} more (--changes lists all)`)
  expect(shown({ effects }, { policy, all: true }).match(/person\d+@/g)).toHaveLength(60)
})

test('changes are counted by directory and told in words, with what they correct', () => {
  const text = shown({
    changes: [
      change({ id: ids.guest('lee@fabrikam.com') }),
      change({ id: ids.groupMember('fabrikam', 'engineers', 'lee@fabrikam.com') }),
      change({
        id: ids.guest('kim@fabrikam.com'),
        action: 'update',
        before: { displayName: 'Kim', sponsors: [] },
        after: { displayName: 'Kim Berg', sponsors: ['anna@contoso.com'] },
      }),
      change({
        id: ids.guest('sam@fabrikam.com'),
        action: 'update',
        before: { signIn: true },
        after: { signIn: false },
      }),
      change({ id: ids.adGroupMember('payroll', 'approver', 'lee@fabrikam.com'), action: 'delete' }),
      change({ id: ids.adGroupMember('(no app)', 'CN=Pay,DC=corp', 'lee@fabrikam.com'), action: 'delete' }),
      change({ id: 'entra/terms-of-use/2027' as PlannedChange['id'], because: [] }),
    ],
  })
  expect(text).toContain('  Nobody gains or loses access.\n')
  expect(text).toMatch(/ {4}create +3 +0\n {4}update +2 +0\n {4}delete +0 +2\n/)
  expect(text).toContain('    + invite lee@fabrikam.com   policies/partners/fabrikam.yaml:9\n')
  expect(text).toContain('    + put lee@fabrikam.com into fabrikam/engineers ')
  expect(text).toContain('        display name: Kim → Kim Berg\n        sponsors: none → anna@contoso.com\n')
  expect(text).toContain('    ~ switch off sign-in of guest sam@fabrikam.com ')
  expect(text).toContain('    - take the account of lee@fabrikam.com out of AD group of payroll, as approver ')
  expect(text).toContain('    - take the account of lee@fabrikam.com out of AD group CN=Pay,DC=corp ')
  expect(text).toContain('    + create entra/terms-of-use/2027\n')
  expect(text).toMatch(/Plan 9d0e77a1\. Apply it: guestlist apply\n$/)
})

test('more than forty changes are listed only when asked for', () => {
  const changes = Array.from({ length: 41 }, (_, index) => change({ id: ids.guest(`person${index}@fabrikam.com`) }))
  expect(shown({ changes })).toContain('  41 changes · list them: --changes\n')
  expect(shown({ changes })).not.toContain('invite')
  expect(shown({ changes }, { all: true }).match(/invite person/g)).toHaveLength(41)
  expect(shown({ changes: changes.slice(1) }).match(/invite person/g)).toHaveLength(40)
})

test('what is dangerous is told before the changes', () => {
  const delegation = (connector: string) =>
    change({ id: ids.kerberosDelegation('payroll', connector), risk: 'privileged' })
  const text = shown({
    changes: [
      delegation('CONNECTOR01'),
      delegation('CONNECTOR02'),
      change({ id: ids.guest('dana@fabrikam.com'), action: 'adopt' }),
    ],
    findings: [{ severity: 'error', code: 'guardrail/removals', message: 'takes away 20 of 60 accesses' }],
  })
  const twice = text.slice(text.indexOf('Look twice'), text.indexOf('  Changes'))
  expect(twice).toContain('! privileged     allow CONNECTOR01, CONNECTOR02 to sign guests in to payroll')
  expect(twice).toContain('! not ours yet   take over guest dana@fabrikam.com')
  expect(twice).toContain('! refused        takes away 20 of 60 accesses')
})

test('what ends within thirty days is counted, what ends later or has ended is not', () => {
  const policy = policyWith(
    [
      member('a@fabrikam.com', '2026-12-30'),
      member('b@fabrikam.com', '2026-12-31'),
      member('c@fabrikam.com', '2026-11-30'),
    ],
    [grant('engineers', '2026-12-24'), grant('engineers', '2027-12-24')],
  )
  expect(shown({}, { policy })).toContain('! ends soon      1 access of the policy and 1 membership by 2026-12-31')
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
    effects: [gain(evil)],
    changes: [
      change({ id: ids.guest(evil), action: 'update', before: { displayName: evil }, after: { displayName: evil } }),
    ],
    waiting: [{ id: ids.shadowAccount(evil), for: 'person', message: evil }],
    findings: [{ severity: 'warning', code: evil, message: evil, hint: evil, at: { file: evil, line: 1 } }],
  })
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
  expect(text.split('\n').filter(line => line.startsWith('Plan'))).toHaveLength(1)
  expect(text).toContain('<U+001B>')
})

test('colour changes no word', () => {
  const parts = { effects: [gain('lee@fabrikam.com')], changes: [change({ id: ids.guest('lee@fabrikam.com') })] }
  const bright = shown(parts, { paint: coloured })
  expect(bright).toContain('\u001b[')
  expect(bright.replaceAll(/\u001b\[\d+m/g, '')).toBe(shown(parts))
})

test('outcomes: what is done is counted, what failed and what was left is listed with its reason', () => {
  const invite = change({ id: ids.guest('lee@fabrikam.com') })
  const membership = change({ id: ids.groupMember('fabrikam', 'engineers', 'lee@fabrikam.com') })
  const other = change({ id: ids.guest('kim@fabrikam.com') })
  const plan = {
    ...planWith({ changes: [invite, membership, other] }),
    summary: { ...planWith({}).summary, gains: 2, losses: 1 },
  }
  const trouble = {
    code: 'Request_BadRequest',
    message: 'The address is blocked.',
    hint: 'allow the domain',
    requestId: 'abc',
  }
  const text = renderOutcomes(
    [
      { change: invite, status: 'failed', trouble },
      { change: membership, status: 'not-attempted', because: invite.id },
      { change: other, status: 'done', ms: 3 },
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
  expect(renderOutcomes([{ change: other, status: 'done', ms: 3 }], plan, plain)).toBe(
    'Applied 1 change. 2 accesses gained, 1 access lost.\n',
  )
})

test('closing an app that everybody could open is pointed out', () => {
  const closing = change({
    id: ids.application('expenses'),
    action: 'adopt',
    before: { assignmentRequired: false },
    after: { assignmentRequired: true },
  })
  const closes = /closes +expenses: open to everybody in the tenant so far/
  expect(shown({ changes: [closing] })).toMatch(closes)
  expect(shown({ changes: [{ ...closing, before: { managed: false }, after: { managed: true } }] })).not.toMatch(closes)
})
