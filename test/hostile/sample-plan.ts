// A plan in which everything that a plan can say is said once, in plain words; and the same with other words in the places
// where a plan holds somebody's.

import { type Id, ids } from '../../src/model/id.ts'
import type { Plan, PlannedChange } from '../../src/model/plan.ts'
import type { Action, Json } from '../../src/model/resource.ts'
import { aCell, aChange, aComing, aGain, aLoss, aMove, aPlan } from '../render/a-plan.ts'

const side: Readonly<Record<string, Json>> = {
  displayName: 'Kim Berg',
  description: 'Field engineers',
  way: 'group "Turbine Programme"',
  connectorGroup: 'Headquarters',
  apps: ['payroll', 'tickets'],
  state: 'enabled',
  role: 'somebody',
  members: ['lee@fabrikam.com', 'kim@fabrikam.com'],
  claims: { 'a claim': 'user.mail', nested: [{ deeper: 'source' }] },
  assignmentRequired: true,
  port: 443,
}
const other: typeof side = {
  ...side,
  displayName: 'Kim',
  members: ['sam@fabrikam.com'],
  claims: { 'a claim': 'user.name' },
  assignmentRequired: false,
}

/** Somebody else's objects, and what a policy names. */
const targetOf = (...touched: readonly Id[]): PlannedChange['target'] => ({
  objects: Object.fromEntries(
    touched.map(id => [id, { objectId: 'aaaaaaaa-0000', name: 'CN=Payroll Readers,OU=Apps' }]),
  ),
  named: { redirectUrl: 'https://portal.contoso.com/', sendMessage: true, unit: 'OU=Groups' },
})

const actions: readonly Action[] = ['create', 'update', 'delete', 'restore', 'adopt']

/** One change of each sort, which has everything that a change can have. */
const changes: readonly PlannedChange[] = [
  aChange({ id: ids.groupMember('fabrikam', 'engineers', 'lee@fabrikam.com'), after: side, cause: 'intended' }),
  aChange({ id: ids.guest('kim@fabrikam.com'), action: 'update', before: other, after: side, cause: 'drift' }),
  aChange({
    id: ids.unmanagedAccess('payroll', 'user', 'sam@fabrikam.com', 'direct'),
    action: 'delete',
    before: side,
    after: null,
  }),
  aChange({
    id: ids.application('payroll'),
    action: 'adopt',
    risk: 'privileged',
    before: other,
    after: side,
    target: targetOf(ids.application('payroll')),
  }),
  aChange({ id: ids.guest('dana@fabrikam.com'), target: targetOf() }),
  aChange({
    id: ids.adGroupMember('payroll', 'reader', 'lee@fabrikam.com'),
    target: targetOf(ids.adGroup('payroll', 'reader')),
  }),
  aChange({
    id: ids.kerberosDelegation('payroll', 'CONNECTOR01'),
    risk: 'privileged',
    dependsOn: [ids.connector('CONNECTOR01')],
  }),
]

/** One of every kind and action, without more. */
export const everyChange: readonly PlannedChange[] = Object.values(ids).flatMap(make => {
  const id = (make as (...parts: readonly string[]) => Id)('one', 'two', 'three', 'four')
  const target = targetOf(id, ids.adGroup('one', 'two'))
  return actions.map(action => aChange({ id, action, before: other, after: side, target }))
})

export function samplePlan(): Plan {
  const [guest, shadow] = [ids.guest('kim@fabrikam.com'), ids.shadowAccount('kim@fabrikam.com')]
  return aPlan({
    sandbox: true,
    scope: { partners: ['fabrikam'], apps: ['payroll'], only: 'entra' },
    commit: '0123456789abcdef0123456789abcdef01234567',
    base: { revision: 'origin/main', commit: 'fedcba9876543210fedcba9876543210fedcba98' },
    effects: [
      aGain('lee@fabrikam.com', { cause: 'intended' }),
      aGain('dana@fabrikam.com', { cause: 'intended', until: null }),
      aGain('kim@fabrikam.com', { cause: 'drift', app: 'left-the-policy' }),
      aLoss('intern@adatum.com', { cause: 'drift', partner: 'adatum' }),
      aLoss('sam@fabrikam.com', { cause: 'intended', given: true }),
    ],
    changes,
    waiting: [
      { id: guest, for: 'person', message: 'somebody must accept the invitation' },
      { id: shadow, for: guest, message: 'waits for the guest' },
      { id: ids.syncedUser('msullivan@partners.contoso.com'), for: 'entra-connect', message: 'waits for a sync' },
    ],
    findings: [
      {
        severity: 'error',
        code: 'rule/restricted-apps',
        message: 'must not be',
        hint: 'ask for MFA',
        at: { file: 'policies/a.yaml', line: 3 },
      },
      { severity: 'error', code: 'guardrail/removals', message: 'too many go', hint: 'override it' },
      {
        severity: 'warning',
        code: 'unmanaged-guest',
        message: 'a guest by another way',
        about: [guest],
        at: { file: 'policies/b.yaml', line: 4 },
      },
    ],
    coming: [
      aComing('lee@fabrikam.com'),
      aComing('kim@fabrikam.com', { effect: 'lose', on: '2026-12-20', cause: 'intended' }),
    ],
    moved: [aMove('lee@fabrikam.com'), aMove('dana@fabrikam.com', { was: null })],
    map: [
      aCell({ after: 2, gains: 2 }),
      aCell({ group: 'auditors', app: 'tickets', role: 'approver', from: '2027-01-01', before: 1, losses: 1 }),
    ],
  })
}

/** What a plan says in words of its own. All else is somebody's. */
const ownWords = new Set([
  'formatVersion',
  'createdAt',
  'digest',
  'policyDigest',
  'checksum',
  'effect',
  'action',
  'plane',
  'kind',
  'risk',
  'cause',
  'severity',
  'hosting',
  'commit',
  'only',
  'until',
  'from',
  'was',
  'on',
])

export type Substitute = (text: string, path: string) => string

/** The plan with each text of somebody's put through `substitute`; `path` says where it stands. */
export function substituted(plan: Plan, substitute: Substitute): Plan {
  return walk(plan, '', substitute) as Plan
}

/** All places at which a plan holds somebody's text. */
export function placesOf(plan: Plan): readonly string[] {
  const places: string[] = []
  substituted(plan, (text, path) => {
    places.push(path)
    return text
  })
  return places
}

function walk(value: unknown, path: string, substitute: Substitute): unknown {
  if (typeof value === 'string') return isId(value) ? idWith(value, path, substitute) : substitute(value, path)
  if (Array.isArray(value)) return value.map((item, index) => walk(item, `${path}/${index}`, substitute))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const at = `${path}/${key}`
      if (path === '' && key === 'at') return [key, item]
      const isSide = /\/(before|after)$/.test(path)
      if (ownWords.has(key) && !isSide && !/\/(before|after)\//.test(at)) return [key, item]
      if (isId(key)) return [idWith(key, `${path} (the key)`, substitute), walk(item, at, substitute)]
      return [hasFreeKeys(path) ? substitute(key, `${at} (the key)`) : key, walk(item, at, substitute)]
    }),
  )
}

/** Of apps, and of what properties hold. */
function hasFreeKeys(path: string): boolean {
  return path === '/apps' || /\/(before|after)\//.test(path)
}

function isId(text: string): boolean {
  return /^(entra|active-directory)\/[a-z-]+\//.test(text)
}

function idWith(id: string, path: string, substitute: Substitute): string {
  const [plane, kind, ...key] = id.split('/')
  const parts = key.map((part, index) =>
    substitute(part, `${path}#${index}`).replaceAll('%', '%25').replaceAll('/', '%2F'),
  )
  return [plane, kind, ...parts].join('/')
}
