import { describe, expect, test } from 'vitest'
import { errorOf, people, serve, unknownId } from './served.ts'

const path = '/identity/conditionalAccess/policies'
const policy = {
  displayName: 'Guests: MFA',
  state: 'enabledForReportingButNotEnforced',
  conditions: {
    clientAppTypes: ['all'],
    applications: { includeApplications: ['All'] },
    users: {
      includeGuestsOrExternalUsers: {
        guestOrExternalUserTypes: 'b2bCollaborationGuest,b2bCollaborationMember',
        externalTenants: {
          '@odata.type': '#microsoft.graph.conditionalAccessEnumeratedExternalTenants',
          membershipKind: 'enumerated',
          members: [unknownId],
        },
      },
    },
  },
  grantControls: { operator: 'AND', builtInControls: ['mfa'] },
}

describe('Conditional Access policies', () => {
  test('are made, changed and deleted', async () => {
    const graph = await serve()
    const { status, body } = await graph.post(path, policy)
    expect(status).toBe(201)
    expect(body).toMatchObject({ ...policy, createdDateTime: '2026-12-01T08:00:00Z' })
    expect(body.conditions.users.excludeGroups).toEqual([])
    expect((await graph.patch(`${path}/${body.id}`, { state: 'enabled' })).status).toBe(204)
    expect((await graph.get(`${path}/${body.id}`)).body).toMatchObject({
      state: 'enabled',
      displayName: policy.displayName,
    })
    expect((await graph.get(path)).body.value).toHaveLength(1)
    expect((await graph.delete(`${path}/${body.id}`)).status).toBe(204)
    expect((await graph.get(`${path}/${body.id}`)).status).toBe(404)
  })

  test.each([
    [{ displayName: undefined }],
    [{ state: 'on' }],
    [{ conditions: undefined }],
    [{ conditions: { ...policy.conditions, applications: undefined } }],
    [{ conditions: { ...policy.conditions, applications: { includeApplications: 'All' } } }],
    [{ conditions: { ...policy.conditions, clientAppTypes: 'all' } }],
    [
      {
        conditions: {
          ...policy.conditions,
          users: { includeGuestsOrExternalUsers: { guestOrExternalUserTypes: ['b2bCollaborationGuest'] } },
        },
      },
    ],
    [
      {
        conditions: {
          ...policy.conditions,
          users: { includeGuestsOrExternalUsers: { guestOrExternalUserTypes: 'guest' } },
        },
      },
    ],
    [{ grantControls: undefined }],
    [{ grantControls: { operator: 'AND', builtInControls: ['password'] } }],
    [{ tags: [] }],
  ])('case %# is refused with one code and no field', async change => {
    const graph = await serve()
    expect(errorOf(await graph.post(path, { ...policy, ...change }))).toEqual([
      400,
      'BadRequest',
      expect.stringMatching(/^1007: /),
    ])
    expect((await graph.get(path)).body.value).toEqual([])
  })

  test('cannot name a group that is not there', async () => {
    const graph = await serve()
    const users = { includeUsers: ['All'], excludeGroups: [unknownId] }
    expect((await graph.post(path, { ...policy, conditions: { ...policy.conditions, users } })).status).toBe(404)
  })

  test('name applications that are there, or what stands for many', async () => {
    const graph = await serve({ applications: [{ displayName: 'Wiki' }], servicePrincipals: [{ displayName: 'Wiki' }] })
    const { body } = await graph.get('/servicePrincipals')
    const including = async (...includeApplications: readonly string[]) => {
      const conditions = { ...policy.conditions, applications: { includeApplications } }
      return (await graph.post(path, { ...policy, conditions })).status
    }
    expect(await including(body.value[0].appId, 'Office365')).toBe(201)
    expect(await including('None')).toBe(201)
    expect(await including(unknownId)).toBe(400)
    expect(await including()).toBe(400)
  })

  test('may ask for an authentication strength, which is read as a whole, but not for MFA besides', async () => {
    const graph = await serve()
    const strengths = '/policies/authenticationStrengthPolicies'
    const id = '00000000-0000-0000-0000-000000000004'
    expect((await graph.get(strengths)).body.value).toContainEqual(
      expect.objectContaining({ id, displayName: 'Phishing-resistant MFA', policyType: 'builtIn' }),
    )
    expect((await graph.get(`${strengths}/${id}`)).status).toBe(200)
    expect((await graph.get(`${strengths}/${unknownId}`)).status).toBe(404)
    const asking = (builtInControls: readonly string[], strength: string) =>
      graph.post(path, {
        ...policy,
        grantControls: { operator: 'AND', builtInControls, authenticationStrength: { id: strength } },
      })
    const { status, body } = await asking(['compliantDevice'], id)
    expect([status, body.grantControls.authenticationStrength.displayName]).toEqual([201, 'Phishing-resistant MFA'])
    expect((await asking(['mfa'], id)).status).toBe(400)
    expect((await asking([], unknownId)).status).toBe(400)
    expect((await graph.get('/identityGovernance/termsOfUse/agreements')).status).toBe(403)
  })

  test('are 195 at most', async () => {
    const conditionalAccessPolicies = Array.from({ length: 195 }, (_, index) => ({
      ...policy,
      displayName: `Policy ${index}`,
    }))
    const graph = await serve({ conditionalAccessPolicies })
    expect((await graph.post(path, policy)).status).toBe(400)
  })
})

describe('the authorization policy', () => {
  test('has defaults, and is changed in parts', async () => {
    const graph = await serve()
    const at = '/policies/authorizationPolicy'
    expect((await graph.get(at)).body).toMatchObject({
      allowInvitesFrom: 'everyone',
      guestUserRoleId: '10dae51f-b6af-4016-8d66-8c2a99b929b3',
    })
    expect((await graph.patch(at, { guestUserRoleId: '2af84b1e-32c8-42b7-82bc-daa82404023b' })).status).toBe(204)
    expect((await graph.get(at)).body).toMatchObject({
      allowInvitesFrom: 'everyone',
      guestUserRoleId: '2af84b1e-32c8-42b7-82bc-daa82404023b',
    })
    expect((await graph.patch(at, { allowInvitesFrom: 'nobody' })).status).toBe(400)
  })
})

describe('the cross-tenant policy', () => {
  const partners = '/policies/crossTenantAccessPolicy/partners'
  const trust = { isMfaAccepted: true, isCompliantDeviceAccepted: false, isHybridAzureADJoinedDeviceAccepted: false }

  test('has partners, whose null means: as the default', async () => {
    const graph = await serve(people)
    const { status, body } = await graph.post(partners, { tenantId: unknownId, inboundTrust: trust })
    expect([status, body.inboundTrust, body.b2bCollaborationInbound]).toEqual([201, trust, null])
    expect((await graph.post(partners, { tenantId: unknownId })).status).toBe(409)
    expect((await graph.patch(`${partners}/${unknownId}`, { inboundTrust: null })).status).toBe(204)
    expect((await graph.get(`${partners}/${unknownId}`)).body.inboundTrust).toBeNull()
    expect((await graph.get(partners)).body.value).toHaveLength(1)
    expect((await graph.delete(`${partners}/${unknownId}`)).status).toBe(204)
    expect((await graph.get(`${partners}/${unknownId}`)).status).toBe(404)
  })

  test('keeps a partner with whom users are synchronised', async () => {
    const graph = await serve()
    await graph.post(partners, { tenantId: unknownId })
    const at = `${partners}/${unknownId}`
    const sync = { displayName: 'Fabrikam', userSyncInbound: { isSyncAllowed: true } }
    expect((await graph.put(`${at}/identitySynchronization`, sync)).status).toBe(204)
    const { body } = await graph.get(`${partners}?$expand=identitySynchronization`)
    expect(body.value[0].identitySynchronization).toEqual({ ...sync, tenantId: unknownId })
    expect((await graph.delete(at)).status).toBe(400)
    expect((await graph.delete(`${at}/identitySynchronization`)).status).toBe(204)
    expect((await graph.delete(at)).status).toBe(204)
  })

  test('may not grow beyond 25 KB', async () => {
    const graph = await serve()
    const targets = Array.from({ length: 500 }, (_, index) => ({
      target: `${index}`.padStart(36, '0'),
      targetType: 'user',
    }))
    const b2bCollaborationInbound = { usersAndGroups: { accessType: 'allowed', targets } }
    expect(errorOf(await graph.post(partners, { tenantId: unknownId, b2bCollaborationInbound }))[2]).toMatch(
      /object limit/,
    )
  })

  test('has a default that can be changed', async () => {
    const graph = await serve()
    const at = '/policies/crossTenantAccessPolicy/default'
    expect((await graph.get(at)).body).toMatchObject({ isServiceDefault: true, inboundTrust: { isMfaAccepted: false } })
    expect((await graph.patch(at, { inboundTrust: { isMfaAccepted: true } })).status).toBe(204)
    expect((await graph.get(at)).body).toMatchObject({ isServiceDefault: false, inboundTrust: { isMfaAccepted: true } })
  })

  test.each([
    [{}],
    [{ tenantId: 'x' }],
    [{ tenantId: unknownId, inboundTrust: { mfa: true } }],
    [{ tenantId: unknownId, isServiceProvider: 'no' }],
  ])('refuses %o', async body => {
    const graph = await serve()
    expect((await graph.post(partners, body)).status).toBe(400)
  })
})
