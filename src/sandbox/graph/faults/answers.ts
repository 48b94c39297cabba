// The answers that a fault gives in place of Graph's. Sources: Microsoft Graph's pages on errors and throttling; what they
// leave open is as others have seen it.

import { resyncRequired } from '../delta.ts'
import { uuidOf } from '../ids.ts'
import { type Answer, type GraphRequest, refused } from '../request.ts'
import type { FaultRule, GraphFault, SpecialFault, StatusFault } from './kinds.ts'

const errors: Readonly<Record<StatusFault, readonly [code: string, message: string]>> = {
  403: ['Authorization_RequestDenied', 'Insufficient privileges to complete the operation.'],
  409: [
    'Directory_ConcurrencyViolation',
    'Error due to concurrent requests being made to the tenant. Please wait briefly and retry.',
  ],
  423: ['Locked', 'The resource is locked.'],
  429: ['TooManyRequests', 'Please retry again later.'],
  500: ['InternalServerError', 'An internal server error occurred.'],
  502: ['BadGateway', 'The server got no valid answer from another one.'],
  503: ['ServiceUnavailable', 'The service is temporarily unavailable.'],
  504: ['GatewayTimeout', 'The server got no answer in time from another one.'],
}

export function errorAnswer(status: StatusFault, request: GraphRequest, { retryAfter }: FaultRule): Answer {
  const [code, message] = errors[status]
  const answer = refused(request, status, code, message)
  return retryAfter === undefined ? answer : { ...answer, headers: { 'retry-after': String(retryAfter) } }
}

export function expiredToken(request: GraphRequest): Answer {
  return refused(request, 401, 'InvalidAuthenticationToken', 'Lifetime validation failed, the token is expired.')
}

/** A page of a gateway, or of a proxy in between. */
export function webPage(status: number): Answer {
  const title = status === 200 ? 'Sign in to your network' : status === 404 ? 'Not Found' : 'Bad Gateway'
  const body = `<!DOCTYPE html>\r\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\r\n`
  return { status, body, headers: { 'content-type': 'text/html; charset=utf-8' } }
}

const leftOut = 'x-sandbox-left-out'

/** Of an item that the answer to its batch leaves out. */
export function isMissing(headers: Answer['headers']): boolean {
  return headers?.[leftOut] !== undefined
}

const creating =
  /^\/(users|groups|applications|servicePrincipals|invitations|applicationTemplates\/[^/]+\/instantiate)$/i

/** Whether such a request can get such an answer at all. */
export function fits(fault: GraphFault, { method, path, inBatch }: GraphRequest): boolean {
  switch (fault) {
    case 409:
      return method !== 'GET'
    case 'resync':
      return method === 'GET' && /\/delta(\(\))?$/i.test(path)
    case 'invitation-error':
    case 'phantom':
      return method === 'POST' && /^\/invitations$/i.test(path)
    case 'directory-full':
      return method === 'POST' && creating.test(path)
    case 'missing':
      return inBatch === true
    default:
      return true
  }
}

/** `carryOut` does what was asked, and gives the answer to it. */
export function specialAnswer(fault: SpecialFault, request: GraphRequest, carryOut?: () => Answer): Answer {
  switch (fault) {
    case 'missing':
      return { ...(carryOut?.() ?? { status: 503 }), headers: { [leftOut]: 'true' } }
    case 'resync':
      return resyncRequired(request)
    case 'directory-full':
      return refused(
        request,
        403,
        'Directory_QuotaExceeded',
        'The directory object quota limit for the Tenant has been exceeded. Please ask your administrator to increase the quota limit or delete objects to reduce the used quota.',
      )
    case 'phantom':
      return invitation(request, 'PendingAcceptance')
    case 'invitation-error': {
      const answer = carryOut?.()
      if (answer === undefined) return invitation(request, 'Error')
      return answer.status === 201 ? { ...answer, body: { ...(answer.body as object), status: 'Error' } } : answer
    }
  }
}

/** The answer to an invitation that nobody got, with the id of a user who is not there. */
function invitation(request: GraphRequest, status: string): Answer {
  const asked = (request.body ?? {}) as Readonly<Record<string, unknown>>
  const address = String(asked.invitedUserEmailAddress)
  const body = {
    '@odata.context': `${request.root}/$metadata#invitations/$entity`,
    id: uuidOf('phantom invitation', address),
    inviteRedeemUrl: 'https://login.microsoftonline.com/redeem?rd=',
    invitedUserDisplayName: asked.invitedUserDisplayName ?? null,
    invitedUserEmailAddress: address,
    invitedUserType: 'Guest',
    inviteRedirectUrl: asked.inviteRedirectUrl ?? null,
    sendInvitationMessage: asked.sendInvitationMessage ?? false,
    resetRedemption: false,
    status,
    invitedUser: { id: uuidOf('phantom', address) },
  }
  return { status: 201, body }
}
