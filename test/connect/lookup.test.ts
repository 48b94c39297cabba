// What has no key that the service keeps is looked for before it is made, and whenever an answer is lost: against the sandbox,
// with answers that get lost on the way, and with somebody else who is quicker.

import { afterEach, describe, expect, test } from 'vitest'
import type { Outcome } from '../../src/model/outcome.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import { openSeeded, type Tenant } from '../laws/tenant.ts'
import { today } from '../policy/folder.ts'
import { access, app, enterpriseApps, home, partner, policyOf } from '../resources/tenant-run.ts'

let tenant: Tenant | undefined
afterEach(() => tenant?.close())

async function open(seed: object = {}): Promise<Tenant> {
  const graph = { tenant: { tenantId: home, initialDomain: 'contoso.onmicrosoft.com' }, ...seed }
  tenant = await openSeeded({ graph, directory: '' }, today)
  return tenant
}

/** Loses the answer to the first request that matches, alone or in a batch; `isDone`: after it was carried out. */
function losing(path: string, isDone: boolean): { readonly fetch: typeof fetch; readonly sent: string[] } {
  const sent: string[] = []
  const send: typeof fetch = async (input, init) => {
    const body = String(init?.body ?? '')
    const urls = String(input).endsWith('/$batch')
      ? (JSON.parse(body).requests as { method: string; url: string }[]).map(item => `${item.method} ${item.url}`)
      : [`${init?.method} ${new URL(String(input)).pathname.replace(/^\/v1.0|^\/beta/, '')}`]
    const mine = urls.filter(url => url.startsWith('POST') && url.includes(path))
    sent.push(...mine)
    if (mine.length === 0 || sent.length > mine.length) return await fetch(input, init)
    if (isDone) await fetch(input, init)
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }) })
  }
  return { fetch: send, sent }
}

const told = (outcomes: readonly Outcome[]): readonly string[] =>
  outcomes.map(outcome => {
    const what = `${outcome.change.action} ${outcome.change.id.replace('entra/', '')}`
    return outcome.status === 'failed' ? `${what} ${outcome.trouble.code}` : `${what} ${outcome.status}`
  })

const invitations = ({ snapshot }: Tenant): number => (snapshot().graph.invitations ?? []).length

async function lee(more: object = {}): Promise<ResolvedPolicy> {
  return policyOf({}, [partner('fabrikam', more), app('wiki'), access('wiki')])
}
const seed = enterpriseApps('wiki')

/** Invites as anybody may by hand. */
async function invite(at: Tenant, address: string, more: object = {}): Promise<void> {
  const entra = at.connection().writer()
  const made = await entra.post<{ invitedUser: { id: string } }>('/invitations', {
    invitedUserEmailAddress: address,
    inviteRedirectUrl: 'https://myapps.microsoft.com/',
  })
  if (Object.keys(more).length > 0) await entra.patch(`/users/${made.invitedUser.id}`, more)
}

describe('an invitation', () => {
  test('whose answer is lost is found, and the run goes on', async () => {
    const at = await open(seed)
    const policy = await lee()
    const lossy = losing('/invitations', true)
    expect(told(await at.apply(await at.plan(policy), 4, lossy)).filter(line => !line.endsWith('done'))).toEqual([])
    expect([lossy.sent.length, invitations(at)]).toEqual([1, 1])
    expect((await at.plan(policy)).plan.changes).toEqual([])
  })

  test('that nobody can find afterwards is not sent again in this run, and once in the next', async () => {
    const at = await open(seed)
    const policy = await lee()
    const lossy = losing('/invitations', false)
    expect(told(await at.apply(await at.plan(policy), 4, lossy))).toContain(
      'create guest/lee@fabrikam.com outcome-unknown',
    )
    expect([lossy.sent.length, invitations(at)]).toEqual([1, 0])
    await at.apply(await at.plan(policy))
    expect(invitations(at)).toBe(1)
  })

  test('is not sent to whom a run that was cut a moment ago has invited', async () => {
    const at = await open(seed)
    const planned = await at.plan(await lee())
    await invite(at, 'lee@fabrikam.com')
    expect(told(await at.apply(planned)).filter(line => !line.endsWith('done'))).toEqual([])
    expect(invitations(at)).toBe(1)
  })

  test('is not sent to whom somebody else brought in otherwise: that is told, and nothing is changed', async () => {
    const at = await open(seed)
    const planned = await at.plan(await lee())
    await invite(at, 'l.other@fabrikam.com', { otherMails: ['lee@fabrikam.com'] })
    const before = at.snapshot().graph.users
    expect(told(await at.apply(planned))).toContain('create guest/lee@fabrikam.com stale')
    expect(at.snapshot().graph.users).toEqual(before)
  })

  test('goes to a person whose address somebody has among others, if the plan saw that', async () => {
    const at = await open(seed)
    await invite(at, 'kim@fabrikam.com', { otherMails: ['lee@fabrikam.com'] })
    const policy = await lee({ groups: { engineers: { members: ['lee@fabrikam.com', 'kim@fabrikam.com'] } } })
    const outcome = told(await at.apply(await at.plan(policy)))
    expect(outcome.filter(line => line.endsWith('stale'))).toEqual([])
  })
})

describe('a conditional access policy', () => {
  const strict = async () =>
    policyOf({ conditionalAccess: { state: 'enabled' } }, [partner('fabrikam'), app('wiki', ['mfa']), access('wiki')])
  const policies = ({ snapshot }: Tenant) => snapshot().graph.conditionalAccessPolicies ?? []

  test.each([true, false])('is made once when an answer is lost (carried out: %s)', async isDone => {
    const at = await open(seed)
    const policy = await strict()
    const lossy = losing('/identity/conditionalAccess/policies', isDone)
    expect(told(await at.apply(await at.plan(policy), 4, lossy)).filter(line => !line.endsWith('done'))).toEqual([])
    expect([lossy.sent.length, policies(at).length]).toEqual([isDone ? 1 : 2, 1])
  })

  test('with the name that somebody else has given to another meanwhile is not made beside it', async () => {
    const at = await open(seed)
    const planned = await at.plan(await strict())
    await at
      .connection()
      .writer()
      .post('/identity/conditionalAccess/policies', {
        displayName: 'guestlist: guests need mfa',
        state: 'disabled',
        conditions: {
          applications: { includeApplications: ['None'] },
          users: { includeUsers: ['None'] },
          clientAppTypes: ['all'],
        },
        grantControls: { operator: 'OR', builtInControls: ['block'] },
      })
    expect(told(await at.apply(planned))).toContain('create conditional-access-policy/mfa stale')
    expect(policies(at)).toHaveLength(1)
  })
})

describe('what the service makes once only', () => {
  test.each([true, false])('an assignment is found or sent again (carried out: %s)', async isDone => {
    const at = await open(seed)
    const policy = await lee()
    const lossy = losing('/appRoleAssignedTo', isDone)
    expect(told(await at.apply(await at.plan(policy), 1, lossy)).filter(line => !line.endsWith('done'))).toEqual([])
    expect((await at.plan(policy)).plan.changes).toEqual([])
  })

  test.each([true, false])('a guest is restored once (carried out: %s)', async isDone => {
    const at = await open(seed)
    const policy = await lee()
    await at.apply(await at.plan(policy))
    const entra = at.connection()
    const [user] = await entra.reader().list<{ id: string }>('/users', { filter: "userType eq 'Guest'" })
    await entra.writer().delete(`/users/${user?.id}`)
    const lossy = losing('/restore', isDone)
    expect(told(await at.apply(await at.plan(policy), 1, lossy)).filter(line => !line.endsWith('done'))).toEqual([])
    expect(invitations(at)).toBe(1)
    expect((await at.plan(policy)).plan.changes).toEqual([])
  })

  test("a partner's entry that somebody else makes meanwhile is left as it is, and never counts as ours", async () => {
    const at = await open(seed)
    const tenantId = '0f5c0000-0000-4000-8000-000000000001'
    const policy = await lee({ tenantId, trust: { mfa: true } })
    const planned = await at.plan(policy)
    const entry = {
      tenantId,
      inboundTrust: {
        isMfaAccepted: false,
        isCompliantDeviceAccepted: true,
        isHybridAzureADJoinedDeviceAccepted: false,
      },
    }
    await at.connection().writer().post('/policies/crossTenantAccessPolicy/partners', entry)
    expect(told(await at.apply(planned))).toContain('create cross-tenant-partner/fabrikam stale')
    expect(at.snapshot().graph.crossTenantAccessPartners).toEqual([expect.objectContaining(entry)])
    expect(JSON.stringify(at.snapshot().graph.groups)).not.toContain('guestlist.cross-tenant')
  })
})
