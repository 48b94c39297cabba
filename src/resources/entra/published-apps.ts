// The policy's apps, and those that were, with what Application Proxy publishes of them: several kinds ask.

import type { Directories } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import type { ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import { appMark, readPublishedMark } from '../mark.ts'
import { type Addresses, addressesOf } from './addresses.ts'
import { type ManagedApp, managedApps } from './managed-apps.ts'
import { type Application, readApplications, readServicePrincipals } from './tenant.ts'

/** Graph's `onPremisesPublishing` (beta). */
export interface Publishing {
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

export interface FoundApp extends ManagedApp {
  readonly app: ResolvedApp | undefined
  /** Its application object; without one it is registered in another tenant. */
  readonly registered: Application | undefined
  /** The application object is of our making. */
  readonly made: boolean
  /** Undefined: it is not published, or nobody asked. */
  readonly publishing: Publishing | undefined
  readonly addresses: Addresses
}

export async function readApps(from: Directories, policy: ResolvedPolicy): Promise<readonly FoundApp[]> {
  const [servicePrincipals, applications] = await Promise.all([readServicePrincipals(from), readApplications(from)])
  const applicationOf = new Map(applications.map(found => [found.appId, found]))
  const apps = managedApps(policy, servicePrincipals, applicationOf).map(managed => {
    const registered = applicationOf.get(managed.found.appId)
    return {
      ...managed,
      app: policy.apps.get(managed.name),
      registered,
      made: registered?.uniqueName === appMark(managed.mark),
    }
  })
  const asked = apps.flatMap(({ app, registered, made }) => {
    const matters = app === undefined || app.spec.proxy !== undefined || made || isMarked(registered)
    return registered !== undefined && matters ? [registered] : []
  })
  const answers = await from.entra.getEach<{ onPremisesPublishing?: Publishing | null }>(
    asked.map(({ id }) => graphPath`/applications/${id}`),
    { version: 'beta', select: ['id', 'onPremisesPublishing'] },
  )
  const publishingOf = new Map(asked.map(({ id }, index) => [id, answers[index]?.onPremisesPublishing ?? undefined]))
  return apps.map(each => {
    const publishing = publishingOf.get(each.registered?.id ?? '')
    return {
      ...each,
      publishing: publishing?.externalUrl ? publishing : undefined,
      addresses: addressesOf(each.registered ?? {}, each.found, publishing),
    }
  })
}

function isMarked(registered: Application | undefined): boolean {
  return (registered?.tags ?? []).some(tag => readPublishedMark(tag) !== undefined)
}
