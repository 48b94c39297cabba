// Who gets in at this very moment: computed from what the two stores hold, by the rules of the services, cheaply enough to be
// asked after every request of an apply. Knows of the policies only which groups mean something to which app, and what people
// are called. Every fact is a way in: the fewer, the less is open.

import type { Store } from '../../src/sandbox/store.ts'
import { rolesOf } from './oracle.ts'
import { type AppDoc, type Documents, employees } from './policies.ts'
import type { Item, Tenant } from './tenant.ts'

type Found = Item & { readonly id: string }

interface Entry {
  readonly id: string
  readonly parent: string
  readonly rdnAttribute: string
  readonly name: string
  readonly attributes: Readonly<Record<string, readonly string[]>>
}

const noRole = '00000000-0000-0000-0000-000000000000'
const trustedToDelegate = 0x1000000

export type Facts = ReadonlySet<string>

/** `policies`: the one that is applied and those before it. */
export function watchFor(tenant: Tenant, policies: readonly Documents[]): () => Facts {
  const known = new Set(tenant.store.collection<Found>('users').keys())
  // Not held to the law: who comes back from the recycle bin is for one request where they were, as Graph brings them.
  const back = new Set(tenant.store.collection<Found>('deletedItems').keys())
  // Who comes during the apply is known by the address: object ids depend on the order.
  const nameOf = (user: Found): string =>
    known.has(user.id) ? `${user.userPrincipalName}|${user.id}` : lower(user.mail)
  return () => factsOf(tenant, policies, user => (back.has(user.id) ? undefined : nameOf(user)))
}

function items(store: Store, name: string): readonly Found[] {
  return [...store.collection<Found>(name).values()]
}

function lower(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : ''
}

interface Arrival {
  readonly user: Found
  /** Object id of the app role. */
  readonly role: string
  /** By a group of ours. */
  readonly isOurs: boolean
}

function factsOf(tenant: Tenant, policies: readonly Documents[], nameOf: (user: Found) => string | undefined): Facts {
  const facts = new Set<string>()
  const applications = new Map(items(tenant.store, 'applications').map(each => [String(each.appId), each]))
  const admitted = admission(tenant.store)
  const domain = openDomain(tenant)
  for (const principal of items(tenant.store, 'servicePrincipals')) {
    const application = applications.get(String(principal.appId))
    const made = String(application?.uniqueName ?? '').startsWith('guestlist.')
    const key = made ? String(application?.uniqueName) : `${principal.displayName}|${principal.id}`
    const apps = policies.flatMap(policy => policy.apps.filter(app => isApp(app, principal, application)))
    const publishing = publishingOf(application)
    if (publishing?.externalAuthenticationType === 'passthru') facts.add(`anybody reaches ${key}`)
    const asked = new Set(apps.flatMap(({ requires = [] }) => requires))
    const met = demandsMet(tenant.store, String(principal.appId))
    const unmet = [...asked].flatMap(demand => [
      ...(met(demand, ['enabled']) ? [] : [demand]),
      ...(met(demand, ['enabled', 'enabledForReportingButNotEnforced']) ? [] : [`a report on ${demand}`]),
    ])
    const isOfPolicy = policies.at(-1)?.apps.some(app => isApp(app, principal, application)) === true
    for (const { user, role, isOurs } of admitted(principal)) {
      // Not held to the law: what people assigned by hand to an app that has left the policy; nobody looks at that any more.
      if (!isOurs && !isOfPolicy) continue
      const who = nameOf(user)
      if (who === undefined) continue
      const note = (fact: string): void => {
        facts.add(`${who} ${fact}`)
        for (const demand of unmet) facts.add(`${who} gets into ${key} without ${demand}`)
      }
      if (!made) note(`signs in to ${key} as ${role}`)
      // Nor an app whose sign-on turns to Kerberos, or from it: for a while it may be come by in the way of before.
      const isKerberos = apps.map(({ signOn }) => signOn?.kerberos !== undefined)
      if (publishing === undefined || new Set(isKerberos).size > 1) continue
      if (publishing.service === undefined) {
        if (!isKerberos.includes(true)) note(`reaches ${key} as ${role}`)
        continue
      }
      // Nor an app that has left, and whose name another one has now.
      if (!isOfPolicy && apps.some(({ name }) => policies.at(-1)?.apps.some(app => app.name === name))) continue
      // Nor the service of an app for which others see to delegation, while the policy turns to another service.
      const services = new Set(apps.map(({ signOn }) => signOn?.kerberos?.servicePrincipalName.toLowerCase()))
      if (services.size > 1 && apps.some(({ signOn }) => signOn?.kerberos?.delegation === 'unmanaged')) continue
      // Without a ticket nobody gets further than the proxy.
      for (const group of domain.groupsOf(lower(user.userPrincipalName), tenant.now)) {
        for (const app of apps) {
          if (!domain.delegates(publishing.service, app, policies)) continue
          for (const known of rolesOf(app)) {
            if (!group.isFor(app.name, known)) continue
            note(`is signed on to ${key} in ${group.name}`)
          }
        }
      }
    }
  }
  return facts
}

/** Whether guests who open an application meet a demand, or are reported, by a policy in one of these states. */
function demandsMet(store: Store, appId: string): (demand: string, states: readonly string[]) => boolean {
  const covering = items(store, 'conditionalAccessPolicies').filter(({ conditions }) => {
    const { applications, users } = conditions as { readonly applications?: Item; readonly users?: Item }
    const isGuests = users?.includeGuestsOrExternalUsers !== undefined && users.includeGuestsOrExternalUsers !== null
    return isGuests && JSON.stringify(applications?.includeApplications ?? []).includes(appId)
  })
  return (demand, states) =>
    covering.some(({ state, grantControls, sessionControls }) => {
      const { builtInControls = [] } = (grantControls ?? {}) as { readonly builtInControls?: readonly string[] }
      const { signInFrequency } = (sessionControls ?? {}) as { readonly signInFrequency?: Item | null }
      const isTimed = signInFrequency?.type === 'hours' && Number(signInFrequency.value) <= 8
      const controls: readonly string[] = [
        ...builtInControls.map(control => (control === 'compliantDevice' ? 'compliant-device' : control)),
        ...(isTimed ? ['sign-in-frequency:8h'] : []),
      ]
      return states.includes(String(state)) && controls.includes(demand)
    })
}

function isApp(app: AppDoc, principal: Found, application: Found | undefined): boolean {
  if (app.entra === undefined) return application?.uniqueName === `guestlist.app.${app.name}`
  return 'appId' in app.entra
    ? lower(principal.appId) === app.entra.appId.toLowerCase()
    : principal.id === app.entra.servicePrincipalId
}

/** Who gets a token for a service principal: who can sign in and is assigned, by themselves or by a group; or everybody. */
function admission(store: Store): (principal: Found) => readonly Arrival[] {
  const users = new Map(
    items(store, 'users')
      .filter(user => user.accountEnabled !== false && !employees.some(name => name === user.userPrincipalName))
      .map(user => [user.id, user]),
  )
  const groups = store.collection<Found>('groups')
  const members = new Map<string, string[]>()
  for (const link of store.collection('members').keys()) {
    const [group = '', member = ''] = link.split('/')
    members.set(group, [...(members.get(group) ?? []), member])
  }
  const assignments = Map.groupBy(items(store, 'appRoleAssignments'), each => String(each.resourceId))
  return principal => {
    const assigned = (assignments.get(principal.id) ?? []).flatMap(({ principalId, appRoleId }) => {
      const id = String(principalId)
      const people = groups.has(id) ? (members.get(id) ?? []) : [id]
      return people.flatMap(each => {
        const user = users.get(each)
        const isOurs = String(groups.get(id)?.uniqueName).startsWith('guestlist.')
        return user === undefined ? [] : [{ user, role: String(appRoleId), isOurs }]
      })
    })
    const everybody =
      principal.appRoleAssignmentRequired === false
        ? [...users.values()].map(user => ({ user, role: noRole, isOurs: true }))
        : []
    return [...assigned, ...everybody]
  }
}

interface Publishing {
  readonly externalAuthenticationType: unknown
  /** Signed on to by Kerberos. */
  readonly service?: string
}

function publishingOf(application: Found | undefined): Publishing | undefined {
  const publishing = application?.onPremisesPublishing as Item | null | undefined
  if (!publishing?.externalUrl) return undefined
  const settings = publishing.singleSignOnSettings as Item | null | undefined
  const kerberos = settings?.kerberosSignOnSettings as Item | null | undefined
  const isKerberos = settings?.singleSignOnMode === 'onPremisesKerberos'
  return {
    externalAuthenticationType: publishing.externalAuthenticationType,
    ...(isKerberos ? { service: lower(kerberos?.kerberosServicePrincipalName) } : {}),
  }
}

interface Group {
  readonly name: string
  readonly isFor: (app: string, role: { readonly name: string; readonly adGroup?: string }) => boolean
}

interface Domain {
  /** Of the account that a ticket for a principal name would be for. */
  readonly groupsOf: (principalName: string, now: number) => readonly Group[]
  readonly delegates: (service: string, app: AppDoc, policies: readonly Documents[]) => boolean
}

function openDomain({ domain }: Tenant): Domain {
  const entries = domain.collection<Entry>('entries')
  const accounts: Entry[] = []
  for (const entry of entries.values()) if (entry.attributes.objectclass?.includes('user')) accounts.push(entry)
  const value = (entry: Entry | undefined, key: string): string => entry?.attributes[key]?.[0] ?? ''
  const isOn = (entry: Entry, now: number): boolean =>
    (Number(value(entry, 'useraccountcontrol')) & 2) === 0 && !hasExpired(value(entry, 'accountexpires'), now)
  const holding = new Map<string, string[]>()
  for (const { attribute, from, to } of domain
    .collection<{ attribute: string; from: string; to: string }>('links')
    .values())
    if (attribute === 'member') holding.set(to, [...(holding.get(to) ?? []), from])

  function dnOf(entry: Entry): string {
    const parent = entries.get(entry.parent)
    const own = `${entry.rdnAttribute}=${entry.name.replaceAll(',', '\\2c')}`
    return (parent === undefined ? 'dc=corp,dc=contoso,dc=com' : `${own},${dnOf(parent)}`).toLowerCase()
  }

  function groupOf(id: string): Group {
    const entry = entries.get(id)
    const dn = entry === undefined ? '' : dnOf(entry)
    const mark = value(entry, 'admindescription')
    // One that has lost its mark by hand still opens what its name says.
    const own = mark === '' ? `Group_${(entry?.name ?? '').replace('guestlist-', 'guestlist.')}` : mark
    return {
      name: own.startsWith('Group_guestlist.') ? own : dn,
      isFor: (app, role) =>
        role.adGroup === undefined ? own === `Group_guestlist.${app}.${role.name}` : role.adGroup.toLowerCase() === dn,
    }
  }

  return {
    groupsOf: (principalName, now) =>
      accounts
        .filter(each => lower(value(each, 'userprincipalname')) === principalName && isOn(each, now))
        .flatMap(each => (holding.get(each.id) ?? []).map(groupOf)),
    delegates(service, app, policies) {
      const isUnmanaged = policies.some(({ apps }) =>
        apps.some(
          ({ name, signOn }) =>
            name === app.name &&
            signOn?.kerberos?.delegation === 'unmanaged' &&
            signOn.kerberos.servicePrincipalName.toLowerCase() === service,
        ),
      )
      if (isUnmanaged) return true
      const names = new Set(policies.flatMap(policy => connectorsOf(app, policy)))
      const holders = accounts.filter(each =>
        (each.attributes.serviceprincipalname ?? []).some(name => name.toLowerCase() === service),
      )
      const descriptor = holders.length === 1 ? value(holders[0], 'msds-allowedtoactonbehalfofotheridentity') : ''
      return accounts.some(each => {
        if (!names.has(value(each, 'samaccountname').replace(/\$$/, '').toUpperCase())) return false
        const listed = (each.attributes['msds-allowedtodelegateto'] ?? []).some(text => text.toLowerCase() === service)
        const constrained = listed && (Number(value(each, 'useraccountcontrol')) & trustedToDelegate) !== 0
        return constrained || Buffer.from(descriptor, 'base64').includes(bytesOfSid(value(each, 'objectsid')))
      })
    },
  }
}

function connectorsOf(app: AppDoc, { apps, organization }: Documents): readonly string[] {
  const named = apps.find(each => each.name === app.name)?.proxy?.connectorGroup
  const group = organization.applicationProxy.connectorGroups.find(({ name }) => name === named)
  return group?.connectors.map(name => name.toUpperCase()) ?? []
}

function bytesOfSid(text: string): Buffer {
  const [, authority = 0, ...parts] = text.split('-').slice(1).map(Number)
  const sid = Buffer.alloc(8 + 4 * parts.length)
  sid.set([1, parts.length, 0, 0, 0, 0, 0, authority])
  for (const [index, part] of parts.entries()) sid.writeUInt32LE(part, 8 + 4 * index)
  return sid
}

function hasExpired(accountExpires: string, now: number): boolean {
  if (accountExpires === '' || accountExpires === '0' || accountExpires === '9223372036854775807') return false
  return Number(BigInt(accountExpires) / 10_000n - 11_644_473_600_000n) <= now
}
