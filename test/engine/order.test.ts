// Which change waits for which: the rules that keep a person from slipping in between two changes.

import { expect, test } from 'vitest'
import { order } from '../../src/engine/order.ts'
import type { Id } from '../../src/model/id.ts'
import type { Action, Change, Risk } from '../../src/model/resource.ts'

interface Given {
  readonly id: string
  readonly action: Action
  readonly risk?: Risk
  readonly needs?: readonly string[]
  readonly through?: string
  readonly shields?: readonly [before: readonly string[], after: readonly string[]]
}

/** The id of a change tells its plane, kind and name. */
function dependencies(...given: readonly Given[]): Readonly<Record<string, readonly string[]>> {
  const risks = new Map(given.map(({ id, risk = 'neutral' }) => [id, risk]))
  const changes = given.map(({ id, action, needs = [], through, shields = [[], []] }): Change => {
    const [plane = '', kind = ''] = id.split('/')
    const side = (names: readonly string[]) => ({ id: id as Id, spec: { shields: names }, needs: needs as Id[] })
    return {
      id: id as Id,
      plane: plane as Change['plane'],
      kind,
      action,
      retires: false,
      ...(action === 'create' ? {} : { before: { ...side(shields[0]), objectId: id, owned: true } }),
      ...(action === 'delete' ? {} : { after: { ...side(shields[1]), because: [] } }),
      differs: [],
      needs: needs as Id[],
      ...(through === undefined ? {} : { through: through as Id }),
      because: [],
    }
  })
  const ordered = order(changes, change => risks.get(change.id) ?? 'neutral', {
    shields: (_change, spec) => (spec.shields ?? []) as readonly string[],
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
