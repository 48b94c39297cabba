// Which service principals are the policy's apps, or were: several kinds ask.

import type { FindingAt } from '../../model/plan.ts'
import type { ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import { appMark, readAppMark, readPublishedMark, readSamlMark } from '../mark.ts'
import type { Application, ServicePrincipal } from './tenant.ts'

export interface ManagedApp {
  /** As ids name it: the policy's name, or one that tells it apart from the app that has the name now. */
  readonly name: string
  /** As marks name it. */
  readonly mark: string
  readonly found: ServicePrincipal
}

/** One service principal for each app: the policy's by its id or by what we made, and those that carry our mark. */
export function managedApps(
  policy: ResolvedPolicy,
  servicePrincipals: readonly ServicePrincipal[],
  applicationOf: ReadonlyMap<string, Application>,
): readonly ManagedApp[] {
  const apps = new Map<string, ManagedApp>()
  const taken = new Set<string>()
  const add = (name: string, mark: string, found: ServicePrincipal): void => {
    apps.set(name, { name, mark, found })
    taken.add(found.id)
  }
  const applied = [...policy.apps.values()]
  for (const app of applied) {
    const found = servicePrincipals.find(candidate => isApp(app, candidate, applicationOf.get(candidate.appId)))
    if (found !== undefined && !taken.has(found.id)) add(app.name, app.name, found)
  }
  // The policy's id decides: a tag that stands on another application does not make it the app. What we made goes before
  // a copy of its tag.
  const marked = servicePrincipals.flatMap(found => {
    const registered = applicationOf.get(found.appId)
    const made = readAppMark(registered?.uniqueName ?? '')
    const mark = made ?? markOf(found.tags ?? [], readAppMark) ?? leftOver(registered)
    return mark === undefined || taken.has(found.id) ? [] : [{ found, mark, made: made !== undefined }]
  })
  marked.sort((a, b) => Number(b.made) - Number(a.made) || (a.found.id < b.found.id ? -1 : 1))
  for (const { found, mark } of marked) {
    if (!policy.apps.has(mark)) add(apps.has(mark) ? `${mark} (${found.id})` : mark, mark, found)
    else if (applied.some(app => app.name === mark)) add(`${mark} (${found.id})`, mark, found)
  }
  return [...apps.values()]
}

/** Findings with code `guardrail/same-application`: rules and limits of the one app would say nothing of what the other opens. */
export function sharedApplications(
  policy: ResolvedPolicy,
  servicePrincipals: readonly ServicePrincipal[],
  applicationOf: ReadonlyMap<string, Application>,
): readonly FindingAt[] {
  const found = [...policy.apps.values()].flatMap(app => {
    const same = servicePrincipals.find(candidate => isApp(app, candidate, applicationOf.get(candidate.appId)))
    return same === undefined ? [] : [{ app, same }]
  })
  return [...Map.groupBy(found, ({ same }) => same.id).values()].flatMap(([first, ...others]) =>
    others.map(({ app, same }) => ({
      severity: 'error' as const,
      code: 'guardrail/same-application',
      message: `${app.name} is the same application in Entra ID as ${first?.app.name}: ${same.displayName ?? same.appId}`,
      hint: 'an app of the policy has an application of its own: leave one of the two out',
      at: app.origins.entra,
    })),
  )
}

function markOf(tags: readonly string[], read: (tag: string) => string | undefined): string | undefined {
  return tags.map(read).find(name => name !== undefined)
}

/** Of an app that is no longer looked after, as long as something that we did to it is still to be taken away. */
function leftOver(registered: Application | undefined): string | undefined {
  const tags = registered?.tags ?? []
  return markOf(tags, readPublishedMark) ?? markOf(tags, readSamlMark)
}

/** The name of an address among those that one application at a time can have. */
export function addressClaim(url: string): string {
  return `address ${url.toLowerCase().replace(/\/$/, '')}`
}

function isApp(app: ResolvedApp, found: ServicePrincipal, registered: Application | undefined): boolean {
  const existing = app.spec.entra
  if (existing === undefined) return registered?.uniqueName === appMark(app.name)
  if ('appId' in existing) return found.appId.toLowerCase() === existing.appId?.toLowerCase()
  return found.id.toLowerCase() === existing.servicePrincipalId?.toLowerCase()
}
