// What an access token says of its holder. Read to tell what is missing, never to decide, and never shown: of the token itself
// nothing leaves this file but these claims.

import { field } from './explain-failure.ts'

export interface Claims {
  /** Application permissions, as granted when the token was made. */
  readonly roles: ReadonlySet<string>
  readonly tenantId: string | undefined
  /** Of the application. */
  readonly appId: string | undefined
  /** Of its service principal: what owns an app that guestlist makes. */
  readonly objectId: string | undefined
}

/** Undefined if the token is none that can be read. */
export function readClaims(token: string): Claims | undefined {
  const claims = parse(token.split('.')[1] ?? '')
  const roles = field(claims, 'roles')
  const text = (name: string): string | undefined => {
    const value = field(claims, name)
    return typeof value === 'string' ? value.toLowerCase() : undefined
  }
  if (claims === undefined) return undefined
  return {
    // An application without any permission has no such claim.
    roles: new Set(Array.isArray(roles) ? roles.filter(role => typeof role === 'string') : []),
    tenantId: text('tid'),
    appId: text('appid') ?? text('azp'),
    objectId: text('oid'),
  }
}

function parse(part: string): unknown {
  try {
    const claims: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof claims === 'object' && claims !== null ? claims : undefined
  } catch {
    return undefined
  }
}
