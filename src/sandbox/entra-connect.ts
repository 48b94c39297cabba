// A simulated Entra Connect: one sync of the domain's user accounts to the tenant, on demand. What it has brought to the
// cloud it remembers, as the connector space of the real one does: nobody else's users are ever deleted.

import type { DumpedObject } from './directory/dump.ts'
import { restore, softDelete } from './graph/deletion.ts'
import type { Item } from './graph/match.ts'
import { type Entity, openTenant, type Tenant } from './graph/tenant.ts'
import type { Store } from './store.ts'

/** Whose accounts become guests: the synchronisation rule that `guestlist connect-rule` prints. */
export interface UserTypeRule {
  readonly attribute: string
  readonly value: string
}

export interface Sync {
  readonly graph: Store
  readonly clock: () => number
  /** `corp.contoso.com` */
  readonly domain: string
  /** Every object of the domain. */
  readonly directory: readonly DumpedObject[]
  /** Without it everybody arrives as a member. */
  readonly rule?: UserTypeRule
}

export type Synced =
  | {
      readonly what: 'created' | 'joined' | 'restored' | 'updated' | 'deleted'
      readonly user: string
      readonly userType: string
    }
  | { readonly what: 'refused'; readonly user: string; readonly message: string }

interface Connected {
  readonly userId: string
}

type Attributes = DumpedObject['attributes']

/** What happened, account by account; those that are as they were are left out. */
export function syncAccounts({ graph, clock, domain, directory, rule }: Sync): readonly Synced[] {
  const tenant = openTenant(graph, clock)
  const space = graph.collection<Connected>('connectorSpace')
  const anchored = new Map([...tenant.objects.user.values()].map(user => [user.onPremisesImmutableId, user.id]))
  return graph.atomically(() => {
    const results: Synced[] = []
    const seen = new Set<string>()
    for (const object of directory.filter(isInScope)) {
      const flow = flowOf(tenant, object, domain)
      const anchor = flow.onPremisesImmutableId
      seen.add(anchor)
      const there = whoIsThere(tenant, space.get(anchor)?.userId ?? anchored.get(anchor), flow)
      if ('obstacle' in there) {
        results.push({ what: 'refused', user: flow.userPrincipalName, message: there.obstacle })
        continue
      }
      const { user, what } = bring(tenant, there, flow, isGuest(object, rule))
      space.put(anchor, { userId: user.id })
      if (what !== undefined) results.push(told(what, user))
    }
    for (const anchor of [...space.keys()].filter(key => !seen.has(key))) {
      const user = tenant.objects.user.get(space.get(anchor)?.userId ?? '')
      if (user?.onPremisesSyncEnabled !== true) continue
      softDelete(tenant, 'user', user)
      results.push(told('deleted', user))
    }
    return results
  })
}

/** The default rules' scope: user accounts, without those of the system and those that user writeback made. */
function isInScope({ attributes }: DumpedObject): boolean {
  const classes = all(attributes, 'objectClass').map(name => name.toLowerCase())
  return (
    classes.includes('user') &&
    !classes.includes('computer') &&
    first(attributes, 'isCriticalSystemObject')?.toUpperCase() !== 'TRUE' &&
    !first(attributes, 'adminDescription')?.toLowerCase().startsWith('user_')
  )
}

function isGuest({ attributes }: DumpedObject, rule: UserTypeRule | undefined): boolean {
  return rule !== undefined && first(attributes, rule.attribute) === rule.value
}

interface Flow extends Item {
  readonly userPrincipalName: string
  readonly onPremisesImmutableId: string
}

function flowOf(tenant: Tenant, { dn, attributes }: DumpedObject, domain: string): Flow {
  const account = first(attributes, 'sAMAccountName') ?? ''
  const own = first(attributes, 'userPrincipalName') ?? `${account}@${domain}`
  const principalName = verified(tenant, own)
  const optional = {
    mail: first(attributes, 'mail'),
    givenName: first(attributes, 'givenName'),
    surname: first(attributes, 'sn'),
    companyName: first(attributes, 'company'),
  }
  return {
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    userPrincipalName: principalName,
    displayName: first(attributes, 'displayName') ?? first(attributes, 'cn') ?? account,
    mailNickname: principalName.slice(0, principalName.lastIndexOf('@')),
    // Not accountExpires: Entra Connect does not carry it.
    accountEnabled: (Number(first(attributes, 'userAccountControl') ?? 0) & disabled) === 0,
    onPremisesSyncEnabled: true,
    onPremisesImmutableId: anchorOf(first(attributes, 'objectGUID') ?? ''),
    onPremisesDistinguishedName: dn,
    onPremisesDomainName: domain,
    onPremisesSamAccountName: account,
    onPremisesUserPrincipalName: own,
  }
}

const disabled = 0x2

/** A suffix that the tenant has not verified gives way to the initial domain. */
function verified(tenant: Tenant, principalName: string): string {
  const { verifiedDomains = [], initialDomain } = tenant.settings
  const at = principalName.lastIndexOf('@')
  const isVerified = verifiedDomains.length === 0 || tenant.domains.includes(principalName.slice(at + 1).toLowerCase())
  return isVerified ? principalName : `${principalName.slice(0, at)}@${initialDomain}`
}

/** The user whom an account stands for: known by its anchor, in the recycle bin as well, or found by name or mail. */
type There = { readonly user?: Entity; readonly deleted?: Entity } | { readonly obstacle: string }

function whoIsThere(tenant: Tenant, knownId: string | undefined, flow: Flow): There {
  const users = tenant.objects.user
  const named = users.get(tenant.byPrincipalName.first(flow.userPrincipalName) ?? '')
  const known = users.get(knownId ?? '')
  if (known !== undefined) {
    return named === undefined || named.id === known.id ? { user: known } : { obstacle: 'another user has its name' }
  }
  const deleted = tenant.deleted.get(knownId ?? '')
  if (deleted !== undefined && tenant.isRecoverable(deleted))
    return named === undefined ? { deleted } : { obstacle: 'another user has its name' }
  const mail = typeof flow.mail === 'string' ? tenant.byAddress.first(flow.mail) : undefined
  const match = named ?? users.get(mail ?? '')
  if (match?.onPremisesImmutableId !== undefined)
    return {
      obstacle: `its name or mail belongs to ${String(match.userPrincipalName)}, who stands for another account`,
    }
  if (match?.creationType === 'Invitation') return { obstacle: 'its name or mail belongs to an invited guest' }
  return match === undefined ? {} : { user: match }
}

function bring(
  tenant: Tenant,
  { user: live, deleted }: Exclude<There, { readonly obstacle: string }>,
  flow: Flow,
  guest: boolean,
): { readonly user: Entity; readonly what?: 'created' | 'joined' | 'restored' | 'updated' } {
  const before = deleted === undefined ? live : restore(tenant, deleted)
  const user: Entity = {
    ...(before ?? newUser(tenant, flow)),
    ...flow,
    // Where the rule does not apply nothing flows: who is there already keeps what they are.
    userType: guest ? 'Guest' : (before?.userType ?? 'Member'),
  }
  const isSame = before !== undefined && Object.entries(user).every(([name, value]) => before[name] === value)
  if (isSame && deleted === undefined) return { user }
  tenant.objects.user.put(user.id, { ...user, onPremisesLastSyncDateTime: tenant.timestamp() })
  if (deleted !== undefined) return { user, what: 'restored' }
  if (before === undefined) return { user, what: 'created' }
  return { user, what: before.onPremisesImmutableId === undefined ? 'joined' : 'updated' }
}

function newUser(tenant: Tenant, { userPrincipalName }: Flow): Entity {
  const issuer = tenant.settings.initialDomain
  return {
    id: tenant.newId(),
    createdDateTime: tenant.timestamp(),
    identities: [{ signInType: 'userPrincipalName', issuer, issuerAssignedId: userPrincipalName }],
  }
}

function told(what: 'created' | 'joined' | 'restored' | 'updated' | 'deleted', user: Entity): Synced {
  return { what, user: String(user.userPrincipalName), userType: String(user.userType) }
}

/** A GUID's bytes in base64; the first three groups stand in reverse, as the domain stores them. */
function anchorOf(guid: string): string {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex')
  for (const [start, end] of [
    [0, 4],
    [4, 6],
    [6, 8],
  ] as const)
    bytes.subarray(start, end).reverse()
  return bytes.toString('base64')
}

function first(attributes: Attributes, name: string): string | undefined {
  return all(attributes, name)[0]
}

function all(attributes: Attributes, name: string): readonly string[] {
  const key = Object.keys(attributes).find(each => each.toLowerCase() === name.toLowerCase())
  return key === undefined ? [] : (attributes[key] ?? [])
}
