// What a person reads of an explanation. Built from links made by hand, so that each sentence can be seen to follow.

import { beforeAll, expect, test } from 'vitest'
import { explain } from '../../src/access/explain.ts'
import type { Situation } from '../../src/access/path.ts'
import { reach } from '../../src/access/reach.ts'
import { type Id, ids } from '../../src/model/id.ts'
import type { PlannedChange } from '../../src/model/plan.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import type { Observed, Spec } from '../../src/model/resource.ts'
import { type ExplanationView, renderExplanation } from '../../src/render/explain.ts'
import { coloured, plain } from '../../src/render/paint.ts'
import { type How, lee, linksOf, maeve, matrix, observed, situation } from '../access/matrix.ts'

let policy: ResolvedPolicy

beforeAll(async () => {
  policy = await matrix()
})

interface World {
  readonly person?: string
  readonly app?: string
  /** Besides the links of the whole path, which all work. */
  readonly hows?: readonly (readonly [Id, How])[]
  readonly specs?: readonly (readonly [Id, Spec])[]
  readonly over?: Partial<Situation>
  readonly view?: Partial<ExplanationView>
}

function shown({ person = lee, app = 'kerberos', hows = [], specs = [], over, view }: World = {}): string {
  const nothing = linksOf([], () => 'absent')
  const [path] = explain(person, app, [], situation(policy, nothing)).paths
  const there = new Map<Id, How>(path?.links.flatMap(link => link.ids.map(id => [id, 'working'] as const)))
  there.set(ids.kerberosDelegation(app, 'CONNECTOR01'), 'working')
  for (const [id, how] of hows) there.set(id, how)
  const links = linksOf([...there.keys()], id => there.get(id) ?? 'absent')
  const known = new Map<Id, Observed>([...there.keys()].map(id => observed(id)))
  for (const [id, spec] of specs) known.set(...observed(id, spec))
  const state = situation(policy, links, { observed: known, ...over })
  return renderExplanation(explain(person, app, reach(links, policy).values(), state), {
    policy,
    observed: known,
    folder: 'policies/',
    paint: plain,
    repairOf: () => ({ command: 'guestlist plan', changes: [] }),
    findings: [],
    refused: false,
    ...view,
  })
}

const verdict = (world: World): string =>
  shown(world)
    .split('\n')[0]
    ?.replace(/^.*, as \w+: /, '') ?? ''
const line = (world: World, title: string): string | undefined =>
  shown(world)
    .split('\n')
    .find(text => text.slice(4).startsWith(title))
    ?.slice(2)
    .replace(/ {2,}/g, ' | ')

const guest = ids.guest(lee)
const shadow = ids.shadowAccount(lee)
const conditions = ids.conditionalAccessPolicy('mfa')
const change: PlannedChange = {
  id: conditions,
  plane: 'entra',
  kind: 'conditional-access-policy',
  action: 'update',
  risk: 'neutral',
  before: { state: 'disabled' },
  after: { state: 'enabled' },
  target: { objects: {}, named: {} },
  dependsOn: [],
  because: [],
}

test.each<[World, string]>([
  [{}, 'yes, until 2027-06-30'],
  [{ person: maeve }, 'yes, without an end'],
  [
    { specs: [[guest, { externalUserState: 'PendingAcceptance' }]] },
    'yes, until 2027-06-30, once the invitation is accepted',
  ],
  [{ hows: [[conditions, 'absent']] }, "yes, but guests' conditions are missing (until 2027-06-30)"],
  [
    { over: { changes: new Map([[conditions, change]]) } },
    "yes, but guests' conditions are not as the policy says (until 2027-06-30)",
  ],
  [{ hows: [[shadow, 'absent']] }, 'no, one link is missing'],
  [
    {
      app: 'cloud',
      hows: [[ids.groupMember('fabrikam', 'engineers', lee), 'absent']],
      specs: [[ids.application('cloud'), { assignmentRequired: false }]],
    },
    'yes, as everybody in the tenant: the app asks for no assignment yet',
  ],
  [
    { hows: [[shadow, 'absent']], specs: [[ids.application('kerberos'), { assignmentRequired: false }]] },
    'no, one link is missing',
  ],
  [
    {
      hows: [
        [shadow, 'absent'],
        [ids.appProxy('kerberos'), 'absent'],
      ],
    },
    'no, 3 links are missing',
  ],
  [
    { hows: [[shadow, 'present']], specs: [[shadow, { enabled: false, unit: 'shadow' }]] },
    'no: the shadow account is disabled',
  ],
  [
    { hows: [[shadow, 'present']], specs: [[shadow, { enabled: false, unit: 'archive' }]] },
    'no: the shadow account is disabled and archived',
  ],
  [
    { hows: [[guest, 'present']], specs: [[guest, { signIn: false, leftAt: '2026-11-29T08:00:00Z' }]] },
    'no: the guest is signed off since 2026-11-29',
  ],
  [{ hows: [[guest, 'present']], specs: [[guest, { deleted: true }]] }, 'no: the guest is in the recycle bin'],
  [
    {
      person: maeve,
      hows: [[ids.syncedUser(maeve), 'present']],
      specs: [[ids.syncedUser(maeve), { userType: 'Member' }]],
    },
    'no: the cloud user is a member, not a guest',
  ],
  [
    {
      person: maeve,
      hows: [[ids.partnerAccount(maeve), 'present']],
      specs: [[ids.partnerAccount(maeve), { userType: 'Guest', expires: '2026-11-01T00:00:00Z' }]],
    },
    'no: the account has ended on 2026-11-01',
  ],
  [
    {
      hows: [
        [guest, 'absent'],
        [ids.groupMember('fabrikam', 'engineers', lee), 'absent'],
      ],
      over: {
        waiting: new Map([
          [guest, { id: guest, for: 'person', message: 'x' }],
          [ids.groupMember('fabrikam', 'engineers', lee), { id: guest, for: guest, message: 'y' }],
        ]),
      },
    },
    'not yet: waiting for a person',
  ],
])('%j: %s', (world, expected) => {
  expect(verdict(world)).toBe(expected)
})

test.each<[string, World, string]>([
  [
    'partner trusted',
    { specs: [[ids.crossTenantPartner('fabrikam'), { trustMfa: true }]] },
    '✓ partner trusted | the tenant of The fabrikam; MFA accepted',
  ],
  [
    'guest invited',
    { specs: [[guest, { externalUserState: 'Accepted', externalUserStateChangeDateTime: '2026-11-03T09:00:00Z' }]] },
    '✓ guest invited | accepted 2026-11-03',
  ],
  [
    "guests' conditions",
    { specs: [[conditions, { state: 'report-only' }]] },
    "✓ guests' conditions | MFA (report-only)",
  ],
  ["guests' conditions", { hows: [[conditions, 'absent']] }, "! guests' conditions | nobody asks for MFA"],
  [
    'app in the tenant',
    { specs: [[ids.application('kerberos'), { assignmentRequired: false }]] },
    '✓ app in the tenant | The kerberos, open to everybody in the tenant',
  ],
  [
    'Kerberos sign-on',
    {
      specs: [
        [
          ids.appProxy('kerberos'),
          { signOn: { kerberos: { servicePrincipalName: 'HTTP/x', loginIdentity: 'onPremisesSAMAccountName' } } },
        ],
      ],
    },
    '✓ Kerberos sign-on | HTTP/x, as on-premises account name',
  ],
  [
    'SAML sign-on',
    {
      app: 'saml',
      specs: [
        [ids.samlSignOn('saml'), { identifier: 'https://x', thumbprint: 'AB12', expires: '2028-01-01T00:00:00Z' }],
      ],
    },
    '✓ SAML sign-on | https://x, certificate AB12 until 2028-01-01',
  ],
  [
    'published',
    {
      app: 'none',
      specs: [
        [
          ids.appProxy('none'),
          { externalUrl: 'https://e/', internalUrl: 'http://i/', preauthentication: 'passthrough' },
        ],
      ],
    },
    '✓ published | https://e/ → http://i/, without sign-in by Entra',
  ],
  [
    'connectors may delegate',
    { hows: [[ids.kerberosDelegation('kerberos', 'CONNECTOR02'), 'present']] },
    '✓ connectors may delegate | CONNECTOR01 (not CONNECTOR02)',
  ],
  ['connectors may delegate', { app: 'unmanaged' }, '✓ connectors may delegate | somebody else sees to it'],
  ['shadow account', { hows: [[shadow, 'absent']] }, '✗ shadow account | there is none | ← first broken link'],
])('%s: %#', (title, world, expected) => {
  expect(line(world, title)).toBe(expected)
})

test('lines of the policy stand beside the links that they ask for, the own ones first', () => {
  const assigned = ids.appRoleAssignment('cloud', 'default-access', 'fabrikam', 'engineers')
  const [grant] = policy.grants.filter(({ app, partner }) => app === 'cloud' && partner === 'fabrikam')
  if (grant === undefined) throw new Error('no grant')
  const because = [{ file: 'other.yaml', line: 1, column: 1 }, grant.origin]
  const desired = new Map([[assigned, { id: assigned, spec: {}, needs: [], because }]])
  const text = shown({ app: 'cloud', over: { desired } })
  expect(text).toMatch(
    new RegExp(`group assigned +The cloud, user +policies/${grant.origin.file}:${grant.origin.line}\n`),
  )
})

test('one change is a sentence, several are a list, and a refused plan is said to be', () => {
  const change = (person: string) => ({
    id: ids.guest(person),
    plane: 'entra' as const,
    kind: 'guest',
    action: 'create' as const,
    risk: 'grant' as const,
    before: null,
    after: {},
    target: { objects: {}, named: {} },
    dependsOn: [],
    because: [],
  })
  const world = (people: readonly string[], refused = false): World => ({
    hows: [[shadow, 'absent']],
    view: { repairOf: () => ({ command: 'guestlist plan --app kerberos', changes: people.map(change) }), refused },
  })
  expect(shown(world(['a@b.c']))).toContain('\n`guestlist plan --app kerberos` would invite a@b.c.\n')
  const many = shown(world(['a@b.c', 'b@b.c', 'c@b.c', 'd@b.c', 'e@b.c', 'f@b.c'], true))
  expect(many).toContain('` would\n  invite a@b.c\n')
  expect(many).toContain('\n  and 1 more change\nApply refuses the plan as it is')
})

test('what is over, or not begun, is told by its lines alone', async () => {
  const dated = (role: string, dates: string): string =>
    `apiVersion: guestlist/v1\nkind: Access\nname: dated\npartner: fabrikam\ngroups: [others]\napp: kerberos\nrole: ${role}\n${dates}`
  const told = async (dates: string): Promise<string> => {
    const other = await matrix('managed', [dated('approver', dates)])
    const state = situation(
      other,
      linksOf([], () => 'absent'),
    )
    return renderExplanation(explain(lee, 'kerberos', [], state), {
      policy: other,
      observed: new Map(),
      folder: 'policies/',
      paint: plain,
      repairOf: () => ({ command: 'guestlist plan', changes: [] }),
      findings: [],
      refused: false,
    })
  }
  expect(await told('until: 2026-11-30')).toMatch(
    /, as approver: no: it ended on 2026-11-30\n\n {2}dated: fabrikam\/others, ended 2026-11-30 {3}policies\/\d+\.yaml:5\n\nA new `until` there would give it back\.\n$/,
  )
  expect(await told('from: 2027-01-11\nuntil: 2027-04-30')).toMatch(
    /, as approver: not yet: it begins on 2027-01-11\n\n {2}dated: fabrikam\/others, from 2027-01-11 until 2027-04-30 {3}policies\/\d+\.yaml:5\n$/,
  )
})

test('what the directories say cannot move the cursor', () => {
  const evil = 'https://x/\u001b[2J\u202e'
  const text = shown({ app: 'none', specs: [[ids.appProxy('none'), { externalUrl: evil, internalUrl: 'a\nb' }]] })
  expect(text).toContain('https://x/<U+001B>[2J<U+202E> → a<U+000A>b')
  expect(shown({ person: 'x\u001b[2J@example.com' })).not.toContain('\u001b')
})

test('colours are added, and nothing else changes', () => {
  const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g')
  const world: World = { hows: [[shadow, 'absent']] }
  const painted = shown({ ...world, view: { paint: coloured } })
  expect(painted).toMatch(escapes)
  expect(painted.replaceAll(escapes, '')).toBe(shown(world))
})
