// How people sign on to an app, as several rooms ask.

import type { ResolvedApp, ResolvedPolicy } from './policy.ts'

export type SignOn = 'kerberos' | 'saml' | 'header' | 'none'

/** Undefined: a cloud app that sees to it by itself. */
export function signOnOf(app: ResolvedApp): SignOn | undefined {
  const [name] = Object.keys(app.spec.signOn ?? {})
  return name as SignOn | undefined
}

/** On premises, signed on to by Kerberos. */
export function isKerberos(app: ResolvedApp): boolean {
  return kerberosOf(app) !== undefined
}

export function kerberosOf(
  app: ResolvedApp,
): { servicePrincipalName: string; loginIdentity?: string; delegation?: string } | undefined {
  const { signOn } = app.spec
  return signOn !== undefined && 'kerberos' in signOn ? signOn.kerberos : undefined
}

export function samlOf(app: ResolvedApp): { identifier: string; replyUrl: string } | undefined {
  const { signOn } = app.spec
  return signOn !== undefined && 'saml' in signOn ? signOn.saml : undefined
}

/** How connectors come to sign people in to a Kerberos app. */
export function delegationOf(app: ResolvedApp): string | undefined {
  const kerberos = kerberosOf(app)
  return kerberos === undefined ? undefined : (kerberos.delegation ?? 'constrained')
}

/** Whether it is published through Application Proxy. */
export function isPublished(app: ResolvedApp): boolean {
  return app.spec.proxy !== undefined
}

/** Whether a person assigns each app role's group once, and guestlist keeps its members only. */
export function isPreAssigned(policy: ResolvedPolicy): boolean {
  return policy.organization.spec.entra.assignments === 'pre-assigned'
}
