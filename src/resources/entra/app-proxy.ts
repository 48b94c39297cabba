// An on-premises app published through Application Proxy, with its sign-on. Beta only (`onPremisesPublishing`), sent
// alone; it comes after the app is closed to the unassigned and goes before the app does.

import { type Directories, type DirectoryWriters, RequestFailure } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { type Id, ids } from '../../model/id.ts'
import type { FindingAt, Waiting } from '../../model/plan.ts'
import type { ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import type { Assigned, Change, Desired, Json, Observed } from '../../model/resource.ts'
import { kerberosOf } from '../../model/sign-on.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { appMark, readAppMark } from '../mark.ts'
import { addressClaim, managedApps } from './managed-apps.ts'
import { type Application, readApplications, readServicePrincipals } from './tenant.ts'

type AppProxySpec = {
  readonly internalUrl: string
  readonly externalUrl: string
  readonly preauthentication: string
  readonly signOn: Json
  /** Object id of the connector group; left out, the one it has is left alone. */
  readonly connectorGroup?: string
} & { readonly [setting: string]: Json | undefined }

interface Publishing {
  readonly internalUrl?: string | null
  readonly externalUrl?: string | null
  readonly externalAuthenticationType?: string | null
  readonly singleSignOnSettings?: {
    readonly singleSignOnMode?: string | null
    readonly kerberosSignOnSettings?: {
      readonly kerberosServicePrincipalName?: string | null
      readonly kerberosSignOnMappingAttributeType?: string | null
    } | null
  } | null
  readonly [property: string]: unknown
}

interface Addresses {
  readonly identifierUris?: readonly string[]
  readonly web?: { readonly redirectUris?: readonly string[] } | null
}

/** The policy's names of further settings, and Graph's (beta, `onPremisesPublishing`). */
const settings = {
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
} as const

const preauthentications = { entra: 'aadPreAuthentication', passthrough: 'passthru' } as const

export const appProxy: ResourceKind<AppProxySpec> = {
  plane: 'entra',
  name: 'app-proxy',
  desire,
  observe,
  normalize: spec => spec,
  risk: change =>
    change.action === 'delete'
      ? 'revoke'
      : change.after?.spec.preauthentication === 'passthrough'
        ? 'privileged'
        : 'grant',
  claims: ({ externalUrl }) => (externalUrl === undefined ? [] : [addressClaim(externalUrl)]),
  works: ({ signOn }) => typeof signOn === 'object' && signOn !== null && 'servicePrincipalName' in signOn,
  perform,
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<AppProxySpec>> {
  for (const app of [...policy.apps.values()]) {
    const proxy = app.spec.proxy
    const kerberos = kerberosOf(app)
    if (proxy === undefined || kerberos === undefined) continue
    const named = Object.keys(settings).flatMap(key => {
      const value = proxy[key as keyof typeof settings]
      return value === undefined ? [] : [[key, value] as const]
    })
    const connectorGroup = connectorGroupOf(app, policy)
    yield {
      id: ids.appProxy(app.name),
      app: app.name,
      needs: [ids.application(app.name)],
      because: [app.origins.proxy],
      spec: {
        internalUrl: proxy.internalUrl,
        externalUrl: proxy.externalUrl,
        preauthentication: proxy.preauthentication ?? 'entra',
        ...Object.fromEntries(named),
        signOn: {
          servicePrincipalName: kerberos.servicePrincipalName,
          loginIdentity: kerberos.loginIdentity ?? 'userPrincipalName',
        },
        ...(connectorGroup === undefined ? {} : { connectorGroup }),
      },
    }
  }
}

/** The id of the connector group that the policy names; undefined where a person sees to it. */
function connectorGroupOf(app: ResolvedApp, policy: ResolvedPolicy): string | undefined {
  const groups = policy.organization.spec.applicationProxy?.connectorGroups ?? []
  return groups.find(group => group.name === app.spec.proxy?.connectorGroup)?.id?.toLowerCase()
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<AppProxySpec>> {
  const [servicePrincipals, applications] = await Promise.all([readServicePrincipals(from), readApplications(from)])
  const applicationOf = new Map(applications.map(found => [found.appId, found]))
  const blocked: Waiting[] = []
  const published = managedApps(policy, servicePrincipals, applicationOf).flatMap(({ name, mark, found }) => {
    const registered = applicationOf.get(found.appId)
    const app = policy.apps.get(name)
    if (registered === undefined && app?.spec.proxy !== undefined) {
      const message = `${name} is registered in another tenant: only an application of our own can be published`
      blocked.push({ id: ids.appProxy(name), for: 'person', message })
    }
    const looked = app === undefined || app.spec.proxy !== undefined
    if (registered === undefined || !looked) return []
    // An adopted app that left the policy keeps its publishing: others may use it.
    const made = registered.uniqueName === appMark(mark)
    return [{ name, app, registered, owned: made || (app !== undefined && (found.tags ?? []).some(isOwnTag)) }]
  })
  const answers = await from.entra.getEach<{ onPremisesPublishing?: Publishing | null }>(
    published.map(({ registered }) => graphPath`/applications/${registered.id}`),
    { version: 'beta', select: ['id', 'onPremisesPublishing'] },
  )
  const resources: Observed<AppProxySpec>[] = []
  const findings: FindingAt[] = []
  for (const [index, { name, app, registered, owned }] of published.entries()) {
    const publishing = answers[index]?.onPremisesPublishing
    if (!publishing?.externalUrl) continue
    const wanted = app === undefined ? undefined : connectorGroupOf(app, policy)
    const group = wanted === undefined ? undefined : await readConnectorGroup(from, registered, wanted)
    if (group?.unreadable === true && app !== undefined) findings.push(unverified(app))
    resources.push({
      id: ids.appProxy(name),
      app: name,
      objectId: registered.id,
      owned,
      needs: [ids.application(name)],
      spec: { ...specOf(publishing), ...(group?.id === undefined ? {} : { connectorGroup: group.id }) },
    })
  }
  return { resources, findings, blocked }
}

function isOwnTag(tag: string): boolean {
  return readAppMark(tag) !== undefined
}

function specOf(publishing: Publishing): AppProxySpec {
  const kerberos = publishing.singleSignOnSettings?.kerberosSignOnSettings
  const mode = publishing.singleSignOnSettings?.singleSignOnMode ?? 'none'
  const named = Object.entries(settings).flatMap(([key, property]) => {
    const value = publishing[property]
    if (value === undefined || value === null) return []
    return [[key, key === 'backendTimeout' ? String(value).toLowerCase() : (value as Json)] as const]
  })
  return {
    internalUrl: publishing.internalUrl ?? '',
    externalUrl: publishing.externalUrl ?? '',
    preauthentication:
      publishing.externalAuthenticationType === preauthentications.passthrough ? 'passthrough' : 'entra',
    ...Object.fromEntries(named),
    signOn:
      mode === 'onPremisesKerberos'
        ? {
            servicePrincipalName: kerberos?.kerberosServicePrincipalName ?? '',
            loginIdentity: kerberos?.kerberosSignOnMappingAttributeType ?? '',
          }
        : { mode },
  }
}

/** Graph's permission map gives applications no right to read this; where it is refused the policy's word is taken. */
async function readConnectorGroup(
  from: Directories,
  { id }: Application,
  wanted: string,
): Promise<{ id?: string; unreadable?: boolean }> {
  try {
    const group = await from.entra.get<{ id: string }>(graphPath`/applications/${id}/connectorGroup`, {
      version: 'beta',
      select: ['id'],
    })
    return group === undefined ? {} : { id: group.id.toLowerCase() }
  } catch (error) {
    if (error instanceof RequestFailure && error.status === 403) return { id: wanted, unreadable: true }
    throw error
  }
}

function unverified(app: ResolvedApp): FindingAt {
  return {
    severity: 'warning',
    code: 'connector-group-unread',
    message: `the tenant does not let an application read which connector group ${app.name} uses`,
    hint: `a person makes sure that it is ${app.spec.proxy?.connectorGroup}: Entra admin center, Enterprise applications, ${app.spec.displayName}, Application proxy`,
    at: app.origins.proxy,
  }
}

async function perform(
  change: Change<AppProxySpec>,
  { entra }: DirectoryWriters,
  assigned: (id: Id) => Assigned,
  policy: ResolvedPolicy,
): Promise<Assigned> {
  const { before, after } = change
  if (after === undefined) {
    if (before === undefined) throw new Error(`${change.id} has neither side`)
    const application = graphPath`/applications/${before.objectId}`
    await entra.patch(application, { onPremisesPublishing: null }, 'beta')
    // Its URI would keep the next app from having this address.
    await entra.patch(application, { identifierUris: [] })
    return before
  }
  const registered = before?.objectId ?? assigned(ids.application(change.app ?? '')).related?.application
  if (registered === undefined) throw new Error(`${change.id} has no application object`)
  const application = graphPath`/applications/${registered}`
  const { externalUrl, connectorGroup } = after.spec
  if (change.differs.includes('externalUrl')) {
    const adopted = policy.apps.get(change.app ?? '')?.spec.entra !== undefined
    const there = adopted ? await entra.get<Addresses>(application, { select: ['id', 'identifierUris', 'web'] }) : {}
    await entra.patch(application, addressed(there ?? {}, before?.spec.externalUrl, externalUrl))
  }
  if (change.differs.some(key => key !== 'connectorGroup')) {
    await entra.patch(application, { onPremisesPublishing: publishingOf(after.spec) }, 'beta')
  }
  if (connectorGroup !== undefined && change.differs.includes('connectorGroup')) {
    const target = graphPath`/onPremisesPublishingProfiles/applicationProxy/connectorGroups/${connectorGroup}`
    await entra.setReference(`${application}/connectorGroup`, target, 'beta').catch(tolerateRefusal)
  }
  return { objectId: registered }
}

/** What sign-in goes by. An adopted application has addresses of its own besides, which stay. */
function addressed({ identifierUris, web }: Addresses, before: string | undefined, after: string): object {
  const identifier = (url: string): string => url.replace(/\/$/, '')
  const replaced = (list: readonly string[] | undefined, old: string | undefined, url: string): readonly string[] => [
    ...(list ?? []).filter(each => each !== old && each !== url),
    url,
  ]
  return {
    identifierUris: replaced(identifierUris, before === undefined ? undefined : identifier(before), identifier(after)),
    web: {
      redirectUris: replaced(web?.redirectUris, before, after),
      homePageUrl: after,
      implicitGrantSettings: { enableIdTokenIssuance: true, enableAccessTokenIssuance: false },
    },
  }
}

/** Where the tenant leaves connector groups to people, a finding of every plan says so. */
function tolerateRefusal(error: unknown): void {
  if (!(error instanceof RequestFailure) || error.status !== 403) throw error
}

function publishingOf(spec: AppProxySpec): object {
  const named = Object.entries(settings).flatMap(([key, property]) =>
    spec[key] === undefined ? [] : [[property, spec[key]] as const],
  )
  const signOn = spec.signOn as { servicePrincipalName: string; loginIdentity: string }
  return {
    internalUrl: spec.internalUrl,
    externalUrl: spec.externalUrl,
    externalAuthenticationType:
      spec.preauthentication === 'passthrough' ? preauthentications.passthrough : preauthentications.entra,
    ...Object.fromEntries(named),
    singleSignOnSettings: {
      singleSignOnMode: 'onPremisesKerberos',
      kerberosSignOnSettings: {
        kerberosServicePrincipalName: signOn.servicePrincipalName,
        kerberosSignOnMappingAttributeType: signOn.loginIdentity,
      },
    },
  }
}
