// Which service principals are the policy's apps, or were: several kinds ask.

import type { ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import { appliedApps } from '../../model/supported.ts'
import { appMark, readAppMark } from '../mark.ts'
import type { Application, ServicePrincipal } from './tenant.ts'

export interface ManagedApp {
  readonly name: string
  readonly found: ServicePrincipal
}

/** One service principal for each app: the policy's by its id or by what we made, and those that carry our tag. */
export function managedApps(
  policy: ResolvedPolicy,
  servicePrincipals: readonly ServicePrincipal[],
  applicationOf: ReadonlyMap<string, Application>,
): readonly ManagedApp[] {
  const apps = new Map<string, ManagedApp>()
  const taken = new Set<string>()
  const add = (name: string, found: ServicePrincipal): void => {
    if (apps.has(name) || taken.has(found.id)) return
    apps.set(name, { name, found })
    taken.add(found.id)
  }
  for (const app of appliedApps(policy)) {
    const found = servicePrincipals.find(candidate => isApp(app, candidate, applicationOf.get(candidate.appId)))
    if (found !== undefined) add(app.name, found)
  }
  // The policy's id decides: a tag that stands on another application does not make it the app.
  for (const found of servicePrincipals) {
    const name = (found.tags ?? []).map(readAppMark).find(mark => mark !== undefined)
    if (name !== undefined && !policy.apps.has(name)) add(name, found)
  }
  return [...apps.values()]
}

function isApp(app: ResolvedApp, found: ServicePrincipal, registered: Application | undefined): boolean {
  const existing = app.spec.entra
  if (existing === undefined) return registered?.uniqueName === appMark(app.name)
  if ('appId' in existing) return found.appId.toLowerCase() === existing.appId?.toLowerCase()
  return found.id.toLowerCase() === existing.servicePrincipalId?.toLowerCase()
}
