// Every property of Graph's `onPremisesPublishing` (beta): those that a policy may set, under plain names; those that the
// publishing of an app writes by itself; and those that no policy sets, with the reason.

import type { App } from '../../model/policy.generated.ts'
import type { Json } from '../../model/resource.ts'

type Proxy = NonNullable<App['proxy']>

export const settings = {
  backendTimeout: 'applicationServerTimeout',
  httpOnlyCookie: 'isHttpOnlyCookieEnabled',
  secureCookie: 'isSecureCookieEnabled',
  persistentCookie: 'isPersistentCookieEnabled',
  translateHostHeader: 'isTranslateHostHeaderEnabled',
  translateLinksInBody: 'isTranslateLinksInBodyEnabled',
  validateBackendCertificate: 'isBackendCertificateValidationEnabled',
  stateSession: 'isStateSessionEnabled',
  continuousAccessEvaluation: 'isContinuousAccessEvaluationEnabled',
  alternateUrl: 'alternateUrl',
  useAlternateUrlForTranslationAndRedirect: 'useAlternateUrlForTranslationAndRedirect',
  dnsResolution: 'isDnsResolutionEnabled',
  privateAccessClient: 'isAccessibleViaZTNAClient',
  trafficRouting: 'trafficRoutingMethod',
  firewallProvider: 'wafProvider',
  firewallAddresses: 'wafIpRanges',
  firewallHeaders: 'wafAllowedHeaders',
} as const satisfies Partial<Record<keyof Proxy, string>>

/** Not settings: app-proxy.ts writes them for every app. */
export const ownProperties: readonly string[] = [
  'internalUrl',
  'externalUrl',
  'externalAuthenticationType',
  'singleSignOnSettings',
]

export const leftOut: Readonly<Record<string, string>> = {
  applicationType: 'read-only',
  isOnPremPublishingEnabled: 'read-only',
  onPremisesApplicationSegments: 'deprecated; superseded by segmentsConfiguration',
  segmentsConfiguration: 'of Global Secure Access: networks and wildcard apps, not one app at one address',
  verifiedCustomDomainCertificatesMetadata: 'read-only',
  verifiedCustomDomainKeyCredential: 'a private key: a person uploads the certificate of a custom domain',
  verifiedCustomDomainPasswordCredential: 'the password of that key',
}

type Setting = keyof typeof settings

/** The settings that the policy names. */
export function namedSettings(proxy: Proxy): Readonly<Record<string, Json>> {
  return collected(key => proxy[key] as Json | undefined)
}

export function settingsIn(publishing: Readonly<Record<string, unknown>>): Readonly<Record<string, Json>> {
  return collected(key => read(key, publishing[settings[key]]))
}

export function settingsFor(spec: Readonly<Record<string, Json | undefined>>): Readonly<Record<string, unknown>> {
  const named = collected(key => spec[key])
  return Object.fromEntries(
    Object.entries(named).map(([key, value]) => [settings[key as Setting], written(key as Setting, value)]),
  )
}

/** One form for every order and spelling. */
export function normalSettings(spec: Readonly<Record<string, Json | undefined>>): Readonly<Record<string, Json>> {
  return collected(key => {
    const value = spec[key]
    return key === 'firewallAddresses' && Array.isArray(value)
      ? value.map(range => String(range).toLowerCase()).toSorted()
      : value
  })
}

function collected(settingOf: (key: Setting) => Json | undefined): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    (Object.keys(settings) as Setting[]).flatMap(key => {
      const value = settingOf(key)
      return value === undefined ? [] : [[key, value] as const]
    }),
  )
}

interface Range {
  readonly cidrAddress?: string
  readonly lowerAddress?: string
  readonly upperAddress?: string
}

function read(key: Setting, value: unknown): Json | undefined {
  if (value === undefined || value === null) return undefined
  switch (key) {
    case 'backendTimeout':
      return String(value).toLowerCase()
    case 'firewallAddresses':
      return (value as readonly Range[]).map(
        ({ cidrAddress, lowerAddress, upperAddress }) => cidrAddress ?? `${lowerAddress}-${upperAddress}`,
      )
    case 'firewallHeaders': {
      const headers = Object.entries(value).filter(([name]) => !name.includes('@odata.'))
      return Object.fromEntries(headers)
    }
    default:
      return value as Json
  }
}

function written(key: Setting, value: Json): unknown {
  if (key !== 'firewallAddresses' || !Array.isArray(value)) return value
  return value.map(range => ({
    '@odata.type': String(range).includes(':') ? '#microsoft.graph.iPv6CidrRange' : '#microsoft.graph.iPv4CidrRange',
    cidrAddress: range,
  }))
}
