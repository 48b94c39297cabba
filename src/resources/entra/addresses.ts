// The identifier URIs and reply URLs of an application. Publishing and SAML share them, so that both write the same whole set:
// what was there before the run, without what we added and nobody wants any more, with what the policy wants of either.

import type { GraphWriter } from '../../model/directories.ts'
import type { ResolvedApp } from '../../model/policy.ts'
import type { Assigned } from '../../model/resource.ts'
import { samlOf } from '../../model/sign-on.ts'
import { addedMark, isAddressMark, publishedMark, readPublishedMark, readSamlMark, samlMark } from '../mark.ts'
import { addressClaim } from './managed-apps.ts'
import type { Application, ServicePrincipal } from './tenant.ts'

export interface Addresses {
  readonly identifierUris: readonly string[]
  readonly redirectUris: readonly string[]
  readonly homePageUrl: string
  readonly idTokens: boolean
  readonly tags: readonly string[]
  /** The service principal's sign-on mode; empty for none. */
  readonly mode: string
  readonly published: boolean
  /** As it is published; empty for none. */
  readonly alternateUrl: string
}

type Part = 'proxy' | 'saml'

interface Value {
  readonly part: Part
  readonly what: 'identifier' | 'reply'
  readonly value: string
}

export function addressesOf(
  application: Pick<Application, 'identifierUris' | 'web' | 'tags'>,
  servicePrincipal: Pick<ServicePrincipal, 'preferredSingleSignOnMode'> = {},
  publishing: { readonly externalUrl?: string | null; readonly alternateUrl?: unknown } = {},
): Addresses {
  const { identifierUris = [], web, tags = [] } = application
  return {
    identifierUris,
    redirectUris: web?.redirectUris ?? [],
    homePageUrl: web?.homePageUrl ?? '',
    idTokens: web?.implicitGrantSettings?.enableIdTokenIssuance === true,
    tags,
    mode: servicePrincipal.preferredSingleSignOnMode ?? '',
    published: Boolean(publishing.externalUrl),
    alternateUrl: typeof publishing.alternateUrl === 'string' ? publishing.alternateUrl : '',
  }
}

/** What an application hands on to the kinds that write its addresses: as they were before the run. */
export function handedOn(addresses: Addresses): Readonly<Record<string, string>> {
  return { addresses: JSON.stringify(addresses) }
}

export function addressesIn({ related }: Assigned): Addresses {
  return related?.addresses === undefined ? addressesOf({}) : (JSON.parse(related.addresses) as Addresses)
}

/** Identifier URIs have no slash at their end. */
export function identifierOf(url: string): string {
  return url.replace(/\/$/, '')
}

export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** `alternateUrl`: as it is, for a policy that leaves it alone. */
function wantedBy(app: ResolvedApp | undefined, alternateUrl = ''): readonly Value[] {
  const proxy = app?.spec.proxy
  const saml = app === undefined ? undefined : samlOf(app)
  return [
    ...(saml === undefined
      ? []
      : [
          { part: 'saml', what: 'identifier', value: saml.identifier } as const,
          { part: 'saml', what: 'reply', value: saml.replyUrl } as const,
        ]),
    ...(proxy === undefined
      ? []
      : [
          { part: 'proxy', what: 'identifier', value: identifierOf(proxy.externalUrl) } as const,
          ...[proxy.externalUrl, proxy.alternateUrl ?? alternateUrl]
            .filter(value => value !== '')
            .map(value => ({ part: 'proxy', what: 'reply', value }) as const),
        ]),
  ]
}

/** Whether people can sign in at the addresses that publishing needs. */
export function isRegistered(there: Addresses, app: ResolvedApp | undefined): boolean {
  const listed = { identifier: there.identifierUris, reply: there.redirectUris }
  const proxy = wantedBy(app).filter(({ part }) => part === 'proxy')
  return there.idTokens && proxy.every(({ what, value }) => listed[what].some(each => same(each, value)))
}

/** Names of the addresses that the policy wants; only one application at a time can have each. */
export function wantedClaims(app: ResolvedApp): readonly string[] {
  return wantedBy(app).flatMap(({ what, value }) => (what === 'identifier' ? [addressClaim(value)] : []))
}

/** Of those that are there, the ones that are wanted, or ours to give up. */
export function observedClaims(there: Addresses, app: ResolvedApp | undefined): readonly string[] {
  const wanted = app === undefined ? [] : wantedClaims(app)
  return there.identifierUris
    .filter(uri => wanted.includes(addressClaim(uri)) || isAdded(there, 'identifier', uri))
    .map(addressClaim)
}

/** Whether a value was not there before we added it. */
export function isAdded(
  { tags }: Addresses,
  what: string,
  value: string,
  parts: readonly Part[] = ['proxy', 'saml'],
): boolean {
  return parts.some(part => tags.includes(addedMark(part, what, value)))
}

/** Whether it was we who set the sign-on mode. */
export function isModeOurs(there: Addresses): boolean {
  return isAdded(there, 'mode', 'saml', ['saml'])
}

/**
 * The addresses as the policy wants them, with the marks of what is ours. `keeping`: the part that is still to be taken
 * away after this.
 */
export function settled(there: Addresses, name: string, app: ResolvedApp | undefined, keeping?: 'proxy'): Addresses {
  const values = wantedBy(app, there.alternateUrl)
  const url = app?.spec.proxy?.externalUrl
  const kept = keeping !== undefined && url === undefined
  const list = (what: Value['what'], all: readonly string[]): readonly [readonly string[], readonly string[]] => {
    const strangers = all.filter(value => !isAdded(there, what, value))
    const ours = [
      ...values.filter(value => value.what === what),
      ...(kept ? all.filter(value => isAdded(there, what, value, ['proxy'])) : []).map(
        (value): Value => ({ part: 'proxy', what, value }),
      ),
    ].filter(({ value }) => !strangers.some(stranger => same(stranger, value)))
    const marks = ours.map(({ part, value }) => addedMark(part, what, value))
    return [distinct([...strangers, ...ours.map(({ value }) => value)]), marks]
  }
  const [identifierUris, identifierMarks] = list('identifier', there.identifierUris)
  const [redirectUris, replyMarks] = list('reply', there.redirectUris)

  const isHomeOurs = isAdded(there, 'home-page', there.homePageUrl, ['proxy'])
  const ownHome = kept && isHomeOurs ? there.homePageUrl : (url ?? '')
  const homePageUrl = isHomeOurs || there.homePageUrl === '' ? ownHome : there.homePageUrl
  const areTokensOurs = isAdded(there, 'id-tokens', '', ['proxy'])
  const needTokens = url !== undefined || (kept && areTokensOurs)
  const isPublishedByUs = there.tags.some(tag => readPublishedMark(tag) !== undefined) || !there.published
  const wantsSaml = app !== undefined && samlOf(app) !== undefined
  return {
    ...there,
    identifierUris,
    redirectUris,
    homePageUrl,
    idTokens: needTokens || (there.idTokens && !areTokensOurs),
    tags: [
      ...there.tags.filter(tag => !isAddressMark(tag)),
      ...distinct([
        ...identifierMarks,
        ...replyMarks,
        ...(homePageUrl !== '' && (isHomeOurs || there.homePageUrl === '')
          ? [addedMark('proxy', 'home-page', homePageUrl)]
          : []),
        ...(needTokens && (areTokensOurs || !there.idTokens) ? [addedMark('proxy', 'id-tokens', '')] : []),
        ...(wantsSaml && (isModeOurs(there) || there.mode !== 'saml') ? [addedMark('saml', 'mode', 'saml')] : []),
        ...(url !== undefined && isPublishedByUs ? [publishedMark(name)] : []),
        ...(kept ? there.tags.filter(tag => readPublishedMark(tag) !== undefined) : []),
        ...(wantsSaml ? [samlMark(name)] : []),
      ]).toSorted(),
    ],
  }
}

function distinct(values: readonly string[]): readonly string[] {
  return values.filter((value, index) => values.findIndex(other => same(other, value)) === index)
}

/** The mark of SAML, if it is there. */
export function isSamlOurs({ tags }: Pick<Addresses, 'tags'>): boolean {
  return tags.some(tag => readSamlMark(tag) !== undefined)
}

/** One request, of what differs; none if nothing does. The marks come and go with what they mark. */
export async function writeAddresses(
  entra: GraphWriter,
  path: string,
  before: Addresses,
  after: Addresses,
): Promise<void> {
  const differs = (key: keyof Addresses): boolean => JSON.stringify(before[key]) !== JSON.stringify(after[key])
  const web = {
    ...(differs('redirectUris') ? { redirectUris: after.redirectUris } : {}),
    ...(differs('homePageUrl') ? { homePageUrl: after.homePageUrl === '' ? null : after.homePageUrl } : {}),
    ...(differs('idTokens') ? { implicitGrantSettings: { enableIdTokenIssuance: after.idTokens } } : {}),
  }
  const body = {
    ...(differs('identifierUris') ? { identifierUris: after.identifierUris } : {}),
    ...(Object.keys(web).length > 0 ? { web } : {}),
    ...(differs('tags') ? { tags: after.tags } : {}),
  }
  if (Object.keys(body).length > 0) await entra.patch(path, body)
}
