// How partners' tenants are trusted, on the sandbox's Graph: null apart from explicit values, the mark before the settings and
// after them, and what others set left alone.

import { describe, expect, test } from 'vitest'
import { type GraphWriter, RequestFailure } from '../../src/model/directories.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { isRefusal } from '../../src/model/problem.ts'
import { crossTenantPartner } from '../../src/resources/entra/cross-tenant-partner.ts'
import { group } from '../../src/resources/entra/group.ts'
import { guest } from '../../src/resources/entra/guest.ts'
import { openRun, partner, policyOf, type Run } from './tenant-run.ts'

const kinds = [crossTenantPartner]
const path = '/policies/crossTenantAccessPolicy'
const tenant = '0f5c7a52-3e0b-4f5e-8d57-9b1a6c2e4d70'
const other = '4c9e0f6d-1b72-4a3b-8f0c-d25e7a913b84'

const trusting = (
  isMfaAccepted: boolean,
  isCompliantDeviceAccepted = false,
  isHybridAzureADJoinedDeviceAccepted = false,
) => ({
  isMfaAccepted,
  isCompliantDeviceAccepted,
  isHybridAzureADJoinedDeviceAccepted,
})
const side = (accessType: string, target: string, targetType: string) => ({
  accessType,
  targets: [{ target, targetType }],
})
const collaboration = (accessType: string) => ({
  usersAndGroups: side(accessType, 'AllUsers', 'user'),
  applications: side(accessType, 'AllApplications', 'application'),
})

function fabrikam(more: object = {}): Promise<ResolvedPolicy> {
  return policyOf({}, [partner('fabrikam', { tenantId: tenant.toUpperCase(), ...more })])
}

// biome-ignore lint/suspicious/noExplicitAny: as Graph has it
type Entry = any

async function entry({ graph }: Run, tenantId = tenant): Promise<Entry> {
  const { status, body } = await graph.get(`${path}/partners/${tenantId}`)
  return status === 404 ? undefined : body
}

async function marks({ graph }: Run): Promise<readonly string[]> {
  const { body } = await graph.get('/groups?$select=uniqueName')
  return body.value.map((found: { uniqueName: string }) => found.uniqueName).sort()
}

const made = `guestlist.cross-tenant.fabrikam.${tenant}`
const nobody = (): Promise<ResolvedPolicy> => policyOf({}, [])

async function apply(
  run: Run,
  policy: ResolvedPolicy,
  writer?: (real: GraphWriter) => GraphWriter,
): Promise<readonly string[]> {
  return (await run.apply(policy, writer)).map(text => text.replace('cross-tenant-partner/', ''))
}

describe('settings that were not there', () => {
  test('are made with what the policy says; what it leaves out keeps what it has in effect', async () => {
    const crossTenantAccessPolicyDefault = { inboundTrust: trusting(false, true, false) }
    const run = await openRun(kinds, { crossTenantAccessPolicyDefault })
    const policy = await fabrikam({ trust: { mfa: true } })
    expect(await apply(run, policy)).toEqual(['create fabrikam privileged'])
    expect(await entry(run)).toMatchObject({
      inboundTrust: trusting(true, true, false),
      automaticUserConsentSettings: null,
      b2bCollaborationInbound: null,
    })
    expect(await marks(run)).toEqual([made])
    expect(await apply(run, policy)).toEqual([])

    expect(await apply(run, await nobody())).toEqual(['delete fabrikam revoke'])
    expect(await entry(run)).toBeUndefined()
    expect(await marks(run)).toEqual([])
    expect(await apply(run, await nobody())).toEqual([])
  })

  test('are not needed where the policy says nothing', async () => {
    const run = await openRun(kinds)
    expect(await apply(run, await fabrikam())).toEqual([])
    expect(await marks(run)).toEqual([])
    expect(await apply(run, await policyOf({}, [partner('fabrikam')]))).toEqual([])
  })

  test('let consent be left out, if the policy says so', async () => {
    const run = await openRun(kinds)
    expect(await apply(run, await fabrikam({ automaticRedemption: true }))).toEqual(['create fabrikam privileged'])
    expect(await entry(run)).toMatchObject({
      inboundTrust: null,
      automaticUserConsentSettings: { inboundAllowed: true, outboundAllowed: false },
    })
    expect(await apply(run, await fabrikam({ automaticRedemption: false }))).toEqual(['update fabrikam revoke'])
    expect(await apply(run, await fabrikam({ automaticRedemption: false }))).toEqual([])
    expect(await apply(run, await fabrikam())).toEqual(['update fabrikam neutral'])
    expect((await entry(run)).automaticUserConsentSettings).toBeNull()
  })

  test('go back to the default key by key, as keys leave the policy', async () => {
    const run = await openRun(kinds)
    await apply(run, await fabrikam({ trust: { mfa: true, compliantDevice: true } }))
    expect(await apply(run, await fabrikam({ trust: { mfa: true } }))).toEqual(['update fabrikam revoke'])
    expect((await entry(run)).inboundTrust).toEqual(trusting(true))
    expect(await apply(run, await fabrikam())).toEqual(['update fabrikam revoke'])
    expect((await entry(run)).inboundTrust).toBeNull()
    expect(await apply(run, await fabrikam())).toEqual([])
  })

  test('that were edited are corrected, and made again if somebody deletes them', async () => {
    const run = await openRun(kinds)
    const policy = await fabrikam({ trust: { mfa: true, compliantDevice: false } })
    await apply(run, policy)
    await run.graph.patch(`${path}/partners/${tenant}`, { inboundTrust: trusting(true, true) })
    expect(await apply(run, policy)).toEqual(['update fabrikam revoke'])
    await run.graph.delete(`${path}/partners/${tenant}`)
    expect(await apply(run, policy)).toEqual(['update fabrikam privileged'])
    expect((await entry(run)).inboundTrust).toEqual(trusting(true))
    expect(await marks(run)).toEqual([made])
  })

  test('follow the partner to another tenant', async () => {
    const run = await openRun(kinds)
    await apply(run, await fabrikam({ trust: { mfa: true } }))
    const moved = await fabrikam({ tenantId: other, trust: { mfa: true } })
    expect((await apply(run, moved)).toSorted()).toEqual([
      'create fabrikam privileged',
      `delete fabrikam (${tenant}) revoke`,
    ])
    expect([await entry(run), (await entry(run, other)).inboundTrust]).toEqual([undefined, trusting(true)])
    expect(await marks(run)).toEqual([`guestlist.cross-tenant.fabrikam.${other}`])
    expect(await apply(run, moved)).toEqual([])
  })

  test('stay when the partner gets another name', async () => {
    const run = await openRun(kinds)
    await apply(run, await fabrikam({ trust: { mfa: true } }))
    const renamed = await policyOf({}, [partner('fab', { tenantId: tenant, trust: { mfa: true } })])
    expect((await apply(run, renamed)).toSorted()).toEqual(['adopt fab neutral', 'delete fabrikam neutral'])
    expect((await entry(run)).inboundTrust).toEqual(trusting(true))
    expect(await apply(run, renamed)).toEqual([])
    expect(await marks(run)).toEqual([`guestlist.cross-tenant.fab.${tenant}`])
    const silent = await policyOf({}, [partner('fabr', { tenantId: tenant })])
    expect((await apply(run, silent)).toSorted()).toEqual(['adopt fabr revoke', 'delete fab neutral'])
    expect((await entry(run)).inboundTrust).toBeNull()
    expect(await apply(run, silent)).toEqual([])
    expect(await apply(run, await nobody())).toEqual(['delete fabr revoke'])
    expect(await entry(run)).toBeUndefined()
  })

  test('stay as the default says where synchronisation with the partner is configured', async () => {
    const run = await openRun(kinds)
    await apply(run, await fabrikam({ trust: { mfa: true }, automaticRedemption: true }))
    const sync = { displayName: 'Fabrikam', userSyncInbound: { isSyncAllowed: true } }
    expect((await run.graph.put(`${path}/partners/${tenant}/identitySynchronization`, sync)).status).toBe(204)
    expect(await run.findings(await nobody())).toEqual([expect.objectContaining({ code: 'partner-synchronised' })])
    expect(await apply(run, await nobody())).toEqual(['update fabrikam revoke'])
    expect(await entry(run)).toMatchObject({ inboundTrust: null, automaticUserConsentSettings: null })
    expect(await marks(run)).toEqual([])
    expect(await apply(run, await nobody())).toEqual([])
  })
})

describe('settings that were there', () => {
  const there = (more: object) => ({ crossTenantAccessPartners: [{ tenantId: tenant, ...more }] })

  test('are taken over, and what is not named stays; what we looked after goes back when the partner leaves', async () => {
    const outbound = collaboration('blocked')
    const run = await openRun(
      kinds,
      there({ inboundTrust: trusting(false, false, true), b2bCollaborationOutbound: outbound }),
    )
    const policy = await fabrikam({ trust: { mfa: true }, automaticRedemption: true })
    expect(await apply(run, policy)).toEqual(['adopt fabrikam privileged'])
    expect(await entry(run)).toMatchObject({
      inboundTrust: trusting(true, false, true),
      b2bCollaborationOutbound: outbound,
    })
    expect(await marks(run)).toEqual([`${made}.adopted`])
    expect(await apply(run, policy)).toEqual([])
    expect(await apply(run, await nobody())).toEqual(['update fabrikam revoke'])
    expect(await entry(run)).toMatchObject({
      inboundTrust: trusting(false, false, true),
      automaticUserConsentSettings: null,
      b2bCollaborationOutbound: outbound,
    })
    expect(await marks(run)).toEqual([])
    expect(await apply(run, await nobody())).toEqual([])
  })

  test('whose trust was the default’s get it back as a whole', async () => {
    const run = await openRun(kinds, there({ isServiceProvider: false }))
    await apply(run, await fabrikam({ trust: { mfa: true } }))
    expect((await entry(run)).inboundTrust).toEqual(trusting(true))
    await apply(run, await nobody())
    expect(await entry(run)).toMatchObject({ inboundTrust: null, isServiceProvider: false })
  })

  test('are left to whoever made them, where the policy says nothing', async () => {
    const run = await openRun(kinds, there({ inboundTrust: trusting(true) }))
    expect(await apply(run, await fabrikam())).toEqual([])
    expect(await apply(run, await nobody())).toEqual([])
    expect(await marks(run)).toEqual([])
  })

  test.each(['usersAndGroups', 'applications'] as const)('that block the partner are opened: %s', async blocked => {
    const setting = { ...collaboration('allowed'), [blocked]: collaboration('blocked')[blocked] }
    const run = await openRun(kinds, there({ b2bCollaborationInbound: setting }))
    const before = await run.plan(await fabrikam())
    expect(before.links.working.has('entra/cross-tenant-partner/fabrikam')).toBe(false)
    expect(await apply(run, await fabrikam())).toEqual(['adopt fabrikam privileged'])
    expect((await entry(run)).b2bCollaborationInbound).toEqual(collaboration('allowed'))
    const after = await run.plan(await fabrikam())
    expect([after.plan.changes, after.links.working.has('entra/cross-tenant-partner/fabrikam')]).toEqual([[], true])
    expect(await apply(run, await nobody())).toEqual(['update fabrikam neutral'])
    expect((await entry(run)).b2bCollaborationInbound).toBeNull()
  })

  test('that let in only some are left alone, and told', async () => {
    const usersAndGroups = side('allowed', '11111111-2222-4333-8444-555555555555', 'group')
    const b2bCollaborationInbound = { ...collaboration('allowed'), usersAndGroups }
    const run = await openRun(kinds, there({ b2bCollaborationInbound }))
    const policy = await fabrikam({ trust: { mfa: true } })
    expect(await run.findings(policy)).toEqual([expect.objectContaining({ code: 'collaboration-limited' })])
    expect(await apply(run, policy)).toEqual(['adopt fabrikam privileged'])
    expect((await entry(run)).b2bCollaborationInbound).toEqual(b2bCollaborationInbound)
  })
})

test('a partner is let in by settings of its own where the default blocks everybody', async () => {
  const crossTenantAccessPolicyDefault = { b2bCollaborationInbound: collaboration('blocked') }
  const run = await openRun(kinds, { crossTenantAccessPolicyDefault })
  const policy = await fabrikam()
  expect((await run.plan(policy)).links.working.size).toBe(0)
  expect(await apply(run, policy)).toEqual(['update fabrikam privileged'])
  expect((await entry(run)).b2bCollaborationInbound).toEqual(collaboration('allowed'))
  expect(await marks(run)).toEqual([made])
  expect(await apply(run, policy)).toEqual([])
  expect(await apply(run, await nobody())).toEqual(['delete fabrikam revoke'])
  expect(await entry(run)).toBeUndefined()
})

/** Fails as soon as so many writes are done; the write that fails is done or not. */
function cutAfter(writes: number, isDone: boolean): (real: GraphWriter) => GraphWriter {
  let count = 0
  const cut = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    count += 1
    if (count <= writes) return work()
    if (count === writes + 1 && isDone) await work()
    throw new RequestFailure(0, 'connection-lost', 'cut')
  }
  return real => ({
    ...real,
    post: (to, body, version) => cut(() => real.post(to, body, version)),
    patch: (to, body, version) => cut(() => real.patch(to, body, version)),
    delete: (to, version) => cut(() => real.delete(to, version)),
    upsert: (to, body) => cut(() => real.upsert(to, body)),
  })
}

describe('cut after any write', () => {
  const theirs = [{ tenantId: tenant, inboundTrust: trusting(false, false, true) }]
  const cuts = [0, 1, 2, 3].flatMap(writes => [true, false].map(isDone => [writes, isDone] as const))

  test.each(cuts)(
    '%i, done: %s: the next run makes it whole, and leaving leaves nothing of ours',
    async (writes, isDone) => {
      for (const crossTenantAccessPartners of [[], theirs]) {
        const run = await openRun(kinds, { crossTenantAccessPartners })
        const wide = await fabrikam({ trust: { mfa: true, compliantDevice: true }, automaticRedemption: true })
        const narrow = await fabrikam({ trust: { mfa: true } })
        for (const policy of [wide, narrow, wide, await nobody()]) {
          await apply(run, policy, cutAfter(writes, isDone))
          await apply(run, policy)
          expect(await apply(run, policy)).toEqual([])
        }
        expect(await marks(run)).toEqual([])
        const left = await entry(run)
        if (crossTenantAccessPartners.length === 0) expect(left).toBeUndefined()
        else
          expect(left).toMatchObject({ inboundTrust: trusting(false, false, true), automaticUserConsentSettings: null })
      }
    },
  )
})

describe('the size of the whole policy', () => {
  const targets = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ target: `${index}`.padStart(36, '0'), targetType: 'user' }))
  const filled = (count: number) => ({
    crossTenantAccessPartners: [
      {
        tenantId: other,
        b2bCollaborationOutbound: {
          ...collaboration('allowed'),
          usersAndGroups: { accessType: 'allowed', targets: targets(count) },
        },
      },
    ],
  })

  test('is told from 80 % on, and stops what would not fit', async () => {
    const policy = await fabrikam({ trust: { mfa: true } })
    const findings = async (count: number) => (await openRun(kinds, filled(count))).findings(policy)
    expect(await findings(200)).toEqual([])
    const code = 'guardrail/cross-tenant-size'
    expect(await findings(290)).toEqual([expect.objectContaining({ severity: 'warning', code })])
    const run = await openRun(kinds, filled(345))
    const [finding] = await run.findings(policy)
    expect(finding).toMatchObject({
      severity: 'error',
      code,
      message: expect.stringMatching(/25\d{3}|26\d{3}.* bytes of the 25600/),
    })
    expect(finding !== undefined && isRefusal({ ...finding, at: undefined } as never)).toBe(true)
    // And so it is: what is told not to fit does not.
    expect(await apply(run, policy)).toEqual(['create fabrikam privileged failed'])
  })
})

test('one that was deleted a moment ago is waited for', async () => {
  const run = await openRun(kinds)
  const policy = await fabrikam({ trust: { mfa: true } })
  const held = (real: GraphWriter): GraphWriter => ({
    ...real,
    post: async () => Promise.reject(new RequestFailure(409, 'Conflict', 'exists already')),
  })
  expect(await apply(run, policy, held)).toEqual(['create fabrikam privileged failed'])
  expect(await apply(run, policy)).toEqual(['update fabrikam privileged'])
  expect(await marks(run)).toEqual([made])
})

test('no other kind takes the mark for a group of its own', async () => {
  const run = await openRun([crossTenantPartner, group, guest])
  const policy = await fabrikam({ trust: { mfa: true } })
  await run.apply(policy)
  expect(await run.apply(policy)).toEqual([])
  expect(await marks(run)).toContain(made)
})
