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
  const url = app?.spec.proxy?.externalUrl
  const isKept = keeping !== undefined && url === undefined
  const wanted = wantedBy(app, there.alternateUrl)
  const identifiers = settledList(there, 'identifier', there.identifierUris, wanted, isKept)
  const replies = settledList(there, 'reply', there.redirectUris, wanted, isKept)
  const page = settledPage(there, url, isKept)
  const tokens = settledTokens(there, url, isKept)
  const others = there.tags.filter(tag => !isAddressMark(tag))
  const marks = [
    ...identifiers.marks,
    ...replies.marks,
    ...page.marks,
    ...tokens.marks,
    ...publishedMarks(there, name, url, isKept),
    ...samlMarks(there, name, app),
  ]
  return {
    ...there,
    identifierUris: identifiers.value,
    redirectUris: replies.value,
    homePageUrl: page.value,
    idTokens: tokens.value,
    tags: [...others, ...distinct(marks).toSorted()],
  }
}

interface Settled<Type> {
  readonly value: Type
  /** Of what of it is ours. */
  readonly marks: readonly string[]
}

/** What others put there stays in its order; ours follows. */
function settledList(
  there: Addresses,
  what: Value['what'],
  all: readonly string[],
  wanted: readonly Value[],
  isKept: boolean,
): Settled<readonly string[]> {
  const others = all.filter(value => !isAdded(there, what, value))
  const kept = isKept ? all.filter(value => isAdded(there, what, value, ['proxy'])) : []
  const ours = [
    ...wanted.filter(each => each.what === what),
    ...kept.map((value): Value => ({ part: 'proxy', what, value })),
  ].filter(({ value }) => !others.some(other => same(other, value)))
  return {
    value: distinct([...others, ...ours.map(({ value }) => value)]),
    marks: ours.map(({ part, value }) => addedMark(part, what, value)),
  }
}

/** Only where the application has none, or ours. */
function settledPage(there: Addresses, url: string | undefined, isKept: boolean): Settled<string> {
  const { homePageUrl } = there
  const isOurs = isAdded(there, 'home-page', homePageUrl, ['proxy'])
  if (homePageUrl !== '' && !isOurs) return { value: homePageUrl, marks: [] }
  const value = isKept ? homePageUrl : (url ?? '')
  return { value, marks: value === '' ? [] : [addedMark('proxy', 'home-page', value)] }
}

/** Application Proxy signs people in with id tokens. */
function settledTokens(there: Addresses, url: string | undefined, isKept: boolean): Settled<boolean> {
  const isOurs = isAdded(there, 'id-tokens', '', ['proxy'])
  if (there.idTokens && !isOurs) return { value: true, marks: [] }
  const isNeeded = url !== undefined || (isKept && isOurs)
  return { value: isNeeded, marks: isNeeded ? [addedMark('proxy', 'id-tokens', '')] : [] }
}

function publishedMarks(there: Addresses, name: string, url: string | undefined, isKept: boolean): readonly string[] {
  const marks = there.tags.filter(tag => readPublishedMark(tag) !== undefined)
  if (url === undefined) return isKept ? marks : []
  return marks.length > 0 || !there.published ? [publishedMark(name)] : []
}

function samlMarks(there: Addresses, name: string, app: ResolvedApp | undefined): readonly string[] {
  if (app === undefined || samlOf(app) === undefined) return []
  const isModeSet = isModeOurs(there) || there.mode !== 'saml'
  return [samlMark(name), ...(isModeSet ? [addedMark('saml', 'mode', 'saml')] : [])]
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
