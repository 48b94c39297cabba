// Plans made by hand, so that each sentence of a report can be seen to follow from the data.

import type { Cell, Coming, Effect, Moved, Plan, PlannedChange } from '../../src/model/plan.ts'

export const accessLine = { file: 'policies/access/fabrikam.yaml', line: 7 }
export const memberLine = { file: 'policies/partners/fabrikam.yaml', line: 9 }
/** Everybody has a line of their own. */
const lineOf = (person: string) => ({ ...memberLine, line: person.charCodeAt(0) })

/** A plan that says nothing, of three people and one app. */
export function aPlan(over: Partial<Plan> = {}): Plan {
  const { effects = [], changes = [] } = over
  const of = (action: PlannedChange['action']): number => changes.filter(change => change.action === action).length
  return {
    formatVersion: '1',
    guestlist: '0.1.0',
    createdAt: '2026-12-01T00:00:00.000Z',
    at: '2026-12-01T00:00:00.000Z',
    organization: {
      name: 'contoso',
      displayName: 'Contoso Ltd.',
      tenantId: '7918d4b5-0442-4a97-be2d-36f9f9962ece',
      domain: 'corp.contoso.com',
    },
    scope: { partners: [], apps: [], only: null },
    commit: null,
    policyDigest: 'sha256:00',
    digest: 'sha256:9d0e77a1ffff',
    checksum: 'sha256:00',
    summary: {
      gains: effects.filter(({ effect }) => effect === 'gain').length,
      losses: effects.filter(({ effect }) => effect === 'lose').length,
      create: of('create'),
      update: of('update'),
      delete: of('delete'),
      restore: of('restore'),
      adopt: of('adopt'),
    },
    counts: { partners: 1, people: 3, apps: 1 },
    apps: { payroll: { displayName: 'Payroll', hosting: 'on-premises' } },
    effects,
    changes,
    waiting: [],
    findings: [],
    coming: [],
    moved: [],
    settings: [],
    map: [],
    ...over,
  }
}

/** Somebody of Fabrikam's engineers gains Payroll. */
export function aGain(person: string, over: Partial<Effect> = {}): Effect {
  return {
    effect: 'gain',
    person,
    partner: 'fabrikam',
    app: 'payroll',
    role: 'user',
    until: '2027-06-30',
    through: ['engineers'],
    given: true,
    because: [accessLine, lineOf(person)],
    ...over,
  }
}

/** Somebody loses Payroll, which no line gives. */
export function aLoss(person: string, over: Partial<Effect> = {}): Effect {
  return { ...aGain(person), effect: 'lose', until: null, through: [], given: false, because: [], ...over }
}

export function aChange(over: Partial<PlannedChange> & Pick<PlannedChange, 'id'>): PlannedChange {
  const [plane, kind = ''] = over.id.split('/')
  return {
    plane: plane as PlannedChange['plane'],
    kind,
    action: 'create',
    risk: 'grant',
    before: null,
    after: {},
    target: { objects: {}, named: {} },
    dependsOn: [],
    because: [memberLine],
    ...over,
  }
}

export function aComing(person: string, over: Partial<Coming> = {}): Coming {
  return {
    effect: 'gain',
    person,
    partner: 'fabrikam',
    app: 'payroll',
    role: 'user',
    on: '2027-01-15',
    until: '2027-06-30',
    because: [accessLine],
    ...over,
  }
}

export function aMove(person: string, over: Partial<Moved> = {}): Moved {
  return {
    person,
    partner: 'fabrikam',
    app: 'payroll',
    role: 'user',
    was: '2027-06-30',
    until: '2027-12-31',
    because: [accessLine],
    ...over,
  }
}

export function aCell(over: Partial<Cell> = {}): Cell {
  return {
    partner: 'fabrikam',
    group: 'engineers',
    app: 'payroll',
    role: 'user',
    from: null,
    until: '2027-06-30',
    before: 0,
    after: 0,
    gains: 0,
    losses: 0,
    ...over,
  }
}
