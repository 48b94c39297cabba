// An on-premises app published through Application Proxy, with its sign-on. Beta only (`onPremisesPublishing`), sent
// alone; it comes after the app is closed to the unassigned and goes before the app does. What somebody else published
// stays published when the app leaves the policy; what we published does not.

import type { Directories, DirectoryWriters } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import { type Id, ids } from '../../model/id.ts'
import type { FindingAt, Waiting } from '../../model/plan.ts'
import type { ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import type { Assigned, Change, Desired, Json, Observed } from '../../model/resource.ts'
import { kerberosOf, samlOf, signOnOf } from '../../model/sign-on.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { readAppMark, readPublishedMark } from '../mark.ts'
import { addressesIn, isRegistered, observedClaims, settled, wantedClaims, writeAddresses } from './addresses.ts'
import { addressClaim } from './managed-apps.ts'
import { type FoundApp, type Publishing, readApps } from './published-apps.ts'
import { namedSettings, normalSettings, settingsFor, settingsIn } from './publishing-settings.ts'

type AppProxySpec = {
  readonly internalUrl: string
  /** Empty: publishing was interrupted, or its removal. */
  readonly externalUrl: string
  readonly preauthentication: string
  /** As a policy writes it: `{kerberos: …}`, `{header: {}}`. */
  readonly signOn: { readonly [mode: string]: Json }
  /** The application knows the address: people can sign in there. */
  readonly registered: boolean
  /** Names that only one application can have; never compared. */
  readonly addresses?: readonly string[]
} & { readonly [setting: string]: Json | undefined }

const preauthentications = { entra: 'aadPreAuthentication', passthrough: 'passthru' } as const

/** Graph's names of the ways to sign on; Kerberos' has settings of its own. */
const modes: Readonly<Record<string, string>> = {
  kerberos: 'onPremisesKerberos',
  saml: 'saml',
  header: 'aadHeaderBased',
  none: 'none',
}

export const appProxy: ResourceKind<AppProxySpec> = {
  plane: 'entra',
  name: 'app-proxy',
  desire,
  observe,

  normalize: ({ internalUrl, externalUrl, preauthentication, signOn, registered, ...others }) => ({
    internalUrl,
    externalUrl,
    preauthentication,
    ...normalSettings(others),
    signOn,
    registered,
  }),

  risk: change =>
    change.action === 'delete'
      ? 'revoke'
      : change.after?.spec.preauthentication === 'passthrough'
        ? 'privileged'
        : 'grant',

  claims: ({ externalUrl, addresses }) => [
    ...new Set([...(externalUrl ? [addressClaim(externalUrl)] : []), ...(addresses ?? [])]),
  ],

  works: ({ externalUrl, signOn }, wanted) =>
    externalUrl !== '' && (wanted === undefined || modeOf(signOn) === modeOf(wanted.signOn)),

  // The addresses, and what is published there.
  writes: ({ action, differs }) => ({
    directory: action !== 'update' || differs.includes('externalUrl') || differs.includes('registered') ? 2 : 1,
  }),
  perform,
}

function modeOf(signOn: AppProxySpec['signOn']): string | undefined {
  return Object.keys(signOn)[0]
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<AppProxySpec>> {
  for (const app of policy.apps.values()) {
    const proxy = app.spec.proxy
    if (proxy === undefined) continue
    yield {
      id: ids.appProxy(app.name),
      app: app.name,
      needs: [ids.application(app.name)],
      because: [app.origins.proxy],
      spec: {
        internalUrl: proxy.internalUrl,
        externalUrl: proxy.externalUrl,
        preauthentication: proxy.preauthentication ?? 'entra',
        ...namedSettings(proxy),
        signOn: wantedSignOn(app),
        registered: true,
        addresses: wantedClaims(app),
      },
    }
  }
}

function wantedSignOn(app: ResolvedApp): AppProxySpec['signOn'] {
  const kerberos = kerberosOf(app)
  if (kerberos === undefined) return { [signOnOf(app) ?? 'none']: {} }
  const { servicePrincipalName, loginIdentity = 'userPrincipalName' } = kerberos
  return { kerberos: { servicePrincipalName, loginIdentity } }
}

async function observe(from: Directories, policy: ResolvedPolicy): Promise<Observation<AppProxySpec>> {
  const apps = await readApps(from, policy)
  const blocked = apps.flatMap(({ name, app, registered }): Waiting[] => {
    if (registered !== undefined || app?.spec.proxy === undefined) return []
    const message = `${name} is registered in another tenant: only an application of our own can be published`
    return [{ id: ids.appProxy(name), for: 'person', message }]
  })
  const findings = [...policy.apps.values()].flatMap(openToAll)
  return { resources: apps.flatMap(app => observedPublishing(app) ?? []), findings, blocked }
}

function observedPublishing(found: FoundApp): Observed<AppProxySpec> | undefined {
  const { name, app, registered, made, publishing, addresses } = found
  const isMarked = addresses.tags.some(tag => readPublishedMark(tag) !== undefined)
  if (registered === undefined || (publishing === undefined && !isMarked)) return undefined
  const isWanted = app?.spec.proxy !== undefined
  return {
    id: ids.appProxy(name),
    app: name,
    objectId: registered.id,
    // What was published before us stays when the policy wants it no more: others may use it.
    owned: made || isMarked || (isWanted && (found.found.tags ?? []).some(tag => readAppMark(tag) !== undefined)),
    needs: [ids.application(name)],
    spec: {
      ...specOf(publishing ?? {}, app, addresses.mode),
      registered: isRegistered(addresses, app),
      addresses: observedClaims(addresses, app),
    },
  }
}

function specOf(
  publishing: Publishing,
  app: ResolvedApp | undefined,
  principalMode: string,
): Pick<AppProxySpec, 'internalUrl' | 'externalUrl' | 'preauthentication' | 'signOn'> {
  const kerberos = publishing.singleSignOnSettings?.kerberosSignOnSettings
  const mode = publishing.singleSignOnSettings?.singleSignOnMode ?? 'none'
  const name = Object.keys(modes).find(key => modes[key] === mode) ?? mode
  // SAML is a matter of the service principal: what is published may call it none.
  const isSaml = name === 'none' && principalMode === 'saml' && app !== undefined && samlOf(app) !== undefined
  return {
    internalUrl: publishing.internalUrl ?? '',
    externalUrl: publishing.externalUrl ?? '',
    preauthentication:
      publishing.externalAuthenticationType === preauthentications.passthrough ? 'passthrough' : 'entra',
    ...settingsIn(publishing),
    signOn:
      name === 'kerberos'
        ? {
            kerberos: {
              servicePrincipalName: kerberos?.kerberosServicePrincipalName ?? '',
              loginIdentity: kerberos?.kerberosSignOnMappingAttributeType ?? '',
            },
          }
        : { [isSaml ? 'saml' : name]: {} },
  }
}

function openToAll(app: ResolvedApp): readonly FindingAt[] {
  if (app.spec.proxy?.preauthentication !== 'passthrough') return []
  const { displayName, proxy } = app.spec
  return [
    {
      severity: 'warning',
      code: 'passthrough',
      message: `${displayName} asks nobody to sign in: whoever knows ${proxy.externalUrl} reaches it, from anywhere`,
      hint: 'write `preauthentication: entra`, unless the app itself keeps strangers out',
      at: app.origins.proxy,
    },
  ]
}

async function perform(
  { id, app = '', before, after }: Change<AppProxySpec>,
  { entra }: DirectoryWriters,
  assigned: (id: Id) => Assigned,
  policy: ResolvedPolicy,
): Promise<Assigned> {
  const holder = assigned(ids.application(app))
  const registered = before?.objectId ?? holder.related?.application
  if (registered === undefined) throw new Error(`${id} has no application object`)
  const application = graphPath`/applications/${registered}`
  const there = addressesIn(holder)
  const addresses = settled(there, app, policy.apps.get(app))
  if (after === undefined) {
    await entra.patch(application, { onPremisesPublishing: null }, 'beta')
    // Its URI would keep the next app from having this address.
    await writeAddresses(entra, application, there, addresses)
    return { objectId: registered }
  }
  await writeAddresses(entra, application, there, addresses)
  await entra.patch(application, { onPremisesPublishing: publishingOf(after.spec) }, 'beta')
  return { objectId: registered }
}

function publishingOf(spec: AppProxySpec): object {
  const kerberos = spec.signOn.kerberos as { servicePrincipalName: string; loginIdentity: string } | undefined
  return {
    internalUrl: spec.internalUrl,
    externalUrl: spec.externalUrl,
    externalAuthenticationType:
      spec.preauthentication === 'passthrough' ? preauthentications.passthrough : preauthentications.entra,
    ...settingsFor(spec),
    // Always complete: a mode that is left for another must leave nothing behind.
    singleSignOnSettings: {
      singleSignOnMode: modes[modeOf(spec.signOn) ?? 'none'],
      kerberosSignOnSettings:
        kerberos === undefined
          ? null
          : {
              kerberosServicePrincipalName: kerberos.servicePrincipalName,
              kerberosSignOnMappingAttributeType: kerberos.loginIdentity,
            },
    },
  }
}
