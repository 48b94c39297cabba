// An app's side in the tenant: its service principal, closed to everyone who is not assigned. One that is there already is
// adopted by id, and only that setting and our tag are changed; one for an on-premises app is made from nothing.

import { createHash } from 'node:crypto'
import type { GraphWriter } from '../../model/directories.ts'
import { graphPath, odataString } from '../../model/escape.ts'
import type { OwnWrites } from '../../model/estimate.ts'
import { defaultAccess, ids } from '../../model/id.ts'
import type { FindingAt } from '../../model/plan.ts'
import type { ResolvedApp, ResolvedPolicy } from '../../model/policy.ts'
import type { Assigned, Change, Desired, Observed } from '../../model/resource.ts'
import type { Observation, ResourceKind } from '../kind.ts'
import { appMark, isAddressMark, readAppMark } from '../mark.ts'
import { addressesOf, handedOn } from './addresses.ts'
import { relatedRoles, usableRoles } from './app-roles.ts'
import { addressClaim, sharedApplications } from './managed-apps.ts'
import { type FoundApp, readApps } from './published-apps.ts'
import {
  type Application,
  type AppRole,
  readApplications,
  readServicePrincipals,
  type ServicePrincipal,
} from './tenant.ts'

type ApplicationSpec = {
  readonly displayName?: string
  readonly assignmentRequired: boolean
  /** Values of the app roles, sorted; only for an app that we made. */
  readonly appRoles?: readonly string[]
  /** Carries our tag. */
  readonly managed: boolean
  /** The tags that are there; never compared. */
  readonly tags?: readonly string[]
  /** The app roles that are there; never compared. */
  readonly roles?: readonly AppRole[]
  /** Identifier URIs: what is published takes one, that only one application can have; never compared. */
  readonly addresses?: readonly string[]
  /** Made by us; never compared. */
  readonly made?: boolean
}

export const application: ResourceKind<ApplicationSpec> = {
  plane: 'entra',
  name: 'application',
  desire,
  observe,

  normalize: ({ displayName, assignmentRequired, appRoles, managed }) => ({
    ...(displayName === undefined ? {} : { displayName }),
    assignmentRequired,
    ...(appRoles === undefined ? {} : { appRoles: [...appRoles].sort() }),
    managed,
  }),

  // What we did not make stays, closed as it is: only our tag goes.
  retire: ({ spec }) => (spec.made ? 'delete' : { assignmentRequired: spec.assignmentRequired, managed: false }),

  risk({ action, differs }) {
    if (action === 'create') return 'neutral'
    return action === 'delete' || differs.includes('assignmentRequired') ? 'revoke' : 'neutral'
  },
  exposes: ({ assignmentRequired }) => !assignmentRequired,
  claims: spec => (spec.addresses ?? []).map(addressClaim),
  writes,
  perform,
}

function* desire(policy: ResolvedPolicy): Iterable<Desired<ApplicationSpec>> {
  for (const app of [...policy.apps.values()]) {
    const existing = app.spec.entra
    yield {
      id: ids.application(app.name),
      app: app.name,
      needs: [],
      because: [existing === undefined ? app.origin : app.origins.entra],
      ...(existing === undefined
        ? {
            spec: {
              displayName: app.spec.displayName,
              assignmentRequired: true,
              appRoles: namedRoles(app),
              managed: true,
              made: true,
            },
          }
        : {
            spec: { assignmentRequired: true, managed: true },
            awaited: {
              for: 'person',
              message: `no enterprise application with ${'appId' in existing ? `appId ${existing.appId}` : `object id ${existing.servicePrincipalId}`} is in the tenant: add it, or correct the id`,
            },
          }),
    }
  }
}

function namedRoles(app: ResolvedApp): readonly string[] {
  const values = [...app.roles.values()].flatMap(role => role.appRole ?? [])
  return [...new Set(values)].sort()
}

async function observe(
  from: Parameters<ResourceKind['observe']>[0],
  policy: ResolvedPolicy,
): Promise<Observation<ApplicationSpec>> {
  const [apps, servicePrincipals, applications] = await Promise.all([
    readApps(from, policy),
    readServicePrincipals(from),
    readApplications(from),
  ])
  const resources = new Map(apps.map(app => [app.name, observedApp(app)]))
  const applicationOf = new Map(applications.map(application => [application.appId, application]))
  const findings = [
    ...[...policy.apps.values()].flatMap(app => unknownRoles(app, resources.get(app.name))),
    ...sharedApplications(policy, servicePrincipals, applicationOf),
  ]
  return { resources: [...resources.values(), ...orphans(policy, servicePrincipals, applications)], findings }
}

/** What we made, and whose service principal somebody deleted: made whole again if it is wanted, else to go as well. */
function orphans(
  policy: ResolvedPolicy,
  servicePrincipals: readonly ServicePrincipal[],
  applications: readonly Application[],
): readonly Observed<ApplicationSpec>[] {
  const whole = new Set(servicePrincipals.map(found => found.appId))
  return applications.flatMap(({ id, appId, uniqueName, displayName, identifierUris }) => {
    const name = readAppMark(uniqueName ?? '')
    if (name === undefined || whole.has(appId)) return []
    const app = policy.apps.get(name)
    if (app !== undefined && app.spec.entra === undefined) return []
    const spec = { ...(displayName ? { displayName } : {}), assignmentRequired: true, managed: false, made: true }
    const key = app === undefined ? name : `${name} (${id})`
    return [
      {
        id: ids.application(key),
        app: key,
        objectId: id,
        related: { application: id },
        owned: true,
        needs: [],
        spec: { ...spec, addresses: identifierUris ?? [] },
      },
    ]
  })
}

function observedApp({ name, mark, found, registered, made, addresses }: FoundApp): Observed<ApplicationSpec> {
  const owned = (found.tags ?? []).includes(appMark(mark))
  const displayName = made ? registered?.displayName : found.displayName
  const roles = usableRoles(found.appRoles ?? [])
  return {
    id: ids.application(name),
    app: name,
    objectId: found.id,
    lasting: registered?.id ?? found.id,
    name: found.appId,
    related: {
      ...relatedRoles(roles),
      ...(registered === undefined ? {} : { application: registered.id, ...handedOn(addresses) }),
    },
    owned: owned || made,
    needs: [],
    spec: {
      ...(displayName ? { displayName } : {}),
      assignmentRequired: found.appRoleAssignmentRequired === true,
      appRoles: [
        ...roles.flatMap(role => role.value || []),
        ...(made ? leavingRoles(found.appRoles ?? []) : []),
      ].sort(),
      managed: owned,
      tags: found.tags ?? [],
      roles: found.appRoles ?? [],
      addresses: registered?.identifierUris ?? [],
      made,
    },
  }
}

/** Switched off, as Graph wants it before a role goes: a run that ended there leaves them behind. */
function leavingRoles(roles: readonly AppRole[]): readonly string[] {
  return roles.filter(role => role.isEnabled === false).map(role => `${role.value ?? ''} (switched off)`)
}

function unknownRoles(app: ResolvedApp, there: Observed<ApplicationSpec> | undefined): readonly FindingAt[] {
  if (there === undefined || app.spec.entra === undefined) return []
  return [...app.roles.values()].flatMap((role): FindingAt[] => {
    const value = role.appRole ?? defaultAccess
    if (there.related?.[`role:${value}`] !== undefined) return []
    const known = there.spec.appRoles?.map(name => `\`${name}\``).join(', ')
    const what = role.appRole === undefined ? 'no default access' : `no app role \`${role.appRole}\``
    return [
      {
        severity: 'error',
        code: 'unknown-app-role',
        message: `${app.spec.displayName} has ${what} in the tenant; it has ${known || 'none'}`,
        at: role.origin,
      },
    ]
  })
}

function writes({ before, after, differs }: Change<ApplicationSpec>): OwnWrites {
  const registered = before?.related?.application
  if (after === undefined) return { directory: registered === undefined || registered === before?.objectId ? 1 : 2 }
  if (before === undefined) return { directory: 3 }
  const rolesChange = differs.includes('displayName') || differs.includes('appRoles')
  if (registered === undefined || !rolesChange) return { directory: 1 }
  const isLeaving = (before.spec.appRoles ?? []).some(role => !(after.spec.appRoles ?? []).includes(role))
  return { directory: isLeaving ? 3 : 2 }
}

async function perform(change: Change<ApplicationSpec>, { entra }: { entra: GraphWriter }): Promise<Assigned> {
  const { before, after } = change
  if (after === undefined) {
    if (before === undefined) throw new Error(`${change.id} has neither side`)
    const registered = before.related?.application
    if (before.objectId !== registered) await entra.delete(graphPath`/servicePrincipals/${before.objectId}`)
    if (registered !== undefined) await entra.delete(graphPath`/applications/${registered}`)
    return before
  }
  const name = change.app ?? ''
  if (before === undefined) return create(name, after.spec, entra)

  const registered = before.related?.application
  if (registered !== undefined && (change.differs.includes('displayName') || change.differs.includes('appRoles'))) {
    await setRoles(graphPath`/applications/${registered}`, name, before.spec.roles ?? [], after.spec, entra)
  }
  // A service principal shows the application's tags besides its own: those that mark addresses stay there.
  const tags = (before.spec.tags ?? []).filter(tag => readAppMark(tag) === undefined && !isAddressMark(tag))
  await entra.patch(graphPath`/servicePrincipals/${before.objectId}`, {
    appRoleAssignmentRequired: after.spec.assignmentRequired,
    tags: after.spec.managed ? [...tags, appMark(name)] : tags,
  })
  return { ...before, related: { ...before.related, ...madeRoles(name, after.spec) } }
}

async function create(name: string, spec: ApplicationSpec, entra: GraphWriter): Promise<Assigned> {
  const registered = await entra.upsert(graphPath`/applications(uniqueName=${odataString(appMark(name))})`, {
    displayName: spec.displayName,
    signInAudience: 'AzureADMyOrg',
  })
  // One whose service principal somebody deleted has the roles of then.
  const roles = (registered.appRoles ?? []) as readonly AppRole[]
  await setRoles(graphPath`/applications/${registered.id}`, name, roles, spec, entra)
  const appId = String(registered.appId)
  // Closed from its first moment: the setting comes with the creation.
  const principal = await entra.upsert(graphPath`/servicePrincipals(appId=${odataString(appId)})`, {
    appRoleAssignmentRequired: true,
    tags: [appMark(name)],
  })
  const addresses = handedOn(addressesOf(registered as Partial<Application>))
  return {
    objectId: principal.id,
    name: appId,
    related: { application: registered.id, ...addresses, ...madeRoles(name, spec) },
  }
}

async function setRoles(
  path: string,
  name: string,
  there: readonly AppRole[],
  spec: ApplicationSpec,
  entra: GraphWriter,
): Promise<void> {
  const wanted = roleObjects(name, spec.appRoles ?? [])
  const leaving = there.filter(role => !wanted.some(({ id }) => id === role.id))
  // Graph removes a role only after it was disabled.
  if (leaving.length > 0) {
    await entra.patch(path, { appRoles: [...wanted, ...leaving.map(role => ({ ...role, isEnabled: false }))] })
  }
  await entra.patch(path, { displayName: spec.displayName, appRoles: wanted })
}

/** With the role for default access, also when it is the only one: an assignment to it outlives those that come and go. */
function roleObjects(app: string, values: readonly string[]): readonly AppRole[] {
  const named = values.map(value => ({ value, displayName: value, description: `${value}, kept by guestlist` }))
  const standard = { value: null, displayName: 'User', description: 'Default access, kept by guestlist' }
  return [standard, ...named].map(role => ({
    ...role,
    id: roleId(app, role.value),
    isEnabled: true,
    allowedMemberTypes: ['User'],
  }))
}

/** The same role has the same id in every run. */
function roleId(app: string, value: string | null): string {
  const hash = createHash('sha256')
    .update(`${appMark(app)}\n${value ?? ''}`)
    .digest('hex')
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `4${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join('-')
}

function madeRoles(app: string, spec: ApplicationSpec): Record<string, string> {
  return spec.made === true ? relatedRoles(roleObjects(app, spec.appRoles ?? [])) : {}
}
