import { describe, expect, it } from 'vitest'
import type { Method } from '../../src/connect/graph/address.ts'
import { explainFailure, permissionFor } from '../../src/connect/graph/explain-failure.ts'
import { refusal } from './fake-graph.ts'

function explain(method: Method, path: string, status: number, body: unknown, headers = new Headers()) {
  return explainFailure({ method, version: 'v1.0', path, status, body, headers })
}

describe('a refusal', () => {
  it.each<[string, RegExp]>([
    [
      'Guest invitations not allowed for your company. Contact your company administrator.',
      /User\.Invite\.All.*allowInvitesFrom/,
    ],
    [
      'The invited user already exists in the directory as object ID: 1, but the account is blocked from signing in.',
      /enable the account/,
    ],
    ["Non-external user already exists with the given mail address and can't be invited.", /own tenant/],
    ['User already exists in the directory.', /restore the guest/],
    ['This invitation is blocked by cross-tenant access settings in your organization.', /allow B2B collaboration/],
    ["The email you're using to invite this user doesn't match any emails on the user object.", /otherMails/],
  ])('of an invitation is explained: %s', (message, advice) => {
    const failure = explain('POST', '/invitations', 400, refusal('BadRequest', message))
    expect(failure.message).toContain(`400 BadRequest: ${message} (POST /v1.0/invitations, request-id req-1)`)
    expect(failure.message).toMatch(advice)
  })

  it('of an application that is too new is no want of a permission', () => {
    const message =
      'When using this permission, the backing application of the service principal being created must in the local tenant'
    const failure = explain('POST', '/servicePrincipals', 403, refusal('Authorization_RequestDenied', message))
    expect(failure.message).toContain('run again in some minutes')
    expect(failure.message).not.toContain('lacks')
  })

  it.each<[Method, string, string | undefined]>([
    ['GET', '/users', 'User.Read.All or User-LifeCycleInfo.Read.All (both are needed)'],
    [
      'PATCH',
      '/users/a',
      'User.ReadWrite.All or User-LifeCycleInfo.ReadWrite.All (both are needed when somebody leaves)',
    ],
    ['DELETE', '/users/a', 'User.ReadWrite.All or User.DeleteRestore.All'],
    ['DELETE', '/users/a/sponsors/b/$ref', 'User.ReadWrite.All'],
    ['POST', '/directory/deletedItems/a/restore', 'User.ReadWrite.All or User.DeleteRestore.All'],
    ['POST', '/invitations', 'User.Invite.All'],
    ['GET', '/groups/a/members', 'GroupMember.Read.All or Directory.Read.All'],
    ['DELETE', '/groups/a/members/b/$ref', 'GroupMember.ReadWrite.All or Group.ReadWrite.All'],
    ['GET', '/groups/a/appRoleAssignments', 'Directory.Read.All'],
    ['PATCH', '/groups(uniqueName=%27a%27)', 'Group.ReadWrite.All'],
    ['GET', '/servicePrincipals/a/appRoleAssignedTo', 'Application.Read.All or Directory.Read.All'],
    [
      'POST',
      '/servicePrincipals/a/appRoleAssignedTo',
      'AppRoleAssignment.ReadWrite.All or Application.Read.All (both are needed)',
    ],
    ['PATCH', '/policies/crossTenantAccessPolicy/partners/a', 'Policy.ReadWrite.CrossTenantAccess'],
    ['GET', '/nowhere', undefined],
  ])('of %s %s names the permission', (method, path, permission) => {
    expect(permissionFor(method, path)).toBe(permission)
    const { message } = explain(
      method,
      path,
      403,
      refusal('Authorization_RequestDenied', 'Insufficient privileges to complete the operation.'),
    )
    expect(message).toContain(permission ?? 'lacks a permission')
  })

  it('is read in the shapes that backends give it', () => {
    expect(
      explain('GET', '/users', 400, {
        error: { code: 'X', message: { value: 'text' }, innererror: { 'request-id': 'r' } },
      }),
    ).toMatchObject({
      code: 'X',
      requestId: 'r',
      message: expect.stringContaining('X: text'),
    })
    const gateway = explain('GET', '/users', 502, undefined, new Headers({ 'request-id': 'h' }))
    expect(gateway).toMatchObject({
      status: 502,
      code: '',
      requestId: 'h',
      message: expect.stringContaining('gateway'),
    })
    expect(explain('GET', '/users', 500, { error: null }).code).toBe('')
  })
})
