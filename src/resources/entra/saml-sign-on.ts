// An app's sign-on by SAML: the mode on the service principal, identifier and reply URL on the application, with Application
// Proxy and without. An app that we make gets a certificate to sign with; of any other only what the policy names is changed,
// and what we added is taken away when the app leaves.

import type { Directories, DirectoryWriters, GraphReader, GraphWriter } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { type Id, ids } from '../../model/id.ts'
import type { FindingAt, Waiting } from '../../model/plan.ts'
import type { ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import type { Assigned, Change, Desired, Observed } from '../../model/resource.ts'
import { isPublished, samlOf } from '../../model/sign-on.ts'
import { isoOf } from '../../model/time.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import {
  addressesIn,
  isAdded,
  isModeOurs,
  isSamlOurs,
  observedClaims,
  same,
  settled,
  wantedClaims,
  writeAddresses,
} from './addresses.ts'
import { type FoundApp, readApps } from './published-apps.ts'
import { type Application, readApplications } from './tenant.ts'

type SamlSignOnSpec = {
  /** The service principal's; `none` if it has none. */
  readonly mode: string
  /** The entity id. */
  readonly identifier: string
  /** The assertion consumer service. */
  readonly replyUrl: string
  /** A certificate to sign with is there and chosen; only asked of an app that we made. */
  readonly certificate?: boolean
  /** Of the certificate that signs; never compared. */
  readonly thumbprint?: string
  readonly expires?: string
  /** Names that only one application can have; never compared. */
  readonly addresses?: readonly string[]
}

interface Signing {
  readonly keyCredentials?: readonly {
    readonly customKeyIdentifier?: string | null
    readonly endDateTime?: string | null
    readonly usage?: string | null
  }[]
  readonly preferredTokenSigningKeyThumbprint?: string | null
}

interface Certificate {
  readonly thumbprint: string
  readonly expires: string
  /** The service principal says that it signs with this one. */
  readonly chosen: boolean
}

const day = 86_400_000
/** So long before its end a certificate is a finding. */
const notice = 60 * day
const lifetime = 3 * 365 * day

export const samlSignOn: ResourceKind<SamlSignOnSpec> = {
  plane: 'entra',
  name: 'saml-sign-on',
  desire,
  observe,
  normalize: ({ addresses: _addresses, ...spec }) => spec,
  risk: change => (change.action === 'delete' ? 'revoke' : 'grant'),
  claims: ({ addresses }) => addresses ?? [],

  works: ({ mode, identifier, replyUrl }, wanted) =>
    mode === 'saml' &&
    (wanted === undefined || (same(identifier, wanted.identifier) && same(replyUrl, wanted.replyUrl))),

  // The addresses, the certificate, and the mode with the certificate's name.
  writes: ({ action, differs }) => ({
    directory: action === 'delete' ? 2 : 2 + (differs.includes('certificate') ? 1 : 0),
  }),
  perform,
}

const signingProperties = ['id', 'keyCredentials', 'preferredTokenSigningKeyThumbprint'] as const

function* desire(policy: ResolvedPolicy): Iterable<Desired<SamlSignOnSpec>> {
  for (const app of policy.apps.values()) {
    const saml = samlOf(app)
    if (saml === undefined) continue
    yield {
      id: ids.samlSignOn(app.name),
      app: app.name,
      needs: [ids.application(app.name), ...(isPublished(app) ? [ids.appProxy(app.name)] : [])],
      because: [app.origins.signOn],
      spec: {
        mode: 'saml',
        identifier: saml.identifier,
        replyUrl: saml.replyUrl,
        ...(getsCertificate(app, policy) ? { certificate: true } : {}),
        addresses: wantedClaims(app),
      },
    }
  }
}

/** One that is there already may sign with the tenant's key, which the app trusts: it keeps what it has. */
function getsCertificate(app: ResolvedApp, policy: ResolvedPolicy): boolean {
  return app.spec.entra === undefined && isGlobal(policy)
}

/** Only there does Graph make certificates. */
function isGlobal({ organization }: ResolvedPolicy): boolean {
  return (organization.spec.entra.cloud ?? 'global') === 'global'
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<SamlSignOnSpec>> {
  const [all, applications] = await Promise.all([readApps(from, policy), readApplications(from)])
  const strangers = applications.filter(({ id }) => !all.some(({ registered }) => registered?.id === id))
  const apps = all.filter(({ registered, ...found }) => registered !== undefined && isOfInterest(found))
  const signing = await from.entra.getEach<Signing>(
    apps.map(({ found }) => graphPath`/servicePrincipals/${found.id}`),
    { select: signingProperties },
  )
  const resources = apps.map((found, index): Observed<SamlSignOnSpec> => {
    const there = observedSignOn(found, certificateOf(signing[index] ?? {}))
    const message = takenBy(strangers, found.app)
    return message === undefined ? there : { ...there, refused: { code: 'identifier-taken', message } }
  })
  const findings = resources.flatMap(({ app = '', spec }) => signingFindings(policy.apps.get(app), spec, policy))
  const there = new Set(apps.map(({ name }) => name))
  const taken = [...policy.apps.values()].flatMap((app): Waiting[] => {
    const message = there.has(app.name) ? undefined : takenBy(strangers, app)
    return message === undefined ? [] : [{ id: ids.samlSignOn(app.name), for: 'person', message }]
  })
  const foreign = all.flatMap(({ name, app, registered }): Waiting[] => {
    if (registered !== undefined || app === undefined || samlOf(app) === undefined) return []
    const message = `${name} is registered in another tenant, which alone can give it an identifier and a reply URL: leave out \`signOn\``
    return [{ id: ids.samlSignOn(name), for: 'person', message }]
  })
  return { resources, findings, blocked: [...taken, ...foreign] }
}

/** An identifier is one application's in the tenant: why an app of the policy cannot have its own. */
function takenBy(strangers: readonly Application[], app: ResolvedApp | undefined): string | undefined {
  const identifier = app === undefined ? undefined : samlOf(app)?.identifier
  const holder = strangers.find(({ identifierUris = [] }) =>
    identifierUris.some(uri => identifier !== undefined && same(uri, identifier)),
  )
  if (app === undefined || holder === undefined) return undefined
  return `the application ${holder.displayName ?? holder.appId} has the identifier ${identifier}, which ${app.name} is to have: name that application as \`entra\` of ${app.name}, or take the identifier away from it`
}

/** Wanted, ours, or what another sign-on that the policy names takes the place of. */
function isOfInterest({ app, addresses }: Pick<FoundApp, 'app' | 'addresses'>): boolean {
  return (app !== undefined && samlOf(app) !== undefined) || isSamlOurs(addresses) || isReplaced(app, addresses.mode)
}

function isReplaced(app: ResolvedApp | undefined, mode: string): boolean {
  return app !== undefined && isPublished(app) && samlOf(app) === undefined && mode === 'saml'
}

function observedSignOn(found: FoundApp, certificate: Certificate | undefined): Observed<SamlSignOnSpec> {
  const { name, app, made, addresses } = found
  const wanted = app === undefined ? undefined : samlOf(app)
  // What we added once and the policy wants no more goes before what is there of its wishes: it is still to be taken away.
  const pick = (what: string, there: readonly string[], one: string | undefined): string => {
    const isWanted = (each: string): boolean => one !== undefined && same(each, one)
    const former = there.find(each => !isWanted(each) && isAdded(addresses, what, each, ['saml']))
    return former ?? there.find(isWanted) ?? there[0] ?? ''
  }
  return {
    id: ids.samlSignOn(name),
    app: name,
    objectId: found.found.id,
    owned: made || isSamlOurs(addresses) || isReplaced(app, addresses.mode),
    needs: [ids.application(name), ids.appProxy(name)],
    spec: {
      mode: addresses.mode || 'none',
      identifier: pick('identifier', addresses.identifierUris, wanted?.identifier),
      replyUrl: pick('reply', addresses.redirectUris, wanted?.replyUrl),
      certificate: certificate?.chosen === true,
      ...(certificate === undefined ? {} : { thumbprint: certificate.thumbprint, expires: certificate.expires }),
      addresses: observedClaims(addresses, app),
    },
  }
}

/** The one that signs: as the service principal says, or else the one that lasts longest. */
function certificateOf({
  keyCredentials = [],
  preferredTokenSigningKeyThumbprint: chosen,
}: Signing): Certificate | undefined {
  const certificates = keyCredentials
    .filter(({ usage, customKeyIdentifier }) => usage === 'Verify' && customKeyIdentifier)
    .map(({ customKeyIdentifier, endDateTime }): Certificate => {
      // SHA-1 of the certificate, which is its thumbprint.
      const thumbprint = Buffer.from(customKeyIdentifier ?? '', 'base64')
        .toString('hex')
        .toUpperCase()
      return { thumbprint, expires: endDateTime ?? '', chosen: same(thumbprint, chosen ?? '') }
    })
    .sort((a, b) => Number(b.chosen) - Number(a.chosen) || Date.parse(b.expires) - Date.parse(a.expires))
  return certificates[0]
}

function signingFindings(
  app: ResolvedApp | undefined,
  spec: SamlSignOnSpec,
  policy: ResolvedPolicy,
): readonly FindingAt[] {
  if (app === undefined || samlOf(app) === undefined) return []
  const { displayName } = app.spec
  const place = `Entra admin center, Enterprise applications, ${displayName}, Single sign-on, SAML certificates`
  const warning = (message: string, hint: string): readonly FindingAt[] => [
    { severity: 'warning', code: 'signing-certificate', message, hint, at: app.origins.signOn },
  ]
  if (spec.expires === undefined) {
    if (app.spec.entra !== undefined || isGlobal(policy)) return []
    const message = `${displayName} has no certificate of its own to sign with, and in this cloud a person makes it`
    return warning(message, place)
  }
  const left = Date.parse(spec.expires) - policy.at
  if (Number.isNaN(left) || left > notice) return []
  const days = Math.floor(left / day)
  const when = left < 0 ? 'has expired' : `expires in ${days} ${days === 1 ? 'day' : 'days'}`
  return warning(
    `the certificate that signs SAML assertions for ${displayName} ${when} (${spec.expires.slice(0, 10)}, thumbprint ${spec.thumbprint})`,
    `make a new one and give it to the app before it signs: ${place}`,
  )
}

async function perform(
  change: Change<SamlSignOnSpec>,
  { entra, now }: DirectoryWriters,
  assigned: (id: Id) => Assigned,
  policy: ResolvedPolicy,
): Promise<Assigned> {
  const { id, app = '', before, after } = change
  const holder = assigned(ids.application(app))
  const registered = holder.related?.application
  if (registered === undefined) throw new Error(`${id} has no application object`)
  const application = graphPath`/applications/${registered}`
  const principal = graphPath`/servicePrincipals/${before?.objectId ?? holder.objectId}`
  const there = addressesIn(holder)
  const wanted = policy.apps.get(app)
  if (after === undefined) {
    const isOver = isModeOurs(there) || isReplaced(wanted, there.mode)
    if (isOver) await entra.patch(principal, { preferredSingleSignOnMode: null })
    // Publishing goes after this, with what it needs. A new address comes with it, which another app may have until then.
    const after = settled(there, app, wanted, 'proxy')
    const isNew = after.identifierUris.some(uri => !there.identifierUris.some(each => same(each, uri)))
    if (!isNew) await writeAddresses(entra, application, there, after)
    return { objectId: before?.objectId ?? holder.objectId }
  }
  await writeAddresses(entra, application, there, settled(there, app, wanted))
  const needsCertificate = after.spec.certificate === true && change.differs.includes('certificate')
  const thumbprint = needsCertificate
    ? (before?.spec.thumbprint ?? (await addCertificate(entra, principal, app, now)))
    : undefined
  await entra.patch(principal, {
    preferredSingleSignOnMode: 'saml',
    ...(thumbprint === undefined ? {} : { preferredTokenSigningKeyThumbprint: thumbprint }),
  })
  return { objectId: before?.objectId ?? holder.objectId }
}

/** The service makes the key and keeps it: nobody else ever sees it. */
async function addCertificate(entra: GraphWriter, principal: string, app: string, now: number): Promise<string> {
  const body = { displayName: `CN=${app}`, endDateTime: isoOf(now + lifetime) }
  const find = async (from: GraphReader): Promise<{ readonly thumbprint: string } | undefined> =>
    certificateOf((await from.get<Signing>(principal, { select: signingProperties })) ?? {})
  const { thumbprint } = await entra.post(`${principal}/addTokenSigningCertificate`, body, { find, first: true })
  return thumbprint
}
