// Which change waits for which: the rules that keep a person from slipping in between two changes.

import { expect, test } from 'vitest'
import { type Constraints, order } from '../../src/engine/order.ts'
import type { Id } from '../../src/model/id.ts'
import type { Action, Change, Risk } from '../../src/model/resource.ts'

interface Given {
  readonly id: string
  readonly action: Action
  readonly risk?: Risk
  readonly needs?: readonly string[]
  readonly through?: string
  readonly shields?: readonly [before: readonly string[], after: readonly string[]]
  readonly claims?: readonly [before: readonly string[], after: readonly string[]]
  readonly retires?: boolean
}

/** The id of a change tells its plane, kind and name. */
function dependencies(...given: readonly Given[]): Readonly<Record<string, readonly string[]>> {
  return dependenciesWith({}, ...given)
}

function dependenciesWith(more: Constraints, ...given: readonly Given[]): Readonly<Record<string, readonly string[]>> {
  const risks = new Map(given.map(({ id, risk = 'neutral' }) => [id, risk]))
  const changes = given.map(({ id, action, needs = [], through, retires = false, ...names }): Change => {
    const { shields = [[], []], claims = [[], []] } = names
    const [plane = '', kind = ''] = id.split('/')
    const side = (at: 0 | 1) => ({
      id: id as Id,
      spec: { shields: shields[at], claims: claims[at] },
      needs: needs as Id[],
    })
    return {
      id: id as Id,
      plane: plane as Change['plane'],
      kind,
      action,
      retires,
      ...(action === 'create' ? {} : { before: { ...side(0), objectId: id, owned: true } }),
      ...(action === 'delete' ? {} : { after: { ...side(1), because: [] } }),
      differs: [],
      needs: needs as Id[],
      ...(through === undefined ? {} : { through: through as Id }),
      because: [],
    }
  })
  const ordered = order(changes, change => risks.get(change.id) ?? 'neutral', {
    shields: (_change, spec) => (spec.shields ?? []) as readonly string[],
    claims: (_change, spec) => (spec.claims ?? []) as readonly string[],
    ...more,
  })
  return Object.fromEntries(ordered.map(({ change, dependsOn }) => [change.id, dependsOn]))
}

test('an app that was open to everybody is closed before anybody new comes', () => {
  const app = { id: 'entra/application/wiki' as Id, spec: { open: true }, needs: [] }
  const change = (id: string, rest: Partial<Change>): Change => ({
    id: id as Id,
    plane: 'entra',
    kind: id.split('/')[1] ?? '',
    action: 'update',
    retires: false,
    differs: [],
    needs: [],
    because: [],
    ...rest,
  })
  const closing = change(app.id, {
    before: { ...app, objectId: '1', owned: true },
    after: { ...app, spec: { open: false }, because: [] },
    app: 'wiki',
  })
  const guest = change('entra/guest/lee', { action: 'create' })
  const ordered = order([guest, closing], ({ id }) => (id === guest.id ? 'grant' : 'neutral'), {
    exposes: (_change, spec) => spec.open === true,
  })
  expect(ordered.map(({ change: { id }, dependsOn }) => [id, dependsOn])).toEqual([
    [closing.id, []],
    [guest.id, [closing.id]],
  ])
})

test('an app that was open to everybody and goes is gone before anybody new comes', () => {
  const found = dependenciesWith(
    { exposes: ({ id }) => id === 'entra/application/wiki' },
    { id: 'entra/guest/lee', action: 'create', risk: 'grant' },
    { id: 'entra/application/wiki', action: 'delete', risk: 'revoke' },
  )
  expect(found['entra/guest/lee']).toEqual(['entra/application/wiki'])
})

test('of what waits for nothing, revocations come first, and what gives more rights last', () => {
  const risks = ['privileged', 'grant', 'neutral', 'revoke'] as const
  const found = dependencies(...risks.map(risk => ({ id: `entra/guest/${risk}`, action: 'update' as const, risk })))
  expect(Object.keys(found)).toEqual(risks.toReversed().map(risk => `entra/guest/${risk}`))
})

test('what goes waits until all is gone that needs it, and a revocation for no other', () => {
  const group = 'entra/group/a'
  const found = dependencies(
    { id: group, action: 'delete' },
    { id: 'entra/group-member/lee', action: 'delete', risk: 'revoke', needs: [group], through: group },
    { id: 'entra/app-role-assignment/wiki', action: 'delete', risk: 'revoke', needs: [group] },
  )
  expect(found).toEqual({
    'entra/app-role-assignment/wiki': [],
    'entra/group-member/lee': [],
    [group]: ['entra/app-role-assignment/wiki', 'entra/group-member/lee'],
  })
})

test('a sign-off waits for nothing, and nothing for it', () => {
  const found = dependencies(
    { id: 'entra/group/a', action: 'update' },
    { id: 'entra/guest/lee', action: 'update', risk: 'revoke', retires: true, needs: ['entra/group/a'] },
    { id: 'entra/group-member/lee', action: 'create', risk: 'grant', needs: ['entra/guest/lee'] },
  )
  expect(Object.values(found).flat()).toEqual([])
})

test('what gives more rights waits as what lets somebody in does', () => {
  const found = dependencies(
    { id: 'entra/app-proxy/payroll', action: 'update', risk: 'privileged', needs: ['entra/application/payroll'] },
    { id: 'entra/app-role-assignment/payroll', action: 'delete', risk: 'revoke', needs: ['entra/application/payroll'] },
  )
  expect(found['entra/app-proxy/payroll']).toEqual(['entra/app-role-assignment/payroll'])
})

test('through one container, what closes goes before whatever else is done', () => {
  const found = dependencies(
    { id: 'entra/group-member/lee', action: 'update', through: 'entra/group/a' },
    { id: 'entra/app-role-assignment/wiki', action: 'delete', risk: 'revoke', needs: ['entra/group/a'] },
  )
  expect(found['entra/group-member/lee']).toEqual(['entra/app-role-assignment/wiki'])
})

test('who gives up a name goes before who takes it; of two who exchange theirs, one waits', () => {
  const url = (id: string, before: string, after: string): Given => ({
    id: `entra/application/${id}`,
    action: 'update',
    claims: [[before], [after]],
  })
  expect(dependencies(url('a', 'x', 'y'), url('b', 'z', 'x'))).toEqual({
    'entra/application/a': [],
    'entra/application/b': ['entra/application/a'],
  })
  expect(Object.values(dependencies(url('a', 'x', 'y'), url('b', 'y', 'x'))).flat()).toHaveLength(1)
})

test('what would let somebody in for a moment waits for what closes it, if that is part of the plan', () => {
  const [kim, wiki] = ['entra/group-member/kim', 'entra/app-role-assignment/wiki'] as unknown as [Id, Id]
  const crossings = [[kim, wiki] as const, [kim, 'entra/group-member/lee' as Id] as const]
  const found = dependenciesWith(
    { crossings },
    { id: kim, action: 'create', risk: 'grant' },
    { id: wiki, action: 'delete', risk: 'revoke' },
  )
  expect(found[kim]).toEqual([wiki])
})

test('a shield stays until every sign-in has ended, and is there before any begins', () => {
  const [payroll, tickets] = ['entra/application/payroll', 'entra/application/tickets'] as unknown as [Id, Id]
  const [lee, kim] = ['entra/guest/lee', 'entra/guest/kim'] as unknown as [Id, Id]
  const old = 'entra/conditional-access-policy/old'
  const young = 'entra/conditional-access-policy/young'
  const found = dependenciesWith(
    { turns: () => ({ beginning: [[kim, payroll]], ending: [[lee, tickets]] }) },
    { id: old, action: 'delete', shields: [[tickets], []] },
    { id: young, action: 'create', shields: [[], [payroll]] },
    { id: lee, action: 'update', risk: 'revoke', retires: true },
    { id: kim, action: 'create', risk: 'grant' },
  )
  expect(found).toEqual({ [lee]: [], [old]: [lee], [young]: [], [kim]: [young] })
})

test('a shield that is weakened waits as one that goes does', () => {
  const payroll = 'entra/application/payroll'
  const found = dependencies(
    {
      id: 'entra/conditional-access-policy/mfa',
      action: 'update',
      risk: 'privileged',
      shields: [[payroll], [payroll]],
    },
    { id: 'entra/app-role-assignment/payroll', action: 'delete', risk: 'revoke', needs: [payroll] },
  )
  expect(found['entra/conditional-access-policy/mfa']).toEqual(['entra/app-role-assignment/payroll'])
})

test('what opens a thing waits for what closes it by another way', () => {
  const found = dependencies(
    { id: 'entra/app-proxy/payroll', action: 'create', risk: 'grant', needs: ['entra/application/payroll'] },
    { id: 'entra/app-role-assignment/payroll', action: 'delete', risk: 'revoke', needs: ['entra/application/payroll'] },
  )
  expect(found['entra/app-proxy/payroll']).toEqual(['entra/app-role-assignment/payroll'])
  expect(found['entra/app-role-assignment/payroll']).toEqual([])
})

test('a person who is let in again waits until the memberships of then are gone', () => {
  const found = dependencies(
    { id: 'entra/guest/lee', action: 'restore', risk: 'grant' },
    { id: 'entra/group-member/lee', action: 'delete', risk: 'revoke', needs: ['entra/group/a', 'entra/guest/lee'] },
  )
  expect(found['entra/guest/lee']).toEqual(['entra/group-member/lee'])
})

test('what is of the same sort, or opens nothing, does not wait', () => {
  const found = dependencies(
    { id: 'entra/group-member/lee', action: 'create', risk: 'grant', needs: ['entra/group/a'] },
    { id: 'entra/group-member/kim', action: 'delete', risk: 'revoke', needs: ['entra/group/a'] },
    { id: 'entra/application/payroll', action: 'update', risk: 'neutral' },
    { id: 'entra/app-role-assignment/payroll', action: 'delete', needs: ['entra/application/payroll'] },
  )
  expect(Object.values(found).flat()).toEqual([])
})

test('a shield comes before what it shields is open, and goes after it is closed', () => {
  const payroll = 'entra/application/payroll'
  const tickets = 'entra/application/tickets'
  const found = dependencies(
    { id: 'entra/conditional-access-policy/mfa', action: 'update', shields: [[tickets], [payroll]] },
    { id: 'entra/app-role-assignment/payroll', action: 'create', risk: 'grant', needs: [payroll] },
    { id: 'entra/app-role-assignment/tickets', action: 'delete', risk: 'revoke', needs: [tickets] },
  )
  expect(found['entra/app-role-assignment/payroll']).toEqual(['entra/conditional-access-policy/mfa'])
  expect(found['entra/conditional-access-policy/mfa']).toEqual(['entra/app-role-assignment/tickets'])
})

test('who lets go of what it shields waits for who takes it up', () => {
  const payroll = 'entra/application/payroll'
  const found = dependencies(
    { id: 'entra/conditional-access-policy/mfa', action: 'delete', shields: [[payroll], []] },
    { id: 'entra/conditional-access-policy/mfa+device', action: 'create', shields: [[], [payroll]], needs: [payroll] },
  )
  expect(found['entra/conditional-access-policy/mfa']).toEqual(['entra/conditional-access-policy/mfa+device'])
})
