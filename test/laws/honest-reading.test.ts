// Law 5: a failed or short read stops the plan; it never looks like absence. Every request that a plan makes is made to fail,
// one at a time, in every way in which a service or something before it can fail.

import { expect, test } from 'vitest'
import { type DirectoryReader, RequestFailure } from '../../src/model/directories.ts'
import type { ResolvedPolicy } from '../../src/model/policy.ts'
import {
  adGroups,
  breakGlass,
  type Documents,
  enterpriseApps,
  firstDay,
  headquarters,
  initialDomain,
  ownDomain,
  partnerTenants,
  root,
  sources,
  tenantId,
} from './policies.ts'
import { patience } from './runs.ts'
import { openTenant, planFrom, resolve, type Tenant } from './tenant.ts'
import { nothing } from './world.ts'

/** A small policy that makes every kind read. */
const policy: Documents = {
  organization: {
    name: 'contoso',
    entra: {
      tenantId,
      initialDomain,
      offboarding: { deleteAfter: '30d' },
      guests: { invitedBy: 'admins' },
      conditionalAccess: { state: 'enabled', excludeGroups: [breakGlass] },
    },
    activeDirectory: ownDomain,
    applicationProxy: { connectorGroups: [{ name: 'Headquarters', id: headquarters, connectors: ['CONNECTOR01'] }] },
  },
  partners: [
    {
      name: 'fabrikam',
      displayName: 'Fabrikam',
      accounts: 'entra-b2b',
      domains: ['fabrikam.com'],
      sponsors: ['anna@contoso.com'],
      tenantId: partnerTenants.fabrikam,
      trust: { mfa: true },
      groups: {
        engineers: { members: [{ address: 'lee@fabrikam.com' }, { address: 'dana@fabrikam.com' }] },
        field: { membersFrom: { entraGroup: sources.entra } },
      },
    },
    {
      name: 'litware',
      displayName: 'Litware',
      accounts: 'active-directory',
      domains: ['partners.contoso.com'],
      groups: {
        operators: { members: [{ address: 'msullivan@partners.contoso.com' }] },
        others: { membersFrom: { adGroup: sources.domain } },
      },
    },
  ],
  apps: [
    {
      name: 'expenses',
      displayName: 'Expenses',
      hosting: 'cloud',
      entra: enterpriseApps.plain,
      requires: ['mfa'],
      unmanagedGuests: 'remove',
    },
    {
      name: 'tickets',
      displayName: 'Tickets',
      hosting: 'on-premises',
      proxy: {
        internalUrl: 'https://tickets.corp.contoso.com/',
        externalUrl: 'https://tickets-contoso.msappproxy.net/',
        connectorGroup: 'Headquarters',
      },
      signOn: {
        saml: { identifier: 'https://tickets.corp.contoso.com', replyUrl: 'https://tickets.corp.contoso.com/acs' },
      },
    },
    {
      name: 'payroll',
      displayName: 'Payroll',
      hosting: 'on-premises',
      proxy: {
        internalUrl: 'http://payroll.corp.contoso.com/',
        externalUrl: 'https://payroll-contoso.msappproxy.net/',
        connectorGroup: 'Headquarters',
      },
      signOn: { kerberos: { servicePrincipalName: 'HTTP/payroll.corp.contoso.com' } },
      roles: { user: {}, approver: { adGroup: adGroups.approvers } },
    },
  ],
  accesses: [
    ...['user', 'approver'].map(role => ({
      name: `payroll-${role}`,
      partner: 'fabrikam',
      groups: ['engineers', 'field'],
      app: 'payroll',
      role,
    })),
    { name: 'tickets', partner: 'litware', groups: ['operators', 'others'], app: 'tickets', role: 'user' },
  ],
}

/** The policy applied, and something to do again: a hole would show as changes. */
async function settled(): Promise<{ readonly tenant: Tenant; readonly resolved: ResolvedPolicy }> {
  const tenant = await openTenant(
    { ...nothing, accounts: [found], guests: [stranger], synced: 'as guests' as const },
    firstDay,
  )
  const resolved = await resolve(policy, firstDay)
  await tenant.apply(await tenant.plan(resolved))
  expect((await tenant.plan(resolved)).plan.changes).toEqual([])
  return { tenant, resolved }
}

const stranger = {
  address: 'kim_lo-x@fabrikam.com',
  enabled: true,
  accepted: true,
  by: 'mail',
  renamed: false,
  deleted: false,
  double: false,
  inHandMadeGroup: true,
  assignedByHand: false,
  inSource: true,
} as const

const found = { address: 'lee@fabrikam.com', is: 'from the script', enabled: true, inGroup: true } as const

interface Asked {
  /** The request without what differs from one repetition to the next. */
  readonly key: string
  readonly answer: string
}

const faults: Readonly<Record<string, (answer: string) => Response | undefined>> = {
  'no connection': () => undefined,
  'status 500': () => Response.json({ error: { code: 'InternalServerError', message: 'failed' } }, { status: 500 }),
  'status 403': () => Response.json({ error: { code: 'Authorization_RequestDenied', message: 'no' } }, { status: 403 }),
  'half a body': answer => json(answer.slice(0, Math.floor(answer.length / 2))),
  'an empty body': () => json(''),
  'an empty object': () => json('{}'),
  'no value': answer => json(answer.replaceAll('"value"', '"values"')),
  'a value that is no list': answer => json(answer.replace(/"value":\[.*\]/s, '"value":{}')),
  'a sign-in page': () => new Response('<html>Sign in</html>', { headers: { 'content-type': 'text/html' } }),
  'one failure in a batch': answer => batched(answer, each => ({ ...each, status: 500, body: {} })),
  'one answer of a batch cut': answer => batched(answer, each => ({ ...each, body: undefined })),
  'a batch that is short': answer => batched(answer, () => undefined),
}

function json(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'application/json' } })
}

interface BatchAnswer {
  readonly responses?: readonly Readonly<Record<string, unknown>>[]
}

/** The last answer of the batch changed, or left out; of no batch, cut. */
function batched(
  answer: string,
  change: (each: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>> | undefined,
): Response {
  const { responses } = JSON.parse(answer) as BatchAnswer
  const last = responses?.at(-1)
  if (responses === undefined || last === undefined) return json(answer.slice(0, -1))
  const changed = change(last)
  return json(JSON.stringify({ responses: [...responses.slice(0, -1), ...(changed === undefined ? [] : [changed])] }))
}

/** Passes requests on, and spoils every answer to one of them, however often it is asked. */
function spoiling(
  spoiled: string | undefined,
  fault: (answer: string) => Response | undefined,
  asked?: Asked[],
): typeof fetch {
  let again: string | undefined
  return async (input, init) => {
    const key = `${init?.method ?? 'GET'} ${String(input).replace(/^https?:\/\/[^/]+/, '')} ${String(init?.body ?? '')}`
    const response = await fetch(input, init)
    const answer = await response.clone().text()
    asked?.push({ key, answer })
    if (key !== spoiled && (again === undefined || !key.includes(again))) return response
    again ??= lastOf(key, answer)
    const bad = fault(answer)
    if (bad === undefined)
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) })
    return bad
  }
}

/** Of a batch, what the request asks that is answered last: it is asked again if it failed. */
function lastOf(key: string, answer: string): string | undefined {
  if (!key.startsWith('POST ')) return undefined
  const { requests } = JSON.parse(key.slice(key.indexOf('{'))) as { requests: readonly { id: string; url: string }[] }
  const last = (JSON.parse(answer) as BatchAnswer).responses?.at(-1)
  return requests.find(({ id }) => id === last?.id)?.url
}

/** Graph lets an application see no connector groups: a refusal there is an answer, which the plan's findings tell. */
const mayBeRefused = /\/connectorGroups?\b/

test(
  'law 5: no spoiled answer of Graph makes a plan',
  async () => {
    const { tenant, resolved } = await settled()
    const asked: Asked[] = []
    await tenant.plan(resolved, { fetch: spoiling(undefined, () => undefined, asked) })
    const answers = new Map(asked.map(({ key, answer }) => [key, answer]))
    expect(answers.size).toBeGreaterThan(8)
    const silent: string[] = []
    for (const [request, answer] of answers) {
      for (const [name, fault] of Object.entries(faults)) {
        // Nothing in this answer that could break so.
        if ((await fault(answer)?.text()) === answer) continue
        if (name === 'status 403' && mayBeRefused.test(request)) continue
        const planned = await tenant.plan(resolved, { fetch: spoiling(request, fault) }).catch(() => undefined)
        if (planned !== undefined) silent.push(`${name}: ${request} -> ${planned.plan.changes.length} changes`)
      }
    }
    expect(silent).toEqual([])
    await tenant.close()
  },
  patience,
)

const ldapFaults = [
  [0, 'connection-lost'],
  [1, 'operationsError'],
  [3, 'timeLimitExceeded'],
  [4, 'sizeLimitExceeded'],
  [10, 'referral'],
  [11, 'adminLimitExceeded'],
  [50, 'insufficientAccessRights'],
  [51, 'busy'],
  [52, 'unavailable'],
  [53, 'unwillingToPerform'],
] as const

test(
  'law 5: no failed search makes a plan',
  async () => {
    const { tenant, resolved } = await settled()
    let searches = 0
    const counting: DirectoryReader = {
      search(request) {
        searches += 1
        return tenant.directory.search(request)
      },
    }
    await tenant.plan(resolved, { activeDirectory: counting })
    expect(searches).toBeGreaterThan(4)
    for (let bad = 1; bad <= searches; bad += 1) {
      for (const [status, code] of ldapFaults) {
        let search = 0
        const failing: DirectoryReader = {
          search(request) {
            search += 1
            return search === bad
              ? Promise.reject(new RequestFailure(status, code, code))
              : tenant.directory.search(request)
          },
        }
        await expect(tenant.plan(resolved, { activeDirectory: failing }), `${code} in search ${bad}`).rejects.toThrow()
      }
    }
    await tenant.close()
  },
  patience,
)

test('law 5: a domain that the policy names and nobody can reach is not an empty one', async () => {
  const { tenant, resolved } = await settled()

  await expect(planFrom(resolved, { entra: tenant.connection().reader() })).rejects.toThrow('Active Directory')
  await tenant.close()
})

test('law 5: a unit that is missing is a mistake, not an empty unit', async () => {
  const { tenant } = await settled()
  const units = policy.organization.activeDirectory.organizationalUnits
  for (const unit of ['shadowAccounts', 'archive', 'groups'] as const) {
    const organizationalUnits = { ...units, [unit]: `OU=Nowhere,${root}` }
    const activeDirectory = { ...policy.organization.activeDirectory, organizationalUnits }
    const misnamed = await resolve({ ...policy, organization: { ...policy.organization, activeDirectory } }, firstDay)
    await expect(tenant.plan(misnamed), unit).rejects.toThrow('OU=Nowhere')
  }
  await tenant.close()
})
