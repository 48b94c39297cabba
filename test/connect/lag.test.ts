// Which refusals of what mentions something of this run's making may pass, and for whose sake.

import { describe, expect, test } from 'vitest'
import { createLag } from '../../src/connect/graph/lag.ts'
import { RequestFailure } from '../../src/model/directories.ts'

/** What was made, where it can be asked for; and what was doubted. */
function lagging() {
  const made = new Map<string, string | undefined>()
  const doubted: (readonly string[])[] = []
  const lag = createLag({
    made: (id, path) => void made.set(id, path),
    isMade: id => made.has(id),
    awaited: () => undefined,
    doubt: ids => doubted.push(ids) > 0,
    unseen: () => ({ objects: 0, most: 0 }),
  })
  return { lag, made, doubted }
}

describe('what a request has made', () => {
  test.each([
    ['/groups', { id: 'g' }, { g: '/groups/g' }],
    ["/groups(uniqueName='n')", { id: 'g' }, { g: '/groups/g' }],
    ['/applications', { id: 'x', appId: 'i' }, { x: '/applications/x', i: undefined }],
    ['/invitations', { id: 'n', invitedUser: { id: 'u' } }, { n: undefined, u: '/users/u' }],
    ['/users/u', undefined, {}],
  ])('is known by what it answers: %s', (path, answer, expected) => {
    const { lag, made } = lagging()
    lag.note(path, answer)
    expect(Object.fromEntries(made)).toStrictEqual(expected)
  })

  test('is found in the path and in the body of another, once', () => {
    const { lag } = lagging()
    lag.note('/groups', { id: 'g-1' })
    lag.note('/servicePrincipals', { id: 's-1' })
    const body = { principalId: 'g-1', resourceId: 's-1', appRoleId: 'r' }
    expect(lag.mentioned('/groups/g-1/appRoleAssignments', body)).toEqual(['g-1', 's-1'])
    expect(lag.mentioned("/groups('g%2D1')", undefined)).toEqual(['g-1'])
    expect(lag.mentioned('/users/u', { id: 'g' })).toEqual([])
  })
})

const missing = "Resource 's' does not exist or one of its queried reference-property objects are not present."

test.each([
  [404, 'Request_ResourceNotFound', 'x', true],
  [404, '', 'x', false],
  [400, 'Request_BadRequest', missing, true],
  [400, 'Request_BadRequest', 'Not a valid reference update.', true],
  [400, 'Request_BadRequest', 'The appId does not reference a valid application object.', true],
  [400, 'Request_BadRequest', 'Invalid value specified for property displayName', false],
  [403, 'Authorization_RequestDenied', 'Insufficient privileges', false],
  [
    403,
    'Authorization_RequestDenied',
    'The backing application of the service principal being created must in the local tenant',
    true,
  ],
])('%i %s (%s) may pass: %s', (status, code, message, expected) => {
  const { lag, doubted } = lagging()
  expect(lag.excuses(new RequestFailure(status, code, message), ['g'])).toBe(expected)
  expect(doubted).toEqual(expected ? [['g']] : [])
})

test('of several, the one that the refusal names is doubted alone', () => {
  const { lag, doubted } = lagging()
  lag.excuses(new RequestFailure(404, 'Request_ResourceNotFound', missing), ['g', 's'])
  expect(doubted).toEqual([['s']])
})
