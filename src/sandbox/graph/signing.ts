// Certificates with which a service principal signs SAML assertions. Of each pair of keys the sandbox keeps what Graph shows
// in a list: never the key itself.

import { createHash } from 'node:crypto'
import { badRequest, invalidValue, malformed } from './errors.ts'
import type { Item } from './match.ts'
import { type Entity, listOf, type Tenant } from './tenant.ts'

const threeYears = 3 * 366 * 86_400_000

/** As Graph answers the making of a certificate, and what the service principal has from then on. */
export function newSigningCertificate(
  tenant: Tenant,
  principal: Entity,
  body: Item,
): { readonly certificate: Item; readonly credentials: Item } {
  const unknown = Object.keys(body).find(name => name !== 'displayName' && name !== 'endDateTime')
  if (unknown !== undefined) throw malformed(`The parameter '${unknown}' is not known.`)
  const { displayName, endDateTime } = body
  if (typeof displayName !== 'string' || !displayName.startsWith('CN='))
    throw badRequest('The display name of a signing certificate must start with CN=.')
  const startDateTime = tenant.timestamp()
  const latest = Date.parse(startDateTime) + threeYears
  const end = endDateTime === undefined || endDateTime === null ? latest : Date.parse(String(endDateTime))
  if (Number.isNaN(end) || end <= Date.parse(startDateTime) || end > latest)
    throw invalidValue('endDateTime', 'selfSignedCertificate')
  const digest = createHash('sha1').update(tenant.newId()).digest()
  const pair = {
    customKeyIdentifier: digest.toString('base64'),
    displayName,
    endDateTime: new Date(end).toISOString(),
    startDateTime,
  }
  const signing = { ...pair, keyId: tenant.newId(), key: null, type: 'X509CertAndPassword', usage: 'Sign' }
  const verifying = { ...pair, keyId: tenant.newId(), key: null, type: 'AsymmetricX509Cert', usage: 'Verify' }
  const password = { ...pair, keyId: signing.keyId, hint: null, secretText: null }
  return {
    certificate: { ...verifying, thumbprint: digest.toString('hex').toUpperCase() },
    credentials: {
      keyCredentials: [...listOf(principal.keyCredentials), signing, verifying],
      passwordCredentials: [...listOf(principal.passwordCredentials), password],
    },
  }
}

/** Who says with which certificate to sign names one that is there. */
export function checkSigningKey(principal: Item, changes: Item): void {
  const { preferredTokenSigningKeyThumbprint: chosen } = changes
  if (chosen === undefined || chosen === null) return
  const thumbprints = (listOf(principal.keyCredentials) as readonly Item[]).map(({ customKeyIdentifier }) =>
    Buffer.from(String(customKeyIdentifier), 'base64').toString('hex').toUpperCase(),
  )
  if (!thumbprints.includes(String(chosen).toUpperCase()))
    throw invalidValue('preferredTokenSigningKeyThumbprint', 'ServicePrincipal')
}
