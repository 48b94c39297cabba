// What the plan saw: as it was read last, by whichever question.

import { expect, test } from 'vitest'
import { createSeen, type Seen } from '../../src/connect/graph/seen.ts'
import type { GraphQuery, GraphVersion } from '../../src/model/directories.ts'

function sawAt(
  seen: Seen,
  path: string,
  version: GraphVersion = 'v1.0',
): Readonly<Record<string, unknown>> | undefined {
  const found = seen.at(path, version)
  return found && { ...Object.fromEntries(found.properties), select: found.select }
}

const names: GraphQuery = { select: ['id', 'displayName'] }
const users: GraphQuery = { select: ['displayName', 'mail'] }

test('counts as it was asked last, also when the same was asked before something else', () => {
  const seen = createSeen()
  seen.remember('/users/u', names, { id: 'u', displayName: 'first' })
  seen.remember('/users/u', users, { displayName: 'second', mail: 'm' })
  seen.remember('/users/u', names, { id: 'u', displayName: 'third' })
  expect(sawAt(seen, '/users/u')).toMatchObject({ displayName: 'third', mail: 'm' })
  seen.remember('/users/u', users, { displayName: 'fourth' })
  expect(sawAt(seen, '/users/u')).toEqual({
    id: 'u',
    displayName: 'fourth',
    mail: null,
    select: ['id', 'displayName', 'mail'],
  })
})

test('is everything if anybody asked for everything, without annotations and what was expanded', () => {
  const seen = createSeen()
  seen.remember('/groups', names, [{ id: 'g', displayName: 'a' }])
  const whole = { '@odata.context': 'x', id: 'g', members: [], description: 'd' }
  seen.remember('/groups', { expand: 'members($select=id)' }, [whole])
  expect(sawAt(seen, '/groups/g')).toEqual({ id: 'g', displayName: 'a', description: 'd', select: undefined })
})

test('is found by path, in either case, in the version in which it was read', () => {
  const seen = createSeen()
  seen.remember('/applications/x', { version: 'beta' }, { id: 'x' })
  expect([sawAt(seen, '/Applications/X', 'beta')?.id, sawAt(seen, '/applications/x')]).toEqual(['x', undefined])
})

test.each([
  ['/policies/crossTenantAccessPolicy/partners', [{ tenantId: 't' }], '/policies/crossTenantAccessPolicy/partners/t'],
  ['/identity/conditionalAccess/policies', [{ id: 'p' }], '/identity/conditionalAccess/policies/p'],
  ['/policies/authorizationPolicy', { id: 'a' }, '/policies/authorizationPolicy'],
  ['/applications/x/connectorGroup', { id: 'c' }, '/applications/x/connectorGroup'],
])('knows what is written with what it should be: %s', (path, content, where) => {
  const seen = createSeen()
  seen.remember(path, {}, content)
  expect(sawAt(seen, where)).toBeDefined()
})

test('leaves out what is only added to', () => {
  const seen = createSeen()
  seen.remember('/groups/g/members', names, [{ id: 'u' }])
  expect(sawAt(seen, '/groups/g/members/u')).toBeUndefined()
})
