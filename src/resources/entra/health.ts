// Whether the tenant is as guestlist needs it: permissions, tenant, clock, people, apps, break-glass groups. All of it is
// read. Of its permissions the access token says which there are; one check that fails stops no other.

import { type Checked, untold, warning, well, wrong } from '../../model/checkup.ts'
import { demandsOf } from '../../model/demands.ts'
import { type Directories, type GraphReader, RequestFailure } from '../../model/directories.ts'
import { graphPath } from '../../model/escape.ts'
import type { ResolvedPolicy } from '../../model/policy.ts'
import { Failure } from '../../model/problem.ts'
import { isPublished } from '../../model/sign-on.ts'
import { type ManagedApp, managedApps } from './managed-apps.ts'
import { checkPermissions, type Identity } from './permissions-held.ts'
import { type Application, readApplications, readServicePrincipals } from './tenant.ts'

export interface TenantPatient {
  readonly entra: GraphReader
  readonly policy: ResolvedPolicy
  readonly identity: Identity | undefined
  /** Milliseconds that Graph's clock is ahead of ours, once it has answered; undefined: not known. */
  readonly ahead: () => number | undefined
}

type Check = (patient: TenantPatient) => Promise<readonly Checked[]>

export async function examineTenant(patient: TenantPatient): Promise<readonly Checked[]> {
  const checks = [
    ...[checkPermissions, checkTenant, checkClock, checkInvitations, checkPeople, checkApps],
    ...[checkConnectors, checkBreakGlass, checkTermsOfUse],
  ]
  const results: Checked[] = []
  // One after the other: their order is the report's.
  for (const check of checks) results.push(...(await attempted(check, patient)))
  return results
}

async function attempted(check: Check, patient: TenantPatient): Promise<readonly Checked[]> {
  try {
    return await check(patient)
  } catch (error) {
    if (!(error instanceof RequestFailure || error instanceof Failure)) throw error
    // Which permission is missing is a line of its own.
    const isRefused = error instanceof RequestFailure && error.status === 403 && patient.identity !== undefined
    const hint = error instanceof Failure && error.hint !== undefined ? { hint: error.hint } : {}
    return [{ status: isRefused ? 'untold' : 'wrong', code: error.code, message: error.message, ...hint }]
  }
}

const checkTenant: Check = async ({ entra, policy, identity }) => {
  const { tenantId, initialDomain } = policy.organization.spec.entra
  const found = await entra.list<{
    readonly id: string
    readonly verifiedDomains?: readonly { readonly name: string; readonly isInitial?: boolean }[]
  }>('/organization', { select: ['id', 'verifiedDomains'] })
  const [organization] = found
  const id = organization?.id.toLowerCase() ?? identity?.tenantId
  if (id === undefined) return [untold('tenant', 'which tenant answers cannot be told')]
  if (id !== tenantId.toLowerCase()) {
    const hint = 'correct entra.tenantId, or use credentials of that tenant'
    return [wrong('other-tenant', `the credentials are for the tenant ${id}, the policy for ${tenantId}`, hint)]
  }
  const initial = organization?.verifiedDomains?.find(domain => domain.isInitial === true)?.name
  if (initial !== undefined && initial.toLowerCase() !== initialDomain.toLowerCase()) {
    const hint = 'guests get principal names in the initial domain: correct entra.initialDomain'
    return [wrong('other-domain', `the tenant's initial domain is ${initial}, the policy's ${initialDomain}`, hint)]
  }
  return [well('tenant', `tenant ${tenantId}, initial domain ${initialDomain}`)]
}

// Tokens are refused by clocks that are further apart.
const mostSkew = 5 * 60_000

const checkClock: Check = async ({ ahead }) => {
  const skew = ahead()
  if (skew === undefined) return [untold('clock', 'the time of Microsoft Graph cannot be told')]
  if (Math.abs(skew) <= mostSkew) return [well('clock', 'clock: as Microsoft Graph has it')]
  const message = `this machine's clock and Microsoft Graph's are ${Math.round(Math.abs(skew) / 60_000)} minutes apart`
  const hint = 'set it by a time service: signing in fails beyond 5 minutes, and days begin and end by this clock'
  return [warning('clock-skew', message, hint)]
}

const checkInvitations: Check = async ({ entra, policy }) => {
  const found = await entra.get<{ allowInvitesFrom?: string }>('/policies/authorizationPolicy')
  const wanted = policy.organization.spec.entra.guests?.invitedBy
  if (wanted === 'nobody') {
    const hint = 'let at least admins invite in entra.guests.invitedBy: User.Invite.All does then'
    return [warning('invitations', 'the policy lets nobody invite, guestlist included', hint)]
  }
  if (found?.allowInvitesFrom !== 'none') return [well('invitations', 'invitations: the tenant takes them')]
  const hint =
    wanted === undefined
      ? 'External collaboration settings, Guest invite settings: allow at least admins; it counts within an hour'
      : 'apply sets it as entra.guests.invitedBy says; it counts within an hour, until when invitations fail'
  return [
    wanted === undefined
      ? wrong('invitations', 'the tenant takes no invitations, from nobody', hint)
      : warning('invitations', 'the tenant takes no invitations yet', hint),
  ]
}

/** Sponsors and owners, who are people of ours. */
const checkPeople: Check = async ({ entra, policy }) => {
  const named = new Map<string, string>()
  for (const { name, spec } of policy.partners.values())
    for (const sponsor of spec.sponsors ?? []) named.set(sponsor.toLowerCase(), `a sponsor of ${name}`)
  for (const { name, spec } of policy.apps.values())
    for (const owner of spec.owners ?? []) named.set(owner.toLowerCase(), `an owner of ${name}`)
  const addresses = [...named.keys()].sort()
  if (addresses.length === 0) return []
  const users = await entra.getEach(
    addresses.map(address => graphPath`/users/${address}`),
    { select: ['id'] },
  )
  const missing = addresses.filter((_, index) => users[index] === undefined)
  if (missing.length === 0) return [well('people', 'sponsors and owners: all in the tenant')]
  return missing.map(address =>
    warning(
      'unknown-person',
      `${address}, ${named.get(address)}, is no user of the tenant`,
      'correct the address: it is a user principal name',
    ),
  )
}

/** Apps that the policy names by id, and whether we may change the apps that are there. */
const checkApps: Check = async patient => {
  const { entra, policy, identity } = patient
  if (policy.apps.size === 0) return []
  const from: Directories = { entra }
  const [principals, applications] = await Promise.all([readServicePrincipals(from), readApplications(from)])
  const registered = new Map(applications.map(found => [found.appId, found]))
  const there = managedApps(policy, principals, registered).filter(({ name }) => policy.apps.has(name))
  const found = new Set(there.map(({ name }) => name))
  const missing = [...policy.apps.values()].filter(app => app.spec.entra !== undefined && !found.has(app.name))
  return [
    ...missing.map(({ name }) =>
      wrong(
        'missing-app',
        `no enterprise application of the tenant has the id of ${name}`,
        `correct entra.appId or entra.servicePrincipalId of ${name}, or add the application`,
      ),
    ),
    ...(await ownership(patient, there, registered)),
    ...(missing.length === 0 && identity === undefined
      ? [well('apps', 'apps that the policy names by id: all there')]
      : []),
  ]
}

async function ownership(
  { entra, policy, identity }: TenantPatient,
  there: readonly ManagedApp[],
  registered: ReadonlyMap<string, Application>,
): Promise<readonly Checked[]> {
  if (identity === undefined || there.length === 0) return []
  const { roles, objectId } = identity
  // Who may only plan changes nothing, and who may change every app needs to own none.
  if (!roles.has('Application.ReadWrite.OwnedBy') || roles.has('Application.ReadWrite.All')) return []
  const changed = there.flatMap(({ name, found }) => {
    const app = policy.apps.get(name)
    const registration = registered.get(found.appId)
    const written =
      app !== undefined && (app.spec.entra === undefined || isPublished(app) || app.spec.signOn !== undefined)
    return [
      { name, what: 'its service principal', path: graphPath`/servicePrincipals/${found.id}/owners` },
      ...(registration !== undefined && written
        ? [{ name, what: 'its registration', path: graphPath`/applications/${registration.id}/owners` }]
        : []),
    ]
  })
  const owners = await entra.listEach<{ id: string }>(
    changed.map(({ path }) => path),
    { select: ['id'] },
  )
  const foreign = changed.filter((_, index) => !(owners[index] ?? []).some(({ id }) => id.toLowerCase() === objectId))
  if (foreign.length === 0) return [well('apps', 'apps that are there already: guestlist owns them')]
  return foreign.map(({ name, what }) =>
    wrong(
      'not-owner',
      `guestlist does not own ${name} (${what}), so it may not change it`,
      'make its service principal an owner; docs/permissions.md has the command',
    ),
  )
}

/** Graph tells applications nothing of connectors, unless the tenant is generous. */
const checkConnectors: Check = async ({ entra, policy }) => {
  const groups = policy.organization.spec.applicationProxy?.connectorGroups ?? []
  if (![...policy.apps.values()].some(isPublished)) return []
  const profile = '/onPremisesPublishingProfiles/applicationProxy'
  try {
    const [known, connectors] = await Promise.all([
      entra.list<{ id: string; name: string }>(`${profile}/connectorGroups`, { version: 'beta' }),
      entra.list<{ machineName: string; status?: string }>(`${profile}/connectors`, { version: 'beta' }),
    ])
    const wrongIds = groups.filter(
      ({ id }) => id !== undefined && !known.some(each => each.id.toLowerCase() === id.toLowerCase()),
    )
    const names = new Set(groups.flatMap(group => (group.connectors ?? []).map(name => name.toLowerCase())))
    const inactive = connectors.filter(
      ({ machineName, status }) => status === 'inactive' && names.has((machineName.split('.')[0] ?? '').toLowerCase()),
    )
    const results = [
      ...wrongIds.map(({ name, id }) =>
        wrong(
          'missing-connector-group',
          `the tenant has no connector group ${id} (${name})`,
          'correct its id in applicationProxy.connectorGroups',
        ),
      ),
      ...inactive.map(({ machineName }) =>
        warning(
          'inactive-connector',
          `the connector ${machineName} is inactive`,
          'start its services, and look at its way to the internet',
        ),
      ),
    ]
    return results.length === 0
      ? [well('connectors', 'connector groups and connectors: as the policy has them')]
      : results
  } catch (error) {
    if (!(error instanceof RequestFailure) || error.status !== 403) throw error
    const names = groups.map(({ name }) => name).join(', ')
    return [
      untold(
        'connectors',
        'connector groups and connectors cannot be read by applications: Graph shows them to people only',
        `a person looks: Entra admin center, Application proxy${names === '' ? '' : `: ${names}`}`,
      ),
    ]
  }
}

const checkBreakGlass: Check = async ({ entra, policy }) => {
  const excluded = policy.organization.spec.entra.conditionalAccess?.excludeGroups ?? []
  if (excluded.length === 0) return []
  const members = await entra.listEach<{ id: string }>(
    excluded.map(id => graphPath`/groups/${id}/members`),
    { select: ['id'] },
  )
  return excluded.map((id, index) => {
    const inside = members[index]
    if (inside === undefined) {
      return wrong(
        'missing-break-glass',
        `no group ${id} is in the tenant (conditionalAccess.excludeGroups)`,
        'correct the object id: Graph refuses the policies with it',
      )
    }
    return inside.length === 0
      ? warning(
          'empty-break-glass',
          `the break-glass group ${id} is empty`,
          'put the emergency accounts into it, or name the right group',
        )
      : well('break-glass', `break-glass group ${id}: there`)
  })
}

const checkTermsOfUse: Check = async ({ policy }) => {
  const demands = [...policy.apps.values()].flatMap(demandsOf).filter(demand => demand.startsWith('terms-of-use:'))
  const ids = [...new Set(demands.map(demand => demand.slice('terms-of-use:'.length)))].sort()
  if (ids.length === 0) return []
  return [
    untold(
      'terms-of-use',
      `terms of use cannot be read by applications: whether ${ids.join(', ')} ${ids.length === 1 ? 'is' : 'are'} there, Graph tells people only`,
      'a person looks: Entra admin center, Conditional Access, Terms of use',
    ),
  ]
}
