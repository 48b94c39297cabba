// What belongs to one owner only: domains and tenants to partners, addresses and services to apps, and to each the name by which
// people know it.

import { canonicalDn } from '../model/escape.ts'
import type { Problem } from '../model/problem.ts'
import type { Checked } from './check.ts'
import { faultAt, originAt, step } from './document.ts'
import { type Claim, onlyOnce } from './unique.ts'

type Report = (problem: Problem) => void
type Organization = Checked<'Organization'> | undefined

export function checkPartnerClaims(
  partners: Iterable<Checked<'Partner'>>,
  organization: Organization,
  report: Report,
): void {
  const claimDomain = onlyOnce(
    'domain-claimed-twice',
    (domain, owner) => `${domain} is a domain of ${owner} already`,
    report,
  )
  const claimTenant = onlyOnce('same-tenant', (_, owner) => `this is the tenant of ${owner} already`, report)
  const claimDisplayName = displayNames(report)
  for (const { name, spec, document } of partners) {
    if (spec.displayName !== undefined) claimDisplayName(spec.displayName, name, document, '/displayName')
    spec.domains?.forEach((domain, index) => {
      if (domain === undefined) return
      if (isOurs(domain, '/entra/initialDomain', document, `/domains/${index}`)) return
      claimDomain(domain, name, document, `/domains/${index}`)
    })
    if (spec.tenantId !== undefined && !isOurs(spec.tenantId, '/entra/tenantId', document, '/tenantId')) {
      claimTenant(spec.tenantId, name, document, '/tenantId')
    }
    if (spec.tenantId === undefined && spec.trust !== undefined) {
      const message = `\`trust\` has no effect without the \`tenantId\` of ${name}`
      report(
        faultAt(document, '/trust', 'key', {
          severity: 'warning',
          code: 'no-effect',
          message,
          hint: 'name the tenant whose word is trusted',
        }),
      )
    }
  }

  function isOurs(
    value: string,
    ours: '/entra/initialDomain' | '/entra/tenantId',
    document: Checked['document'],
    pointer: string,
  ): boolean {
    const { tenantId, initialDomain } = organization?.spec.entra ?? {}
    const own = ours === '/entra/tenantId' ? tenantId : initialDomain
    if (organization === undefined || own === undefined || value.toLowerCase() !== own.toLowerCase()) return false
    const what = ours === '/entra/tenantId' ? 'tenant' : 'domain'
    const see = originAt(organization.document, ours)
    report(
      faultAt(document, pointer, 'value', {
        severity: 'error',
        code: `own-${what}`,
        message: `this is our own ${what}, not a partner's`,
        hint: 'it is ours here:',
        see,
      }),
    )
    return true
  }
}

/** A plan tells who gains what by the names that people read. */
function displayNames(report: Report): Claim {
  const wording = (shown: string, owner: string) => `\`${shown}\` is what people read of ${owner} already`
  return onlyOnce('same-display-name', wording, report, 'warning')
}

export function checkAppClaims(apps: Iterable<Checked<'App'>>, report: Report): void {
  const claimUrl = onlyOnce('same-external-url', (url, owner) => `${url} publishes ${owner} already`, report)
  const claimService = onlyOnce(
    'same-service',
    (service, owner) => `${service} is the service of ${owner} already`,
    report,
  )
  const claimGroup = onlyOnce(
    'same-ad-group',
    (_, owner) => `this is the group of a role of ${owner} already: who is in it has the rights of both`,
    report,
    'warning',
  )
  const claimApplication = onlyOnce('same-application', (_, owner) => `this application is ${owner} already`, report)
  const claimDisplayName = displayNames(report)
  for (const { name, spec, document } of apps) {
    if (spec.displayName !== undefined) claimDisplayName(spec.displayName, name, document, '/displayName')
    const externalUrl = spec.proxy?.externalUrl
    if (externalUrl !== undefined) claimUrl(externalUrl, name, document, '/proxy/externalUrl')
    const service = spec.signOn?.kerberos?.servicePrincipalName
    if (service !== undefined) claimService(service, name, document, '/signOn/kerberos/servicePrincipalName')
    for (const [role, parts] of Object.entries(spec.roles ?? {})) {
      const group = parts?.adGroup
      if (group !== undefined) claimGroup(canonicalDn(group), name, document, `/roles${step(role)}/adGroup`)
    }
    for (const key of ['appId', 'servicePrincipalId'] as const) {
      const id = spec.entra?.[key]
      if (id !== undefined) claimApplication(id, name, document, `/entra/${key}`)
    }
  }
}
