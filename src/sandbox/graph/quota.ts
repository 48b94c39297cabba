// Quotas as Entra's part of Graph has them: every request, alone or in a $batch, takes from the buckets of what it asks for,
// and gets 429 when one is empty. Sources: Microsoft Graph's page on throttling limits, as of 2026-02-06; its page on
// throttling, for the answer. Left out, as a run of guestlist never gets there: limits over all tenants of an application,
// and over all applications of a tenant.

import { responsesIn } from './batch.ts'
import { type Bucket, createBucket } from './quota-bucket.ts'
import { costOf } from './quota-costs.ts'
import { type Answer, type GraphRequest, refused } from './request.ts'
import type { Delivery, Layer } from './server.ts'

export const tenantSizes = ['small', 'medium', 'large'] as const

/** small: fewer than 50 users, medium: up to 500, large: more. */
export type TenantSize = (typeof tenantSizes)[number]

export interface QuotaOptions {
  readonly size: TenantSize
  /** Milliseconds from any fixed point. */
  readonly elapsed: () => number
  /** Not documented either way: taken for granted. */
  readonly invitationsAreWrites?: boolean
  /** Of a $batch with items that were throttled: documented both ways. */
  readonly batchStatus?: 200 | 424
}

type Lane = 'directory' | 'writes' | 'invitations' | 'conditionalAccess'

/** What was asked for since the beginning. */
export interface Usage {
  requests: number
  writes: number
  units: number
  throttled: number
  readonly lanes: Readonly<Record<Lane, { requests: number; throttled: number }>>
}

export interface Quota {
  readonly layer: Layer
  readonly delivery: (next: Delivery) => Delivery
  readonly usage: Usage
}

/** Resource units in ten seconds, per application and tenant. */
const units: Readonly<Record<TenantSize, number>> = { small: 3500, medium: 5000, large: 8000 }

export function createQuota(options: QuotaOptions): Quota {
  const { size, elapsed, invitationsAreWrites = true, batchStatus = 200 } = options
  const bucket = (burst: number, perSecond: number): Bucket => createBucket({ burst, perSecond }, elapsed)
  const buckets: Readonly<Record<Lane, Bucket>> = {
    directory: bucket(units[size], units[size] / 10),
    // 3 000 in 150 seconds, per application and tenant.
    writes: bucket(3000, 20),
    // 150 in 5 seconds, per tenant.
    invitations: bucket(150, 30),
    // Per tenant, and all applications together.
    conditionalAccess: bucket(1, 1),
  }
  const unused = () => ({ requests: 0, throttled: 0 })
  const usage: Usage = {
    requests: 0,
    writes: 0,
    units: 0,
    throttled: 0,
    lanes: { directory: unused(), writes: unused(), invitations: unused(), conditionalAccess: unused() },
  }

  /** What a request takes, and of what. */
  const chargesOf = (request: GraphRequest): ReadonlyMap<Lane, number> => {
    if (/^\/identity\/conditionalAccess(\/|$)/i.test(request.path)) return new Map([['conditionalAccess', 1]])
    const isInvitation = /^\/invitations(\/|$)/i.test(request.path)
    const cost = costOf(request)
    const writes = isInvitation && !invitationsAreWrites ? 0 : cost.writes
    return new Map<Lane, number>([
      ['directory', cost.units],
      ...(writes === 0 ? [] : [['writes', writes] as const]),
      ...(isInvitation ? [['invitations', 1] as const] : []),
    ])
  }

  const layer: Layer = (request, next) => {
    const charges = chargesOf(request)
    usage.requests += 1
    usage.writes += charges.get('writes') ?? 0
    usage.units += charges.get('directory') ?? 0
    let longest: { readonly lane: Lane; readonly wait: number } | undefined
    for (const [lane, amount] of charges) {
      usage.lanes[lane].requests += 1
      const wait = buckets[lane].take(amount)
      if (wait === 0) continue
      usage.lanes[lane].throttled += 1
      if (wait > (longest?.wait ?? 0)) longest = { lane, wait }
    }
    if (longest !== undefined) {
      usage.throttled += 1
      return throttled(request, longest.lane, longest.wait)
    }
    const answer = next(request)
    const cost = charges.get('directory')
    if (cost === undefined) return answer
    const used = Math.max(...[...charges.keys()].map(lane => buckets[lane].used()))
    return {
      ...answer,
      headers: {
        ...answer.headers,
        'x-ms-resource-unit': String(cost),
        ...(used > 0.8 ? { 'x-ms-throttle-limit-percentage': used.toFixed(2) } : {}),
      },
    }
  }

  const delivery = (next: Delivery): Delivery =>
    batchStatus === 200
      ? next
      : (request, answer, unwanted) => next(request, () => failedAsWhole(request, answer()), unwanted)

  return { layer, delivery, usage }
}

const someone = '00000000-0000-0000-0000-000000000000'

const told: Readonly<Record<Lane, Readonly<Record<string, string>>>> = {
  directory: {
    'x-ms-throttle-scope': `Tenant_Application/ReadWrite/${someone}/${someone}`,
    'x-ms-throttle-information': 'ResourceUnitLimitExceeded',
  },
  writes: {
    'x-ms-throttle-scope': `Tenant_Application/Write/${someone}/${someone}`,
    'x-ms-throttle-information': 'WriteLimitExceeded',
  },
  invitations: { 'x-ms-throttle-scope': `Tenant/ReadWrite/${someone}/${someone}` },
  conditionalAccess: {},
}

function throttled(request: GraphRequest, lane: Lane, wait: number): Answer {
  const answer = refused(request, 429, 'TooManyRequests', 'Please retry again later.', {
    code: '429',
    status: '429',
    message: 'Please retry after',
  })
  // Conditional Access does not say how long to wait.
  const retryAfter = lane === 'conditionalAccess' ? {} : { 'retry-after': (wait / 1000).toFixed(3) }
  return { ...answer, headers: { ...retryAfter, ...told[lane] } }
}

function failedAsWhole(request: GraphRequest, answer: Answer): Answer {
  const isThrottled = responsesIn(answer).some(({ status }) => status === 429)
  return request.path.toLowerCase() === '/$batch' && isThrottled ? { ...answer, status: 424 } : answer
}
